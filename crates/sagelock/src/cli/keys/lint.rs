//! `sagelock keys lint`.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use owo_colors::OwoColorize;
use sagelock_policy::Document;
use sagelock_policy::access::{Administrator, Key, Lockout, Outsider, lockout, outsiders, powers};
use sagelock_policy::lint::{Oddity, Remark, and, remarks};
use sagelock_policy::prove::{Doubt, Proof, Prover};
use serde::Serialize;

use super::outside;
use super::written::{checked, of_account, read};
use crate::cli::{Plain, print, print_plain};
use crate::exit::{Exit, Failure};
use crate::report::why::doubt_words;
use crate::report::wrap;

/// `sagelock keys lint`.
#[derive(Args, Debug)]
#[command(
    after_help = "Reports likely mistakes, statement by statement, and what the policy as a whole allows: which \
    outsiders can use the key, who can both administer and use it, and whether anybody is locked out. The \
    keys of an account are judged by `sagelock audit` (KEY-002, KEY-004, KEY-005, KEY-010).\n\n\
    Examples:\n  \
    sagelock keys lint policy.json\n  \
    aws kms get-key-policy --key-id 1234abcd-12ab-34cd-56ef-1234567890ab \\\n    \
    --query Policy | sagelock keys lint -\n\n\
    Exit codes: 0 no findings, or notes only · 1 findings · 2 a policy cannot be read · 3 something depends on \
    what is not known"
)]
pub(super) struct Command {
    /// Key policies; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The ARN of the key [default: any key of the account that the policy names]
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
    /// Which key it is of, where that is known.
    key: Option<String>,
    /// Which key it is of was read out of the policy.
    #[serde(rename = "key_assumed")]
    is_assumed: bool,
    remarks: Vec<Said>,
}

#[derive(Serialize)]
pub(super) struct Said {
    line: Option<usize>,
    column: Option<usize>,
    statement: Option<usize>,
    sid: Option<Box<str>>,
    code: &'static str,
    about: String,
    message: String,
    /// It depends on what is not known.
    perhaps: bool,
    /// It is worth knowing, and nothing is wrong.
    note: bool,
}

impl Said {
    /// The same, as a note where nothing is wrong with it.
    pub(super) fn noting(self, note: bool) -> Self {
        Self { note, ..self }
    }
}

