//! `cargo xtask prove refute`: a standing adversary of the proofs. Stacks that have every pair of what
//! policies are made of, and against each answer that claims something of all requests, the requests that
//! would refute it.

mod attack;
mod cover;
mod diff;
mod keys;
mod language;
mod names;
mod outcome;
mod requests;
mod senders;
mod sent;
mod stack;
mod statement;
mod users;
mod values;
mod witness;

use std::collections::BTreeMap;
use std::time::Instant;

use anyhow::{Result, ensure};

use crate::figures::{self, Figure};
use crate::random::Random;
use crate::{in_release, options};
use attack::attack;
use cover::{Cover, Row};
use language::{CLASHES, FACTORS};
use outcome::{Effort, Outcome, Said, Sent};
use stack::Maker;

/// Refutations that are shown whole.
const SHOWN: usize = 5;
/// Of the questions that sending decides, so many in a hundred get a definite answer.
const DEFINITE_MIN: u64 = 95;
/// With so many, every pair is there.
const COVERING: u64 = 5_000;
/// How many are attacked where nobody says.
const STACKS: u64 = 200_000;
/// Requests of one sender for one action that come one way.
const REQUESTS: usize = 200;

/// `cargo xtask prove refute [--stacks N] [--seed S] [--requests N] [--only N]`: builds itself in release,
/// and attacks there.
pub(crate) fn prove(words: &[&str]) -> Result<()> {
    if let ["--here", words @ ..] = words {
        return run(&Asked::read(words)?);
    }
    Asked::read(words)?;
    let mut all = vec!["prove", "refute", "--here"];
    all.extend(words);
    in_release(&all)
}

/// The same as it is built, with as few stacks as have every pair.
pub(crate) fn check() -> Result<()> {
    run(&Asked {
        stacks: COVERING,
        ..Asked::default()
    })
}

/// What is asked for.
struct Asked {
    stacks: u64,
    seed: u64,
    effort: Effort,
    /// One stack, to look at.
    only: Option<usize>,
}

impl Default for Asked {
    fn default() -> Self {
        Self {
            stacks: STACKS,
            seed: 1,
            effort: Effort { most: REQUESTS },
            only: None,
        }
    }
}

impl Asked {
    fn read(words: &[&str]) -> Result<Self> {
        let names = ["--stacks", "--seed", "--requests", "--only"];
        let [stacks, seed, requests, only] = options::numbers(words, names)?;
        let default = Self::default();
        let most = requests.map(usize::try_from).transpose()?;
        Ok(Self {
            stacks: stacks.unwrap_or(default.stacks),
            seed: seed.unwrap_or(default.seed),
            effort: most.map_or(default.effort, |most| Effort { most }),
            only: only.map(usize::try_from).transpose()?,
        })
    }
}

fn run(asked: &Asked) -> Result<()> {
    let Asked {
        stacks,
        seed,
        effort,
        only,
    } = *asked;
    let begin = Instant::now();
    let mut random = Random::new(seed, 0);
    let mut cover = Cover::new(&FACTORS, &CLASHES, &mut random);
    let rows: Vec<Row> = (0..stacks).map(|_| cover.row(&mut random)).collect();
    let tally = match only {
        Some(number) => fight(&rows, number, 1, Some(number), seed, effort)?,
        None => together(&rows, seed, effort)?,
    };
    let (pairs, missing) = cover.counts();
    println!(
        "{stacks} stacks of seed {seed}, {} s",
        begin.elapsed().as_secs()
    );
    println!("pairs        {} of {pairs} covered", pairs - missing);
    for name in cover.missing(SHOWN) {
        println!("             not covered: {name}");
    }
    tally.print();
    ensure!(tally.refuted == 0, "{} answers are refuted", tally.refuted);
    ensure!(
        missing == 0 || stacks < COVERING,
        "{missing} pairs are not covered"
    );
    ensure!(
        tally.definite * 100 >= tally.decided * DEFINITE_MIN || stacks < COVERING,
        "fewer than {DEFINITE_MIN} % of what sending decides is answered"
    );
    if stacks < STACKS {
        return Ok(());
    }
    #[expect(clippy::cast_precision_loss, reason = "figures to look at")]
    let (stacks, definite, decided) = (stacks as f64, tally.definite as f64, tally.decided as f64);
    figures::write(
        "cargo xtask prove refute",
        &[
            Figure::more("refute: stacks", stacks, "stacks"),
            Figure::less("refute: refuted", 0.0, "answers"),
            Figure::more(
                "refute: definite of what sending decides",
                100.0 * definite / decided,
                "%",
            ),
        ],
    )
}

