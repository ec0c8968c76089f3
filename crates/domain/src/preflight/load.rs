//! What the execution role needs to load a model's artifacts.

use super::objects::{of_arn, of_key, of_object};
use super::requests::{Asking, Who, check};
use super::{Answer, Check, Step};
use crate::fact::Fact;
use crate::ids::{BucketName, Partition, Place, Region};
use crate::inventory::{Artifact, Encryption, Extent, ObjectName, PrefixFacts};
use crate::why::Why;

/// SageMaker API, CreateModel, `ExecutionRoleArn`: it loads the artifacts.
pub(super) fn load(asking: &Asking<'_>, role: &Who<'_>, artifact: &Artifact) -> Vec<Check> {
    let uri = &artifact.uri;
    let reads = (Step::Load, role, "s3:GetObject");
    let Place::Bucket(bucket, name) = Place::read(uri) else {
        return vec![of_object(asking, reads, uri, false)];
    };
    let mut checks = Vec::new();
    match (artifact.extent, listed(asking, &bucket, &name)) {
        (Extent::Prefix, Some(listed)) if listed.keys.is_empty() && listed.is_whole => {
            let answer = Answer::blocked(format!("there is no object under {uri}"));
            return vec![check(Step::Load, Some(role), None, uri, answer)];
        }
        (Extent::Prefix, Some(listed)) => {
            checks.push(lists(asking, role, uri, (&bucket, &name)));
            checks.push(of_listed(asking, reads, &bucket, &listed.keys));
            if !listed.is_whole {
                checks.push(of_object(asking, reads, uri, true));
            }
        }
        (Extent::Prefix, None) => {
            checks.push(lists(asking, role, uri, (&bucket, &name)));
            checks.push(of_object(asking, reads, uri, true));
        }
        (Extent::Object, _) => checks.push(of_object(asking, reads, uri, false)),
        (Extent::Manifest, _) => checks.push(of_object(asking, reads, uri, true)),
    }
    for kept in encryptions(asking, artifact, (bucket, name)) {
        checks.extend(decrypt(asking, role, uri, kept));
    }
    checks
}

/// What is under a prefix, where it was listed.
fn listed<'a>(asking: &Asking<'a>, bucket: &BucketName, prefix: &str) -> Option<&'a PrefixFacts> {
    let name = (bucket.clone(), prefix.to_owned());
    let listed = asking.cell.storage.prefixes.get(&name)?;
    listed.fact.known()?.as_ref()
}

/// Whether the role may list a prefix. That SageMaker lists it as the role, no page says.
fn lists(
    asking: &Asking<'_>,
    role: &Who<'_>,
    uri: &str,
    (bucket, prefix): (&BucketName, &str),
) -> Check {
    let action = "s3:ListBucket";
    let partition = Partition::of_region(&asking.cell.id.region);
    let arn = format!("arn:{}:s3:::{bucket}", partition.as_str());
    let answer = of_arn(asking, (role, action), &arn, &[("s3:prefix", prefix)]);
    let answer = answer.unless_blocked(|block| {
        Answer::unknown(Why::PrefixListed {
            uri: uri.to_owned(),
            denied: block.says,
        })
    });
    check(Step::Load, Some(role), Some(action), &arn, answer)
}

/// Whether the role may read every object that was listed: the first that it may not, or that is not known.
fn of_listed(
    asking: &Asking<'_>,
    (step, role, action): (Step, &Who<'_>, &'static str),
    bucket: &BucketName,
    keys: &[String],
) -> Check {
    let mut worst: Option<Check> = None;
    for key in keys {
        let found = of_object(
            asking,
            (step, role, action),
            &format!("s3://{bucket}/{key}"),
            false,
        );
        match found.answer {
            Answer::Blocked(_) => return found,
            Answer::Unknown(_) => worst = Some(found),
            Answer::Passed | Answer::Spare(_) | Answer::Noted(_) => {
                worst.get_or_insert(found);
            }
        }
    }
    worst.unwrap_or_else(|| {
        let arn = format!("s3://{bucket}");
        of_object(asking, (step, role, action), &arn, true)
    })
}

