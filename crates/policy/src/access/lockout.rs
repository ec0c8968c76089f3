//! Whether a key can be administered, whoever leaves.

use super::channel::{Channel, requests};
use super::{Key, everything};
use crate::context::Value;
use crate::document::{Identity, Who};
use crate::prove::{Doubt, Proof, Prover, askers};
use crate::request::{Caller, Request, Stack};

/// Who can change the policy of a key (AWS KMS API, PutKeyPolicy; KMS Developer Guide, "Default key
/// policy": "gives the account that owns the key full access").
#[derive(Clone, Debug)]
pub enum Lockout {
    /// The account's root user always, which cannot be deleted.
    Safe,
    /// The account's root user, but not always: this is a request that is denied.
    Conditional(Box<Request>),
    /// The root user never; users or roles that can be deleted: these, and perhaps others, by what is in doubt.
    Deletable(Vec<Administrator>, Vec<Doubt>),
    /// Nobody.
    Locked,
    /// It depends.
    Unknown(Vec<Doubt>),
}

/// A user or role that can change the policy of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Administrator {
    /// Its ARN, or that of somebody like it.
    pub who: String,
    /// The policy names it as a principal, and so by its unique id; else by a condition on its ARN, which another of
    /// that name meets as well (IAM User Guide, "AWS JSON policy elements: Principal", "IAM role principals").
    pub is_named: bool,
}

/// Finds who can change the policy of a key.
#[must_use]
pub fn lockout(key: &Key, prover: &Prover) -> Lockout {
    let stack = Stack {
        identity: everything(),
        ..key.stack()
    };
    let root = Identity {
        partition: key.partition().into(),
        account: key.account().into(),
        who: Who::Root,
    };
    let ask = |identity: &Identity, arn: &str| {
        let caller = Caller::Identity(identity.clone());
        let requests = requests(key, &caller, arn, "kms:PutKeyPolicy", Channel::Direct).ok()?;
        let bypass = Some(Value::One("false".into()));
        Some(requests.telling("kms:BypassPolicyLockoutSafetyCheck", bypass))
    };
    let Some(requests) = ask(&root, &root.to_string()) else {
        return Lockout::Unknown(vec![Doubt::Budget]);
    };
    let by_root = requests.allowed(&stack, prover);
    match (requests.denied(&stack, prover), &by_root) {
        (Proof::Proved, _) => return Lockout::Safe,
        (Proof::Violated(denied), Proof::Violated(_)) => return Lockout::Conditional(denied),
        (_, Proof::Possible(doubts)) => return Lockout::Unknown(doubts.clone()),
        (Proof::Possible(doubts), Proof::Violated(_)) => return Lockout::Unknown(doubts),
        (Proof::Violated(_) | Proof::Possible(_), Proof::Proved) => {}
    }
    let Some(askers) = askers(&[&stack], key.partition(), &[key.account()], prover) else {
        return Lockout::Unknown(vec![Doubt::Budget]);
    };
    let mut deletable: Vec<Administrator> = Vec::new();
    let mut doubts = Vec::new();
    for asker in askers {
        let Caller::Identity(identity) = &asker.caller else {
            continue;
        };
        let is_here = *identity.account == *key.account();
        if !is_here || matches!(identity.who, Who::Root | Who::Federated(_)) {
            continue;
        }
        match ask(identity, &asker.arn).map(|requests| requests.allowed(&stack, prover)) {
            Some(Proof::Violated(_)) => {
                let found = Administrator {
                    who: asker.name(),
                    is_named: asker.is_itself,
                };
                if !deletable.iter().any(|known| known.who == found.who) {
                    deletable.push(found);
                }
            }
            Some(Proof::Possible(found)) => doubts.extend(found),
            Some(Proof::Proved) | None => {}
        }
    }
    doubts.sort();
    doubts.dedup();
    if deletable.is_empty() && doubts.is_empty() {
        Lockout::Locked
    } else {
        Lockout::Deletable(deletable, doubts)
    }
}
