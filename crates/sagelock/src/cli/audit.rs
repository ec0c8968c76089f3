//! `sagelock audit`.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::rc::Rc;

use anyhow::Context;
use clap::Args;
use sagelock_domain::drive::Calls;
use sagelock_domain::rules::{Severity, Verdict};

use super::history::HistoryArgs;
use super::{FailOn, SourceArgs, estimate, fail_on, print, print_plain, share};
use crate::audit::{Keep, Past, audit};
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::history::{Difference, not_compared};
use crate::key_facts;
use crate::outcome::{Audit, exit_of};
use crate::progress::Progress;
use crate::report::{
    self, Format, Output, create_private, missing_permissions, not_entered, other_gaps, page_width,
    redact, terminal_width,
};
use crate::session::Session;

/// `sagelock audit`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    sagelock audit                             every region of this account\n  \
    sagelock audit --profile prod --region eu-west-1 --fail-on critical\n  \
    sagelock audit -o json=audit.json -o md=audit.md the table, and two files\n  \
    sagelock audit -o sarif=audit.sarif -o junit=audit.xml  for other tools\n  \
    sagelock audit --record recordings/prod    keep every call and reply\n  \
    sagelock audit --offline recordings/prod   judge them again, without AWS\n  \
    sagelock audit --estimate                  what it will cost; makes no call")]
pub(super) struct Command {
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    history: HistoryArgs,
    /// Details from the owners of keys in other accounts: the output of `aws kms describe-key`
    #[arg(long, value_name = "FILE", help_heading = "Accounts")]
    key_facts: Option<PathBuf>,
    /// What standard output gets [default: table]
    #[arg(long, value_name = "FORMAT", value_enum)]
    format: Option<Format>,
    /// Also write a file, in any of these formats
    #[arg(short = 'o', long = "output", value_name = "FORMAT=PATH")]
    outputs: Vec<Output>,
    /// Only these verdicts: pass, fail, unknown, not_applicable
    #[arg(long, value_name = "VERDICT", value_delimiter = ',', value_parser = verdict)]
    verdict: Vec<VerdictArg>,
    /// Exit 1 for findings from this severity on: critical, high, medium, low or none
    /// [default: high]
    #[arg(long, value_name = "SEVERITY", value_parser = fail_on)]
    fail_on: Option<FailOn>,
    /// Exit 3 when a smaller share of the verdicts is known [default: 1.0]
    #[arg(long, value_name = "SHARE", value_parser = share)]
    min_coverage: Option<f64>,
    /// Record every call and reply, secrets taken out, into an empty folder
    #[arg(long, value_name = "DIR", conflicts_with = "offline")]
    record: Option<PathBuf>,
    /// Put pseudonyms in place of accounts, names, keys and places
    #[arg(long)]
    redact: bool,
    /// Say what the audit will cost in calls, minutes and dollars, and make no call
    #[arg(long, conflicts_with_all = ["record", "redact", "outputs", "verdict", "org", "accounts_file"])]
    estimate: bool,
    /// What `--estimate` expects in each region
    #[arg(long, value_name = "ENDPOINTS,CONFIGURATIONS,KEYS[,BUCKETS[,ARTIFACTS[,PREFIXES]]]", requires = "estimate", value_parser = estimate::expected)]
    assume: Option<estimate::Assumed>,
}

#[derive(Clone, Copy, Debug)]
struct VerdictArg(Verdict);

fn verdict(text: &str) -> Result<VerdictArg, String> {
    Verdict::ALL
        .into_iter()
        .find(|verdict| verdict.as_str() == text)
        .map(VerdictArg)
        .ok_or_else(|| "expected pass, fail, unknown or not_applicable".to_owned())
}

