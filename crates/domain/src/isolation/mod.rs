//! Which tenant can use which key: proved, shown, or possible and why.

mod tenancy;

use std::collections::{BTreeMap, BTreeSet};

use sagelock_policy::Request;
use sagelock_policy::access::{Principal, Users, Way};
use sagelock_policy::prove::Proof;

pub use tenancy::Tenancy;
pub(crate) use tenancy::tenant;

use crate::access::{key_asked, principal_asked, principal_unread};
use crate::fact::Fact;
use crate::ids::KeyArn;
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

/// Proves, for every key that somebody uses, which tenants can use it.
#[must_use]
pub fn matrix(
    tenancy: &Tenancy,
    keys: &Keys,
    principals: &Principals,
    settings: &Settings,
    mut tell: impl FnMut(usize, usize),
) -> Matrix {
    let people = People::new(tenancy, principals, settings);
    let mut rows = Vec::new();
    let owned = tenancy.owners(keys, settings);
    for (done, (arn, owners)) in owned.iter().enumerate() {
        tell(done, owned.len());
        let Some(key) = keys.by_arn.get(arn) else {
            continue;
        };
        let asked = key_asked(key, principals);
        let users = Users::new(&asked);
        let (using, has_nobodys) = tenancy.users_of(arn);
        let answers = people.tenants.iter().map(|(name, list)| {
            if owners.contains(name) && owners.len() == 1 {
                Answer::Own
            } else if owners.contains(name) || using.contains(name) {
                Answer::Shared
            } else {
                worst(&users, list)
            }
        });
        let answers = answers.collect();
        let aliases = key.aliases.as_ref().and_then(|read| read.fact.known());
        rows.push(Row {
            users: using,
            has_nobodys,
            nobodys: worst(&users, &people.nobodys),
            key: arn.clone(),
            alias: aliases.and_then(|list| list.first().cloned()),
            owners: owners.clone(),
            answers,
        });
    }
    let tenants = people.tenants.into_iter().map(|(name, list)| Tenant {
        name,
        principals: list
            .iter()
            .map(|one| one.principal.arn.to_string())
            .collect(),
    });
    Matrix {
        tenants: tenants.collect(),
        rows,
        untold: untold(keys),
        assumptions: assumptions(settings),
    }
}

/// Somebody of a tenant, and whether it is trusted not to take a second step.
struct Member {
    principal: Principal,
    is_trusted: bool,
}

struct People {
    tenants: BTreeMap<String, Vec<Member>>,
    /// The roles of endpoints that name no tenant, but for those that are a tenant's.
    nobodys: Vec<Member>,
}

impl People {
    fn new(tenancy: &Tenancy, principals: &Principals, settings: &Settings) -> Self {
        let mut tenants: BTreeMap<String, BTreeMap<String, Member>> = BTreeMap::new();
        for (account, read) in &principals.by_account {
            for found in read.fact.known().into_iter().flatten() {
                let tag = found.tags.get(&settings.tags.tenant);
                let of_tag = tag.filter(|tenant| !tenant.trim().is_empty());
                let runs = tenancy.tenants_of(&found.arn);
                for tenant in of_tag.into_iter().chain(runs.map(String::as_str)) {
                    if let Some(principal) = principal_asked(found, account, principals) {
                        let is_trusted = settings.is_trusted_admin(&found.arn);
                        let tenant = tenants.entry(tenant.trim().to_owned()).or_default();
                        let member = Member {
                            principal,
                            is_trusted,
                        };
                        tenant.insert(found.arn.clone(), member);
                    }
                }
            }
        }
        // Roles that endpoints run as, and of which nothing else is known.
        for (tenant, arn) in tenancy.roles() {
            let tenant = tenants.entry(tenant.to_owned()).or_default();
            if !tenant.contains_key(arn)
                && let Some(principal) = principal_unread(arn)
            {
                let is_trusted = settings.is_trusted_admin(arn);
                tenant.insert(
                    arn.to_owned(),
                    Member {
                        principal,
                        is_trusted,
                    },
                );
            }
        }
        let is_tenants = |arn: &String| tenants.values().any(|members| members.contains_key(arn));
        let known = principals.by_account.iter().flat_map(|(account, read)| {
            let list = read.fact.known().into_iter().flatten();
            list.map(move |found| (found.arn.as_str(), (account, found)))
        });
        let known: BTreeMap<&str, _> = known.collect();
        let nobodys = tenancy.roles_of_nobody().filter(|arn| !is_tenants(arn));
        let nobodys = nobodys.filter_map(|arn| {
            let principal = match known.get(arn.as_str()) {
                Some((account, found)) => principal_asked(found, account, principals),
                None => principal_unread(arn),
            };
            let is_trusted = settings.is_trusted_admin(arn);
            principal.map(|principal| Member {
                principal,
                is_trusted,
            })
        });
        Self {
            nobodys: nobodys.collect(),
            tenants: tenants
                .into_iter()
                .map(|(name, members)| (name, members.into_values().collect()))
                .collect(),
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

/// The worst that anybody of a tenant can.
fn worst(users: &Users, members: &[Member]) -> Answer {
    let mut worst = Answer::Proved;
    for member in members {
        let Some(found) = users.worst(&member.principal, !member.is_trusted) else {
            continue;
        };
        let principal = member.principal.arn.clone();
        match found.proof {
            Proof::Proved => {}
            Proof::Violated(request) => {
                return Answer::Violated {
                    principal,
                    way: found.way,
                    request,
                };
            }
            Proof::Possible(doubts) => {
                if matches!(worst, Answer::Proved) {
                    worst = Answer::Possible {
                        principal,
                        way: found.way,
                        why: doubts.iter().map(ToString::to_string).collect(),
                    };
                }
            }
        }
    }
    worst
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
