//! Texts with wildcards and policy variables.

use std::fmt;

/// A piece of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    Text(Box<str>),
    /// `*`: any run of characters, none included.
    Run,
    /// `?`: one character.
    One,
    Variable(Box<Variable>),
}

/// `${key}` or `${key, 'default'}` (IAM User Guide, "IAM policy elements: Variables and tags").
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Variable {
    /// In lower case, as keys are compared.
    pub(crate) key: Box<str>,
    /// As it was written.
    pub(crate) name: Box<str>,
    pub(crate) default: Option<Box<str>>,
}

/// What a pattern's `*`, `?` and `${…}` mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Syntax {
    /// `*` and `?` are wildcards.
    pub(crate) wildcards: bool,
    /// `${…}` is a variable: in documents of version 2012-10-17.
    pub(crate) variables: bool,
}

/// A text with wildcards and variables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pattern {
    pieces: Box<[Piece]>,
    has_variables: bool,
}

/// What became of a pattern's variables.
pub(crate) enum Filled {
    /// Pieces without variables.
    Pieces(Vec<Piece>),
    /// A variable has no value and no default, or more than one value.
    Nothing {
        /// It has several values, of which AWS says nothing.
        is_list: bool,
    },
    /// It is not known what the variable of this name is.
    Unknown(Box<str>),
}

/// The value of a variable.
pub(crate) enum Substitute<'a> {
    Text(&'a str),
    Absent,
    List,
    Unknown,
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => f.write_str(text)?,
                Piece::Run => f.write_str("*")?,
                Piece::One => f.write_str("?")?,
                Piece::Variable(variable) => write!(f, "${{{}}}", variable.name)?,
            }
        }
        Ok(())
    }
}

impl Pattern {
    pub(crate) fn read(text: &str, syntax: Syntax) -> Self {
        Self::of(pieces(text, syntax))
    }

    pub(crate) fn of(pieces: Vec<Piece>) -> Self {
        let has_variables = pieces
            .iter()
            .any(|piece| matches!(piece, Piece::Variable(_)));
        Self {
            pieces: pieces.into(),
            has_variables,
        }
    }

    /// The pieces, where none is a variable.
    pub(crate) fn fixed(&self) -> Option<&[Piece]> {
        (!self.has_variables).then_some(&self.pieces)
    }

    pub(crate) fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// The keys of its variables, in lower case.
    pub(crate) fn variables(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Variable(variable) => Some(&*variable.key),
            Piece::Text(_) | Piece::Run | Piece::One => None,
        })
    }

    /// Whether a variable stands before the fifth colon.
    pub(crate) fn has_early_variable(&self) -> bool {
        if !self.has_variables {
            return false;
        }
        let mut colons = 0;
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => colons += text.matches(':').count(),
                Piece::Variable(_) if colons < SEGMENTS - 1 => return true,
                Piece::Variable(_) | Piece::Run | Piece::One => {}
            }
        }
        false
    }

    /// Whether it may match a text that begins so.
    pub(crate) fn may_match_after(&self, prefix: &str) -> bool {
        let mut rest = prefix;
        for piece in &self.pieces {
            match piece {
                Piece::Run | Piece::Variable(_) => return true,
                Piece::One => {
                    let mut characters = rest.chars();
                    if characters.next().is_none() {
                        return true;
                    }
                    rest = characters.as_str();
                }
                Piece::Text(text) => match rest.strip_prefix(&**text) {
                    Some(more) => rest = more,
                    None => return text.starts_with(rest),
                },
            }
        }
        rest.is_empty()
    }

    /// With every variable's value in its place. What is put in is text: its `*` is a star.
    pub(crate) fn filled<'a>(&self, value: impl Fn(&Variable) -> Substitute<'a>) -> Filled {
        let mut filled = Vec::with_capacity(self.pieces.len());
        let mut unknown = None;
        for piece in &self.pieces {
            let Piece::Variable(variable) = piece else {
                filled.push(piece.clone());
                continue;
            };
            match (value(variable), &variable.default) {
                (Substitute::Text(text), _) => filled.push(Piece::Text(text.into())),
                (Substitute::Absent, Some(default)) => filled.push(Piece::Text(default.clone())),
                (Substitute::Absent, None) => return Filled::Nothing { is_list: false },
                (Substitute::List, _) => return Filled::Nothing { is_list: true },
                (Substitute::Unknown, _) => unknown = Some(variable.name.clone()),
            }
        }
        match unknown {
            Some(name) => Filled::Unknown(name),
            None => Filled::Pieces(filled),
        }
    }
}

impl Piece {
    /// The same, where a variable may be anything.
    pub(crate) fn opened(&self) -> Self {
        match self {
            Self::Variable(_) => Self::Run,
            Self::Text(_) | Self::Run | Self::One => self.clone(),
        }
    }
}

/// The segments of an ARN; the last has what is left.
const SEGMENTS: usize = 6;

/// A wildcard of pieces, and whether it stands inside a segment before the last of an ARN: something
/// follows it there.
fn is_inner(pieces: &[Piece], at: usize, colons: usize) -> bool {
    let is_last_of_segment = match pieces.get(at + 1) {
        None => true,
        Some(Piece::Text(text)) => text.starts_with(':'),
        Some(Piece::Run | Piece::One | Piece::Variable(_)) => false,
    };
    colons < SEGMENTS - 1
        && match pieces.get(at) {
            Some(Piece::Run) => !is_last_of_segment,
            Some(Piece::One) => true,
            Some(Piece::Text(_) | Piece::Variable(_)) | None => false,
        }
}

