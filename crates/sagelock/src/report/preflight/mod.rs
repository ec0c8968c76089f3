//! Whether a deployment will succeed, as it is shown.

mod json;
mod table;

use std::collections::BTreeSet;

use sagelock_domain::fact::Gap;
use sagelock_domain::inventory::CellId;
use sagelock_domain::preflight::{Deployment, Preflight};

pub(crate) use json::preflight_json;
pub(crate) use table::preflight_table;

/// A deployment, and what was found out about it.
pub(crate) struct Looked<'a> {
    pub(crate) deployment: &'a Deployment,
    pub(crate) cell: &'a CellId,
    pub(crate) found: &'a Preflight,
    pub(crate) gaps: &'a BTreeSet<Gap>,
    pub(crate) simulated: bool,
}
