//! Pages: a token that names where the next one begins.

use crate::answer::ApiError;

/// One page of items, and the token of the next.
pub(crate) struct Page<T> {
    pub(crate) items: Vec<T>,
    pub(crate) next: Option<String>,
}

/// Cuts a page out of items in order. `key` names an item's place; it must not change while
/// the item is there. The page begins after the item that the token names, so that what is
/// created or deleted meanwhile moves no other item.
pub(crate) fn page<T>(
    items: Vec<T>,
    token: Option<&str>,
    most: usize,
    list: &str,
    key: impl Fn(&T) -> String,
    after: impl Fn(&T, &str) -> bool,
) -> Result<Page<T>, ApiError> {
    let place = token
        .map(|token| open(token, list).ok_or_else(|| ApiError::invalid("Invalid NextToken.")))
        .transpose()?;
    let mut left: Vec<T> = match &place {
        None => items,
        Some(place) => items
            .into_iter()
            .skip_while(|item| !after(item, place))
            .collect(),
    };
    let more = left.len() > most;
    left.truncate(most);
    let next = left
        .last()
        .filter(|_| more)
        .map(|last| seal(&key(last), list));
    Ok(Page { items: left, next })
}

/// A page of items that are ordered by their key.
pub(crate) fn page_by_key<T>(
    items: Vec<T>,
    token: Option<&str>,
    most: usize,
    list: &str,
    key: impl Fn(&T) -> String,
) -> Result<Page<T>, ApiError> {
    page(items, token, most, list, &key, |item, place| {
        key(item).as_str() > place
    })
}

/// A token looks like nothing, so that no client reads it.
fn seal(place: &str, list: &str) -> String {
    use std::fmt::Write as _;
    let text = format!("{list}\u{0}{place}");
    let mut token = String::with_capacity(text.len() * 2 + 8);
    let _ = write!(token, "{:08x}", sum(text.as_bytes()));
    for byte in text.bytes() {
        let _ = write!(token, "{byte:02x}");
    }
    token
}

fn open(token: &str, list: &str) -> Option<String> {
    let check = u32::from_str_radix(token.get(..8)?, 16).ok()?;
    let hex = token.get(8..)?;
    if hex.len() % 2 != 0 {
        return None;
    }
    let bytes: Option<Vec<u8>> = (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok())
        .collect();
    let bytes = bytes?;
    if sum(&bytes) != check {
        return None;
    }
    let text = String::from_utf8(bytes).ok()?;
    let (of, place) = text.split_once('\u{0}')?;
    (of == list).then(|| place.to_owned())
}

/// FNV-1a: a token that was cut or changed is noticed.
fn sum(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |sum, byte| {
        (sum ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_go_on_where_they_ended_whatever_comes_and_goes() {
        let items =
            |names: &[&str]| -> Vec<String> { names.iter().map(ToString::to_string).collect() };
        let first = page_by_key(items(&["a", "b", "c", "d"]), None, 2, "L", Clone::clone).unwrap();
        assert_eq!(first.items, ["a", "b"]);
        let token = first.next.unwrap();
        let second =
            page_by_key(items(&["aa", "c", "d"]), Some(&token), 2, "L", Clone::clone).unwrap();
        assert_eq!(second.items, ["c", "d"], "b is gone and aa is new");
        assert!(second.next.is_none());
        for bad in ["", "x", "zz", &token[1..], &token[..token.len() - 2]] {
            let bad = page_by_key(items(&["a"]), Some(bad), 2, "L", Clone::clone);
            assert!(bad.is_err(), "a token that we never gave");
        }
        let other = page_by_key(items(&["a"]), Some(&token), 2, "M", Clone::clone);
        assert!(other.is_err(), "the token of another list");
    }
}
