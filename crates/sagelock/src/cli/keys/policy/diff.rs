//! `sagelock keys policy diff`.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;
use sagelock_policy::access::{Beyond, Comparison, Key, Own, compare};
use sagelock_policy::context::Value;
use sagelock_policy::prove::{Doubt, Prover};
use sagelock_policy::{Document, Request};
use serde::Serialize;

use crate::cli::keys::written::{checked, of_account, read};
use crate::cli::{Plain, print, print_plain};
use crate::exit::{Exit, Failure};
use crate::report::{some_of, wrap};

/// `sagelock keys policy diff`.
#[derive(Args, Debug)]
#[command(
    after_help = "The comparison covers every principal: users, roles, sessions, root users and services, of the \
    accounts that are named and of others, for every action of KMS on a key, with any condition keys, \
    whether their own policies allow nothing, everything, or everything under a boundary that allows \
    nothing. A difference comes with a request that one policy allows and the other does not.\n\n\
    Examples:\n  \
    sagelock keys policy diff old.json new.json\n  \
    aws kms get-key-policy --key-id 1234abcd-12ab-34cd-56ef-1234567890ab \\\n    \
    --query Policy --output text > old.json\n  \
    sagelock keys policy diff old.json new.json --format json | jq .answer\n\n\
    A policy can also be a JSON string that contains one, or the output of GetKeyPolicy.\n\n\
    Exit codes: 0 not wider · 1 wider (wider or both) · 2 a policy cannot be read · 3 perhaps wider"
)]
pub(super) struct Command {
    /// The key policy that there is; `-` is standard input
    old: PathBuf,
    /// The key policy that there will be
    new: PathBuf,
    /// The ARN of the key [default: any of the account whose root the old policy names]
    #[arg(long, value_name = "ARN")]
    key: Option<String>,
    /// What standard output gets
    #[arg(long, value_enum, default_value = "table")]
    format: Plain,
}

#[derive(Serialize)]
struct Written<'a> {
    schema: &'static str,
    key: &'a str,
    answer: Answer,
    wider: Vec<Change<'a>>,
    narrower: Vec<Change<'a>>,
    perhaps_wider: Vec<String>,
    perhaps_narrower: Vec<String>,
    assumptions: [&'static str; 3],
}

/// What somebody may do under one policy and not under the other.
#[derive(Serialize)]
struct Change<'a> {
    principal: &'a str,
    /// It is named itself; else it stands for all that are like it.
    itself: bool,
    /// It stands for everybody whom neither policy names.
    anybody: bool,
    own_policies: OwnPolicies,
    actions: Vec<&'a str>,
    /// For the first action.
    request: &'a Request,
}

impl Command {
    pub(super) fn run(self) -> Result<Exit, Failure> {
        let (old, new) = (read(&self.old)?, read(&self.new)?);
        let arn = match self.key {
            Some(arn) => checked(arn)?,
            None => of_account(&[&old, &new])?,
        };
        let key = |document: Document| Key {
            policy: Some(document),
            grants: Some(Vec::new()),
            ..Key::new(&arn)
        };
        let (old, new) = (key(old), key(new));
        let comparison =
            compare(&old, &new, &Prover::default()).unwrap_or_else(|doubt| Comparison {
                perhaps_wider: vec![doubt.clone()],
                perhaps_narrower: vec![doubt],
                ..Comparison::default()
            });
        let answer = answer(&comparison);
        let written = Written {
            schema: "sagelock.keys.policy.diff/1",
            key: &arn,
            answer,
            wider: changes(&comparison.wider),
            narrower: changes(&comparison.narrower),
            perhaps_wider: names(&comparison.perhaps_wider),
            perhaps_narrower: names(&comparison.perhaps_narrower),
            assumptions: ASSUMPTIONS,
        };
        match self.format {
            Plain::Json => print_plain(|out| {
                serde_json::to_writer_pretty(&mut *out, &written)?;
                out.write_all(b"\n")
            })?,
            Plain::Table => print(|out| table(out, &written))?,
        }
        Ok(match answer {
            Answer::Wider | Answer::Both => Exit::Findings,
            Answer::Possible => Exit::Incomplete,
            Answer::Equal | Answer::Narrower | Answer::NotWider => Exit::Clean,
        })
    }
}

/// How the new policy is to the old one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Answer {
    Equal,
    Wider,
    Narrower,
    Both,
    NotWider,
    Possible,
}

fn answer(comparison: &Comparison) -> Answer {
    let (wider, narrower) = (&comparison.wider, &comparison.narrower);
    match (wider.is_empty(), narrower.is_empty()) {
        (false, false) => Answer::Both,
        (false, true) => Answer::Wider,
        (true, _) if !comparison.perhaps_wider.is_empty() => Answer::Possible,
        (true, false) => Answer::Narrower,
        (true, true) if comparison.perhaps_narrower.is_empty() => Answer::Equal,
        (true, true) => Answer::NotWider,
    }
}

