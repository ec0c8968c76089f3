//! `sagelock explain`.

use std::io::{self, Write};

use anyhow::anyhow;
use clap::Args;
use owo_colors::OwoColorize;
use sagelock_domain::assess::{Record, SubjectKind};
use sagelock_domain::fact::Fact;
use sagelock_domain::inventory::Cell;
use sagelock_domain::rules::Verdict;
use serde_json::json;

use super::{Plain, SourceArgs, print};
use crate::audit::{Keep, Past, audit};
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::outcome::Done;
use crate::progress::Progress;
use crate::session::Session;

/// `sagelock explain`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    sagelock explain fraud-detector --region eu-west-1\n  \
    sagelock explain 3f9c2a71d04be865 --offline recordings/prod")]
pub(super) struct Command {
    /// An endpoint's name or ARN, or the id of a finding
    #[arg(value_name = "ENDPOINT|FINDING")]
    what: String,
    #[command(flatten)]
    source: SourceArgs,
    /// What standard output gets: table or json [default: table]
    #[arg(long, value_name = "FORMAT", value_enum)]
    format: Option<Plain>,
}

impl Command {
    pub(super) async fn run(self, config: Config, quiet: bool) -> Result<Exit, Failure> {
        let as_json = self.format == Some(Plain::Json);
        let session = Session::open(&self.source.wanted(&config)?).await?;
        let keep = Keep {
            cells: true,
            ..Keep::default()
        };
        let done = audit(&session, &config, &Progress::new(quiet), keep, Past::none()).await?;
        let mut found: Vec<Record> = Vec::new();
        done.audit
            .findings
            .each(&mut |record| {
                if self.is_asked_for(&record) {
                    found.push(record);
                }
                Ok(())
            })
            .map_err(|error| Failure::new(Exit::Internal, error))?;
        if found.is_empty() {
            return Err(self.not_found(&done));
        }
        print(|out| {
            if as_json {
                write_json(&found, out)
            } else {
                write(&found, &done, out)
            }
        })?;
        let known =
            done.audit.complete() && found.iter().all(|one| one.verdict != Verdict::Unknown);
        Ok(if known { Exit::Clean } else { Exit::Incomplete })
    }

    fn is_asked_for(&self, finding: &Record) -> bool {
        let subject = &finding.subject;
        finding.id == self.what
            || subject.arn.eq_ignore_ascii_case(&self.what)
            || (subject.kind == SubjectKind::Endpoint
                && subject.name.eq_ignore_ascii_case(&self.what))
    }

    fn not_found(&self, done: &Done) -> Failure {
        let looked: Vec<&str> = done
            .audit
            .regions
            .iter()
            .map(sagelock_domain::ids::Region::as_str)
            .collect();
        let error = anyhow!(
            "no endpoint and no finding `{}` in {}",
            self.what,
            looked.join(", ")
        );
        if !done.audit.complete() {
            let exit = if done.audit.coverage.nothing_read {
                Exit::Credentials
            } else {
                Exit::Incomplete
            };
            return Failure::new(exit, error)
                .hint("a listing could not be read, so it may be there all the same");
        }
        let needle = self.what.to_lowercase();
        let close: Vec<&str> = done
            .cells
            .iter()
            .flat_map(|cell| cell.endpoints.keys())
            .map(sagelock_domain::ids::EndpointName::as_str)
            .filter(|name| {
                name.to_lowercase().contains(&needle) || needle.contains(&name.to_lowercase())
            })
            .take(5)
            .collect();
        let id = self.what.to_uppercase();
        if let Some(rule) = sagelock_domain::rules::rule(&id) {
            return Failure::usage(error).hint(format!(
                "{id} is a rule: {}. docs/rules/{id}.md describes it; `sagelock audit --format json` lists its findings",
                rule.title
            ));
        }
        match close.as_slice() {
            [] => Failure::usage(error),
            close => Failure::usage(error).hint(format!("did you mean {}?", close.join(", "))),
        }
    }
}

