//! No call that AWS would refuse succeeded.
//!
//! A small model of its own follows the calls of the ledger: what exists, and what is busy. It
//! shares nothing with the operations, so that a check that they forgot is missed here.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{Broken, Invariant};
use crate::world::{Entry, Happening, World};

/// What the model knows of one account and region.
#[derive(Default)]
struct Model {
    models: BTreeSet<String>,
    configs: BTreeSet<String>,
    /// The status of each endpoint now, and the one before: the ledger notes a new status before
    /// the call that made it.
    endpoints: BTreeMap<String, [Option<&'static str>; 2]>,
}

pub(super) fn broken(world: &World) -> Vec<Broken> {
    let mut models: BTreeMap<(&str, &str), Model> = BTreeMap::new();
    let mut broken = Vec::new();
    for entry in world.ledger().entries() {
        let model = models.entry((&entry.account, &entry.region)).or_default();
        if let Err(says) = model.follow(entry) {
            broken.push(Broken {
                invariant: Invariant::RefusedIsRefused,
                at: Some(entry.at),
                subject: format!("{}/{}", entry.account, entry.region),
                says,
            });
        }
    }
    broken
}

fn text(input: &Value, field: &str) -> String {
    let text = input.get(field).and_then(Value::as_str);
    text.unwrap_or_default().to_lowercase()
}

fn variants(input: &Value) -> Vec<&Value> {
    ["ProductionVariants", "ShadowProductionVariants"]
        .into_iter()
        .filter_map(|field| input.get(field)?.as_array())
        .flatten()
        .collect()
}

impl Model {
    fn follow(&mut self, entry: &Entry) -> Result<(), String> {
        match &entry.happening {
            Happening::Endpoint { name, status, .. } => {
                let states = self.endpoints.entry(name.to_lowercase()).or_default();
                let [now, _] = *states;
                *states = [*status, now];
                Ok(())
            }
            Happening::Called {
                refused: Some(_), ..
            } => Ok(()),
            Happening::Called {
                operation, input, ..
            } => self.succeeded(operation, input),
        }
    }

    /// An operation succeeded: should it have?
    fn succeeded(&mut self, operation: &str, input: &Value) -> Result<(), String> {
        let says = |what: &str| Err(format!("{operation} {input}: {what}"));
        let tags = input.get("Tags").and_then(Value::as_array);
        if tags.is_some_and(|tags| tags.len() > 50) {
            return says("more than 50 tags");
        }
        let config_is_there = self.configs.contains(&text(input, "EndpointConfigName"));
        match operation {
            "CreateModel" if !self.models.insert(text(input, "ModelName")) => {
                says("the model was there already")
            }
            "DeleteModel" if !self.models.remove(&text(input, "ModelName")) => {
                says("there was no such model")
            }
            "CreateEndpointConfig" => self.configured(input),
            "DeleteEndpointConfig" if !self.configs.remove(&text(input, "EndpointConfigName")) => {
                says("there was no such configuration")
            }
            "CreateEndpoint" | "UpdateEndpoint" if !config_is_there => {
                says("there was no such configuration")
            }
            "CreateEndpoint" => self.changed(operation, input, &[None]),
            "UpdateEndpoint" | "UpdateEndpointWeightsAndCapacities" => {
                self.changed(operation, input, AT_REST)
            }
            "DeleteEndpoint" => {
                let failed = Some("Failed");
                let states: Vec<_> = AT_REST.iter().copied().chain([failed]).collect();
                self.changed(operation, input, &states)
            }
            "CreateAlias" | "UpdateAlias" | "DeleteAlias"
                if text(input, "AliasName").starts_with("alias/aws/") =>
            {
                says("the prefix is reserved")
            }
            "ScheduleKeyDeletion" => {
                let days = input.get("PendingWindowInDays").and_then(Value::as_i64);
                match days {
                    Some(days) if !(7..=30).contains(&days) => {
                        says("the window is not from 7 to 30 days")
                    }
                    Some(_) | None => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }

    /// A configuration was made: of models that are there, of one to eleven variants, and new.
    fn configured(&mut self, input: &Value) -> Result<(), String> {
        let says = |what: &str| Err(format!("CreateEndpointConfig {input}: {what}"));
        let unknown = variants(input)
            .into_iter()
            .map(|variant| text(variant, "ModelName"))
            .any(|name| !name.is_empty() && !self.models.contains(&name));
        if unknown {
            return says("a variant names a model that is not there");
        }
        if !(1..=11).contains(&variants(input).len()) {
            return says("no variant, or more than eleven");
        }
        if !self.configs.insert(text(input, "EndpointConfigName")) {
            return says("the configuration was there already");
        }
        Ok(())
    }

    /// An endpoint was changed: it must have been in one of these states before.
    fn changed(
        &self,
        operation: &str,
        input: &Value,
        before: &[Option<&'static str>],
    ) -> Result<(), String> {
        let states = self.endpoints.get(&text(input, "EndpointName"));
        let was = states.and_then(|[_, before]| *before);
        if before.contains(&was) {
            return Ok(());
        }
        let was = was.unwrap_or("not there");
        Err(format!("{operation} {input}: the endpoint was {was}"))
    }
}

/// The states in which nothing is under way and an endpoint can be changed (SageMaker API,
/// `EndpointStatus`).
const AT_REST: &[Option<&'static str>] = &[
    Some("InService"),
    Some("OutOfService"),
    Some("UpdateRollbackFailed"),
];
