//! `cargo xtask bench proofs`: what the hardest key policies cost, so that nobody who may write one stops
//! anybody.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, ensure};
use nix::sys::resource::UsageWho;
use sagelock_policy::access::{Key, Principal, Users, lockout, outsiders, powers};
use sagelock_policy::prove::{Budget, Prover};
use sagelock_policy::request::Caller;
use sagelock_policy::{Document, Kind};
use serde_json::{Value, json};

use super::process::{Cost, cpu, measure};
use crate::figures::{self, Figure};

const ACCOUNT: &str = "111122223333";
const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
/// How many keys an audit has.
const KEYS: usize = 1_000;
/// Users and roles of the account.
const PEOPLE: usize = 50;
/// No command may take more.
const KILL: Duration = Duration::from_mins(2);

/// Builds the program in release, and measures.
pub(crate) fn proofs(words: &[&str]) -> Result<()> {
    if words == ["--here"] {
        return audit();
    }
    ensure!(words.is_empty(), "`bench proofs` has no options");
    let program = super::built()?;
    let folder = super::folder("proofs")?;
    let plain = folder.join("plain.json");
    fs::write(&plain, policy(&json!([root()])))?;
    println!(
        "{:<28} {:>16} {:>16} {:>16}",
        "CPU s, MiB", "lint", "who-can", "diff"
    );
    let (mut worst, mut peak) = ([0.0_f64; 3], 0.0_f64);
    for (name, statements) in hard() {
        let file = folder.join(format!("{name}.json"));
        let text = policy(&statements);
        fs::write(&file, &text)?;
        let question = folder.join(format!("{name}.jsonl"));
        fs::write(&question, asked(&text, &json!([])))?;
        let mut cells = Vec::new();
        for (column, (verb, more)) in [
            (&["keys", "lint"][..], vec![&file]),
            (&["policy", "who-can"], vec![&question]),
            (&["keys", "policy", "diff"], vec![&plain, &file]),
        ]
        .into_iter()
        .enumerate()
        {
            let cost = cost(&program, verb, &more, &folder)?;
            if let Some(worst) = worst.get_mut(column) {
                *worst = worst.max(cost.cpu_seconds);
            }
            peak = peak.max(cost.peak_mib);
            cells.push(shown(&cost));
        }
        let [lint, who, diff] = cells.as_slice() else {
            continue;
        };
        println!(
            "{:<28} {lint:>16} {who:>16} {diff:>16}",
            format!("{name} ({} KB)", text.len() / 1024)
        );
    }
    let question = folder.join("grants.jsonl");
    fs::write(&question, asked(&policy(&json!([root()])), &grants()))?;
    let grants = cost(&program, &["policy", "who-can"], &[&question], &folder)?;
    println!("{:<28} {:>16} {:>16}", "2,000 grants", "", shown(&grants));
    let [lint, who, diff] = worst;
    figures::write(
        "cargo xtask bench proofs",
        &[
            Figure::less("proofs: lint of the hardest policy", lint, "CPU s"),
            Figure::less("proofs: who-can of the hardest policy", who, "CPU s"),
            Figure::less("proofs: diff of the hardest policy", diff, "CPU s"),
            Figure::less("proofs: most memory", peak, "MiB"),
            Figure::less(
                "proofs: who-can with 2,000 grants",
                grants.cpu_seconds,
                "CPU s",
            ),
        ],
    )?;
    super::in_release("proofs")
}

fn cost(
    program: &Path,
    verb: &[&str],
    files: &[&std::path::PathBuf],
    folder: &Path,
) -> Result<Cost> {
    let mut command = Command::new(program);
    command.args(verb).args(files);
    let cost = measure(&mut command, &folder.join("out"), Some(KILL))?;
    ensure!(
        matches!(cost.status.code(), Some(0 | 1 | 3)),
        "{verb:?} ended with {}",
        cost.status
    );
    Ok(cost)
}

fn shown(cost: &Cost) -> String {
    format!("{:.2} {:.0}", cost.cpu_seconds, cost.peak_mib)
}

/// What an audit asks of every key, of a thousand of them.
fn audit() -> Result<()> {
    let mut worst: f64 = 0.0;
    for (name, statements) in hard() {
        let document = Document::read(Kind::Resource, &policy(&statements))?;
        let people = (0..PEOPLE).map(principal).collect::<Result<Vec<_>>>()?;
        let before = cpu(UsageWho::RUSAGE_SELF)?;
        for _ in 0..KEYS / 10 {
            let key = Key {
                policy: Some(document.clone()),
                grants: Some(Vec::new()),
                ..Key::new(KEY)
            };
            let prover = Prover::new(Budget::of_audit(0));
            let _outside = outsiders(&key, &[], &[], &prover);
            let _held = powers(&key, &prover);
            let _locked = lockout(&key, &prover);
            let users = Users::new(&key);
            let prover = Prover::new(Budget::of_audit(PEOPLE));
            for one in &people {
                let _found = users.worst(one, true, &prover);
            }
        }
        let taken = 10.0 * (cpu(UsageWho::RUSAGE_SELF)? - before);
        worst = worst.max(taken);
        println!("audit of {KEYS} keys like {name:<16} {taken:>7.1} CPU s");
    }
    println!("the worst {worst:.1} CPU s");
    let name = "proofs: audit of 1,000 keys of the hardest kind";
    figures::write(
        "cargo xtask bench proofs",
        &[Figure::less(name, worst, "CPU s")],
    )
}

