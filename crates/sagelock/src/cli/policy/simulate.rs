//! `sagelock policy simulate`.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use sagelock_policy::case::{Case, document_name, field};
use sagelock_policy::change::{Edit, changes};
use sagelock_policy::evaluate::{Answer, Open, Shut, Verdict};
use serde::Serialize;
use serde_json::value::RawValue;

use super::lines::{self, Unanswered};
use crate::exit::{Exit, Failure};

/// `sagelock policy simulate`.
#[derive(Args, Debug)]
#[command(
    after_help = "One request per line, with the policies that apply to it:\n  \
    {\"id\": 1, \"action\": \"kms:Decrypt\",\n   \
    \"principal\": \"arn:aws:sts::111122223333:assumed-role/Deployer/s1\",\n   \
    \"resource\": \"arn:aws:kms:eu-west-1:111122223333:key/1234abcd-…\",\n   \
    \"context\": {\"kms:ViaService\": \"s3.eu-west-1.amazonaws.com\"},\n   \
    \"identity\": [policy], \"key\": policy, \"pb\": policy, \"session\": policy,\n   \
    \"scp\": [[policy]], \"rcp\": [[policy]], \"vpce\": policy, \"grants\": [grant]}\n\n\
    pb: the permissions boundary; scp, rcp: a list for each level, the root first; vpce: the policy \
    of the VPC endpoint; grants: as ListGrants returns them. An omitted field means that there is none, except the \
    key policy, which is unknown if omitted. For the output fields, see docs/policy.md.\n\n\
    A context key that is omitted is absent from the request; one that is null is unknown. \
    A policy is an object, or a string that contains one.\n\n\
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

#[derive(Serialize)]
struct Line<'a> {
    id: Option<&'a RawValue>,
    decision: &'static str,
    kind: Option<&'static str>,
    because: Vec<Because>,
    missing: Vec<Box<str>>,
    open: Vec<&'static str>,
    shut: Vec<String>,
    changes: Vec<Vec<Change>>,
}

/// An edit, as the documents are called in a request.
#[derive(Serialize)]
struct Change {
    edit: &'static str,
    policy: String,
    statement: Option<usize>,
    sid: Option<Box<str>>,
    write: Option<Box<RawValue>>,
}

impl Command {
    pub(super) fn run(self, quiet: bool) -> Result<Exit, Failure> {
        lines::answer(self.file, quiet, "request", one)
    }
}

#[derive(Serialize)]
struct Because {
    policy: String,
    statement: usize,
    sid: Option<Box<str>>,
    effect: &'static str,
}

fn one(text: &str, out: &mut dyn Write) -> Result<Exit, Unanswered> {
    let case = Case::read(text)?;
    let answer = case.answer();
    let exit = if answer.verdict == Verdict::Unknown {
        Exit::Incomplete
    } else {
        Exit::Clean
    };
    let changes = changes(&case.request, &case.stack);
    lines::write(
        out,
        &decided(lines::raw(case.id.as_deref()), answer, changes),
    )?;
    Ok(exit)
}

fn decided(id: Option<&RawValue>, answer: Answer, changes: Vec<Vec<Edit>>) -> Line<'_> {
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
    Line {
        id,
        decision,
        kind,
        because: because.collect(),
        missing: answer.missing,
        open: answer.open.into_iter().map(Open::name).collect(),
        shut: answer.shut.into_iter().map(shut_name).collect(),
        changes: changes
            .into_iter()
            .map(|edits| edits.into_iter().map(change).collect())
            .collect(),
    }
}

fn change(edit: Edit) -> Change {
    let at = |edit, because: sagelock_policy::evaluate::Because, write| Change {
        edit,
        policy: document_name(because.place),
        statement: Some(because.place.statement),
        sid: because.sid,
        write,
    };
    match edit {
        Edit::Allow { to, statement } => Change {
            edit: "allow",
            policy: shut_name(to),
            statement: None,
            sid: None,
            write: serde_json::value::to_raw_value(&statement).ok(),
        },
        Edit::Except {
            statement,
            condition,
        } => at(
            "except",
            statement,
            serde_json::value::to_raw_value(&condition).ok(),
        ),
        Edit::Remove { statement } => at("remove", statement, None),
    }
}

/// Of a level of SCPs, which one.
fn shut_name(shut: Shut) -> String {
    match shut.level {
        Some(level) => format!("{}[{level}]", field(shut.kind)),
        None => field(shut.kind).to_owned(),
    }
}
