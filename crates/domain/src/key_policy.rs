//! The key policy that an endpoint needs, and nothing more.

use std::collections::BTreeSet;

use sagelock_policy::write::{Conditions, Policy, Principal, Statement, Texts};

use crate::ids::{AccountId, Partition, Region};

/// Who does what with the key of an endpoint.
#[derive(Clone, Debug)]
pub struct Roles {
    /// The key's account.
    pub account: AccountId,
    /// The key's region.
    pub region: Region,
    /// The ARNs of those who administer the key.
    pub administrators: Vec<String>,
    /// The ARNs of those who create and update endpoints.
    pub deployers: Vec<String>,
    /// The ARNs of the roles that models run as.
    pub execution: Vec<String>,
    /// The key protects model artifacts, captured data or results in S3 as well.
    pub with_storage: bool,
    /// Grants may give no more than what SageMaker is known to ask for.
    pub strict: bool,
}

/// Administration and reading: nothing that encrypts, decrypts or hands that on (KMS Developer Guide,
/// "Key administrators").
const ADMINISTRATION: [&str; 22] = [
    "kms:CancelKeyDeletion",
    "kms:CreateAlias",
    "kms:DeleteAlias",
    "kms:DescribeKey",
    "kms:DisableKey",
    "kms:DisableKeyRotation",
    "kms:EnableKey",
    "kms:EnableKeyRotation",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:ListGrants",
    "kms:ListKeyPolicies",
    "kms:ListKeyRotations",
    "kms:ListResourceTags",
    "kms:PutKeyPolicy",
    "kms:RevokeGrant",
    "kms:RotateKeyOnDemand",
    "kms:ScheduleKeyDeletion",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:UpdateAlias",
    "kms:UpdateKeyDescription",
];

/// What AWS's own policy for SageMaker HyperPod lets the service have by a grant (SageMaker Developer
/// Guide, "Customer managed AWS KMS key encryption for SageMaker HyperPod"). What hosting asks for is not
/// documented.
pub(crate) const GRANTED: [&str; 7] = [
    "CreateGrant",
    "Decrypt",
    "DescribeKey",
    "GenerateDataKeyWithoutPlaintext",
    "ReEncryptFrom",
    "ReEncryptTo",
    "RetireGrant",
];

/// The key policy. The account's root administers and reads, so that nobody is locked out; it may neither
/// use the key nor create grants, or everybody could whose own policies say `kms:*`.
#[must_use]
pub fn key_policy(roles: &Roles) -> Policy {
    let partition = Partition::of_region(&roles.region);
    let root = format!("arn:{}:iam::{}:root", partition.as_str(), roles.account);
    let administers = |sid: &str, arns: Texts| {
        let actions: Texts = ADMINISTRATION.iter().collect();
        let statement = Statement::allow(actions).named(sid);
        statement.to(Principal::Aws(arns))
    };
    let mut statements = vec![administers("AccountAdministration", root.into())];
    if !roles.administrators.is_empty() {
        let arns = roles.administrators.iter().collect();
        statements.push(administers("KeyAdministration", arns));
    }
    // SageMaker API, CreateEndpointConfig, `KmsKeyId`, asks for the execution role, the permissions
    // reference for the caller: both may.
    let mut deploying: Vec<&str> = Vec::new();
    for arn in roles.deployers.iter().chain(&roles.execution) {
        if !deploying.contains(&arn.as_str()) {
            deploying.push(arn);
        }
    }
    if !deploying.is_empty() {
        statements.extend(deployment(roles, &deploying));
    }
    if roles.with_storage && !roles.execution.is_empty() {
        let uses: Texts = ["kms:Decrypt", "kms:GenerateDataKey"].iter().collect();
        statements.push(
            Statement::allow(uses)
                .named("StorageThroughS3")
                .to(Principal::Aws(roles.execution.iter().collect()))
                .when(through("s3", &roles.region, &roles.execution)),
        );
    }
    Policy::new(statements)
}

/// SageMaker asks for a grant and for the key's description, for whoever deploys (IAM User Guide,
/// "Forward access sessions").
fn deployment(roles: &Roles, deploying: &[&str]) -> [Statement; 2] {
    let through = through("sagemaker", &roles.region, deploying);
    let mut grants = through
        .clone()
        .and("Bool", "kms:GrantIsForAWSResource", "true");
    if roles.strict {
        let operations: Texts = GRANTED.iter().collect();
        grants = grants
            .and(
                "ForAllValues:StringEquals",
                "kms:GrantOperations",
                operations,
            )
            // Without it a grant of no operation that is told would do.
            .and("Null", "kms:GrantOperations", "false");
    }
    let statement = |sid: &str, action: &str, conditions| {
        Statement::allow(action)
            .named(sid)
            .to(Principal::Aws(deploying.iter().collect()))
            .when(conditions)
    };
    [
        statement("GrantsForSageMaker", "kms:CreateGrant", grants),
        statement("DescriptionThroughSageMaker", "kms:DescribeKey", through),
    ]
}

/// Through a service of a Region, by those whom a statement names: of a key of another account they are
/// not the key's.
fn through(service: &str, region: &Region, arns: &[impl AsRef<str>]) -> Conditions {
    let accounts = arns.iter().filter_map(|arn| arn.as_ref().split(':').nth(4));
    let accounts: BTreeSet<&str> = accounts.collect();
    let accounts = accounts.into_iter().collect::<Texts>().shortest();
    let host = format!("{service}.{region}.amazonaws.com");
    Conditions::one("StringEquals", "kms:CallerAccount", accounts).and(
        "StringEquals",
        "kms:ViaService",
        host,
    )
}

