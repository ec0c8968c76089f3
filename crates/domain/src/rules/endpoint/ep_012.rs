//! The model artifacts that a live endpoint loads lie in S3 under a customer managed key.
//!
//! An artifact is what was learnt from the data: whoever can read it can copy the model, and often
//! draw the data out of it. Every container of every model of the endpoint is looked at:
//! `ModelDataUrl`, `ModelDataSource` and `AdditionalModelDataSources`.
//!
//! **One object** is judged by its own encryption, whatever its bucket's default has become since:
//! a default holds for what is written later (S3 User Guide, "Setting default server-side
//! encryption behavior for Amazon S3 buckets"). **A prefix** and the place of a multi-model
//! container stand for many objects. The default encryption of the bucket must be under a customer
//! managed key, because the next object gets it, and each existing object is judged by its own
//! encryption. At most 250 objects of a prefix are listed; empty objects, such as those that the
//! console creates for folders, are skipped. If there are more than 250, the verdict is fail if any
//! object that was looked at is not under a customer managed key, and unknown otherwise.
//! **A manifest** names objects and is not read: the verdict is fail if the default encryption of
//! its bucket fails, and unknown otherwise.
//!
//! HeadObject needs `s3:GetObject`, which an auditor may not be given, and ListObjectsV2 needs
//! `s3:ListBucket`. With `model_artifacts = "bucket"` no object is asked about, and the default
//! encryption of its bucket is judged in its place. An artifact that is not there is answered with
//! "not found" only where the caller may list the bucket (`s3:ListBucket`), and with "denied"
//! otherwise; both are unknown.
//!
//! A container that is an image only has no artifact in S3. The artifacts of inference components
//! and those that only a model package names are not looked up.

use super::storage::{
    BUCKET_KEY_NOT_FOUND, BUCKET_REASONS, Kept, bucket_of, judge_default, kept, spot_of,
    unknown_encryption, with_chain,
};
use crate::call::Op;
use crate::fact::{Fact, Source};
use crate::ids::{BucketName, KeyRef, ModelName};
use crate::inventory::{Artifact, ConfigFacts, Extent, ObjectName};
use crate::rules::rule::{Check, Data, Rule, always};
use crate::rules::subject::{
    CONFIG_REASONS, EndpointView, KEY_REASONS, LIVE_REASONS, key_unknown, worst,
};
use crate::rules::verdict::{Evidence, Judgement, Reason, Verdict, known, reasons};
use crate::settings::ModelArtifacts;
use crate::severity::Severity;

reasons! {
    Pass CUSTOMER_KEY "artifact_customer_managed_key": "the model artifacts are under a customer managed key"; ""
    Fail NOT_CMK "artifact_not_cmk": "a model artifact is not under a customer managed key"; "copy the artifact over itself under a customer managed key, and let the execution role decrypt with it (kms:Decrypt)"
    Fail KEY_NOT_FOUND "artifact_key_not_found": "KMS does not know the key that a model artifact is under, so nobody can read it any more"; "write the artifact again under a customer managed key that exists"
    Unknown KEY_ELSEWHERE "artifact_key_not_known_here": "S3 names the key of an artifact without saying whose it is, and the endpoint's account does not know it"; "look at the key with the account that wrote the artifact"
    Unknown NOT_FOUND "artifact_not_found": "a model artifact is not there any more, so how it was encrypted cannot be read"; "put the artifact back, or move the endpoint to a model whose artifacts exist: the next scale-out will fail"
    Unknown OBJECT_NOT_READ "artifact_not_read": "a model artifact was not asked about"; "run again"
    Unknown OBJECTS_NOT_READ "artifact_objects_not_read": "not all of the artifacts were looked at; the default encryption of their bucket is under a customer managed key now, but objects keep the encryption they were written with"; "use S3 Inventory to see how the objects are encrypted"
    Unknown PREFIX_EMPTY "artifact_prefix_empty": "there are no model artifacts under the prefix, so their encryption cannot be read"; "put the artifacts back, or move the endpoint to a model whose artifacts exist: the next scale-out will fail"
    Unknown MODEL_GONE "model_deleted": "the model was deleted, so what it loaded cannot be read any more"; "move the endpoint to a model that exists"
    Unknown MODEL_NOT_READ "model_not_read": "the model was not asked about"; "run again"
    Unknown PACKAGE "model_package_not_read": "the model comes from a model package, which names its artifacts and is not read"; "see the package's artifacts (sagemaker:DescribeModelPackage)"
    Unknown COMPONENTS "inference_components_not_read": "the endpoint hosts inference components, whose artifacts are not read"; "see the components' artifacts (sagemaker:DescribeInferenceComponent)"
    NotApplicable NO_ARTIFACT "no_artifact_in_s3": "the models load nothing from S3"; ""
}

