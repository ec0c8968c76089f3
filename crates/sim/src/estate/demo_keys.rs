//! The keys of the simulated organisation.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::builder::{Builder, shared_with};
use super::demo_teams::{TEAMS, Team, pick};
use crate::world::World;

/// How an endpoint comes by its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyCase {
    /// A key of its tenant's.
    Own,
    /// None.
    None,
    /// One that AWS manages.
    Aws,
    /// The platform's, of another account.
    Shared,
    /// One that was disabled later.
    Disabled,
    /// One that waits to be deleted.
    Leaving,
    /// One that is gone.
    Gone,
    /// One without rotation, alias or tags.
    Bare,
    /// A vendor's, of an account outside the organisation.
    Vendor,
    /// An asymmetric one, so that the deployment failed.
    Signing,
}

const CASES: &[KeyCase] = &[
    KeyCase::Own,
    KeyCase::Own,
    KeyCase::None,
    KeyCase::Own,
    KeyCase::Shared,
    KeyCase::Own,
    KeyCase::None,
    KeyCase::Aws,
    KeyCase::Own,
    KeyCase::Bare,
    KeyCase::Own,
    KeyCase::Disabled,
    KeyCase::None,
    KeyCase::Own,
    KeyCase::Leaving,
    KeyCase::Own,
    KeyCase::Gone,
    KeyCase::Vendor,
    KeyCase::Signing,
];

impl KeyCase {
    pub(super) fn of(index: usize, shift: usize) -> Self {
        pick(CASES, index + shift).unwrap_or(Self::Own)
    }
}

/// An account that is not of the organisation.
const VENDOR: &str = "999988887777";

/// ARNs by account, region and name.
pub(super) struct Keys(BTreeMap<(String, String, String), String>);

impl Keys {
    pub(super) fn arn(&self, account: &str, region: &str, name: &str) -> Option<&String> {
        let id = (account.to_owned(), region.to_owned(), name.to_owned());
        self.0.get(&id)
    }

    /// What a configuration writes: the four spellings in turn.
    pub(super) fn reference(
        &self,
        case: KeyCase,
        account: &str,
        region: &str,
        tenant: &str,
        index: usize,
    ) -> Option<String> {
        let of = |name: &str| self.arn(account, region, name).cloned();
        match case {
            KeyCase::None => None,
            KeyCase::Aws => Some("alias/aws/ebs".to_owned()),
            KeyCase::Shared => self.arn("666677778888", region, "shared").cloned(),
            KeyCase::Vendor => self.arn(VENDOR, region, "vendor").cloned(),
            KeyCase::Disabled => of("disabled"),
            KeyCase::Leaving => of("leaving"),
            KeyCase::Gone => of("gone"),
            KeyCase::Bare => of("bare"),
            KeyCase::Signing => of("signing"),
            KeyCase::Own => {
                let arn = of(tenant)?;
                let alias = format!("alias/ml/{tenant}");
                Some(match index / 2 % 4 {
                    0 | 1 => arn,
                    2 => alias,
                    _ => arn.rsplit('/').next().unwrap_or_default().to_owned(),
                })
            }
        }
    }
}

/// Makes the keys of every account and region.
pub(super) fn make(world: &mut World, regions: &[&str]) -> Keys {
    let mut keys = BTreeMap::new();
    for team in TEAMS {
        for region in regions {
            let mut builder = Builder::new(world, team.account, region);
            let mut keep = |name: &str, arn: String| {
                let id = (
                    team.account.to_owned(),
                    (*region).to_owned(),
                    name.to_owned(),
                );
                keys.insert(id, arn);
            };
            for (number, tenant) in ["aurora", "borealis", "cirrus", "delta", "estuary", "fjord"]
                .iter()
                .enumerate()
            {
                let alias = format!("alias/ml/{tenant}");
                let tags = json!([
                    { "TagKey": "tenant", "TagValue": tenant },
                    { "TagKey": "owner", "TagValue": "security" },
                ]);
                let mut input =
                    json!({ "Description": format!("ML endpoints of {tenant}"), "Tags": tags });
                if let Some(policy) = policy_of(tenant, team, region)
                    && let Some(fields) = input.as_object_mut()
                {
                    fields.insert("Policy".to_owned(), Value::from(policy));
                    let bypass = "BypassPolicyLockoutSafetyCheck".to_owned();
                    fields.insert(bypass, Value::from(true));
                }
                let arn = builder.key(&input, &[&alias], number != 4);
                if *tenant == "fjord" && team.name == "payments" {
                    grant_to_account(&mut builder, &arn);
                }
                keep(tenant, arn);
            }
            let plain = json!({});
            keep("outputs", builder.key(&plain, &["alias/ml/outputs"], true));
            keep("disabled", builder.key(&plain, &["alias/ml/old"], true));
            keep("leaving", builder.key(&plain, &["alias/ml/retired"], true));
            keep("gone", builder.key(&plain, &["alias/ml/trial"], false));
            keep("bare", builder.key(&plain, &[], false));
            let signing = json!({ "KeySpec": "RSA_3072", "KeyUsage": "SIGN_VERIFY" });
            keep("signing", builder.key(&signing, &["alias/signing"], false));
            if team.account == "666677778888" {
                let shared = json!({ "Policy": shared_policy(team.account), "Description": "shared by all teams" });
                keep("shared", builder.key(&shared, &["alias/ml/shared"], true));
            }
        }
    }
    for region in regions {
        let policy = json!({ "Policy": shared_policy(VENDOR), "Description": "a vendor's" });
        let arn = Builder::new(world, VENDOR, region).key(&policy, &[], true);
        keys.insert(
            (VENDOR.to_owned(), (*region).to_owned(), "vendor".to_owned()),
            arn,
        );
    }
    Keys(keys)
}

