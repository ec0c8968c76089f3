//! What an endpoint, an alias or a tag refers to is there.

use super::{Broken, Invariant};
use crate::world::{Cell, World};

pub(super) fn broken(world: &World) -> Vec<Broken> {
    world
        .cells()
        .flat_map(|(account, region, cell)| {
            orphans(cell).into_iter().map(move |(what, says)| Broken {
                invariant: Invariant::NothingOrphaned,
                at: None,
                subject: format!("{account}/{region} {what}"),
                says,
            })
        })
        .collect()
}

fn orphans(cell: &Cell) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for endpoint in cell.sagemaker.endpoints() {
        let configs = [Some(endpoint.config()), endpoint.pending_config()];
        for name in configs.into_iter().flatten() {
            if cell.sagemaker.config(name).is_none() {
                found.push((
                    format!("endpoint {}", endpoint.name),
                    format!("its configuration {name} is not there"),
                ));
            }
        }
    }
    for (name, alias) in cell.kms.aliases() {
        if let Some(key) = &alias.target
            && cell.kms.key(key).is_none()
        {
            found.push((
                format!("alias {name}"),
                format!("its key {key} is not there"),
            ));
        }
    }
    for (arn, _) in cell.sagemaker.tagged() {
        let resource = arn.splitn(6, ':').nth(5).unwrap_or_default();
        let (kind, name) = resource.split_once('/').unwrap_or((resource, ""));
        if !cell.sagemaker.has(kind, name) {
            found.push((
                format!("tags of {arn}"),
                "the resource is not there".to_owned(),
            ));
        }
    }
    found
}
