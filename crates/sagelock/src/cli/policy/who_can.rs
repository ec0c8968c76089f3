//! `sagelock policy who-can`.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use sagelock_policy::Request;
use sagelock_policy::access::{
    Circle, Lockout, Outsider, OwnUse, Place, Step, Use, Users, lockout, outsiders,
};
use sagelock_policy::case::Question;
use sagelock_policy::prove::{Doubt, Proof, Prover};
use serde::Serialize;
use serde_json::value::RawValue;

use super::lines::{self, Unanswered};
use crate::exit::{Exit, Failure};

/// `sagelock policy who-can`.
#[derive(Args, Debug)]
#[command(
    after_help = "One key per line, with the users and roles to check:\n  \
    {\"id\": 1,\n   \
    \"key\": {\"arn\": \"arn:aws:kms:eu-west-1:111122223333:key/1234abcd-…\",\n   \
    \"policy\": policy, \"grants\": [grant], \"tags\": {\"team\": \"a\"},\n   \
    \"aliases\": [\"alias/a\"], \"rcp\": [[policy]]},\n   \
    \"principals\": [{\"arn\": \"arn:aws:iam::111122223333:role/Reader\",\n   \
    \"identity\": [policy], \"pb\": policy, \"scp\": [[policy]], \"trust\": policy,\n   \
    \"tags\": {}, \"organization\": \"o-…\"}],\n   \
    \"accounts\": [\"111122223333\"], \"organizations\": [\"o-…\"]}\n\n\
    accounts, organizations: those that are not outsiders. Grants, tags, aliases and trust policies that are left \
    out are not known; an empty list says that there are none.\n\n\
    Each way is proved (nobody can take it), violated (with a request that `policy simulate` allows) or \
    possible (and why). Ways: the operations that give plaintext or a data key; and, in several steps, \
    creating a grant, changing the key policy, tags or aliases, or becoming another of `principals`: \
    assuming a role, passing it to a service, changing IAM. `path` has every step. Fields: \
    docs/policy.md.\n\n\
    Examples:\n  \
    sagelock policy who-can keys.jsonl\n  \
    sagelock policy who-can keys.jsonl |\n    \
    jq '.principals[] | select(.answer != \"proved\")'\n\n\
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
    way: String,
    steps: usize,
    answer: Answer,
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<Box<Request>>,
    /// Of several steps, all of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    path: Vec<Taken>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    why: Vec<String>,
}

/// A step of a way.
#[derive(Serialize)]
struct Taken {
    principal: Box<str>,
    request: Box<Request>,
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
    "nobody who is left out of `principals` hands on what it has, and nobody becomes another by what is \
     not followed (docs/policy.md)",
    "requests to KMS come over TLS",
];

impl Command {
    pub(super) fn run(self, quiet: bool) -> Result<Exit, Failure> {
        lines::answer(self.file, quiet, "question", one)
    }
}

