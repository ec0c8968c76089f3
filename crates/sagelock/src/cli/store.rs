//! Where audits are kept, as the command line says it.

use clap::Args;

use crate::history::Place;

/// Where audits are kept.
#[derive(Args, Debug)]
pub(super) struct StoreArgs {
    /// Where audits are kept [default: sagelock.db in the user's data directory]
    #[arg(long, value_name = "URL", help_heading = "History")]
    db: Option<String>,
}

impl StoreArgs {
    /// The place.
    pub(super) fn place(&self) -> Place {
        self.db.clone().map_or(Place::Default, Place::Url)
    }
}
