//! Which tenant can use which key: proved, shown, or possible and why.

mod belonging;
mod tenancy;

use std::collections::{BTreeMap, BTreeSet};

use sagelock_policy::Request;
use sagelock_policy::access::{Use, Users, Way};
use sagelock_policy::prove::Proof;

use belonging::{Belonging, Member};
pub use tenancy::Tenancy;
pub(crate) use tenancy::tenant;

use crate::access::{Reach, Reached, Reader};
use crate::fact::Fact;
use crate::ids::{AccountId, KeyArn};
use crate::inventory::{self, Keys, Principals};
use crate::settings::Settings;

/// Keys by tenants.
#[derive(Clone, Debug)]
pub struct Matrix {
    /// The tenants, by name.
    pub tenants: Vec<Tenant>,
    /// The keys.
    pub rows: Vec<Row>,
    /// Customer managed keys whose tags are not known, and so not whose they are.
    pub untold: Vec<KeyArn>,
    /// What every proof takes for granted.
    pub assumptions: Vec<String>,
}

/// A tenant.
#[derive(Clone, Debug)]
pub struct Tenant {
    /// As its tags name it.
    pub name: String,
    /// The ARNs of its users and roles.
    pub principals: Vec<String>,
}

/// A key, and which tenant can use it.
#[derive(Clone, Debug)]
pub struct Row {
    /// The key.
    pub key: KeyArn,
    /// One of its aliases.
    pub alias: Option<String>,
    /// The tenants whose key it is.
    pub owners: BTreeSet<String>,
    /// One for each tenant.
    pub answers: Vec<Answer>,
    /// The tenants whose endpoints use it, whatever its tag says.
    pub users: BTreeSet<String>,
    /// An endpoint that names no tenant uses it.
    pub has_nobodys: bool,
    /// Of the roles of endpoints that name no tenant.
    pub nobodys: Answer,
}

impl Row {
    /// The key's alias, or its id.
    #[must_use]
    pub fn name(&self) -> &str {
        self.alias.as_deref().unwrap_or_else(|| self.key.id())
    }
}

impl Matrix {
    /// That of a key; they are in the order of their ARNs.
    #[must_use]
    pub fn row(&self, key: &KeyArn) -> Option<&Row> {
        let at = self.rows.binary_search_by(|row| row.key.cmp(key)).ok()?;
        self.rows.get(at)
    }

    /// How many answers have a name.
    #[must_use]
    pub fn count(&self, name: &str) -> usize {
        let answers = self.rows.iter().flat_map(|row| &row.answers);
        answers.filter(|answer| answer.name() == name).count()
    }

    /// With nothing proved about a key that lets in an account of which it is not known who there is, or
    /// whose they are: the proofs are about those who are known.
    #[must_use]
    pub fn doubting(mut self, keys: &Keys, principals: &Principals) -> Self {
        let why = |account: &AccountId| {
            let read = principals.by_account.get(account);
            if read.is_none_or(|read| read.fact.known().is_none()) {
                return Some("who there is in it, which was not read");
            }
            // Roles are of all Regions.
            let is_left_out = keys.left_out.contains(account);
            is_left_out.then_some("endpoints in Regions of it, which were left out")
        };
        for row in &mut self.rows {
            let Some(key) = keys.by_arn.get(&row.key) else {
                continue;
            };
            let accounts = match Reach::of(key) {
                Reach::Accounts(accounts) => accounts,
                Reach::Any | Reach::NotRead => keys.in_scope.clone(),
            };
            let mut doubts = accounts.iter();
            let doubt = doubts.find_map(|account| Some((account, why(account)?)));
            let Some((account, why)) = doubt else {
                continue;
            };
            let proved = row.answers.iter_mut();
            for answer in proved.filter(|answer| matches!(answer, Answer::Proved)) {
                *answer = Answer::Possible {
                    principal: format!("somebody of account {account}").into(),
                    way: Way::Directly("kms:Decrypt"),
                    why: vec![why.to_owned()],
                };
            }
        }
        self
    }

    /// Whether all was read that it rests on.
    #[must_use]
    pub fn is_whole(&self, tenancy: &Tenancy, principals: &Principals) -> bool {
        let mut accounts = principals.by_account.values();
        accounts.all(|read| matches!(read.fact, Fact::Known(_)))
            && tenancy.unread.is_empty()
            && tenancy.untagged.is_empty()
            && self.untold.is_empty()
    }
}

/// Whether a tenant can use a key.
#[derive(Clone, Debug)]
pub enum Answer {
    /// It is the tenant's own.
    Own,
    /// Endpoints of this tenant use it, and it is not this tenant's alone: others' do too, or it bears
    /// another's tag.
    Shared,
    /// It cannot.
    Proved,
    /// It can.
    Violated {
        /// Who of it.
        principal: Box<str>,
        /// By which operation, and whether another step has to follow.
        way: Way,
        /// Such a request.
        request: Box<Request>,
    },
    /// It may.
    Possible {
        /// Who of it.
        principal: Box<str>,
        /// By which operation, and whether another step has to follow.
        way: Way,
        /// What it depends on.
        why: Vec<String>,
    },
}