impl Command {
    pub(super) async fn run(self, mut config: Config, quiet: bool) -> Result<Exit, Failure> {
        if let Some(FailOn(fail_on)) = self.fail_on {
            config.audit.fail_on = fail_on;
        }
        if let Some(share) = self.min_coverage {
            config.audit.min_coverage = share;
        }
        let mut wanted = self.source.wanted(&config)?;
        if self.estimate {
            return estimate::run(&wanted, self.assume, self.format);
        }
        let format = self.format.unwrap_or(Format::Table);
        self.history.check_format(format)?;
        let files = open(&self.outputs)?;
        wanted.record = self.record.as_deref();
        let told = self.key_facts.as_deref().map(key_facts::read).transpose()?;
        let store = self.history.open(self.source.offline.is_some()).await?;
        let mut session = Session::open(&wanted).await?;
        if !quiet
            && self.source.offline.is_none()
            && let Some(who) = &session.simulated
        {
            anstream::eprintln!("SIMULATED: {who}");
        }
        let earlier = self.history.earlier(store.as_ref(), &session).await?;
        let is_recorded = self.record.is_some();
        let history = self.history.begin(store, &mut session, is_recorded, quiet);
        let history = Rc::new(history.await?);
        session.record(&wanted)?;
        let keep = Keep {
            names: self.redact,
            ..Keep::default()
        };
        let past = Past {
            history: Rc::clone(&history),
            told: told.unwrap_or_default(),
            remembers: history.is_kept() && !is_recorded,
            ask_denied: self.history.ask_denied,
        };
        let done = audit(&session, &config, &Progress::new(quiet), keep, past).await?;
        let exit = exit_of(&done.audit, &config);
        let mut audit = done.audit;
        let compared = match earlier {
            Some(row) => history.difference(&audit, row).await.map(Some),
            None => Ok(None),
        };
        let kept = history.finish(&audit).await;
        let recorded = session.finish_recording(audit.interrupted);
        if !self.verdict.is_empty() {
            let verdicts = self.verdict.iter().map(|arg| arg.0);
            audit.findings.only(verdicts.collect());
        }
        if self.redact {
            redact(&mut audit).map_err(|error| Failure::new(Exit::Internal, error))?;
        }
        say(
            &audit,
            compared.as_ref().ok().and_then(Option::as_ref),
            format,
        )?;
        for (file, output) in files.into_iter().zip(&self.outputs) {
            save(&audit, file, output)?;
        }
        if !quiet {
            tell(&audit, &done.calls, &session, self.redact);
        }
        // What was found has been said; what else went wrong is told last.
        recorded.map_err(|error| {
            Failure::new(Exit::Usage, error).hint("the audit above is whole; the recording is not")
        })?;
        kept.map_err(|error| {
            Failure::new(Exit::Usage, error)
                .hint("the audit above is whole and was not kept; what was kept before is intact")
        })?;
        compared.map_err(not_compared)?;
        Ok(exit)
    }
}

/// Says the audit, or what has changed.
fn say(audit: &Audit, difference: Option<&Difference>, format: Format) -> Result<(), Failure> {
    match difference {
        Some(difference) if format == Format::Json => {
            print_plain(|out| report::write_difference_json(audit, difference, out))
        }
        Some(difference) => {
            print(|out| report::write_difference(difference, out, terminal_width()))
        }
        None if format == Format::Table => {
            print(|out| report::write(audit, format, out, terminal_width()))
        }
        None => print_plain(|out| report::write(audit, format, out, terminal_width())),
    }
}

/// Opens every file before the first call, so that an hour's audit is not lost to a typing error.
fn open(outputs: &[Output]) -> Result<Vec<std::fs::File>, Failure> {
    let mut paths = BTreeSet::new();
    if let Some(twice) = outputs.iter().find(|one| !paths.insert(&one.path)) {
        return Err(Failure::usage(anyhow::anyhow!(
            "two formats are to be written to `{}`; each wants a file of its own",
            twice.path.display()
        )));
    }
    let open = |output: &Output| {
        create_private(&output.path)
            .with_context(|| format!("cannot write `{}`", output.path.display()))
            .map_err(Failure::usage)
    };
    outputs.iter().map(open).collect()
}

