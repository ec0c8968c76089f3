//! Who outside can use a key, and whether somebody can always change its policy.

use sagelock_policy::access::{Lockout, Outsider, lockout, outsiders};
use sagelock_policy::evaluate::{Verdict, evaluate};
use sagelock_policy::prove::Proof;
use sagelock_policy::{Request, Stack};

use super::attack::{Battle, Fight, everything, in_session, is_federated};
use super::names::{ORGANIZATION, OWN};
use super::outcome::{Outcome, Said, Sent};
use super::senders::outside;
use super::sent::{Known, Sender};
use crate::random::Random;

impl Fight<'_> {
    pub(super) fn outsiders(&self, random: &mut Random) -> Vec<Outcome> {
        let found = outsiders(&self.key, &[], &[ORGANIZATION], &self.prover);
        let mut stack = Stack {
            identity: everything(),
            ..self.key_stack()
        };
        // What a service got for an account inside, it uses for that account.
        stack.grants.retain(|grant| !grant.is_masked);
        let federated = in_session(&stack);
        let known = Known {
            is_from_outside: true,
            tags: None,
            organization: None,
            id: None,
            any_facts: false,
            ..self.known()
        };
        let all = outside(&self.asked, self.names());
        let mut outcomes = Vec::new();
        for action in ["kms:Decrypt", "kms:CreateGrant"] {
            for is_service in [false, true] {
                let senders: Vec<Sender> = all
                    .iter()
                    .filter(|one| one.is_service() == is_service)
                    .cloned()
                    .collect();
                let decide = |request: &Request| {
                    let own = if is_federated(request) {
                        &federated
                    } else {
                        &stack
                    };
                    evaluate(request, own)
                };
                let battle = Battle {
                    senders: &senders,
                    action,
                    resource: &self.key.arn,
                    is_direct: false,
                    known: &known,
                    decide: &decide,
                };
                let said = match &found {
                    Ok(found) => Said::of_outsiders(found, action, is_service),
                    Err(doubt) => Said::Possible(vec![doubt.clone()]),
                };
                let name = format!(
                    "outsiders {action} {}",
                    if is_service { "services" } else { "people" }
                );
                let mut outcome = self.outcome(&name, said, &battle, random);
                // A grant that nobody has read may be to anybody.
                if self.key.grants.is_none() && matches!(outcome.said, Said::Possible(_)) {
                    outcome.sent = Sent::Unclear;
                }
                outcomes.push(outcome);
            }
        }
        outcomes
    }

    pub(super) fn lockout(&self, random: &mut Random) -> Vec<Outcome> {
        let stack = Stack {
            identity: everything(),
            ..self.key_stack()
        };
        let root = self.names().iam(OWN, "root");
        let senders = [Sender {
            caller: root.clone(),
            arn: Some(root),
        }];
        let known = Known {
            tags: None,
            organization: None,
            id: None,
            ..self.known()
        };
        let found = lockout(&self.key, &self.prover);
        let denies = |request: &Request| match evaluate(request, &stack) {
            Verdict::Denied { .. } => Verdict::Allowed,
            Verdict::Allowed => Verdict::Denied { explicitly: false },
            Verdict::Unknown => Verdict::Unknown,
        };
        let allows = |request: &Request| evaluate(request, &stack);
        let doubts = match &found {
            Lockout::Unknown(doubts) | Lockout::Deletable(_, doubts) => doubts.clone(),
            Lockout::Safe | Lockout::Conditional(_) | Lockout::Locked => Vec::new(),
        };
        let (never_denied, never_allowed) = match found {
            Lockout::Safe => (Said::Closed, Said::Open(None)),
            Lockout::Conditional(request) => (Said::Open(Some(request)), Said::Open(None)),
            Lockout::Deletable(..) | Lockout::Locked => (Said::Open(None), Said::Closed),
            Lockout::Unknown(_) => (Said::Possible(doubts.clone()), Said::Possible(doubts)),
        };
        let mut outcomes = Vec::new();
        for (name, said, decide) in [
            (
                "root denied",
                never_denied,
                &denies as &dyn Fn(&Request) -> Verdict,
            ),
            ("root allowed", never_allowed, &allows),
        ] {
            let battle = Battle {
                senders: &senders,
                action: "kms:PutKeyPolicy",
                resource: &self.key.arn,
                is_direct: true,
                known: &known,
                decide,
            };
            // One unknown stands for two questions, of which the other may be the one in doubt.
            let is_other = matches!(said, Said::Possible(_));
            let mut outcome = self.outcome(name, said, &battle, random);
            outcome.witness = None;
            if is_other {
                outcome.sent = Sent::Unclear;
            }
            outcomes.push(outcome);
        }
        outcomes
    }
}

impl Said {
    fn of_outsiders(found: &[Outsider], action: &str, is_service: bool) -> Self {
        let mut said = Self::Closed;
        for one in found {
            // Of grants that nobody has read nothing is known of anybody.
            let is_meant = one.action == action && (one.is_service == is_service || one.who == "*");
            if !is_meant {
                continue;
            }
            match &one.proof {
                Proof::Violated(_) => return Self::of(&one.proof),
                Proof::Possible(_) => said = Self::of(&one.proof),
                Proof::Proved => {}
            }
        }
        said
    }
}
