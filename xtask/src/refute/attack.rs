//! Questions about a stack, and the requests that would refute the answers.

use anyhow::{Context as _, Result};
use sagelock_policy::access::{Key, Organization, Principal};
use sagelock_policy::case::Question;
use sagelock_policy::evaluate::Verdict;
use sagelock_policy::prove::{Budget, Prover};
use sagelock_policy::request::Grant;
use sagelock_policy::{Document, Kind, Request, Stack};
use serde_json::{Value as Json, json};

use super::names::{Names, OWN};
use super::outcome::{Effort, Outcome, Said, Sent};
use super::requests::{Asked, Space};
use super::sent::{Channel, Known, Sender};
use super::stack::Made;
use super::witness;
use crate::random::Random;

/// Asks what a row is made for, and attacks the answers.
pub(super) fn attack(made: &Made, effort: Effort, random: &mut Random) -> Result<Vec<Outcome>> {
    let question =
        Question::read(&made.question.to_string()).with_context(|| format!("{}", made.question))?;
    let mut principal = question.principals.first().context("a principal")?.clone();
    principal.is_partial = made.is_partial;
    let fight = Fight {
        made,
        key: question.key,
        principal,
        asked: Asked::of(&[&made.question, made.second.as_ref().unwrap_or(&Json::Null)]),
        effort,
        prover: Prover::new(Budget::of_question()),
    };
    match made.claim {
        "who-can" => Ok(fight.users(random)),
        "outsiders" => Ok(fight.outsiders(random)),
        "lockout" => Ok(fight.lockout(random)),
        _ => fight.diff(random),
    }
}

pub(super) struct Fight<'a> {
    pub(super) made: &'a Made,
    pub(super) key: Key,
    pub(super) principal: Principal,
    pub(super) asked: Asked,
    effort: Effort,
    pub(super) prover: Prover,
}

/// What is sent, and what decides it.
pub(super) struct Battle<'a> {
    pub(super) senders: &'a [Sender],
    pub(super) action: &'a str,
    pub(super) resource: &'a str,
    /// The services that forward what others ask do not do this for them.
    pub(super) is_direct: bool,
    pub(super) known: &'a Known,
    /// Whether a request is what the claim is about, and is allowed.
    pub(super) decide: &'a dyn Fn(&Request) -> Verdict,
}

impl Fight<'_> {
    pub(super) fn names(&self) -> Names {
        self.made.names
    }

    pub(super) fn known(&self) -> Known {
        let pairs = |list: &Option<Vec<(Box<str>, Box<str>)>>| {
            list.as_ref().map(|list| {
                let list = list.iter();
                list.map(|(name, value)| (name.to_string(), value.to_string()))
                    .collect()
            })
        };
        let aliases = self.key.aliases.as_ref();
        Known {
            organization: match &self.principal.organization {
                Organization::Of(id) => Some(id.to_string()),
                Organization::None | Organization::Unknown => None,
            },
            id: self.principal.id.as_deref().map(ToOwned::to_owned),
            tags: pairs(&self.principal.tags),
            key_tags: pairs(&self.key.tags),
            aliases: aliases.map(|list| list.iter().map(ToString::to_string).collect()),
            any_facts: false,
            is_from_outside: false,
        }
    }

    /// What decides about the principal.
    pub(super) fn own_stack(&self) -> Stack {
        let principal = &self.principal;
        Stack {
            identity: if principal.is_partial {
                everything()
            } else {
                principal.identity.clone()
            },
            boundary: principal.boundary.clone().filter(|_| !principal.is_partial),
            session: principal.session.clone(),
            scp: principal.scp.clone().unwrap_or_default(),
            ..self.key_stack()
        }
    }

    pub(super) fn key_stack(&self) -> Stack {
        // Of grants that nobody has read one may be to whoever asks.
        let granted = || {
            vec![Grant {
                grantee: Some(self.principal.arn.clone()),
                operations: vec!["decrypt".into()],
                issuer: Some(OWN.into()),
                ..Grant::default()
            }]
        };
        Stack {
            rcp: self.key.rcp.clone().unwrap_or_default(),
            resource: self.key.policy.clone(),
            grants: self.key.grants.clone().unwrap_or_else(granted),
            ..Stack::default()
        }
    }

    pub(super) fn outcome(
        &self,
        name: &str,
        said: Said,
        battle: &Battle<'_>,
        random: &mut Random,
    ) -> Outcome {
        let shown = match &said {
            Said::Open(Some(request)) => Some(request),
            Said::Open(None) | Said::Closed | Said::Possible(_) => None,
        };
        let witness = shown.and_then(|request| {
            if (battle.decide)(request) == Verdict::Allowed {
                witness::wrong(request, battle.known, self.names())
            } else {
                Some("it is not allowed".to_owned())
            }
        });
        Outcome {
            name: name.to_owned(),
            sent: self.sent(battle, random),
            said,
            stack: json!({ "question": self.made.question, "second": self.made.second }),
            witness,
        }
    }

    pub(super) fn sent(&self, battle: &Battle<'_>, random: &mut Random) -> Sent {
        let most = self.effort.most;
        let (mut is_all, mut is_open) = (true, false);
        let mut depends = None;
        for sender in battle.senders {
            let channels: &[Channel] = if sender.is_service() {
                &[Channel::Service]
            } else if battle.is_direct {
                &[Channel::Direct]
            } else {
                &[Channel::Direct, Channel::Through]
            };
            for channel in channels {
                let (known, names) = (battle.known, self.names());
                let space = Space::new(
                    &self.asked,
                    sender,
                    (battle.action, battle.resource),
                    *channel,
                    known,
                    names,
                );
                let Some(space) = space else { continue };
                let (chosen, all) = space.sizes();
                is_all &= all <= most;
                if chosen < all {
                    for request in space.whatever(most, random) {
                        if (battle.decide)(&request) == Verdict::Allowed {
                            return Sent::Allowed(Box::new(request));
                        }
                    }
                }
                for request in space.each(most, random) {
                    match (battle.decide)(&request) {
                        Verdict::Allowed if chosen == all => {
                            return Sent::Allowed(Box::new(request));
                        }
                        Verdict::Allowed => depends = Some(request),
                        Verdict::Unknown => is_open = true,
                        Verdict::Denied { .. } => {}
                    }
                }
            }
        }
        match depends {
            Some(request) => Sent::Depends(Box::new(request)),
            None if is_all && !is_open => Sent::Nothing,
            None => Sent::Unclear,
        }
    }
}

pub(super) fn everything() -> Vec<Document> {
    all(Kind::Identity).into_iter().collect()
}

fn all(kind: Kind) -> Option<Document> {
    let text = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow",
        "Action": "*", "Resource": "*" }] });
    Document::read(kind, &text.to_string()).ok()
}

/// The same for a federated user, who has what its session policy allows (AWS STS API, GetFederationToken).
pub(super) fn in_session(stack: &Stack) -> Stack {
    Stack {
        session: all(Kind::Session),
        ..stack.clone()
    }
}

pub(super) fn is_federated(request: &Request) -> bool {
    request.caller().to_string().contains(":federated-user/")
}
