//! The key bears the tags that the organisation requires of keys.
//!
//! The required keys are listed under `tags.required_on_keys`; where none are, the rule is not
//! applicable. KMS lists the tags of a key to its own account only, so those of a foreign key
//! are unknown until its owner's account is audited too.

use super::key_of::{KEY_SUBJECT_REASONS, customer};
use crate::call::Op;
use crate::rules::rule::{Check, Rule};
use crate::rules::subject::{KEY_REASONS, KeyView};
use crate::rules::verdict::{Evidence, Judgement, known, reasons};
use crate::severity::Severity;

reasons! {
    Pass TAGGED "tags_present": "the key bears every required tag"; ""
    Fail TAG_MISSING "tag_missing": "a required tag is missing or empty"; "add the tags (kms:TagResource)"
    Unknown FOREIGN "owner_account_not_read": "KMS lists a key's tags to its own account only, and that account was not audited"; "audit the account that owns the key"
    NotApplicable NOT_CONFIGURED "not_configured": "no tags are required of keys; list them under `tags.required_on_keys`"; ""
}

pub(in crate::rules) const RULE: Rule = Rule {
    id: "KEY-006",
    title: "the key bears the required tags",
    severity: Severity::Low,
    source: "KMS API, ListResourceTags",
    compliance: &["NIST 800-53 r5 CM-8", "ISO 27001:2022 A.5.9"],
    needs: &[Op::DescribeKey, Op::ListResourceTags],
    data: &[],
    configured: |settings| !settings.required_key_tags.is_empty(),
    reasons: &[
        KEY_SUBJECT_REASONS,
        KEY_REASONS,
        &[&TAGGED, &TAG_MISSING, &FOREIGN, &NOT_CONFIGURED],
    ],
    file: include_str!("key_006.rs"),
    check: Check::Key(check),
};

fn check(view: &KeyView<'_>) -> Judgement {
    let required = &view.settings.required_key_tags;
    if required.is_empty() {
        return Judgement::new(&NOT_CONFIGURED).about_key(view.key.arn.as_str());
    }
    customer(view, |_| {
        let Some(read) = &view.key.tags else {
            return Judgement::new(&FOREIGN);
        };
        let tags = known!(&read.fact);
        let lacks = |key: &&String| tags.get(key).is_none_or(|value| value.trim().is_empty());
        let absent: Vec<&str> = required.iter().filter(lacks).map(String::as_str).collect();
        let keys = tags.keys().collect::<Vec<_>>().join(", ");
        let judgement = if absent.is_empty() {
            Judgement::new(&TAGGED)
        } else {
            Judgement::new(&TAG_MISSING).saying(format!("the key lacks {}", absent.join(", ")))
        };
        judgement.given(Evidence::new("Tags", keys, &read.source))
    })
}
