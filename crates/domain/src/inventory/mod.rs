//! What is there, resolved: endpoints, the configurations they run, the keys behind them.

mod configuration;
mod endpoint;
mod key;
mod key_policy;
mod model;
mod places;
mod principal;
mod storage;
mod tags;

use std::collections::{BTreeMap, BTreeSet};

pub use configuration::{Capture, Config, ConfigFacts, CoreDump, Output, Placement, Variant};
pub use endpoint::{Endpoint, EndpointFacts, Schedule, Status};
pub use key::{Key, KeyFacts, KeyManager, Resolved, Rotation};
pub use key_policy::KeyPolicy;
pub use model::{Artifact, Extent, ModelFacts};
pub use places::{PlaceKind, PlaceUse};
pub use principal::{Control, Controls, Policy, Principal, Principals};
pub use storage::{
    BucketFacts, Encryption, MOST_OBJECTS, ObjectFacts, ObjectName, PrefixFacts, Storage,
};
pub use tags::Tags;

use crate::fact::{Gap, Read};
use crate::ids::{AccountId, ConfigName, EndpointName, KeyArn, ModelName, Region};

/// An account and a region: the unit that is collected and assessed as a whole.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CellId {
    /// The account.
    pub account: AccountId,
    /// The region.
    pub region: Region,
}

impl CellId {
    /// Where a key is.
    #[must_use]
    pub fn of_key(arn: &KeyArn) -> Self {
        Self {
            account: arn.account(),
            region: arn.region(),
        }
    }
}

/// Everything that was found in one account and region.
#[derive(Clone, Debug)]
pub struct Cell {
    /// Which.
    pub id: CellId,
    /// The endpoints, by name.
    pub endpoints: BTreeMap<EndpointName, Endpoint>,
    /// The configurations, by name: those listed, and those that an endpoint names.
    pub configs: BTreeMap<ConfigName, Config>,
    /// By endpoint, what its configuration said that is deleted by now, where the endpoint has not
    /// been modified since it was seen to run it.
    pub remembered: BTreeMap<EndpointName, Config>,
    /// What a configuration says that is to be made for the one endpoint that is looked at.
    pub planned: Option<ConfigFacts>,
    /// The monitoring schedules, by name.
    pub schedules: BTreeMap<String, Schedule>,
    /// The models in use, by name. `Known(None)`: no such model.
    pub models: BTreeMap<ModelName, Read<Option<ModelFacts>>>,
    /// What is known of the places in S3 that the live endpoints use.
    pub storage: Storage,
    /// Why the list of endpoints is not whole.
    pub endpoints_gap: Option<Gap>,
    /// Why the list of configurations is not whole.
    pub configs_gap: Option<Gap>,
    /// Why the list of monitoring schedules is not whole.
    pub schedules_gap: Option<Gap>,
}

impl Cell {
    /// The execution roles of a configuration and of its models, and whether they are all: what a model ran
    /// as goes with it.
    #[must_use]
    pub fn execution_roles(&self, facts: &ConfigFacts) -> (BTreeSet<String>, bool) {
        let mut roles: BTreeSet<String> = facts.execution_role.iter().cloned().collect();
        // The models of inference components are named by the components.
        let mut is_known = facts.variants.iter().all(|one| !one.models.is_empty());
        for name in facts.models() {
            match self.models.get(name).and_then(|read| read.fact.known()) {
                Some(Some(model)) => roles.extend(model.execution_role.clone()),
                Some(None) | None => is_known = false,
            }
        }
        (roles, is_known)
    }

    /// A cell of which nothing is known yet.
    #[must_use]
    pub fn new(id: CellId) -> Self {
        Self {
            id,
            endpoints: BTreeMap::new(),
            configs: BTreeMap::new(),
            remembered: BTreeMap::new(),
            planned: None,
            schedules: BTreeMap::new(),
            models: BTreeMap::new(),
            storage: Storage::default(),
            endpoints_gap: None,
            configs_gap: None,
            schedules_gap: None,
        }
    }
}

/// What is known about keys, across all cells: small beside the endpoints, and shared by them.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    /// Which key a reference means: by the cell it was written in and its text.
    pub resolved: BTreeMap<(CellId, String), Read<Resolved>>,
    /// The keys.
    pub by_arn: BTreeMap<KeyArn, Key>,
    /// The account from which Organizations is asked.
    pub home: Option<AccountId>,
    /// The accounts that are looked at.
    pub in_scope: BTreeSet<AccountId>,
    /// Those of them of which regions may have been left out.
    pub left_out: BTreeSet<AccountId>,
    /// Whether the accounts that are looked at are those of the organisation that is asked.
    pub is_organization: bool,
    /// Whether they are all of it.
    pub is_whole_organization: bool,
    /// The id of the organisation that is asked, where a key policy names one; `None` within: the
    /// account is in none.
    pub organization: Option<Read<Option<String>>>,
    /// For accounts of foreign keys, and those that name them: whether they belong to the
    /// organisation that is asked.
    pub own_organization: BTreeMap<AccountId, Read<Membership>>,
}

impl Keys {
    /// Whether an account is known to belong to the organisation that is asked: what Organizations
    /// says of others is said to that organisation.
    #[must_use]
    pub fn is_of_home(&self, account: &AccountId) -> bool {
        let said = self.own_organization.get(account);
        self.is_organization
            || self.home.as_ref() == Some(account)
            || said.is_some_and(|read| read.fact.known() == Some(&Membership::Member))
    }
}

/// Whether an account belongs to the organisation of the account that is audited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Membership {
    /// It does.
    Member,
    /// It does not.
    Stranger,
    /// The audited account is in no organisation.
    NoOrganization,
}
