//! Everybody of every tenant, asked about every key that somebody uses.

use std::collections::{BTreeMap, BTreeSet};

use sagelock_policy::access::{Use, Way};
use sagelock_policy::prove::Proof;

use super::belonging::Belonging;
use super::{Answer, Matrix, Row, Tenancy, Tenant};
use crate::access::{Accesses, Audited, Basis, Census, Everybody, Reach, principal_unread};
use crate::fact::Gap;
use crate::ids::{AccountId, KeyArn};
use crate::inventory::{self, Keys, Principals};
use crate::settings::Settings;
use crate::why::Why;

/// What a matrix is made of.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    /// Whose endpoints run as which roles and use which keys.
    pub tenancy: &'a Tenancy,
    /// The keys.
    pub keys: &'a Keys,
    /// The users and roles.
    pub principals: &'a Principals,
    /// What could not be read.
    pub gaps: &'a BTreeSet<Gap>,
    /// What the user decided.
    pub settings: &'a Settings,
}

/// Proves, for every key that somebody uses, which tenants can use it: account by account, since what
/// everybody may do does not fit into memory at once.
#[must_use]
pub fn matrix(asked: Asked<'_>, tell: impl FnMut(usize, usize)) -> Matrix {
    let Asked {
        tenancy,
        keys,
        principals,
        settings,
        ..
    } = asked;
    let belonging = Belonging::new(tenancy, principals, settings);
    let mut rows = rows(tenancy, keys, &belonging, settings);
    let everybody = Everybody::new(principals, belonging.unread(), settings);
    // Of whom that is nobody's ARN nothing is proved.
    for arn in belonging.arns() {
        if let (Err(why), Some(places)) = (principal_unread(arn), belonging.places(arn)) {
            for row in rows.values_mut() {
                row.note(places, &perhaps(arn, vec![why.clone()]));
            }
        }
    }
    let reached: Vec<&inventory::Key> = rows
        .keys()
        .filter_map(|arn| keys.by_arn.get(*arn))
        .collect();
    everybody.ask(reached.into_iter(), tell, |key, who, used| {
        let found = belonging.places(who).zip(rows.get_mut(&key.arn));
        if let (Some((places, row)), Some(answer)) = (found, answer(who, used)) {
            row.note(places, &answer);
        }
    });
    let mut grounds = Grounds::new(&asked);
    let rows = rows.into_values();
    let rows = rows.map(|open| {
        let basis = grounds.of(&open);
        open.closed(&basis)
    });
    Matrix {
        rows: rows.collect(),
        tenants: belonging
            .tenants
            .into_iter()
            .map(|(name, arns)| Tenant {
                name,
                principals: arns.into_iter().map(ToOwned::to_owned).collect(),
            })
            .collect(),
        untold: untold(keys),
        assumptions: assumptions(settings),
    }
}

/// A key, while it is asked about.
struct Open<'a> {
    key: &'a inventory::Key,
    owners: BTreeSet<String>,
    users: BTreeSet<String>,
    /// An endpoint that names no tenant uses it.
    has_nobodys: bool,
    /// One for each tenant.
    cells: Vec<Cell>,
    nobodys: Option<Answer>,
}

/// What is known of a tenant.
enum Cell {
    /// It is not asked about.
    Settled(Answer),
    /// The worst that was found of those asked; nothing yet.
    Asked(Option<Answer>),
}

/// The rows, before anybody was asked.
fn rows<'a>(
    tenancy: &Tenancy,
    keys: &'a Keys,
    belonging: &Belonging<'_>,
    settings: &Settings,
) -> BTreeMap<&'a KeyArn, Open<'a>> {
    let mut rows = BTreeMap::new();
    for (arn, owners) in tenancy.owners(keys, settings) {
        let Some((arn, key)) = keys.by_arn.get_key_value(&arn) else {
            continue;
        };
        let (users, has_nobodys) = tenancy.users_of(arn);
        let cells = belonging.tenants.keys().map(|name| {
            if owners.contains(name) && owners.len() == 1 {
                Cell::Settled(Answer::Own)
            } else if owners.contains(name) || users.contains(name) {
                Cell::Settled(Answer::Shared)
            } else {
                Cell::Asked(None)
            }
        });
        let cells = cells.collect();
        let row = Open {
            key,
            owners,
            users,
            has_nobodys,
            cells,
            nobodys: None,
        };
        rows.insert(arn, row);
    }
    rows
}

impl Open<'_> {
    /// Somebody of these tenants can use the key, or may; of none: a role of endpoints that name none.
    fn note(&mut self, places: &[usize], answer: &Answer) {
        let cells = self.cells.iter_mut().enumerate();
        let of_member = cells.filter_map(|(place, cell)| match cell {
            Cell::Asked(found) if places.contains(&place) => Some(found),
            Cell::Asked(_) | Cell::Settled(_) => None,
        });
        let nobodys = Some(&mut self.nobodys).filter(|_| places.is_empty());
        let is_violated = matches!(answer, Answer::Violated { .. });
        for found in of_member.chain(nobodys) {
            let was = matches!(found, Some(Answer::Violated { .. }));
            if found.is_none() || (is_violated && !was) {
                *found = Some(answer.clone());
            }
        }
    }

    /// The row, when everybody was asked: what was not found to be open is closed where everything was
    /// read that this rests on.
    fn closed(self, basis: &Result<Basis, Vec<Why>>) -> Row {
        let close = |found: Option<Answer>| match (found, basis) {
            (Some(found), _) => found,
            (None, Ok(basis)) => Answer::Proved(basis.clone()),
            (None, Err(why)) => perhaps("somebody", why.clone()),
        };
        let nobodys = close(self.nobodys);
        let answers = self.cells.into_iter().map(|cell| match cell {
            Cell::Settled(answer) => answer,
            Cell::Asked(found) => close(found),
        });
        let aliases = self.key.aliases.as_ref().and_then(|read| read.fact.known());
        Row {
            answers: answers.collect(),
            nobodys,
            key: self.key.arn.clone(),
            alias: aliases.and_then(|list| list.first().cloned()),
            owners: self.owners,
            users: self.users,
        }
    }
}

