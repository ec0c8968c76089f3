//! Who uses which key, kept between cells until the keys are judged.

use std::collections::{BTreeMap, BTreeSet};

use crate::access::Reach;
use crate::fact::{Fact, Gap, Read};
use crate::ids::{AccountId, ConfigName, EndpointName, KeyArn, Place, Region};
use crate::inventory::{
    Cell, CellId, Config, ConfigFacts, Encryption, Endpoint, Key, Keys, ObjectFacts, PlaceKind,
    PlaceUse, Resolved, Schedule,
};
use crate::rules::KeyUse;
use crate::why::Why;

/// Who uses which key that is not known to stay, and why that may not be all: of the others nobody
/// asks, and they are most.
#[derive(Debug, Default)]
pub(super) struct Uses {
    by_key: BTreeMap<KeyArn, BTreeSet<KeyUse>>,
    /// The roles that live endpoints with a key run as.
    roles: BTreeMap<KeyArn, BTreeSet<String>>,
    /// Keys of which not every role is known that uses them, and why.
    roleless: BTreeMap<KeyArn, Why>,
    /// By configuration of the account and region that is looked at: the roles that it runs as, and
    /// whether they are all.
    here: BTreeMap<ConfigName, (BTreeSet<String>, bool)>,
    /// Those of every key, and not only of keys that are not known to stay.
    keeps_all: bool,
    /// By where not all is known; of no region, in any.
    gaps: BTreeMap<(AccountId, Option<Region>), Why>,
    /// Where the endpoints are that are looked at, and so the keys of their volumes.
    at: Option<(AccountId, Option<Region>)>,
}

/// The live endpoints that run or move to a configuration, by its name.
type Held<'a> = BTreeMap<&'a ConfigName, Vec<&'a EndpointName>>;

impl Uses {
    /// With the uses of every key, and the roles.
    pub(super) fn keeping_all(keeps_all: bool) -> Self {
        Self {
            keeps_all,
            ..Self::default()
        }
    }

    /// The roles that live endpoints with a key run as.
    pub(super) fn roles(&self, key: &KeyArn) -> Option<&BTreeSet<String>> {
        self.roles.get(key)
    }

    /// Why those may not be all.
    pub(super) fn roleless(&self, key: &KeyArn) -> Option<&Why> {
        self.roleless.get(key)
    }

    /// The uses of a key.
    pub(super) fn of(&self, key: &KeyArn) -> Vec<KeyUse> {
        self.by_key
            .get(key)
            .into_iter()
            .flatten()
            .cloned()
            .collect()
    }

    /// Why the uses may not be all.
    pub(super) fn gap(&self) -> Option<&Why> {
        self.gaps.values().min()
    }

    /// Why the uses of a key of a region by endpoints of some accounts may not be all.
    pub(super) fn gap_within(&self, reach: &Reach, region: &Region) -> Option<&Why> {
        let is_there = |place: &Option<Region>| place.as_ref().is_none_or(|one| one == region);
        let within = self.gaps.iter();
        let within = within.filter(|((account, at), _)| reach.has(account) && is_there(at));
        within.map(|(_, gap)| gap).min()
    }

    /// Remembers who names which key.
    pub(super) fn note(&mut self, cell: &Cell, keys: &Keys) {
        let CellId { account, region } = &cell.id;
        self.at = Some((account.clone(), Some(region.clone())));
        for gap in cell.endpoints_gap.iter().chain(&cell.schedules_gap) {
            self.lacks(Why::from(gap));
        }
        let mut held = Held::new();
        for endpoint in cell
            .endpoints
            .values()
            .filter(|endpoint| endpoint.is_live())
        {
            self.note_endpoint(cell, endpoint, &mut held);
        }
        if self.keeps_all {
            self.note_roles(cell, &held);
        }
        for (name, holders) in &held {
            if let Some(why) = Self::unread(cell, name, holders) {
                self.lacks(why);
            }
        }
        for config in cell.configs.values() {
            self.note_config(cell, keys, config, held.get(&config.name));
        }
        for (holder, config) in &cell.remembered {
            self.note_config(cell, keys, config, Some(&vec![holder]));
        }
        for schedule in cell.schedules.values() {
            self.note_schedule(cell, keys, schedule);
        }
        for name in held.keys() {
            self.note_models(cell, cell.configs.get(*name));
        }
        for config in cell.remembered.values() {
            self.note_models(cell, Some(config));
        }
        let (account, region) = (account.clone(), region.clone());
        for used in cell.place_uses() {
            // SageMaker API, `ContainerDefinition`, `ModelDataUrl`: model artifacts are in the model's
            // Region; of outputs no page says it.
            let is_here = used.kind != PlaceKind::Output;
            self.at = Some((account.clone(), is_here.then(|| region.clone())));
            self.note_place(cell, keys, &used);
        }
        self.at = None;
        self.here.clear();
    }