/// Two at once: every other row each.
fn together(rows: &[Row], seed: u64, effort: Effort) -> Result<Tally> {
    let parts = options::by_two(|first| fight(rows, first, 2, None, seed, effort))?;
    let mut tally = Tally::default();
    for part in parts {
        tally.add(part);
    }
    Ok(tally)
}

fn fight(
    rows: &[Row],
    first: usize,
    step: usize,
    only: Option<usize>,
    seed: u64,
    effort: Effort,
) -> Result<Tally> {
    let mut tally = Tally::default();
    let numbered = rows.iter().enumerate().skip(first).step_by(step);
    for (number, row) in numbered {
        let mut random = Random::new(seed, 1 + number as u64);
        let made = Maker::make(row, &mut random);
        let outcomes = attack(&made, effort, &mut random)?;
        for outcome in &outcomes {
            if only.is_some() {
                println!("{} {:?} {:?}", outcome.name, outcome.said, outcome.sent);
            }
            tally.count(number, made.claim, outcome);
        }
        if only.is_some() {
            println!(
                "{}",
                outcomes
                    .first()
                    .map(|one| one.stack.to_string())
                    .unwrap_or_default()
            );
            break;
        }
        if (number + 1).is_multiple_of(10_000) {
            eprintln!(
                "{} of {} stacks, {} refuted",
                number + 1,
                rows.len(),
                tally.refuted
            );
        }
    }
    Ok(tally)
}

#[derive(Default)]
struct Tally {
    /// Answers by claim: closed, open, possible.
    answers: BTreeMap<&'static str, [u64; 3]>,
    refuted: u64,
    /// Of those that sending decides, and of these the definite ones.
    decided: u64,
    definite: u64,
    /// Why the others are not.
    doubts: BTreeMap<String, (u64, usize)>,
}

impl Tally {
    fn count(&mut self, number: usize, claim: &'static str, outcome: &Outcome) {
        let row = self.answers.entry(claim).or_default();
        let place = match &outcome.said {
            Said::Closed => 0,
            Said::Open(_) => 1,
            Said::Possible(_) => 2,
        };
        if let Some(cell) = row.get_mut(place) {
            *cell += 1;
        }
        if outcome.is_refuted() {
            self.refuted += 1;
            if self.refuted <= SHOWN as u64 {
                println!(
                    "refuted: stack {number}, {}: {:?}",
                    outcome.name, outcome.said
                );
                if let Some(why) = &outcome.witness {
                    println!("  the request that was shown: {why}");
                }
                if let Sent::Allowed(request) | Sent::Depends(request) = &outcome.sent {
                    println!(
                        "  is allowed: {}",
                        serde_json::to_string(request).unwrap_or_default()
                    );
                }
                println!("  {}", outcome.stack);
            }
        }
        let Some(is_definite) = outcome.is_definite() else {
            return;
        };
        self.decided += 1;
        self.definite += u64::from(is_definite);
        if let (false, Said::Possible(doubts)) = (is_definite, &outcome.said) {
            for doubt in doubts {
                let row = self
                    .doubts
                    .entry(format!("{claim} {doubt}"))
                    .or_insert((0, number));
                row.0 += 1;
            }
        }
    }

    fn add(&mut self, other: Self) {
        for (claim, cells) in other.answers {
            let row = self.answers.entry(claim).or_default();
            for (mine, theirs) in row.iter_mut().zip(cells) {
                *mine += theirs;
            }
        }
        self.refuted += other.refuted;
        self.decided += other.decided;
        self.definite += other.definite;
        for (doubt, (times, number)) in other.doubts {
            let row = self.doubts.entry(doubt).or_insert((0, number));
            row.0 += times;
        }
    }

    fn print(&self) {
        for (claim, [closed, open, possible]) in &self.answers {
            println!("{claim:<12} {closed} closed, {open} open, {possible} possible");
        }
        println!("refuted      {}", self.refuted);
        #[expect(clippy::cast_precision_loss, reason = "a share to look at")]
        let share = 100.0 * self.definite as f64 / self.decided.max(1) as f64;
        println!(
            "definite     {} of {} that sending decides, {share:.1} %",
            self.definite, self.decided
        );
        let mut doubts: Vec<_> = self.doubts.iter().collect();
        doubts.sort_by_key(|(_, (times, _))| std::cmp::Reverse(*times));
        for (doubt, (times, number)) in doubts.iter().take(12) {
            println!("             {times} {doubt} (stack {number})");
        }
    }
}
