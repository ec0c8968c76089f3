//! `sagelock policy who-can`.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use sagelock_policy::Request;
use sagelock_policy::access::{Lockout, Outsider, Users, lockout, outsiders};
use sagelock_policy::case::Question;
use sagelock_policy::prove::{Doubt, Proof};
use serde::Serialize;
use serde_json::value::RawValue;

use super::lines::{self, Unanswered};
use crate::exit::{Exit, Failure};

/// `sagelock policy who-can`.
#[derive(Args, Debug)]
#[command(
    after_help = "One key on a line, with the users and roles that are asked about:\n  \
    {\"id\": 1,\n   \
    \"key\": {\"arn\": \"arn:aws:kms:eu-west-1:111122223333:key/1234abcd-…\", \"policy\": policy,\n   \
    \"grants\": [grant], \"tags\": {\"team\": \"a\"}, \"aliases\": [\"alias/a\"], \"rcp\": [[policy]]},\n   \
    \"principals\": [{\"arn\": \"arn:aws:iam::111122223333:role/Reader\", \"identity\": [policy],\n   \
    \"pb\": policy, \"scp\": [[policy]], \"tags\": {}, \"organization\": \"o-…\"}],\n   \
    \"accounts\": [\"111122223333\"], \"organizations\": [\"o-…\"]}\n\n\
    accounts, organizations: who is no outsider. Grants, tags and aliases that are left out are not\n\
    known; a list that is empty says that there are none.\n\n\
    Each way is proved (nobody can go it), violated (with a request that `policy simulate` allows) or\n\
    possible (and why). Ways: the operations that give plaintext or a data key; and, in two steps,\n\
    creating a grant, changing the key policy, tags or aliases. Fields: docs/policy.md.\n\n\
    Examples:\n  \
    sagelock policy who-can keys.jsonl\n  \
    sagelock policy who-can keys.jsonl | jq '.principals[] | select(.answer != \"proved\")'\n\n\
    Exit codes: 0 every answer is proved or violated · 3 one is possible · 2 one could not be read"
)]
pub(super) struct Command {
    /// The questions; `-` or none is standard input
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
}

#[derive(Serialize)]
struct Line<'a> {
    id: Option<&'a RawValue>,
    key: &'a str,
    principals: Vec<User>,
    outsiders: Vec<Other>,
    lockout: Locked,
    assumptions: Vec<&'static str>,
}

#[derive(Serialize)]
struct User {
    principal: Box<str>,
    answer: Answer,
    ways: Vec<Found>,
}

/// A way that is not proved to be closed.
#[derive(Serialize)]
struct Found {
    way: &'static str,
    steps: u8,
    answer: Answer,
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<Box<Request>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    why: Vec<String>,
}

#[derive(Serialize)]
struct Other {
    principal: String,
    /// It stands for everybody whom the key policy and the grants do not name.
    anybody: bool,
    #[serde(flatten)]
    found: Found,
}

#[derive(Serialize)]
struct Locked {
    answer: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    administrators: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<Box<Request>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    why: Vec<String>,
}

/// What every proof takes for granted.
const ASSUMPTIONS: [&str; 4] = [
    "the policies, grants, tags and aliases are those that were given",
    "a service that calls KMS for somebody says so (kms:ViaService)",
    "nobody who is left out of `principals` hands on what it has",
    "requests to KMS come over TLS",
];

impl Command {
    pub(super) fn run(self, quiet: bool) -> Result<Exit, Failure> {
        lines::answer(self.file, quiet, "question", one)
    }
}

fn one(text: &str, out: &mut dyn Write) -> Result<Exit, Unanswered> {
    let question = Question::read(text)?;
    let users = Users::new(&question.key);
    let mut is_open = false;
    let mut principals = Vec::new();
    for principal in &question.principals {
        let mut ways = Vec::new();
        for used in users.of(principal) {
            let steps = if used.way.has_steps() { 2 } else { 1 };
            ways.extend(answered(used.way.action(), steps, used.proof));
        }
        let answer = worst(&ways);
        is_open |= ways.iter().any(|way| way.answer == Answer::Possible);
        principals.push(User {
            principal: principal.arn.clone(),
            answer,
            ways,
        });
    }
    let others = others(&question);
    let lockout = lockout(&question.key);
    is_open |= others
        .iter()
        .any(|one| one.found.answer == Answer::Possible);
    is_open |= matches!(lockout, Lockout::Unknown(_));
    lines::write(
        out,
        &Line {
            id: lines::raw(question.id.as_deref()),
            key: &question.key.arn,
            principals,
            outsiders: others,
            lockout: locked(lockout),
            assumptions: ASSUMPTIONS.to_vec(),
        },
    )?;
    Ok(if is_open {
        Exit::Incomplete
    } else {
        Exit::Clean
    })
}

/// What was found; the later ones are worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
enum Answer {
    Proved,
    Possible,
    Violated,
}

/// The worst of all ways that were looked at, of which those that are proved to be closed are left out.
fn worst(ways: &[Found]) -> Answer {
    let answers = ways.iter().map(|way| way.answer);
    answers.max().unwrap_or(Answer::Proved)
}

fn answered(way: &'static str, steps: u8, proof: Proof) -> Option<Found> {
    let (answer, request, why) = match proof {
        Proof::Proved => return None,
        Proof::Violated(request) => (Answer::Violated, Some(request), Vec::new()),
        Proof::Possible(doubts) => (Answer::Possible, None, names(&doubts)),
    };
    Some(Found {
        way,
        steps,
        answer,
        request,
        why,
    })
}

fn names(doubts: &[Doubt]) -> Vec<String> {
    doubts.iter().map(ToString::to_string).collect()
}

fn others(question: &Question) -> Vec<Other> {
    let accounts: Vec<&str> = question.accounts.iter().map(String::as_str).collect();
    let organizations: Vec<&str> = question.organizations.iter().map(String::as_str).collect();
    match outsiders(&question.key, &accounts, &organizations) {
        Ok(found) => found.into_iter().filter_map(other).collect(),
        Err(doubt) => vec![Other {
            principal: "*".to_owned(),
            anybody: true,
            found: Found {
                way: "kms:*",
                steps: 1,
                answer: Answer::Possible,
                request: None,
                why: names(&[doubt]),
            },
        }],
    }
}

fn other(outsider: Outsider) -> Option<Other> {
    Some(Other {
        principal: outsider.who,
        anybody: outsider.is_anybody,
        found: answered(outsider.action, 1, outsider.proof)?,
    })
}

fn locked(lockout: Lockout) -> Locked {
    let (answer, administrators, request, why) = match lockout {
        Lockout::Safe => ("safe", Vec::new(), None, Vec::new()),
        Lockout::Conditional(denied) => ("conditional", Vec::new(), Some(denied), Vec::new()),
        Lockout::Deletable(who) => ("deletable", who, None, Vec::new()),
        Lockout::Locked => ("locked", Vec::new(), None, Vec::new()),
        Lockout::Unknown(doubts) => ("unknown", Vec::new(), None, names(&doubts)),
    };
    Locked {
        answer,
        administrators,
        request,
        why,
    }
}
