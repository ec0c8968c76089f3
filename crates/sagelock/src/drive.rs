//! The one loop: takes calls from the scheduler, performs them, brings the answers back.

use std::rc::Rc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use sagelock_aws::{Aws, Recorder};
use sagelock_domain::call::{Call, CallError, Reply};
use sagelock_domain::collect::{Address, Ticket};
use sagelock_domain::drive::{Driver, Source, Step};
use sagelock_domain::recording::{Recording, not_recorded};
use tokio::task::JoinSet;

/// Who answers.
pub(crate) enum Port {
    /// AWS, or whoever stands at the overridden endpoint.
    Aws(Box<Aws>, Option<Recorder>),
    /// A recording.
    Replay(Recording),
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
            Self::Replay(recording) => recording
                .answer(address, call)
                .unwrap_or_else(|| (Timestamp::now(), Err(not_recorded()))),
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

/// Runs until nothing is left to do, or Ctrl-C. `watch` is called after every answer.
pub(crate) async fn run<S: Source>(
    driver: &mut Driver<S>,
    port: &Rc<Port>,
    mut watch: impl FnMut(&mut Driver<S>),
) -> Ended {
    let local = tokio::task::LocalSet::new();
    local.run_until(drive(driver, port, &mut watch)).await
}

async fn drive<S: Source>(
    driver: &mut Driver<S>,
    port: &Rc<Port>,
    watch: &mut impl FnMut(&mut Driver<S>),
) -> Ended {
    let start = Instant::now();
    let mut flying: JoinSet<(Ticket, Answer)> = JoinSet::new();
    let interrupt = tokio::signal::ctrl_c();
    tokio::pin!(interrupt);
    loop {
        let until = match driver.step(start.elapsed()) {
            Step::Start(ticket, address, call) => {
                let port = Rc::clone(port);
                flying.spawn_local(async move { (ticket, port.perform(&address, &call).await) });
                continue;
            }
            Step::WaitUntil(at) => at.saturating_sub(start.elapsed()),
            Step::Wait => Duration::from_hours(1),
            Step::Done => return Ended::Whole,
        };
        tokio::select! {
            biased;
            _ = &mut interrupt => {
                driver.interrupt(Timestamp::now());
                watch(driver);
                return Ended::Interrupted;
            }
            Some(joined) = flying.join_next() => {
                if let Ok((ticket, (at, result))) = joined {
                    driver.on_reply(ticket, result, start.elapsed(), at);
                }
                watch(driver);
            }
            () = tokio::time::sleep(until) => {}
        }
    }
}
