//! What a document names: accounts, partitions, resources.

use super::{Document, Entry, Statement};
use crate::pattern::Piece;

impl Document {
    /// The accounts whose roots its statements name.
    #[must_use]
    pub fn accounts(&self) -> Vec<String> {
        let principals = self.statements.iter().flat_map(|one| &one.principals);
        let entries = principals.flat_map(|principals| principals.list.iter());
        sorted(entries.filter_map(|entry| match entry {
            Entry::Account { account, .. } => Some(account.to_string()),
            Entry::Everybody
            | Entry::Identity(_)
            | Entry::Service(_)
            | Entry::Provider(_)
            | Entry::Nobody(_) => None,
        }))
    }

    /// The accounts that its statements name, by whatever of theirs, and those that its conditions
    /// write out.
    #[must_use]
    pub fn every_account(&self) -> Vec<String> {
        const KEYS: [&str; 4] = [
            "aws:principalaccount",
            "aws:principalarn",
            "aws:sourceaccount",
            "kms:calleraccount",
        ];
        let mut accounts = self.accounts();
        for statement in self.statements.iter() {
            let principals = statement.principals.iter();
            for entry in principals.flat_map(|principals| principals.list.iter()) {
                if let Entry::Identity(identity) = entry {
                    accounts.push(identity.account.to_string());
                }
            }
            let conditions = statement.conditions.iter();
            for condition in conditions.filter(|one| KEYS.contains(&&*one.key)) {
                for expected in &condition.expected {
                    accounts.extend(expected.texts().flat_map(|text| {
                        let parts = text.split(|c: char| !c.is_ascii_digit());
                        parts
                            .filter(|part| part.len() == 12)
                            .map(ToOwned::to_owned)
                            .collect::<Vec<_>>()
                    }));
                }
            }
        }
        accounts.sort();
        accounts.dedup();
        accounts
    }

    /// The partition that its principals are of, or else that the ARNs in its conditions and resources are of;
    /// `None` where it names none, or several.
    #[must_use]
    pub fn partition(&self) -> Option<String> {
        fn only(mut named: Vec<String>) -> Option<String> {
            named.sort();
            named.dedup();
            if named.len() == 1 { named.pop() } else { None }
        }
        let of = |statements: &mut dyn Iterator<Item = &Statement>| -> Vec<String> {
            let principals = statements.filter_map(|one| one.principals.as_ref());
            let entries = principals.flat_map(|principals| principals.list.iter());
            let named = entries.filter_map(|entry| match entry {
                Entry::Account { partition, .. } => partition.as_deref(),
                Entry::Identity(identity) => Some(&*identity.partition),
                Entry::Everybody | Entry::Service(_) | Entry::Provider(_) | Entry::Nobody(_) => {
                    None
                }
            });
            named.map(ToOwned::to_owned).collect()
        };
        let named = of(&mut self.statements.iter());
        if !named.is_empty() {
            // Whoever may change the key policy is of the key's account, and so of its partition.
            let administers = |one: &&Statement| one.may_allow("kms:PutKeyPolicy");
            let own = only(of(&mut self.statements.iter().filter(administers)));
            return only(named).or(own);
        }
        let conditions = self.statements.iter().flat_map(|one| &one.conditions);
        let expected = conditions.flat_map(|condition| condition.expected.iter());
        let texts =
            expected.flat_map(|expected| expected.texts().map(str::to_owned).collect::<Vec<_>>());
        let resources = self
            .statements
            .iter()
            .flat_map(|one| one.resources.list.iter());
        let texts = texts.chain(resources.map(ToString::to_string));
        let of = |text: String| {
            text.strip_prefix("arn:")?
                .split(':')
                .next()
                .map(ToOwned::to_owned)
        };
        only(
            texts
                .filter_map(of)
                .filter(|name| name.starts_with("aws"))
                .collect(),
        )
    }

    /// The accounts of whose keys it may be: of those that may change it, or else of the keys that it names, or else
    /// of anybody. That it names a root user says nothing: other accounts are let in so.
    #[must_use]
    pub fn owners(&self) -> Vec<String> {
        let listed = [
            self.administrators(),
            self.of_resources(),
            self.of_principals(),
            self.of_callers(),
        ];
        let mut listed = listed.into_iter();
        listed
            .find(|accounts| !accounts.is_empty())
            .unwrap_or_default()
    }

    /// Accounts that may change the key policy: no other account than the key's can (KMS Developer Guide,
    /// "Allowing users in other accounts to use a KMS key").
    fn administrators(&self) -> Vec<String> {
        let statements = self.statements.iter();
        let allows = statements.filter(|one| one.may_allow("kms:PutKeyPolicy"));
        let principals = allows.filter_map(|one| one.principals.as_ref());
        let named = principals.filter(|principals| !principals.is_all_but);
        sorted(named.flat_map(|principals| principals.list.iter().filter_map(account_of)))
    }

    fn of_principals(&self) -> Vec<String> {
        let principals = self.statements.iter().flat_map(|one| &one.principals);
        sorted(principals.flat_map(|principals| principals.list.iter().filter_map(account_of)))
    }

    fn of_resources(&self) -> Vec<String> {
        let named = self.named_resources().into_iter();
        let keys = named.filter(|arn| arn.contains(":key/"));
        let accounts = keys.filter_map(|arn| arn.split(':').nth(4).map(ToOwned::to_owned));
        sorted(accounts.filter(|account| is_account(account)))
    }

    fn of_callers(&self) -> Vec<String> {
        const KEYS: [&str; 3] = [
            "kms:calleraccount",
            "aws:principalaccount",
            "aws:principalarn",
        ];
        let conditions = self.statements.iter().flat_map(|one| &one.conditions);
        let named = conditions.filter(|one| KEYS.contains(&&*one.key) && !one.operator.is_negated);
        let mut found = Vec::new();
        for expected in named.flat_map(|one| one.expected.iter()) {
            for text in expected.texts() {
                let account = text.split(':').nth(4).unwrap_or(text);
                found.extend(is_account(account).then(|| account.to_owned()));
            }
        }
        sorted(found)
    }

    /// The resources that its statements name, `*` left out.
    #[must_use]
    pub fn named_resources(&self) -> Vec<String> {
        let resources = self
            .statements
            .iter()
            .flat_map(|one| one.resources.list.iter());
        let named = resources.filter(|one| one.pieces() != [Piece::Run]);
        named.map(ToString::to_string).collect()
    }
}

fn account_of(entry: &Entry) -> Option<String> {
    match entry {
        Entry::Identity(identity) => Some(identity.account.to_string()),
        Entry::Account { account, .. } => Some(account.to_string()),
        Entry::Everybody | Entry::Service(_) | Entry::Provider(_) | Entry::Nobody(_) => None,
    }
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// In their order, each once.
fn sorted(names: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut names: Vec<String> = names.into_iter().collect();
    names.sort();
    names.dedup();
    names
}
