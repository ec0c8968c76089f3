//! What has nothing to do with permissions, and makes a deployment fail all the same.

use super::{Answer, Check, Deployment, Step};
use crate::fact::Fact;
use crate::ids::KeyRef;
use crate::instance::has_local_storage;
use crate::inventory::{Cell, KeyFacts, KeyManager, Keys, Placement, Resolved, Status};
use crate::why::Why;

pub(super) fn facts(deployment: &Deployment, cell: &Cell, keys: &Keys) -> Vec<Check> {
    let check = |step, resource: &str, answer| Check {
        step,
        principal: None,
        action: None,
        resource: resource.to_owned(),
        answer,
    };
    let mut checks = vec![
        check(
            Step::Endpoint,
            deployment.endpoint.as_str(),
            endpoint(deployment, cell),
        ),
        check(
            Step::ConfigName,
            deployment.config.as_str(),
            config_name(deployment, cell),
        ),
    ];
    checks
        .extend(models(deployment, cell).map(|(name, answer)| check(Step::Models, &name, answer)));
    match deployment.key() {
        None => checks.push(check(
            Step::Key,
            "",
            Answer::Noted(
                "the configuration names no key: its volumes are under a key that the customer can neither see \
                 nor control"
                    .to_owned(),
            ),
        )),
        Some(reference) => {
            let answer = key(reference, cell, keys);
            checks.push(check(Step::Key, reference.as_str(), answer));
            checks.push(check(Step::Volume, reference.as_str(), volume(deployment)));
        }
    }
    checks
}

/// SageMaker API, CreateEndpoint and UpdateEndpoint. That both configurations have to be there during an
/// update is hashicorp/terraform-provider-aws#40048.
fn endpoint(deployment: &Deployment, cell: &Cell) -> Answer {
    let name = &deployment.endpoint;
    let Some(endpoint) = cell.endpoints.get(name) else {
        return Answer::unknown(Why::NotAsked);
    };
    let facts = match &endpoint.described.fact {
        Fact::Unknown(gap) => return Answer::unknown(gap),
        Fact::Known(facts) => facts,
    };
    match (facts, deployment.is_new) {
        (None, true) => Answer::Passed,
        (None, false) => Answer::blocked(format!("there is no endpoint {name}")),
        (Some(_), true) => Answer::blocked(format!("there is an endpoint {name} already")),
        (Some(facts), false) => match &facts.status {
            Status::InService | Status::OutOfService => match deployment.current(cell) {
                Some(config) if config.described.fact.known().is_some_and(Option::is_none) => {
                    Answer::blocked(format!(
                        "the configuration that {name} runs, {}, was deleted: UpdateEndpoint needs both. \
                         Create one of that name again",
                        config.name
                    ))
                }
                Some(config) => match &config.described.fact {
                    Fact::Known(_) => Answer::Passed,
                    Fact::Unknown(gap) => Answer::unknown(gap),
                },
                None => Answer::unknown(Why::NoConfigNamed),
            },
            Status::Failed => Answer::blocked(format!("{name} has failed, and cannot be updated")),
            Status::Creating
            | Status::Updating
            | Status::SystemUpdating
            | Status::RollingBack
            | Status::Deleting => Answer::blocked(format!(
                "{name} is {}: an endpoint that is changing cannot be updated",
                facts.status.as_str()
            )),
            Status::UpdateRollbackFailed | Status::Other(_) => {
                Answer::unknown(Why::EndpointStatus(facts.status.as_str().to_owned()))
            }
        },
    }
}

fn config_name(deployment: &Deployment, cell: &Cell) -> Answer {
    let name = &deployment.config;
    match cell.configs.get(name).map(|config| &config.described.fact) {
        Some(Fact::Known(Some(_))) => Answer::blocked(format!(
            "there is a configuration {name} already, and none can be changed: choose another name"
        )),
        Some(Fact::Known(None)) => Answer::Passed,
        Some(Fact::Unknown(gap)) => Answer::unknown(gap),
        None => Answer::unknown(Why::NotAsked),
    }
}

