//! Actions that a statement allows without naming them, or names without allowing them.

use super::{Oddity, Saying, and};
use crate::access::Key;
use crate::document::Entry;
use crate::kms;
use crate::pattern::{Pattern, matches};

/// As many names as a sentence bears.
const NAMES: usize = 4;

impl Saying<'_> {
    /// What an Allow of all actions but some allows of those that use the key (KMS API Reference, "Cryptographic
    /// operations").
    pub(super) fn others(&mut self) {
        let actions = &self.statement.actions;
        if !self.allows() || !actions.is_all_but {
            return;
        }
        let is_listed = |name: &str| {
            let name = name.to_ascii_lowercase();
            let mut listed = actions.list.iter();
            listed.any(|one| matches(one.pieces(), &name))
        };
        let used = kms::about_keys().filter(|name| {
            let name = name.get(4..).unwrap_or_default().to_ascii_lowercase();
            kms::is_granted(&name) && !is_metadata(&name)
        });
        let others: Vec<&str> = used.filter(|name| !is_listed(name)).collect();
        let Some((shown, rest)) = others.split_at_checked(NAMES.min(others.len())) else {
            return;
        };
        if shown.is_empty() {
            return;
        }
        let more = match rest.len() {
            0 => String::new(),
            count => format!(", and {count} more that use the key or create grants"),
        };
        let says = format!(
            "NotAction with Allow allows every KMS action that it does not list, among them {}{more}; list the actions \
             that are needed in Action",
            and(shown)
        );
        self.say(Oddity::AllowsNotAction, "NotAction", says);
    }

    /// Actions that no other account can use, allowed to other accounts alone (KMS Developer Guide, "Allowing users in
    /// other accounts to use a KMS key").
    pub(super) fn across(&mut self) {
        let Some(owner) = self.key.map(Key::account) else {
            return;
        };
        let Some(principals) = self.statement.principals.as_ref() else {
            return;
        };
        let actions = &self.statement.actions;
        if !self.allows() || principals.is_all_but || actions.is_all_but {
            return;
        }
        let mut others: Vec<&str> = Vec::new();
        for entry in &principals.list {
            let account = match entry {
                Entry::Account { account, .. } => account,
                Entry::Identity(identity) => &identity.account,
                Entry::Everybody | Entry::Service(_) => return,
                Entry::Provider(_) | Entry::Nobody(_) => continue,
            };
            if **account == *owner {
                return;
            }
            if !others.contains(&&**account) {
                others.push(account);
            }
        }
        let written = actions.list.iter().zip(&self.statement.written);
        let within: Vec<&str> = written
            .filter(|(pattern, _)| is_within(pattern))
            .map(|(_, written)| written.strip_prefix("kms:").unwrap_or(written))
            .collect();
        if others.is_empty() || within.is_empty() {
            return;
        }
        let says = format!(
            "KMS does not support {} for principals in other accounts, so the statement does not allow these actions for them",
            and(&within)
        );
        let about = format!("account {}", and(&others));
        self.say(Oddity::NotAcrossAccounts, &about, says);
    }
}

/// Whether a pattern matches actions on keys, and none that another account can use.
fn is_within(pattern: &Pattern) -> bool {
    let mut is_any = false;
    for name in kms::about_keys().map(str::to_ascii_lowercase) {
        if matches(pattern.pieces(), &name) {
            is_any = true;
            if kms::crosses(name.get(4..).unwrap_or_default()) {
                return false;
            }
        }
    }
    is_any
}

/// Whether an operation tells no more than what is known of a key.
fn is_metadata(name: &str) -> bool {
    ["describe", "get", "list"]
        .iter()
        .any(|begin| name.starts_with(begin))
        || name == "retiregrant"
}
