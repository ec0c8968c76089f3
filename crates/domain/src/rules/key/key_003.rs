//! Nobody can use the key but the execution roles of its endpoints and who is allowed to.
//!
//! A key policy that names the account hands the key on to everybody whose own policies allow it. So all
//! users and roles of the accounts are asked about, with all their policies: can they decrypt, have data
//! keys made, or come to it in a second step, a grant or a change of the key policy? Allowed are the roles
//! that endpoints with the key run as, and those whom `keys.users` names, deployers for one, with wildcards;
//! without `keys.users` the rule is not applicable. Service-linked roles that the account's own policies let
//! use the key are named there too, as `arn:aws:iam::*:role/aws-service-role/*`. `isolation.trusted_admins` are left out of second
//! steps. Who is outside the accounts is KEY-002's.

use super::key_of::KEY_SUBJECT_REASONS;
use super::policy_of::{POLICY_REASONS, by_policy};
use crate::access::Perhaps;
use crate::call::Op;
use crate::few::Few;
use crate::rules::late::{USES_REASONS, uses_unknown};
use crate::rules::message::Message;
use crate::rules::rule::{Check, Data, Rule};
use crate::rules::subject::{KEY_REASONS, KeyView};
use crate::rules::verdict::{Judgement, reasons};
use crate::severity::Severity;

reasons! {
    Pass ONLY_ALLOWED "only_allowed": "it is proved that nobody of the accounts can use the key but the execution roles and who is allowed to"; ""
    Fail OTHERS "others_can_use": "somebody can use the key who is neither an execution role of its endpoints nor allowed to"; "take the permission away, or name who needs it under `keys.users`; `sagelock keys policy generate` writes a key policy that leaves nothing to the account"
    Unknown UNDECIDED "not_decided": "whether somebody else can use the key depends on what is not known"; "see the message: it names who may be able to, and what that depends on"
    Unknown NOT_READ "users_not_read": "the users and roles were not read"; "run again, with every account that the key policy lets in"
    NotApplicable NOT_CONFIGURED "not_configured": "who may use keys is not set; set `keys.users`"; ""
}

pub(in crate::rules) const RULE: Rule = Rule {
    id: "KEY-003",
    title: "nobody can use the key but its endpoints' roles and who is allowed to",
    severity: Severity::High,
    source: "KMS API, GetKeyPolicy; KMS Developer Guide, \"Determining access to AWS KMS keys\"",
    compliance: &[
        "NIST 800-53 r5 AC-6",
        "PCI DSS 4.0 3.6.1",
        "HIPAA 164.312(a)(1)",
        "SOC 2 CC6.1",
        "ISO 27001:2022 A.8.24",
    ],
    needs: &[
        Op::DescribeEndpointConfig,
        Op::DescribeModel,
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
    data: &[Data::Uses, Data::Principals, Data::KeyUsers],
    configured: |settings| !settings.key_users.is_empty(),
    reasons: &[
        KEY_SUBJECT_REASONS,
        KEY_REASONS,
        POLICY_REASONS,
        USES_REASONS,
        &[
            &ONLY_ALLOWED,
            &OTHERS,
            &UNDECIDED,
            &NOT_READ,
            &NOT_CONFIGURED,
        ],
    ],
    file: include_str!("key_003.rs"),
    check: Check::Key(check),
};

fn check(view: &KeyView<'_>) -> Judgement {
    if view.settings.key_users.is_empty() {
        return super::key_of::customer(view, |_| Judgement::new(&NOT_CONFIGURED));
    }
    by_policy(view, |_, _| {
        let Some(users) = view.users else {
            return Judgement::new(&NOT_READ);
        };
        if !users.beyond.is_empty() {
            // It may be an execution role that is not known to be one.
            if let Some(why) = &users.uses_gap {
                let says = format!(
                    "{} can use the key, and whether as execution roles of its endpoints is not known: ",
                    users.beyond
                );
                let message = Message::from(says).and(why.clone());
                return uses_unknown(why).saying(message);
            }
            let says = format!("{} can use the key", users.beyond);
            return Judgement::new(&OTHERS).saying(says);
        }
        match &users.basis {
            Err(whys) => whys.first().map_or_else(
                || Judgement::new(&NOT_READ),
                |why| Judgement::because(&NOT_READ, why),
            ),
            Ok(_) if !users.perhaps.is_empty() => {
                Judgement::new(&UNDECIDED).saying(perhaps(&users.perhaps))
            }
            Ok(_everybody) => Judgement::new(&ONLY_ALLOWED),
        }
    })
}

fn perhaps(all: &Few<Perhaps>) -> Message {
    let mut message = Message::default();
    for (index, one) in all.first().iter().enumerate() {
        let lead = if index == 0 { "whether " } else { ", " };
        message = message
            .and(format!("{lead}{} can use the key depends on ", one.who))
            .listing(&one.why);
    }
    match all.more() {
        0 => message,
        more => message.and(format!(" and {more} more")),
    }
}
