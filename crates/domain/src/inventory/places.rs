//! The places in S3 that the live endpoints of a cell write to or load from.

use super::{Cell, ConfigFacts, Extent, Output};
use crate::fact::Fact;
use crate::ids::{ConfigName, EndpointName};

/// A use of a place.
#[derive(Clone, Debug)]
pub struct PlaceUse<'a> {
    /// The live endpoint.
    pub endpoint: &'a EndpointName,
    /// Its configuration, or the monitoring schedule that watches it.
    pub config: ConfigName,
    /// `s3://bucket/key`.
    pub uri: &'a str,
    /// What it is to the endpoint.
    pub kind: PlaceKind,
}

/// What a place is to an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlaceKind {
    /// It writes there and names no key, so that the bucket decides.
    Output,
    /// It loads one object.
    Object,
    /// It loads everything under a prefix.
    Prefix,
    /// It loads what a manifest names.
    Manifest,
}

impl Cell {
    /// Every use of a place by a live endpoint. What nobody runs or moves to uses none.
    #[must_use]
    pub fn place_uses(&self) -> Vec<PlaceUse<'_>> {
        let mut uses = Vec::new();
        for endpoint in self.endpoints.values().filter(|one| one.is_live()) {
            let Fact::Known(Some(facts)) = &endpoint.described.fact else {
                continue;
            };
            for name in facts.config.iter().chain(&facts.pending) {
                let is_current = facts.config.as_ref() == Some(name);
                let remembered = self.remembered.get(&endpoint.name);
                let config = remembered.filter(|_| is_current).or(self.configs.get(name));
                let described = config.and_then(|config| config.described.fact.known());
                if let Some(Some(said)) = described
                    && facts.can_run(said)
                {
                    self.uses_of(&endpoint.name, name, said, &mut uses);
                }
            }
        }
        if let (Some(planned), Some(name)) = (&self.planned, self.endpoints.keys().next()) {
            self.uses_of(name, &ConfigName::new(""), planned, &mut uses);
        }
        for schedule in self.schedules.values() {
            let (Fact::Known(Some(name)), Fact::Known(Some(output))) =
                (&schedule.endpoint, &schedule.output.fact)
            else {
                continue;
            };
            let endpoint = self.endpoints.get(name).filter(|one| one.is_live());
            if let Some(endpoint) = endpoint {
                let config = ConfigName::new(&schedule.name);
                outputs(&endpoint.name, &config, [output].into_iter(), &mut uses);
            }
        }
        uses
    }

    fn uses_of<'a>(
        &'a self,
        endpoint: &'a EndpointName,
        config: &ConfigName,
        facts: &'a ConfigFacts,
        uses: &mut Vec<PlaceUse<'a>>,
    ) {
        let dumps = facts
            .variants
            .iter()
            .filter_map(|one| one.core_dump.as_ref());
        let captures = facts.capture.iter().filter(|capture| capture.enabled);
        let written = captures
            .map(|capture| &capture.output)
            .chain(&facts.async_output)
            .chain(dumps.map(|dump| &dump.output));
        outputs(endpoint, config, written, uses);
        for model in facts.models() {
            let known = self.models.get(model).and_then(|read| read.fact.known());
            let artifacts = known.and_then(Option::as_ref).map(|facts| &facts.artifacts);
            uses.extend(artifacts.into_iter().flatten().map(|artifact| PlaceUse {
                endpoint,
                config: config.clone(),
                uri: &artifact.uri,
                kind: match artifact.extent {
                    Extent::Object => PlaceKind::Object,
                    Extent::Prefix => PlaceKind::Prefix,
                    Extent::Manifest => PlaceKind::Manifest,
                },
            }));
        }
    }
}

fn outputs<'a>(
    endpoint: &'a EndpointName,
    config: &ConfigName,
    outputs: impl Iterator<Item = &'a Output>,
    uses: &mut Vec<PlaceUse<'a>>,
) {
    let without_key = outputs.filter(|output| output.key.is_none());
    uses.extend(
        without_key
            .flat_map(|output| &output.uris)
            .map(|uri| PlaceUse {
                endpoint,
                config: config.clone(),
                uri,
                kind: PlaceKind::Output,
            }),
    );
}
