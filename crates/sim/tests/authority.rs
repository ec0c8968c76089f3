//! What the simulated AWS refuses because no policy allows it: KMS by key policies, grants, boundaries and
//! control policies; deployments where SageMaker gets no grant on the key.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails where something is not there"
)]

mod calls;

use std::time::Duration;

use calls::{ACCOUNT, REGION, ask, role};
use sagelock_sim::estate::demo::demo;
use sagelock_sim::{Ctx, Service, World};
use serde_json::{Value, json};

const MANAGEMENT: &str = "111122223333";

/// Somebody: the root user of the account, or a session of a role of it.
fn who(service: Service, role: Option<&str>) -> Ctx {
    let mut ctx = Ctx::root(service, ACCOUNT, REGION);
    if let Some(role) = role {
        ctx.caller.arn = format!("arn:aws:sts::{ACCOUNT}:assumed-role/{role}/s");
    }
    ctx
}

fn done(world: &mut World, ctx: &Ctx, operation: &str, input: &Value) -> Value {
    ask(world, ctx, operation, input).unwrap_or_else(|error| panic!("{operation}: {error}"))
}

fn world() -> World {
    demo("2026-10-01T08:00:00Z".parse().expect("a time"), 1)
}

/// A key whose policy lets the account administer it and has one more statement.
fn key(world: &mut World, more: Option<Value>) -> String {
    let root = json!({ "AWS": format!("arn:aws:iam::{ACCOUNT}:root") });
    let mut statements = vec![
        json!({ "Sid": "Administration", "Effect": "Allow", "Principal": root,
        "NotAction": ["kms:Decrypt", "kms:CreateGrant", "kms:DescribeKey"], "Resource": "*" }),
    ];
    statements.extend(more);
    let policy = json!({ "Version": "2012-10-17", "Statement": statements }).to_string();
    let made = done(
        world,
        &who(Service::Kms, None),
        "CreateKey",
        &json!({ "Policy": policy }),
    );
    let arn = made.pointer("/KeyMetadata/Arn").and_then(Value::as_str);
    arn.expect("an ARN").to_owned()
}

fn allow(principal: &str, action: &str) -> Value {
    json!({ "Effect": "Allow", "Principal": { "AWS": principal }, "Action": action, "Resource": "*" })
}

#[test]
fn keys_are_used_by_whom_their_policy_lets() {
    let mut world = world();
    let everything = json!({ "Effect": "Allow", "Action": "*", "Resource": "*" });
    let arn = role(&mut world, "Wide", &everything);
    role(&mut world, "Narrow", &json!([]));
    let key = key(&mut world, Some(allow(&arn, "kms:DescribeKey")));
    let input = json!({ "KeyId": key });
    let mut describe = |role: Option<&str>| {
        let ctx = who(Service::Kms, role);
        ask(&mut world, &ctx, "DescribeKey", &input)
    };
    // Named by the key policy; of the account, to which it leaves everything but this; nobody.
    describe(Some("Wide")).expect("the key policy names it");
    for (role, why) in [
        (
            None,
            "because no resource-based policy allows the kms:DescribeKey action",
        ),
        (Some("Narrow"), "because no resource-based policy allows"),
    ] {
        let error = describe(role).expect_err("not named");
        assert!(
            error.starts_with("AccessDeniedException: User: arn:aws:"),
            "{error}"
        );
        assert!(error.contains(why), "{error}");
    }
    // What it leaves to the account, the caller's own policies have to allow.
    let ctx = who(Service::Kms, Some("Narrow"));
    let error = ask(&mut world, &ctx, "GetKeyPolicy", &input).expect_err("not allowed");
    assert!(
        error.contains("no identity-based policy allows the kms:GetKeyPolicy"),
        "{error}"
    );
    done(&mut world, &who(Service::Kms, None), "GetKeyPolicy", &input);
}