fn save(audit: &Audit, file: std::fs::File, output: &Output) -> Result<(), Failure> {
    // What stood there is kept until there is something to put in its place.
    let is_file = file.metadata().is_ok_and(|meta| meta.is_file());
    let emptied = if is_file { file.set_len(0) } else { Ok(()) };
    let write = |out: &mut dyn Write| {
        report::write(audit, output.format, out, page_width()).and_then(|()| out.flush())
    };
    let written = if output.format == Format::Table {
        write(&mut BufWriter::new(anstream::StripStream::new(file)))
    } else {
        write(&mut BufWriter::new(file))
    };
    emptied
        .and(written)
        .with_context(|| format!("cannot write `{}`", output.path.display()))
        .map_err(Failure::usage)
}

/// How many fails there are of each severity, worst first; what a long table leaves behind on a
/// screen.
fn fails(audit: &Audit) -> String {
    let mut counts: BTreeMap<Reverse<Severity>, u64> = BTreeMap::new();
    for ((verdict, severity), count) in audit.findings.tally() {
        if *verdict == Verdict::Fail {
            *counts.entry(Reverse(*severity)).or_default() += count;
        }
    }
    let shown: Vec<String> = counts
        .iter()
        .map(|(severity, count)| format!("{count} {}", severity.0))
        .collect();
    shown.join(", ")
}

/// What a person wants to know of the run, beside its result.
pub(super) fn tell(audit: &Audit, calls: &Calls, session: &Session, redacted: bool) {
    let sent: u64 = audit.calls.values().sum();
    let seconds = audit
        .finished_at
        .duration_since(audit.started_at)
        .as_secs_f64();
    let offline = matches!(&*session.port, crate::drive::Port::Replay(..));
    if offline {
        anstream::eprintln!("{sent} calls replayed, none made");
    } else {
        anstream::eprintln!(
            "{sent} calls in {seconds:.1} s, {} throttled, {} repeated",
            calls.throttled,
            calls.retried
        );
    }
    let fails = fails(audit);
    if !fails.is_empty() {
        anstream::eprintln!("fails, worst first above: {fails}");
    }
    if !audit.regions_off.is_empty() {
        let off: Vec<&str> = audit
            .regions_off
            .iter()
            .map(sagelock_domain::ids::Region::as_str)
            .collect();
        let of = match audit.off_in_accounts {
            0 => String::new(),
            accounts => format!(" in {accounts} of the accounts"),
        };
        anstream::eprintln!("not enabled{of}, so not looked at: {}", off.join(", "));
    }
    if redacted && !session.skipped.is_empty() {
        anstream::eprintln!("not looked at: {} accounts", session.skipped.len());
    }
    if !redacted {
        for (account, why) in &session.skipped {
            anstream::eprintln!("not looked at: {account}, {why}");
        }
        for line in not_entered(audit) {
            anstream::eprintln!("{line}");
        }
    }
    for line in missing_permissions(audit) {
        anstream::eprintln!("{line}");
    }
    if audit.coverage.nothing_read {
        anstream::eprintln!("nothing at all could be read; `sagelock doctor` says what is missing");
    }
    let gaps = other_gaps(audit);
    if !gaps.is_empty() && !redacted {
        let facts = audit
            .coverage
            .gaps
            .iter()
            .filter(|gap| !gap.expected)
            .count();
        anstream::eprintln!("{facts} facts could not be read:");
        for line in gaps.iter().take(GAP_LINES_MAX) {
            anstream::eprintln!("  {line}");
        }
        if gaps.len() > GAP_LINES_MAX {
            let more = gaps.len() - GAP_LINES_MAX;
            anstream::eprintln!("  and {more} other kinds, see `--format json`, coverage.gaps");
        }
    }
}

/// Kinds of gaps that are told on the terminal.
const GAP_LINES_MAX: usize = 5;
