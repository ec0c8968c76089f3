//! A run against a server of a few lines, in virtual time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use serde_json::value::RawValue;

use super::*;
use crate::call::input;
use crate::ids::{AccountId, EndpointName, Region};

/// Answers each call after a while; `answer` sees the time and the number of the attempt.
fn run(
    calls: usize,
    limits: Limits,
    answer: impl Fn(Duration, usize) -> Result<Reply, CallError>,
) -> (Vec<Result<Reply, CallError>>, Calls, Vec<Duration>) {
    let address = Address {
        account: AccountId::new("111122223333"),
        region: Region::new("eu-west-1"),
    };
    let batch = (0..calls)
        .map(|index| {
            let endpoint_name = EndpointName::new(format!("e{index}"));
            (
                address.clone(),
                Call::from(input::DescribeEndpoint { endpoint_name }),
            )
        })
        .collect();
    let mut driver = Driver::new(Batch::new(batch), limits);
    let mut now = Duration::ZERO;
    let mut flying: BinaryHeap<Reverse<(Duration, Ticket)>> = BinaryHeap::new();
    let mut started = Vec::new();
    loop {
        let next = flying.peek().map(|Reverse((at, _))| *at);
        let wake = match driver.step(now) {
            Step::Start(ticket, _, _) => {
                started.push(now);
                flying.push(Reverse((now + Duration::from_millis(50), ticket)));
                continue;
            }
            Step::Recall(_) => unreachable!("nothing is remembered"),
            Step::WaitUntil(at) => next.map_or(at, |next| next.min(at)),
            Step::Wait => next.expect("something is under way"),
            Step::Done => break,
        };
        assert!(wake > now, "time goes on, or the loop spins at {now:?}");
        now = wake;
        while let Some(Reverse((at, ticket))) = flying.peek().copied()
            && at <= now
        {
            flying.pop();
            driver.on_reply(
                ticket,
                answer(now, started.len()),
                now,
                Timestamp::UNIX_EPOCH,
            );
        }
    }
    let (batch, calls) = driver.finish();
    (batch.into_answers(), calls, started)
}

#[expect(clippy::unnecessary_wraps, reason = "an answer, as `failed` is")]
fn fine() -> Result<Reply, CallError> {
    let body = RawValue::from_string("{}".to_owned()).expect("JSON");
    Ok(Reply {
        body,
        at: Timestamp::UNIX_EPOCH,
        request_id: None,
    })
}

fn failed(kind: CallErrorKind) -> Result<Reply, CallError> {
    Err(CallError {
        kind,
        code: "X".to_owned(),
        message: String::new(),
    })
}

/// The most that were started within any second.
fn most_in_a_second(started: &[Duration]) -> usize {
    let within = |from: &Duration| {
        started
            .iter()
            .filter(|at| **at >= *from && **at < *from + Duration::from_secs(1))
            .count()
    };
    started.iter().map(within).max().unwrap_or(0)
}

#[test]
fn the_rate_is_kept() {
    let (answers, calls, started) = run(600, Limits::default(), |_, _| fine());
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(calls.sent.values().sum::<u64>(), 600);
    assert!(
        most_in_a_second(&started) <= 15,
        "{}",
        most_in_a_second(&started)
    );
    let seconds = started.last().expect("started").as_secs();
    assert!(
        (58..=62).contains(&seconds),
        "600 calls at 10 a second took {seconds} s"
    );
}

#[test]
fn a_throttled_minute_is_waited_out_and_asked_less() {
    let throttled = |now: Duration, _| {
        if now < Duration::from_mins(1) {
            failed(CallErrorKind::Throttled)
        } else {
            fine()
        }
    };
    let (answers, calls, started) = run(20, Limits::default(), throttled);
    assert!(answers.iter().all(Result::is_ok));
    let early = started
        .iter()
        .filter(|at| **at < Duration::from_mins(1))
        .count();
    assert!(
        early < 150,
        "{early} requests in the minute that refused them"
    );
    assert_eq!(calls.throttled, early as u64);
}

#[test]
fn what_never_answers_is_given_up_at_the_deadline() {
    for kind in [CallErrorKind::Throttled, CallErrorKind::Unavailable] {
        let (answers, calls, started) = run(3, Limits::default(), |_, _| failed(kind));
        let errors: Vec<CallErrorKind> = answers
            .iter()
            .map(|answer| answer.as_ref().expect_err("none").kind)
            .collect();
        assert_eq!(errors, [kind; 3]);
        let last = started.last().expect("started").as_secs();
        assert!(
            (60..125).contains(&last),
            "{kind:?}: the last attempt was at {last} s"
        );
        assert!(calls.retried > 10, "{kind:?}: {} retries", calls.retried);
    }
}

#[test]
fn what_cannot_help_is_not_repeated() {
    for kind in [
        CallErrorKind::AccessDenied,
        CallErrorKind::NotFound,
        CallErrorKind::NotJson,
    ] {
        let (_, calls, _) = run(5, Limits::default(), |_, _| failed(kind));
        assert_eq!(
            (calls.sent.values().sum::<u64>(), calls.retried),
            (5, 0),
            "{kind:?}"
        );
    }
}

#[test]
fn only_so_many_are_under_way() {
    let limits = Limits {
        rate: Rate::Max,
        in_flight_max: 8,
        ..Limits::default()
    };
    let (_, _, started) = run(64, limits, |_, _| fine());
    let first: usize = started.iter().filter(|at| **at == Duration::ZERO).count();
    assert_eq!(first, 8);
    assert_eq!(
        started.last().expect("started").as_millis(),
        350,
        "eight rounds of 50 ms"
    );
}
