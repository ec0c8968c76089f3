//! Cases, changed at will: a decision is made, said and proved without a panic, and the three agree.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sagelock_policy::access::{Users, lockout, outsiders, powers};
use sagelock_policy::case::{Case, Question};
use sagelock_policy::evaluate::{Verdict, evaluate, explain};
use sagelock_policy::prove::{Proof, Requests};

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Ok(question) = Question::read(text) {
        let users = Users::new(&question.key);
        for principal in question.principals.iter().take(2) {
            let _ = users.of(principal);
        }
        let _ = (outsiders(&question.key, &[], &[]), lockout(&question.key), powers(&question.key));
    }
    let Ok(case) = Case::read(text) else {
        return;
    };
    let verdict = evaluate(&case.request, &case.stack);
    assert_eq!(explain(&case.request, &case.stack).verdict, verdict, "{text}");
    let all = Requests::of(&case.request);
    match all.allowed(&case.stack) {
        Proof::Proved => assert_ne!(verdict, Verdict::Allowed, "{text}"),
        Proof::Violated(request) => {
            assert_eq!(evaluate(&request, &case.stack), Verdict::Allowed, "{text}");
            assert!(!matches!(verdict, Verdict::Denied { .. }), "{text}");
        }
        Proof::Possible(doubts) => assert!(!doubts.is_empty(), "{text}"),
    }
    if let Proof::Proved = all.denied(&case.stack) {
        assert!(!matches!(verdict, Verdict::Denied { .. }), "{text}");
    }
});
