//! Whether one key policy lets anybody do what another does not.

use anyhow::{Context as _, Result};
use sagelock_policy::access::{Key, Own, compare};
use sagelock_policy::evaluate::{Verdict, evaluate};
use sagelock_policy::{Document, Kind, Request, Stack};
use serde_json::json;

use super::attack::{Battle, Fight, everything, in_session, is_federated};
use super::outcome::{Outcome, Said, Sent};
use super::senders::everybody;
use super::sent::Known;
use crate::random::Random;

impl Fight<'_> {
    pub(super) fn diff(&self, random: &mut Random) -> Result<Vec<Outcome>> {
        let text = self
            .made
            .second
            .as_ref()
            .context("another policy")?
            .to_string();
        let open = |policy| Key {
            policy,
            grants: Some(Vec::new()),
            ..Key::new(&self.key.arn)
        };
        let old = open(self.key.policy.clone());
        let new = open(Some(Document::read(Kind::Resource, &text)?));
        let compared = compare(&old, &new, &self.prover);
        let known = Known {
            any_facts: true,
            ..Known::default()
        };
        let senders = everybody(&self.principal.arn, &self.asked, self.names());
        let mut outcomes = Vec::new();
        for (name, more, less, is_wider) in
            [("wider", &new, &old, true), ("narrower", &old, &new, false)]
        {
            let said = match &compared {
                Err(doubt) => Said::Possible(vec![doubt.clone()]),
                Ok(compared) => {
                    let (found, perhaps) = if is_wider {
                        (&compared.wider, &compared.perhaps_wider)
                    } else {
                        (&compared.narrower, &compared.perhaps_narrower)
                    };
                    match (found.first(), perhaps.is_empty()) {
                        (Some(one), _) => Said::Open(Some(one.request.clone())),
                        (None, true) => Said::Closed,
                        (None, false) => Said::Possible(perhaps.clone()),
                    }
                }
            };
            let stacks: Vec<(Own, Stack, Stack)> = [Own::Nothing, Own::Capped, Own::Everything]
                .into_iter()
                .map(|own| (own, with_own(more, own), with_own(less, own)))
                .collect();
            let all = [more, less].map(|key| in_session(&with_own(key, Own::Everything)));
            let sessions: (Stack, Stack) = all.into();
            let decide = |request: &Request| {
                let mut is_open = false;
                for (own, more, less) in &stacks {
                    // Root users, services and federated users have no boundary.
                    let caller = request.caller().to_string();
                    let is_plain = caller.contains(":user/") || caller.contains(":assumed-role/");
                    if *own == Own::Capped && !is_plain {
                        continue;
                    }
                    let found = if *own == Own::Everything && is_federated(request) {
                        let (more, less) = &sessions;
                        (evaluate(request, more), evaluate(request, less))
                    } else {
                        (evaluate(request, more), evaluate(request, less))
                    };
                    match found {
                        (Verdict::Allowed, Verdict::Denied { .. }) => return Verdict::Allowed,
                        (Verdict::Unknown, _) | (_, Verdict::Unknown) => is_open = true,
                        (Verdict::Allowed | Verdict::Denied { .. }, _) => {}
                    }
                }
                if is_open {
                    Verdict::Unknown
                } else {
                    Verdict::Denied { explicitly: false }
                }
            };
            let mut merged: Option<Outcome> = None;
            for action in [
                "kms:Decrypt",
                "kms:CreateGrant",
                "kms:PutKeyPolicy",
                "kms:TagResource",
            ] {
                let battle = Battle {
                    senders: &senders,
                    action,
                    resource: &self.key.arn,
                    is_direct: false,
                    known: &known,
                    decide: &decide,
                };
                let outcome = self.outcome(name, said.clone(), &battle, random);
                let is_enough = matches!(outcome.sent, Sent::Allowed(_) | Sent::Depends(_));
                let is_less = !matches!(outcome.sent, Sent::Nothing);
                if merged.is_none() || is_less {
                    merged = Some(outcome);
                }
                if is_enough {
                    break;
                }
            }
            outcomes.extend(merged);
        }
        Ok(outcomes)
    }
}

fn with_own(key: &Key, own: Own) -> Stack {
    let document = |kind, actions: &str| {
        let text = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow",
            "Action": actions, "Resource": "*" }] });
        Document::read(kind, &text.to_string()).ok()
    };
    Stack {
        identity: if own == Own::Nothing {
            Vec::new()
        } else {
            everything()
        },
        boundary: (own == Own::Capped)
            .then(|| document(Kind::Boundary, "none:None"))
            .flatten(),
        resource: key.policy.clone(),
        ..Stack::default()
    }
}