#[test]
fn grants_and_boundaries_count() {
    let mut world = world();
    let arn = role(&mut world, "Reader", &json!([]));
    let root = format!("arn:aws:iam::{ACCOUNT}:root");
    let key = key(&mut world, Some(allow(&root, "kms:CreateGrant")));
    let (kms, reader) = (who(Service::Kms, None), who(Service::Kms, Some("Reader")));
    let input = json!({ "KeyId": key });
    ask(&mut world, &reader, "DescribeKey", &input).expect_err("nothing allows it");
    let grant = json!({ "KeyId": key, "GranteePrincipal": arn, "Operations": ["DescribeKey"] });
    let made = done(&mut world, &kms, "CreateGrant", &grant);
    done(&mut world, &reader, "DescribeKey", &input);
    let id = made.get("GrantId").expect("an id");
    done(
        &mut world,
        &kms,
        "RevokeGrant",
        &json!({ "KeyId": key, "GrantId": id }),
    );
    ask(&mut world, &reader, "DescribeKey", &input).expect_err("the grant is gone");
    // A boundary takes away what a policy of the role's gives.
    let everything = json!({ "Effect": "Allow", "Action": "*", "Resource": "*" });
    role(&mut world, "Bound", &everything);
    let bound = who(Service::Kms, Some("Bound"));
    done(&mut world, &bound, "ListKeys", &json!({}));
    let document = json!({ "Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Action": "sagemaker:*", "Resource": "*" } });
    let iam = who(Service::Iam, None);
    let input = json!({ "PolicyName": "limit", "PolicyDocument": document.to_string() });
    let made = done(&mut world, &iam, "CreatePolicy", &input);
    let arn = made.pointer("/Policy/Arn").expect("an ARN");
    let input = json!({ "RoleName": "Bound", "PermissionsBoundary": arn });
    done(&mut world, &iam, "PutRolePermissionsBoundary", &input);
    let error = ask(&mut world, &bound, "ListKeys", &json!({})).expect_err("the boundary");
    assert!(
        error.contains("no permissions boundary allows the kms:ListKeys"),
        "{error}"
    );
}

#[test]
fn a_key_policy_may_not_lock_out_who_writes_it() {
    let mut world = world();
    let kms = who(Service::Kms, None);
    let key = key(&mut world, None);
    let other = allow("arn:aws:iam::222233334444:role/Nobody", "kms:*");
    let policy = json!({ "Version": "2012-10-17", "Statement": [other] }).to_string();
    let mut input = json!({ "KeyId": key, "PolicyName": "default", "Policy": policy });
    let error = ask(&mut world, &kms, "PutKeyPolicy", &input).expect_err("a lockout");
    assert!(
        error.contains("will not allow you to update the key policy"),
        "{error}"
    );
    let fields = input.as_object_mut().expect("an object");
    fields.insert("BypassPolicyLockoutSafetyCheck".to_owned(), json!(true));
    done(&mut world, &kms, "PutKeyPolicy", &input);
    ask(&mut world, &kms, "GetKeyPolicy", &json!({ "KeyId": key })).expect_err("locked out");
}

/// What becomes of an endpoint with a key that somebody deploys, whose model runs as a role.
fn deployed(world: &mut World, key: &str, by: Option<&str>, runs_as: &str) -> (String, String) {
    let name = format!("e-{}", key.rsplit('-').next().unwrap_or_default());
    let ctx = who(Service::SageMaker, by);
    let model = json!({ "ModelName": name, "ExecutionRoleArn": runs_as,
        "PrimaryContainer": { "Image": "i" } });
    done(world, &who(Service::SageMaker, None), "CreateModel", &model);
    let config = json!({ "EndpointConfigName": name, "KmsKeyId": key, "ProductionVariants": [{
        "VariantName": "main", "ModelName": name, "InstanceType": "ml.m5.large",
        "InitialInstanceCount": 1 }] });
    done(world, &ctx, "CreateEndpointConfig", &config);
    let endpoint = json!({ "EndpointName": name, "EndpointConfigName": name });
    done(world, &ctx, "CreateEndpoint", &endpoint);
    world.advance(Duration::from_mins(2));
    let root = who(Service::SageMaker, None);
    let told = done(
        world,
        &root,
        "DescribeEndpoint",
        &json!({ "EndpointName": name }),
    );
    let text = |field: &str| told.get(field).and_then(Value::as_str).unwrap_or_default();
    (
        text("EndpointStatus").to_owned(),
        text("FailureReason").to_owned(),
    )
}

