//! What the execution role needs of S3, and of the keys that objects are under.

use sagelock_policy::Document;
use sagelock_policy::access::On;

use super::requests::{Asking, Told, Who, check, told};
use super::{Answer, Check, Step};
use crate::fact::Fact;
use crate::ids::{KeyRef, Partition, Place, Region};
use crate::inventory::{Artifact, Control, Encryption, Extent, ObjectName, Output, Resolved};
use crate::why::Why;

/// What is loaded and what is written.
pub(super) fn storage(asking: &Asking<'_>, roles: &[Who<'_>]) -> Vec<Check> {
    let mut checks = Vec::new();
    let facts = &asking.deployment.facts;
    for name in facts.models() {
        let model = asking
            .cell
            .models
            .get(name)
            .and_then(|read| read.fact.known());
        let Some(Some(model)) = model else {
            let answer = Answer::unknown(Why::ModelUnread(name.clone()));
            checks.push(check(Step::Load, None, None, name.as_str(), answer));
            continue;
        };
        let runs_as = roles
            .iter()
            .find(|role| Some(&role.arn) == model.execution_role.as_ref());
        let unknown = |why: Why| {
            check(
                Step::Load,
                runs_as,
                None,
                name.as_str(),
                Answer::unknown(why),
            )
        };
        // SageMaker API, `ContainerDefinition`, `ModelPackageName`.
        for package in &model.packages {
            checks.push(unknown(Why::ModelPackage {
                model: name.clone(),
                package: package.clone(),
            }));
        }
        let Some(role) = runs_as else {
            if !model.artifacts.is_empty() {
                checks.push(unknown(Why::ModelRole(name.clone())));
            }
            continue;
        };
        for artifact in &model.artifacts {
            checks.extend(load(asking, role, artifact));
        }
    }
    // SageMaker API, `ProductionVariant`, `ModelName`: inference components name their models themselves.
    for variant in facts.variants.iter().filter(|one| one.models.is_empty()) {
        let answer = Answer::unknown(Why::Components);
        checks.push(check(Step::Load, None, None, &variant.name, answer));
    }
    let captures = facts.capture.iter().filter(|capture| capture.enabled);
    let dumps = facts
        .variants
        .iter()
        .filter_map(|one| one.core_dump.as_ref());
    let outputs: Vec<&Output> = captures
        .map(|capture| &capture.output)
        .chain(facts.async_output.as_ref())
        .chain(dumps.map(|dump| &dump.output))
        .collect();
    for role in roles {
        for output in &outputs {
            checks.extend(write(asking, role, output));
        }
    }
    checks
}

/// A place in S3 as a policy names it; `None` for what is no bucket.
fn arn_of(asking: &Asking<'_>, uri: &str, more: &str) -> Option<String> {
    let partition = Partition::of_region(&asking.cell.id.region);
    match Place::read(uri) {
        Place::Bucket(bucket, key) => {
            let slash = if more.is_empty() || key.is_empty() || key.ends_with('/') {
                ""
            } else {
                "/"
            };
            Some(format!(
                "arn:{}:s3:::{bucket}/{key}{slash}{more}",
                partition.as_str()
            ))
        }
        Place::AccessPoint | Place::Other => None,
    }
}

/// Objects have names of their own: a policy that allows no name that we make up may allow theirs.
const ANY_OBJECT: &str = "object";

fn of_object(
    asking: &Asking<'_>,
    (step, role, action): (Step, &Who<'_>, &'static str),
    uri: &str,
    is_many: bool,
) -> Check {
    let Some(arn) = arn_of(asking, uri, if is_many { ANY_OBJECT } else { "" }) else {
        let answer = Answer::unknown(Why::NoBucket(uri.to_owned()));
        return check(step, Some(role), Some(action), uri, answer);
    };
    let region = vec![told("aws:RequestedRegion", asking.cell.id.region.as_str())];
    let account = &asking.cell.id.account;
    let ask = |rcp: Option<&[Vec<Document>]>| {
        let on = On::Resource {
            arn: &arn,
            account: account.as_str(),
            may_have_policy: true,
            rcp,
        };
        asking.answer(role, action, on, &region, &[])
    };
    let rcp = asking.reader.controls(Control::Resource, account);
    // Whose bucket it is, S3 does not say: what only a policy of this account denies may be allowed.
    let answer = ask(rcp.as_deref()).unless_blocked(|block| match ask(Some(&[])) {
        Answer::Blocked(block) => Answer::Blocked(block),
        Answer::Passed | Answer::Spare(_) | Answer::Unknown(_) | Answer::Noted(_) => {
            Answer::unknown(Why::BucketOwner {
                account: account.clone(),
                denied: block.says,
            })
        }
    });
    let answer = answer.unless_blocked(|block| {
        if is_many {
            Answer::unknown(Why::ObjectNames {
                uri: uri.to_owned(),
                denied: block.says,
            })
        } else {
            Answer::Blocked(block)
        }
    });
    check(step, Some(role), Some(action), &arn, answer)
}

