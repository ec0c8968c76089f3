//! Who may ask: of everybody there is, those that documents can tell apart.

use super::automaton::{self, Set, Step, Steps, glob, literal};
use super::budget::Budget;
use super::prover::Prover;
use super::said::Said;
use super::universe;
use crate::document::{Entry, Identity, Who, entry, identity_of, is_service_name};
use crate::pattern::Pattern;
use crate::request::{Caller, Stack};

/// Somebody who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asker {
    pub(crate) caller: Caller,
    /// `aws:PrincipalArn`, or the name of a service.
    pub(crate) arn: String,
    /// A policy or a grant names its account, or itself.
    pub(crate) is_named: bool,
    /// It is named itself; else it stands for all that are like it.
    pub(crate) is_itself: bool,
    /// It is a session that is named itself, and its role is not meant.
    is_session: bool,
}

impl Asker {
    /// What it is called: a session that is named, else who is behind it.
    pub(crate) fn name(&self) -> String {
        if self.is_session {
            self.caller.to_string()
        } else {
            self.arn.clone()
        }
    }

    pub(crate) fn is_federated(&self) -> bool {
        match &self.caller {
            Caller::Identity(identity) => matches!(identity.who, Who::Federated(_)),
            Caller::Service(_) | Caller::Anonymous => false,
        }
    }

    pub(crate) fn can_have_boundary(&self) -> bool {
        match &self.caller {
            Caller::Identity(identity) => {
                matches!(identity.who, Who::User(_) | Who::Role(_) | Who::Session(..))
            }
            Caller::Service(_) | Caller::Anonymous => false,
        }
    }
}

/// Users, roles, federated users and root users such that everybody is treated as one of them, and
/// the services that are named; `None` where telling them apart costs more than there is.
pub(crate) fn askers(
    stacks: &[&Stack],
    partition: &str,
    accounts: &[&str],
    prover: &Prover,
) -> Option<Vec<Asker>> {
    askers_beside(stacks, partition, accounts, &[], prover)
}

/// The same, where these patterns of ARNs tell them apart as well.
pub(crate) fn askers_beside(
    stacks: &[&Stack],
    partition: &str,
    accounts: &[&str],
    others: &[Pattern],
    prover: &Prover,
) -> Option<Vec<Asker>> {
    let budget = &prover.budget;
    budget.begin();
    let entries = entries(stacks);
    let mut patterns: Vec<Steps> = accounts
        .iter()
        .map(|one| automaton::of_account(&literal(one)))
        .collect();
    let mut sessions = Vec::new();
    for entry in &entries {
        match entry {
            Entry::Account { account, .. } => {
                patterns.push(automaton::of_account(&literal(account)));
            }
            Entry::Identity(identity) => {
                patterns.push(automaton::of_account(&literal(&identity.account)));
                patterns.push(literal(&identity.behind().to_string()));
                if let Who::Session(..) = identity.who {
                    sessions.push(identity);
                }
            }
            Entry::Everybody | Entry::Service(_) | Entry::Provider(_) | Entry::Nobody(_) => {}
        }
    }
    let mut said = Said::default();
    for document in stacks.iter().flat_map(|stack| stack.documents()) {
        said.hear(document, partition);
    }
    patterns.append(&mut said.patterns);
    patterns.extend(others.iter().map(|one| glob(one.pieces(), Set::Any)));
    // Each kind is a way of its own.
    let kinds = kinds(partition);
    patterns.extend(kinds.iter().cloned());
    // Control policies do not bind service-linked roles.
    let is_controlled = stacks
        .iter()
        .any(|stack| !stack.rcp.is_empty() || !stack.scp.is_empty());
    if is_controlled {
        patterns.push(service_linked(partition));
    }
    patterns.sort();
    patterns.dedup();
    let named = entries.iter().filter_map(|entry| match entry {
        Entry::Account { account, .. } => Some(&**account),
        Entry::Identity(identity) => Some(&*identity.account),
        Entry::Everybody | Entry::Service(_) | Entry::Provider(_) | Entry::Nobody(_) => None,
    });
    let known = accounts.iter().copied().chain(named).chain([NOBODYS]);
    let examples: Vec<String> = known.flat_map(|one| examples(partition, one)).collect();
    let arns = prover.people(patterns, |patterns| {
        automaton::texts(patterns, &kinds, &examples, 1, budget)
    })?;
    let mut askers = Vec::new();
    for arn in arns.iter() {
        let Some(identity) = identity_of(arn) else {
            continue;
        };
        let is_named = entries.iter().any(|entry| match entry {
            Entry::Account { account, .. } => *account == identity.account,
            Entry::Identity(one) => one.account == identity.account,
            Entry::Everybody | Entry::Service(_) | Entry::Provider(_) | Entry::Nobody(_) => false,
        }) || accounts.contains(&&*identity.account)
            || said
                .accounts
                .iter()
                .any(|account| **account == *identity.account);
        let of = |caller: Identity| Asker {
            is_itself: entries.iter().any(|entry| match entry {
                Entry::Identity(one) => *one == identity || *one == caller,
                Entry::Account { account, .. } => {
                    identity.who == Who::Root && *account == identity.account
                }
                Entry::Everybody | Entry::Service(_) | Entry::Provider(_) | Entry::Nobody(_) => {
                    false
                }
            }),
            is_session: sessions.contains(&&caller),
            caller: Caller::Identity(caller),
            arn: arn.clone(),
            is_named,
        };
        if let Who::Role(path) = &identity.who {
            let role = path.rsplit('/').next().unwrap_or(path);
            let own = sessions.iter().filter(|session| {
                let is_role = matches!(&session.who, Who::Session(own, _) if **own == *role);
                is_role && session.account == identity.account
            });
            askers.extend(own.map(|session| of((*session).clone())));
            let taken = sessions.iter().filter_map(|session| match &session.who {
                Who::Session(_, name) => Some(&**name),
                Who::Root | Who::User(_) | Who::Role(_) | Who::Federated(_) => None,
            });
            askers.push(of(identity.session_but(&taken.collect::<Vec<_>>())));
        } else {
            askers.push(of(identity.clone()));
        }
    }
    services(&entries, &said, partition, budget, &mut askers)?;
    Some(askers)
}

