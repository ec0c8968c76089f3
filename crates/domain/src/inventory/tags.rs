//! Tags.

use std::collections::BTreeMap;

/// The tags of a resource, by key. An organisation has hundreds of thousands of them, so they are
/// kept as one text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tags(Box<str>);

/// Between a key and its value, and after the value. No tag has it (SageMaker API, `Tag`, patterns
/// of `Key` and `Value`); what a stranger writes all the same is replaced.
const END: char = '\0';

impl Tags {
    /// No tags.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Every key with its value, by key.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let mut parts = self.0.split(END);
        std::iter::from_fn(move || Some((parts.next()?, parts.next()?)))
    }

    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.iter()
            .find(|(one, _)| *one == key)
            .map(|(_, value)| value)
    }

    /// The keys.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.iter().map(|(key, _)| key)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<(String, String)> for Tags {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(tags: I) -> Self {
        let sorted: BTreeMap<String, String> = tags.into_iter().collect();
        let mut text = String::new();
        for (key, value) in sorted {
            for part in [key, value] {
                text.push_str(&part.replace(END, "\u{FFFD}"));
                text.push(END);
            }
        }
        Self(text.into())
    }
}

impl Extend<(String, String)> for Tags {
    fn extend<I: IntoIterator<Item = (String, String)>>(&mut self, more: I) {
        let own = |(key, value): (&str, &str)| (key.to_owned(), value.to_owned());
        let all: Self = self.iter().map(own).chain(more).collect();
        *self = all;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(pairs: &[(&str, &str)]) -> Tags {
        let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        pairs.iter().map(owned).collect()
    }

    #[test]
    fn tags_are_found_by_key_whatever_they_hold() {
        assert!(Tags::new().is_empty());
        assert_eq!(Tags::new().iter().count(), 0);
        let mut some = tags(&[("b", "2"), ("a", ""), ("", "x"), ("n\0l", "y")]);
        assert_eq!(some.get("a"), Some(""));
        assert_eq!(some.get(""), Some("x"));
        assert_eq!(some.get("n"), None);
        assert_eq!(some.get("n\u{FFFD}l"), Some("y"));
        some.extend([
            ("b".to_owned(), "3".to_owned()),
            ("c".to_owned(), "4".to_owned()),
        ]);
        let all: Vec<(&str, &str)> = some.iter().collect();
        assert_eq!(
            all,
            [
                ("", "x"),
                ("a", ""),
                ("b", "3"),
                ("c", "4"),
                ("n\u{FFFD}l", "y")
            ]
        );
    }
}
