//! Writing XML, and finding the text of an element.

use std::fmt::Write as _;

use serde_json::Value;

/// The text with what XML reserves written as references.
pub(super) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            '"' => safe.push_str("&quot;"),
            '\r' => safe.push_str("&#13;"),
            other => safe.push(other),
        }
    }
    safe
}

/// The fields of an object as elements; the entries of a list are wrapped in `entry`, but for
/// those of a map, which are called `entry` themselves.
pub(super) fn elements(text: &mut String, value: &Value, entry: &str) {
    for (name, value) in value.as_object().into_iter().flatten() {
        if name == "entry"
            && let Some(values) = value.as_array()
        {
            for value in values {
                element(text, name, value, entry);
            }
            continue;
        }
        element(text, name, value, entry);
    }
}

fn element(text: &mut String, name: &str, value: &Value, entry: &str) {
    if value.is_null() {
        return;
    }
    let _ = write!(text, "<{name}>");
    if let Some(values) = value.as_array() {
        for value in values {
            element(text, entry, value, entry);
        }
    } else if value.is_object() {
        elements(text, value, entry);
    } else if let Some(plain) = value.as_str() {
        text.push_str(&escaped(plain));
    } else {
        text.push_str(&value.to_string());
    }
    let _ = write!(text, "</{name}>");
}

/// The text of the first element of that name, name spaces aside. Enough for requests that have
/// a handful of elements and no two of one name.
pub(super) fn text_of(xml: &str, name: &str) -> Option<String> {
    let mut rest = xml;
    while let Some(at) = rest.find('<') {
        rest = rest.get(at + 1..)?;
        let end = rest.find('>')?;
        let tag = rest.get(..end)?;
        let full = tag.split_whitespace().next().unwrap_or_default();
        let local = full.rsplit(':').next().unwrap_or_default();
        rest = rest.get(end + 1..)?;
        if local == name {
            let content = rest.split('<').next().unwrap_or_default().trim();
            return Some(
                content
                    .replace("&lt;", "<")
                    .replace("&gt;", ">")
                    .replace("&quot;", "\"")
                    .replace("&apos;", "'")
                    .replace("&amp;", "&"),
            );
        }
    }
    None
}