/// Adds the services that are named; `*` names all of them, as far as conditions tell them apart.
fn services(
    entries: &[Entry],
    said: &Said,
    partition: &str,
    budget: &Budget,
    askers: &mut Vec<Asker>,
) -> Option<()> {
    let mut services: Vec<(String, bool)> = Vec::new();
    for entry in entries {
        if let Entry::Service(name) = entry
            && is_service_name(name)
        {
            services.push((name.to_string(), true));
        }
    }
    if entries.contains(&Entry::Everybody) {
        let grammar = universe::services(partition);
        let mut examples = vec![ANY_SERVICE.to_owned()];
        examples.extend(said.service_names.iter().cloned());
        let names = automaton::texts(&said.services, &grammar, &examples, 1, budget)?;
        services.extend(names.into_iter().map(|name| (name, false)));
    }
    for (name, is_named) in services {
        let asker = Asker {
            caller: Caller::Service(name.as_str().into()),
            arn: name,
            is_named,
            is_itself: is_named,
            is_session: false,
        };
        if !askers.iter().any(|known: &Asker| known.arn == asker.arn) {
            askers.push(asker);
        }
    }
    Some(())
}

/// Everybody whom the resource's policy or a grant names.
fn entries(stacks: &[&Stack]) -> Vec<Entry> {
    let mut entries = Vec::new();
    for stack in stacks {
        for document in stack.documents() {
            let statements = document.statements.iter();
            let principals = statements.filter_map(|statement| statement.principals.as_ref());
            entries.extend(principals.flat_map(|principals| principals.list.iter().cloned()));
        }
        for grant in &stack.grants {
            let texts = [&grant.grantee, &grant.retiring, &grant.issuer];
            entries.extend(texts.into_iter().flatten().map(|text| match entry(text) {
                Entry::Nobody(text) if text.contains('.') && !text.contains(':') => {
                    Entry::Service(text)
                }
                other @ (Entry::Everybody
                | Entry::Account { .. }
                | Entry::Identity(_)
                | Entry::Service(_)
                | Entry::Provider(_)
                | Entry::Nobody(_)) => other,
            }));
        }
    }
    entries
}

/// A service that nothing names.
const ANY_SERVICE: &str = "anyservice.amazonaws.com";
/// An account that nobody has.
const NOBODYS: &str = "999999999999";

/// Somebody of an account.
fn examples(partition: &str, account: &str) -> [String; 5] {
    [
        format!("arn:{partition}:iam::{account}:role/Anyone"),
        format!("arn:{partition}:iam::{account}:user/Anyone"),
        format!("arn:{partition}:iam::{account}:root"),
        format!("arn:{partition}:sts::{account}:federated-user/Anyone"),
        format!(
            "arn:{partition}:iam::{account}:role/aws-service-role/rds.amazonaws.com/AWSServiceRoleForRDS"
        ),
    ]
}

/// ARNs of service-linked roles (IAM User Guide, "Service-linked roles").
fn service_linked(partition: &str) -> Steps {
    let mut steps = literal(&format!("arn:{partition}:iam::"));
    steps.extend([Step::One(Set::Digit); 12]);
    steps.extend(literal(":role/aws-service-role/"));
    steps.extend([Step::One(Set::Label), Step::Run(Set::Host), Step::Char('/')]);
    steps.extend(literal("AWSServiceRoleFor"));
    steps.push(Step::Run(Set::Name));
    steps
}

/// ARNs of those who can ask.
fn kinds(partition: &str) -> Vec<Steps> {
    let begun = |service: &str, kind: &str| {
        let mut steps = literal(&format!("arn:{partition}:{service}::"));
        steps.extend([Step::One(Set::Digit); 12]);
        steps.extend(literal(kind));
        steps
    };
    let named = |service: &str, kind: &str, set| {
        let mut steps = begun(service, kind);
        steps.extend([Step::Run(set), Step::One(Set::Name)]);
        steps
    };
    vec![
        begun("iam", ":root"),
        named("iam", ":user/", Set::Path),
        named("iam", ":role/", Set::Path),
        named("sts", ":federated-user/", Set::Name),
    ]
}
