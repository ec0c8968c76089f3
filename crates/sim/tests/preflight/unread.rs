//! What is not known is never a denial, and never a permission.

use sagelock_domain::call::{CallError, CallErrorKind, Op};
use sagelock_domain::preflight::{Answer, Preflight, Step};
use sagelock_domain::why::Why;
use sagelock_sim::{Service, World};
use serde_json::{Value, json};

use crate::calls::{ACCOUNT, REGION, put_policy, root};
use crate::deployment::{
    MANAGEMENT, Wanted, blocked, config, deny_everybody, foretold, look, set_up, world,
};

fn denied() -> CallError {
    CallError {
        kind: CallErrorKind::AccessDenied,
        code: "AccessDeniedException".to_owned(),
        message: String::new(),
    }
}

#[test]
fn what_cannot_be_read_is_unknown_and_blocks_nothing() {
    let mut world = world();
    let key = set_up(&mut world);
    // Alone, the account sees no control policies; and here not its users and roles.
    let found = foretold(&Wanted::new(&key, "new-1"), &[ACCOUNT], |address, call| {
        if call.op() == Op::GetAccountAuthorizationDetails {
            return Err(denied());
        }
        world.answer(address.account.as_str(), address.region.as_str(), call)
    });
    // The key policy is known, and lets nobody create a grant, whatever its own policies say.
    assert_eq!(blocked(&found), [Step::Grant].into(), "{found:#?}");
    let unknown = found.checks.iter().filter_map(|check| match &check.answer {
        Answer::Unknown(why) => Some((check.step, named(why))),
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

/// Reasons for not knowing, by name.
fn named(why: &[Why]) -> String {
    let names = why.iter().map(|why| {
        if let Why::Doubt(doubt) = why {
            doubt.to_string()
        } else {
            format!("{why:?}")
        }
    });
    names.collect::<Vec<_>>().join(" ")
}

/// The answer to one step, and its words.
fn told(found: &Preflight, step: Step, action: Option<&str>) -> (&'static str, String) {
    let mut checks = found.checks.iter();
    let check = checks.find(|check| check.step == step && check.action == action);
    let check = check.unwrap_or_else(|| panic!("no {step:?} {action:?}: {found:#?}"));
    let says = match &check.answer {
        Answer::Passed => String::new(),
        Answer::Blocked(block) | Answer::Spare(block) => block.says.clone(),
        Answer::Unknown(why) => named(why),
        Answer::Noted(says) => says.clone(),
    };
    (check.answer.name(), says)
}

#[test]
fn a_key_of_which_kms_says_something_new_is_not_known() {
    let mut world = world();
    let key = set_up(&mut world);
    for (field, value, answer, says) in [
        ("KeyState", json!("Enabled"), "passed", ""),
        // The primary Region of a multi-Region key is changing; it goes on working.
        ("KeyState", json!("Updating"), "passed", ""),
        (
            "KeyState",
            json!("PendingImport"),
            "blocked",
            "PendingImport",
        ),
        (
            "KeyState",
            json!("Quiesced"),
            "unknown",
            "KeyState(\"Quiesced\")",
        ),
        ("KeyState", Value::Null, "unknown", "KeyStateMissing"),
        ("KeySpec", Value::Null, "unknown", "KeyKindMissing"),
        ("KeySpec", json!("RSA_2048"), "blocked", "RSA_2048"),
    ] {
        let wanted = Wanted::new(&key, "new-1");
        let found = foretold(&wanted, &[MANAGEMENT, ACCOUNT], |address, call| {
            let (account, region) = (address.account.as_str(), address.region.as_str());
            let mut reply = world.answer(account, region, call)?;
            if call.op() == Op::DescribeKey {
                let mut body: Value = reply.view().expect("JSON");
                let fields = body
                    .pointer_mut("/KeyMetadata")
                    .and_then(Value::as_object_mut);
                let fields = fields.expect("an object");
                fields.insert(field.to_owned(), value.clone());
                if field == "KeySpec" {
                    fields.remove("CustomerMasterKeySpec");
                }
                reply.body = serde_json::value::to_raw_value(&body).expect("JSON");
            }
            Ok(reply)
        });
        let (is, why) = told(&found, Step::Key, None);
        assert_eq!(is, answer, "{field} {value}: {why}");
        assert!(why.contains(says), "{why}");
    }
}

#[test]
fn who_is_in_no_list_of_roles_and_users_is_not_missing() {
    let mut world = world();
    let key = set_up(&mut world);
    let arn = |who: &str| format!("arn:aws:sts::{ACCOUNT}:{who}");
    for (who, answer, says) in [
        (arn("federated-user/ci"), "unknown", ""),
        (arn("assumed-role/Nobody/ci"), "blocked", "there is no"),
        (
            arn("assumed-role/Deployer/ci"),
            "blocked",
            "not allowed by identity policy",
        ),
    ] {
        let wanted = Wanted {
            deployer: &who,
            ..Wanted::new(&key, "new-1")
        };
        let found = look(&mut world, &wanted);
        let deploy = found
            .checks
            .iter()
            .rfind(|check| check.step == Step::Deploy);
        let deploy = deploy.expect("a check");
        assert_eq!(deploy.answer.name(), answer, "{deploy:#?}");
        if let Answer::Blocked(block) = &deploy.answer {
            assert!(block.says.contains(says), "{}", block.says);
        }
    }
}

/// Of an endpoint that is not there yet, with a model that runs as a role and loads something.
fn of_model(world: &mut World, key: &str, role: &str, url: &str) -> Preflight {
    let role = format!("arn:aws:iam::{ACCOUNT}:role/{role}");
    let model = json!({ "ModelName": "loads", "ExecutionRoleArn": role,
        "PrimaryContainer": { "Image": "i", "ModelDataUrl": url } });
    root(world, Service::SageMaker, "CreateModel", &model);
    let mut planned = config("planned", Some(key));
    *planned
        .pointer_mut("/ProductionVariants/0/ModelName")
        .expect("a name") = json!("loads");
    let wanted = Wanted {
        is_new: true,
        planned: Some(planned),
        ..Wanted::new(key, "planned")
    };
    look(world, &wanted)
}

/// What an endpoint that is not there yet is to load is asked about, as far as the bucket's side is known.
#[test]
fn what_a_planned_model_loads_is_asked() {
    let allows = json!({ "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*" });
    let denies = json!({ "Sid": "NoModels", "Effect": "Deny", "Action": "s3:*", "Resource": "*" });
    let object = "s3://fjord-models-eu/fraud/model.tar.gz";
    let point = "s3://arn:aws:s3:eu-west-1:222233334444:accesspoint/models/fraud/model.tar.gz";
    for (statements, is_under_rcp, url, answer, says) in [
        (json!([allows]), false, object, "passed", ""),
        (
            json!([allows, denies]),
            false,
            object,
            "blocked",
            "NoModels",
        ),
        // A bucket policy of the same account may allow what no identity policy does.
        (json!([]), false, object, "unknown", ""),
        // Whose bucket it is, S3 does not say; the RCP is that of this organisation.
        (json!([allows]), true, object, "unknown", "BucketOwner"),
        (json!([allows]), false, point, "unknown", "NoBucket"),
    ] {
        let mut world = world();
        let key = set_up(&mut world);
        if statements != json!([]) {
            put_policy(&mut world, "exec", "models", &statements);
        }
        if is_under_rcp {
            deny_everybody(
                &mut world,
                "RESOURCE_CONTROL_POLICY",
                "NoReads",
                "s3:GetObject",
            );
        }
        let found = of_model(&mut world, &key, "exec", url);
        let (is, why) = told(&found, Step::Load, Some("s3:GetObject"));
        assert_eq!(is, answer, "{statements} {url}: {why}");
        assert!(why.contains(says), "{why}");
    }
}

#[test]
fn what_is_loaded_and_not_read_is_not_known() {
    let package = json!({ "ModelPackageName":
        format!("arn:aws:sagemaker:{REGION}:{ACCOUNT}:model-package/fraud/1") });
    for (container, says) in [(Some(package), "ModelPackage"), (None, "Components")] {
        let mut world = world();
        let key = set_up(&mut world);
        let mut planned = config("planned", Some(&key));
        let variant = planned.pointer_mut("/ProductionVariants/0");
        let variant = variant.and_then(Value::as_object_mut).expect("a variant");
        match container {
            Some(container) => {
                let model = json!({ "ModelName": "loads", "PrimaryContainer": container,
                    "ExecutionRoleArn": format!("arn:aws:iam::{ACCOUNT}:role/exec") });
                root(&mut world, Service::SageMaker, "CreateModel", &model);
                variant.insert("ModelName".to_owned(), json!("loads"));
            }
            None => {
                variant.remove("ModelName");
            }
        }
        let wanted = Wanted {
            is_new: true,
            planned: Some(planned),
            ..Wanted::new(&key, "planned")
        };
        let (is, why) = told(&look(&mut world, &wanted), Step::Load, None);
        assert_eq!(is, "unknown", "{why}");
        assert!(why.contains(says), "{why}");
    }
}

#[test]
fn a_role_that_nothing_will_run_as_has_no_say() {
    let mut world = world();
    let key = set_up(&mut world);
    let named = format!("arn:aws:iam::{ACCOUNT}:role/Named");
    let wanted = Wanted {
        roles: vec![named.clone()],
        ..Wanted::new(&key, "new-1")
    };
    let found = look(&mut world, &wanted);
    let (is, why) = told(&found, Step::CreateModel, None);
    assert_eq!(is, "noted", "{why}");
    let of_role = found.checks.iter().filter(|check| {
        check.principal.as_ref() == Some(&named)
            || (check.resource == named && check.action.is_some())
    });
    assert_eq!(of_role.count(), 0, "{found:#?}");
}

#[test]
fn a_configuration_that_was_not_read_may_be_gone() {
    let mut world = world();
    let key = set_up(&mut world);
    let wanted = Wanted {
        planned: Some(config("planned", Some(&key))),
        ..Wanted::new(&key, "planned")
    };
    let accounts = [MANAGEMENT, ACCOUNT];
    let found = foretold(&wanted, &accounts, |address, call| {
        if call.op() == Op::DescribeEndpointConfig {
            return Err(denied());
        }
        world.answer(address.account.as_str(), address.region.as_str(), call)
    });
    let (is, _) = told(&found, Step::Endpoint, None);
    assert_eq!(is, "unknown");
}

#[test]
fn a_role_and_an_object_that_are_not_there_block() {
    let mut world = world();
    let key = set_up(&mut world);
    let found = of_model(
        &mut world,
        &key,
        "nosuch",
        "s3://nosuch-bucket/model.tar.gz",
    );
    let missing = |step: Step, says: &str| {
        let mut checks = found.checks.iter().filter(|check| check.step == step);
        checks.any(|check| matches!(&check.answer, Answer::Blocked(why) if why.says.contains(says)))
    };
    assert!(missing(Step::Models, "there is no"), "{found:#?}");
    assert!(missing(Step::Load, "there is no object"), "{found:#?}");
}