#[test]
fn a_deployment_needs_a_grant_for_its_caller_or_its_execution_role() {
    let mut world = world();
    let deploys =
        json!({ "Effect": "Allow", "Resource": "*", "Action": ["sagemaker:*", "iam:PassRole"] });
    let deployer = role(&mut world, "Deployer", &deploys);
    let execution = role(&mut world, "exec-it", &json!([]));
    let through = |principal: &str| {
        json!({ "Effect": "Allow", "Principal": { "AWS": principal }, "Resource": "*",
            "Action": "kms:CreateGrant", "Condition": {
                "Bool": { "kms:GrantIsForAWSResource": "true" },
                "StringEquals": { "kms:ViaService": "sagemaker.eu-west-1.amazonaws.com" } } })
    };
    let neither = key(&mut world, None);
    let (status, reason) = deployed(&mut world, &neither, Some("Deployer"), &execution);
    assert_eq!(status, "Failed");
    for asked in ["Deployer", "exec-it"] {
        assert!(
            reason.contains(&format!("assumed-role/{asked}/")),
            "{reason}"
        );
    }
    assert!(reason.contains("kms:CreateGrant"), "{reason}");
    for named in [&deployer, &execution] {
        let key = key(&mut world, Some(through(named)));
        let (status, reason) = deployed(&mut world, &key, Some("Deployer"), &execution);
        assert_eq!(
            (status.as_str(), reason.as_str()),
            ("InService", ""),
            "{named}"
        );
        // The grant is SageMaker's: who may not use the key by itself, still may not.
        let kms = who(Service::Kms, Some("Deployer"));
        ask(
            &mut world,
            &kms,
            "CreateGrant",
            &json!({ "KeyId": key, "GranteePrincipal": named,
            "Operations": ["Decrypt"] }),
        )
        .expect_err("a direct call");
    }
}

#[test]
fn control_policies_bind_members_and_not_the_management_account() {
    let mut world = world();
    let management = Ctx::root(Service::Organizations, MANAGEMENT, "us-east-1");
    let roots = done(&mut world, &management, "ListRoots", &json!({}));
    let root = roots.pointer("/Roots/0/Id").expect("a root").clone();
    let document = json!({ "Version": "2012-10-17", "Statement": [
        { "Sid": "NoKeyNoEndpoint", "Effect": "Deny", "Action": "sagemaker:CreateEndpointConfig",
          "Resource": "*", "Condition": { "Null": { "sagemaker:VolumeKmsKey": "true" } } },
        { "Effect": "Deny", "Action": "kms:ScheduleKeyDeletion", "Resource": "*" } ] });
    let input = json!({ "Name": "guardrail", "Description": "", "Type": "SERVICE_CONTROL_POLICY",
        "Content": document.to_string() });
    let made = done(&mut world, &management, "CreatePolicy", &input);
    let id = made.pointer("/Policy/PolicySummary/Id").expect("an id");
    let input = json!({ "PolicyId": id, "TargetId": root });
    done(&mut world, &management, "AttachPolicy", &input);

    let sagemaker = who(Service::SageMaker, None);
    let model = json!({ "ModelName": "m", "PrimaryContainer": { "Image": "i" } });
    done(&mut world, &sagemaker, "CreateModel", &model);
    let mut config = json!({ "EndpointConfigName": "c", "ProductionVariants": [{
        "VariantName": "main", "ModelName": "m", "InstanceType": "ml.m5.large",
        "InitialInstanceCount": 1 }] });
    let error = ask(&mut world, &sagemaker, "CreateEndpointConfig", &config).expect_err("no key");
    assert!(
        error.contains("with an explicit deny in a service control policy"),
        "{error}"
    );
    let key = key(&mut world, None);
    let fields = config.as_object_mut().expect("an object");
    fields.insert("KmsKeyId".to_owned(), json!(key));
    done(&mut world, &sagemaker, "CreateEndpointConfig", &config);
    let input = json!({ "KeyId": key });
    let kms = who(Service::Kms, None);
    ask(&mut world, &kms, "ScheduleKeyDeletion", &input).expect_err("the guardrail");
    let kms = Ctx::root(Service::Kms, MANAGEMENT, REGION);
    let made = done(&mut world, &kms, "CreateKey", &json!({}));
    let input = json!({ "KeyId": made.pointer("/KeyMetadata/Arn") });
    done(&mut world, &kms, "ScheduleKeyDeletion", &input);
}
