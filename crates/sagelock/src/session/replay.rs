//! A session that replays a recording.

use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use anyhow::anyhow;
use sagelock_aws::load_recording;
use sagelock_domain::collect::{Extent, Regions, Scope};
use sagelock_domain::drive::{Calls, Limits, Rate};
use sagelock_domain::ids::Region;
use sagelock_domain::recording::{Ending, Meta};

use super::{Session, Wanted};
use crate::drive::Port;
use crate::exit::Failure;

impl Session {
    pub(super) fn replay(folder: &Path, wanted: &Wanted<'_>) -> Result<Self, Failure> {
        let (meta, recording) = load_recording(folder).map_err(|error| {
            Failure::usage(error)
                .hint("a recording is a folder that `sagelock audit --record DIR` wrote")
        })?;
        let several = !meta.entries.is_empty();
        let regions = if wanted.regions.is_empty() {
            meta.regions.clone()
        } else {
            if !several
                && let Some(region) = wanted
                    .regions
                    .iter()
                    .find(|one| !meta.regions.contains(one))
            {
                let held: Vec<&str> = meta.regions.iter().map(Region::as_str).collect();
                let error = anyhow!("the recording does not hold region `{region}`");
                return Err(Failure::usage(error).hint(format!("it holds {}", held.join(", "))));
            }
            wanted.regions.clone()
        };
        Ok(Self {
            port: Rc::new(Port::Replay(recording, meta.started_at)),
            scope: if several {
                let home = meta
                    .home
                    .clone()
                    .unwrap_or_else(|| Region::new("us-east-1"));
                narrowed(meta.clone(), home, &wanted.regions)
            } else {
                let leaves_out = !meta.left_out.is_empty() || regions.len() < meta.regions.len();
                let account = std::slice::from_ref(&meta.account);
                let mut scope = Scope::of(account, &regions, false);
                for entry in &mut scope.entries {
                    entry.leaves_out = leaves_out;
                }
                scope
            },
            skipped: Vec::new(),
            caller: None,
            regions,
            regions_gap: None,
            regions_off: Vec::new(),
            simulated: meta
                .simulated
                .then(|| "this was recorded from an endpoint override".to_owned()),
            replays_interrupted: meta.ending == Some(Ending::Interrupted),
            started_at: meta.started_at,
            // A retry cannot change what was recorded.
            limits: Limits {
                rate: Rate::Max,
                deadline: Duration::ZERO,
                ..Limits::default()
            },
            calls: Calls::default(),
        })
    }
}

/// The scope of a recording of several accounts, in these regions alone where some are named.
fn narrowed(meta: Meta, home: Region, named: &[Region]) -> Scope {
    let Meta {
        account,
        entries,
        is_organization,
        is_whole_organization,
        ..
    } = meta;
    let mut scope = Scope {
        account,
        home,
        entries,
        ask_organization: false,
        extent: match (is_organization, is_whole_organization) {
            (_, true) => Extent::All,
            (true, false) => Extent::Some,
            (false, false) => Extent::Named,
        },
        remembers: false,
    };
    if !named.is_empty() {
        for entry in &mut scope.entries {
            entry.leaves_out = true;
            let (Regions::Known(regions) | Regions::Enabled(regions)) = &mut entry.regions;
            if regions.is_empty() {
                *regions = named.to_vec();
            } else {
                regions.retain(|region| named.contains(region));
            }
        }
    }
    scope
}
