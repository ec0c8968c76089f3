//! Nobody holds both the administration of the key and its use.
//!
//! Administration is to change the key policy or to schedule the deletion of the key; use is to decrypt
//! or to generate a data key. Who is named by the key policy for both can read what the key protects
//! and destroy it. A key policy that leaves both to the account, as the default one does, lets everybody
//! do both whose own policies say `kms:*`.

use super::key_of::KEY_SUBJECT_REASONS;
use super::policy_of::{POLICY_REASONS, by_policy, listed};
use crate::call::Op;
use crate::rules::rule::{Check, Rule, always};
use crate::rules::subject::{KEY_REASONS, KeyView};
use crate::rules::verdict::{Judgement, reasons};
use crate::severity::Severity;

reasons! {
    Pass SEPARATED "separated": "nobody whom the key policy names may both administer the key and use it"; ""
    Fail BOTH "administers_and_uses": "somebody may both administer the key and use it"; "give the administration and the use to different principals (kms:PutKeyPolicy)"
    Fail LEFT_TO_ACCOUNT "left_to_account": "the key policy leaves both the administration and the use of the key to the account's own policies"; "let the account administer and describe the key, and name the roles that use it (`sagelock keys policy generate` writes such a policy)"
    Unknown UNDECIDED "not_decided": "whether somebody may both administer the key and use it depends on what is not known"; "run `sagelock keys lint` on the key policy: it names the statements, and what they depend on"
}

pub(in crate::rules) const RULE: Rule = Rule {
    id: "KEY-004",
    title: "administration and use of the key are separated",
    severity: Severity::Medium,
    source: "KMS API, GetKeyPolicy; KMS Developer Guide, \"Default key policy\"; KMS Developer Guide, \"Least-privilege permissions\"",
    compliance: &[
        "PCI DSS 4.0 3.6.1.2",
        "NIST 800-53 r5 AC-5",
        "ISO 27001:2022 A.5.3",
    ],
    needs: &[Op::DescribeKey, Op::GetKeyPolicy, Op::ListGrants],
    data: &[],
    configured: always,
    reasons: &[
        KEY_SUBJECT_REASONS,
        KEY_REASONS,
        POLICY_REASONS,
        &[&SEPARATED, &BOTH, &LEFT_TO_ACCOUNT, &UNDECIDED],
    ],
    file: include_str!("key_004.rs"),
    check: Check::Key(check),
};

fn check(view: &KeyView<'_>) -> Judgement {
    by_policy(view, |_, access| {
        if !access.both.is_empty() {
            return Judgement::new(&BOTH).saying(format!(
                "{} may both administer the key and use it",
                listed(&access.both)
            ));
        }
        if access.is_left_to_account {
            return Judgement::new(&LEFT_TO_ACCOUNT);
        }
        if !access.is_held_known {
            return Judgement::new(&UNDECIDED);
        }
        Judgement::new(&SEPARATED)
    })
}
