//! What is foretold of a deployment is what becomes of it: a key policy, a control policy and a role that
//! together block one, and the patch with which it succeeds.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails where something is not there"
)]

mod calls;
mod collected;

use std::collections::BTreeSet;
use std::time::Duration;

use calls::{ACCOUNT, REGION, ask, put_policy, role, root};
use collected::collect;
use sagelock_domain::call::{Call, CallError, CallErrorKind, Op, Reply};
use sagelock_domain::collect::{Address, Collector, Focus, Scope};
use sagelock_domain::ids::{AccountId, ConfigName, EndpointName, KeyRef, Region};
use sagelock_domain::inventory::ConfigFacts;
use sagelock_domain::preflight::{Answer, Cause, Deployment, Preflight, Step, preflight};
use sagelock_policy::Kind;
use sagelock_policy::change::Edit;
use sagelock_sim::estate::demo::demo;
use sagelock_sim::{Ctx, Service, World};
use serde_json::{Value, json};

const MANAGEMENT: &str = "111122223333";
const NOW: &str = "2026-10-01T08:00:00Z";
const DEPLOYER: &str = "arn:aws:iam::222233334444:role/Deployer";

fn organizations(world: &mut World, operation: &str, input: &Value) -> Value {
    let ctx = Ctx::root(Service::Organizations, MANAGEMENT, "us-east-1");
    ask(world, &ctx, operation, input).unwrap_or_else(|error| panic!("{operation}: {error}"))
}

/// An endpoint without a key, a key, a deployer and a control policy; the key's ARN.
fn set_up(world: &mut World) -> String {
    let sagemaker = Service::SageMaker;
    role(world, "exec", &json!([]));
    let model = json!({ "ModelName": "m", "PrimaryContainer": { "Image": "i" },
        "ExecutionRoleArn": "arn:aws:iam::222233334444:role/exec" });
    root(world, sagemaker, "CreateModel", &model);
    root(
        world,
        sagemaker,
        "CreateEndpointConfig",
        &config("old", None),
    );
    let endpoint = json!({ "EndpointName": "fraud", "EndpointConfigName": "old" });
    root(world, sagemaker, "CreateEndpoint", &endpoint);
    world.advance(Duration::from_mins(2));
    // The role: a grant may be created, and an endpoint updated, but not to a configuration.
    let deploys = json!([
        { "Effect": "Allow", "Action": "sagemaker:CreateEndpointConfig", "Resource": "*" },
        { "Effect": "Allow", "Action": "sagemaker:UpdateEndpoint",
          "Resource": "arn:aws:sagemaker:*:*:endpoint/*" },
        { "Effect": "Allow", "Action": "kms:CreateGrant", "Resource": "*" } ]);
    role(world, "Deployer", &deploys);
    // The key policy: the account administers, and nobody creates a grant.
    let policy = json!({ "Version": "2012-10-17", "Statement": [
        { "Sid": "Administration", "Effect": "Allow", "Resource": "*",
          "Principal": { "AWS": "arn:aws:iam::222233334444:root" },
          "Action": ["kms:Describe*", "kms:Get*", "kms:List*", "kms:PutKeyPolicy"] } ] });
    let made = root(
        world,
        Service::Kms,
        "CreateKey",
        &json!({ "Policy": policy.to_string() }),
    );
    let key = made.pointer("/KeyMetadata/Arn").and_then(Value::as_str);
    // The control policy: nobody creates grants.
    let roots = organizations(world, "ListRoots", &json!({}));
    let target = roots.pointer("/Roots/0/Id").expect("a root").clone();
    let document = json!({ "Version": "2012-10-17", "Statement": [
        { "Sid": "NoGrants", "Effect": "Deny", "Action": "kms:CreateGrant", "Resource": "*" } ] });
    let input = json!({ "Name": "no-grants", "Description": "", "Type": "SERVICE_CONTROL_POLICY",
        "Content": document.to_string() });
    let made = organizations(world, "CreatePolicy", &input);
    let id = made.pointer("/Policy/PolicySummary/Id").expect("an id");
    organizations(
        world,
        "AttachPolicy",
        &json!({ "PolicyId": id, "TargetId": target }),
    );
    key.expect("an ARN").to_owned()
}