fn names(doubts: &[Doubt]) -> Vec<String> {
    doubts.iter().map(ToString::to_string).collect()
}

/// Differences of one principal, taken together.
fn changes(list: &[Beyond]) -> Vec<Change<'_>> {
    let mut changes: Vec<Change<'_>> = Vec::new();
    for beyond in list {
        let own = own(beyond.own);
        let same = changes
            .iter_mut()
            .find(|one| one.principal == beyond.who && one.own_policies == own);
        if let Some(same) = same {
            same.actions.push(&beyond.action);
            continue;
        }
        changes.push(Change {
            principal: &beyond.who,
            itself: beyond.is_itself,
            anybody: beyond.is_anybody,
            own_policies: own,
            actions: vec![&beyond.action],
            request: &beyond.request,
        });
    }
    changes
}

/// What the policies of who asks have to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum OwnPolicies {
    None,
    UnderABoundary,
    Allow,
}

const fn own(own: Own) -> OwnPolicies {
    match own {
        Own::Nothing => OwnPolicies::None,
        Own::Capped => OwnPolicies::UnderABoundary,
        Own::Everything => OwnPolicies::Allow,
    }
}

/// What every comparison takes for granted.
const ASSUMPTIONS: [&str; 3] = [
    "requests to KMS come over TLS (aws:SecureTransport is true)",
    "a service that calls KMS for somebody says so (kms:ViaService)",
    "grants and control policies are the same before and after",
];

/// Columns of a terminal.
const WIDTH: usize = 80;
/// More actions than these are counted.
const ACTIONS_MAX: usize = 6;

fn table(out: &mut dyn Write, written: &Written<'_>) -> io::Result<()> {
    let said = match written.answer {
        Answer::Equal => "equal: nobody may do anything under one and not under the other",
        Answer::Wider => "wider: the new policy allows what the old one does not",
        Answer::Narrower => "narrower: the new policy allows nothing that the old one did not",
        Answer::Both => {
            "both: the new policy allows what the old one did not, and the other way round"
        }
        Answer::NotWider => "not wider: the new policy allows nothing that the old one did not",
        Answer::Possible => "possible: whether the new policy allows more is not known",
    };
    writeln!(out, "{said}")?;
    writeln!(out, "key: {}", written.key)?;
    for (word, changes) in [("WIDER", &written.wider), ("NARROWER", &written.narrower)] {
        for change in changes {
            writeln!(out)?;
            let like = match (change.itself, change.anybody) {
                (true, _) => "",
                (false, false) => "whoever is like ",
                (false, true) => "anybody, like ",
            };
            writeln!(out, "{word} {like}{}", change.principal)?;
            let shown = some_of(&change.actions, ACTIONS_MAX, "actions");
            for line in wrap(&shown, WIDTH - 2) {
                writeln!(out, "  {line}")?;
            }
            let needs = match change.own_policies {
                OwnPolicies::None => "without any permission of its own",
                OwnPolicies::UnderABoundary => "past its permissions boundary",
                OwnPolicies::Allow => "where its own policies allow it",
            };
            writeln!(out, "  {needs}")?;
            for told in told(change.request) {
                writeln!(out, "  {told}")?;
            }
        }
    }
    for (word, doubts) in [
        ("wider", &written.perhaps_wider),
        ("narrower", &written.perhaps_narrower),
    ] {
        if !doubts.is_empty() {
            writeln!(out, "\nperhaps {word}, depending on (docs/policy.md):")?;
            for doubt in doubts {
                writeln!(out, "  {doubt}")?;
            }
        }
    }
    writeln!(out, "\ntaken for granted:")?;
    for assumption in &written.assumptions {
        writeln!(out, "  {assumption}")?;
    }
    Ok(())
}

/// The keys of the context that a reader would not expect.
fn told(request: &Request) -> Vec<String> {
    const EXPECTED: [&str; 9] = [
        "aws:PrincipalAccount",
        "aws:PrincipalArn",
        "aws:PrincipalIsAWSService",
        "aws:PrincipalServiceName",
        "aws:PrincipalType",
        "aws:RequestedRegion",
        "aws:ResourceAccount",
        "aws:SecureTransport",
        "kms:CallerAccount",
    ];
    request
        .context()
        .filter(|(name, _)| !EXPECTED.contains(name))
        .filter(|(name, value)| {
            *name != "aws:ViaAWSService" || *value == Some(Value::One("true".into()))
        })
        .map(|(name, value)| match value {
            Some(value) => format!("with {name} = {value}"),
            None => format!("without {name}"),
        })
        .collect()
}
