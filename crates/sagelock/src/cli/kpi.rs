//! `sagelock kpi`.

use std::io::{self, Write};

use anyhow::anyhow;
use clap::Args;
use owo_colors::OwoColorize;
use sagelock_domain::kpi::Kpi;
use sagelock_store::AuditRow;
use serde_json::json;

use super::history::StoreArgs;
use super::{Plain, print};
use crate::exit::{Exit, Failure};
use crate::history::{Summary, open, summaries};

/// `sagelock kpi`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    sagelock kpi                        the scope that was audited last\n  \
    sagelock kpi --last 90 --format json\n\n\
    Every share is of all live endpoints and stands beside the share that is not known. An audit \
    that is incomplete is marked: its numbers exclude what it could not read.")]
pub(super) struct Command {
    #[command(flatten)]
    store: StoreArgs,
    /// So many audits at the most
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    last: u32,
    /// Of every scope, not of the last audit's alone
    #[arg(long)]
    all_scopes: bool,
    /// What standard output gets: table or json [default: table]
    #[arg(long, value_name = "FORMAT", value_enum)]
    format: Option<Plain>,
}

/// An audit that is shown.
type Shown = (AuditRow, Summary);

impl Command {
    pub(super) async fn run(self) -> Result<Exit, Failure> {
        let unread = |error: anyhow::Error| Failure::usage(error);
        let store = open(&self.store.place()).await?;
        let Some(store) = store else {
            return Err(Failure::usage(anyhow!("nothing is kept")));
        };
        let refused = |error: sagelock_store::StoreError| Failure::usage(error);
        let newest = store.audits(1).await.map_err(refused)?;
        let Some(scope) = newest.first().map(|row| row.scope.clone()) else {
            let error = anyhow!("no audit is kept yet");
            return Err(Failure::usage(error).hint("`sagelock audit` keeps every audit"));
        };
        let rows = if self.all_scopes {
            store.audits(self.last).await
        } else {
            store.audits_of(&scope, self.last).await
        };
        store.close().await;
        let mut audits = summaries(rows.map_err(refused)?).map_err(unread)?;
        audits.reverse();
        print(|out| {
            if self.format == Some(Plain::Json) {
                write_json(&audits, out)
            } else {
                write(&audits, out)
            }
        })?;
        Ok(Exit::Clean)
    }
}

fn write(audits: &[Shown], out: &mut dyn Write) -> io::Result<()> {
    let Some((row, last)) = audits.last() else {
        return Ok(());
    };
    writeln!(
        out,
        "{}",
        format!("{} live endpoints at {}", last.posture.live, row.started).bold()
    )?;
    for kpi in last.posture.kpis() {
        writeln!(out, "  {:<28} {kpi}", kpi.definition().title)?;
    }
    if audits.len() > 1 {
        let under: String = audits
            .iter()
            .map(|(_, one)| bar(&one.posture.under_cmk()))
            .collect();
        let passing: String = audits
            .iter()
            .map(|(_, one)| bar(&one.posture.pass_rate()))
            .collect();
        writeln!(out, "\nunder a key  {under}\npass rate    {passing}")?;
    }
    let head = format!(
        "{:<20}  {:>6}  {:>9}  {:>9}  {:>9}  {:>9}  {}",
        "AUDIT BEGAN", "LIVE", "UNDER CMK", "UNKNOWN", "PASS RATE", "UNKNOWN", "ID"
    );
    writeln!(out, "\n{}", head.bold())?;
    for (row, summary) in audits {
        let posture = &summary.posture;
        let (under, pass) = (posture.under_cmk(), posture.pass_rate());
        let mark = match (summary.interrupted, summary.complete) {
            (true, _) => "  interrupted",
            (false, false) => "  incomplete",
            (false, true) => "",
        };
        writeln!(
            out,
            "{:<20}  {:>6}  {:>9}  {:>9}  {:>9}  {:>9}  {}{mark}",
            row.started.strftime("%Y-%m-%d %H:%M:%SZ"),
            posture.live,
            under.percent(),
            under.unknown_percent(),
            pass.percent(),
            pass.unknown_percent(),
            row.id
        )?;
    }
    Ok(())
}

/// A share as a bar of eight steps.
fn bar(kpi: &Kpi) -> char {
    const BARS: [char; 9] = ['▁', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let step = kpi.eighths().map(usize::from);
    step.and_then(|step| BARS.get(step)).copied().unwrap_or('·')
}

fn write_json(audits: &[Shown], out: &mut dyn Write) -> io::Result<()> {
    let definitions: Vec<serde_json::Value> = audits
        .last()
        .map(|(_, summary)| summary.posture.kpis())
        .iter()
        .flatten()
        .map(|kpi| json!(kpi.definition()))
        .collect();
    let shown: Vec<serde_json::Value> = audits
        .iter()
        .map(|(row, summary)| {
            let kpis = summary.posture.kpis();
            json!({
                "id": row.id,
                "started_at": row.started.to_string(),
                "finished_at": summary.finished_at.to_string(),
                "complete": summary.complete,
                "interrupted": summary.interrupted,
                "simulated": summary.simulated,
                "accounts": summary.accounts.len(),
                "regions": summary.regions,
                "live": summary.posture.live,
                "kpis": kpis.iter().map(Kpi::to_json).collect::<Vec<_>>(),
            })
        })
        .collect();
    let document = json!({
        "schema": "sagelock.kpi/1",
        "definitions": definitions,
        "audits": shown,
    });
    writeln!(out, "{document:#}")
}
