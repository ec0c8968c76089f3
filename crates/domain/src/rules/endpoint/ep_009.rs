//! The endpoint's key is its tenant's alone, and nobody of another tenant can use it.
//!
//! That every tenant has a key of its own is worth as much as the policies say: a role of another tenant that
//! may call kms:Decrypt on it, or change its policy, makes the keys one. So it is proved, with the policies
//! of all users and roles, as `sagelock isolation` does, in any number of steps;
//! `isolation.trusted_admins` take none. It reads the users and roles of every account
//! (iam:GetAccountAuthorizationDetails); `isolation.audits = "prove"` switches it on. An endpoint's tenant
//! is named by the tag `tags.tenant`, its own or its configuration's.

use crate::call::Op;
use crate::fact::Fact;
use crate::ids::KeyArn;
use crate::isolation::{Answer, Matrix};
use crate::rules::late::{LATE_REASONS, LateView};
use crate::rules::message::Message;
use crate::rules::rule::{Check, Data, Rule};
use crate::rules::subject::{CONFIG_REASONS, KEY_REASONS, LIVE_REASONS};
use crate::rules::verdict::{Judgement, reasons};
use crate::severity::Severity;
use crate::why::Why;

reasons! {
    Pass ISOLATED "isolated": "the key is the tenant's alone, and it is proved that nobody of another tenant can use it"; ""
    Fail SHARED "shared_by_tenants": "endpoints of several tenants use the key"; "create a key for each tenant, and move the endpoint to a configuration with its own"
    Fail OTHERS_KEY "key_of_another_tenant": "the key is another tenant's"; "move the endpoint to a configuration with a key of its tenant"
    Fail OTHER_CAN "another_tenant_can": "somebody of another tenant can use the key"; "take the permission away; `sagelock isolation` shows a request that is allowed, step by step"
    Unknown UNTAGGED "tenant_untagged": "no tag says whose the endpoint is"; "give the endpoint the tag that `tags.tenant` names"
    Unknown UNDECIDED "not_decided": "whether somebody of another tenant can use the key depends on what is not known"; "`sagelock isolation` says on what"
    Unknown NOT_WHOLE "not_all_read": "not all was read that the proof rests on: endpoints, tags of keys, users and roles"; "read all regions of all accounts; what could not be read, `sagelock isolation --format json` lists"
    NotApplicable NOT_CONFIGURED "not_configured": "isolation is not proved in audits; set `isolation.audits` to \"prove\""; ""
}

pub(in crate::rules) const RULE: Rule = Rule {
    id: "EP-009",
    title: "the endpoint's key is its tenant's alone, and nobody of another tenant can use it",
    severity: Severity::High,
    source: "SageMaker API, CreateEndpointConfig, KmsKeyId; KMS Developer Guide, \"Determining access to AWS KMS keys\"",
    compliance: &[
        "GDPR Art. 32",
        "NIST 800-53 r5 SC-12",
        "NIST 800-53 r5 AC-4",
        "SOC 2 CC6.1",
        "ISO 27001:2022 A.8.24",
    ],
    needs: &[
        Op::ListEndpoints,
        Op::DescribeEndpoint,
        Op::ListEndpointConfigs,
        Op::DescribeEndpointConfig,
        Op::ListTags,
        Op::DescribeModel,
        Op::ListAliases,
        Op::DescribeKey,
        Op::ListResourceTags,
        Op::GetKeyPolicy,
        Op::ListGrants,
        Op::GetAccountAuthorizationDetails,
        Op::DescribeOrganization,
        Op::ListRoots,
        Op::ListParents,
        Op::ListPoliciesForTarget,
        Op::DescribePolicy,
    ],
    data: &[Data::Uses, Data::Principals, Data::Isolation],
    configured: |settings| settings.proves_isolation,
    reasons: &[
        LIVE_REASONS,
        CONFIG_REASONS,
        KEY_REASONS,
        LATE_REASONS,
        &[
            &ISOLATED,
            &SHARED,
            &OTHERS_KEY,
            &OTHER_CAN,
            &UNTAGGED,
            &UNDECIDED,
            &NOT_WHOLE,
            &NOT_CONFIGURED,
        ],
    ],
    file: include_str!("ep_009.rs"),
    check: Check::Late(&NOT_CONFIGURED, late),
};

fn late(view: &LateView<'_>) -> Judgement {
    let tenant = match view.tenant {
        Fact::Unknown(gap) => return Judgement::unknown(gap),
        Fact::Known(None) => return Judgement::new(&UNTAGGED),
        Fact::Known(Some(tenant)) => tenant,
    };
    let Some(matrix) = view.isolation else {
        return Judgement::new(&NOT_WHOLE);
    };
    let mut undecided = None;
    for (key, _) in view.own_keys() {
        match of_key(key, tenant, matrix) {
            (Some(fails), _) => return fails,
            (None, perhaps) => undecided = undecided.or(perhaps),
        }
    }
    undecided.unwrap_or_else(|| Judgement::new(&ISOLATED))
}

/// Why a key is not isolated, or else why that is not known.
fn of_key(
    key: &KeyArn,
    tenant: &String,
    matrix: &Matrix,
) -> (Option<Judgement>, Option<Judgement>) {
    let Some(row) = matrix.row(key) else {
        return (None, Some(Judgement::new(&NOT_WHOLE)));
    };
    let fails = |reason, says| (Some(Judgement::new(reason).saying(says)), None);
    if row.owners.len() > 1 {
        let owners: Vec<&str> = row.owners.iter().map(String::as_str).collect();
        let says = format!("endpoints of {} use the key", owners.join(", "));
        return fails(&SHARED, says);
    }
    if let Some(owner) = row.owners.iter().find(|owner| *owner != tenant) {
        let says = format!("the key is of {owner}, the endpoint of {tenant}");
        return fails(&OTHERS_KEY, says);
    }
    if let Some(other) = row.users.iter().find(|other| *other != tenant) {
        return fails(&SHARED, format!("endpoints of {other} use the key too"));
    }
    let mut undecided = None;
    let mut unread = None;
    let nobodys = ("an endpoint that names no tenant", &row.nobodys);
    let others = matrix.tenants.iter().map(|other| other.name.as_str());
    for (other, answer) in others.zip(&row.answers).chain([nobodys]) {
        match answer {
            // Whose an endpoint without a tag is, is not known: it may be this tenant's.
            Answer::Violated { principal, .. } if other == nobodys.0 => {
                let says = format!("{principal} of {other} can use the key");
                undecided.get_or_insert_with(|| Judgement::new(&UNDECIDED).saying(says));
            }
            Answer::Violated { principal, way, .. } => {
                let verb = if way.has_steps() {
                    "can come to the key by"
                } else {
                    "can use the key by"
                };
                let says = format!("{principal} of {other} {verb} {}", way.action());
                return fails(&OTHER_CAN, says);
            }
            Answer::Possible { why, .. } if why.iter().any(Why::is_unread) => {
                let message = Message::from("it depends on ").listing(why);
                unread.get_or_insert_with(|| Judgement::new(&NOT_WHOLE).saying(message));
            }
            Answer::Possible { principal, why, .. } => {
                let says = format!("whether {principal} of {other} can use the key depends on ");
                let message = Message::from(says).listing(why);
                undecided.get_or_insert_with(|| Judgement::new(&UNDECIDED).saying(message));
            }
            Answer::Own | Answer::Shared | Answer::Proved(_) => {}
        }
    }
    (None, undecided.or(unread))
}