/// SageMaker API, CreateModel, `ExecutionRoleArn`: it loads the artifacts.
fn load(asking: &Asking<'_>, role: &Who<'_>, artifact: &Artifact) -> Vec<Check> {
    let mut checks = Vec::new();
    let uri = &artifact.uri;
    let reads = (Step::Load, role, "s3:GetObject");
    checks.push(of_object(
        asking,
        reads,
        uri,
        artifact.extent != Extent::Object,
    ));
    let Place::Bucket(bucket, name) = Place::read(uri) else {
        return checks;
    };
    for kept in encryptions(asking, artifact, (bucket, name)) {
        checks.extend(decrypt(asking, role, uri, kept));
    }
    checks
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

/// SageMaker Developer Guide, "Capture data"; "Asynchronous inference": the execution role writes.
fn write(asking: &Asking<'_>, role: &Who<'_>, output: &Output) -> Vec<Check> {
    let mut checks: Vec<Check> = output
        .uris
        .iter()
        .map(|uri| of_object(asking, (Step::Write, role, "s3:PutObject"), uri, true))
        .collect();
    let action = "kms:GenerateDataKey";
    let region = &asking.cell.id.region;
    if let Some(key) = &output.key {
        checks.extend(of_key(asking, (Step::Write, role, action), key, region));
        return checks;
    }
    for uri in &output.uris {
        let Place::Bucket(bucket, _) = Place::read(uri) else {
            continue;
        };
        let read = asking
            .cell
            .storage
            .buckets
            .get(&bucket)
            .map(|read| &read.fact);
        let unknown = |why: Why| {
            let answer = Answer::unknown(why);
            check(Step::Write, Some(role), Some(action), uri, answer)
        };
        match read {
            Some(Fact::Known(Some(facts))) => match &facts.default {
                Encryption::Kms(Some(key)) => {
                    checks.extend(of_key(
                        asking,
                        (Step::Write, role, action),
                        key,
                        &facts.region,
                    ));
                }
                Encryption::Kms(None)
                | Encryption::None
                | Encryption::S3
                | Encryption::Customer => {}
                Encryption::Other(name) => {
                    checks.push(unknown(Why::Encryption(name.clone())));
                }
            },
            Some(Fact::Known(None)) => {
                let answer = cannot_write(&format!("there is no bucket {bucket}"));
                checks.push(check(Step::Write, Some(role), None, uri, answer));
            }
            Some(Fact::Unknown(gap)) => checks.push(unknown(Why::from(gap))),
            None => checks.push(unknown(Why::BucketDefault(bucket.to_string()))),
        }
    }
    checks
}

/// A key that S3 uses for the role (S3 User Guide, "Using server-side encryption with AWS KMS keys").
fn of_key(
    asking: &Asking<'_>,
    (step, role, action): (Step, &Who<'_>, &'static str),
    reference: &KeyRef,
    region: &Region,
) -> Option<Check> {
    let not_read = |answer| check(step, Some(role), Some(action), reference.as_str(), answer);
    let key = match asking.resolved(reference, region) {
        // `aws/s3` lets everybody of the account use it through S3 (KMS Developer Guide, "AWS managed
        // keys").
        Some(Resolved::AwsManagedAlias) if reference.as_str().ends_with("alias/aws/s3") => {
            return None;
        }
        Some(Resolved::NotFound | Resolved::OtherPartition) => {
            let says = "KMS does not know the key";
            let answer = if step == Step::Write {
                cannot_write(says)
            } else {
                Answer::blocked(says)
            };
            return Some(not_read(answer));
        }
        Some(Resolved::Key(arn)) => asking.keys.by_arn.get(arn),
        Some(Resolved::AwsManagedAlias) | None => None,
    };
    let Some(key) = key else {
        let answer = Answer::unknown(Why::KeyUnread(reference.clone()));
        return Some(not_read(answer));
    };
    let asked = asking.reader.key(key);
    let host = format!("s3.{region}.amazonaws.com");
    let on = On::Key {
        key: &asked,
        via: Some(&host),
    };
    let answer = asking.answer(role, action, on, &Told::new(), &[]);
    let answer = answer.unless_blocked(|block| {
        if step == Step::Write {
            cannot_write(&block.says)
        } else {
            Answer::Blocked(block)
        }
    });
    Some(check(
        step,
        Some(role),
        Some(action),
        key.arn.as_str(),
        answer,
    ))
}

fn cannot_write(says: &str) -> Answer {
    Answer::Noted(format!(
        "the endpoint comes up, and cannot write its output: {says}"
    ))
}
