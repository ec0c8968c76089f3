//! Who can use a key of the inventory: what its policy and its grants let whom do, found once for all
//! the rules that ask.

mod asked;
mod basis;
mod everybody;
mod people;
mod reach;
mod reached;

use std::collections::BTreeMap;
use std::sync::Arc;

use sagelock_policy::Document;
use sagelock_policy::access::{self, Lockout, Outsider, lockout, outsiders, powers};
use sagelock_policy::prove::{Budget, Proof, Prover};

pub(crate) use asked::{Reader, principal_unread};
pub use basis::{Audited, Basis, Census};
pub(crate) use everybody::Everybody;
pub use people::{KeyUsers, People, Perhaps};
pub use reach::Reach;

use crate::ids::{AccountId, Region};
use crate::inventory::{Key, Keys, Membership};
use crate::settings::Settings;
use crate::why::Why;

/// What a key policy and grants say.
#[derive(Clone, Debug)]
pub struct KeyAccess {
    /// Who outside can use the key.
    pub outsiders: Vec<Outside>,
    /// Why there may be more of them.
    pub doubts: Vec<Why>,
    /// Whether the key policy can be changed, whoever leaves.
    pub lockout: Lockout,
    /// Who may both administer the key and use it by the key policy alone.
    pub both: Vec<String>,
    /// Whether the key policy leaves both to the account's own policies.
    pub is_left_to_account: bool,
    /// Nobody else may perhaps do both.
    pub is_held_known: bool,
}

/// Somebody outside.
#[derive(Clone, Debug)]
pub struct Outside {
    /// An ARN, or the name of a service.
    pub who: String,
    /// What it is.
    pub kind: OutsideKind,
    /// Actions: `kms:Decrypt`.
    pub actions: Vec<String>,
}

/// Who is outside, and how far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OutsideKind {
    /// Anybody of any account.
    Anybody,
    /// Of an account that is in no organisation of ours.
    Stranger(AccountId),
    /// Of an account of which it is not known whether it is one of ours.
    Unsure(AccountId),
    /// A service that may act for anybody.
    Service,
    /// Of an organisation of which it is not known whether it is ours.
    Organization,
}

/// What is known of keys, by their policies: most keys of an account have the same one.
#[derive(Debug, Default)]
pub struct Accesses {
    known: BTreeMap<(Arc<str>, AccountId, Region), Arc<KeyAccess>>,
}

impl Accesses {
    /// Who can use a key.
    ///
    /// # Errors
    /// Its policy or its grants are not known.
    pub fn of(
        &mut self,
        key: &Key,
        keys: &Keys,
        settings: &Settings,
    ) -> Result<Arc<KeyAccess>, Why> {
        let policy = key.policy.as_ref().and_then(|read| read.fact.known());
        let document = key.document()?;
        let grants = key.known_grants()?;
        let text = policy.map(|policy| policy.text().clone());
        let text = text.unwrap_or_default();
        let place = (text, key.arn.account(), key.arn.region());
        if grants.is_empty()
            && let Some(known) = self.known.get(&place)
        {
            return Ok(known.clone());
        }
        // What names a resource may mean another key.
        let is_plain = grants.is_empty() && document.is_about_everything();
        let asked = access::Key {
            policy: Some(document.clone()),
            grants: Some(grants.to_vec()),
            ..access::Key::new(key.arn.as_str())
        };
        let found = Arc::new(look(&asked, keys, settings));
        if is_plain {
            self.known.insert(place, found.clone());
        }
        Ok(found)
    }
}