fn one(text: &str, out: &mut dyn Write) -> Result<Exit, Unanswered> {
    let question = Question::read(text)?;
    let prover = Prover::default();
    let users = Users::new(&question.key);
    let found = everybody(&question, &users, &prover);
    let mut is_open = false;
    let mut principals = Vec::new();
    for (principal, found) in question.principals.iter().zip(found) {
        let ways: Vec<Found> = found.into_iter().filter_map(used).collect();
        is_open |= ways.iter().any(|way| way.answer == Answer::Possible);
        principals.push(User {
            principal: principal.arn.clone(),
            answer: worst(&ways),
            ways,
        });
    }
    let others = others(&question, &prover);
    let lockout = lockout(&question.key, &prover);
    is_open |= others
        .iter()
        .any(|one| one.found.answer == Answer::Possible);
    is_open |= matches!(&lockout, Lockout::Unknown(_))
        || matches!(&lockout, Lockout::Deletable(who, _) if who.is_empty());
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

/// What each of the principals can do: by itself, and through the others.
fn everybody(question: &Question, users: &Users, prover: &Prover) -> Vec<Vec<Use>> {
    let mut circle = Circle::default();
    for principal in &question.principals {
        circle.add(principal);
    }
    let mut own: BTreeMap<Place, OwnUse> = BTreeMap::new();
    let mut steps: BTreeMap<Place, Vec<Step>> = BTreeMap::new();
    let mut found: Vec<Vec<Use>> = Vec::new();
    for principal in &question.principals {
        let ways = users.of(principal, prover);
        if let Some(place) = circle.place(&principal.arn) {
            let mut doubts = None;
            for one in &ways {
                match &one.proof {
                    Proof::Proved => {}
                    Proof::Possible(found) => {
                        doubts.get_or_insert_with(|| found.clone());
                    }
                    Proof::Violated(_) => {
                        steps.entry(place).or_insert_with(|| one.steps.clone());
                        doubts = Some(Vec::new());
                        break;
                    }
                }
            }
            own.extend(doubts.map(|doubts| (place, doubts)));
        }
        found.push(ways);
    }
    let mut courses = circle.spread(users, &own, prover);
    for (principal, found) in question.principals.iter().zip(&mut found) {
        let place = circle.place(&principal.arn);
        if let Some(course) = place.and_then(|place| courses.remove(&place)) {
            let rest = course.end.and_then(|end| steps.get(&end));
            let rest = rest.map(Vec::as_slice).unwrap_or_default();
            found.push(course.found(rest));
        }
    }
    found
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

fn used(found: Use) -> Option<Found> {
    let (answer, request, why) = match found.proof {
        Proof::Proved => return None,
        Proof::Violated(request) => (Answer::Violated, Some(request), Vec::new()),
        Proof::Possible(doubts) => (Answer::Possible, None, names(&doubts)),
    };
    let steps = match found.steps.len() {
        // What follows is in doubt.
        0 if found.way.has_steps() => 2,
        0 => 1,
        steps => steps,
    };
    let path = found.steps.into_iter().filter(|_| steps > 1);
    let path = path.map(|step| Taken {
        principal: step.who,
        request: step.request,
    });
    Some(Found {
        way: found.way.action().to_owned(),
        steps,
        answer,
        request,
        path: path.collect(),
        why,
    })
}

fn names(doubts: &[Doubt]) -> Vec<String> {
    doubts.iter().map(ToString::to_string).collect()
}

fn others(question: &Question, prover: &Prover) -> Vec<Other> {
    let accounts: Vec<&str> = question.accounts.iter().map(String::as_str).collect();
    let organizations: Vec<&str> = question.organizations.iter().map(String::as_str).collect();
    match outsiders(&question.key, &accounts, &organizations, prover) {
        Ok(found) => found.into_iter().filter_map(other).collect(),
        Err(doubt) => vec![Other {
            principal: "*".to_owned(),
            anybody: true,
            found: by_outsider("kms:*".to_owned(), Answer::Possible, None, names(&[doubt])),
        }],
    }
}

fn other(outsider: Outsider) -> Option<Other> {
    let (answer, request, why) = match outsider.proof {
        Proof::Proved => return None,
        Proof::Violated(request) => (Answer::Violated, Some(request), Vec::new()),
        Proof::Possible(doubts) => (Answer::Possible, None, names(&doubts)),
    };
    Some(Other {
        principal: outsider.who,
        anybody: outsider.is_anybody,
        found: by_outsider(outsider.action, answer, request, why),
    })
}

fn by_outsider(
    way: String,
    answer: Answer,
    request: Option<Box<Request>>,
    why: Vec<String>,
) -> Found {
    Found {
        way,
        steps: 1,
        answer,
        request,
        path: Vec::new(),
        why,
    }
}

fn locked(lockout: Lockout) -> Locked {
    let (answer, administrators, request, why) = match lockout {
        Lockout::Safe => ("safe", Vec::new(), None, Vec::new()),
        Lockout::Conditional(denied) => ("conditional", Vec::new(), Some(denied), Vec::new()),
        Lockout::Deletable(who, doubts) => {
            let answer = if who.is_empty() {
                "root_shut_out"
            } else {
                "deletable"
            };
            let who = who.into_iter().map(|one| one.who).collect();
            (answer, who, None, names(&doubts))
        }
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
