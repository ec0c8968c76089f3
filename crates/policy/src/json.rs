//! JSON with its places: what stands where in the text, and every member of an object, those that
//! stand there twice as well.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// A place in a text. Lines and columns begin at 1; columns are characters, not bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

impl Position {
    fn of(whole: &str, offset: usize) -> Self {
        let before = whole.get(..offset).unwrap_or(whole);
        let line = before.rsplit('\n').next().unwrap_or_default();
        Self {
            line: before.matches('\n').count() + 1,
            column: line.chars().count() + 1,
        }
    }
}

/// Places of parts that come one after the other, each found from the one before.
pub(crate) struct Places {
    offset: usize,
    at: Position,
}

impl Places {
    pub(crate) const fn new() -> Self {
        Self {
            offset: 0,
            at: Position { line: 1, column: 1 },
        }
    }

    /// The place of a part that does not stand before the last.
    pub(crate) fn next(&mut self, node: &Node<'_>) -> Position {
        let offset = node.offset();
        for letter in node
            .whole
            .get(self.offset..offset)
            .unwrap_or_default()
            .chars()
        {
            if letter == '\n' {
                self.at.line += 1;
                self.at.column = 1;
            } else {
                self.at.column += 1;
            }
        }
        self.offset = offset;
        self.at
    }
}

/// A document is not what its grammar says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}{} ({at})", within(path))]
pub struct Malformed {
    /// The element, from the top of the document: `Statement[2].Condition`; empty for the document.
    pub path: String,
    /// Where it stands.
    pub at: Position,
    /// What is wrong with it.
    pub message: String,
}

fn within(path: &str) -> String {
    if path.is_empty() {
        String::new()
    } else {
        format!(" at `{path}`")
    }
}

/// What a value of JSON is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Object,
    Array,
    Text,
    Number,
    Boolean,
    Null,
}

impl Shape {
    fn name(self) -> &'static str {
        match self {
            Self::Object => "an object",
            Self::Array => "a list",
            Self::Text => "a string",
            Self::Number => "a number",
            Self::Boolean => "a boolean",
            Self::Null => "null",
        }
    }
}

/// A value, and where it stands. It is read as far as it is asked about, so that no depth of
/// nesting costs anything.
#[derive(Clone, Debug)]
pub(crate) struct Node<'a> {
    whole: &'a str,
    raw: &'a str,
    path: String,
}

/// A member of an object.
pub(crate) struct Member<'a> {
    pub(crate) name: String,
    pub(crate) value: Node<'a>,
    at: &'a str,
}

impl<'a> Node<'a> {
    /// The one value of a text.
    pub(crate) fn read(whole: &'a str) -> Result<Self, Malformed> {
        let raw: &RawValue = serde_json::from_str(whole).map_err(|error| Malformed {
            path: String::new(),
            at: place(whole, &error),
            message: format!("not JSON: {}", said(&error)),
        })?;
        Ok(Self {
            whole,
            raw: raw.get(),
            path: String::new(),
        })
    }

    pub(crate) fn shape(&self) -> Shape {
        match self.raw.as_bytes().first() {
            Some(b'{') => Shape::Object,
            Some(b'[') => Shape::Array,
            Some(b'"') => Shape::Text,
            Some(b't' | b'f') => Shape::Boolean,
            Some(b'n') => Shape::Null,
            _ => Shape::Number,
        }
    }

    fn offset(&self) -> usize {
        self.raw.as_ptr().addr() - self.whole.as_ptr().addr()
    }

    fn position(&self) -> Position {
        self.position_of(self.raw)
    }

    fn position_of(&self, part: &str) -> Position {
        let offset = part.as_ptr().addr() - self.whole.as_ptr().addr();
        Position::of(self.whole, offset)
    }

    pub(crate) fn wrong(&self, message: impl Into<String>) -> Malformed {
        Malformed {
            path: self.path.clone(),
            at: self.position(),
            message: message.into(),
        }
    }

    /// It should have been something else.
    pub(crate) fn not(&self, expected: &str) -> Malformed {
        self.wrong(format!(
            "expected {expected}, found {}",
            self.shape().name()
        ))
    }

