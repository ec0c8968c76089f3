//! How far a long run is: on a terminal, on standard error, and nowhere else.

use std::io::{IsTerminal, stderr};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use sagelock_domain::drive::Calls;

/// A bar, or nothing.
pub(crate) struct Progress(Option<ProgressBar>);

impl Progress {
    /// Calls of an audit.
    pub(crate) fn new(quiet: bool) -> Self {
        Self::of(
            quiet,
            "{spinner} {pos}/{len} calls {wide_bar} {msg} about {eta} left",
        )
    }

    /// Accounts whose users and roles are asked about, after this.
    pub(crate) fn of_accounts(&self) -> Self {
        Self::of(
            self.0.is_none(),
            "{spinner} {pos}/{len} accounts asked about {wide_bar} about {eta} left",
        )
    }

    /// A bar where somebody watches.
    fn of(quiet: bool, template: &str) -> Self {
        if quiet || !stderr().is_terminal() {
            return Self(None);
        }
        let bar = ProgressBar::new(1);
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(200));
        Self(Some(bar))
    }

    /// How many calls are answered, of how many that are known to be needed.
    pub(crate) fn update(&self, (answered, known): (u64, u64), calls: &Calls) {
        if let Some(bar) = &self.0 {
            bar.set_length(known.max(answered));
            bar.set_position(answered);
            if calls.throttled > 0 {
                bar.set_message(format!("{} throttled,", calls.throttled));
            }
        }
    }

    /// How many are done, of how many.
    pub(crate) fn at(&self, done: usize, of: usize) {
        if let Some(bar) = &self.0 {
            bar.set_length(of as u64);
            bar.set_position(done as u64);
        }
    }

    /// Takes the bar away.
    pub(crate) fn finish(&self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}
