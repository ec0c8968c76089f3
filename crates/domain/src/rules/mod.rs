//! Is this one right? One file a rule, one line here.

mod ep_001;
mod ep_002;
mod ep_003;
mod ep_004;
mod ep_005;
mod ep_006;
mod ep_007;
mod ep_008;
mod ep_009;
mod ep_010;
mod ep_011;
mod ep_012;
mod holder;
mod key_001;
mod key_002;
mod key_003;
mod key_004;
mod key_005;
mod key_006;
mod key_007;
mod key_009;
mod key_010;
mod key_of;
mod late;
mod message;
mod output;
mod policy_of;
mod rule;
mod storage;
mod subject;
mod verdict;
mod volume;

pub use ep_011::SUPERSEDES_TAG;
pub(crate) use late::volume_keys;
pub use late::{Among, Early, LateView, Waits};
pub use message::{Message, Part};
pub use rule::{Check, Rule};
pub use subject::{ConfigView, EndpointView, Found, KeyUse, KeyView};
pub use verdict::{Evidence, GAP_REASONS, Judgement, Reason, Verdict};

pub use crate::severity::Severity;

/// Every rule, in the order of their ids.
pub const RULES: &[&Rule] = &[
    &ep_001::RULE,
    &ep_002::RULE,
    &ep_003::RULE,
    &ep_004::RULE,
    &ep_005::RULE,
    &ep_006::RULE,
    &ep_007::RULE,
    &ep_008::RULE,
    &ep_009::RULE,
    &ep_010::RULE,
    &ep_011::RULE,
    &ep_012::RULE,
    &key_001::RULE,
    &key_002::RULE,
    &key_003::RULE,
    &key_004::RULE,
    &key_005::RULE,
    &key_006::RULE,
    &key_007::RULE,
    &key_009::RULE,
    &key_010::RULE,
];

/// The rule of an id.
#[must_use]
pub fn rule(id: &str) -> Option<&'static Rule> {
    RULES.iter().copied().find(|rule| rule.id == id)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn rules_are_registered_once_and_their_reasons_are_distinct() {
        assert!(RULES.is_sorted_by_key(|rule| rule.id));
        let ids: BTreeSet<&str> = RULES.iter().map(|rule| rule.id).collect();
        assert_eq!(ids.len(), RULES.len());
        for rule in RULES {
            let codes: BTreeSet<&str> = rule.own_reasons().map(|reason| reason.code).collect();
            assert_eq!(codes.len(), rule.own_reasons().count(), "{}", rule.id);
            for verdict in [Verdict::Pass, Verdict::Fail, Verdict::NotApplicable] {
                let given = rule.own_reasons().any(|reason| reason.verdict == verdict);
                assert!(given, "{} never gives {verdict}", rule.id);
            }
            assert!(rule.says().len() > 100, "{} says nothing", rule.id);
            assert!(rule.source_url().is_some(), "{} has no source", rule.id);
            for reason in rule.own_reasons() {
                let bad = reason.verdict == Verdict::Fail && reason.fix.is_empty();
                assert!(!bad, "{} {} says nothing to do", rule.id, reason.code);
            }
        }
    }
}
