//! Some of many, for a line that people read.

use std::fmt;

/// So many are kept.
const SHOWN: usize = 3;

/// The first few of many, and how many there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Few<T = String> {
    first: Vec<T>,
    count: usize,
}

impl<T> Default for Few<T> {
    fn default() -> Self {
        Self {
            first: Vec::new(),
            count: 0,
        }
    }
}

impl<T> Few<T> {
    /// Adds one; it is made only where it is kept.
    pub fn add(&mut self, one: impl FnOnce() -> T) {
        if self.first.len() < SHOWN {
            self.first.push(one());
        }
        self.count += 1;
    }

    /// Those that are kept.
    #[must_use]
    pub fn first(&self) -> &[T] {
        &self.first
    }

    /// How many there are beside.
    #[must_use]
    pub const fn more(&self) -> usize {
        self.count.saturating_sub(SHOWN)
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }
}

impl FromIterator<String> for Few {
    fn from_iter<T: IntoIterator<Item = String>>(texts: T) -> Self {
        let mut few = Self::default();
        for text in texts {
            few.add(|| text);
        }
        few
    }
}

impl fmt::Display for Few {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.first.join(", "))?;
        match self.more() {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_are_said_and_the_others_counted() {
        let of = |count: usize| {
            let few: Few = (0..count).map(|n| n.to_string()).collect();
            few.to_string()
        };
        assert_eq!([of(0), of(3), of(5)], ["", "0, 1, 2", "0, 1, 2 and 2 more"]);
    }
}
