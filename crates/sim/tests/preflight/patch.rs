//! A key policy, a control policy and a role that together block a deployment, and the patch with which it
//! succeeds.

use sagelock_domain::preflight::{Answer, Cause, Outcome, Preflight, Step};
use sagelock_policy::Kind;
use sagelock_policy::change::Edit;
use sagelock_sim::{Service, World};
use serde_json::{Value, json};

use crate::calls::{put_policy, root};
use crate::deployment::{
    self, DEPLOYER, Wanted, blocked, deploy, look, organizations, set_up, world,
};

/// Writes a change into the policy that it names.
fn apply(world: &mut World, key: &str, cause: &Cause, edit: &Edit, number: usize) {
    let read = |text: &str| -> Value { serde_json::from_str(text).expect("a policy") };
    let changed = |mut policy: Value| {
        let statements = policy.get_mut("Statement").and_then(Value::as_array_mut);
        let statements = statements.expect("statements");
        match edit {
            Edit::Allow { statement, .. } => statements.push(json!(statement)),
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
                        .insert("Condition".to_owned(), json!(condition))
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

#[test]
fn what_blocks_is_foretold_and_with_the_patch_it_succeeds() {
    let mut world = world();
    let key = set_up(&mut world);
    let found = look(&mut world, &Wanted::new(&key, "new-1"));
    assert_eq!(found.outcome(), Outcome::Blocked, "{found:#?}");
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
        let mut world = deployment::world();
        let key = set_up(&mut world);
        let found = look(&mut world, &Wanted::new(&key, "new-2"));
        for (number, (cause, edit)) in self::patch(&found).iter().enumerate() {
            if number != left_out {
                apply(&mut world, &key, cause, edit, number);
            }
        }
        let again = look(&mut world, &Wanted::new(&key, "new-2"));
        assert_eq!(again.outcome(), Outcome::Blocked, "without {left_out}");
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
    let mut world = deployment::world();
    let key = set_up(&mut world);
    let patch = self::patch(&look(&mut world, &Wanted::new(&key, "new-3")));
    for (number, (cause, edit)) in patch.iter().enumerate() {
        apply(&mut world, &key, cause, edit, number);
    }
    let found = look(&mut world, &Wanted::new(&key, "new-3"));
    assert_eq!(blocked(&found), [].into(), "{found:#?}");
    let (ended, why) = deploy(&mut world, &key, "new-3");
    assert_eq!((ended.as_str(), why.as_str()), ("new-3", ""));
}