    /// The members of an object, each of another name.
    pub(crate) fn members(&self, expected: &str) -> Result<Vec<Member<'a>>, Malformed> {
        if self.shape() != Shape::Object {
            return Err(self.not(expected));
        }
        let Pairs(pairs) = self.parsed()?;
        let mut members = Vec::with_capacity(pairs.len());
        for (name, value) in pairs {
            let text: String = self.part(name).parsed()?;
            let path = if self.path.is_empty() {
                text.clone()
            } else {
                format!("{}.{text}", self.path)
            };
            members.push(Member {
                name: text,
                value: Node {
                    whole: self.whole,
                    raw: value.get(),
                    path,
                },
                at: name.get(),
            });
        }
        self.check_doubles(&members)?;
        Ok(members)
    }

    /// IAM User Guide, "Grammar of the IAM JSON policy language": a policy must not contain more
    /// than one instance of the same key.
    fn check_doubles(&self, members: &[Member<'a>]) -> Result<(), Malformed> {
        let mut seen = std::collections::BTreeSet::new();
        for member in members {
            if !seen.insert(member.name.as_str()) {
                return Err(self.doubled(member));
            }
        }
        Ok(())
    }

    /// The error of a member that is there already.
    pub(crate) fn doubled(&self, member: &Member<'a>) -> Malformed {
        Malformed {
            path: member.value.path.clone(),
            at: self.position_of(member.at),
            message: format!("`{}` stands here twice", member.name),
        }
    }

    /// The error of a member that should not be there.
    pub(crate) fn unexpected(&self, member: &Member<'a>, message: impl Into<String>) -> Malformed {
        Malformed {
            path: member.value.path.clone(),
            at: self.position_of(member.at),
            message: message.into(),
        }
    }

    /// The values of a list; of any other value, itself alone.
    pub(crate) fn list(&self) -> Result<Vec<Node<'a>>, Malformed> {
        if self.shape() != Shape::Array {
            return Ok(vec![self.clone()]);
        }
        let Items(items) = self.parsed()?;
        Ok(items
            .into_iter()
            .enumerate()
            .map(|(index, item)| Node {
                whole: self.whole,
                raw: item.get(),
                path: format!("{}[{index}]", self.path),
            })
            .collect())
    }

    /// A string.
    pub(crate) fn text(&self, expected: &str) -> Result<String, Malformed> {
        if self.shape() != Shape::Text {
            return Err(self.not(expected));
        }
        self.parsed()
    }

    /// A string, or a number or boolean as it would be written in one.
    pub(crate) fn scalar(&self, expected: &str) -> Result<String, Malformed> {
        match self.shape() {
            Shape::Text => self.parsed(),
            Shape::Number | Shape::Boolean => Ok(self.raw.to_owned()),
            Shape::Object | Shape::Array | Shape::Null => Err(self.not(expected)),
        }
    }

    /// The same, as the top of a document of its own.
    pub(crate) fn top(&self) -> Self {
        Self {
            path: String::new(),
            ..self.clone()
        }
    }

    /// As it was written.
    pub(crate) fn raw(&self) -> &'a str {
        self.raw
    }

    fn part(&self, raw: &'a RawValue) -> Node<'a> {
        Node {
            whole: self.whole,
            raw: raw.get(),
            path: self.path.clone(),
        }
    }

    /// The syntax was looked at before; what is left is what an escape may spell.
    fn parsed<T: Deserialize<'a>>(&self) -> Result<T, Malformed> {
        serde_json::from_str(self.raw).map_err(|error| self.wrong(said(&error)))
    }
}

/// The message without its own place, which is of a part of the text only.
fn said(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rsplit_once(" at line ") {
        Some((message, _)) => message.to_owned(),
        None => text,
    }
}

fn place(whole: &str, error: &serde_json::Error) -> Position {
    // serde_json counts bytes, and names the last that it has read.
    let line_start: usize = whole
        .split_inclusive('\n')
        .take(error.line().saturating_sub(1))
        .map(str::len)
        .sum();
    let mut offset = (line_start + error.column().saturating_sub(1)).min(whole.len());
    while !whole.is_char_boundary(offset) {
        offset -= 1;
    }
    Position::of(whole, offset)
}

struct Pairs<'a>(Vec<(&'a RawValue, &'a RawValue)>);
struct Items<'a>(Vec<&'a RawValue>);

impl<'de: 'a, 'a> Deserialize<'de> for Pairs<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Vec<(&'de RawValue, &'de RawValue)>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(pairs)
            }
        }
        deserializer.deserialize_map(Reader).map(Pairs)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Items<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Vec<&'de RawValue>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = seq.next_element()? {
                    items.push(item);
                }
                Ok(items)
            }
        }
        deserializer.deserialize_seq(Reader).map(Items)
    }
}