fn config(name: &str, key: Option<&str>) -> Value {
    let mut config = json!({ "EndpointConfigName": name, "ProductionVariants": [{
        "VariantName": "main", "ModelName": "m", "InstanceType": "ml.m5.large",
        "InitialInstanceCount": 1 }] });
    if let (Some(key), Some(fields)) = (key, config.as_object_mut()) {
        fields.insert("KmsKeyId".to_owned(), json!(key));
    }
    config
}

/// What is foretold of the endpoint with a key, by what the calls in these accounts answer.
fn foretold(
    key: &str,
    name: &str,
    accounts: &[&str],
    answer: impl FnMut(&Address, &Call) -> Result<Reply, CallError>,
) -> Preflight {
    let accounts: Vec<AccountId> = accounts.iter().map(AccountId::new).collect();
    let scope = Scope::of(&accounts, &[Region::new(REGION)], true);
    let now = NOW.parse().expect("a time");
    let focus = Focus {
        endpoint: EndpointName::new("fraud"),
        config: Some(ConfigName::new(name)),
        planned: None,
        key: KeyRef::read(Some(key)),
        at: now,
    };
    let mut cells = Vec::new();
    let (_, collected, _) = collect(
        Collector::new(&scope).with_principals().on(focus.clone()),
        now,
        |_| 0,
        answer,
        |cell, _| cells.push(cell.clone()),
    );
    let mut cells = cells.iter();
    let cell = cells.find(|cell| cell.id.account.as_str() == ACCOUNT);
    let cell = cell.expect("the account");
    let old = cell.configs.get(&ConfigName::new("old"));
    let old = old.expect("what it runs");
    let facts = old.described.fact.known().cloned().flatten();
    let deployment = Deployment {
        endpoint: focus.endpoint,
        is_new: false,
        config: ConfigName::new(name),
        facts: ConfigFacts {
            volume_key: focus.key,
            ..facts.expect("facts")
        },
        tags: old.tags.fact.known().cloned(),
        deployer: DEPLOYER.to_owned(),
        roles: Vec::new(),
    };
    preflight(&deployment, cell, collected.keys(), collected.principals())
}

fn look(world: &mut World, key: &str, name: &str) -> Preflight {
    foretold(key, name, &[MANAGEMENT, ACCOUNT], |address, call| {
        world.answer(address.account.as_str(), address.region.as_str(), call)
    })
}

/// Deploys: how it ended, and why.
fn deploy(world: &mut World, key: &str, name: &str) -> (String, String) {
    let mut ctx = Ctx::root(Service::SageMaker, ACCOUNT, REGION);
    ctx.caller.arn = format!("arn:aws:sts::{ACCOUNT}:assumed-role/Deployer/ci");
    if let Err(error) = ask(
        world,
        &ctx,
        "CreateEndpointConfig",
        &config(name, Some(key)),
    ) {
        return ("refused".to_owned(), error);
    }
    let update = json!({ "EndpointName": "fraud", "EndpointConfigName": name });
    if let Err(error) = ask(world, &ctx, "UpdateEndpoint", &update) {
        return ("refused".to_owned(), error);
    }
    world.advance(Duration::from_mins(5));
    let told = root(
        world,
        Service::SageMaker,
        "DescribeEndpoint",
        &json!({ "EndpointName": "fraud" }),
    );
    let text = |field: &str| told.get(field).and_then(Value::as_str).unwrap_or_default();
    (
        text("EndpointConfigName").to_owned(),
        text("FailureReason").to_owned(),
    )
}

