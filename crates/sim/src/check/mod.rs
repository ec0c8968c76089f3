//! Checkers: what must be true of a world, whoever acted in it. Each is a named invariant that
//! looks at the ledger and at what is there, and says what breaks it.

mod orphans;
mod refusals;
mod serving;

use std::fmt;

use jiff::Timestamp;

use crate::world::World;

/// An invariant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Invariant {
    /// An endpoint that was serving is serving, until somebody deletes it.
    ServingStaysServing,
    /// What an endpoint, an alias or a tag refers to is there.
    NothingOrphaned,
    /// No call that AWS would refuse succeeded.
    RefusedIsRefused,
}

impl Invariant {
    /// Every invariant.
    pub const ALL: [Self; 3] = [
        Self::ServingStaysServing,
        Self::NothingOrphaned,
        Self::RefusedIsRefused,
    ];

    /// What breaks it in a world; empty where it holds.
    #[must_use]
    pub fn broken_by(self, world: &World) -> Vec<Broken> {
        match self {
            Self::ServingStaysServing => serving::broken(world),
            Self::NothingOrphaned => orphans::broken(world),
            Self::RefusedIsRefused => refusals::broken(world),
        }
    }
}

/// How an invariant is broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Which.
    pub invariant: Invariant,
    /// When, where a moment can be named.
    pub at: Option<Timestamp>,
    /// In which account and region, and of what.
    pub subject: String,
    /// How.
    pub says: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}: {}", self.invariant, self.subject, self.says)
    }
}

/// Everything that is broken in a world.
#[must_use]
pub fn broken(world: &World) -> Vec<Broken> {
    Invariant::ALL
        .into_iter()
        .flat_map(|invariant| invariant.broken_by(world))
        .collect()
}
