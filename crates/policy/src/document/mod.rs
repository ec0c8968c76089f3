//! Policy documents as they were written, ready to be matched.

mod condition;
mod measure;
mod named;
mod partition;
mod principal;
mod read;

pub(crate) use condition::{Base, Condition, Dispute, Expected, Quantity};
pub(crate) use condition::{address, arn_fields, binary, boolean};
pub(crate) use measure::{Decimal, Instant};
pub use partition::{PARTITIONS, Partition};
pub use principal::{Arn, Entry, Identity, Who};
pub(crate) use principal::{entry, identity_of, is_service_name};

use std::sync::Arc;

use crate::json::{Malformed, Node, Position};
use crate::pattern::{Pattern, Piece};

/// What a document is attached to, and so which elements it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Of a user, group or role.
    Identity,
    /// A permissions boundary.
    Boundary,
    /// Given when a role is assumed.
    Session,
    /// A service control policy of AWS Organizations.
    Scp,
    /// A resource control policy of AWS Organizations.
    Rcp,
    /// A key policy, or the policy of another resource.
    Resource,
    /// Of a VPC endpoint.
    Endpoint,
    /// Of a role, on who may assume it: it needs no resource, which is the role.
    Trust,
}

impl Kind {
    /// Whether its statements say whom they are about.
    pub(crate) const fn has_principal(self) -> bool {
        match self {
            Self::Rcp | Self::Resource | Self::Endpoint | Self::Trust => true,
            Self::Identity | Self::Boundary | Self::Session | Self::Scp => false,
        }
    }
}

/// Keys that say of which organisation somebody is, in lower case.
const ORGANIZATION_KEYS: [&str; 4] = [
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:sourceorgid",
    "aws:sourceorgpaths",
];

/// A policy document. A copy shares its statements: one document binds many.
#[derive(Clone, Debug)]
pub struct Document {
    pub(crate) statements: Arc<[Statement]>,
}

impl Statement {
    /// Whether it allows an action of a name like `sts:TagSession`, under whatever conditions.
    fn may_allow(&self, action: &str) -> bool {
        let action = action.to_ascii_lowercase();
        let mut patterns = self.actions.list.iter();
        let is_listed = patterns.any(|pattern| {
            let pieces = pattern.fixed();
            pieces.is_some_and(|pieces| crate::pattern::matches(pieces, &action))
        });
        self.effect == Effect::Allow && is_listed != self.actions.is_all_but
    }
}

impl Document {
    /// Reads a document of a kind.
    ///
    /// # Errors
    /// It is not JSON, or not what the grammar of policies says (IAM User Guide, "Grammar of the
    /// IAM JSON policy language"): an element is missing, stands there twice, is of a wrong type or
    /// has a value that no policy may have.
    pub fn read(kind: Kind, text: &str) -> Result<Self, Malformed> {
        Self::of(kind, &Node::read(text)?)
    }

    /// The document that stands there.
    pub(crate) fn of(kind: Kind, node: &Node<'_>) -> Result<Self, Malformed> {
        read::document(kind, node)
    }

    /// The accounts that a statement may allow something to; `None`: any.
    #[must_use]
    pub fn reach(&self) -> Option<Vec<String>> {
        let mut accounts = Vec::new();
        let allowing = self.statements.iter();
        for statement in allowing.filter(|one| one.effect == Effect::Allow) {
            let principals = statement.principals.as_ref()?;
            if principals.is_all_but {
                return None;
            }
            for entry in &principals.list {
                match entry {
                    Entry::Account { account, .. } => accounts.push(account.to_string()),
                    Entry::Identity(identity) => accounts.push(identity.account.to_string()),
                    // A service may act for anybody.
                    Entry::Everybody | Entry::Service(_) => return None,
                    Entry::Provider(_) | Entry::Nobody(_) => {}
                }
            }
        }
        Some(accounts)
    }

    /// Whether a statement allows an action of a name like `sts:TagSession`, under whatever conditions.
    #[must_use]
    pub fn may_allow(&self, action: &str) -> bool {
        let mut statements = self.statements.iter();
        statements.any(|statement| statement.may_allow(action))
    }