/// Writes a change into the policy that it names.
fn apply(world: &mut World, key: &str, cause: &Cause, edit: &Edit, number: usize) {
    let read = |text: &str| -> Value { serde_json::from_str(text).expect("a policy") };
    let changed = |mut policy: Value| {
        let statements = policy.get_mut("Statement").and_then(Value::as_array_mut);
        let statements = statements.expect("statements");
        match edit {
            Edit::Allow { statement, .. } => statements.push(statement.clone()),
            Edit::Remove { statement } => {
                statements.remove(statement.place.statement);
            }
            Edit::Except {
                statement,
                condition,
            } => {
                let denies = statements
                    .get_mut(statement.place.statement)
                    .expect("a statement");
                let fields = denies.as_object_mut().expect("an object");
                assert!(
                    fields
                        .insert("Condition".to_owned(), condition.clone())
                        .is_none()
                );
            }
        }
        policy
    };
    match cause.kind {
        Kind::Identity => {
            let Edit::Allow { statement, .. } = edit else {
                panic!("{edit:?}");
            };
            let (_, name) = cause.policy.rsplit_once('/').expect("of a role");
            put_policy(world, name, &format!("patch-{number}"), &json!([statement]));
        }
        Kind::Scp => {
            let input = json!({ "PolicyId": cause.policy });
            let told = organizations(world, "DescribePolicy", &input);
            let text = told.pointer("/Policy/Content").and_then(Value::as_str);
            let content = changed(read(text.expect("a text"))).to_string();
            let input = json!({ "PolicyId": cause.policy, "Content": content });
            organizations(world, "UpdatePolicy", &input);
        }
        Kind::Resource => {
            let told = root(
                world,
                Service::Kms,
                "GetKeyPolicy",
                &json!({ "KeyId": key }),
            );
            let text = told.get("Policy").and_then(Value::as_str).expect("a text");
            let policy = changed(read(text)).to_string();
            let input = json!({ "KeyId": key, "PolicyName": "default", "Policy": policy });
            root(world, Service::Kms, "PutKeyPolicy", &input);
        }
        kind @ (Kind::Boundary | Kind::Session | Kind::Rcp | Kind::Endpoint | Kind::Trust) => {
            panic!("{kind:?}: {edit:?}")
        }
    }
}

/// The changes of the deployer's blocked checks, each once.
fn patch(found: &Preflight) -> Vec<(Cause, Edit)> {
    let mut patch: Vec<(Cause, Edit)> = Vec::new();
    let own = found
        .checks
        .iter()
        .filter(|check| check.principal.as_deref() == Some(DEPLOYER));
    for check in own {
        if let Answer::Blocked(block) = &check.answer {
            let change = block.changes.first().expect("a change");
            patch.extend(
                change
                    .iter()
                    .filter(|one| !patch.contains(one))
                    .cloned()
                    .collect::<Vec<_>>(),
            );
        }
    }
    patch
}

fn blocked(found: &Preflight) -> BTreeSet<Step> {
    let blocked = found
        .checks
        .iter()
        .filter(|check| check.answer.name() == "blocked");
    blocked.map(|check| check.step).collect()
}

fn world() -> World {
    demo(NOW.parse().expect("a time"), 1)
}

#[test]
fn what_blocks_is_foretold_and_with_the_patch_it_succeeds() {
    let mut world = world();
    let key = set_up(&mut world);
    let found = look(&mut world, &key, "new-1");
    assert_eq!(found.answer(), "blocked", "{found:#?}");
    assert_eq!(blocked(&found), [Step::Deploy, Step::Grant].into());
    let says = |step, who: &str| {
        let mut checks = found.checks.iter().filter(|check| {
            check.step == step
                && check
                    .principal
                    .as_deref()
                    .is_some_and(|arn| arn.ends_with(who))
        });
        checks.find_map(|check| match &check.answer {
            Answer::Blocked(block) => Some(block),
            Answer::Passed | Answer::Spare(_) | Answer::Unknown(_) | Answer::Noted(_) => None,
        })
    };
    let grant = says(Step::Grant, "/Deployer").expect("blocked");
    assert!(
        grant.says.contains("denied by service control policy p-"),
        "{}",
        grant.says
    );
    assert!(grant.says.contains("statement NoGrants"), "{}", grant.says);
    assert!(says(Step::Grant, "/exec").is_some());
    // One change of the control policy and one of the key policy: the role's own is enough.
    let kinds = |change: &[(Cause, Edit)]| {
        change
            .iter()
            .map(|(cause, _)| cause.kind)
            .collect::<Vec<_>>()
    };
    let change = grant.changes.first().expect("a change");
    assert_eq!(kinds(change), [Kind::Scp, Kind::Resource]);

    // As foretold: the configuration is created, the update is refused on it.
    let (ended, why) = deploy(&mut world, &key, "new-1");
    assert_eq!(ended, "refused");
    assert!(why.contains("sagemaker:UpdateEndpoint on resource: arn:aws:sagemaker:eu-west-1:222233334444:endpoint-config/new-1"), "{why}");

    let patch = patch(&found);
    assert_eq!(kinds(&patch), [Kind::Identity, Kind::Scp, Kind::Resource]);
    for left_out in 0..patch.len() {
        let mut world = self::world();
        let key = set_up(&mut world);
        let found = look(&mut world, &key, "new-2");
        for (number, (cause, edit)) in self::patch(&found).iter().enumerate() {
            if number != left_out {
                apply(&mut world, &key, cause, edit, number);
            }
        }
        let again = look(&mut world, &key, "new-2");
        assert_eq!(again.answer(), "blocked", "without {left_out}");
        let (ended, why) = deploy(&mut world, &key, "new-2");
        match left_out {
            0 => {
                assert_eq!(ended, "refused");
                assert!(
                    why.contains("no identity-based policy allows the sagemaker:UpdateEndpoint"),
                    "{why}"
                );
            }
            1 => {
                assert_eq!(ended, "old");
                assert!(
                    why.contains("with an explicit deny in a service control policy"),
                    "{why}"
                );
            }
            _ => {
                assert_eq!(ended, "old");
                assert!(
                    why.contains("no resource-based policy allows the kms:CreateGrant"),
                    "{why}"
                );
            }
        }
    }
    let mut world = self::world();
    let key = set_up(&mut world);
    let patch = self::patch(&look(&mut world, &key, "new-3"));
    for (number, (cause, edit)) in patch.iter().enumerate() {
        apply(&mut world, &key, cause, edit, number);
    }
    let found = look(&mut world, &key, "new-3");
    assert_eq!(blocked(&found), [].into(), "{found:#?}");
    let (ended, why) = deploy(&mut world, &key, "new-3");
    assert_eq!((ended.as_str(), why.as_str()), ("new-3", ""));
}

