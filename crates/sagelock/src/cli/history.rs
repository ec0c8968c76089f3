//! Where audits are kept and what is done with those that were, as the command line says it.

use clap::Args;
use sagelock_store::{AuditRow, Store};

use crate::exit::Failure;
use crate::history::{History, Place, Since, earlier, open, scope};
use crate::report::Format;
use crate::session::Session;

/// Where audits are kept.
#[derive(Args, Debug)]
pub(super) struct StoreArgs {
    /// Where audits are kept: sqlite:///absolute/path
    /// [default: sagelock.db in the user's data directory]
    #[arg(long, value_name = "URL", help_heading = "History")]
    db: Option<String>,
}

/// What an audit does with history.
#[derive(Args, Debug)]
pub(super) struct HistoryArgs {
    #[command(flatten)]
    store: StoreArgs,
    /// Do not read or write the audit history
    #[arg(long, conflicts_with = "db", help_heading = "History")]
    no_store: bool,
    /// Start over, even if an audit of the same scope was interrupted
    #[arg(long, conflicts_with = "no_store", help_heading = "History")]
    fresh: bool,
    /// Ask again about keys of other accounts that were denied less than a day ago
    #[arg(long, conflicts_with = "no_store", help_heading = "History")]
    pub(super) ask_denied: bool,
    /// Say what has changed since the last audit of the same scope, or since this one
    #[arg(long, value_name = "AUDIT", num_args = 0..=1, require_equals = true,
        default_missing_value = "last", value_parser = since,
        conflicts_with_all = ["no_store", "offline", "verdict", "redact"], help_heading = "History")]
    diff: Option<SinceArg>,
}

/// The audit to compare with, as clap carries it.
#[derive(Clone, Debug)]
struct SinceArg(Since);

#[expect(clippy::unnecessary_wraps, reason = "the shape that clap takes")]
fn since(text: &str) -> Result<SinceArg, String> {
    Ok(SinceArg(match text {
        "last" => Since::Last,
        id => Since::Id(id.to_owned()),
    }))
}

impl StoreArgs {
    /// The place.
    pub(super) fn place(&self) -> Place {
        self.db.clone().map_or(Place::Default, Place::Url)
    }
}

impl HistoryArgs {
    /// Opens the store. A replay is no audit of its own, and is not kept.
    pub(super) async fn open(&self, is_replay: bool) -> Result<Option<Store>, Failure> {
        let place = if self.no_store || is_replay {
            Place::Nowhere
        } else {
            self.store.place()
        };
        open(&place).await
    }

    /// Begins to keep an audit, or goes on with one that was cut off. What is recorded is asked for
    /// as a whole.
    pub(super) async fn begin(
        &self,
        store: Option<Store>,
        session: &mut Session,
        is_recorded: bool,
        quiet: bool,
    ) -> Result<History, Failure> {
        let Some(store) = store else {
            return Ok(History::none());
        };
        let begun = History::begin(store, session, self.fresh || is_recorded).await?;
        if let Some((started, until)) = begun.goes_on {
            session.started_at = started;
            if !quiet {
                anstream::eprintln!(
                    "going on with the audit that began at {started} and was cut off at {until}; \
                     `--fresh` begins anew"
                );
            }
        }
        Ok(begun.history)
    }

    /// The audit to compare with, where somebody wants to know and there is one.
    pub(super) async fn earlier(
        &self,
        store: Option<&Store>,
        session: &Session,
    ) -> Result<Option<AuditRow>, Failure> {
        let (Some(SinceArg(since)), Some(store)) = (&self.diff, store) else {
            return Ok(None);
        };
        let row = earlier(store, since, &scope(session)).await?;
        if row.is_none() {
            anstream::eprintln!("no earlier audit of the same scope is kept; this is the first");
        }
        Ok(row)
    }

    /// Whether changes are asked for, which only two formats tell.
    pub(super) fn check_format(&self, format: Format) -> Result<(), Failure> {
        let tells = matches!(format, Format::Table | Format::Json);
        if self.diff.is_some() && !tells {
            let error = anyhow::anyhow!("`audit --diff` has the formats table and json");
            return Err(Failure::usage(error)
                .hint("`-o FORMAT=PATH` writes the audit itself beside it, in any format"));
        }
        Ok(())
    }
}
