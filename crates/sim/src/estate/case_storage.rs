//! The buckets of the estate of every case, its artifacts, and the models that load them.

use serde_json::{Map, Value, json};

use super::builder::{Builder, many, prefix, url};
use super::case_keys::{ACCOUNT, MEMBER, OTHER_REGION, REGION};
use crate::world::World;

/// Where outputs go, round and round.
pub(super) const PLACES: &[&str] = &[
    "s3://out-good",
    "s3://out-s3",
    "s3://out-aws",
    "s3://out-alias",
    "s3://out-foreign",
    "s3://out-never",
    "s3://out-elsewhere",
    "s3://out-gone",
    "s3://out-closed",
    "s3://arn:aws:s3:eu-west-1:111122223333:accesspoint/point",
    "s3://out-with.dot",
    "s3://Not_A_Bucket",
];

/// Makes buckets, objects and models; what AWS made for them.
pub(super) fn make_storage(world: &mut World, keys: &mut Map<String, Value>) -> Value {
    let arn = |name: &str| {
        let key = keys.get(name).and_then(|key| key.get("arn"));
        key.and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let (good, gone, closed) = (arn("good"), arn("gone"), arn("closed"));
    let kms = Some("aws:kms");
    let mut there = Builder::new(world, ACCOUNT, OTHER_REGION);
    there.bucket("out-elsewhere", kms, Some(&arn("elsewhere")));
    there.object("out-elsewhere", "m", None, None);
    let mut member = Builder::new(world, MEMBER, REGION);
    member.bucket("out-foreign", None, None);
    member.object("out-foreign", "m", None, None);
    let mut here = Builder::new(world, ACCOUNT, REGION);
    // What DescribeKey of a reserved alias makes: a key that AWS manages.
    let made = here.kms("DescribeKey", &json!({ "KeyId": "alias/aws/s3" }));
    let aws = made.pointer("/KeyMetadata/Arn").and_then(Value::as_str);
    let aws = aws.unwrap_or_default().to_owned();
    here.bucket("out-good", kms, Some(&good));
    here.bucket("out-with.dot", Some("aws:kms:dsse"), Some(&good));
    here.bucket("out-s3", None, None);
    here.bucket("out-aws", kms, Some(&aws));
    here.bucket("out-bare", kms, None);
    here.bucket("out-alias", kms, Some("alias/prod-good"));
    here.bucket("out-gone", kms, Some(&gone));
    here.bucket("out-closed", kms, Some(&closed));
    here.bucket("was-s3", None, None);
    here.object("was-s3", "old", None, None);
    here.default_encryption("was-s3", kms, Some(&good));
    here.object("out-s3", "a b/é+#%.tar.gz", kms, Some("alias/prod-good"));
    here.object("out-good", "s3", Some("AES256"), None);
    here.object("out-good", "default", None, None);
    here.object("out-bare", "aws", None, None);
    here.object("out-good", "prefix/part 1+2", None, None);
    here.object("out-good", "prefix/part-2", kms, Some(&good));
    let loads: [&[Value]; 10] = [
        &[],
        &[url("s3://out-s3/a b/é+#%.tar.gz")],
        &[url("s3://out-good/s3")],
        &[url("s3://out-bare/aws")],
        &[prefix("s3://out-good/prefix/")],
        &[many("s3://out-s3/many/")],
        &[url("s3://out-good/never-made")],
        &[url("s3://out-foreign/m")],
        &[url("s3://out-good/default"), url("s3://was-s3/old")],
        &[url("s3://out-elsewhere/m")],
    ];
    for (number, loads) in loads.iter().enumerate() {
        here.model(&format!("model-{number}"), loads);
    }
    json!({ "aws_key": aws })
}
