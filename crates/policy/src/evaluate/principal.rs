//! Whether a policy's principal names the caller, and how.

use super::leaves::{Evaluation, Why};
use super::{Open, Truth};
use crate::context::Found;
use crate::decide::Class;
use crate::document::{Effect, Entry, Identity, Listed, Who};
use crate::request::Caller;

/// Whether a statement's principal names the caller in that way.
pub(super) fn named(
    evaluation: &mut Evaluation<'_>,
    principals: &Listed<Entry>,
    effect: Effect,
    class: Class,
    has_boundary: bool,
) -> Truth {
    if principals.is_all_but {
        return match effect {
            // IAM User Guide, "AWS JSON policy elements: NotPrincipal": it has to be used with Deny, and
            // what it does with Allow is not said.
            Effect::Allow if matches!(class, Class::Any | Class::Direct) => {
                match all_but(evaluation, &principals.list, has_boundary) {
                    Truth::No => Truth::No,
                    Truth::Unknown | Truth::Yes => evaluation.unknown_open(Open::AllowNotPrincipal),
                }
            }
            Effect::Allow => Truth::No,
            Effect::Deny => all_but(evaluation, &principals.list, has_boundary),
        };
    }
    let mut found = Truth::No;
    for entry in &principals.list {
        let truth = names(evaluation, entry, class);
        if truth == Truth::Yes {
            return truth;
        }
        found = found.max(truth);
    }
    found
}

/// Whether one entry names the caller in that way.
pub(super) fn names(evaluation: &mut Evaluation<'_>, entry: &Entry, class: Class) -> Truth {
    let wants = |one: Class| class == Class::Any || class == one;
    let request = evaluation.request;
    match (entry, &request.caller) {
        (Entry::Everybody, _) => Truth::of(wants(Class::Direct)),
        (Entry::Service(name), Caller::Service(caller)) => {
            Truth::of(wants(Class::Direct) && name == caller)
        }
        (Entry::Account { partition, account }, Caller::Identity(caller)) => Truth::of(
            wants(Class::Account)
                && *account == caller.account
                && partition
                    .as_ref()
                    .is_none_or(|one| *one == caller.partition),
        ),
        (Entry::Identity(named), Caller::Identity(caller)) => {
            if named.account != caller.account || named.partition != caller.partition {
                return Truth::No;
            }
            identity(evaluation, &named.who, caller, &wants)
        }
        (
            Entry::Service(_)
            | Entry::Account { .. }
            | Entry::Identity(_)
            | Entry::Provider(_)
            | Entry::Nobody(_),
            Caller::Service(_) | Caller::Anonymous | Caller::Identity(_),
        ) => Truth::No,
    }
}

fn identity(
    evaluation: &mut Evaluation<'_>,
    named: &Who,
    caller: &Identity,
    wants: &dyn Fn(Class) -> bool,
) -> Truth {
    match (named, &caller.who) {
        (Who::User(name), Who::User(user)) => Truth::of(wants(Class::Direct) && name == user),
        (Who::Federated(name), Who::Federated(session)) => {
            Truth::of(wants(Class::Direct) && name == session)
        }
        // The session's ARN does not say whose it is.
        (Who::User(_), Who::Federated(_)) if wants(Class::Role) => {
            evaluation.unknown_open(Open::SessionName)
        }
        (Who::Session(role, session), Who::Session(own, name)) => {
            Truth::of(wants(Class::Direct) && role == own && session == name)
        }
        (Who::Session(role, _), Who::Role(own)) if wants(Class::Direct) => {
            if last(own) == &**role {
                evaluation.unknown_open(Open::SessionName)
            } else {
                Truth::No
            }
        }
        (Who::Role(role), Who::Role(own)) => Truth::of(wants(Class::Role) && role == own),
        (Who::Role(role), Who::Session(own, _)) if wants(Class::Role) => {
            match &evaluation.request.role {
                Some(path) => Truth::of(role == path),
                None if last(role) != &**own => Truth::No,
                None if is_not_known(evaluation) => {
                    evaluation.unknown(|| Why::Key("aws:PrincipalArn".into()))
                }
                // A name is a role's alone in its account, whatever its path (IAM User Guide, "IAM
                // and AWS STS quotas, name requirements"); with a path it may be of a role that
                // was deleted.
                None if !role.contains('/') => Truth::Yes,
                None => evaluation.unknown_open(Open::RolePath),
            }
        }
        (
            Who::Root | Who::User(_) | Who::Role(_) | Who::Session(..) | Who::Federated(_),
            Who::Root | Who::User(_) | Who::Role(_) | Who::Session(..) | Who::Federated(_),
        ) => Truth::No,
    }
}

/// Whether the caller's role is one that nobody knows, not one that was left out.
fn is_not_known(evaluation: &Evaluation<'_>) -> bool {
    let context = &evaluation.request.context;
    matches!(
        context.get("aws:principalarn"),
        Some(Found::Unknown | Found::Twice)
    )
}

fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Whether a caller is none of those listed. Its account, role and session are looked at one by
/// one, and whoever has a permissions boundary is hit always (IAM User Guide, "AWS JSON policy
/// elements: NotPrincipal").
fn all_but(evaluation: &mut Evaluation<'_>, list: &[Entry], has_boundary: bool) -> Truth {
    if has_boundary {
        return Truth::Yes;
    }
    let levels: &[Class] = match &evaluation.request.caller {
        Caller::Identity(identity) => match identity.who {
            Who::Root => &[Class::Account],
            Who::User(_) => &[Class::Account, Class::Direct],
            Who::Role(_) | Who::Session(..) | Who::Federated(_) => {
                &[Class::Account, Class::Role, Class::Direct]
            }
        },
        Caller::Service(_) | Caller::Anonymous => &[Class::Direct],
    };
    if list.contains(&Entry::Everybody) {
        return Truth::No;
    }
    let listed: Vec<Truth> = levels
        .iter()
        .map(|class| {
            let mut found = Truth::No;
            for entry in list {
                found = found.max(names(evaluation, entry, *class));
            }
            found
        })
        .collect();
    if listed.iter().all(|truth| *truth == Truth::Yes) {
        Truth::No
    } else if listed.iter().all(|truth| *truth == Truth::No) {
        Truth::Yes
    } else {
        evaluation.unknown_open(Open::PartNotPrincipal)
    }
}
