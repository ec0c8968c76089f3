//! The key policy can always be changed: nobody is locked out.
//!
//! KMS has no way around a key policy: where nobody may change it, only AWS Support can (KMS Developer
//! Guide, "Default key policy"). The root user of the account cannot be deleted, and is the only one of
//! whom that is so.

use sagelock_policy::access::Lockout;
use sagelock_policy::prove::Doubt;

use super::key_of::KEY_SUBJECT_REASONS;
use super::policy_of::{POLICY_REASONS, by_policy, listed};
use crate::call::Op;
use crate::rules::message::Message;
use crate::rules::rule::{Check, Rule, always};
use crate::rules::subject::{KEY_REASONS, KeyView};
use crate::rules::verdict::{Judgement, reasons};
use crate::severity::Severity;
use crate::why::Why;

reasons! {
    Pass SAFE "root_can_change_it": "the account's root user may always change the key policy"; ""
    Fail LOCKED "nobody_can_change_it": "nobody whom the key policy names may change it"; "ask AWS Support to restore access to the key"
    Fail DELETABLE "only_deletable": "only users or roles that can be deleted may change the key policy"; "add a statement that lets the account's root change the key policy, while there is somebody who can"
    Fail SHUT_OUT "root_shut_out": "the account's root user may never change the key policy, and it is not known whether anybody else may"; "add a statement that lets the account's root change the key policy, or take the denial off the root"
    Fail CONDITIONAL "root_under_condition": "the account's root user may change the key policy only under a condition"; "take the condition off the root's statement, or the denial off the root"
    Unknown UNDECIDED "not_decided": "whether the key policy can be changed depends on what is not known"; "run `sagelock keys lint` on the key policy: it names the statements, and what they depend on"
}

pub(in crate::rules) const RULE: Rule = Rule {
    id: "KEY-005",
    title: "nobody is locked out of the key",
    severity: Severity::High,
    source: "KMS API, PutKeyPolicy, BypassPolicyLockoutSafetyCheck; KMS API, GetKeyPolicy; KMS Developer Guide, \"Default key policy\"",
    compliance: &["NIST 800-53 r5 SC-12(1)", "ISO 27001:2022 A.8.24"],
    needs: &[Op::DescribeKey, Op::GetKeyPolicy, Op::ListGrants],
    data: &[],
    configured: always,
    reasons: &[
        KEY_SUBJECT_REASONS,
        KEY_REASONS,
        POLICY_REASONS,
        &[
            &SAFE,
            &LOCKED,
            &DELETABLE,
            &SHUT_OUT,
            &CONDITIONAL,
            &UNDECIDED,
        ],
    ],
    file: include_str!("key_005.rs"),
    check: Check::Key(check),
};

fn check(view: &KeyView<'_>) -> Judgement {
    by_policy(view, |_, access| match &access.lockout {
        Lockout::Safe => Judgement::new(&SAFE),
        Lockout::Locked => Judgement::new(&LOCKED),
        // Whether anybody is able to at all is not known.
        Lockout::Deletable(who, doubts) if who.is_empty() => {
            let whys: Vec<Why> = doubts.iter().cloned().map(Why::from).collect();
            Judgement::new(&SHUT_OUT).saying(
                Message::from(
                    "the account's root user may never change the key policy, and whether anybody else \
                     may depends on ",
                )
                .listing(&whys),
            )
        }
        Lockout::Deletable(who, _) => {
            let names: Vec<String> = who.iter().map(|one| one.who.clone()).collect();
            let mut judgement = Judgement::new(&DELETABLE).saying(format!(
                "only {} may change the key policy, and can be deleted",
                listed(&names)
            ));
            judgement.severity = Some(Severity::Medium);
            judgement
        }
        Lockout::Conditional(denied) => {
            let told: Vec<String> = denied
                .context()
                .filter(|(name, _)| !TOLD.contains(name))
                .map(|(name, value)| match value {
                    Some(value) => format!("with {name} = {value}"),
                    None => format!("without {name}"),
                })
                .collect();
            let message = if told.is_empty() {
                "the account's root user may change the key policy only under a condition"
                    .to_owned()
            } else {
                let with = listed(&told);
                format!("the account's root user may not change the key policy {with}")
            };
            let mut judgement = Judgement::new(&CONDITIONAL).saying(message);
            judgement.severity = Some(Severity::Medium);
            judgement
        }
        Lockout::Unknown(doubts) => undecided(doubts),
    })
}

fn undecided(doubts: &[Doubt]) -> Judgement {
    let whys: Vec<Why> = doubts.iter().cloned().map(Why::from).collect();
    Judgement::new(&UNDECIDED)
        .saying(Message::from("whether the key policy can be changed depends on ").listing(&whys))
}

/// Keys that are the same in every request of the root user.
const TOLD: [&str; 11] = [
    "aws:PrincipalAccount",
    "aws:PrincipalArn",
    "aws:PrincipalIsAWSService",
    "aws:PrincipalType",
    "aws:RequestedRegion",
    "aws:ResourceAccount",
    "aws:SecureTransport",
    "aws:ViaAWSService",
    "kms:BypassPolicyLockoutSafetyCheck",
    "kms:CallerAccount",
    "aws:userid",
];
