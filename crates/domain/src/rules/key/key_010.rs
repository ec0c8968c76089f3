//! The key's grants are few, recent and narrow.
//!
//! A grant does not end by itself: it stays until it is retired or revoked (KMS Developer Guide, "Grants
//! in AWS KMS"). Wide is a grant to a whole account, and one that lets its grantee create grants without
//! a constraint. Old is one that was made more than `keys.grant_days_max` days ago.
//!
//! For a grant that a service created for itself, KMS shows the name of the service, "which might represent
//! several different grantee principals" (KMS API, `GrantListEntry`, GranteePrincipal). SageMaker's grants for
//! endpoints are such: they live as long as the endpoint, so that their age is not judged, and who could be
//! handed one on is not known. Never revoke such a grant while the service uses the key. A key has at most
//! 50,000 grants (KMS Developer Guide, "Resource quotas"): when there is no room, no endpoint can be
//! deployed or scaled out.

use sagelock_policy::request::Grant;

use super::key_of::{KEY_SUBJECT_REASONS, customer};
use super::policy_of::POLICY_REASONS;
use crate::call::Op;
use crate::rules::rule::{Check, Rule, always};
use crate::rules::subject::{KEY_REASONS, KeyView};
use crate::rules::verdict::{Evidence, Judgement, known, reasons};
use crate::severity::Severity;

reasons! {
    Pass NARROW "grants_narrow": "every grant is recent and narrow, and there is room for more"; ""
    Pass NONE "no_grants": "the key has no grants"; ""
    Fail NEAR_LIMIT "grants_near_limit": "the key has nearly as many grants as it can have"; "revoke grants that nobody needs (kms:RevokeGrant), or use further keys"
    Fail WIDE "grants_wide": "a grant is to a whole account, or lets its grantee pass on whatever it likes"; "revoke the grant (kms:RevokeGrant) and create one to a role, with constraints"
    Unknown MASKED "grantee_masked": "a grant lets its grantee pass it on, and KMS shows a service name instead of the grantee"; "keep the grant while the service uses the key; the CreateGrant event in CloudTrail names the grantee"
    Fail STALE "grants_stale": "a grant is older than it should be"; "revoke the grant if nobody needs it (kms:RevokeGrant); retire grants when their work is done"
}

pub(in crate::rules) const RULE: Rule = Rule {
    id: "KEY-010",
    title: "the key's grants are few, recent and narrow",
    severity: Severity::Medium,
    source: "KMS API, ListGrants; KMS Developer Guide, \"Grants in AWS KMS\"; KMS Developer Guide, \"Resource quotas\"",
    compliance: &["NIST 800-53 r5 AC-6", "ISO 27001:2022 A.5.18"],
    needs: &[Op::DescribeKey, Op::ListGrants],
    data: &[],
    configured: always,
    reasons: &[
        KEY_SUBJECT_REASONS,
        KEY_REASONS,
        POLICY_REASONS,
        &[&NARROW, &NONE, &NEAR_LIMIT, &WIDE, &MASKED, &STALE],
    ],
    file: include_str!("key_010.rs"),
    check: Check::Key(check),
};

/// KMS Developer Guide, "Resource quotas", grants for each KMS key.
const GRANTS_MAX: usize = 50_000;
/// From so many on there may be no room when many instances are replaced at once.
const NEAR: usize = GRANTS_MAX / 10 * 8;

const DAY_SECONDS: i64 = 86_400;

fn check(view: &KeyView<'_>) -> Judgement {
    customer(view, |_| {
        let Some(read) = &view.key.grants else {
            return Judgement::new(&super::policy_of::POLICY_FOREIGN);
        };
        let grants = known!(&read.fact);
        let count = Evidence::new("Grants", grants.len().to_string(), &read.source);
        judge(view, grants).given(count)
    })
}

fn judge(view: &KeyView<'_>, grants: &[Grant]) -> Judgement {
    if grants.is_empty() {
        return Judgement::new(&NONE);
    }
    if grants.len() >= NEAR {
        return Judgement::new(&NEAR_LIMIT).saying(format!(
            "the key has {} grants, and can have {GRANTS_MAX}",
            grants.len()
        ));
    }
    let wide = grants.iter().filter(|grant| is_wide(grant));
    let (masked, wide): (Vec<&Grant>, Vec<&Grant>) = wide.partition(|grant| grant.is_masked);
    if let Some(first) = wide.first() {
        return Judgement::new(&WIDE).saying(format!(
            "{}: {} to {}, {}",
            counted(wide.len(), "grant is wide", "grants are wide"),
            first.id.as_deref().unwrap_or("one"),
            first.grantee.as_deref().unwrap_or("nobody"),
            if is_to_account(first) {
                "a whole account"
            } else {
                "a grantee that may pass on what it likes"
            },
        ));
    }
    let days = i64::from(view.settings.grant_days_max);
    let before = view.now.as_second() - days * DAY_SECONDS;
    let is_old =
        |grant: &&Grant| !grant.is_masked && grant.created.is_some_and(|created| created < before);
    let old = grants.iter().filter(is_old).count();
    if old > 0 {
        let mut judgement = Judgement::new(&STALE).saying(format!(
            "{} older than {days} days",
            counted(old, "grant is", "grants are")
        ));
        judgement.severity = Some(Severity::Low);
        return judgement;
    }
    if let Some(first) = masked.first() {
        return Judgement::new(&MASKED).saying(format!(
            "it is not known who can pass on {} of {}: KMS shows the service instead of the grantee",
            first.id.as_deref().unwrap_or("a grant"),
            first.grantee.as_deref().unwrap_or("a service"),
        ));
    }
    Judgement::new(&NARROW)
}

fn is_wide(grant: &Grant) -> bool {
    let is_bound =
        grant.context_equals.is_some() || grant.context_subset.is_some() || grant.source.is_some();
    let creates = grant.operations.iter().any(|one| &**one == "creategrant");
    is_to_account(grant) || (creates && !is_bound)
}

fn is_to_account(grant: &Grant) -> bool {
    grant.grantee.as_deref().is_some_and(|grantee| {
        grantee.ends_with(":root") || (grantee.len() == 12 && !grantee.contains(':'))
    })
}

fn counted(count: usize, one: &str, many: &str) -> String {
    if count == 1 {
        format!("1 {one}")
    } else {
        format!("{count} {many}")
    }
}