/// How what a place holds is encrypted; none: nobody asked.
type Kept<'a> = Option<Result<(&'a Region, &'a Encryption), Answer>>;

/// Each of the ways in which what a place holds is encrypted.
fn encryptions<'a>(asking: &Asking<'a>, artifact: &Artifact, name: ObjectName) -> Vec<Kept<'a>> {
    let storage = &asking.cell.storage;
    let uri = &artifact.uri;
    let of_object = |name: &ObjectName| match &storage.objects.get(name)?.fact {
        Fact::Known(Some(facts)) => Some(Ok((&facts.region, &facts.encryption))),
        Fact::Known(None) => Some(Err(Answer::blocked(format!("there is no object {uri}")))),
        Fact::Unknown(gap) => Some(Err(Answer::unknown(gap))),
    };
    let (bucket, key) = name;
    let by_default = || match &storage.buckets.get(&bucket)?.fact {
        Fact::Known(Some(facts)) => Some(Ok((&facts.region, &facts.default))),
        Fact::Known(None) => Some(Err(Answer::blocked(format!("there is no bucket {bucket}")))),
        Fact::Unknown(gap) => Some(Err(Answer::unknown(gap))),
    };
    match artifact.extent {
        Extent::Object => vec![of_object(&(bucket, key))],
        Extent::Manifest => vec![by_default()],
        Extent::Prefix => {
            let listed = storage.prefixes.get(&(bucket.clone(), key));
            let listed = match listed.map(|read| &read.fact) {
                Some(Fact::Known(Some(listed))) => listed,
                Some(Fact::Unknown(gap)) => {
                    return vec![by_default(), Some(Err(Answer::unknown(gap)))];
                }
                Some(Fact::Known(None)) | None => return vec![by_default()],
            };
            let mut different: Vec<(&Region, &Encryption)> = Vec::new();
            let mut unread = (!listed.is_whole).then_some(None);
            for key in &listed.keys {
                match of_object(&(bucket.clone(), key.clone())) {
                    Some(Ok(kept)) if different.contains(&kept) => {}
                    Some(Ok(kept)) => different.push(kept),
                    Some(Err(Answer::Unknown(why))) => {
                        unread = Some(Some(Err(Answer::Unknown(why))));
                    }
                    // It was deleted since it was listed.
                    Some(Err(_)) => {}
                    None => unread = Some(None),
                }
            }
            let different = different.into_iter().map(|kept| Some(Ok(kept)));
            different.chain(unread).collect()
        }
    }
}

/// Whether the role may decrypt what is encrypted so.
fn decrypt(asking: &Asking<'_>, role: &Who<'_>, uri: &str, kept: Kept<'_>) -> Option<Check> {
    let action = "kms:Decrypt";
    match kept {
        Some(Ok((region, Encryption::Kms(Some(key))))) => {
            of_key(asking, (Step::Load, role, action), key, region)
        }
        // `aws/s3` lets everybody of the account use it through S3 (KMS Developer Guide, "AWS
        // managed keys").
        Some(Ok((
            _,
            Encryption::Kms(None) | Encryption::None | Encryption::S3 | Encryption::Customer,
        ))) => None,
        Some(Ok((_, Encryption::Other(name)))) => {
            let answer = Answer::unknown(Why::Encryption(name.clone()));
            Some(check(Step::Load, Some(role), Some(action), uri, answer))
        }
        Some(Err(answer)) => Some(check(Step::Load, Some(role), None, uri, answer)),
        None => {
            let answer = Answer::unknown(Why::ObjectKey);
            Some(check(Step::Load, Some(role), Some(action), uri, answer))
        }
    }
}
