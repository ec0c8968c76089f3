//! Names in a line: a few of them, and how many more there are.

/// `a, b and 3 more accounts`.
pub(crate) fn some_of(names: &[&str], most: usize, what: &str) -> String {
    match names.split_at_checked(most) {
        Some((first, rest)) if !rest.is_empty() => {
            let what = if rest.len() == 1 {
                what.trim_end_matches('s')
            } else {
                what
            };
            format!("{} and {} more {what}", first.join(", "), rest.len())
        }
        _ => names.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::some_of;

    #[test]
    fn what_is_left_out_is_counted() {
        assert_eq!(some_of(&[], 2, "accounts"), "");
        assert_eq!(some_of(&["a", "b"], 2, "accounts"), "a, b");
        let more = some_of(&["a", "b", "c", "d"], 2, "accounts");
        assert_eq!(more, "a, b and 2 more accounts");
    }
}
