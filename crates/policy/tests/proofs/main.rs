//! What is proved holds of every request, and what is violated is shown.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::cast_possible_truncation,
    reason = "a test that cannot go on says so, and numbers by chance are cut to size"
)]

mod world;

use sagelock_policy::access::{Key, Principal, Users};
use sagelock_policy::case::Case;
use sagelock_policy::evaluate::{Verdict, evaluate};
use sagelock_policy::prove::{Proof, Prover, Requests};
use sagelock_policy::request::Caller;
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
        let never = all.allowed(&unknown.stack, &Prover::default());
        let always = all.denied(&unknown.stack, &Prover::default());
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

/// What whoever asks cannot be otherwise: it is asked for over TLS, says whether a service asks for it,
/// and has no keys that such requests do not have.
fn realistic(context: &mut Value) {
    let fields = context.as_object_mut().expect("an object");
    for name in [
        "aws:SourceArn",
        "aws:TagKeys",
        "aws:RequestTag/t",
        "kms:GrantOperations",
    ] {
        fields.remove(name);
    }
    let through = fields.contains_key("kms:ViaService");
    fields.insert("aws:SecureTransport".to_owned(), "true".into());
    fields.insert("aws:RequestedRegion".to_owned(), "eu-west-1".into());
    fields.insert("aws:ViaAWSService".to_owned(), through.to_string().into());
    fields.insert("aws:PrincipalIsAWSService".to_owned(), "false".into());
}

/// The same of who can use a key: where every way of somebody is proved to be closed, no request of
/// theirs is allowed.
#[test]
fn who_is_proved_to_have_no_way_has_none() {
    let (mut proved, mut open, mut requests) = (0, 0, 0);
    for seed in 10_000..12_500 {
        let mut chance = Chance(seed);
        let mut case = world::stack(&mut chance);
        let arn = case["context"]["aws:PrincipalArn"]
            .as_str()
            .expect("an ARN")
            .to_owned();
        case["action"] = "kms:Decrypt".into();
        if arn.ends_with(":root") {
            continue;
        }
        let Case { stack, .. } = read(&case);
        let key = Key {
            policy: stack.resource.clone(),
            grants: Some(stack.grants.clone()),
            ..Key::new(world::KEY)
        };
        let caller = Caller::read(&arn).expect("a caller");
        let principal = Principal {
            identity: stack.identity.clone(),
            boundary: stack.boundary.clone(),
            scp: Some(stack.scp.clone()),
            ..Principal::new(&arn, caller)
        };
        let uses = Users::new(&key).of(&principal, &Prover::default());
        let decrypt = uses.iter().find(|one| one.way.action() == "kms:Decrypt");
        let is_proved = matches!(decrypt.expect("a way").proof, Proof::Proved);
        if is_proved {
            proved += 1;
        } else {
            open += 1;
        }
        for _ in 0..20 {
            let mut told = case.clone();
            told["context"] = world::context(&mut chance, &case);
            realistic(&mut told["context"]);
            let told = read(&told);
            requests += 1;
            let is_allowed = evaluate(&told.request, &told.stack) == Verdict::Allowed;
            assert!(!(is_proved && is_allowed), "{case}\n{:?}", told.request);
        }
    }
    println!("{requests} requests of {proved} proved and {open} open");
    assert!(proved > 500 && open > 300 && requests >= 10_000);
}