    /// Whether a statement that names a user, a role, an account or everybody allows an action.
    #[must_use]
    pub fn may_let_somebody(&self, action: &str) -> bool {
        self.statements.iter().any(|statement| {
            let principals = statement.principals.as_ref();
            let names_somebody = principals.is_some_and(|principals| {
                let is_somebody = |entry: &Entry| match entry {
                    Entry::Everybody | Entry::Account { .. } | Entry::Identity(_) => true,
                    Entry::Service(_) | Entry::Provider(_) | Entry::Nobody(_) => false,
                };
                principals.is_all_but || principals.list.iter().any(is_somebody)
            });
            names_somebody && statement.may_allow(action)
        })
    }

    /// Whether documents can allow an action on a resource, or on any, whatever their conditions say.
    pub(crate) fn any_may_allow(documents: &[Self], action: &str, resource: Option<&str>) -> bool {
        let action = action.to_ascii_lowercase();
        let may = |listed: &Listed<Pattern>, text: &str| {
            let mut patterns = listed.list.iter();
            if listed.is_all_but {
                let is_out = |one: &Pattern| {
                    one.fixed()
                        .is_some_and(|pieces| crate::pattern::matches(pieces, text))
                };
                !patterns.any(is_out)
            } else {
                patterns.any(|one| {
                    one.fixed()
                        .is_none_or(|pieces| crate::pattern::matches(pieces, text))
                })
            }
        };
        documents
            .iter()
            .flat_map(Self::statements)
            .filter(|statement| statement.effect == Effect::Allow)
            .any(|statement| {
                may(&statement.actions, &action)
                    && resource.is_none_or(|resource| may(&statement.resources, resource))
            })
    }

    /// Whether documents can allow an action whose name begins with one of some verbs, of any service but some, whatever
    /// their conditions say.
    pub(crate) fn any_may_begin(documents: &[Self], but: &[String], verbs: &[&str]) -> bool {
        let statements = documents.iter().flat_map(|one| one.statements.iter());
        let mut allowing = statements.filter(|statement| statement.effect == Effect::Allow);
        allowing.any(|statement| {
            let mut patterns = statement.actions.list.iter();
            statement.actions.is_all_but
                || patterns.any(|pattern| {
                    let text = pattern.to_string();
                    let Some((service, _)) = text.split_once(':') else {
                        return text.starts_with('*');
                    };
                    let begins = |verb: &&str| {
                        let begins = format!("{service}:{verb}").to_ascii_lowercase();
                        pattern.may_match_after(&begins)
                    };
                    let is_open = service.contains(['*', '?']);
                    let is_out = but.iter().any(|one| one == service);
                    is_open || !is_out && verbs.iter().any(begins)
                })
        })
    }

    /// Whether a statement may allow an action on something whose ARN begins so, whatever its conditions are.
    pub(crate) fn may_allow_within(&self, action: &str, prefix: &str) -> bool {
        let mut statements = self.statements.iter();
        statements.any(|one| {
            let mut resources = one.resources.list.iter();
            one.may_allow(action)
                && (one.resources.is_all_but || resources.any(|one| one.may_match_after(prefix)))
        })
    }

    /// A resource for each pattern by which a statement allows an action.
    pub(crate) fn examples_of(&self, action: &str) -> Vec<String> {
        let action = action.to_ascii_lowercase();
        let mut examples = Vec::new();
        for statement in self.statements.iter() {
            let mut actions = statement.actions.list.iter();
            let is = |one: &Pattern| {
                one.fixed()
                    .is_some_and(|pieces| crate::pattern::matches(pieces, &action))
            };
            let allows = statement.effect == Effect::Allow && !statement.resources.is_all_but;
            if !allows || actions.any(is) == statement.actions.is_all_but {
                continue;
            }
            examples.extend(statement.resources.list.iter().map(|pattern| {
                let pieces = pattern.pieces().iter().map(|piece| match piece {
                    Piece::Text(text) => text.to_string(),
                    Piece::Run | Piece::One | Piece::Variable(_) => "x".to_owned(),
                });
                pieces.collect::<String>()
            }));
        }
        examples.retain(|text| text.starts_with("arn:"));
        examples
    }

