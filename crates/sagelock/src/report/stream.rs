//! JSON with findings in it, written one after the other: of millions, one is in memory.

use std::io::{self, Write};

use sagelock_domain::assess::Record;
use serde::ser::{Error as _, SerializeSeq};
use serde::{Serialize, Serializer};
use serde_json::ser::Formatter;

use crate::findings::Findings;

/// Writes an array that has an element for each finding.
pub(super) fn stream<S, F>(
    findings: &Findings,
    serializer: S,
    element: F,
) -> Result<S::Ok, S::Error>
where
    S: Serializer,
    F: Fn(&mut S::SerializeSeq, &Record) -> Result<(), S::Error>,
{
    let mut list = serializer.serialize_seq(None)?;
    let mut failed = None;
    let read = findings.each(&mut |record| {
        element(&mut list, &record).map_err(|error| {
            let told = io::Error::other(error.to_string());
            failed = Some(error);
            told
        })
    });
    match (failed, read) {
        (Some(error), _) => Err(error),
        (None, Err(error)) => Err(S::Error::custom(error)),
        (None, Ok(())) => list.end(),
    }
}

/// Writes a document whose arrays at a depth have an element a line, so that files of any size can
/// be compared and searched line by line; depth 1 is that of the document itself.
pub(super) fn write_in_lines(
    document: &impl Serialize,
    depth: usize,
    out: &mut dyn Write,
) -> io::Result<()> {
    let lines = Lines {
        depth: 0,
        at: depth,
    };
    document.serialize(&mut serde_json::Serializer::with_formatter(
        &mut *out, lines,
    ))?;
    writeln!(out)
}

struct Lines {
    depth: usize,
    at: usize,
}

impl Formatter for Lines {
    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth += 1;
        writer.write_all(b"[")
    }

    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth -= 1;
        writer.write_all(b"]")
    }

    fn begin_array_value<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        if !first {
            writer.write_all(b",")?;
        }
        if self.depth == self.at {
            writer.write_all(b"\n")?;
        }
        Ok(())
    }

    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth += 1;
        writer.write_all(b"{")
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth -= 1;
        writer.write_all(b"}")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_element_stands_on_a_line_of_its_own() {
        for (document, depth, lines) in [
            (
                json!([{"a": [1, 2]}, {"b": 1}]),
                1,
                "[\n{\"a\":[1,2]},\n{\"b\":1}]\n",
            ),
            (json!({"a": [[1], [2]]}), 2, "{\"a\":[\n[1],\n[2]]}\n"),
            (json!([]), 1, "[]\n"),
        ] {
            let mut out = Vec::new();
            write_in_lines(&document, depth, &mut out).expect("written");
            assert_eq!(String::from_utf8(out).expect("text"), lines, "{document}");
        }
    }
}