fn write(found: &[Record], done: &Done, out: &mut dyn Write) -> io::Result<()> {
    let mut subject = "";
    for finding in found {
        if finding.subject.arn != subject {
            subject = &finding.subject.arn;
            writeln!(out, "{}", subject.bold())?;
            for line in about(finding, done) {
                writeln!(out, "  {line}")?;
            }
        }
        let verdict = finding.verdict.as_str().to_uppercase();
        let verdict = match finding.verdict {
            Verdict::Fail => format!("{verdict} ({})", finding.severity)
                .red()
                .to_string(),
            Verdict::Unknown => verdict.yellow().to_string(),
            Verdict::Pass => verdict.green().to_string(),
            Verdict::NotApplicable => verdict.dimmed().to_string(),
        };
        writeln!(
            out,
            "\n{} {verdict} {}",
            finding.rule.bold(),
            finding.reason
        )?;
        let rule = finding.known_rule();
        let (title, source) = rule.map_or(("", ""), |rule| (rule.title, rule.source));
        writeln!(out, "  {}", title.dimmed())?;
        writeln!(out, "  {}", finding.message)?;
        for evidence in &finding.evidence {
            writeln!(
                out,
                "  · {} = {}  ({} at {})",
                evidence.fact,
                evidence.value,
                evidence.call.name(),
                evidence.at
            )?;
        }
        if let Some(gap) = &finding.gap {
            writeln!(out, "  · not known: {gap}")?;
        }
        if !finding.remediation.is_empty() {
            writeln!(out, "  fix: {}", finding.remediation)?;
        }
        writeln!(out, "  finding {} · source: {source}", finding.id)?;
    }
    Ok(())
}

/// What surrounds an endpoint: its configuration, its execution roles, its key's other names.
fn about(finding: &Record, done: &Done) -> Vec<String> {
    let cell = done.cells.iter().find(|cell| {
        cell.id.account == finding.subject.account && cell.id.region == finding.subject.region
    });
    let Some(cell) = cell else { return Vec::new() };
    let mut lines = Vec::new();
    let endpoint = cell
        .endpoints
        .values()
        .find(|endpoint| endpoint.arn == finding.subject.arn);
    let Some(endpoint) = endpoint else {
        return lines;
    };
    let Some(Some(facts)) = endpoint.described.fact.known() else {
        return lines;
    };
    lines.push(format!(
        "{}, created {}, last modified {}",
        facts.status.as_str(),
        facts.created,
        facts.modified
    ));
    if let Some(reason) = &facts.failure_reason {
        lines.push(format!("failure reason: {reason}"));
    }
    for name in facts.config.iter().chain(&facts.pending) {
        let Some(config) = cell.configs.get(name) else {
            continue;
        };
        let Some(Some(facts)) = config.described.fact.known() else {
            continue;
        };
        lines.push(format!("configuration {name}, created {}", facts.created));
        lines.extend(roles(cell, facts));
        if let Some(key) = &facts.volume_key {
            lines.push(format!("key {key}{}", aliases(done, cell, key.as_str())));
        }
    }
    lines
}

fn roles(cell: &Cell, facts: &sagelock_domain::inventory::ConfigFacts) -> Vec<String> {
    let mut lines: Vec<String> = facts
        .execution_role
        .iter()
        .map(|role| format!("execution role {role}"))
        .collect();
    for model in facts.models() {
        let role = match cell.models.get(model).map(|read| &read.fact) {
            Some(Fact::Known(Some(facts))) => {
                let role = facts.execution_role.clone();
                role.unwrap_or_else(|| "no role".to_owned())
            }
            Some(Fact::Known(None)) => "the model does not exist".to_owned(),
            Some(Fact::Unknown(gap)) => format!("not known: {gap}"),
            None => continue,
        };
        lines.push(format!("model {model}: {role}"));
    }
    lines
}

fn aliases(done: &Done, cell: &Cell, reference: &str) -> String {
    use sagelock_domain::inventory::Resolved;

    let id = (cell.id.clone(), reference.to_owned());
    let resolved = done
        .keys
        .resolved
        .get(&id)
        .and_then(|read| read.fact.known());
    let Some(Resolved::Key(arn)) = resolved else {
        return String::new();
    };
    let aliases = done
        .keys
        .by_arn
        .get(arn)
        .and_then(|key| key.aliases.as_ref());
    match aliases
        .and_then(|read| read.fact.known())
        .map(Vec::as_slice)
    {
        None | Some([]) => format!(" is {arn}"),
        Some(aliases) => format!(" is {arn}, also {}", aliases.join(", ")),
    }
}

fn write_json(found: &[Record], out: &mut dyn Write) -> io::Result<()> {
    let findings: Vec<serde_json::Value> = found
        .iter()
        .map(|finding| {
            let rule = finding.known_rule();
            json!({
                "finding": finding,
                "title": rule.map(|rule| rule.title),
                "source": rule.map(|rule| rule.source),
                "not_known": finding.gap.as_ref().map(ToString::to_string),
            })
        })
        .collect();
    writeln!(
        out,
        "{:#}",
        json!({ "schema": "sagelock.explain/1", "findings": findings })
    )
}