    /// Whether a statement may be about an action of a service, `kms`: the others change nothing about what
    /// is allowed there.
    #[must_use]
    pub fn may_be_about(&self, service: &str) -> bool {
        let prefix = format!("{service}:");
        let mut statements = self.statements.iter();
        statements.any(|statement| {
            let mut patterns = statement.actions.list.iter();
            statement.actions.is_all_but || patterns.any(|one| one.may_match_after(&prefix))
        })
    }

    /// Whether a statement denies something.
    pub(crate) fn denies_any(&self) -> bool {
        let mut statements = self.statements.iter();
        statements.any(|statement| statement.effect == Effect::Deny)
    }

    /// Whether a condition or a variable asks for a key, in lower case, of which that is so.
    pub(crate) fn asks(&self, is: impl Fn(&str) -> bool) -> bool {
        self.statements.iter().any(|statement| {
            let resources = statement.resources.list.iter().flat_map(Pattern::variables);
            let conditions = statement.conditions.iter();
            resources
                .chain(conditions.flat_map(Condition::keys))
                .any(&is)
        })
    }

    /// Whether every statement is about all resources, as those of a key policy are.
    #[must_use]
    pub fn is_about_everything(&self) -> bool {
        let mut statements = self.statements.iter();
        statements.all(|statement| {
            let listed = &statement.resources;
            let mut patterns = listed.list.iter();
            !listed.is_all_but && patterns.any(|one| one.pieces() == [Piece::Run])
        })
    }

    /// Whether a condition asks of which organisation somebody is.
    #[must_use]
    pub fn names_organizations(&self) -> bool {
        let conditions = self.statements.iter().flat_map(|one| &one.conditions);
        conditions
            .into_iter()
            .any(|condition| ORGANIZATION_KEYS.contains(&&*condition.key))
    }

    /// The organisations that conditions name.
    #[must_use]
    pub fn organizations(&self) -> Vec<String> {
        let conditions = self.statements.iter().flat_map(|one| &one.conditions);
        let of_organization =
            conditions.filter(|condition| ORGANIZATION_KEYS.contains(&&*condition.key));
        let expected = of_organization.flat_map(|condition| condition.expected.iter());
        let mut named: Vec<String> = expected
            .flat_map(Expected::texts)
            .filter_map(|text| text.split('/').next())
            .filter(|text| text.starts_with("o-"))
            .map(ToOwned::to_owned)
            .collect();
        named.sort();
        named.dedup();
        named
    }

    /// Changes its statements, and those of no copy.
    pub(crate) fn edit(&mut self, change: impl FnOnce(&mut Vec<Statement>)) {
        let mut statements = self.statements.to_vec();
        change(&mut statements);
        self.statements = statements.into();
    }

    /// Its statements, in their order.
    #[must_use]
    pub fn statements(&self) -> &[Statement] {
        &self.statements
    }
}

/// What a statement does where it matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Allows.
    Allow,
    /// Denies, whatever else allows.
    Deny,
}

impl Effect {
    /// As policies write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Allow => "Allow",
            Self::Deny => "Deny",
        }
    }
}

/// A statement.
#[derive(Clone, Debug)]
pub struct Statement {
    pub(crate) sid: Option<Box<str>>,
    pub(crate) at: Position,
    pub(crate) effect: Effect,
    pub(crate) principals: Option<Listed<Entry>>,
    pub(crate) actions: Listed<Pattern>,
    /// The actions as they were written.
    pub(crate) written: Box<[Box<str>]>,
    pub(crate) resources: Listed<Pattern>,
    pub(crate) conditions: Vec<Condition>,
}

impl Statement {
    /// Its name, where it has one.
    #[must_use]
    pub fn sid(&self) -> Option<&str> {
        self.sid.as_deref()
    }

    /// What it does.
    #[must_use]
    pub const fn effect(&self) -> Effect {
        self.effect
    }

    /// Where it stands in its document.
    #[must_use]
    pub const fn position(&self) -> Position {
        self.at
    }
}

/// What an element lists, or, in its form that begins with `Not`, all but that.
#[derive(Clone, Debug)]
pub(crate) struct Listed<T> {
    pub(crate) is_all_but: bool,
    pub(crate) list: Box<[T]>,
}