#[test]
fn what_has_nothing_to_do_with_policies_is_foretold_too() {
    let mut world = world();
    let key = set_up(&mut world);
    for (operation, step, reason) in [
        ("DisableKey", Step::Key, "Disabled"),
        ("UpdateEndpoint", Step::Endpoint, "Updating"),
        ("CreateEndpointConfig", Step::ConfigName, "already"),
    ] {
        let mut world = self::world();
        let key_2 = set_up(&mut world);
        assert_eq!(key, key_2, "the same seed makes the same world");
        match operation {
            "DisableKey" => {
                if let Some(key) = world
                    .kms_mut(ACCOUNT, REGION)
                    .key_mut(key.rsplit('/').next().expect("an id"))
                {
                    key.state = sagelock_sim::kms::State::Disabled;
                }
            }
            "UpdateEndpoint" => {
                root(
                    &mut world,
                    Service::SageMaker,
                    "CreateEndpointConfig",
                    &config("other", None),
                );
                let update = json!({ "EndpointName": "fraud", "EndpointConfigName": "other" });
                root(&mut world, Service::SageMaker, operation, &update);
            }
            _ => {
                root(
                    &mut world,
                    Service::SageMaker,
                    operation,
                    &config("new-1", None),
                );
            }
        }
        let found = look(&mut world, &key, "new-1");
        let check = found
            .checks
            .iter()
            .find(|check| check.step == step)
            .expect("a check");
        let Answer::Blocked(block) = &check.answer else {
            panic!("{operation}: {check:?}");
        };
        assert!(block.says.contains(reason), "{}", block.says);
    }
}

#[test]
fn what_cannot_be_read_is_unknown_and_blocks_nothing() {
    let mut world = world();
    let key = set_up(&mut world);
    // Alone, the account sees no control policies; and here not its users and roles.
    let found = foretold(&key, "new-1", &[ACCOUNT], |address, call| {
        if call.op() == Op::GetAccountAuthorizationDetails {
            return Err(CallError {
                kind: CallErrorKind::AccessDenied,
                code: "AccessDenied".to_owned(),
                message: String::new(),
            });
        }
        world.answer(address.account.as_str(), address.region.as_str(), call)
    });
    // The key policy is known, and lets nobody create a grant, whatever its own policies say.
    assert_eq!(blocked(&found), [Step::Grant].into(), "{found:#?}");
    let unknown = found.checks.iter().filter_map(|check| match &check.answer {
        Answer::Unknown(why) => Some((check.step, why.join(" "))),
        Answer::Passed | Answer::Blocked(_) | Answer::Spare(_) | Answer::Noted(_) => None,
    });
    let unknown: Vec<_> = unknown.collect();
    for step in [Step::CreateConfig, Step::Deploy] {
        let of_step = unknown
            .iter()
            .find(|(one, _)| *one == step)
            .expect("unknown");
        assert!(
            of_step.1.contains("policies") && of_step.1.contains("scp"),
            "{of_step:?}"
        );
    }
}
