//! Who outside can use a key.

use super::actions::alike;
use super::channel::{Channel, requests, tells_channels};
use super::{Key, allowing, everything};
use crate::document::Document;
use crate::kms;
use crate::prove::{Asker, Doubt, Proof, Prover, Requests, askers};
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
    pub action: String,
    /// Violated or possible.
    pub proof: Proof,
}

/// Who is no outsider.
struct Inside<'a> {
    /// The key's own account included.
    accounts: Vec<&'a str>,
    organizations: &'a [&'a str],
}

/// Finds everybody outside some accounts and organisations whom the key policy and the grants let
/// use a key, whatever their own account allows them; each with the first action of every kind.
///
/// # Errors
/// To tell who there is costs more than there is.
pub fn outsiders(
    key: &Key,
    accounts: &[&str],
    organizations: &[&str],
    prover: &Prover,
) -> Result<Vec<Outsider>, Doubt> {
    let own = key.account();
    let inside = Inside {
        accounts: accounts.iter().copied().chain([own]).collect(),
        organizations,
    };
    let mut stack = Stack {
        identity: everything(),
        ..key.stack()
    };
    // What a service got for an account inside, it uses for that account (KMS Developer Guide, "Grants for
    // AWS services").
    stack.grants.retain(|grant| {
        let issuer = grant.issuer.as_deref();
        let is_for_inside = issuer.is_some_and(|issuer| inside.accounts.contains(&issuer));
        !(grant.is_masked && is_for_inside)
    });
    let askers = askers(&[&stack], key.partition(), &[own], prover).ok_or(Doubt::Budget)?;
    let mut found = Vec::new();
    if key.grants.is_none() {
        // A grant may be to anybody.
        found.push(Outsider {
            who: "*".to_owned(),
            account: None,
            is_itself: false,
            is_anybody: true,
            is_service: false,
            action: "kms:Decrypt".to_owned(),
            proof: Proof::Possible(vec![Doubt::Grants]),
        });
    }
    for asker in askers {
        let account = asker.caller.account();
        if account.is_none_or(|account| !inside.accounts.contains(&account)) {
            of_asker(key, &stack, &asker, &inside, prover, &mut found);
        }
    }
    Ok(found)
}

fn of_asker(
    key: &Key,
    stack: &Stack,
    asker: &Asker,
    inside: &Inside<'_>,
    prover: &Prover,
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
    let stack = stack.about(&asker.caller);
    let stack = &*allowing(&stack, asker);
    let actions = kms::about_keys().filter(|name| {
        let name = name.get(4..).unwrap_or_default().to_ascii_lowercase();
        kms::crosses(&name) || is_service
    });
    for group in alike(actions.map(ToOwned::to_owned), &[stack]) {
        let Some(action) = group.first() else {
            continue;
        };
        let mut proof = None;
        for channel in channels {
            let all = requests(key, &asker.caller, &asker.arn, action, *channel);
            let Ok(all) = all else { continue };
            match from_outside(all, stack, inside, *channel, prover) {
                Proof::Proved => {}
                found @ Proof::Violated(_) => {
                    proof = Some(found);
                    break;
                }
                found @ Proof::Possible(_) => proof = Some(found),
            }
        }
        let Some(proof) = proof else { continue };
        found.extend(group.iter().map(|action| Outsider {
            who: asker.name(),
            account: asker.caller.account().map(ToOwned::to_owned),
            is_itself: asker.is_itself,
            is_anybody: !asker.is_named,
            is_service,
            action: action.clone(),
            proof: proof.of_action(action),
        }));
    }
}

/// Whether a request from outside is allowed.
fn from_outside(
    all: Requests,
    stack: &Stack,
    inside: &Inside<'_>,
    channel: Channel,
    prover: &Prover,
) -> Proof {
    let asks_for_source = || stack.documents().any(|one| one.asks(|key| key == SOURCE));
    if channel != Channel::Service || !asks_for_source() {
        return outside(all, stack, inside, channel).allowed(stack, prover);
    }
    // Whose a bucket is, its ARN does not say (AWS General Reference, "Amazon Resource Names").
    let of_somebody = all.clone().without(SOURCE, ["".into()]);
    match outside(of_somebody, stack, inside, channel).allowed(stack, prover) {
        Proof::Proved => match outside(all, stack, inside, channel).allowed(stack, prover) {
            Proof::Violated(_) => Proof::Possible(vec![Doubt::Fact("aws:SourceArn".into())]),
            found @ (Proof::Proved | Proof::Possible(_)) => found,
        },
        found @ (Proof::Violated(_) | Proof::Possible(_)) => found,
    }
}

const SOURCE: &str = "aws:sourcearn";

/// Requests that come from outside.
fn outside(requests: Requests, stack: &Stack, inside: &Inside<'_>, channel: Channel) -> Requests {
    let boxed = |list: &[&str]| -> Vec<Box<str>> { list.iter().map(|one| (*one).into()).collect() };
    let accounts = boxed(&inside.accounts);
    let organizations = boxed(inside.organizations);
    match channel {
        Channel::Direct | Channel::Through => requests
            .without("aws:PrincipalOrgID", organizations.clone())
            .without("aws:PrincipalOrgPaths", organizations),
        Channel::Service => {
            let mut requests = requests
                .without("aws:SourceAccount", accounts.clone())
                .without("aws:SourceArn", accounts.clone())
                .without("aws:SourceOrgID", organizations.clone())
                .without("aws:SourceOrgPaths", organizations);
            // A service puts the ARN of what it works for into the encryption context.
            let conditions = stack
                .documents()
                .flat_map(Document::statements)
                .flat_map(|statement| &statement.conditions);
            for condition in conditions {
                if condition.key.starts_with("kms:encryptioncontext:") {
                    requests = requests.without(&condition.key, accounts.clone());
                }
            }
            requests
        }
    }
}
