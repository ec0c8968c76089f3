//! A simulated organisation.

use jiff::Timestamp;

use crate::world::World;

/// A simulated organisation.
#[must_use]
pub fn demo(now: Timestamp, seed: u64) -> World {
    World::new(now, seed)
}
