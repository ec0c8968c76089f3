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

/// Objects under a prefix, the first of two keys over all but one of them, and what the role may do beside decrypting
/// with that key.
struct Under {
    /// How many are under the first key.
    objects: usize,
    /// Whether there is one under the second.
    has_last: bool,
    /// Whether the caller may list the bucket.
    lists: bool,
    /// The statement of the role.
    reads: Value,
}

impl Under {
    fn of(objects: usize) -> Self {
        Self {
            objects,
            has_last: true,
            lists: true,
            reads: json!({ "Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket"],
                "Resource": "*" }),
        }
    }
}

/// What is foretold of loading, and the second key.
fn loads(under: &Under) -> (String, Vec<Check>) {
    let mut world = world();
    let volume = set_up(&mut world);
    let (first, second) = (key(&mut world), key(&mut world));
    let reads = json!([
        under.reads, { "Effect": "Allow", "Action": "kms:Decrypt", "Resource": first } ]);
    put_policy(&mut world, "exec", "reads", &reads);
    root(
        &mut world,
        Service::S3,
        "CreateBucket",
        &json!({ "Bucket": "weights", "LocationConstraint": REGION }),
    );
    for number in 0..under.objects {
        put(&mut world, &format!("m/part-{number:03}"), &first);
    }
    if under.has_last {
        put(&mut world, "m/part-last", &second);
    }
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
        if matches!(call, Call::ListObjectsV2(_)) && !under.lists {
            return Err(CallError {
                kind: CallErrorKind::AccessDenied,
                code: "AccessDenied".to_owned(),
                message: String::new(),
            });
        }
        world.answer(address.account.as_str(), address.region.as_str(), call)
    });
    let checks = found.checks.into_iter();
    let loads = checks.filter(|check| check.step == Step::Load);
    (second, loads.collect())
}

/// The same, of the keys alone.
fn decrypts(under: &Under) -> (String, Vec<Check>) {
    let (second, mut checks) = loads(under);
    let of_s3 = ["s3:GetObject", "s3:ListBucket"].map(Some);
    checks.retain(|check| !of_s3.contains(&check.action));
    (second, checks)
}

/// What was found of an action of S3.
fn of(checks: &[Check], action: &str) -> Vec<AnswerKind> {
    let checks = checks.iter().filter(|check| check.action == Some(action));
    checks.map(|check| check.answer.kind()).collect()
}

#[test]
fn a_prefix_that_holds_nothing_cannot_be_loaded() {
    let under = Under {
        has_last: false,
        ..Under::of(0)
    };
    let (_, checks) = loads(&under);
    let kinds: Vec<AnswerKind> = checks.iter().map(|check| check.answer.kind()).collect();
    assert_eq!(kinds, [AnswerKind::Blocked], "{checks:#?}");
}

#[test]
fn every_object_that_was_listed_has_to_be_readable() {
    // What the role's own policies do not allow, the policy of the bucket may.
    for (object, expected) in [
        ("m/*", AnswerKind::Passed),
        ("m/part-000", AnswerKind::Unknown),
    ] {
        let under = Under {
            reads: json!({ "Effect": "Allow", "Action": "s3:GetObject",
                "Resource": format!("arn:aws:s3:::weights/{object}") }),
            ..Under::of(2)
        };
        let (_, checks) = loads(&under);
        assert_eq!(of(&checks, "s3:GetObject"), [expected], "{checks:#?}");
        // That SageMaker lists the prefix as the role, no page says.
        assert_eq!(
            of(&checks, "s3:ListBucket"),
            [AnswerKind::Unknown],
            "{checks:#?}"
        );
    }
    let (_, checks) = loads(&Under::of(2));
    assert_eq!(
        of(&checks, "s3:ListBucket"),
        [AnswerKind::Passed],
        "{checks:#?}"
    );
}

#[test]
fn each_key_of_the_objects_under_a_prefix_is_asked_about() {
    let (second, checks) = decrypts(&Under::of(2));
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
    let (_, checks) = decrypts(&Under::of(250));
    let kinds: Vec<AnswerKind> = checks.iter().map(|check| check.answer.kind()).collect();
    assert_eq!(
        kinds,
        [AnswerKind::Passed, AnswerKind::Unknown],
        "{checks:#?}"
    );
}

#[test]
fn a_prefix_that_may_not_be_listed_is_not_passed_by_its_bucket() {
    let under = Under {
        lists: false,
        ..Under::of(2)
    };
    let (_, checks) = decrypts(&under);
    let has = |kind| checks.iter().any(|check| check.answer.kind() == kind);
    assert!(has(AnswerKind::Unknown), "{checks:#?}");
}
