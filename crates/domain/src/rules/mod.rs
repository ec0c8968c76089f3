//! Is this one right? One file a rule, one line here.

mod endpoint;
mod key;
mod shared;

use shared::{late, message, rule, subject, verdict};

pub use endpoint::ep_011::SUPERSEDES_TAG;
pub(crate) use late::volume_keys;
pub use late::{Among, Early, LateView, Waits};
pub use message::{Message, Part};
pub use rule::{Check, Data, Rule};
pub use subject::{ConfigView, EndpointView, Found, KeyUse, KeyView};
pub use verdict::{Evidence, GAP_REASONS, Judgement, Reason, Verdict};

use crate::settings::Settings;
pub use crate::severity::Severity;

/// Every rule, in the order of their ids.
pub const RULES: &[&Rule] = &[
    &endpoint::ep_001::RULE,
    &endpoint::ep_002::RULE,
    &endpoint::ep_003::RULE,
    &endpoint::ep_004::RULE,
    &endpoint::ep_005::RULE,
    &endpoint::ep_006::RULE,
    &endpoint::ep_007::RULE,
    &endpoint::ep_008::RULE,
    &endpoint::ep_009::RULE,
    &endpoint::ep_010::RULE,
    &endpoint::ep_011::RULE,
    &endpoint::ep_012::RULE,
    &key::key_001::RULE,
    &key::key_002::RULE,
    &key::key_003::RULE,
    &key::key_004::RULE,
    &key::key_005::RULE,
    &key::key_006::RULE,
    &key::key_007::RULE,
    &key::key_009::RULE,
    &key::key_010::RULE,
];

/// The rule that asks for the key of the storage volume.
pub(crate) const VOLUME: &Rule = &endpoint::ep_001::RULE;
/// The rule that asks whether that key is usable.
pub(crate) const USABLE: &Rule = &endpoint::ep_006::RULE;

/// Whether a rule that is on and configured needs something collected.
#[must_use]
pub fn needs(settings: &Settings, data: Data) -> bool {
    let mut asking = RULES.iter().filter(|rule| rule.asks(settings));
    asking.any(|rule| rule.data.contains(&data))
}

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
