//! The one loop: takes calls from the scheduler, performs them, brings the answers back.

use std::panic::resume_unwind;
use std::rc::Rc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use sagelock_aws::{Aws, Recorder};
use sagelock_domain::call::{Call, CallError, Reply};
use sagelock_domain::collect::{Address, Memory, Ticket};
use sagelock_domain::drive::{Driver, Source, Step};
use sagelock_domain::inventory::CellId;
use sagelock_domain::recording::{Recording, not_recorded};
use tokio::task::{JoinError, JoinSet};

use crate::history::History;

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
    run_with(driver, port, &Rc::new(History::none()), watch).await
}

/// The same, with what is remembered of before; every answer is kept for later.
pub(crate) async fn run_with<S: Source>(
    driver: &mut Driver<S>,
    port: &Rc<Port>,
    history: &Rc<History>,
    mut watch: impl FnMut(&mut Driver<S>),
) -> Ended {
    let local = tokio::task::LocalSet::new();
    local
        .run_until(drive(driver, port, history, &mut watch))
        .await
}

async fn drive<S: Source>(
    driver: &mut Driver<S>,
    port: &Rc<Port>,
    history: &Rc<History>,
    watch: &mut impl FnMut(&mut Driver<S>),
) -> Ended {
    let start = Instant::now();
    let mut flying: JoinSet<Event> = JoinSet::new();
    let mut writing: JoinSet<()> = JoinSet::new();
    let interrupt = tokio::signal::ctrl_c();
    tokio::pin!(interrupt);
    let ended = loop {
        if history.takes_up_writing() {
            let history = Rc::clone(history);
            writing.spawn_local(async move { history.write().await });
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
                let history = Rc::clone(history);
                flying.spawn_local(async move {
                    let memory = history.recall(&cell).await;
                    Event::Recalled(cell, Box::new(memory))
                });
                continue;
            }
            Step::WaitUntil(at) => at.saturating_sub(start.elapsed()),
            Step::Wait => Duration::from_hours(1),
            Step::Done => break Ended::Whole,
        };
        let until = until.min(history.writes_within());
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
                        history.note(&asked.0, &asked.1, &result, at);
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
