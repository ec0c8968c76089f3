//! Forms: `a=1&b.member.1.c=2` as a tree.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// The fields of a form, in order.
pub(super) fn pairs(text: &str) -> impl Iterator<Item = (String, String)> + '_ {
    text.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decode(name), decode(value))
    })
}

/// The value of a field.
pub(super) fn value(text: &str, name: &str) -> Option<String> {
    pairs(text).find(|(n, _)| n == name).map(|(_, value)| value)
}

/// Percent and plus.
pub(super) fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let mut digits = rest.clone();
                let digit = |byte: Option<u8>| {
                    byte.and_then(|byte| char::from(byte).to_digit(16))
                        .and_then(|digit| u8::try_from(digit).ok())
                };
                match (digit(digits.next()), digit(digits.next())) {
                    (Some(high), Some(low)) => {
                        bytes.push(high * 16 + low);
                        rest = digits;
                    }
                    _ => bytes.push(b'%'),
                }
            }
            other => bytes.push(other),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[derive(Default)]
struct Node {
    text: Option<String>,
    children: BTreeMap<String, Node>,
}

/// The form as a tree: `member` is left out, numbers make lists.
pub(super) fn tree(text: &str) -> Map<String, Value> {
    let mut root = Node::default();
    for (name, value) in pairs(text) {
        let mut node = &mut root;
        for part in name.split('.').filter(|part| *part != "member") {
            node = node.children.entry(part.to_owned()).or_default();
        }
        node.text = Some(value);
    }
    root.children
        .into_iter()
        .map(|(name, node)| (name, node.value()))
        .collect()
}

impl Node {
    fn value(self) -> Value {
        if self.children.is_empty() {
            return Value::from(self.text.unwrap_or_default());
        }
        let numbered: Option<BTreeMap<u32, Value>> = self
            .children
            .keys()
            .all(|name| name.parse::<u32>().is_ok())
            .then(BTreeMap::new);
        match numbered {
            Some(mut list) => {
                for (name, node) in self.children {
                    list.insert(name.parse().unwrap_or_default(), node.value());
                }
                list.into_values().collect()
            }
            None => self
                .children
                .into_iter()
                .map(|(name, node)| (name, node.value()))
                .collect::<Map<String, Value>>()
                .into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_a_tree() {
        let tree =
            tree("Action=X&Tags.member.10.Key=b&Tags.member.2.Key=a%20+c&F.1.Value.1=%C3%A9&E=");
        let expected = serde_json::json!({
            "Action": "X",
            "Tags": [{ "Key": "a  c" }, { "Key": "b" }],
            "F": [{ "Value": ["é"] }],
            "E": "",
        });
        assert_eq!(Value::Object(tree), expected);
        assert_eq!(decode("100%"), "100%");
    }
}
