//! Whose endpoints run as which roles and use which keys.

use std::collections::{BTreeMap, BTreeSet};

use crate::access::principal_unread;
use crate::fact::Fact;
use crate::ids::{ConfigName, EndpointName, KeyArn};
use crate::inventory::{
    Cell, CellId, Config, ConfigFacts, Endpoint, EndpointFacts, Keys, Resolved, Tags,
};
use crate::settings::Settings;

/// Who of the tenants runs what, as far as the endpoints say.
#[derive(Clone, Debug, Default)]
pub struct Tenancy {
    /// Roles and keys, by tenant.
    tenants: BTreeMap<String, Runs>,
    /// Those of live endpoints that name none.
    nobodys: Runs,
    /// Live endpoints that name no tenant.
    pub untagged: Vec<(CellId, EndpointName)>,
    /// Live endpoints of which the tenant, the roles or the keys are not known.
    pub unread: Vec<(CellId, EndpointName)>,
}

#[derive(Clone, Debug, Default)]
struct Runs {
    roles: BTreeSet<String>,
    keys: BTreeSet<KeyArn>,
}

impl Tenancy {
    /// Takes the endpoints of an account and region.
    pub fn note(&mut self, cell: &Cell, keys: &Keys, settings: &Settings) {
        for endpoint in cell.endpoints.values().filter(|one| one.is_live()) {
            let id = (cell.id.clone(), endpoint.name.clone());
            let described = endpoint.described.fact.known().and_then(Option::as_ref);
            let Some(facts) = described else {
                self.unread.push(id);
                continue;
            };
            let (configs, mut is_known) = in_play(cell, endpoint, facts);
            let own = configs.iter().map(|config| &config.tags.fact);
            let tags: Vec<&Fact<Tags>> = [&endpoint.tags.fact].into_iter().chain(own).collect();
            let runs = match tenant(&tags, settings) {
                Fact::Unknown(_) => {
                    self.unread.push(id);
                    continue;
                }
                // A configuration that is not known may name one.
                Fact::Known(None) => {
                    self.untagged.push(id.clone());
                    &mut self.nobodys
                }
                Fact::Known(Some(tenant)) => self.tenants.entry(tenant).or_default(),
            };
            let said = configs
                .iter()
                .filter_map(|config| config.described.fact.known());
            for facts in said.flatten() {
                is_known &= runs.add(cell, keys, facts);
            }
            if !is_known {
                self.unread.push(id);
            }
        }
    }

    /// The roles of endpoints that name no tenant.
    pub(super) fn roles_of_nobody(&self) -> impl Iterator<Item = &String> {
        self.nobodys.roles.iter()
    }

    /// The tenants whose endpoints use a key, whatever its tag says, and whether one of nobody's does.
    pub(super) fn users_of(&self, key: &KeyArn) -> (BTreeSet<String>, bool) {
        let tenants = self.tenants.iter();
        let using = tenants.filter(|(_, runs)| runs.keys.contains(key));
        let using = using.map(|(name, _)| name.clone()).collect();
        (using, self.nobodys.keys.contains(key))
    }

    /// Tenants, and the roles that their endpoints run as.
    pub(super) fn roles(&self) -> impl Iterator<Item = (&str, &str)> {
        self.tenants.iter().flat_map(|(name, runs)| {
            let roles = runs.roles.iter();
            roles.map(move |role| (name.as_str(), role.as_str()))
        })
    }

    /// Keys, and the tenants whose they are: by their tag; of a key without one, by whose endpoints use
    /// it.
    pub(super) fn owners(
        &self,
        keys: &Keys,
        settings: &Settings,
    ) -> BTreeMap<KeyArn, BTreeSet<String>> {
        let mut owners: BTreeMap<KeyArn, BTreeSet<String>> = BTreeMap::new();
        for (name, runs) in &self.tenants {
            for key in &runs.keys {
                owners.entry(key.clone()).or_default().insert(name.clone());
            }
        }
        for (arn, key) in &keys.by_arn {
            let tags = key.tags.as_ref().and_then(|read| read.fact.known());
            let tag = tags.and_then(|tags| tags.get(&settings.tags.tenant));
            if let Some(tenant) = tag.map(str::trim).filter(|tag| !tag.is_empty()) {
                owners.insert(arn.clone(), [tenant.to_owned()].into());
            }
        }
        owners
    }
}

impl Runs {
    /// Whether all of it is known.
    fn add(&mut self, cell: &Cell, keys: &Keys, facts: &ConfigFacts) -> bool {
        let (roles, mut is_known) = cell.execution_roles(facts);
        // What is no ARN of a role runs as somebody who is not known.
        is_known &= roles.iter().all(|arn| principal_unread(arn).is_ok());
        self.roles.extend(roles);
        for key in facts.keys() {
            let id = (cell.id.clone(), key.as_str().to_owned());
            match keys.resolved.get(&id).map(|read| &read.fact) {
                Some(Fact::Known(Resolved::Key(arn))) => {
                    let is_customers = keys.by_arn.get(arn).is_some_and(|key| {
                        let facts = key.described.fact.known();
                        facts.is_some_and(|facts| {
                            facts.manager == crate::inventory::KeyManager::Customer
                        })
                    });
                    if is_customers {
                        self.keys.insert(arn.clone());
                    }
                }
                Some(Fact::Known(_)) => {}
                Some(Fact::Unknown(_)) | None => is_known = false,
            }
        }
        is_known
    }
}

/// The configurations that an endpoint runs or moves to, as far as they are known, and whether they all
/// are: one that was deleted is known where it is remembered, and one that was made again under its name
/// is another.
fn in_play<'c>(
    cell: &'c Cell,
    endpoint: &Endpoint,
    facts: &EndpointFacts,
) -> (Vec<&'c Config>, bool) {
    let can_run = |config: &&Config| {
        let said = config.described.fact.known().and_then(Option::as_ref);
        said.is_some_and(|said| facts.can_run(said))
    };
    let find = |name: &ConfigName| cell.configs.get(name).filter(can_run);
    let remembered = cell.remembered.get(&endpoint.name);
    let current = facts.config.as_ref().map(|name| find(name).or(remembered));
    let pending = facts.pending.as_ref().map(find);
    let named = [Some(current.flatten()), pending];
    let is_known = !facts.hides_a_config() && named.iter().flatten().all(Option::is_some);
    (named.into_iter().flatten().flatten().collect(), is_known)
}

/// The tenant that the first tags that name one name.
pub(crate) fn tenant(tags: &[&Fact<Tags>], settings: &Settings) -> Fact<Option<String>> {
    for fact in tags {
        match fact {
            Fact::Unknown(gap) => return Fact::Unknown(gap.clone()),
            Fact::Known(tags) => {
                let named = tags.get(&settings.tags.tenant).map(str::trim);
                if let Some(tenant) = named.filter(|tag| !tag.is_empty()) {
                    return Fact::Known(Some(tenant.to_owned()));
                }
            }
        }
    }
    Fact::Known(None)
}
