//! `sagelock keys lint`.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;
use sagelock_policy::access::{Key, Lockout, lockout, outsiders, powers};
use sagelock_policy::lint::{Remark, remarks};
use sagelock_policy::prove::Proof;
use serde::Serialize;

use super::written::{checked, of_account, read};
use crate::cli::{Plain, print, print_plain};
use crate::exit::{Exit, Failure};
use crate::report::wrap;

/// `sagelock keys lint`.
#[derive(Args, Debug)]
#[command(
    after_help = "What a policy says that it cannot have meant, statement by statement, and what it comes to: who\n\
    outside can use the key, who may both administer and use it, whether anybody is locked out. The\n\
    keys of an account are judged by `sagelock audit` (KEY-002, KEY-004, KEY-005, KEY-010).\n\n\
    Examples:\n  \
    sagelock keys lint policy.json\n  \
    aws kms get-key-policy --key-id 1234abcd-12ab-34cd-56ef-1234567890ab --query Policy |\n    \
    sagelock keys lint -\n\n\
    Exit codes: 0 nothing is odd · 1 something is · 2 a policy cannot be read · 3 something depends on\n\
    what is not known"
)]
pub(super) struct Command {
    /// Key policies; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The ARN of the key [default: any of the account whose root the policy names]
    #[arg(long, value_name = "ARN")]
    key: Option<String>,
    /// Organisations whose accounts are no outsiders; repeat it for more
    #[arg(long = "organization", value_name = "ID")]
    organizations: Vec<String>,
    /// What standard output gets
    #[arg(long, value_enum, default_value = "table")]
    format: Plain,
}

#[derive(Serialize)]
struct Written {
    schema: &'static str,
    policies: Vec<Policy>,
}

#[derive(Serialize)]
struct Policy {
    file: String,
    key: String,
    remarks: Vec<Said>,
}

#[derive(Serialize)]
struct Said {
    line: Option<usize>,
    column: Option<usize>,
    statement: Option<usize>,
    sid: Option<Box<str>>,
    code: &'static str,
    about: String,
    message: String,
    /// It depends on what is not known.
    perhaps: bool,
}

impl Command {
    pub(super) fn run(self) -> Result<Exit, Failure> {
        let mut policies = Vec::new();
        for file in &self.files {
            let document = read(file)?;
            let arn = match &self.key {
                Some(arn) => checked(arn.clone())?,
                None => of_account(&[&document])?,
            };
            let mut found: Vec<Said> = remarks(&document).into_iter().map(of_statement).collect();
            let key = Key {
                policy: Some(document),
                grants: Some(Vec::new()),
                ..Key::new(&arn)
            };
            let organizations: Vec<&str> = self.organizations.iter().map(String::as_str).collect();
            found.extend(of_key(&key, &organizations));
            policies.push(Policy {
                file: file.display().to_string(),
                key: arn,
                remarks: found,
            });
        }
        let written = Written {
            schema: "sagelock.keys.lint/1",
            policies,
        };
        match self.format {
            Plain::Json => print_plain(|out| {
                serde_json::to_writer_pretty(&mut *out, &written)?;
                out.write_all(b"\n")
            })?,
            Plain::Table => print(|out| table(out, &written))?,
        }
        let mut all = written.policies.iter().flat_map(|policy| &policy.remarks);
        let is_odd = all.clone().any(|said| !said.perhaps);
        Ok(match (is_odd, all.any(|said| said.perhaps)) {
            (true, _) => Exit::Findings,
            (false, true) => Exit::Incomplete,
            (false, false) => Exit::Clean,
        })
    }
}

fn of_statement(remark: Remark) -> Said {
    Said {
        line: Some(remark.at.line),
        column: Some(remark.at.column),
        statement: Some(remark.statement),
        sid: remark.sid,
        code: remark.kind.name(),
        message: format!("{}: {}", remark.about, remark.kind.says()),
        about: remark.about,
        perhaps: false,
    }
}

fn whole(code: &'static str, about: &str, message: String, perhaps: bool) -> Said {
    Said {
        line: None,
        column: None,
        statement: None,
        sid: None,
        code,
        about: about.to_owned(),
        message,
        perhaps,
    }
}

/// What the policy comes to.
fn of_key(key: &Key, organizations: &[&str]) -> Vec<Said> {
    let mut found = Vec::new();
    match outsiders(key, &[], organizations) {
        Err(doubt) => {
            let message = format!("whether somebody outside can use the key depends on {doubt}");
            found.push(whole("outsiders", "*", message, true));
        }
        Ok(outside) => {
            let mut named: Vec<(String, bool)> = Vec::new();
            for one in outside {
                let perhaps = matches!(one.proof, Proof::Possible(_));
                let who = if one.is_itself {
                    one.who
                } else {
                    format!("somebody like {}", one.who)
                };
                if !named.iter().any(|(known, _)| *known == who) {
                    let verb = if perhaps { "may be able to" } else { "can" };
                    let message = format!("{who} {verb} use the key from outside ({})", one.action);
                    found.push(whole("outsiders", &who, message, perhaps));
                    named.push((who, perhaps));
                }
            }
        }
    }
    for power in powers(key).unwrap_or_default() {
        if let (Some(true), Some(true)) = (power.administers, power.uses) {
            let message = if power.is_account {
                "the account's own policies decide both who administers the key and who uses it"
                    .to_owned()
            } else {
                format!("{} may both administer the key and use it", power.who)
            };
            found.push(whole("both", &power.who, message, false));
        }
    }
    let (message, perhaps) = match lockout(key) {
        Lockout::Safe => return found,
        Lockout::Locked => ("nobody may change the key policy".to_owned(), false),
        Lockout::Deletable(who) => {
            let who = who.join(", ");
            (
                format!("only {who} may change the key policy, and can be deleted"),
                false,
            )
        }
        Lockout::Conditional(_) => {
            let message = "the account's root may change the key policy under a condition only";
            (message.to_owned(), false)
        }
        Lockout::Unknown(_) => (
            "whether somebody is locked out is not known".to_owned(),
            true,
        ),
    };
    found.push(whole("lockout", &key.arn, message, perhaps));
    found
}

fn table(out: &mut dyn Write, written: &Written) -> io::Result<()> {
    for policy in &written.policies {
        for said in &policy.remarks {
            let place = match (said.line, said.column) {
                (Some(line), Some(column)) => format!("{}:{line}:{column}", policy.file),
                _ => policy.file.clone(),
            };
            let sid = said.sid.as_deref().map(|sid| format!(" ({sid})"));
            writeln!(out, "{place}{}  {}", sid.unwrap_or_default(), said.code)?;
            for line in wrap(&said.message, 76) {
                writeln!(out, "    {line}")?;
            }
        }
        if policy.remarks.is_empty() {
            writeln!(out, "{}: nothing is odd", policy.file)?;
        }
    }
    Ok(())
}