fn root() -> Value {
    json!({ "Effect": "Allow", "Principal": { "AWS": format!("arn:aws:iam::{ACCOUNT}:root") },
        "Action": "kms:*", "Resource": "*" })
}

fn deny(condition: &Value) -> Value {
    json!({ "Effect": "Deny", "Principal": "*", "Action": "kms:*", "Resource": "*",
        "Condition": condition })
}

fn policy(statements: &Value) -> String {
    json!({ "Version": "2012-10-17", "Statement": statements }).to_string()
}

fn principal(number: usize) -> Result<Principal> {
    let arn = format!("arn:aws:iam::{ACCOUNT}:role/p{number}");
    Ok(Principal {
        identity: vec![Document::read(Kind::Identity, &policy(&all()))?],
        ..Principal::new(&arn, Caller::read(&arn)?)
    })
}

fn all() -> Value {
    json!([{ "Effect": "Allow", "Action": "kms:*", "Resource": "*" }])
}

fn asked(policy: &str, grants: &Value) -> String {
    let policy: Value = serde_json::from_str(policy).unwrap_or_default();
    let identity: Value = json!([{ "Version": "2012-10-17", "Statement": all() }]);
    let principals: Vec<Value> = (0..5)
        .map(|number| {
            json!({ "arn": format!("arn:aws:iam::{ACCOUNT}:role/p{number}"), "identity": identity,
                "tags": {} })
        })
        .collect();
    json!({ "id": 1, "principals": principals, "key": { "arn": KEY, "policy": policy,
        "grants": grants, "tags": {}, "aliases": [] } })
    .to_string()
}

fn grants() -> Value {
    let all: Vec<Value> = (0..2_000)
        .map(|number| {
            json!({ "GranteePrincipal": format!("arn:aws:iam::{ACCOUNT}:role/g{number}"),
                "Operations": ["Decrypt", "GenerateDataKey"] })
        })
        .collect();
    json!(all)
}

/// Key policies that are hard, each in a way of its own.
fn hard() -> Vec<(&'static str, Value)> {
    let keys = |from: usize, step: usize, value: &str| {
        let named = (from..980).step_by(step);
        let named = named.map(|number| (format!("aws:PrincipalTag/k{number}"), json!(value)));
        json!({ "StringEquals": named.collect::<serde_json::Map<_, _>>() })
    };
    let list = |write: fn(usize) -> String, count: usize| -> Vec<String> {
        (0..count).map(write).collect()
    };
    let pairs = |statement: usize| {
        let named = (0..26).map(|number| {
            let value = if (statement + number).is_multiple_of(3) {
                "yes"
            } else {
                "no"
            };
            (format!("aws:PrincipalTag/a{number}"), json!(value))
        });
        deny(&json!({ "StringEquals": named.collect::<serde_json::Map<_, _>>() }))
    };
    let mut combined: Vec<Value> = (0..4).map(pairs).collect();
    combined.push(root());
    let shifted = (0..7).map(|from| deny(&keys(from, 7, &format!("v{from}"))));
    let repeated = (0..20).map(|more| {
        let pattern = format!("*{}*", "ab".repeat(200 + more));
        deny(&json!({ "StringLike": { "aws:PrincipalTag/x": pattern } }))
    });
    let variables = (0..90).map(|number| {
        let condition = json!({ "StringLike": { format!("aws:PrincipalTag/t{number}"):
            format!("${{aws:PrincipalTag/u{number}}}*") } });
        json!({ "Effect": "Allow", "Principal": { "AWS": "*" }, "Action": "kms:Decrypt",
            "Resource": "*", "Condition": condition })
    });
    let with_root = |statements: &mut dyn Iterator<Item = Value>| {
        let all: Vec<Value> = [root()].into_iter().chain(statements).collect();
        json!(all)
    };
    let one = |condition: Value| json!([root(), deny(&condition)]);
    let address = |number: usize| format!("10.{}.{}.0/24", number / 256, number % 256);
    let named = |number: usize| format!("arn:aws:iam::{ACCOUNT}:role/r{number}");
    let wild = |number: usize| format!("*r{number}*x*");
    vec![
        ("combined_tags", json!(combined)),
        (
            "cidrs",
            one(json!({ "NotIpAddress": { "aws:SourceIp": list(address, 1_900) } })),
        ),
        (
            "long_pattern",
            one(json!({ "StringLike": {
            "aws:PrincipalArn": format!("*{}", "ab".repeat(6_000)) } })),
        ),
        ("patterns", with_root(&mut { repeated })),
        ("keys", one(keys(0, 1, "v"))),
        ("keys_shifted", with_root(&mut { shifted })),
        (
            "names",
            one(json!({ "StringNotEquals": { "aws:PrincipalArn": list(named, 600) } })),
        ),
        (
            "principals",
            json!([root(), { "Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*",
            "Principal": { "AWS": list(named, 500) } }]),
        ),
        (
            "wildcards",
            one(json!({ "StringNotLike": { "aws:PrincipalArn": list(wild, 600) } })),
        ),
        ("variables", with_root(&mut { variables })),
    ]
}