/// Of models that are to be created first, it was said what they run as.
fn models<'a>(
    deployment: &'a Deployment,
    cell: &'a Cell,
) -> impl Iterator<Item = (String, Answer)> + 'a {
    deployment.facts.models().map(|name| {
        let answer = match cell.models.get(name).map(|read| &read.fact) {
            Some(Fact::Known(Some(_))) => Answer::Passed,
            Some(Fact::Known(None)) if !deployment.roles.is_empty() => {
                Answer::Noted(format!("{name} is to be created first"))
            }
            Some(Fact::Known(None)) => Answer::blocked(format!(
                "there is no model {name}: create it first, or say with --execution-role what it will run as"
            )),
            Some(Fact::Unknown(gap)) => Answer::unknown(gap),
            None => Answer::unknown(Why::NotAsked),
        };
        (name.to_string(), answer)
    })
}

/// KMS Developer Guide, "Key states of AWS KMS keys"; services use symmetric encryption keys only.
fn key(reference: &KeyRef, cell: &Cell, keys: &Keys) -> Answer {
    if let Some((_, region)) = reference.place()
        && region != cell.id.region
    {
        return Answer::blocked(format!(
            "the key is of {region}, the endpoint of {}: a volume is encrypted with a key of its region",
            cell.id.region
        ));
    }
    let id = (cell.id.clone(), reference.as_str().to_owned());
    let arn = match keys.resolved.get(&id).map(|read| &read.fact) {
        Some(Fact::Known(Resolved::Key(arn))) => arn,
        Some(Fact::Known(Resolved::AwsManagedAlias)) => {
            return Answer::Noted(AWS_MANAGED.to_owned());
        }
        Some(Fact::Known(Resolved::NotFound)) => {
            return Answer::blocked("KMS does not know the key");
        }
        Some(Fact::Known(Resolved::OtherPartition)) => {
            return Answer::blocked("the key is of another partition");
        }
        Some(Fact::Unknown(gap)) => return Answer::unknown(gap),
        None => return Answer::unknown(Why::NotAsked),
    };
    match keys.by_arn.get(arn).map(|key| &key.described.fact) {
        Some(Fact::Known(facts)) => described(facts),
        Some(Fact::Unknown(gap)) => Answer::unknown(gap),
        None => Answer::unknown(Why::NotAsked),
    }
}

const AWS_MANAGED: &str = "AWS manages the key: the customer cannot restrict, rotate or destroy it";

fn described(facts: &KeyFacts) -> Answer {
    match facts.state.as_str() {
        // A key whose primary Region is changed goes on working.
        "Enabled" | "Updating" => {}
        state @ ("Disabled"
        | "Creating"
        | "PendingDeletion"
        | "PendingImport"
        | "PendingReplicaDeletion"
        | "Unavailable") => {
            return Answer::blocked(format!("the key is {state}: it has to be Enabled"));
        }
        "" => return Answer::unknown(Why::KeyStateMissing),
        state => return Answer::unknown(Why::KeyState(state.to_owned())),
    }
    if facts.spec.is_empty() || facts.usage.is_empty() {
        return Answer::unknown(Why::KeyKindMissing);
    }
    if !facts.is_symmetric_encryption() {
        return Answer::blocked(format!(
            "the key is {} for {}: a volume needs a symmetric encryption key",
            facts.spec, facts.usage
        ));
    }
    match &facts.manager {
        KeyManager::Customer => Answer::Passed,
        KeyManager::Aws => Answer::Noted(AWS_MANAGED.to_owned()),
        KeyManager::Other(name) => Answer::unknown(Why::KeyManager(name.clone())),
    }
}

/// SageMaker API, CreateEndpointConfig, `KmsKeyId`: local storage is not encrypted with it.
fn volume(deployment: &Deployment) -> Answer {
    let mut local = Vec::new();
    let mut new = Vec::new();
    for variant in &deployment.facts.variants {
        match &variant.placement {
            Placement::Serverless => local.push(format!("{} (serverless)", variant.name)),
            Placement::Instances(types) => {
                for one in types {
                    match has_local_storage(one) {
                        Some(true) => local.push(one.to_string()),
                        Some(false) => {}
                        None => new.push(one.clone()),
                    }
                }
            }
        }
    }
    if !new.is_empty() {
        return Answer::unknown(Why::LocalStorage(new));
    }
    if local.is_empty() {
        return Answer::Passed;
    }
    Answer::Noted(format!(
        "the key does not cover the local storage of {}",
        local.join(", ")
    ))
}