/// Whether a wildcard stands inside a segment of an ARN, before its last.
pub(crate) fn has_inner_wildcard(pieces: &[Piece]) -> bool {
    let mut colons = 0;
    pieces.iter().enumerate().any(|(at, piece)| {
        if let Piece::Text(text) = piece {
            colons += text.matches(':').count();
        }
        is_inner(pieces, at, colons)
    })
}

/// The same as [`matches`], where a wildcard inside a segment of an ARN matches no colon.
pub(crate) fn matches_in_segments(pieces: &[Piece], text: &str) -> bool {
    // The places in the text that the pieces so far can end at.
    let mut ends = std::collections::BTreeSet::from([0]);
    let mut colons = 0;
    for (at, piece) in pieces.iter().enumerate() {
        let inner = is_inner(pieces, at, colons);
        let mut next = std::collections::BTreeSet::new();
        for end in ends {
            let rest = text.get(end..).unwrap_or_default();
            match piece {
                Piece::Text(literal) => {
                    if rest.starts_with(&**literal) {
                        next.insert(end + literal.len());
                    }
                }
                Piece::One => {
                    let first = rest.chars().next().filter(|c| !inner || *c != ':');
                    next.extend(first.map(|c| end + c.len_utf8()));
                }
                Piece::Run => {
                    next.insert(end);
                    for (place, c) in rest.char_indices() {
                        if inner && c == ':' {
                            break;
                        }
                        next.insert(end + place + c.len_utf8());
                    }
                }
                // Whoever asks has filled the variables.
                Piece::Variable(_) => {}
            }
        }
        if let Piece::Text(text) = piece {
            colons += text.matches(':').count();
        }
        ends = next;
    }
    ends.contains(&text.len())
}

fn pieces(text: &str, syntax: Syntax) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut literal = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if syntax.variables
            && let Some((piece, after)) = variable(rest)
        {
            match piece {
                Piece::Text(text) => literal.push_str(&text),
                other @ (Piece::Variable(_) | Piece::Run | Piece::One) => {
                    flush(&mut literal, &mut pieces);
                    pieces.push(other);
                }
            }
            rest = after;
            continue;
        }
        match first {
            '*' if syntax.wildcards => {
                flush(&mut literal, &mut pieces);
                if pieces.last() != Some(&Piece::Run) {
                    pieces.push(Piece::Run);
                }
            }
            '?' if syntax.wildcards => {
                flush(&mut literal, &mut pieces);
                pieces.push(Piece::One);
            }
            other => literal.push(other),
        }
        rest = rest.get(first.len_utf8()..).unwrap_or_default();
    }
    flush(&mut literal, &mut pieces);
    pieces
}

fn flush(literal: &mut String, pieces: &mut Vec<Piece>) {
    if !literal.is_empty() {
        pieces.push(Piece::Text(std::mem::take(literal).into()));
    }
}

/// No variable is longer, in bytes: names of keys and values of tags have at most 256 characters (IAM
/// User Guide, "Tags for IAM resources").
const VARIABLE_MAX: usize = 2_048;

/// The variable that a text begins with, and what comes after it. `${*}`, `${?}` and `${$}` are
/// the characters themselves.
fn variable(text: &str) -> Option<(Piece, &str)> {
    let inner = text.strip_prefix("${")?;
    let end = inner
        .bytes()
        .take(VARIABLE_MAX)
        .position(|byte| byte == b'}')?;
    let (inner, after) = (inner.get(..end)?, inner.get(end + 1..)?);
    if matches!(inner, "*" | "?" | "$") {
        return Some((Piece::Text(inner.into()), after));
    }
    let (name, default) = match inner.split_once(',') {
        None => (inner, None),
        Some((name, default)) => {
            let default = default.trim().strip_prefix('\'')?.strip_suffix('\'')?;
            (name, Some(default.into()))
        }
    };
    let name = name.trim();
    if name.is_empty() {
        return None;
    }
    let piece = Piece::Variable(Box::new(Variable {
        key: name.to_lowercase().into(),
        name: name.into(),
        default,
    }));
    Some((piece, after))
}

/// Whether a text is what the pieces say, from its beginning to its end. The last `*` alone is
/// gone back to, so that the time is at most the product of the two lengths.
pub(crate) fn matches(pieces: &[Piece], text: &str) -> bool {
    let mut at = 0;
    let mut rest = text;
    let mut back: Option<(usize, &str)> = None;
    loop {
        let step = match pieces.get(at) {
            None if rest.is_empty() => return true,
            // Whoever asks has filled the variables.
            None | Some(Piece::Variable(_)) => None,
            Some(Piece::Run) => {
                if at + 1 == pieces.len() {
                    return true;
                }
                back = Some((at, rest));
                at += 1;
                continue;
            }
            Some(Piece::One) => rest.chars().next().and_then(|c| rest.get(c.len_utf8()..)),
            Some(Piece::Text(literal)) => {
                // After a `*`, the next place where the text stands is the next that can match.
                if let Some((run, _)) = back
                    && run + 1 == at
                {
                    match rest.find(&**literal) {
                        None => return false,
                        Some(found) => {
                            let here = rest.get(found..).unwrap_or_default();
                            back = Some((run, here));
                            here.get(literal.len()..)
                        }
                    }
                } else {
                    rest.strip_prefix(&**literal)
                }
            }
        };
        if let Some(after) = step {
            rest = after;
            at += 1;
            continue;
        }
        let Some((run, from)) = back else {
            return false;
        };
        let Some(shorter) = from.chars().next().and_then(|c| from.get(c.len_utf8()..)) else {
            return false;
        };
        back = Some((run, shorter));
        rest = shorter;
        at = run + 1;
    }
}

#[cfg(test)]
mod tests;
