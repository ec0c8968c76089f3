//! `sagelock policy simulate`.

use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal, Read as _, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use sagelock_policy::case::{Case, NotRead, document_name};
use sagelock_policy::evaluate::{Answer, Open, Shut, Verdict, explain};
use sagelock_policy::{Kind, Position};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::exit::{Exit, Failure};

/// `sagelock policy simulate`.
#[derive(Args, Debug)]
#[command(
    after_help = "One request on a line, with the policies that decide it:\n  \
    {\"id\": 1, \"action\": \"kms:Decrypt\",\n   \
    \"principal\": \"arn:aws:sts::111122223333:assumed-role/Deployer/s1\",\n   \
    \"resource\": \"arn:aws:kms:eu-west-1:111122223333:key/1234abcd-…\",\n   \
    \"context\": {\"kms:ViaService\": \"s3.eu-west-1.amazonaws.com\"},\n   \
    \"identity\": [policy], \"key\": policy, \"pb\": policy, \"session\": policy,\n   \
    \"scp\": [[policy]], \"rcp\": [[policy]], \"vpce\": policy, \"grants\": [grant]}\n\n\
    pb: the permissions boundary; scp, rcp: a list for each level, the root first; vpce: the policy\n\
    of the VPC endpoint; grants: as ListGrants tells them. What is left out is not there, but the\n\
    policy of the key: that is not known. Fields of answers: docs/policy.md.\n\n\
    A key of the context that is not there is absent from the request; one that is null is not known.\n\
    A policy is an object, or a text that holds one.\n\n\
    Examples:\n  \
    sagelock policy simulate requests.jsonl\n  \
    jq -c . request.json | sagelock policy simulate\n\n\
    Exit codes: 0 every request is decided · 3 one is unknown · 2 one could not be read"
)]
pub(super) struct Command {
    /// The requests; `-` or none is standard input
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
}

/// A line that is longer than this is no request: policies have tens of kilobytes.
const LINE_MAX: usize = 16 << 20;
/// U+FEFF in UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";
/// What is said of a line that ends before its request does.
const CUT: &str = "EOF while parsing";

#[derive(Serialize)]
#[serde(untagged)]
enum Line<'a> {
    Decided {
        id: Option<&'a RawValue>,
        decision: &'static str,
        kind: Option<&'static str>,
        because: Vec<Because>,
        missing: Vec<Box<str>>,
        open: Vec<&'static str>,
        shut: Vec<String>,
    },
    Wrong {
        id: Option<&'a RawValue>,
        error: Wrong,
    },
}

#[derive(Serialize)]
struct Because {
    policy: String,
    statement: usize,
    sid: Option<Box<str>>,
    effect: &'static str,
}

#[derive(Serialize)]
struct Wrong {
    policy: Option<String>,
    path: String,
    line: usize,
    column: usize,
    message: String,
}

impl Command {
    pub(super) fn run(self, quiet: bool) -> Result<Exit, Failure> {
        let file = self.file.filter(|path| path.as_os_str() != "-");
        let mut input: Box<dyn BufRead> = if let Some(path) = &file {
            Box::new(BufReader::new(opened(path)?))
        } else {
            let input = io::stdin();
            if input.is_terminal() && !quiet {
                anstream::eprintln!("reading requests from the terminal, one on a line");
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
                        worst = worst.or(line.answered(out)?);
                        count += 1;
                    }
                }
            };
            if count == 0 && !quiet && exit.is_ok() {
                anstream::eprintln!("there was no request to decide");
            }
            Ok(())
        })?;
        let named = file.map_or_else(
            || "standard input".to_owned(),
            |path| path.display().to_string(),
        );
        exit.with_context(|| format!("cannot read the requests of `{named}`"))
            .map_err(Failure::usage)
    }
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
enum Request<'a> {
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
    fn next(&mut self) -> io::Result<Option<Request<'_>>> {
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
                return Ok(Some(Request::Wrong(wrong_line(self.number, 1, message))));
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
            Ok(text) => Request::Text(text.trim_end(), self.number),
            Err(error) => {
                let before = self.bytes.get(..error.valid_up_to()).unwrap_or_default();
                let column = String::from_utf8_lossy(before).chars().count() + 1;
                let message = "the text is not UTF-8".to_owned();
                Request::Wrong(wrong_line(self.number, column, message))
            }
        }))
    }
}

impl Request<'_> {
    fn answered(self, out: &mut dyn Write) -> io::Result<Exit> {
        match self {
            Self::Text(text, number) => one(text, number, out),
            Self::Wrong(wrong) => {
                refused(out, None, wrong)?;
                Ok(Exit::Usage)
            }
        }
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

fn one(text: &str, line: usize, out: &mut dyn Write) -> io::Result<Exit> {
    match Case::read(text) {
        Ok(case) => {
            let answer = explain(&case.request, &case.stack);
            let exit = if answer.verdict == Verdict::Unknown {
                Exit::Incomplete
            } else {
                Exit::Clean
            };
            written(out, &decided(raw(case.id.as_deref()), answer))?;
            Ok(exit)
        }
        Err(error) => {
            let NotRead {
                id,
                policy,
                wrong,
                is_text,
            } = error;
            let mut message = wrong.message;
            if policy.is_none() && message.contains(CUT) {
                message.push_str("; a request is one line, and `jq -c . FILE` makes it one");
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
            refused(out, id.as_deref(), wrong)?;
            Ok(Exit::Usage)
        }
    }
}

fn raw(id: Option<&str>) -> Option<&RawValue> {
    id.and_then(|id| serde_json::from_str(id).ok())
}

fn decided(id: Option<&RawValue>, answer: Answer) -> Line<'_> {
    let (decision, kind) = match answer.verdict {
        Verdict::Allowed => ("Allow", None),
        Verdict::Denied { explicitly: true } => ("Deny", Some("explicit")),
        Verdict::Denied { explicitly: false } => ("Deny", Some("implicit")),
        Verdict::Unknown => ("Unknown", None),
    };
    let because = answer.because.into_iter().map(|because| Because {
        policy: document_name(because.place),
        statement: because.place.statement,
        sid: because.sid,
        effect: because.effect.name(),
    });
    Line::Decided {
        id,
        decision,
        kind,
        because: because.collect(),
        missing: answer.missing,
        open: answer.open.into_iter().map(Open::name).collect(),
        shut: answer.shut.into_iter().map(shut_name).collect(),
    }
}

/// Of a level of SCPs, which one.
fn shut_name(shut: Shut) -> String {
    match shut.level {
        Some(level) => format!("{}[{level}]", kind_name(shut.kind)),
        None => kind_name(shut.kind).to_owned(),
    }
}

/// As the fields of a request are called.
fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Identity => "identity",
        Kind::Boundary => "pb",
        Kind::Session => "session",
        Kind::Scp => "scp",
        Kind::Rcp => "rcp",
        Kind::Resource => "key",
        Kind::Endpoint => "vpce",
    }
}

fn refused(out: &mut dyn Write, id: Option<&str>, error: Wrong) -> io::Result<()> {
    written(out, &Line::Wrong { id: raw(id), error })
}

/// Whoever asked waits for the answer.
fn written(out: &mut dyn Write, line: &Line<'_>) -> io::Result<()> {
    serde_json::to_writer(&mut *out, line)?;
    out.write_all(b"\n")?;
    out.flush()
}
