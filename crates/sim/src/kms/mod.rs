//! AWS KMS: keys and what is kept about them.

mod access;
mod alias;
mod delete;
mod grant;
mod key;
mod policy;
mod replica;
mod resolve;
mod rotation;
mod spec;
mod tag;

use std::collections::BTreeMap;

use jiff::Timestamp;

pub use alias::Alias;
pub use grant::Grant;
pub use key::{Key, Manager, State};
pub(crate) use resolve::{no_volume_grant, storage_key, unusable_for_volume};
pub use rotation::Rotation;

use crate::table::operations;

/// KMS of one account and region.
#[derive(Debug)]
pub struct Kms {
    pub(crate) keys: BTreeMap<String, Key>,
    pub(crate) aliases: BTreeMap<String, Alias>,
}

impl Kms {
    /// The aliases of the keys that AWS manages, none of which is there yet.
    pub(crate) fn new() -> Self {
        let aliases = alias::RESERVED
            .iter()
            .map(|service| (format!("alias/aws/{service}"), Alias::reserved()))
            .collect();
        Self {
            keys: BTreeMap::new(),
            aliases,
        }
    }

    /// A key, by its id.
    #[must_use]
    pub fn key(&self, id: &str) -> Option<&Key> {
        self.keys.get(id)
    }

    /// A key, to be what no call makes it: of a custom key store, with material that expires.
    pub fn key_mut(&mut self, id: &str) -> Option<&mut Key> {
        self.keys.get_mut(id)
    }

    /// Every key.
    pub fn keys(&self) -> impl Iterator<Item = &Key> {
        self.keys.values()
    }

    /// Every alias.
    pub fn aliases(&self) -> impl Iterator<Item = (&str, &Alias)> {
        self.aliases
            .iter()
            .map(|(name, alias)| (name.as_str(), alias))
    }

    /// Keys whose day has come are gone, and their aliases with them (KMS API,
    /// ScheduleKeyDeletion).
    pub(crate) fn bury(&mut self, now: Timestamp) {
        let due: Vec<String> = self
            .keys
            .values()
            .filter(|key| key.deletion.is_some_and(|date| date <= now))
            .map(|key| key.id.clone())
            .collect();
        for id in due {
            self.keys.remove(&id);
            self.aliases
                .retain(|_, alias| alias.target.as_deref() != Some(id.as_str()));
        }
    }
}

operations! {
    Kms;
    Write CreateKey("") = key::create;
    Read DescribeKey("KeyId") = key::describe;
    Read ListKeys("") = key::list;
    Write EnableKey("KeyId") = key::enable;
    Write DisableKey("KeyId") = key::disable;
    Write UpdateKeyDescription("KeyId") = key::describe_anew;
    Read GetKeyLastUsage("KeyId") = key::last_usage;
    Write ScheduleKeyDeletion("KeyId") = delete::schedule;
    Write CancelKeyDeletion("KeyId") = delete::cancel;
    Write CreateAlias("AliasName") = alias::create;
    Write UpdateAlias("AliasName") = alias::update;
    Write DeleteAlias("AliasName") = alias::delete;
    Read ListAliases("") = alias::list;
    Read GetKeyPolicy("KeyId") = policy::get;
    Write PutKeyPolicy("KeyId") = policy::put;
    Read ListKeyPolicies("KeyId") = policy::list;
    Write EnableKeyRotation("KeyId") = rotation::enable;
    Write DisableKeyRotation("KeyId") = rotation::disable;
    Read GetKeyRotationStatus("KeyId") = rotation::status;
    Write RotateKeyOnDemand("KeyId") = rotation::on_demand;
    Read ListKeyRotations("KeyId") = rotation::list;
    Write TagResource("KeyId") = tag::add;
    Write UntagResource("KeyId") = tag::remove;
    Read ListResourceTags("KeyId") = tag::list;
    Write CreateGrant("KeyId") = grant::create;
    Read ListGrants("KeyId") = grant::list;
    Read ListRetirableGrants("RetiringPrincipal") = grant::retirable;
    Write RetireGrant("KeyId") = grant::retire;
    Write RevokeGrant("KeyId") = grant::revoke;
    Write ReplicateKey("KeyId") = replica::replicate;
    Write UpdatePrimaryRegion("KeyId") = replica::move_primary;
}