impl Command {
    pub(super) fn run(self) -> Result<Exit, Failure> {
        let key = self.key.clone().map(checked).transpose()?;
        let mut policies = Vec::new();
        let mut unread = Vec::new();
        for file in &self.files {
            match read(file) {
                Ok(document) => {
                    let arn = key.clone().map_or_else(|| of_account(&[&document]), Ok);
                    policies.push(self.of_policy(file, &document, arn));
                }
                // What is wrong with one file hides nothing of the others.
                Err(failure) => unread.push(failure),
            }
        }
        // The only file's error is the command's.
        if policies.is_empty() && unread.len() == 1 {
            return unread.pop().map_or(Ok(Exit::Usage), Err);
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
        if !unread.is_empty() {
            for failure in &unread {
                anstream::eprintln!("{} {:#}", "error:".red().bold(), failure.error);
            }
            return Ok(Exit::Usage);
        }
        let all = written.policies.iter().flat_map(|policy| &policy.remarks);
        let mut all = all.filter(|said| !said.note);
        let is_odd = all.clone().any(|said| !said.perhaps);
        Ok(match (is_odd, all.any(|said| said.perhaps)) {
            (true, _) => Exit::Findings,
            (false, true) => Exit::Incomplete,
            (false, false) => Exit::Clean,
        })
    }
}

impl Command {
    /// What a policy says, and what it comes to where it is known of which key it is.
    fn of_policy(&self, file: &Path, document: &Document, arn: Result<String, Failure>) -> Policy {
        let prover = Prover::default();
        let key = arn.map(|arn| of(&arn, document));
        let known = key.as_ref().ok();
        let mut found: Vec<Said> = remarks(document, known, &prover)
            .into_iter()
            .map(|one| of_statement(one, self.key.is_none()))
            .collect();
        let organizations: Vec<&str> = self.organizations.iter().map(String::as_str).collect();
        match &key {
            Ok(key) => found.extend(of_key(key, &organizations, &prover)),
            Err(unknown) => {
                found.extend(of_any_key(document, &prover));
                let message = format!(
                    "{}. Specify the key with --key ARN to see who can use and administer it",
                    unknown.error
                );
                found.push(whole("owner", "--key", message, true));
            }
        }
        Policy {
            file: file.display().to_string(),
            is_assumed: self.key.is_none() && key.is_ok(),
            key: key.ok().map(|key| key.arn.into()),
            remarks: found,
        }
    }
}

fn of(arn: &str, document: &Document) -> Key {
    Key {
        policy: Some(document.clone()),
        grants: Some(Vec::new()),
        ..Key::new(arn)
    }
}

/// A key of an account that no policy names.
const NOBODYS: &str = "arn:aws:kms:*:999999999998:key/*";

/// What is so whoever owns the key.
fn of_any_key(document: &Document, prover: &Prover) -> Vec<Said> {
    let mut found = Vec::new();
    let key = of(NOBODYS, document);
    if let Ok(outside) = outsiders(&key, &[], &[], prover) {
        let anybody = outside.into_iter().filter(|one| one.is_anybody);
        let anybody: Vec<Outsider> = anybody
            .filter(|one| matches!(one.proof, Proof::Violated(_)))
            .collect();
        found.extend(outside::said(&anybody, &[], &document.organizations()));
    }
    if let Ok(all) = powers(&key, prover) {
        found.extend(outside::account_wide(&all, "the account that owns the key"));
    }
    found.extend(of_several(document, prover));
    if !document.may_let_somebody("kms:PutKeyPolicy") {
        found.push(whole("lockout", "*", NOBODY.to_owned(), false));
    }
    found
}

/// Owners that are tried, where several are possible.
const OWNERS_MAX: usize = 8;

/// That another account can use the key, whichever of several owns it.
fn of_several(document: &Document, prover: &Prover) -> Option<Said> {
    let owners = document.owners();
    if !(2..=OWNERS_MAX).contains(&owners.len()) {
        return None;
    }
    let partition = document.partition().unwrap_or_else(|| "aws".to_owned());
    let is_used = |owner: &String| {
        let key = of(&format!("arn:{partition}:kms:*:{owner}:key/*"), document);
        let outside = outsiders(&key, &[], &[], prover).unwrap_or_default();
        outside.iter().any(|one| {
            let is_proved = matches!(one.proof, Proof::Violated(_));
            is_proved && one.account.is_some() && !one.is_anybody
        })
    };
    owners.iter().all(is_used).then(|| {
        let names: Vec<&str> = owners.iter().map(String::as_str).collect();
        let message = format!(
            "whichever of {} owns the key, principals of another account can use it",
            and(&names)
        );
        whole("outsiders", "*", message, false)
    })
}

const NOBODY: &str =
    "nobody can change the key policy: only AWS Support can restore access to such a key";

fn of_statement(remark: Remark, is_assumed: bool) -> Said {
    // Whether it is the key's ARN is not known of a key that the ARN itself told.
    let is_guess = is_assumed && remark.kind == Oddity::NamesResource;
    Said {
        line: Some(remark.at.line),
        column: Some(remark.at.column),
        statement: Some(remark.statement),
        sid: remark.sid,
        code: remark.kind.name(),
        message: format!("{}: {}", remark.about, remark.says),
        about: remark.about,
        perhaps: false,
        note: remark.is_note && !is_guess,
    }
}

pub(super) fn whole(code: &'static str, about: &str, message: String, perhaps: bool) -> Said {
    Said {
        line: None,
        column: None,
        statement: None,
        sid: None,
        code,
        about: about.to_owned(),
        message,
        perhaps,
        note: false,
    }
}

/// What the policy comes to.
fn of_key(key: &Key, organizations: &[&str], prover: &Prover) -> Vec<Said> {
    let mut found = Vec::new();
    match outsiders(key, &[], organizations, prover) {
        Err(doubt) => {
            let message = format!(
                "whether somebody outside can use the key depends on {}",
                doubt_words(&doubt)
            );
            found.push(whole("outsiders", "*", message, true));
        }
        Ok(outside) => {
            let named = key.policy.as_ref().map(Document::organizations);
            // Services that act for nobody but the accounts that the policy names.
            let accounts = key
                .policy
                .as_ref()
                .map(Document::every_account)
                .unwrap_or_default();
            let accounts: Vec<&str> = accounts.iter().map(String::as_str).collect();
            let beyond = outsiders(key, &accounts, organizations, prover).unwrap_or_default();
            found.extend(outside::said(&outside, &beyond, &named.unwrap_or_default()));
        }
    }
    found.extend(both(key, prover));
    let (message, perhaps) = match lockout(key, prover) {
        Lockout::Safe => return found,
        Lockout::Locked => (NOBODY.to_owned(), false),
        Lockout::Deletable(who, doubts) if who.is_empty() => (
            format!(
                "the account's root user can never change the key policy, and whether anybody else can \
                 depends on {}",
                words(&doubts)
            ),
            false,
        ),
        Lockout::Deletable(who, _) => {
            let message = deletable(&who);
            (message, false)
        }
        Lockout::Conditional(request) => {
            let told = outside::keys_of(&request);
            let message = format!(
                "the account's root user can change the key policy only while a condition is met{told}"
            );
            (message, false)
        }
        Lockout::Unknown(doubts) => undecided(&doubts),
    };
    found.push(whole("lockout", &key.arn, message, perhaps));
    found
}

/// That the root user cannot change the key policy, and who can.
fn deletable(who: &[Administrator]) -> String {
    let names: Vec<&str> = who.iter().map(|one| one.who.as_str()).collect();
    let only = format!(
        "only {} can change the key policy, and the account's root user cannot",
        and(&names)
    );
    if who.iter().all(|one| one.is_named) {
        let are = if names.len() > 1 { "all are" } else { "it is" };
        format!("{only}: if {are} deleted, the key becomes unmanageable")
    } else {
        format!(
            "{only}: whoever can create a principal with that name in the account can as well, and while there is \
             none, nobody can"
        )
    }
}

fn undecided(doubts: &[Doubt]) -> (String, bool) {
    let why = words(doubts);
    (
        format!("whether the key policy can be changed depends on {why}"),
        true,
    )
}

fn words(doubts: &[Doubt]) -> String {
    let mut words: Vec<String> = doubts.iter().map(doubt_words).collect();
    words.sort();
    words.dedup();
    and(&words.iter().map(String::as_str).collect::<Vec<_>>())
}

pub(super) fn depends(doubts: &[Doubt]) -> String {
    format!("it depends on {}", words(doubts))
}

/// Who may both administer the key and use it.
fn both(key: &Key, prover: &Prover) -> Vec<Said> {
    let all = match powers(key, prover) {
        Ok(all) => all,
        Err(doubt) => {
            let message = format!(
                "who may both administer the key and use it depends on {}",
                doubt_words(&doubt)
            );
            return vec![whole("both", "*", message, true)];
        }
    };
    let mut found: Vec<Said> = outside::account_wide(&all, &format!("account {}", key.account()))
        .into_iter()
        .collect();
    for power in all {
        let who = if power.is_itself {
            power.who.clone()
        } else {
            outside::like(&power.who, key.account())
        };
        let (verb, perhaps) = match (power.administers, power.uses) {
            (Some(false), _) | (_, Some(false)) => continue,
            (Some(true), Some(true)) => ("can", false),
            (None, _) | (_, None) => ("might be able to", true),
        };
        let message = match (power.is_account, perhaps) {
            (true, false) => {
                "IAM policies in the account control both who administers the key and who uses it, as in AWS's \
                 default key policy"
                    .to_owned()
            }
            (true, true) => {
                "IAM policies in the account may control both who administers the key and who uses it"
                    .to_owned()
            }
            (false, _) => {
                format!("{who} {verb} both administer and use the key")
            }
        };
        let message = if perhaps {
            format!("{message}: {}", depends(&power.doubts))
        } else {
            message
        };
        if found.iter().any(|said: &Said| said.message == message) {
            continue;
        }
        found.push(Said {
            note: power.is_account && !perhaps,
            ..whole("both", &power.who, message, perhaps)
        });
    }
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
            let mark = match (said.note, said.perhaps) {
                (true, _) => " (note)",
                (false, true) => " (perhaps)",
                (false, false) => "",
            };
            let sid = sid.unwrap_or_default();
            writeln!(out, "{place}{sid}  {}{mark}", said.code)?;
            for line in wrap(&said.message, 76) {
                writeln!(out, "    {line}")?;
            }
        }
        // That nothing is odd may rest on whose it is as well.
        let mut remarks = policy.remarks.iter();
        let is_about_key = policy.remarks.is_empty() || remarks.any(|said| said.line.is_none());
        if let Some(key) = policy
            .key
            .as_deref()
            .filter(|_| policy.is_assumed && is_about_key)
        {
            let part = |index| key.split(':').nth(index).unwrap_or_default();
            let place = match part(3) {
                "" | "*" => String::new(),
                region => format!(" in {region}"),
            };
            let says = format!(
                "{}: assuming that account {} owns the key{place}; use --key to specify a different key",
                policy.file,
                part(4)
            );
            for line in wrap(&says, 80) {
                writeln!(out, "{line}")?;
            }
        }
        if policy.remarks.is_empty() {
            writeln!(out, "{}: nothing is odd", policy.file)?;
        }
    }
    Ok(())
}
