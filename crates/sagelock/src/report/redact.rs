//! An audit that can be shown to strangers: accounts, names, keys and places have pseudonyms,
//! the same one for the same thing throughout the document.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::LazyLock;

use regex::{Captures, Regex};
use sagelock_domain::assess::Record;
use sagelock_domain::call::Service;
use sagelock_domain::fact::Gap;
use sagelock_domain::ids::{AccountId, KeyRef};

use crate::outcome::{Audit, Names, TEAM};

/// What names somebody wherever it stands: key ids, aliases, places in S3, accounts.
static NAMING: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?P<key>(?:mrk-)?[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}|mrk-[0-9a-f]+)",
        r"|(?P<alias>alias/[A-Za-z0-9/_-]+)",
        r"|(?P<place>s3://[^\s,;]*[^\s,;:.)])",
        r"|(?P<account>\b[0-9]{12}\b)",
        r"|(?P<role>\b(?:role|user|assumed-role)/[^\s,;:]+)",
    ))
    .ok()
});

/// Pseudonyms, by kind, numbered in the order of their first appearance.
#[derive(Default)]
struct Pseudonyms {
    given: BTreeMap<String, String>,
    count: BTreeMap<&'static str, usize>,
}

impl Pseudonyms {
    fn of(&mut self, kind: &'static str, text: &str) -> String {
        if let Some(given) = self.given.get(text) {
            return given.clone();
        }
        let count = self.count.entry(kind).or_default();
        *count += 1;
        let pseudonym = match kind {
            "account" => format!("{count:012}"),
            "alias" => format!("alias/alias-{count}"),
            "place" => format!("s3://place-{count}"),
            other => format!("{other}-{count}"),
        };
        self.given.insert(text.to_owned(), pseudonym.clone());
        pseudonym
    }

    /// Replaces the known names, longest first, then whatever names somebody by its form.
    fn replace(&mut self, text: &str, names: &[(String, String)]) -> String {
        let mut text = text.to_owned();
        for (name, pseudonym) in names {
            text = replace_word(&text, name, pseudonym);
        }
        let Some(naming) = NAMING.as_ref() else {
            return text;
        };
        naming
            .replace_all(&text, |found: &Captures<'_>| {
                for kind in ["key", "alias", "place", "account", "role"] {
                    if let Some(part) = found.name(kind) {
                        let known = kind == "alias" && part.as_str().starts_with("alias/aws/");
                        let known = known || part.as_str().starts_with("alias/alias-");
                        let number = part.as_str().strip_prefix("s3://place-");
                        let known = known || number.is_some_and(is_number);
                        let known =
                            known || (kind == "account" && part.as_str().starts_with("000000"));
                        return if known {
                            part.as_str().to_owned()
                        } else {
                            self.of(kind, part.as_str())
                        };
                    }
                }
                String::new()
            })
            .into_owned()
    }
}

