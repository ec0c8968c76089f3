//! Who can use a key: no request that is allowed may be among what was proved closed.

use sagelock_policy::access::Users;
use sagelock_policy::evaluate::{Verdict, evaluate};
use sagelock_policy::prove::{Doubt, Proof};
use sagelock_policy::{Request, Stack};

use super::attack::{Battle, Fight};
use super::outcome::{Outcome, Said, Sent};
use super::senders::of_principal;
use super::sent::{Known, Sender};
use crate::random::Random;

impl Fight<'_> {
    pub(super) fn users(&self, random: &mut Random) -> Vec<Outcome> {
        let stack = self.own_stack();
        let uses = Users::new(&self.key).of(&self.principal, &self.prover);
        let known = self.known();
        let senders = of_principal(&self.principal.arn, &self.asked, self.names());
        let is_unread = self.principal.is_partial || self.key.grants.is_none();
        let mut outcomes = Vec::new();
        for action in ["kms:Decrypt", "kms:CreateGrant", "kms:PutKeyPolicy"] {
            let Some(found) = uses.iter().find(|one| one.way.action() == action) else {
                continue;
            };
            let decide = |request: &Request| decided(request, &stack);
            let battle = Battle {
                senders: &senders,
                action,
                resource: &self.key.arn,
                // What a service gets by a grant is the service's (KMS Developer Guide, "Grants").
                is_direct: action == "kms:CreateGrant",
                known: &known,
                decide: &decide,
            };
            let said = Said::of(&found.proof);
            // To whom else a grant may be, is another question.
            let is_to_others = matches!(&said, Said::Possible(doubts)
                if doubts.iter().any(|one| matches!(one, Doubt::Fact(key) if &**key == "kms:GranteePrincipal")));
            let mut outcome = self.outcome(action, said, &battle, random);
            if (is_unread || is_to_others)
                && matches!(outcome.sent, Sent::Allowed(_) | Sent::Nothing)
                && !matches!(outcome.said, Said::Closed)
            {
                outcome.sent = Sent::Unclear;
            }
            outcomes.push(outcome);
        }
        let is_closed = uses.iter().all(|one| matches!(one.proof, Proof::Proved));
        if is_closed && self.asked.asks("aws:resourcetag/team") {
            let tagged = Known {
                key_tags: None,
                any_facts: true,
                ..known.clone()
            };
            let key = self.names().key();
            let steps = [("kms:TagResource", key)];
            outcomes.extend(self.after(&steps, &tagged, &senders, &stack, random));
        }
        let of_alias = ["kms:requestalias", "kms:resourcealiases"];
        if is_closed && of_alias.iter().any(|key| self.asked.asks(key)) {
            let aliased = Known {
                aliases: None,
                any_facts: true,
                ..known
            };
            // AWS KMS API, CreateAlias: it needs a permission on the alias and one on the key.
            let steps = [
                ("kms:CreateAlias", self.names().key()),
                ("kms:CreateAlias", self.names().alias()),
            ];
            outcomes.extend(self.after(&steps, &aliased, &senders, &stack, random));
        }
        outcomes
    }

    /// Whoever can take some steps decides what the key's tags or aliases are.
    fn after(
        &self,
        steps: &[(&str, String)],
        changed: &Known,
        senders: &[Sender],
        stack: &Stack,
        random: &mut Random,
    ) -> Option<Outcome> {
        let decide = |request: &Request| decided(request, stack);
        let known = self.known();
        for (action, resource) in steps {
            let battle = Battle {
                senders,
                action,
                resource,
                is_direct: false,
                known: &known,
                decide: &decide,
            };
            let Sent::Allowed(_) = self.sent(&battle, random) else {
                return None;
            };
        }
        let battle = Battle {
            senders,
            action: "kms:Decrypt",
            resource: &self.names().key(),
            is_direct: false,
            known: changed,
            decide: &decide,
        };
        let name = format!("{}, then Decrypt", steps.first()?.0);
        Some(self.outcome(&name, Said::Closed, &battle, random))
    }
}

/// A grant is for oneself where it lets decrypt.
fn decided(request: &Request, stack: &Stack) -> Verdict {
    let operations = request
        .context()
        .find(|(name, _)| *name == "kms:GrantOperations");
    let gives = operations.is_none_or(|(_, value)| {
        value.is_some_and(|value| {
            let text = value.to_string();
            text.contains("Decrypt") || text.contains("GenerateDataKey")
        })
    });
    if gives {
        evaluate(request, stack)
    } else {
        Verdict::Denied { explicitly: false }
    }
}
