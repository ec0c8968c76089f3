//! The endpoint's key is usable: enabled, symmetric, for encryption and decryption, with key
//! material that is not about to expire, and not about to be deleted.
//!
//! A key that becomes unusable does not stop a running endpoint: the volume's data key stays in
//! memory while the volume is attached. The next scale-out, instance replacement or update
//! fails. This rule finds it before that. A key that waits to be deleted is critical whatever the
//! class of the data: its day is fixed.

use crate::rules::rule::{Check, Rule, always};
use crate::rules::verdict::{Evidence, Judgement, reasons};
use crate::severity::Severity;
use jiff::SignedDuration;

use crate::call::Op;
use crate::fact::Source;
use crate::inventory::KeyFacts;
use crate::rules::subject::{
    CONFIG_REASONS, EndpointView, Found, KEY_REASONS, LIVE_REASONS, key_unknown,
};

reasons! {
    Pass USABLE "key_usable": "the key is enabled, symmetric and stays"; ""
    Fail DISABLED "key_disabled": "the key is disabled: the endpoint serves today and fails at its next scale-out"; "enable the key (kms:EnableKey), or move the endpoint to another one"
    Fail PENDING_DELETION "key_pending_deletion": "the key will be deleted: the endpoint serves today and fails at its next scale-out"; "cancel the deletion and enable the key (kms:CancelKeyDeletion, kms:EnableKey), or move the endpoint to another one"
    Fail NOT_READY "key_not_ready": "the key has no usable key material"; "import the key material or repair the key store"
    Fail NOT_SYMMETRIC "key_not_symmetric": "SageMaker can only use a symmetric encryption key"; "move the endpoint to a symmetric key"
    Fail WRONG_USAGE "key_wrong_usage": "the key is not for ENCRYPT_DECRYPT"; "move the endpoint to a key for encryption and decryption"
    Fail EXPIRING "key_material_expiring": "the imported key material has expired or is about to"; "import the key material again (kms:ImportKeyMaterial)"
    Unknown FACTS_MISSING "key_facts_missing": "KMS's answer lacks the key's state, specification or usage"; "find out who answers: a proxy, or an endpoint override"
    Unknown STATE_UNKNOWN "key_state_unknown": "KMS names a key state that this release does not know"; "update sagelock"
    NotApplicable NO_CUSTOMER_KEY "no_customer_key": "EP-001 finds no customer managed key to look at"; ""
}

pub(in crate::rules) const RULE: Rule = Rule {
    id: "EP-006",
    title: "the endpoint's key is usable and stays so",
    severity: Severity::High,
    source: "KMS API, DescribeKey, KeyState, KeySpec, KeyUsage, ValidTo, DeletionDate; KMS Developer Guide, \"How unusable KMS keys affect data keys\"",
    compliance: &[
        "PCI DSS 4.0 3.6.1",
        "NIST 800-53 r5 SC-12",
        "ISO 27001:2022 A.8.24",
    ],
    needs: &[
        Op::ListEndpoints,
        Op::DescribeEndpoint,
        Op::DescribeEndpointConfig,
        Op::ListAliases,
        Op::DescribeKey,
    ],
    data: &[],
    configured: always,
    reasons: &[
        LIVE_REASONS,
        CONFIG_REASONS,
        KEY_REASONS,
        &[
            &USABLE,
            &DISABLED,
            &PENDING_DELETION,
            &NOT_READY,
            &NOT_SYMMETRIC,
            &WRONG_USAGE,
            &EXPIRING,
            &FACTS_MISSING,
            &STATE_UNKNOWN,
            &NO_CUSTOMER_KEY,
        ],
    ],
    file: include_str!("ep_006.rs"),
    check: Check::Endpoint(check),
};

fn check(view: &EndpointView<'_>) -> Judgement {
    view.each_config(|_, facts| {
        let Some(reference) = &facts.volume_key else {
            return Judgement::new(&NO_CUSTOMER_KEY);
        };
        let (key, evidence) = view.key(reference);
        let judgement = match key {
            Found::Aws | Found::NotFound => Judgement::new(&NO_CUSTOMER_KEY),
            Found::Unknown(why) => key_unknown(&why),
            Found::Customer(key, facts) => judge_usable(view, facts, &key.described.source),
        };
        let judgement = evidence.into_iter().rev().fold(judgement, Judgement::given);
        judgement.about_key(reference.as_str())
    })
}

fn judge_usable(view: &EndpointView<'_>, facts: &KeyFacts, source: &Source) -> Judgement {
    let state = Evidence::new("KeyState", &facts.state, source);
    if facts.state.is_empty() || facts.spec.is_empty() || facts.usage.is_empty() {
        return Judgement::new(&FACTS_MISSING).given(state);
    }
    // KMS Developer Guide, "Key states of AWS KMS keys".
    let unusable = match facts.state.as_str() {
        "Enabled" | "Updating" => None,
        "Disabled" => Some(Judgement::new(&DISABLED)),
        "PendingDeletion" | "PendingReplicaDeletion" => {
            let message = match facts.deletion {
                Some(date) => format!("the key will be deleted on {date}"),
                None => "the key is waiting to be deleted".to_owned(),
            };
            let mut judgement = Judgement::new(&PENDING_DELETION).saying(message);
            judgement.severity = Some(Severity::Critical);
            Some(judgement)
        }
        "Creating" | "PendingImport" | "Unavailable" => {
            let message = format!("the key is {}", facts.state);
            Some(Judgement::new(&NOT_READY).saying(message))
        }
        other => {
            let message = format!("KMS names the key's state `{other}`");
            Some(Judgement::new(&STATE_UNKNOWN).saying(message))
        }
    };
    if let Some(judgement) = unusable {
        return judgement.given(state);
    }
    if facts.usage != "ENCRYPT_DECRYPT" {
        return Judgement::new(&WRONG_USAGE)
            .saying(format!("the key is for {}", facts.usage))
            .given(Evidence::new("KeyUsage", &facts.usage, source));
    }
    if facts.spec != "SYMMETRIC_DEFAULT" {
        return Judgement::new(&NOT_SYMMETRIC)
            .saying(format!(
                "the key is {}; SageMaker can only use a symmetric one",
                facts.spec
            ))
            .given(Evidence::new("KeySpec", &facts.spec, source));
    }
    let days = i64::from(view.settings.material_expiry_days);
    let soon = view
        .now
        .saturating_add(SignedDuration::from_hours(days * 24));
    if let Some(valid_to) = facts.valid_to
        && soon.is_ok_and(|soon| valid_to <= soon)
    {
        return Judgement::new(&EXPIRING)
            .saying(format!("the imported key material expires on {valid_to}"))
            .given(Evidence::new("ValidTo", valid_to.to_string(), source));
    }
    Judgement::new(&USABLE).given(state)
}
