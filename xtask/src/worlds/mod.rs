//! `cargo xtask prove worlds`: who comes to a key through others, held against worlds in which every call is made that
//! is allowed. Whoever is proved to have no way finds none, and every way that is shown can be gone.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "what is made here can be read, and a proof that cannot go on says so"
)]

mod machine;
mod world;

use std::collections::BTreeMap;
use std::time::Instant;

use anyhow::{Result, ensure};
use machine::Machine;
use sagelock_policy::access::{Circle, Step, Users};
use sagelock_policy::case::Question;
use sagelock_policy::prove::{Proof, Prover};
use serde_json::Value;

use crate::figures::{self, Figure};
use crate::random::Random;
use crate::{in_release, options};

/// How many are tried where nobody says.
const WORLDS: u64 = 100_000;
/// How many are tried with every change.
const FEW: u64 = 1_500;
/// So many of a hundred get a definite answer.
const DEFINITE_MIN: usize = 95;

/// `cargo xtask prove worlds [--worlds N] [--seed S] [--only N]`: builds itself in release, and tries there.
pub(crate) fn prove(words: &[&str]) -> Result<()> {
    if let ["--here", words @ ..] = words {
        return run(&Asked::read(words)?);
    }
    Asked::read(words)?;
    let mut all = vec!["prove", "worlds", "--here"];
    all.extend(words);
    in_release(&all)
}

/// The same as it is built, with a few.
pub(crate) fn check() -> Result<()> {
    run(&Asked {
        worlds: FEW,
        ..Asked::default()
    })
}

/// What is asked for.
struct Asked {
    worlds: u64,
    seed: u64,
    only: Option<u64>,
}

impl Default for Asked {
    fn default() -> Self {
        Self {
            worlds: WORLDS,
            seed: 1,
            only: None,
        }
    }
}

impl Asked {
    fn read(words: &[&str]) -> Result<Self> {
        let names = ["--worlds", "--seed", "--only"];
        let [number, seed, only] = options::numbers(words, names)?;
        let default = Self::default();
        Ok(Self {
            worlds: number.unwrap_or(default.worlds),
            seed: seed.unwrap_or(default.seed),
            only,
        })
    }
}

/// What was said, and of what is possible, how much is so.
#[derive(Debug, Default)]
struct Tally {
    proved: usize,
    violated: usize,
    by_others: usize,
    possible: usize,
    possible_found: usize,
    refuted: Vec<String>,
}

fn run(asked: &Asked) -> Result<()> {
    let begin = Instant::now();
    let numbers = match asked.only {
        Some(number) => number..number + 1,
        None => 0..asked.worlds,
    };
    let parts = options::by_two(|half| {
        let mut tally = Tally::default();
        for number in numbers.clone().skip(half).step_by(2) {
            one(asked.seed, number, &mut tally);
        }
        Ok(tally)
    })?;
    let mut all = Tally::default();
    for part in parts {
        all.proved += part.proved;
        all.violated += part.violated;
        all.by_others += part.by_others;
        all.possible += part.possible;
        all.possible_found += part.possible_found;
        all.refuted.extend(part.refuted);
    }
    let (definite, answers) = all.definite();
    println!(
        "{} worlds of seed {}, {} s",
        asked.worlds,
        asked.seed,
        begin.elapsed().as_secs()
    );
    println!(
        "proved {}, violated {} ({} through others), possible {} (found {})",
        all.proved, all.violated, all.by_others, all.possible, all.possible_found
    );
    for refuted in all.refuted.iter().take(3) {
        println!("{refuted}");
    }
    ensure!(
        all.refuted.is_empty(),
        "{} answers are refuted",
        all.refuted.len()
    );
    if asked.only.is_some() {
        return Ok(());
    }
    ensure!(
        definite * 100 >= answers * DEFINITE_MIN && all.by_others * 30 > answers,
        "too little is said: {definite} of {answers}"
    );
    if asked.worlds < WORLDS {
        return Ok(());
    }
    #[expect(clippy::cast_precision_loss, reason = "figures to look at")]
    let (worlds, definite, answers) = (asked.worlds as f64, definite as f64, answers as f64);
    figures::write(
        "cargo xtask prove worlds",
        &[
            Figure::more("worlds: tried", worlds, "worlds"),
            Figure::less("worlds: refuted", 0.0, "answers"),
            Figure::more("worlds: definite", 100.0 * definite / answers, "%"),
        ],
    )
}

