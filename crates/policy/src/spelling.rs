//! What somebody may have meant to write.

/// How many letters have to be put in, taken out or changed (Levenshtein).
#[must_use]
pub fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.chars().enumerate() {
        let mut before = i;
        let mut previous = i + 1;
        for (slot, right) in row.iter_mut().skip(1).zip(&b) {
            let cost = (before + usize::from(left != *right))
                .min(*slot + 1)
                .min(previous + 1);
            before = *slot;
            *slot = cost;
            previous = cost;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or(0)
}

/// The one of some names that somebody may have meant, with as many errors as are taken for typing errors; case makes
/// no difference.
pub fn nearest<N: AsRef<str>>(
    text: &str,
    names: impl IntoIterator<Item = N>,
    errors: usize,
) -> Option<N> {
    let text = text.to_ascii_lowercase();
    let mut best: Option<(usize, N)> = None;
    for name in names {
        // As far as their lengths differ, they are at least apart; of long texts nothing else is looked at.
        if name.as_ref().len().abs_diff(text.len()) > errors {
            continue;
        }
        let found = distance(&name.as_ref().to_ascii_lowercase(), &text);
        let is_better = best
            .as_ref()
            .is_none_or(|(known, one)| (found, name.as_ref()) < (*known, one.as_ref()));
        if found <= errors && is_better {
            best = Some((found, name));
        }
    }
    best.map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_meant_and_a_far_one_is_not() {
        let names = ["Decrypt", "Encrypt", "DescribeKey"];
        assert_eq!(nearest("decyrpt", names, 3), Some("Decrypt"));
        assert_eq!(nearest("ENCRYPT", names, 0), Some("Encrypt"));
        assert_eq!(nearest("Describe", names, 2), None);
        assert_eq!(nearest(&"a".repeat(1 << 20), names, 3), None);
    }
}
