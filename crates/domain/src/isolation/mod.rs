//! Which tenant can use which key: proved, shown, or possible and why.

mod asking;
mod belonging;
mod tenancy;

use std::collections::BTreeSet;

use sagelock_policy::Request;
use sagelock_policy::access::{Step, Way};

pub use asking::{Asked, matrix};
pub use tenancy::Tenancy;
pub(crate) use tenancy::tenant;

use crate::access::Basis;
use crate::fact::Fact;
use crate::ids::KeyArn;
use crate::inventory::Principals;
use crate::why::Why;

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

    /// How many answers are of a kind.
    #[must_use]
    pub fn count(&self, kind: AnswerKind) -> usize {
        let answers = self.rows.iter().flat_map(|row| &row.answers);
        answers.filter(|answer| answer.kind() == kind).count()
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
    /// It cannot: that rests on this.
    Proved(Basis),
    /// It can.
    Violated {
        /// Who of it.
        principal: Box<str>,
        /// By which operation, and whether another step has to follow.
        way: Way,
        /// Such a request.
        request: Box<Request>,
        /// Each step and who takes it, where there are several.
        steps: Box<[Step]>,
    },
    /// It may.
    Possible {
        /// Who of it.
        principal: Box<str>,
        /// By which operation, and whether another step has to follow.
        way: Way,
        /// What it depends on.
        why: Vec<Why>,
    },
}

/// Which kind of answer one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AnswerKind {
    /// [`Answer::Own`]
    Own,
    /// [`Answer::Shared`]
    Shared,
    /// [`Answer::Proved`]
    Proved,
    /// [`Answer::Violated`]
    Violated,
    /// [`Answer::Possible`]
    Possible,
}

impl AnswerKind {
    /// Its name in output.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Shared => "shared",
            Self::Proved => "proved",
            Self::Violated => "violated",
            Self::Possible => "possible",
        }
    }
}

impl Answer {
    /// Which kind it is.
    #[must_use]
    pub const fn kind(&self) -> AnswerKind {
        match self {
            Self::Own => AnswerKind::Own,
            Self::Shared => AnswerKind::Shared,
            Self::Proved(_) => AnswerKind::Proved,
            Self::Violated { .. } => AnswerKind::Violated,
            Self::Possible { .. } => AnswerKind::Possible,
        }
    }

    /// Its name in output.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.kind().name()
    }
}