fn look(key: &access::Key, keys: &Keys, settings: &Settings) -> KeyAccess {
    let named = key.policy.as_ref().map(Document::organizations);
    let named = named.unwrap_or_default();
    let organization = keys.organization.as_ref().map(|read| read.fact.known());
    // Whether those that are named are ours is not known: then both are asked.
    let (sure, perhaps) = match organization {
        Some(Some(own)) => (own.iter().map(String::as_str).collect::<Vec<_>>(), None),
        Some(None) | None if named.is_empty() => (Vec::new(), None),
        Some(None) | None => {
            let all: Vec<&str> = named.iter().map(String::as_str).collect();
            (all, Some(Vec::new()))
        }
    };
    let allowed: Vec<&str> = settings
        .allowed_accounts
        .iter()
        .map(AccountId::as_str)
        .collect();
    let prover = Prover::new(Budget::of_audit(0));
    let mut doubts = Vec::new();
    let mut find = |organizations: &[&str]| match outsiders(key, &allowed, organizations, &prover) {
        Ok(found) => found,
        Err(doubt) => {
            doubts.push(Why::from(doubt));
            Vec::new()
        }
    };
    let surely = find(&sure);
    let perhaps = perhaps.map(|organizations: Vec<&str>| find(&organizations));
    let mut outside = Vec::new();
    for one in &surely {
        note(&mut outside, one, kind(one, keys), &mut doubts);
    }
    for one in perhaps.iter().flatten() {
        let is_new = !surely
            .iter()
            .any(|known| known.who == one.who && known.action == one.action);
        if is_new {
            note(
                &mut outside,
                one,
                Some(OutsideKind::Organization),
                &mut doubts,
            );
        }
    }
    doubts.sort();
    doubts.dedup();
    let (mut both, mut is_left_to_account, mut held_doubts) = (Vec::new(), false, false);
    for power in powers(key, &prover).unwrap_or_else(|_| {
        held_doubts = true;
        Vec::new()
    }) {
        match (power.administers, power.uses) {
            (Some(true), Some(true)) if power.is_account => is_left_to_account = true,
            (Some(true), Some(true)) if power.is_itself => both.push(power.who),
            (Some(true), Some(true)) => both.push(format!("somebody like {}", power.who)),
            (Some(false), _) | (_, Some(false)) => {}
            (None, _) | (_, None) => held_doubts = true,
        }
    }
    KeyAccess {
        outsiders: outside,
        doubts,
        lockout: lockout(key, &prover),
        both,
        is_left_to_account,
        is_held_known: !held_doubts,
    }
}

/// What an outsider is; `None` where it turns out to be one of ours.
fn kind(one: &Outsider, keys: &Keys) -> Option<OutsideKind> {
    if one.is_service {
        return Some(OutsideKind::Service);
    }
    let account = AccountId::new(one.account.as_deref().unwrap_or_default());
    if keys.is_organization && keys.in_scope.contains(&account) {
        return None;
    }
    let said = keys.own_organization.get(&account);
    let membership = said.and_then(|read| read.fact.known());
    if membership == Some(&Membership::Member) {
        return None;
    }
    if one.is_anybody {
        return Some(OutsideKind::Anybody);
    }
    Some(match membership {
        Some(Membership::Stranger | Membership::NoOrganization) => OutsideKind::Stranger(account),
        Some(Membership::Member) | None => OutsideKind::Unsure(account),
    })
}

fn note(
    outside: &mut Vec<Outside>,
    one: &Outsider,
    kind: Option<OutsideKind>,
    doubts: &mut Vec<Why>,
) {
    let Some(kind) = kind else { return };
    match &one.proof {
        Proof::Proved => {}
        Proof::Possible(found) => doubts.extend(found.iter().cloned().map(Why::from)),
        Proof::Violated(_) => {
            let same = outside.iter_mut().find(|known| {
                known.kind == kind && (known.who == one.who || kind == OutsideKind::Anybody)
            });
            match same {
                Some(same) if same.actions.contains(&one.action) => {}
                Some(same) => same.actions.push(one.action.clone()),
                None => outside.push(Outside {
                    who: one.who.clone(),
                    kind,
                    actions: vec![one.action.clone()],
                }),
            }
        }
    }
}
