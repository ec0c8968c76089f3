//! How much one question may cost, in steps that are the same on every machine.

use std::cell::Cell;

/// What is left of it. A question of many proofs has one; each proof may take a part of it only, so that one
/// that is hard does not leave the others without an answer.
#[derive(Debug)]
pub struct Budget {
    left: Cell<u64>,
    /// A proof may take so much.
    proof_max: u64,
    /// What is left of the proof under way.
    proof_left: Cell<u64>,
    /// So many bytes may be in use at once.
    bytes_max: usize,
}

/// A proof may take one part of so many.
const PARTS: u64 = 8;

impl Budget {
    /// So many steps, a few dozen nanoseconds each, and so many bytes at once.
    #[must_use]
    pub const fn new(steps: u64, bytes_max: usize) -> Self {
        Self {
            left: Cell::new(steps),
            proof_max: steps / PARTS,
            proof_left: Cell::new(steps / PARTS),
            bytes_max,
        }
    }

    /// That of a question that somebody waits for.
    #[must_use]
    pub const fn of_question() -> Self {
        Self::new(24_000_000, 96 << 20)
    }

    /// That of one key among the many of an audit, about which so many users and roles are asked.
    #[must_use]
    pub const fn of_audit(people: usize) -> Self {
        let steps = 240_000 + 1_500 * people as u64;
        Self {
            // Most of its proofs are easy, and finding out who there is is not.
            proof_max: steps / 2,
            proof_left: Cell::new(steps / 2),
            ..Self::new(steps, 32 << 20)
        }
    }

    /// Without an end for all, and with one for each proof: of what does not depend on a key policy.
    #[must_use]
    pub const fn of_each() -> Self {
        Self {
            left: Cell::new(u64::MAX),
            proof_max: 400_000,
            proof_left: Cell::new(400_000),
            bytes_max: 32 << 20,
        }
    }

    /// Takes some steps; false where there are no more, for this proof or for all.
    pub(crate) fn spend(&self, steps: usize) -> bool {
        let steps = u64::try_from(steps).unwrap_or(u64::MAX);
        let proof = self.proof_left.get().saturating_sub(steps);
        let left = self.left.get().saturating_sub(steps);
        self.proof_left.set(proof);
        self.left.set(left);
        proof > 0 && left > 0
    }

    /// Another proof begins.
    pub(crate) fn begin(&self) {
        self.proof_left.set(self.proof_max);
    }

    /// Whether there is nothing left, for this proof or for all.
    pub(crate) fn is_spent(&self) -> bool {
        self.proof_left.get() == 0 || self.left.get() == 0
    }

    /// How many bytes may be in use.
    pub(crate) const fn bytes_max(&self) -> usize {
        self.bytes_max
    }

    /// The steps that are left.
    #[must_use]
    pub const fn left(&self) -> u64 {
        self.left.get()
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self::of_question()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_that_is_hard_leaves_something_for_the_others() {
        let budget = Budget::new(80, 0);
        assert!(budget.spend(5) && budget.spend(4));
        assert!(!budget.spend(1), "ten are of one proof");
        assert!(budget.is_spent());
        budget.begin();
        assert!(!budget.is_spent() && budget.spend(9));
        for _ in 0..8 {
            budget.begin();
            budget.spend(9);
        }
        budget.begin();
        assert!(budget.is_spent() && budget.left() == 0);
    }
}
