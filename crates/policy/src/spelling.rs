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
