//! Neither the key policy nor a grant lets anybody outside use the key.
//!
//! Outside is whoever is of no account of the own organisation and of none under
//! `keys.allowed_accounts`. The rule asks about every request that somebody outside could make, whatever
//! its own account allows it: users, roles, root users of any account, and services that may act for
//! any account because nothing says for which (`aws:SourceAccount`, `aws:SourceArn`,
//! `aws:SourceOrgID`). Resource control policies, which could deny it, are not looked at.
//!
//! `sagelock policy who-can` shows a request for each.

use super::key_of::KEY_SUBJECT_REASONS;
use super::policy_of::{POLICY_REASONS, by_policy, listed};
use crate::access::{KeyAccess, Outside, OutsideKind};
use crate::call::Op;
use crate::rules::message::Message;
use crate::rules::rule::{Check, Rule, always};
use crate::rules::subject::{KEY_REASONS, KeyView};
use crate::rules::verdict::{Judgement, reasons};
use crate::severity::Severity;

reasons! {
    Pass INSIDE "nobody_outside": "nobody outside can use the key by its policy or a grant"; ""
    Fail PUBLIC "public": "anybody of any account can use the key"; "name the principals in the key policy, or add a condition on aws:PrincipalOrgID (kms:PutKeyPolicy)"
    Fail FOREIGN_ACCOUNT "foreign_account": "an account outside the organisation can use the key"; "take the account out of the key policy, revoke the grant (kms:RevokeGrant), or list it under `keys.allowed_accounts`"
    Fail ANY_CALLER_OF_SERVICE "service_for_anybody": "a service can use the key for any account"; "add a condition on aws:SourceAccount or aws:SourceArn to the statement that names the service"
    Unknown MEMBERSHIP "membership_unknown": "the key policy or a grant names an account of which it is not known whether it belongs to the organisation"; "allow organizations:DescribeAccount, or list the account under `keys.allowed_accounts`"
    Unknown ORGANIZATION "organization_unknown": "the key policy names an organisation of which it is not known whether it is the own one"; "allow organizations:DescribeOrganization"
    Unknown UNDECIDED "not_decided": "whether somebody outside can use the key depends on what is not known"; "run `sagelock keys lint` on the key policy: it names the statements, and what they depend on"
}

pub(in crate::rules) const RULE: Rule = Rule {
    id: "KEY-002",
    title: "nobody outside can use the key",
    severity: Severity::High,
    source: "KMS API, GetKeyPolicy; KMS API, ListGrants; KMS Developer Guide, \"Allowing users in other accounts to use a KMS key\"",
    compliance: &[
        "HIPAA 164.312(a)(1)",
        "PCI DSS 4.0 7.2.1",
        "NIST 800-53 r5 AC-3",
        "ISO 27001:2022 A.5.15",
        "GDPR Art. 32(1)(b)",
    ],
    needs: &[
        Op::DescribeKey,
        Op::GetKeyPolicy,
        Op::ListGrants,
        Op::DescribeAccount,
        Op::DescribeOrganization,
    ],
    data: &[],
    configured: always,
    reasons: &[
        KEY_SUBJECT_REASONS,
        KEY_REASONS,
        POLICY_REASONS,
        &[
            &INSIDE,
            &PUBLIC,
            &FOREIGN_ACCOUNT,
            &ANY_CALLER_OF_SERVICE,
            &MEMBERSHIP,
            &ORGANIZATION,
            &UNDECIDED,
        ],
    ],
    file: include_str!("key_002.rs"),
    check: Check::Key(check),
};

fn check(view: &KeyView<'_>) -> Judgement {
    by_policy(view, |_, access| judge(access))
}

fn judge(access: &KeyAccess) -> Judgement {
    let of = |is: fn(&OutsideKind) -> bool| -> Vec<&Outside> {
        let outside = access.outsiders.iter();
        outside.filter(|one| is(&one.kind)).collect()
    };
    let anybody = of(|kind| *kind == OutsideKind::Anybody);
    if let Some(first) = anybody.first() {
        let actions = actions(&anybody);
        let mut judgement = Judgement::new(&PUBLIC).saying(format!(
            "anybody of any account can {actions} with the key; somebody like {} for one",
            first.who
        ));
        judgement.severity = Some(Severity::Critical);
        return judgement;
    }
    let strangers = of(|kind| matches!(kind, OutsideKind::Stranger(_)));
    if !strangers.is_empty() {
        return Judgement::new(&FOREIGN_ACCOUNT).saying(format!(
            "{} outside the organisation can {} with the key",
            accounts(&strangers),
            actions(&strangers)
        ));
    }
    let services = of(|kind| *kind == OutsideKind::Service);
    if !services.is_empty() {
        let names: Vec<String> = services.iter().map(|one| one.who.clone()).collect();
        let mut judgement = Judgement::new(&ANY_CALLER_OF_SERVICE).saying(format!(
            "{} can {} with the key for any account",
            listed(&names),
            actions(&services)
        ));
        judgement.severity = Some(Severity::Medium);
        return judgement;
    }
    let unsure = of(|kind| matches!(kind, OutsideKind::Unsure(_)));
    if !unsure.is_empty() {
        return Judgement::new(&MEMBERSHIP).saying(format!(
            "{} can {} with the key, and whether it belongs to the organisation is not known",
            accounts(&unsure),
            actions(&unsure)
        ));
    }
    if !of(|kind| *kind == OutsideKind::Organization).is_empty() {
        return Judgement::new(&ORGANIZATION);
    }
    if !access.doubts.is_empty() {
        return Judgement::new(&UNDECIDED).saying(
            Message::from("whether somebody outside can use the key depends on ")
                .listing(&access.doubts),
        );
    }
    Judgement::new(&INSIDE)
}

fn actions(outside: &[&Outside]) -> String {
    let mut names: Vec<String> = Vec::new();
    for action in outside.iter().flat_map(|one| &one.actions) {
        let name = action.strip_prefix("kms:").unwrap_or(action).to_owned();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    listed(&names)
}

fn accounts(outside: &[&Outside]) -> String {
    let mut accounts: Vec<String> = outside
        .iter()
        .filter_map(|one| match &one.kind {
            OutsideKind::Stranger(account) | OutsideKind::Unsure(account) => {
                Some(account.to_string())
            }
            OutsideKind::Anybody | OutsideKind::Service | OutsideKind::Organization => None,
        })
        .collect();
    accounts.sort();
    accounts.dedup();
    format!("account {}", listed(&accounts))
}