fn is_number(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Replaces a name where it stands as a word of its own.
fn replace_word(text: &str, name: &str, pseudonym: &str) -> String {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let mut replaced = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(name) {
        let (before, from) = rest.split_at(at);
        let after = from.get(name.len()..).unwrap_or_default();
        let apart = !before.chars().next_back().is_some_and(is_name)
            && !after.chars().next().is_some_and(is_name);
        replaced.push_str(before);
        replaced.push_str(if apart { pseudonym } else { name });
        rest = after;
    }
    replaced.push_str(rest);
    replaced
}

/// The names that stand in the audit itself: its subjects, the keys as they are spelled, what
/// gaps are about.
fn names_in(audit: &Audit) -> io::Result<Names> {
    let mut names = audit.names.clone();
    for gap in &audit.coverage.gaps {
        names.extend(name_of_gap(&gap.gap));
    }
    audit.findings.each(&mut |record| {
        names.extend(record.gap.as_ref().and_then(name_of_gap));
        match KeyRef::read(record.key.as_deref()) {
            Some(KeyRef::Arn(arn)) => names.insert(("key", arn.id().to_owned())),
            Some(KeyRef::Id(text)) => names.insert(("key", text)),
            Some(KeyRef::AliasArn(_) | KeyRef::Alias(_)) | None => false,
        };
        names.extend(record.subject.team.map(|team| (TEAM, team)));
        names.insert((record.subject.kind.as_str(), record.subject.name));
        for evidence in record.evidence {
            if evidence.fact.ends_with("Name") && evidence.fact != "AliasName" {
                names.insert(("name", evidence.value));
            }
        }
        Ok(())
    })?;
    Ok(names)
}

fn name_of_gap(gap: &Gap) -> Option<(&'static str, String)> {
    let is_name = gap.call.row().service == Service::SageMaker && !gap.subject.starts_with("arn:");
    is_name.then(|| ("name", gap.subject.clone()))
}

/// What AWS says is text of its own, which may name anybody: its code stays.
fn shorten(gap: &mut Gap) {
    let code = gap.said.split(':').next().unwrap_or_default();
    let is_code = !code.is_empty() && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
    gap.said = if is_code {
        code.to_owned()
    } else {
        String::new()
    };
}

/// Puts pseudonyms in place of everything that names somebody.
pub(crate) fn redact(audit: &mut Audit) -> io::Result<()> {
    for gap in &mut audit.coverage.gaps {
        shorten(&mut gap.gap);
    }
    let mut pseudonyms = Pseudonyms::default();
    let mut names: BTreeSet<(usize, String, &'static str)> = BTreeSet::new();
    for (kind, name) in names_in(audit)? {
        let order = usize::MAX - name.len();
        names.insert((order, name.to_lowercase(), kind));
        names.insert((order, name, kind));
    }
    // A team is often a plain word, which stands in texts with another meaning.
    let teams: BTreeMap<String, String> = names
        .iter()
        .filter(|(_, _, kind)| *kind == TEAM)
        .map(|(_, team, kind)| (team.clone(), pseudonyms.of(kind, team)))
        .collect();
    let names: Vec<(String, String)> = names
        .into_iter()
        .filter(|(_, name, kind)| *kind != TEAM && !name.trim().is_empty())
        .map(|(_, name, kind)| {
            let pseudonym = pseudonyms.of(kind, &name);
            (name, pseudonym)
        })
        .collect();
    let mut change = |text: &mut String| *text = pseudonyms.replace(text, &names);
    for account in &mut audit.accounts {
        change_account(account, &mut change);
    }
    for gap in &mut audit.coverage.gaps {
        change_gap(&mut gap.gap, &mut change);
    }
    let changed = audit.findings.changed(&mut |record| {
        if let Some(team) = &mut record.subject.team {
            teams.get(team).unwrap_or(&String::new()).clone_into(team);
        }
        change_record(record, &mut change);
    })?;
    audit.findings = changed;
    Ok(())
}

fn change_account(account: &mut AccountId, change: &mut impl FnMut(&mut String)) {
    let mut text = account.to_string();
    change(&mut text);
    *account = AccountId::new(text);
}

fn change_gap(gap: &mut Gap, change: &mut impl FnMut(&mut String)) {
    change(&mut gap.subject);
    change(&mut gap.said);
    change_account(&mut gap.account, change);
}

fn change_record(record: &mut Record, change: &mut impl FnMut(&mut String)) {
    if let Some(gap) = &mut record.gap {
        let before = gap.to_string();
        shorten(gap);
        record.message = record.message.replace(&before, &gap.to_string());
        change_gap(gap, change);
    }
    change(&mut record.subject.arn);
    change(&mut record.subject.name);
    change_account(&mut record.subject.account, change);
    change(&mut record.message);
    if let Some(key) = &mut record.key {
        change(key);
    }
    for evidence in &mut record.evidence {
        if evidence.fact.starts_with("Tags") {
            "REDACTED".clone_into(&mut evidence.value);
        } else {
            change(&mut evidence.value);
        }
    }
}
