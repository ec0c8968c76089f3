//! An endpoint that was serving is serving, until somebody deletes it.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Broken, Invariant};
use crate::world::{Happening, World};

pub(super) fn broken(world: &World) -> Vec<Broken> {
    let mut serving: BTreeMap<(String, String, String), bool> = BTreeMap::new();
    let mut broken = Vec::new();
    for entry in world.ledger().entries() {
        let id = |name: &str| {
            (
                entry.account.clone(),
                entry.region.clone(),
                name.to_lowercase(),
            )
        };
        match &entry.happening {
            // Whoever deletes an endpoint means it.
            Happening::Called {
                operation: "DeleteEndpoint",
                input,
                refused: None,
                ..
            } => {
                let name = input.get("EndpointName").and_then(Value::as_str);
                serving.remove(&id(name.unwrap_or_default()));
            }
            Happening::Called { .. } => {}
            Happening::Endpoint {
                name,
                status,
                serving: now,
            } => {
                let place = id(name);
                let before = serving.get(&place).copied().unwrap_or(false);
                if before && !now && *status != Some("Deleting") {
                    let status = status.unwrap_or("gone");
                    broken.push(Broken {
                        invariant: Invariant::ServingStaysServing,
                        at: Some(entry.at),
                        subject: format!("{}/{} endpoint {name}", entry.account, entry.region),
                        says: format!("it was serving and is {status}"),
                    });
                }
                if status.is_none() || *status == Some("Deleting") {
                    serving.remove(&place);
                } else {
                    serving.insert(place, *now);
                }
            }
        }
    }
    broken
}
