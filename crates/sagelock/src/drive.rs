//! The one loop: takes calls from the scheduler, performs them, brings the answers back.

use std::panic::resume_unwind;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::anyhow;
use jiff::Timestamp;
use sagelock_aws::{Aws, Recorder};
use sagelock_domain::call::{Call, CallError, Reply};
use sagelock_domain::collect::{Address, Memory, Ticket};
use sagelock_domain::drive::{Batch, Calls, Driver, Limits, Source, Step};
use sagelock_domain::inventory::CellId;
use sagelock_domain::recording::{Recording, not_recorded};
use tokio::task::{JoinError, JoinSet};

use crate::exit::{Exit, Failure};

/// Who answers.
pub(crate) enum Port {
    /// AWS, or whoever stands at the overridden endpoint.
    Aws(Box<Aws>, Option<Box<Recorder>>),
    /// A recording, and when it was begun.
    Replay(Recording, Timestamp),
}

impl Port {
    async fn perform(&self, address: &Address, call: &Call) -> Answer {
        match self {
            Self::Aws(aws, recorder) => {
                let result = aws.perform(address, call).await;
                let at = Timestamp::now();
                if let Some(recorder) = recorder {
                    recorder.add(address, call, &result, at);
                }
                (at, result)
            }
            // The same replay says the same times.
            Self::Replay(recording, begun) => recording
                .answer(address, call)
                .unwrap_or_else(|| (*begun, Err(not_recorded()))),
        }
    }
}

/// When it came, and what it is.
type Answer = (Timestamp, Result<Reply, CallError>);

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// Everything was asked.
    Whole,
    /// Ctrl-C.
    Interrupted,
}

/// Who remembers what was answered before, and keeps what is answered now.
pub(crate) trait Keeper {
    /// What is remembered of an account and region.
    async fn recall(&self, cell: &CellId) -> Memory;
    /// Keeps an answer.
    fn note(
        &self,
        address: &Address,
        call: &Call,
        result: &Result<Reply, CallError>,
        at: Timestamp,
    );
    /// How long the loop may sleep, so that what is due is written.
    fn writes_within(&self) -> Duration;
    /// Whether something should be written now; if so, whoever asks writes it.
    fn takes_up_writing(&self) -> bool;
    /// Writes what there is.
    async fn write(&self);
}

/// Remembers and keeps nothing.
struct Nobody;

impl Keeper for Nobody {
    async fn recall(&self, _: &CellId) -> Memory {
        Memory::default()
    }

    fn note(&self, _: &Address, _: &Call, _: &Result<Reply, CallError>, _: Timestamp) {}

    fn writes_within(&self) -> Duration {
        Duration::MAX
    }

    fn takes_up_writing(&self) -> bool {
        false
    }

    async fn write(&self) {}
}

/// Something that came back.
enum Event {
    Answered(Ticket, Box<(Address, Call)>, Answer),
    Recalled(CellId, Box<Memory>),
}

/// Runs until nothing is left to do, or Ctrl-C. `watch` is called after every answer.
pub(crate) async fn run<S: Source>(
    driver: &mut Driver<S>,
    port: &Rc<Port>,
    watch: impl FnMut(&mut Driver<S>),
) -> Ended {
    run_with(driver, port, &Rc::new(Nobody), watch).await
}

/// Makes a handful of calls before anything is collected.
pub(crate) async fn ask(
    port: &Rc<Port>,
    limits: Limits,
    asked: Vec<(Address, Call)>,
) -> Result<(Vec<Result<Reply, CallError>>, Calls), Failure> {
    let mut driver = Driver::new(Batch::new(asked), limits);
    if run(&mut driver, port, |_| {}).await == Ended::Interrupted {
        let error = anyhow!("interrupted before anything was read");
        return Err(Failure::new(Exit::Incomplete, error));
    }
    let (batch, calls) = driver.finish();
    Ok((batch.into_answers(), calls))
}

/// The same, with what is remembered of before; every answer is kept for later.
pub(crate) async fn run_with<S: Source, K: Keeper + 'static>(
    driver: &mut Driver<S>,
    port: &Rc<Port>,
    keeper: &Rc<K>,
    mut watch: impl FnMut(&mut Driver<S>),
) -> Ended {
    let local = tokio::task::LocalSet::new();
    local
        .run_until(drive(driver, port, keeper, &mut watch))
        .await
}

async fn drive<S: Source, K: Keeper + 'static>(
    driver: &mut Driver<S>,
    port: &Rc<Port>,
    keeper: &Rc<K>,
    watch: &mut impl FnMut(&mut Driver<S>),
) -> Ended {
    let start = Instant::now();
    let mut flying: JoinSet<Event> = JoinSet::new();
    let mut writing: JoinSet<()> = JoinSet::new();
    let interrupt = tokio::signal::ctrl_c();
    tokio::pin!(interrupt);
    let ended = loop {
        if keeper.takes_up_writing() {
            let keeper = Rc::clone(keeper);
            writing.spawn_local(async move { keeper.write().await });
        }
        let until = match driver.step(start.elapsed()) {
            Step::Start(ticket, address, call) => {
                let port = Rc::clone(port);
                flying.spawn_local(async move {
                    let answer = port.perform(&address, &call).await;
                    Event::Answered(ticket, Box::new((address, call)), answer)
                });
                continue;
            }
            Step::Recall(cell) => {
                let keeper = Rc::clone(keeper);
                flying.spawn_local(async move {
                    let memory = keeper.recall(&cell).await;
                    Event::Recalled(cell, Box::new(memory))
                });
                continue;
            }
            Step::WaitUntil(at) => at.saturating_sub(start.elapsed()),
            Step::Wait => Duration::from_hours(1),
            Step::Done => break Ended::Whole,
        };
        let until = until.min(keeper.writes_within());
        tokio::select! {
            biased;
            _ = &mut interrupt => {
                driver.interrupt(Timestamp::now());
                watch(driver);
                break Ended::Interrupted;
            }
            Some(joined) = flying.join_next() => {
                panics(joined.map(|event| match event {
                    Event::Answered(ticket, asked, (at, result)) => {
                        keeper.note(&asked.0, &asked.1, &result, at);
                        driver.on_reply(ticket, result, start.elapsed(), at);
                    }
                    Event::Recalled(cell, memory) => {
                        driver.source_mut().on_recall(cell, *memory);
                    }
                }));
                watch(driver);
            }
            Some(joined) = writing.join_next() => panics(joined),
            () = tokio::time::sleep(until) => {}
        }
    };
    while let Some(joined) = writing.join_next().await {
        panics(joined);
    }
    ended
}

/// A fault of ours ends the run, and is told as what it is.
fn panics(joined: Result<(), JoinError>) {
    match joined {
        Err(error) if error.is_panic() => resume_unwind(error.into_panic()),
        Ok(()) | Err(_) => {}
    }
}