#[cfg(test)]
mod tests {
    use sagelock_policy::access::{
        Key, Lockout, Power, Principal, Users, Way, lockout, outsiders, powers,
    };
    use sagelock_policy::prove::{Proof, Prover};
    use sagelock_policy::request::Caller;
    use sagelock_policy::{Document, Kind};

    use super::*;

    const ACCOUNT: &str = "111122223333";

    fn arn(name: &str) -> String {
        format!("arn:aws:iam::{ACCOUNT}:role/{name}")
    }

    fn roles(strict: bool) -> Roles {
        Roles {
            account: AccountId::new(ACCOUNT),
            region: Region::new("eu-west-1"),
            administrators: vec![arn("KeyAdmin")],
            deployers: vec![arn("Deployer")],
            execution: vec![arn("exec")],
            with_storage: true,
            strict,
        }
    }

    fn key(strict: bool) -> Key {
        let policy = key_policy(&roles(strict));
        Key {
            policy: Some(policy.document(Kind::Resource).expect("a policy")),
            grants: Some(Vec::new()),
            aliases: Some(Vec::new()),
            tags: Some(Vec::new()),
            ..Key::new(&format!("arn:aws:kms:eu-west-1:{ACCOUNT}:key/1234"))
        }
    }

    /// The ways of a role that may do everything by its own policies.
    fn ways(name: &str, strict: bool) -> Vec<Way> {
        let all = r#"{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;
        let principal = Principal {
            identity: vec![Document::read(Kind::Identity, all).expect("a policy")],
            tags: Some(Vec::new()),
            ..Principal::new(&arn(name), Caller::read(&arn(name)).expect("a role"))
        };
        let key = key(strict);
        let uses = Users::new(&key).of(&principal, &Prover::default());
        let open = uses
            .into_iter()
            .filter(|one| !matches!(one.proof, Proof::Proved));
        open.map(|one| one.way).collect()
    }

    #[test]
    fn nobody_can_do_more_than_the_endpoint_needs() {
        let prover = Prover::default();
        for strict in [false, true] {
            // Whoever administers by its own policies can change the key policy, and nothing else.
            for name in ["KeyAdmin", "Deployer", "Anybody"] {
                assert_eq!(ways(name, strict), [Way::ByPolicy], "{name}");
            }
            let storage = [
                Way::Directly("kms:Decrypt"),
                Way::Directly("kms:GenerateDataKey"),
            ];
            let expected = [&storage[..], &[Way::ByPolicy]].concat();
            assert_eq!(ways("exec", strict), expected);
            assert!(matches!(lockout(&key(strict), &prover), Lockout::Safe));
            assert!(
                outsiders(&key(strict), &[], &[], &prover)
                    .expect("few")
                    .is_empty()
            );
            let held = powers(&key(strict), &prover).expect("few");
            let is_both = |one: &Power| one.administers != Some(false) && one.uses != Some(false);
            assert!(!held.iter().any(is_both), "{held:?}");
        }
    }

    #[test]
    fn who_may_use_a_key_of_another_account_calls_from_its_own() {
        let central = Roles {
            account: AccountId::new("222233334444"),
            ..roles(false)
        };
        let policy = serde_json::to_value(key_policy(&central)).expect("JSON");
        let statements = policy["Statement"].as_array().expect("statements");
        let callers: Vec<&serde_json::Value> = statements
            .iter()
            .filter_map(|one| one.pointer("/Condition/StringEquals/kms:CallerAccount"))
            .collect();
        assert_eq!(callers, [ACCOUNT; 3]);
        let root = &statements[0]["Principal"]["AWS"];
        assert_eq!(root, "arn:aws:iam::222233334444:root");
    }

    #[test]
    fn a_deployment_may_create_its_grant_through_sagemaker() {
        use sagelock_policy::context::{Context, Value};
        use sagelock_policy::{Request, Stack, evaluate, evaluate::Verdict};
        for (strict, operations, is_through, allowed) in [
            (false, &["Decrypt", "Encrypt"][..], true, true),
            (true, &["Decrypt", "CreateGrant"], true, true),
            (true, &["Decrypt", "Encrypt"], true, false),
            (false, &["Decrypt"], false, false),
        ] {
            let one = |text: &str| Value::One(text.into());
            let mut context = vec![
                ("aws:PrincipalArn".to_owned(), one(&arn("Deployer"))),
                ("kms:CallerAccount".to_owned(), one(ACCOUNT)),
                (
                    "kms:GrantOperations".to_owned(),
                    Value::List(operations.iter().map(|one| (*one).into()).collect()),
                ),
            ];
            if is_through {
                let via = "sagemaker.eu-west-1.amazonaws.com";
                context.push(("kms:ViaService".to_owned(), one(via)));
                context.push(("kms:GrantIsForAWSResource".to_owned(), one("true")));
            }
            let session = format!("arn:aws:sts::{ACCOUNT}:assumed-role/Deployer/s");
            let key = key(strict);
            let request = Request::new(
                Caller::read(&session).expect("a session"),
                "kms:CreateGrant",
                &key.arn,
                ACCOUNT,
                Context::new(context),
            );
            let stack = Stack {
                resource: key.policy,
                ..Stack::default()
            };
            let verdict = evaluate(&request.expect("an action"), &stack);
            assert_eq!(
                verdict == Verdict::Allowed,
                allowed,
                "{strict} {operations:?}"
            );
        }
    }
}