pub(in crate::rules) const RULE: Rule = Rule {
    id: "EP-012",
    title: "model artifacts are under a customer managed key",
    severity: Severity::Medium,
    source: "SageMaker API, ContainerDefinition, ModelDataUrl, ModelDataSource, AdditionalModelDataSources; S3 API, HeadObject, x-amz-server-side-encryption; ListObjectsV2",
    compliance: &[
        "HIPAA 164.312(a)(2)(iv)",
        "GDPR Art. 32",
        "NIST 800-53 r5 SC-28(1)",
        "ISO 27001:2022 A.8.24",
    ],
    needs: &[
        Op::ListEndpoints,
        Op::DescribeEndpoint,
        Op::DescribeEndpointConfig,
        Op::DescribeModel,
        Op::HeadObject,
        Op::ListObjectsV2,
        Op::GetBucketEncryption,
        Op::ListAliases,
        Op::DescribeKey,
    ],
    data: &[Data::Artifacts],
    configured: always,
    reasons: &[
        LIVE_REASONS,
        CONFIG_REASONS,
        KEY_REASONS,
        BUCKET_REASONS,
        &[
            &CUSTOMER_KEY,
            &NOT_CMK,
            &KEY_NOT_FOUND,
            &KEY_ELSEWHERE,
            &NOT_FOUND,
            &OBJECT_NOT_READ,
            &OBJECTS_NOT_READ,
            &PREFIX_EMPTY,
            &MODEL_GONE,
            &MODEL_NOT_READ,
            &PACKAGE,
            &COMPONENTS,
            &NO_ARTIFACT,
        ],
    ],
    file: include_str!("ep_012.rs"),
    check: Check::Endpoint(check),
};

fn check(view: &EndpointView<'_>) -> Judgement {
    view.each_config(|config, facts| {
        let source = &config.described.source;
        let models = facts.models().map(|model| judge_model(view, model));
        worst(models.chain(components(facts, source)))
            .unwrap_or_else(|| Judgement::new(&NO_ARTIFACT))
    })
}

/// A variant without a model hosts inference components (SageMaker API, `ProductionVariant`,
/// `ModelName`).
fn components(facts: &ConfigFacts, source: &Source) -> Option<Judgement> {
    let variant = facts.variants.iter().find(|one| one.models.is_empty())?;
    let name = &variant.name;
    let judgement = Judgement::new(&COMPONENTS).saying(format!(
        "variant {name} hosts inference components, whose artifacts are not read"
    ));
    Some(judgement.given(Evidence::new("ModelName", "absent", source)))
}

fn judge_model(view: &EndpointView<'_>, model: &ModelName) -> Judgement {
    let Some(read) = view.cell.models.get(model) else {
        return Judgement::new(&MODEL_NOT_READ);
    };
    let Some(facts) = known!(&read.fact) else {
        return Judgement::new(&MODEL_GONE).saying(format!("model {model} was deleted"));
    };
    let packages = facts.packages.iter().map(|package| {
        Judgement::new(&PACKAGE)
            .saying(format!(
                "model {model} comes from a model package, which is not read"
            ))
            .given(Evidence::new("ModelPackageName", package, &read.source))
    });
    let artifacts = facts.artifacts.iter().map(|artifact| {
        let place = Evidence::new(artifact.field, &artifact.uri, &read.source);
        judge_artifact(view, model, artifact).given(place)
    });
    let named = Evidence::new("ModelName", model.as_str(), &read.source);
    worst(artifacts.chain(packages))
        .unwrap_or_else(|| {
            Judgement::new(&NO_ARTIFACT).saying(format!("model {model} loads nothing from S3"))
        })
        .given(named)
}

fn judge_artifact(view: &EndpointView<'_>, model: &ModelName, artifact: &Artifact) -> Judgement {
    let what = format!("model {model}");
    let (bucket, key) = match bucket_of(&what, &artifact.uri) {
        Ok(found) => found,
        Err(judgement) => return *judgement,
    };
    if view.settings.model_artifacts == ModelArtifacts::Bucket {
        return judge_bucket(view, &what, &bucket);
    }
    if artifact.extent == Extent::Object && !key.is_empty() {
        return judge_object(view, &what, &(bucket, key));
    }
    let by_default = judge_bucket(view, &what, &bucket);
    match by_default.verdict() {
        Verdict::Fail | Verdict::Unknown => by_default,
        Verdict::Pass | Verdict::NotApplicable if artifact.extent == Extent::Prefix => {
            let name = (bucket, key);
            judge_prefix(view, &what, name, by_default).unwrap_or_else(|| {
                Judgement::new(&OBJECT_NOT_READ)
                    .saying(format!("{what}: {} was not asked about", artifact.uri))
            })
        }
        Verdict::Pass | Verdict::NotApplicable => {
            let uri = &artifact.uri;
            of_many(
                by_default,
                &OBJECTS_NOT_READ,
                format!("{what}: the objects are named in the manifest {uri}, which is not read"),
            )
        }
    }
}