impl Answer {
    /// Its name in output.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Shared => "shared",
            Self::Proved => "proved",
            Self::Violated { .. } => "violated",
            Self::Possible { .. } => "possible",
        }
    }
}

/// Proves, for every key that somebody uses, which tenants can use it: account by account, since what
/// everybody may do does not fit into memory at once.
#[must_use]
pub fn matrix(
    tenancy: &Tenancy,
    keys: &Keys,
    principals: &Principals,
    settings: &Settings,
    mut tell: impl FnMut(usize, usize),
) -> Matrix {
    let reader = Reader::new(principals);
    let belonging = Belonging::new(tenancy, principals, settings);
    let mut rows = rows(tenancy, keys, &belonging, settings);
    let asked = rows.keys().filter_map(|arn| keys.by_arn.get(*arn));
    let reached = Reached::new(asked, &reader);
    let accounts = belonging.accounts();
    let of = accounts.len();
    for (done, account) in accounts.enumerate() {
        tell(done, of);
        let members = belonging.members(account, &reader, settings);
        reached.by(account, &reader, |key, users| {
            if let Some(row) = rows.get_mut(&key.arn) {
                for member in &members {
                    row.ask(member, users);
                }
            }
        });
        reader.forget();
    }
    let rows = rows.into_values().collect();
    let tenants = belonging.tenants.into_iter().map(|(name, arns)| Tenant {
        name,
        principals: arns.into_iter().map(ToOwned::to_owned).collect(),
    });
    Matrix {
        tenants: tenants.collect(),
        rows,
        untold: untold(keys),
        assumptions: assumptions(settings),
    }
}

/// The rows, before anybody was asked.
fn rows<'a>(
    tenancy: &Tenancy,
    keys: &'a Keys,
    belonging: &Belonging<'_>,
    settings: &Settings,
) -> BTreeMap<&'a KeyArn, Row> {
    let mut rows = BTreeMap::new();
    for (arn, owners) in tenancy.owners(keys, settings) {
        let Some((arn, key)) = keys.by_arn.get_key_value(&arn) else {
            continue;
        };
        let (using, has_nobodys) = tenancy.users_of(arn);
        let answers = belonging.tenants.keys().map(|name| {
            if owners.contains(name) && owners.len() == 1 {
                Answer::Own
            } else if owners.contains(name) || using.contains(name) {
                Answer::Shared
            } else {
                Answer::Proved
            }
        });
        let answers = answers.collect();
        let aliases = key.aliases.as_ref().and_then(|read| read.fact.known());
        let row = Row {
            users: using,
            has_nobodys,
            nobodys: Answer::Proved,
            key: arn.clone(),
            alias: aliases.and_then(|list| list.first().cloned()),
            owners,
            answers,
        };
        rows.insert(arn, row);
    }
    rows
}

impl Row {
    /// Asks about somebody, where that can make a difference.
    fn ask(&mut self, member: &Member, users: &Users) {
        let is_nobodys = member.tenants.is_empty();
        let answers = self.answers.iter_mut().enumerate();
        let of_member = answers.filter(|(place, _)| member.tenants.contains(place));
        let of_member = of_member.map(|(_, answer)| answer);
        let nobodys = Some(&mut self.nobodys).filter(|_| is_nobodys);
        let open: Vec<&mut Answer> = of_member
            .chain(nobodys)
            .filter(|answer| matches!(answer, Answer::Proved | Answer::Possible { .. }))
            .collect();
        if open.is_empty() {
            return;
        }
        if let Some(found) = users.worst(&member.principal, !member.is_trusted) {
            for answer in open {
                answer.worsen(&member.principal.arn, &found);
            }
        }
    }
}

impl Answer {
    /// Takes what somebody can, where that is worse than what others can.
    fn worsen(&mut self, principal: &str, found: &Use) {
        match &found.proof {
            Proof::Violated(request) => {
                *self = Self::Violated {
                    principal: principal.into(),
                    way: found.way,
                    request: request.clone(),
                };
            }
            Proof::Possible(doubts) if matches!(self, Self::Proved) => {
                *self = Self::Possible {
                    principal: principal.into(),
                    way: found.way,
                    why: doubts.iter().map(ToString::to_string).collect(),
                };
            }
            Proof::Proved | Proof::Possible(_) => {}
        }
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
        "no role of a tenant assumes a role of another (sts:AssumeRole)".to_owned(),
        "a service that calls KMS for somebody says so (kms:ViaService)".to_owned(),
        "requests to KMS come over TLS".to_owned(),
    ];
    assumptions.extend(settings.trusted_admins.iter().map(|pattern| {
        format!(
            "{pattern} takes no second step: creates no grant for itself, changes no key policy"
        )
    }));
    assumptions
}
