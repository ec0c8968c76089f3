//! Whether any request is as a statement says.

use super::{Oddity, Saying};
use crate::access::{Key, can_hold};
use crate::document::{Document, Effect, Entry, is_service_name};
use crate::prove::Prover;

/// A key of anybody.
const SOME_KEY: &str =
    "arn:aws:kms:eu-west-1:999999999998:key/1234abcd-12ab-34cd-56ef-1234567890ab";

impl Saying<'_> {
    /// The actions for which no request is as the statement says; it is said.
    pub(super) fn never_holds(&mut self, prover: &Prover) -> Vec<String> {
        let statement = self.statement;
        // Of services only it does not matter whose the key is.
        let some = Key::new(SOME_KEY);
        let is_of_services = self.is_of_services_only();
        let Some(key) = self.key.or(is_of_services.then_some(&some)) else {
            return Vec::new();
        };
        // What is said of it already says why.
        let is_told = self.remarks.iter().any(|one| {
            matches!(
                one.kind,
                Oddity::UnknownAction
                    | Oddity::UnknownKey
                    | Oddity::AllowsNotPrincipal
                    | Oddity::NotAValue
                    | Oddity::ListWithoutQuantity
            )
        });
        let names_nobody = statement.principals.as_ref().is_some_and(|principals| {
            let mut list = principals.list.iter();
            list.all(|one| match one {
                Entry::Nobody(_) | Entry::Provider(_) => true,
                Entry::Service(name) => !is_service_name(name),
                Entry::Everybody | Entry::Account { .. } | Entry::Identity(_) => false,
            })
        });
        if is_told || names_nobody || statement.effect == Effect::Deny {
            return Vec::new();
        }
        let alone = Document {
            statements: [statement.clone()].into(),
        };
        let never = can_hold(key, &alone, prover);
        let Some(never) = never.filter(|never| never.is_whole) else {
            return Vec::new();
        };
        // What is so of some of its actions does not matter where it allows none.
        self.remarks.retain(|one| !one.is_partial);
        let never_of_services = self.never_of_services().map(ToOwned::to_owned);
        let about = match never_of_services {
            Some(name) if self.is_of_services_only() => {
                let documented = if name.eq_ignore_ascii_case("kms:ViaService") {
                    "AWS documents this key for requests of a service principal only where the service uses the key \
                     through IAM Identity Center (sso, identitystore)"
                } else {
                    "AWS does not document this key for requests that a service makes as its service principal"
                };
                let says = format!(
                    "{documented}, so the statement does not apply; name the users or roles that the service acts \
                     for, or use aws:SourceAccount or aws:SourceArn"
                );
                self.say(Oddity::NeverHolds, &name, says);
                return never.actions;
            }
            _ => format!("Statement[{}]", self.index),
        };
        let is_told = self
            .remarks
            .iter()
            .any(|one| matches!(one.kind, Oddity::KeyNotOfAction | Oddity::NamesResource));
        if !is_told {
            let says = "no request satisfies it: its conditions contradict each other, or no principal that it names can send such a request";
            self.say(Oddity::NeverHolds, &about, says);
        }
        never.actions
    }
}