/// What happened to keys while endpoints went on running.
pub(super) fn grow_old(world: &mut World, keys: &Keys) {
    for ((account, region, name), arn) in &keys.0 {
        let mut builder = Builder::new(world, account, region);
        match name.as_str() {
            "disabled" => {
                builder.kms("DisableKey", &json!({ "KeyId": arn }));
            }
            "gone" => {
                let input = json!({ "KeyId": arn, "PendingWindowInDays": 7 });
                builder.kms("ScheduleKeyDeletion", &input);
            }
            "leaving" => {
                let input = json!({ "KeyId": arn, "PendingWindowInDays": 30 });
                builder.kms("ScheduleKeyDeletion", &input);
            }
            _ => {}
        }
    }
}

/// The policy of a tenant's key, where it is not the default one.
fn policy_of(tenant: &str, team: &Team, region: &str) -> Option<String> {
    let root = json!({ "AWS": format!("arn:aws:iam::{}:root", team.account) });
    let mut statements = vec![json!({
        "Sid": "Account", "Effect": "Allow", "Principal": root, "Action": "kms:*", "Resource": "*",
    })];
    match (tenant, team.name) {
        // Administration and reading is the account's, and use is the service's.
        ("aurora", _) => {
            statements = vec![
                json!({
                    "Sid": "Administration", "Effect": "Allow", "Principal": root, "Resource": "*",
                    "Action": ["kms:Describe*", "kms:Get*", "kms:List*", "kms:Put*", "kms:Update*",
                        "kms:Enable*", "kms:Disable*", "kms:TagResource", "kms:UntagResource",
                        "kms:CreateAlias", "kms:DeleteAlias", "kms:RevokeGrant",
                        "kms:ScheduleKeyDeletion", "kms:CancelKeyDeletion"],
                }),
                json!({
                    "Sid": "Endpoints", "Effect": "Allow", "Principal": root, "Resource": "*",
                    "Action": "kms:CreateGrant",
                    "Condition": {
                        "Bool": { "kms:GrantIsForAWSResource": "true" },
                        "StringEquals": {
                            "kms:ViaService": format!("sagemaker.{region}.amazonaws.com"),
                        },
                    },
                }),
            ];
        }
        ("cirrus", "payments") => statements.push(json!({
            "Sid": "Partner", "Effect": "Allow", "Resource": "*",
            "Principal": { "AWS": format!("arn:aws:iam::{VENDOR}:root") },
            "Action": ["kms:Decrypt", "kms:DescribeKey"],
        })),
        ("delta", "health") => statements.push(json!({
            "Sid": "Readers", "Effect": "Allow", "Resource": "*", "Principal": "*",
            "Action": "kms:Decrypt",
            "Condition": { "ArnLike": { "aws:PrincipalArn": "arn:aws:iam::*:role/ml-reader-*" } },
        })),
        ("estuary", "health") => {
            // Whoever has no second factor at hand cannot change the policy any more.
            statements = vec![
                json!({
                    "Sid": "Account", "Effect": "Allow", "Principal": root, "Resource": "*",
                    "NotAction": "kms:PutKeyPolicy",
                }),
                json!({
                    "Sid": "Administration", "Effect": "Allow", "Principal": root, "Resource": "*",
                    "Action": "kms:PutKeyPolicy",
                    "Condition": { "Bool": { "aws:MultiFactorAuthPresent": "true" } },
                }),
            ];
        }
        _ => return None,
    }
    Some(json!({ "Version": "2012-10-17", "Statement": statements }).to_string())
}

/// A grant to whoever the account lets use it.
fn grant_to_account(builder: &mut Builder<'_>, arn: &str) {
    let input = json!({
        "KeyId": arn, "GranteePrincipal": format!("arn:aws:iam::{}:root", builder.account),
        "Operations": ["Decrypt", "DescribeKey"], "Name": "nightly-scoring",
    });
    builder.kms("CreateGrant", &input);
}

/// The policy of a key that every team may use but research.
fn shared_policy(owner: &str) -> String {
    let mut policy: Value = serde_json::from_str(&shared_with(owner, owner)).unwrap_or_default();
    let users: Vec<String> = TEAMS
        .iter()
        .filter(|team| team.name != "research")
        .map(|team| format!("arn:aws:iam::{}:root", team.account))
        .collect();
    if let Some(principal) = policy.pointer_mut("/Statement/1/Principal/AWS") {
        *principal = Value::from(users);
    }
    policy.to_string()
}
