//! What a key policy itself lets those of its account do.

use super::channel::{Channel, requests};
use super::{Key, everything};
use crate::document::Who;
use crate::prove::{Asker, Doubt, Proof, Prover, askers};
use crate::request::{Caller, Stack};

/// What somebody may do by the key policy alone; an account, what it may leave to its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Power {
    /// The ARN of a user or a role; of an account, of its root.
    pub who: String,
    /// It is named itself; else it stands for all that are like it.
    pub is_itself: bool,
    /// It is the account of the key: what it leaves to those whose own policies allow it.
    pub is_account: bool,
    /// It may change the key policy, or schedule the deletion of the key; `None`: perhaps.
    pub administers: Option<bool>,
    /// It may decrypt, or generate a data key; `None`: perhaps.
    pub uses: Option<bool>,
    /// It surely may, and not only through a service.
    pub uses_directly: bool,
    /// What it depends on, where it is not certain.
    pub doubts: Vec<Doubt>,
}

impl Power {
    /// How far it does both: not at all, perhaps, or surely.
    fn both(&self) -> u8 {
        let surely = |is: Option<bool>| is.map_or(1, |is| if is { 2 } else { 0 });
        surely(self.administers).min(surely(self.uses))
    }
}

const ADMINISTRATION: [&str; 2] = ["kms:PutKeyPolicy", "kms:ScheduleKeyDeletion"];
const USE: [&str; 2] = ["kms:Decrypt", "kms:GenerateDataKey"];

/// What a key policy lets those of the key's account do. What may be denied under some condition and
/// allowed under another counts. The root user alone is nobody's deputy: what only it may do is not left to
/// the account.
///
/// # Errors
/// To tell who there is costs more than there is.
pub fn powers(key: &Key, prover: &Prover) -> Result<Vec<Power>, Doubt> {
    // A grant administers nothing, and whom it lets use the key is another question.
    let alone = Stack {
        grants: Vec::new(),
        ..key.stack()
    };
    let with_own = Stack {
        identity: everything(),
        ..alone.clone()
    };
    let own = [key.account()];
    let askers = askers(&[&alone], key.partition(), &own, prover).ok_or(Doubt::Budget)?;
    let mut powers: Vec<Power> = Vec::new();
    for asker in askers {
        let Caller::Identity(identity) = &asker.caller else {
            continue;
        };
        if *identity.account != *key.account() || identity.who == Who::Root {
            continue;
        }
        // A federated user may do no more than the user behind it (AWS STS API, GetFederationToken).
        if matches!(identity.who, Who::Federated(_)) && !asker.is_itself {
            continue;
        }
        let root = crate::document::Identity {
            who: Who::Root,
            ..identity.clone()
        };
        let by_itself = |stack| {
            let administers = any(key, &asker, &ADMINISTRATION, stack, prover);
            let uses = any(key, &asker, &USE, stack, prover);
            let doubts = [administers.doubts, uses.doubts].concat();
            (administers.is, uses.is, uses.channel, doubts)
        };
        let (administers, uses, channel, doubts) = by_itself(&alone);
        if (administers, uses) != (Some(true), Some(true)) {
            // Whom the account's own policies allow it: what it may by itself they do not decide.
            let (all_administers, all_uses, _, doubts) = by_itself(&with_own);
            // Where they change nothing about what is in doubt, they do not decide it.
            let left = |is: Option<bool>, all| match is {
                Some(true) => Some(false),
                None if all != Some(true) => Some(false),
                Some(false) | None => all,
            };
            let (administers, uses) = (left(administers, all_administers), left(uses, all_uses));
            note(
                &mut powers,
                Power {
                    who: root.to_string(),
                    is_itself: true,
                    is_account: true,
                    administers,
                    uses,
                    uses_directly: false,
                    doubts,
                },
            );
        }
        note(
            &mut powers,
            Power {
                is_itself: asker.is_itself,
                is_account: false,
                administers,
                uses,
                uses_directly: channel == Some(Channel::Direct),
                doubts,
                who: asker.name(),
            },
        );
    }
    Ok(powers)
}

/// Adds what somebody may do to what is known of it: by another of its sessions; of an account, what it leaves
/// to the one to whom it leaves most.
fn note(powers: &mut Vec<Power>, power: Power) {
    let mut known = powers.iter_mut();
    match known.find(|known| known.who == power.who && known.is_account == power.is_account) {
        Some(known) if known.is_account => {
            if power.both() > known.both() {
                *known = power;
            }
        }
        Some(known) => {
            known.administers = either(known.administers, power.administers);
            known.uses = either(known.uses, power.uses);
            known.uses_directly |= power.uses_directly;
            known.doubts.extend(power.doubts);
        }
        None => powers.push(power),
    }
}

/// Whether one of some actions is allowed.
struct Any {
    is: Option<bool>,
    /// Where it surely is: how, directly before through a service.
    channel: Option<Channel>,
    doubts: Vec<Doubt>,
}

fn any(key: &Key, asker: &Asker, actions: &[&str], stack: &Stack, prover: &Prover) -> Any {
    let mut found = Any {
        is: Some(false),
        channel: None,
        doubts: Vec::new(),
    };
    for channel in [Channel::Direct, Channel::Through] {
        for action in actions {
            let all = requests(key, &asker.caller, &asker.arn, action, channel);
            let is = match all.map(|all| all.allowed(stack, prover)) {
                Ok(Proof::Proved) => Some(false),
                Ok(Proof::Violated(_)) => {
                    return Any {
                        is: Some(true),
                        channel: Some(channel),
                        doubts: Vec::new(),
                    };
                }
                Ok(Proof::Possible(doubts)) => {
                    found.doubts.extend(doubts);
                    None
                }
                Err(_) => None,
            };
            found.is = either(found.is, is);
        }
    }
    found
}

/// One at least.
fn either(one: Option<bool>, other: Option<bool>) -> Option<bool> {
    match (one, other) {
        (Some(true), _) | (_, Some(true)) => Some(true),
        (Some(false), Some(false)) => Some(false),
        _ => None,
    }
}
