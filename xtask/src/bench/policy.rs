//! `cargo xtask bench policy`: how many requests a second are decided on one core.

use std::fs;
use std::hint::black_box;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use sagelock_policy::case::Case;
use sagelock_policy::context::{Context, Value};
use sagelock_policy::evaluate::{Verdict, evaluate};
use sagelock_policy::request::{Caller, Request, Stack};
use serde_json::Value as Json;

use crate::differential::random_case;
use crate::figures::{self, Figure};
use crate::root;

/// Stacks made by chance, beside those of the corpus.
const RANDOM: u64 = 4_000;
/// Requests of each stack, no two alike.
const REQUESTS: usize = 40;
const ACTIONS: [&str; 6] = [
    "kms:Decrypt",
    "kms:GenerateDataKey",
    "kms:CreateGrant",
    "kms:DescribeKey",
    "kms:PutKeyPolicy",
    "kms:Encrypt",
];

/// Builds itself in release, and measures.
pub(crate) fn policy(words: &[&str]) -> Result<()> {
    if words == ["--here"] {
        return here();
    }
    ensure!(words.is_empty(), "`bench policy` has no options");
    super::in_release("policy")
}

fn here() -> Result<()> {
    let mut lines = Vec::new();
    let folder = root().join("corpus/policies");
    for entry in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
        let text = fs::read_to_string(entry?.path())?;
        lines.extend(text.lines().map(ToOwned::to_owned));
    }
    let of_corpus = lines.len();
    lines.extend((0..RANDOM).map(|number| random_case(7, number).to_string()));
    let mut stacks = Vec::with_capacity(lines.len());
    for line in &lines {
        let case = Case::read(line).with_context(|| line.clone())?;
        stacks.push((case.stack, requests(line)?));
    }
    let count: usize = stacks.iter().map(|(_, requests)| requests.len()).sum();
    println!(
        "{count} requests, no two alike, of {} stacks: {of_corpus} of the corpus, {RANDOM} by chance",
        stacks.len()
    );
    let mut best = f64::INFINITY;
    let mut tally = [0_u64; 3];
    for _ in 0..5 {
        tally = [0; 3];
        let begun = Instant::now();
        for (stack, requests) in &stacks {
            for request in requests {
                let slot = match evaluate(black_box(request), stack) {
                    Verdict::Allowed => 0,
                    Verdict::Denied { .. } => 1,
                    Verdict::Unknown => 2,
                };
                if let Some(slot) = tally.get_mut(slot) {
                    *slot += 1;
                }
            }
        }
        best = best.min(begun.elapsed().as_secs_f64());
    }
    let [allowed, denied, unknown] = tally;
    println!("decided      {allowed} allowed, {denied} denied, {unknown} unknown");
    #[expect(clippy::cast_precision_loss, reason = "a figure to look at")]
    let rate = count as f64 / best;
    println!("decisions    {rate:.0} a second on one core, best of 5 rounds");
    let (median, late) = told_one_by_one(&stacks);
    figures::write(
        "cargo xtask bench policy",
        &[
            Figure::more("policy: decisions on one core", rate, "a second"),
            Figure::less("policy: one decision, median", median, "ns"),
            Figure::less("policy: one decision, p99", late, "ns"),
        ],
    )
}

/// How long single decisions take, at the median and at p99; the clock's own time is in it.
fn told_one_by_one(stacks: &[(Stack, Vec<Request>)]) -> (f64, f64) {
    let mut times = Vec::new();
    for (stack, requests) in stacks {
        for request in requests {
            let begun = Instant::now();
            black_box(evaluate(black_box(request), stack));
            times.push(begun.elapsed().as_nanos());
        }
    }
    times.sort_unstable();
    let at = |share: usize| {
        times
            .get(times.len() * share / 100)
            .copied()
            .unwrap_or_default()
    };
    println!(
        "one decision {} ns at the median, {} ns at p99, {} ns at the most",
        at(50),
        at(99),
        times.last().copied().unwrap_or_default()
    );
    #[expect(clippy::cast_precision_loss, reason = "figures to look at")]
    let figures = (at(50) as f64, at(99) as f64);
    figures
}

/// The request of a case, varied.
fn requests(line: &str) -> Result<Vec<Request>> {
    let json: Json = serde_json::from_str(line)?;
    let text = |name: &str| json.get(name).and_then(Json::as_str).unwrap_or_default();
    let context = json.get("context").and_then(Json::as_object);
    let mut requests = Vec::with_capacity(REQUESTS);
    for number in 0..REQUESTS {
        let mut values: Vec<(String, Value)> = context
            .into_iter()
            .flatten()
            .map(|(key, value)| (key.clone(), read(value)))
            .collect();
        values.push((
            "aws:userid".to_owned(),
            Value::One(format!("u{number}").into()),
        ));
        if number % 3 == 0 {
            values.push((
                "aws:ResourceTag/u".to_owned(),
                Value::One(format!("t{number}").into()),
            ));
        }
        let action = if number % 2 == 0 {
            text("action")
        } else {
            ACTIONS
                .get(number / 2 % ACTIONS.len())
                .copied()
                .unwrap_or_default()
        };
        requests.push(Request::new(
            Caller::read(text("principal"))?,
            action,
            text("resource"),
            text("resourceAccount"),
            Context::new(values),
        )?);
    }
    Ok(requests)
}

fn read(value: &Json) -> Value {
    let text = |value: &Json| {
        value
            .as_str()
            .map_or_else(|| value.to_string(), ToOwned::to_owned)
    };
    match value {
        Json::Null => Value::Unknown,
        Json::Array(items) => Value::List(items.iter().map(|item| text(item).into()).collect()),
        Json::String(_) | Json::Number(_) | Json::Bool(_) | Json::Object(_) => {
            Value::One(text(value).into())
        }
    }
}
