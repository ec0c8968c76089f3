//! Whether somebody may do one thing, as far as it is known: what nobody told may be what decides.

use super::channel::{Channel, common, requests};
use super::users::telling_principal;
use super::{Key, Principal, everything, of_one};
use crate::context::Value;
use crate::document::{Document, Effect, Kind};
use crate::evaluate::{Answer, explain};
use crate::kms;
use crate::prove::{Doubt, Proof, Prover, Requests};
use crate::request::{NoAction, Request, Stack};
use crate::write::Principal as Whom;
use crate::write::{Policy, Statement};

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub enum On<'a> {
    /// Something to be done with a key.
    Key {
        /// The key.
        key: &'a Key,
        /// The service that asks for who called it, as `kms:ViaService` names it; none: a direct call.
        via: Option<&'a str>,
    },
    /// Something to be done with something else.
    Resource {
        /// Its ARN.
        arn: &'a str,
        /// Its account.
        account: &'a str,
        /// It may have a policy, which nobody has read, and which is taken to deny nothing.
        may_have_policy: bool,
        /// Resource control policies of its account, by level; `None` where they are not known.
        rcp: Option<&'a [Vec<Document>]>,
    },
}

/// Whether somebody may.
#[derive(Clone, Debug)]
pub enum May {
    /// Whatever it is that nobody told.
    Yes,
    /// It may not, whatever it is that nobody told.
    No(Box<Denial>),
    /// It depends on what nobody told, or on what AWS leaves open.
    Unknown(Vec<Doubt>),
}

/// A request that is denied.
#[derive(Clone, Debug)]
pub struct Denial {
    /// The request.
    pub request: Request,
    /// What denies it.
    pub stack: Stack,
    /// By what.
    pub answer: Answer,
}

/// What a request tells beside what follows from who asks and for what.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// Keys and what they are; `None` is that the request does not have it.
    pub keys: Vec<(String, Option<Value>)>,
    /// Of keys that begin so, it tells all there are.
    pub whole: Vec<&'static str>,
    /// Keys that are this, or absent.
    pub if_there: Vec<(&'static str, &'static str)>,
    /// Keys that the request has, whatever they are.
    pub there: Vec<&'static str>,
}

/// Decides whether somebody may do one thing.
///
/// # Errors
/// The action is none.
pub fn may(principal: &Principal, action: &str, on: On<'_>, told: &Told) -> Result<May, NoAction> {
    let channel = match on {
        On::Key { via: Some(_), .. } => Channel::Through,
        On::Key { via: None, .. } | On::Resource { .. } => Channel::Direct,
    };
    let mut asked = match on {
        On::Key { key, .. } => requests(key, &principal.caller, &principal.arn, action, channel)?,
        On::Resource { arn, account, .. } => {
            let told = common(&principal.caller, &principal.arn, channel);
            Requests::new(principal.caller.clone(), action, arn, account, told)?
        }
    };
    asked = telling_principal(asked, principal);
    if let On::Key {
        via: Some(host), ..
    } = on
    {
        asked = asked.telling("kms:ViaService", Some(one(host)));
    }
    for (key, value) in &told.keys {
        asked = asked.telling(key, value.clone());
    }
    for prefix in &told.whole {
        asked = asked.whole(prefix);
    }
    for (key, value) in &told.if_there {
        asked = asked.with_only(key, [(*value).into()]);
    }
    for key in &told.there {
        asked = asked.with(key);
    }
    Ok(decide(principal, action, on, &asked))
}

fn one(text: &str) -> Value {
    Value::One(text.into())
}

fn decide(principal: &Principal, action: &str, on: On<'_>, asked: &Requests) -> May {
    let least = stack(principal, on, false);
    let prover = Prover::default();
    let denied = asked.denied(&least, &prover);
    if let Proof::Proved = denied {
        return May::Yes;
    }
    let most = stack(principal, on, true);
    let allowed = asked.allowed(&most, &prover);
    let name = action
        .strip_prefix("kms:")
        .unwrap_or_default()
        .to_ascii_lowercase();
    let may_be_granted = match on {
        On::Key { key, .. } => key.grants.is_none() && kms::is_granted(&name),
        On::Resource { .. } => false,
    };
    if let Proof::Proved = allowed
        && !may_be_granted
    {
        let answer = explain(asked.request(), &most);
        return May::No(Box::new(Denial {
            request: asked.request().clone(),
            stack: most,
            answer,
        }));
    }
    May::Unknown(why(
        principal,
        on,
        asked,
        &most,
        may_be_granted,
        &[denied, allowed],
    ))
}

/// What it depends on.
fn why(
    principal: &Principal,
    on: On<'_>,
    asked: &Requests,
    most: &Stack,
    may_be_granted: bool,
    proofs: &[Proof],
) -> Vec<Doubt> {
    let mut why: Vec<Doubt> = Vec::new();
    let mut add = |is: bool, doubt: Doubt| why.extend(is.then_some(doubt));
    add(may_be_granted, Doubt::Grants);
    add(principal.is_partial, Doubt::Policies);
    add(principal.scp.is_none(), Doubt::Scp);
    let (rcp, unread) = match on {
        On::Key { key, .. } => (key.rcp.is_none(), false),
        On::Resource {
            may_have_policy,
            rcp,
            ..
        } => (rcp.is_none(), may_have_policy),
    };
    add(rcp, Doubt::Rcp);
    // What decides where all that could not be read lets it pass.
    let answer = explain(asked.request(), most);
    why.extend(answer.missing.iter().cloned().map(Doubt::Fact));
    why.extend(answer.open.iter().copied().map(Doubt::Open));
    for proof in proofs {
        if let Proof::Possible(doubts) = proof {
            why.extend(doubts.iter().cloned());
        }
    }
    if why.is_empty() && unread {
        why.push(Doubt::BucketPolicy);
    }
    let mut seen = std::collections::BTreeSet::new();
    why.retain(|one| seen.insert(one.clone()));
    why
}

/// Everything that has a say, where what is not known allows as much as it can, or as little.
fn stack(principal: &Principal, on: On<'_>, is_most: bool) -> Stack {
    let mut stack = match on {
        On::Key { key, .. } => key.stack(),
        On::Resource { .. } => Stack::default(),
    };
    stack.identity.clone_from(&principal.identity);
    stack.boundary.clone_from(&principal.boundary);
    stack.scp = principal.scp.clone().unwrap_or_default();
    if principal.is_partial {
        stack.boundary = stack.boundary.filter(|_| !is_most);
        // What was not read may deny by itself, whoever else allows it.
        stack.identity = if is_most {
            everything()
        } else {
            of_one(Kind::Identity, Statement::new(Effect::Deny, "*"))
        };
    }
    if principal.scp.is_none() && !is_most {
        stack.scp = vec![Vec::new()];
    }
    let rcp = match on {
        On::Key { key, .. } => key.rcp.as_deref(),
        On::Resource { rcp, .. } => rcp,
    };
    match rcp {
        Some(levels) => stack.rcp = levels.to_vec(),
        None if is_most => {}
        None => {
            let denies = Statement::new(Effect::Deny, "*").to(Whom::Everybody);
            stack.rcp = vec![of_one(Kind::Rcp, denies)];
        }
    }
    match on {
        On::Resource {
            may_have_policy: true,
            ..
        } => {
            let allows = Statement::allow("*").to(Whom::Everybody);
            let policy = Policy::new(is_most.then_some(allows));
            stack.resource = policy.document(Kind::Resource).ok();
        }
        On::Key { .. } | On::Resource { .. } => {}
    }
    stack
}
