//! What the execution role needs of S3, and of the keys that objects are under.

use super::load::load;
use super::objects::{cannot_write, of_key, of_object};
use super::requests::{Asking, Who, check};
use super::{Answer, Check, Step};
use crate::fact::Fact;
use crate::ids::Place;
use crate::inventory::{Encryption, Output};
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
