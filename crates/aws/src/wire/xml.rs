//! A reply in XML as the JSON of its elements.

use quick_xml::Reader;
use quick_xml::XmlVersion;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::Event;
use serde_json::{Map, Value};

/// The lists of the Query protocol and of EC2 wrap their entries in these; they stay lists
/// however many entries they have (Smithy, "AWS query protocol" and "AWS EC2 query protocol",
/// lists). S3 wraps nothing: its lists are elements of one name (S3 API, GetBucketEncryption, `Rule`; ListObjectsV2,
/// `Contents`).
const ENTRIES: &[&str] = &["member", "item", "Rule", "Contents"];

#[derive(Default)]
struct Open {
    name: String,
    children: Map<String, Value>,
    text: String,
}

impl Open {
    fn add(&mut self, name: String, value: Value) {
        match self.children.get_mut(&name) {
            Some(Value::Array(values)) => values.push(value),
            Some(_) | None if ENTRIES.contains(&name.as_str()) => {
                self.children.insert(name, Value::Array(vec![value]));
            }
            Some(first) => {
                let first = first.take();
                self.children.insert(name, Value::Array(vec![first, value]));
            }
            None => {
                self.children.insert(name, value);
            }
        }
    }

    fn close(self) -> (String, Value) {
        let value = if self.children.is_empty() {
            Value::String(self.text.trim().to_owned())
        } else {
            Value::Object(self.children)
        };
        (self.name, value)
    }
}

/// `<A><B>x</B></A>` as `{"B":"x"}`: the root says nothing that is not known. Attributes, which AWS uses for the name space only,
/// are left out. `None` where the text is not XML.
pub(super) fn to_json(text: &str) -> Option<Value> {
    let mut reader = Reader::from_str(text);
    let mut open = vec![Open::default()];
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) => {
                let name = local(start.local_name().as_ref())?;
                open.push(Open {
                    name,
                    ..Open::default()
                });
            }
            Event::Empty(empty) => {
                let name = local(empty.local_name().as_ref())?;
                open.last_mut()?.add(name, Value::String(String::new()));
            }
            Event::End(_) => {
                let (name, value) = open.pop()?.close();
                open.last_mut()?.add(name, value);
            }
            Event::Text(piece) => {
                open.last_mut()?
                    .text
                    .push_str(&piece.xml_content(XmlVersion::Implicit1_0));
            }
            Event::CData(piece) => {
                open.last_mut()?
                    .text
                    .push_str(&piece.xml_content(XmlVersion::Implicit1_0));
            }
            Event::GeneralRef(reference) => {
                let text = &mut open.last_mut()?.text;
                match reference.resolve_char_ref().ok()? {
                    Some(character) => text.push(character),
                    None => text.push_str(resolve_predefined_entity(
                        &reference.xml_content(XmlVersion::Implicit1_0),
                    )?),
                }
            }
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) | Event::DocType(_) => {}
            Event::Eof => break,
        }
    }
    let [root] = <[Open; 1]>::try_from(open).ok()?;
    if !root.text.trim().is_empty() {
        return None;
    }
    root.children.into_iter().next().map(|(_, content)| content)
}

fn local(name: &str) -> Option<String> {
    (!name.is_empty()).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xml_becomes_the_json_of_its_elements() {
        let cases = [
            ("<A><B>x</B></A>", Some(r#"{"B":"x"}"#)),
            ("<A xmlns='y'><B/></A>", Some(r#"{"B":""}"#)),
            ("<A><item>1</item></A>", Some(r#"{"item":["1"]}"#)),
            (
                "<A><item>1</item><item>2</item></A>",
                Some(r#"{"item":["1","2"]}"#),
            ),
            ("<A><B>1</B><B>2</B></A>", Some(r#"{"B":["1","2"]}"#)),
            ("<A>&lt;&amp;&#233;</A>", Some(r#""<&é""#)),
            ("<A><B></A>", None),
            ("<A>", None),
            ("not xml", None),
            ("", None),
            (r#"{"json":1}"#, None),
        ];
        for (text, expected) in cases {
            let read = to_json(text).map(|value| value.to_string());
            assert_eq!(read.as_deref(), expected, "{text}");
        }
    }
}
