//! The key rotates by itself, often enough.
//!
//! Only symmetric encryption keys with material from AWS KMS can. For the others (imported
//! material, custom key stores, asymmetric and HMAC keys) the rule is not applicable, as it is
//! for a key that waits to be deleted, of which KMS reports "not rotating" whatever was set, and for
//! a disabled key, which keeps its setting and is not rotated.

use super::key_of::{KEY_STATE_REASONS, KEY_SUBJECT_REASONS, customer, known_state, lacking};
use crate::call::Op;
use crate::rules::rule::{Check, Rule, always};
use crate::rules::subject::{KEY_REASONS, KeyView};
use crate::rules::verdict::{Evidence, Judgement, known, reasons};
use crate::severity::Severity;

reasons! {
    Pass ROTATES "rotation_on": "the key rotates often enough"; ""
    Fail OFF "rotation_off": "the key does not rotate"; "switch rotation on (kms:EnableKeyRotation; of a multi-Region key on its primary)"
    Fail TOO_LONG "rotation_period_too_long": "the key rotates less often than `keys.rotation_days_max` asks for"; "set a shorter period (kms:EnableKeyRotation, RotationPeriodInDays; of a multi-Region key on its primary)"
    NotApplicable UNSUPPORTED "rotation_not_supported": "a key of this type cannot rotate by itself"; ""
    NotApplicable DISABLED "key_disabled": "the key is disabled: it keeps its setting and is not rotated, and nothing is encrypted with it (KMS Developer Guide, key states)"; ""
    NotApplicable LEAVING "key_pending_deletion": "the key waits to be deleted"; ""
}

pub(in crate::rules) const RULE: Rule = Rule {
    id: "KEY-001",
    title: "the key rotates by itself, often enough",
    severity: Severity::Medium,
    source: "KMS API, GetKeyRotationStatus, KeyRotationEnabled, RotationPeriodInDays",
    compliance: &[
        "PCI DSS 4.0 3.7.4",
        "NIST 800-53 r5 SC-12",
        "ISO 27001:2022 A.8.24",
        "CIS AWS Foundations v5 3.6",
    ],
    needs: &[Op::DescribeKey, Op::GetKeyRotationStatus],
    data: &[],
    configured: always,
    reasons: &[
        KEY_SUBJECT_REASONS,
        KEY_REASONS,
        KEY_STATE_REASONS,
        &[&ROTATES, &OFF, &TOO_LONG, &UNSUPPORTED, &DISABLED, &LEAVING],
    ],
    file: include_str!("key_001.rs"),
    check: Check::Key(check),
};

fn check(view: &KeyView<'_>) -> Judgement {
    customer(view, |facts| {
        let source = &view.key.described.source;
        let state = Evidence::new("KeyState", &facts.state, source);
        match known_state(facts) {
            Err(judgement) => return (*judgement).given(state),
            Ok("PendingDeletion" | "PendingReplicaDeletion") => {
                return Judgement::new(&LEAVING).given(state);
            }
            Ok("Disabled") => return Judgement::new(&DISABLED).given(state),
            Ok(_) => {}
        }
        for (fact, value) in [
            ("specification", &facts.spec),
            ("usage", &facts.usage),
            ("origin", &facts.origin),
        ] {
            if value.is_empty() {
                return lacking(fact);
            }
        }
        let Some(read) = view.key.rotation.as_ref().filter(|_| facts.can_rotate()) else {
            return Judgement::new(&UNSUPPORTED)
                .saying(format!(
                    "a key of {} from {} cannot rotate by itself",
                    facts.spec, facts.origin
                ))
                .given(Evidence::new("Origin", &facts.origin, source))
                .given(Evidence::new("KeySpec", &facts.spec, source));
        };
        let rotation = known!(&read.fact);
        let days = rotation.period_days;
        let most = view.settings.rotation_days_max;
        let enabled = Evidence::new(
            "KeyRotationEnabled",
            rotation.enabled.to_string(),
            &read.source,
        );
        let period = Evidence::new("RotationPeriodInDays", days.to_string(), &read.source);
        if !rotation.enabled {
            return Judgement::new(&OFF).given(enabled);
        }
        let judgement = if days > most {
            Judgement::new(&TOO_LONG).saying(format!(
                "the key rotates every {days} days; at most {most} are allowed"
            ))
        } else {
            Judgement::new(&ROTATES).saying(format!("the key rotates every {days} days"))
        };
        judgement.given(period).given(enabled)
    })
}
