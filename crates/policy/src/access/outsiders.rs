//! Who outside can use a key.

use super::channel::{Channel, requests, tells_channels};
use super::{Key, everything};
use crate::kms;
use crate::prove::{Asker, Doubt, Proof, Requests, askers};
use crate::request::{Caller, Stack};

/// Somebody outside, and what it can do.
#[derive(Clone, Debug)]
pub struct Outsider {
    /// An ARN, or the name of a service.
    pub who: String,
    /// Its account; of a service, none.
    pub account: Option<String>,
    /// It is named itself; else it stands for all that are like it.
    pub is_itself: bool,
    /// It stands for everybody whom nothing names.
    pub is_anybody: bool,
    /// The service acts for an account outside.
    pub is_service: bool,
    /// `kms:Decrypt`.
    pub action: &'static str,
    /// Violated or possible.
    pub proof: Proof,
}

/// Finds everybody outside some accounts and organisations whom the key policy and the grants let
/// use a key, whatever their own account allows them; each with the first action of every kind.
///
/// # Errors
/// The key policy has too many patterns to tell who there is.
pub fn outsiders(
    key: &Key,
    accounts: &[&str],
    organizations: &[&str],
) -> Result<Vec<Outsider>, Doubt> {
    let stack = Stack {
        identity: everything(),
        ..key.stack()
    };
    let own = key.account();
    let askers = askers(&[&stack], key.partition(), &[own]).ok_or(Doubt::Budget)?;
    let mut found = Vec::new();
    if key.grants.is_none() {
        // A grant may be to anybody.
        found.push(Outsider {
            who: "*".to_owned(),
            account: None,
            is_itself: false,
            is_anybody: true,
            is_service: false,
            action: "kms:Decrypt",
            proof: Proof::Possible(vec![Doubt::Grants]),
        });
    }
    for asker in askers {
        let is_inside = match asker.caller.account() {
            Some(account) => account == own || accounts.contains(&account),
            None => false,
        };
        if is_inside {
            continue;
        }
        of_asker(key, &stack, &asker, accounts, organizations, &mut found);
    }
    Ok(found)
}

fn of_asker(
    key: &Key,
    stack: &Stack,
    asker: &Asker,
    accounts: &[&str],
    organizations: &[&str],
    found: &mut Vec<Outsider>,
) {
    let is_service = matches!(asker.caller, Caller::Service(_));
    let channels: &[Channel] = if is_service {
        &[Channel::Service]
    } else if tells_channels(stack.documents()) {
        &[Channel::Direct, Channel::Through]
    } else {
        &[Channel::Direct]
    };
    for action in kms::ABOUT_KEYS {
        let name = action.get(4..).unwrap_or_default().to_ascii_lowercase();
        if !kms::crosses(&name) && !is_service {
            continue;
        }
        let mut proof = None;
        for channel in channels {
            let all = requests(key, &asker.caller, &asker.arn, action, *channel);
            let Ok(all) = all else { continue };
            let outside = outside(all, key, stack, accounts, organizations, *channel);
            match outside.allowed(stack) {
                Proof::Proved => {}
                found @ Proof::Violated(_) => {
                    proof = Some(found);
                    break;
                }
                found @ Proof::Possible(_) => proof = Some(found),
            }
        }
        if let Some(proof) = proof {
            found.push(Outsider {
                who: asker.arn.clone(),
                account: asker.caller.account().map(ToOwned::to_owned),
                is_itself: asker.is_itself,
                is_anybody: !asker.is_named,
                is_service,
                action,
                proof,
            });
        }
    }
}

/// Requests that come from outside.
fn outside(
    requests: Requests,
    key: &Key,
    stack: &Stack,
    accounts: &[&str],
    organizations: &[&str],
    channel: Channel,
) -> Requests {
    let boxed = |list: &[&str]| -> Vec<Box<str>> { list.iter().map(|one| (*one).into()).collect() };
    let mut inside = boxed(accounts);
    inside.push(key.account().into());
    let organizations = boxed(organizations);
    match channel {
        Channel::Direct | Channel::Through => requests
            .without("aws:PrincipalOrgID", organizations.clone())
            .without("aws:PrincipalOrgPaths", organizations),
        Channel::Service => {
            let mut requests = requests
                .without("aws:SourceAccount", inside.clone())
                .without("aws:SourceArn", inside.clone())
                .without("aws:SourceOrgID", organizations.clone())
                .without("aws:SourceOrgPaths", organizations);
            // A service puts the ARN of what it works for into the encryption context.
            let conditions = stack
                .documents()
                .flat_map(crate::Document::statements)
                .flat_map(|statement| &statement.conditions);
            for condition in conditions {
                if condition.key.starts_with("kms:encryptioncontext:") {
                    requests = requests.without(&condition.key, inside.clone());
                }
            }
            requests
        }
    }
}