impl Tally {
    fn definite(&self) -> (usize, usize) {
        let definite = self.proved + self.violated;
        (definite, definite + self.possible)
    }
}

/// What is said of somebody.
enum Said {
    Closed,
    Open(Vec<Step>),
    Perhaps,
}

fn said(question: &Question) -> BTreeMap<String, Said> {
    let prover = Prover::default();
    let users = Users::new(&question.key);
    let mut circle = Circle::default();
    for one in &question.principals {
        circle.add(one);
    }
    let mut all: BTreeMap<String, Said> = BTreeMap::new();
    let mut own = BTreeMap::new();
    let mut rest = BTreeMap::new();
    for one in &question.principals {
        let place = circle.place(&one.arn).expect("a place");
        let found = users.worst(one, true, &prover);
        let found = found.map_or((Said::Closed, None), |found| match found.proof {
            Proof::Proved => (Said::Closed, None),
            Proof::Possible(doubts) => (Said::Perhaps, Some(doubts)),
            Proof::Violated(_) => {
                rest.insert(place, found.steps.clone());
                (Said::Open(found.steps), Some(Vec::new()))
            }
        });
        all.insert(one.arn.to_string(), found.0);
        own.extend(found.1.map(|doubts| (place, doubts)));
    }
    for (place, course) in circle.spread(&users, &own, &prover) {
        let arn = circle.arn(place).expect("somebody").to_owned();
        let steps = course.end.and_then(|end| rest.get(&end)).cloned();
        let found = course.found(&steps.unwrap_or_default());
        let said = match found.proof {
            Proof::Proved => Said::Closed,
            Proof::Violated(_) => Said::Open(found.steps),
            Proof::Possible(_) => Said::Perhaps,
        };
        all.insert(arn, said);
    }
    all
}

fn one(seed: u64, number: u64, tally: &mut Tally) {
    let world = world::question(&mut Random::new(seed, number));
    let question = Question::read(&world.to_string()).expect("a question");
    for (who, said) in said(&question) {
        let finds = || {
            let changes = [[false, false], [true, false], [false, true], [true, true]];
            let mut changes = changes.into_iter();
            changes.any(|changes| Machine::new(&question, &who, changes).exhaust())
        };
        let mut refuted = |what: &str| {
            let about = format!("world {number} refutes what is said of {who}: {what}\n{world}");
            tally.refuted.push(about);
        };
        match said {
            Said::Closed => {
                if finds() {
                    refuted("that it has no way");
                }
                tally.proved += 1;
            }
            Said::Open(steps) => {
                if let Err(what) = gone(&question, &who, &steps) {
                    refuted(&what);
                }
                tally.violated += 1;
                tally.by_others += usize::from(steps.iter().any(|step| *step.who != *who));
            }
            Said::Perhaps => {
                tally.possible += 1;
                tally.possible_found += usize::from(finds());
            }
        }
    }
}

/// Takes the steps that were shown.
fn gone(question: &Question, who: &str, steps: &[Step]) -> Result<(), String> {
    let mut machine = Machine::new(question, who, [true, true]);
    for (number, step) in steps.iter().enumerate() {
        let request: Value = serde_json::to_value(&step.request).expect("a request");
        if !machine.take(&step.who, &request) {
            let steps = steps.iter();
            let actions: Vec<String> = steps
                .map(|step| format!("{} {}", step.who, step.request.action_name()))
                .collect();
            let (at, path) = (number + 1, actions.join(", "));
            return Err(format!("step {at} of {path} is not allowed: {request}"));
        }
    }
    Ok(())
}