/// A judgement of many objects, on what is known of their bucket.
fn of_many(by_default: Judgement, reason: &'static Reason, says: String) -> Judgement {
    Judgement {
        reason,
        ..by_default
    }
    .saying(says)
}

/// Judges what lies under a prefix of a bucket whose default is as it should be. None: nobody asked.
fn judge_prefix(
    view: &EndpointView<'_>,
    what: &str,
    name: ObjectName,
    by_default: Judgement,
) -> Option<Judgement> {
    let read = view.cell.storage.prefixes.get(&name)?;
    let (bucket, prefix) = name;
    let uri = format!("s3://{bucket}/{prefix}");
    let facts = match &read.fact {
        Fact::Unknown(gap) => return Some(Judgement::unknown(gap)),
        Fact::Known(None) => {
            let gone = Judgement::new(&NOT_FOUND);
            return Some(gone.saying(format!("{what}: s3://{bucket} is not there any more")));
        }
        Fact::Known(Some(facts)) => facts,
    };
    let count = facts.keys.len();
    let objects = facts.keys.iter();
    let objects = objects.map(|key| judge_object(view, what, &(bucket.clone(), key.clone())));
    let counted = Evidence::new("Contents", count.to_string(), &read.source);
    let judgement = match worst(objects) {
        None if facts.is_whole => of_many(
            by_default,
            &PREFIX_EMPTY,
            format!("{what}: no model artifacts were found under {uri}"),
        ),
        Some(one) if one.verdict() == Verdict::Fail => one,
        Some(_) | None if !facts.is_whole => of_many(
            by_default,
            &OBJECTS_NOT_READ,
            format!("{what}: only {count} objects under {uri} were looked at, and there are more"),
        ),
        Some(one) if *one.reason == CUSTOMER_KEY => one.saying(format!(
            "{what}: every object under {uri} ({count} in all) is under a customer managed key"
        )),
        Some(one) => one,
        None => return None,
    };
    Some(judgement.given(counted))
}

/// Judges an artifact by its bucket's default. An id or an alias in it means a key of whoever wrote
/// the artifact, which may be another account than the endpoint's.
fn judge_bucket(view: &EndpointView<'_>, what: &str, bucket: &BucketName) -> Judgement {
    let judgement = judge_default(what, bucket, view.cell, view.keys);
    let read = view.cell.storage.buckets.get(bucket);
    let facts = read.and_then(|read| read.fact.known()?.as_ref());
    match facts.and_then(|facts| facts.default.key()) {
        Some(KeyRef::Id(_) | KeyRef::Alias(_)) if *judgement.reason == BUCKET_KEY_NOT_FOUND => {
            Judgement {
                reason: &KEY_ELSEWHERE,
                ..judgement
            }
        }
        Some(_) | None => judgement,
    }
}

fn judge_object(view: &EndpointView<'_>, what: &str, name: &ObjectName) -> Judgement {
    let uri = format!("s3://{}/{}", name.0, name.1);
    let Some(read) = view.cell.storage.objects.get(name) else {
        return Judgement::new(&OBJECT_NOT_READ)
            .saying(format!("{what}: {uri} was not asked about"));
    };
    let Some(facts) = known!(&read.fact) else {
        return Judgement::new(&NOT_FOUND).saying(format!("{what}: {uri} is not there any more"));
    };
    let spot = spot_of(facts, &read.source, view.cell);
    let field = "x-amz-server-side-encryption";
    let (kept, chain) = kept(&facts.encryption, field, &spot, view.keys);
    let judgement = match kept {
        Kept::Customer => Judgement::new(&CUSTOMER_KEY)
            .saying(format!("{what}: {uri} is under a customer managed key")),
        Kept::NotCustomer(words) => {
            Judgement::new(&NOT_CMK).saying(format!("{what}: {uri} is {words}"))
        }
        // Whoever wrote it may be of another account: only an ARN says whose key it is.
        Kept::NotFound(key @ (KeyRef::Id(_) | KeyRef::Alias(_))) => Judgement::new(&KEY_ELSEWHERE)
            .saying(format!(
                "{what}: {uri} is under {key}, and it is not said whose key that is"
            )),
        Kept::NotFound(key) => Judgement::new(&KEY_NOT_FOUND).saying(format!(
            "{what}: {uri} is under {key}, which KMS does not know"
        )),
        Kept::Key(why) => key_unknown(&why),
        Kept::Other(name) => unknown_encryption(what, name),
    };
    with_chain(judgement, chain, facts.encryption.key())
}
