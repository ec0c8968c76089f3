//! What rules are made of.

pub(super) mod late;
pub(super) mod message;
pub(super) mod rule;
pub(super) mod subject;
pub(super) mod verdict;
