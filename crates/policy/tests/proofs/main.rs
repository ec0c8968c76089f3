//! What is proved holds of every request, and what is violated is shown.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::cast_possible_truncation,
    reason = "a test that cannot go on says so, and numbers by chance are cut to size"
)]

mod world;

use sagelock_policy::case::Case;
use sagelock_policy::evaluate::{Verdict, evaluate};
use sagelock_policy::prove::{Proof, Requests};
use serde_json::Value;
use world::Chance;

fn read(case: &Value) -> Case {
    Case::read(&case.to_string()).unwrap_or_else(|error| panic!("{case}: {error}"))
}

/// A case of which no key is known but the caller's.
fn blind(case: &Value) -> Case {
    let mut blind = case.clone();
    for name in world::names() {
        blind["context"][name] = Value::Null;
    }
    read(&blind)
}

#[derive(Default, Debug)]
struct Tally {
    proved: usize,
    violated: usize,
    possible: usize,
}

impl Tally {
    fn count(&mut self, proof: &Proof) {
        match proof {
            Proof::Proved => self.proved += 1,
            Proof::Violated(_) => self.violated += 1,
            Proof::Possible(_) => self.possible += 1,
        }
    }
}

#[test]
fn what_is_proved_holds_of_every_request() {
    let (mut allowed, mut denied) = (Tally::default(), Tally::default());
    let mut requests = 0;
    for seed in 0..1_500 {
        let mut chance = Chance(seed);
        let case = world::stack(&mut chance);
        let unknown = blind(&case);
        let all = Requests::of(&unknown.request);
        let never = all.allowed(&unknown.stack);
        let always = all.denied(&unknown.stack);
        allowed.count(&never);
        denied.count(&always);
        for (proof, wanted) in [(&never, true), (&always, false)] {
            if let Proof::Violated(witness) = proof {
                let verdict = evaluate(witness, &unknown.stack);
                assert_eq!(verdict == Verdict::Allowed, wanted, "{case}\n{witness:?}");
                assert_ne!(verdict, Verdict::Unknown, "{case}\n{witness:?}");
            }
        }
        for _ in 0..40 {
            let mut told = case.clone();
            told["context"] = world::context(&mut chance, &case);
            let told = read(&told);
            requests += 1;
            match evaluate(&told.request, &told.stack) {
                Verdict::Allowed => assert!(
                    !matches!(never, Proof::Proved),
                    "proved never to be allowed, and is: {case}\n{:?}",
                    told.request
                ),
                Verdict::Denied { .. } => assert!(
                    !matches!(always, Proof::Proved),
                    "proved never to be denied, and is: {case}\n{:?}",
                    told.request
                ),
                Verdict::Unknown => {}
            }
        }
    }
    println!("{requests} requests; allowed {allowed:?}, denied {denied:?}");
    assert!(requests >= 10_000);
    for tally in [&allowed, &denied] {
        assert!(tally.violated > 300, "{tally:?}");
    }
    assert!(allowed.proved > 300, "{allowed:?}");
    // What is not followed is rare.
    assert!(allowed.possible * 5 < 1_500, "{allowed:?}");
}