    /// What a model loads is not known where the model is not.
    fn note_models(&mut self, cell: &Cell, config: Option<&Config>) {
        let described = config.and_then(|config| config.described.fact.known());
        let facts = described.and_then(Option::as_ref);
        for model in facts.into_iter().flat_map(ConfigFacts::models) {
            match cell.models.get(model).map(|read| &read.fact) {
                Some(Fact::Known(_)) => {}
                Some(Fact::Unknown(gap)) => self.lacks_fact(gap),
                None => self.lacks(Why::ModelNotAsked(model.clone())),
            }
        }
    }

    /// The keys that a bucket or artifacts name are used by whoever writes there or loads them.
    fn note_place(&mut self, cell: &Cell, keys: &Keys, place: &PlaceUse<'_>) {
        let unread = || {
            let (uri, endpoint) = (place.uri.to_owned(), place.endpoint.clone());
            Why::PlaceKey { uri, endpoint }
        };
        let Place::Bucket(bucket, key) = Place::read(place.uri) else {
            return self.lacks(unread());
        };
        let name = (bucket, key);
        let storage = &cell.storage;
        match place.kind {
            PlaceKind::Object => {
                if let Some(read) = storage.objects.get(&name) {
                    return self.note_object(keys, cell, place, read);
                }
            }
            PlaceKind::Prefix => match storage.prefixes.get(&name).map(|read| &read.fact) {
                Some(Fact::Known(Some(listed))) => {
                    for key in &listed.keys {
                        match storage.objects.get(&(name.0.clone(), key.clone())) {
                            Some(read) => self.note_object(keys, cell, place, read),
                            None => self.lacks(unread()),
                        }
                    }
                    if listed.is_whole {
                        return;
                    }
                    self.lacks(unread());
                }
                Some(Fact::Unknown(gap)) => self.lacks_fact(gap),
                Some(Fact::Known(None)) | None => {}
            },
            PlaceKind::Output | PlaceKind::Manifest => {}
        }
        match storage.buckets.get(&name.0).map(|read| &read.fact) {
            Some(Fact::Unknown(gap)) => self.lacks_fact(gap),
            Some(Fact::Known(Some(facts))) => {
                self.note_kept(keys, cell, place, (&facts.default, &facts.region));
            }
            Some(Fact::Known(None)) => {}
            None => self.lacks(unread()),
        }
    }

    fn note_object(
        &mut self,
        keys: &Keys,
        cell: &Cell,
        place: &PlaceUse<'_>,
        read: &Read<Option<ObjectFacts>>,
    ) {
        match &read.fact {
            Fact::Unknown(gap) => self.lacks_fact(gap),
            Fact::Known(Some(facts)) => {
                self.note_kept(keys, cell, place, (&facts.encryption, &facts.region));
            }
            Fact::Known(None) => {}
        }
    }

    fn note_kept(
        &mut self,
        keys: &Keys,
        cell: &Cell,
        place: &PlaceUse<'_>,
        (kept, region): (&Encryption, &Region),
    ) {
        if let Some(key) = kept.key() {
            let used = KeyUse {
                cell: CellId {
                    account: cell.id.account.clone(),
                    region: region.clone(),
                },
                endpoint: Some(place.endpoint.clone()),
                config: place.config.clone(),
            };
            self.note_use(keys, key.as_str(), used);
        }
    }

    /// The least of all that is lacking, so that the order of cells changes nothing.
    fn lacks(&mut self, why: Why) {
        let place = self.at.clone().unwrap_or_else(|| {
            let account = if let Why::Gap(gap) = &why {
                gap.account.clone()
            } else {
                AccountId::new("")
            };
            (account, None)
        });
        let least = match self.gaps.remove(&place) {
            Some(known) => known.min(why),
            None => why,
        };
        self.gaps.insert(place, least);
    }

    pub(super) fn lacks_fact(&mut self, gap: &Gap) {
        self.lacks(Why::from(gap));
    }