/// What somebody can.
fn answer(principal: &str, found: Use) -> Option<Answer> {
    let principal = principal.into();
    match found.proof {
        Proof::Proved => None,
        Proof::Violated(request) => Some(Answer::Violated {
            principal,
            way: found.way,
            request,
            steps: if found.steps.len() > 1 {
                found.steps.into()
            } else {
                Box::default()
            },
        }),
        Proof::Possible(doubts) => Some(Answer::Possible {
            principal,
            way: found.way,
            why: doubts.into_iter().map(Why::from).collect(),
        }),
    }
}

fn perhaps(principal: &str, why: Vec<Why>) -> Answer {
    Answer::Possible {
        principal: principal.into(),
        way: Way::Directly("kms:Decrypt"),
        why,
    }
}

/// What of the whole was read that proofs rest on.
struct Grounds<'a> {
    asked: &'a Asked<'a>,
    census: Census,
    accesses: Accesses,
    /// Accounts of which not every endpoint is known: a listing failed, which may hide some, or one could
    /// not be read.
    unread: BTreeSet<AccountId>,
    untold: BTreeSet<KeyArn>,
}

impl<'a> Grounds<'a> {
    fn new(asked: &'a Asked<'a>) -> Self {
        let listings = asked.gaps.iter().filter(|gap| gap.subject.is_empty());
        let endpoints = asked.tenancy.unread.iter().map(|(cell, _)| &cell.account);
        Self {
            census: Census::of(asked.principals, asked.keys),
            accesses: Accesses::default(),
            unread: listings
                .map(|gap| &gap.account)
                .chain(endpoints)
                .cloned()
                .collect(),
            untold: untold(asked.keys).into_iter().collect(),
            asked,
        }
    }

    /// What the proofs about a key rest on.
    fn of(&mut self, row: &Open<'_>) -> Result<Basis, Vec<Why>> {
        let Asked { keys, settings, .. } = *self.asked;
        let key = row.key;
        let reach = Reach::of(key);
        let audited = Audited::of(key, &reach, keys, &mut self.accesses, settings);
        let mut lacks = Vec::new();
        // Whose an endpoint without a tag is, is not known.
        if row.has_nobodys || row.nobodys.is_some() {
            lacks.push(Why::UntaggedEndpoint);
        }
        if self.untold.contains(&key.arn) {
            lacks.push(Why::KeyTags);
        }
        let reached = |account: &&AccountId| match &audited {
            Ok(audited) => audited.accounts().contains(*account),
            Err(_) => reach.has(account),
        };
        let unread = self.unread.iter().filter(reached);
        lacks.extend(unread.cloned().map(Why::EndpointsNotRead));
        // Roles are of all Regions.
        let left_out = keys.left_out.iter().filter(reached);
        lacks.extend(left_out.cloned().map(Why::RegionsLeftOut));
        if key.may_have_replicas() {
            lacks.push(Why::KeyReplicas);
        }
        Basis::unless(Basis::of(audited, &self.census), lacks)
    }
}

fn untold(keys: &Keys) -> Vec<KeyArn> {
    let customers = keys.by_arn.iter().filter(|(_, key)| {
        let facts = key.described.fact.known();
        facts.is_some_and(|facts| facts.manager == inventory::KeyManager::Customer)
    });
    customers
        .filter(|(_, key)| {
            let tags = key.tags.as_ref().and_then(|read| read.fact.known());
            tags.is_none()
        })
        .map(|(arn, _)| arn.clone())
        .collect()
}

fn assumptions(settings: &Settings) -> Vec<String> {
    let tag = &settings.tags.tenant;
    let mut assumptions = vec![
        format!(
            "a tenant's are the users and roles tagged `{tag}` and the roles that its endpoints run as"
        ),
        format!(
            "a tenant's keys are those tagged `{tag}`, and of the others those that its endpoints use"
        ),
        "nobody becomes another by what is not followed at all: code in buckets, registries and CI systems that \
         a role runs; identity providers and memberships of IAM Identity Center; credentials that somebody stored \
         (docs/policy.md)"
            .to_owned(),
        "service and resource control policies stay as they are".to_owned(),
        "a service that calls KMS for somebody says so (kms:ViaService)".to_owned(),
        "requests to KMS come over TLS".to_owned(),
    ];
    assumptions.extend(settings.trusted_admins.iter().map(|pattern| {
        format!(
            "{pattern} takes no second step: creates no grant for itself, changes no key policy, becomes nobody else"
        )
    }));
    assumptions
}
