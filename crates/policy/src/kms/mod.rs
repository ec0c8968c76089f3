//! What is special about AWS KMS: which actions are about a key, which cross accounts, which a
//! grant can give, which condition keys their requests have.

mod sources;
mod table;
mod values;

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::spelling::nearest;

pub use sources::{NO_ACCOUNT, NO_PLACE};
pub use table::{ACTIONS, Action, EVERY_KEY, On, Reach};
pub use values::{REQUIRED, Required, VALUES, Values};
pub(crate) use values::{is_required, listed};

/// By their names in lower case, without `kms:`.
static BY_NAME: LazyLock<HashMap<String, &'static Action>> = LazyLock::new(|| {
    let named = ACTIONS.iter().map(|action| (bare(action.name), action));
    named.collect()
});

/// The name of an action in lower case, without its service.
fn bare(name: &str) -> String {
    let name = name.strip_prefix("kms:").unwrap_or(name);
    name.to_ascii_lowercase()
}

/// An action by its name in lower case, without `kms:`.
pub(crate) fn action(name: &str) -> Option<&'static Action> {
    find(name)
}

fn find(name: &str) -> Option<&'static Action> {
    BY_NAME.get(name).copied()
}

/// Actions that are about a key, as AWS writes them.
pub(crate) fn about_keys() -> impl Iterator<Item = &'static str> {
    let about = ACTIONS.iter().filter(|action| action.on != On::Nothing);
    about.map(|action| action.name)
}

/// Whether a grant can give an action of KMS, in lower case.
pub(crate) fn is_granted(name: &str) -> bool {
    find(name).is_some_and(|action| action.reach == Reach::Granted)
}

/// Whether an action of KMS, in lower case, is about a key; one that is newer than this release may be.
pub(crate) fn is_about_key(name: &str) -> bool {
    find(name).is_none_or(|action| action.on != On::Nothing)
}

/// Whether a principal of another account can be allowed an action of KMS, in lower case (KMS Developer
/// Guide, "Allowing users in other accounts to use a KMS key").
pub(crate) fn crosses(name: &str) -> bool {
    find(name).is_some_and(|action| action.reach != Reach::Own)
}

/// The service principal that somebody may have meant, of one that sagelock does not know.
pub(crate) fn meant_service(name: &str) -> Option<String> {
    let (label, rest) = name.split_once('.')?;
    if sources::PRINCIPALS.contains(&label) {
        return None;
    }
    // A short name is near to names that mean another service.
    let errors = if label.len() < 8 { 1 } else { 2 };
    let near = nearest(label, sources::PRINCIPALS, errors)?;
    Some(format!("{near}.{rest}"))
}

/// Whether a key of the condition context is one of a list; both in lower case.
fn is_listed(listed: &str, key: &str) -> bool {
    if listed.ends_with([':', '/']) {
        key.len() > listed.len()
            && key
                .get(..listed.len())
                .is_some_and(|head| head.eq_ignore_ascii_case(listed))
    } else {
        key.eq_ignore_ascii_case(listed)
    }
}

/// Whether requests of an action of KMS may have a condition key, both in lower case. Of an action that is
/// newer than this release, they may have every key of KMS there is.
pub(crate) fn may_have(action: &str, key: &str) -> bool {
    let every = EVERY_KEY.iter().any(|listed| is_listed(listed, key));
    match find(action).map(|action| (action.on, action.keys)) {
        None => is_condition_key(key),
        Some((on, keys)) => {
            (every && on != On::Nothing) || keys.iter().any(|listed| is_listed(listed, key))
        }
    }
}

/// Whether KMS has a condition key of a name, in lower case.
pub(crate) fn is_condition_key(key: &str) -> bool {
    let own = ACTIONS
        .iter()
        .flat_map(|action| action.keys)
        .chain(&EVERY_KEY);
    own.into_iter().any(|listed| is_listed(listed, key))
}

/// The condition keys of KMS, as AWS writes them, each once.
pub(crate) fn condition_keys() -> Vec<&'static str> {
    let own = ACTIONS
        .iter()
        .flat_map(|action| action.keys)
        .chain(&EVERY_KEY);
    let mut keys: Vec<&'static str> = own.copied().collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// Services of which a resource is taken to have no policy where none is given: next to none of theirs
/// can have one (IAM User Guide, "AWS services that work with IAM").
pub(crate) fn has_resource_policies(service: &str) -> bool {
    !matches!(
        service,
        "sagemaker"
            | "iam"
            | "ec2"
            | "organizations"
            | "cloudwatch"
            | "sts"
            | "application-autoscaling"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_of_some_actions_or_of_all() {
        for (action, key, is) in [
            ("decrypt", "kms:requestalias", true),
            ("decrypt", "kms:encryptioncontext:a", true),
            ("decrypt", "kms:encryptioncontext:", false),
            ("decrypt", "kms:grantisforawsresource", false),
            ("decrypt", "kms:granteeprincipal", false),
            ("decrypt", "kms:calleraccount", true),
            ("decrypt", "kms:calleraccount ", false),
            ("decrypt", "aws:resourcetag/team", true),
            ("decrypt", "aws:requesttag/team", false),
            ("tagresource", "aws:requesttag/team", true),
            ("putkeypolicy", "kms:requestalias", false),
            ("putkeypolicy", "kms:bypasspolicylockoutsafetycheck", true),
            ("createkey", "kms:viaservice", true),
            ("anyotheraction", "kms:requestalias", true),
            ("anyotheraction", "kms:requestaliases", false),
            ("decapsulate", "kms:requestalias", true),
            ("decapsulate", "kms:encryptioncontext:a", false),
        ] {
            assert_eq!(may_have(action, key), is, "{action} {key}");
        }
    }

    #[test]
    fn actions_are_about_keys_cross_accounts_and_are_granted() {
        for (name, about, crosses_accounts, granted) in [
            ("decrypt", true, true, true),
            ("getkeyrotationstatus", true, true, false),
            ("putkeypolicy", true, false, false),
            ("createalias", true, false, false),
            ("generaterandom", false, false, false),
            ("getkeylastusage", true, false, false),
            ("anyotheraction", true, false, false),
        ] {
            let found = (is_about_key(name), crosses(name), is_granted(name));
            assert_eq!(found, (about, crosses_accounts, granted), "{name}");
        }
        assert!(about_keys().all(|name| name.starts_with("kms:")));
    }
}