    fn note_endpoint<'a>(&mut self, cell: &Cell, endpoint: &'a Endpoint, held: &mut Held<'a>) {
        match &endpoint.described.fact {
            Fact::Unknown(gap) => self.lacks_fact(gap),
            Fact::Known(None) => {}
            Fact::Known(Some(facts)) => {
                if facts.config.is_none() || facts.hides_a_config() {
                    self.lacks(Why::HiddenConfig(endpoint.name.clone()));
                }
                let remembered = cell.remembered.contains_key(&endpoint.name);
                for name in facts.config.iter().filter(|_| !remembered) {
                    let config = cell.configs.get(name);
                    let said = config.and_then(|config| config.described.fact.known());
                    if let Some(Some(said)) = said
                        && !facts.can_run(said)
                    {
                        self.lacks(gone(name, &endpoint.name));
                    } else {
                        held.entry(name).or_default().push(&endpoint.name);
                    }
                }
                if let Some(name) = &facts.pending {
                    held.entry(name).or_default().push(&endpoint.name);
                }
            }
        }
    }

    /// Why the keys of a configuration that is in use are not known.
    fn unread(cell: &Cell, name: &ConfigName, holders: &[&EndpointName]) -> Option<Why> {
        let described = cell.configs.get(name).map(|config| &config.described.fact);
        match described {
            Some(Fact::Known(Some(_))) => None,
            Some(Fact::Unknown(gap)) => Some(Why::from(gap)),
            Some(Fact::Known(None)) | None => Some(gone(name, holders.first()?)),
        }
    }

    fn note_config(
        &mut self,
        cell: &Cell,
        keys: &Keys,
        config: &Config,
        held: Option<&Vec<&EndpointName>>,
    ) {
        let Some(Some(facts)) = config.described.fact.known() else {
            return;
        };
        let holders: Vec<Option<&EndpointName>> = match held {
            Some(names) => names.iter().copied().map(Some).collect(),
            None => vec![None],
        };
        for key in facts.keys() {
            for holder in &holders {
                let used = KeyUse {
                    cell: cell.id.clone(),
                    endpoint: holder.cloned(),
                    config: config.name.clone(),
                };
                self.note_use(keys, key.as_str(), used);
            }
        }
    }

    /// The roles that each configuration in use runs as.
    fn note_roles(&mut self, cell: &Cell, held: &Held<'_>) {
        let named = held.keys().filter_map(|name| cell.configs.get(*name));
        for config in named.chain(cell.remembered.values()) {
            if let Some(Some(facts)) = config.described.fact.known() {
                let (roles, is_known) = cell.execution_roles(facts);
                let known = self.here.entry(config.name.clone());
                let known = known.or_insert_with(|| (BTreeSet::new(), true));
                known.0.extend(roles);
                known.1 &= is_known;
            }
        }
    }

    /// Who uses a key, by the configuration that does.
    fn note_roles_of(&mut self, key: &KeyArn, used: &KeyUse) {
        if !self.keeps_all || used.endpoint.is_none() {
            return;
        }
        let why = match self.here.get(&used.config) {
            Some((roles, is_known)) => {
                let known = self.roles.entry(key.clone()).or_default();
                known.extend(roles.iter().cloned());
                (!is_known).then(|| Why::ConfigRoles(used.config.clone()))
            }
            // The roles of monitoring jobs are not read.
            None => Some(Why::ScheduleRole(used.config.clone())),
        };
        if let Some(why) = why {
            let known = self
                .roleless
                .entry(key.clone())
                .or_insert_with(|| why.clone());
            if why < *known {
                *known = why;
            }
        }
    }

    fn note_schedule(&mut self, cell: &Cell, keys: &Keys, schedule: &Schedule) {
        let is_live = |name: &EndpointName| cell.endpoints.get(name).is_some_and(Endpoint::is_live);
        let endpoint = match &schedule.endpoint {
            Fact::Known(endpoint) => endpoint.clone().filter(is_live),
            Fact::Unknown(gap) => {
                self.lacks_fact(gap);
                None
            }
        };
        let output = match &schedule.output.fact {
            Fact::Known(output) => output.as_ref(),
            Fact::Unknown(gap) => {
                if endpoint.is_some() {
                    self.lacks_fact(gap);
                }
                None
            }
        };
        if let Some(key) = output.and_then(|output| output.key.as_ref()) {
            let used = KeyUse {
                cell: cell.id.clone(),
                endpoint,
                config: ConfigName::new(&schedule.name),
            };
            self.note_use(keys, key.as_str(), used);
        }
    }

    fn note_use(&mut self, keys: &Keys, key: &str, used: KeyUse) {
        let id = (used.cell.clone(), key.to_owned());
        match keys.resolved.get(&id).map(|read| &read.fact) {
            Some(Fact::Known(Resolved::Key(arn))) => {
                self.note_roles_of(arn, &used);
                if self.keeps_all || !keys.by_arn.get(arn).is_some_and(Key::stays) {
                    self.by_key.entry(arn.clone()).or_default().insert(used);
                }
            }
            Some(Fact::Unknown(gap)) if used.endpoint.is_some() => self.lacks_fact(gap),
            Some(
                Fact::Unknown(_)
                | Fact::Known(
                    Resolved::AwsManagedAlias | Resolved::NotFound | Resolved::OtherPartition,
                ),
            ) => {}
            None => {
                if let Some(endpoint) = &used.endpoint {
                    self.lacks(Why::KeyNotAsked {
                        key: key.to_owned(),
                        endpoint: endpoint.clone(),
                    });
                }
            }
        }
    }
}

fn gone(config: &ConfigName, holder: &EndpointName) -> Why {
    Why::ConfigGone {
        config: config.clone(),
        endpoint: holder.clone(),
    }
}
