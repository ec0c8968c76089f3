//! JSON lines in, JSON lines out: one answer to each, in order.

use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal, Read as _, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use sagelock_policy::Position;
use sagelock_policy::case::NotRead;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::exit::{Exit, Failure};

/// A line that is longer than this is no request: policies have tens of kilobytes.
const LINE_MAX: usize = 16 << 20;
/// U+FEFF in UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";
/// What is said of a line that ends before its request does.
const CUT: &str = "EOF while parsing";

/// Writes the answer to one line.
pub(super) type One = fn(&str, &mut dyn Write) -> Result<Exit, Unanswered>;

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Unanswered {
    /// The line cannot be read.
    NotRead(Box<NotRead>),
    /// The answer cannot be written.
    NotWritten(io::Error),
}

impl From<NotRead> for Unanswered {
    fn from(error: NotRead) -> Self {
        Self::NotRead(Box::new(error))
    }
}

impl From<io::Error> for Unanswered {
    fn from(error: io::Error) -> Self {
        Self::NotWritten(error)
    }
}

#[derive(Serialize)]
struct Refused<'a> {
    id: Option<&'a RawValue>,
    error: Wrong,
}

#[derive(Serialize)]
struct Wrong {
    policy: Option<String>,
    path: String,
    line: usize,
    column: usize,
    message: String,
}

/// Answers every line of a file, or of standard input. The last exit code is the weightiest.
pub(super) fn answer(
    file: Option<PathBuf>,
    quiet: bool,
    noun: &str,
    one: One,
) -> Result<Exit, Failure> {
    let file = file.filter(|path| path.as_os_str() != "-");
    let mut input: Box<dyn BufRead> = if let Some(path) = &file {
        Box::new(BufReader::new(opened(path)?))
    } else {
        let input = io::stdin();
        if input.is_terminal() && !quiet {
            anstream::eprintln!("reading {noun}s from the terminal, one on a line");
        }
        Box::new(input.lock())
    };
    let mut exit = Ok(Exit::Clean);
    super::super::print_plain(|out| {
        let mut lines = Lines::new(&mut *input);
        let mut worst = Exit::Clean;
        let mut count = 0_u64;
        exit = loop {
            match lines.next() {
                Err(error) => break Err(error),
                Ok(None) => break Ok(worst),
                Ok(Some(line)) => {
                    worst = worst.or(line.answered(one, out)?);
                    count += 1;
                }
            }
        };
        if count == 0 && !quiet && exit.is_ok() {
            anstream::eprintln!("there was no {noun} to answer");
        }
        Ok(())
    })?;
    let named = file.map_or_else(
        || "standard input".to_owned(),
        |path| path.display().to_string(),
    );
    exit.with_context(|| format!("cannot read the {noun}s of `{named}`"))
        .map_err(Failure::usage)
}

fn opened(path: &Path) -> Result<File, Failure> {
    File::open(path)
        .with_context(|| format!("cannot read `{}`", path.display()))
        .map_err(Failure::usage)
}

/// The lines of a stream, one at a time.
struct Lines<'a> {
    input: &'a mut dyn BufRead,
    bytes: Vec<u8>,
    number: usize,
}

/// One line that was read.
enum Line<'a> {
    Text(&'a str, usize),
    Wrong(Wrong),
}

impl<'a> Lines<'a> {
    fn new(input: &'a mut dyn BufRead) -> Self {
        Self {
            input,
            bytes: Vec::new(),
            number: 0,
        }
    }

    /// The next line that is not empty.
    fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        loop {
            self.bytes.clear();
            let most = LINE_MAX as u64 + 1;
            let read = (&mut *self.input)
                .take(most)
                .read_until(b'\n', &mut self.bytes)?;
            if read == 0 {
                return Ok(None);
            }
            self.number += 1;
            if read > LINE_MAX {
                skip(self.input)?;
                let message = format!("the line is longer than {} MiB", LINE_MAX >> 20);
                return Ok(Some(Line::Wrong(wrong_line(self.number, 1, message))));
            }
            // Some editors put a mark at the beginning of a file.
            if self.number == 1 && self.bytes.starts_with(BYTE_ORDER_MARK) {
                self.bytes.drain(..BYTE_ORDER_MARK.len());
            }
            if !self.bytes.iter().all(u8::is_ascii_whitespace) {
                break;
            }
        }
        Ok(Some(match std::str::from_utf8(&self.bytes) {
            Ok(text) => Line::Text(text.trim_end(), self.number),
            Err(error) => {
                let before = self.bytes.get(..error.valid_up_to()).unwrap_or_default();
                let column = String::from_utf8_lossy(before).chars().count() + 1;
                let message = "the text is not UTF-8".to_owned();
                Line::Wrong(wrong_line(self.number, column, message))
            }
        }))
    }
}

impl Line<'_> {
    fn answered(self, one: One, out: &mut dyn Write) -> io::Result<Exit> {
        let (id, wrong) = match self {
            Self::Text(text, number) => match one(text, out) {
                Ok(exit) => return Ok(exit),
                Err(Unanswered::NotWritten(error)) => return Err(error),
                Err(Unanswered::NotRead(error)) => not_read(*error, number),
            },
            Self::Wrong(wrong) => (None, wrong),
        };
        let id = raw(id.as_deref());
        write(out, &Refused { id, error: wrong })?;
        Ok(Exit::Usage)
    }
}

/// What is left of a line that is too long.
fn skip(input: &mut dyn BufRead) -> io::Result<()> {
    loop {
        let there = input.fill_buf()?;
        let end = there.iter().position(|byte| *byte == b'\n');
        let used = end.map_or(there.len(), |end| end + 1);
        input.consume(used);
        if end.is_some() || used == 0 {
            return Ok(());
        }
    }
}

fn wrong_line(line: usize, column: usize, message: String) -> Wrong {
    Wrong {
        policy: None,
        path: String::new(),
        line,
        column,
        message,
    }
}

/// What is wrong with a line that cannot be read, and its name.
fn not_read(error: NotRead, line: usize) -> (Option<String>, Wrong) {
    let NotRead {
        id,
        policy,
        wrong,
        is_text,
    } = error;
    let mut message = wrong.message;
    if policy.is_none() && message.contains(CUT) {
        message.push_str("; it has to be on one line, and `jq -c . FILE` makes it one");
    }
    // What stands in the line has the line's number; what was given as text, its own.
    let Position { line: own, column } = wrong.at;
    let wrong = Wrong {
        policy,
        path: wrong.path,
        line: if is_text { own } else { line },
        column,
        message,
    };
    (id, wrong)
}

pub(super) fn raw(id: Option<&str>) -> Option<&RawValue> {
    id.and_then(|id| serde_json::from_str(id).ok())
}

/// Writes one line: whoever asked waits for the answer.
pub(super) fn write(out: &mut dyn Write, line: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, line)?;
    out.write_all(b"\n")?;
    out.flush()
}
