//! `sagelock config`.

use clap::Args;
use serde_json::json;

use super::{Plain, print};
use crate::config::Config;
use crate::exit::{Exit, Failure};

/// `sagelock config`.
#[derive(Args, Debug)]
#[command(
    after_help = "The file is sagelock.toml in this folder, or --config FILE. Every key can \
    also be set in the environment: tags.required as SAGELOCK_TAGS_REQUIRED=owner,cost-center.\n\n\
    Examples:\n  \
    sagelock config                    every key, its value, where it is set\n  \
    sagelock config > sagelock.toml    a file to begin with"
)]
pub(super) struct Command {
    /// What standard output gets: table (TOML with comments) or json [default: table]
    #[arg(long, value_name = "FORMAT", value_enum)]
    format: Option<Plain>,
}

impl Command {
    pub(super) fn run(&self, config: &Config) -> Result<Exit, Failure> {
        let text = if self.format == Some(Plain::Json) {
            as_json(config)
        } else {
            as_toml(config)
        };
        print(|out| writeln!(out, "{text}"))?;
        Ok(Exit::Clean)
    }
}

/// A file that could be read again: sections, values, and in comments what they are and where
/// they come from.
fn as_toml(config: &Config) -> String {
    let mut lines = Vec::new();
    let mut section = "";
    for (key, value, origin) in config.entries() {
        let (head, name) = key.name.rsplit_once('.').unwrap_or(("", key.name));
        if head != section {
            lines.push(format!("\n[{head}]"));
            section = head;
        }
        lines.push(format!("# {} ({origin})", key.about));
        lines.push(format!("{name} = {value}"));
    }
    lines.join("\n")
}

fn as_json(config: &Config) -> String {
    let entries: Vec<serde_json::Value> = config
        .entries()
        .map(|(key, value, origin)| {
            json!({
                "key": key.name,
                "value": value,
                "origin": origin.to_string(),
                "env": key.env(),
                "about": key.about,
            })
        })
        .collect();
    format!(
        "{:#}",
        json!({ "schema": "sagelock.config/1", "settings": entries })
    )
}
