//! The accounts of a fleet: who they are, where they stand in the organisation, and whom they
//! trust.

use serde_json::json;

use super::builder::{Builder, let_audit, trusting_role};
use super::demo_teams::pick;
use super::fleet::{MANAGEMENT, ROLE};
use crate::service::Service;
use crate::world::World;

/// An account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The names of the units above it, from the root down.
    pub path: &'static [&'static str],
    /// Whose it is.
    pub team: &'static str,
    /// Whether the organisation has closed it.
    pub suspended: bool,
}

const TEAMS: &[&str] = &[
    "payments",
    "health",
    "retail",
    "research",
    "mobility",
    "insurance",
    "energy",
];
const PATHS: &[&[&str]] = &[
    &["workloads", "production"],
    &["workloads", "production"],
    &["workloads", "staging"],
    &["sandbox"],
];
/// Units by the path that leads to them; those above come first.
const UNITS: &[&[&str]] = &[
    &["security"],
    &["workloads"],
    &["workloads", "production"],
    &["workloads", "staging"],
    &["sandbox"],
    &["closed"],
];
/// Accounts that were closed, beside those that are asked for.
pub(super) const SUSPENDED: usize = 2;

impl Account {
    /// The ARN of the role that the management account assumes in it.
    #[must_use]
    pub fn role(&self) -> String {
        format!("arn:aws:iam::{}:role/{ROLE}", self.id)
    }
}

/// So many accounts, the management account first and the one with the central keys second, and
/// those that were closed.
pub(super) fn accounts(count: usize) -> Vec<Account> {
    let open = (0..count).map(|index| {
        let team = pick(TEAMS, index).unwrap_or_default();
        let path = pick(PATHS, index).unwrap_or_default();
        let (id, name, path, team) = match index {
            0 => (
                MANAGEMENT.to_owned(),
                "management".to_owned(),
                &[][..],
                "platform",
            ),
            1 => (
                number(1),
                "central-keys".to_owned(),
                &["security"][..],
                "security",
            ),
            _ => {
                let unit = path.last().copied().unwrap_or_default();
                (
                    number(index),
                    format!("{team}-{unit}-{index:04}"),
                    path,
                    team,
                )
            }
        };
        Account {
            id,
            name,
            path,
            team,
            suspended: false,
        }
    });
    let closed = (0..SUSPENDED).map(|index| Account {
        id: number(count + index),
        name: format!("closed-{index}"),
        path: &["closed"],
        team: "platform",
        suspended: true,
    });
    open.chain(closed).collect()
}

fn number(index: usize) -> String {
    format!("2{index:011}")
}

fn unit_id(root: &str, path: &[&str]) -> String {
    let name = path.join("");
    format!("ou-{}-{name:x<8}", root.trim_start_matches("r-"))
}

/// Makes the organisation, its units and accounts, and the role in each; the organisation's id.
pub(super) fn make(world: &mut World, accounts: &[Account]) -> String {
    let mut management = Builder::new(world, MANAGEMENT, "us-east-1");
    management.call(Service::Organizations, "CreateOrganization", &json!({}));
    for account in accounts {
        trusting_role(world, &account.id, ROLE, MANAGEMENT, "us-east-1");
        let_audit(world, &account.id, ROLE, "us-east-1");
    }
    let joined = world.stamp();
    let Some(organization) = world.organizations.first_mut() else {
        return String::new();
    };
    let root = organization.root.clone();
    let parent_of = |path: &[&str]| match path {
        [] => root.clone(),
        [..] => unit_id(&root, path),
    };
    for path in UNITS {
        if let [above @ .., name] = path {
            organization.add_unit(&unit_id(&root, path), name, &parent_of(above));
        }
    }
    for account in accounts {
        if account.id != MANAGEMENT {
            let parent = parent_of(account.path);
            organization.add(&account.id, &account.name, &parent, joined);
        }
        if let Some(member) = organization.accounts.get_mut(&account.id) {
            member.suspended = account.suspended;
        }
        let tags = [
            ("team", account.team),
            (
                "environment",
                account.path.last().copied().unwrap_or("root"),
            ),
        ];
        let tags = tags.map(|(key, value)| (key.to_owned(), value.to_owned()));
        organization.tags.insert(account.id.clone(), tags.into());
    }
    organization.id.clone()
}
