//! What lies under a prefix may be under several keys, and the role needs each of them.

use sagelock_domain::call::{Call, CallError, CallErrorKind};
use sagelock_domain::preflight::{AnswerKind, Check, Step};
use sagelock_sim::{Ctx, Input, Service, World};
use serde_json::{Value, json};

use crate::calls::{ACCOUNT, REGION, put_policy, root};
use crate::deployment::{MANAGEMENT, Wanted, config, foretold, set_up, world};

/// A key; its ARN.
fn key(world: &mut World) -> String {
    let made = root(world, Service::Kms, "CreateKey", &json!({}));
    let arn = made.pointer("/KeyMetadata/Arn").and_then(Value::as_str);
    arn.expect("an ARN").to_owned()
}

fn put(world: &mut World, name: &str, key: &str) {
    let input = json!({ "Bucket": "weights", "Key": name, "ServerSideEncryption": "aws:kms",
        "SSEKMSKeyId": key });
    let input = Input::from_json(&input.to_string()).expect("an input");
    let ctx = Ctx::root(Service::S3, ACCOUNT, REGION);
    world.perform(&ctx, "PutObject", &input.carrying(b"weights"));
}

/// What is foretold of loading where the role may use the first of two keys, and the caller may list the bucket or
/// not.
fn decrypts(objects: usize, lists: bool) -> (String, Vec<Check>) {
    let mut world = world();
    let volume = set_up(&mut world);
    let (first, second) = (key(&mut world), key(&mut world));
    let reads = json!([
        { "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*" },
        { "Effect": "Allow", "Action": "kms:Decrypt", "Resource": first } ]);
    put_policy(&mut world, "exec", "reads", &reads);
    root(
        &mut world,
        Service::S3,
        "CreateBucket",
        &json!({ "Bucket": "weights", "LocationConstraint": REGION }),
    );
    for number in 0..objects {
        put(&mut world, &format!("m/part-{number:03}"), &first);
    }
    put(&mut world, "m/part-last", &second);
    let source = json!({ "S3DataSource": { "S3Uri": "s3://weights/m/", "S3DataType": "S3Prefix",
        "CompressionType": "None" } });
    let model = json!({ "ModelName": "large", "PrimaryContainer": { "Image": "i",
        "ModelDataSource": source }, "ExecutionRoleArn": format!("arn:aws:iam::{ACCOUNT}:role/exec") });
    root(&mut world, Service::SageMaker, "CreateModel", &model);
    let mut planned = config("new-1", Some(&volume));
    *planned
        .pointer_mut("/ProductionVariants/0/ModelName")
        .expect("a model") = json!("large");
    let wanted = Wanted {
        planned: Some(planned),
        ..Wanted::new(&volume, "new-1")
    };
    let found = foretold(&wanted, &[MANAGEMENT, ACCOUNT], |address, call| {
        if matches!(call, Call::ListObjectsV2(_)) && !lists {
            return Err(CallError {
                kind: CallErrorKind::AccessDenied,
                code: "AccessDenied".to_owned(),
                message: String::new(),
            });
        }
        world.answer(address.account.as_str(), address.region.as_str(), call)
    });
    let checks = found.checks.into_iter();
    let loads =
        checks.filter(|check| check.step == Step::Load && check.action != Some("s3:GetObject"));
    (second, loads.collect())
}

#[test]
fn each_key_of_the_objects_under_a_prefix_is_asked_about() {
    let (second, checks) = decrypts(2, true);
    let kinds: Vec<AnswerKind> = checks.iter().map(|check| check.answer.kind()).collect();
    assert_eq!(
        kinds,
        [AnswerKind::Passed, AnswerKind::Blocked],
        "{checks:#?}"
    );
    let blocked = checks.last().expect("a check");
    assert!(blocked.resource.contains(&second), "{blocked:?}");
}

#[test]
fn the_keys_of_objects_beyond_the_first_250_are_not_known() {
    let (_, checks) = decrypts(250, true);
    let kinds: Vec<AnswerKind> = checks.iter().map(|check| check.answer.kind()).collect();
    assert_eq!(
        kinds,
        [AnswerKind::Passed, AnswerKind::Unknown],
        "{checks:#?}"
    );
}

#[test]
fn a_prefix_that_may_not_be_listed_is_not_passed_by_its_bucket() {
    let (_, checks) = decrypts(2, false);
    let has = |kind| checks.iter().any(|check| check.answer.kind() == kind);
    assert!(has(AnswerKind::Unknown), "{checks:#?}");
}
