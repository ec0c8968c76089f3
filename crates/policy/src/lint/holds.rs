//! Whether any request is as a statement says.

use super::{Oddity, Saying, and};
use crate::access::can_hold;
use crate::document::{Document, Effect, Entry};
use crate::prove::Prover;

impl Saying<'_> {
    /// The actions for which no request is as the statement says; it is said.
    pub(super) fn never_holds(&mut self, prover: &Prover) -> Vec<String> {
        let statement = self.statement;
        let Some(key) = self.key else {
            return Vec::new();
        };
        // What is said of it already says why.
        let is_told = self.remarks.iter().any(|one| {
            matches!(
                one.kind,
                Oddity::UnknownAction | Oddity::UnknownKey | Oddity::AllowsNotPrincipal
            )
        });
        let names_nobody = statement.principals.as_ref().is_some_and(|principals| {
            let mut list = principals.list.iter();
            list.all(|one| matches!(one, Entry::Nobody(_) | Entry::Provider(_)))
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
        let never_of_services = self.never_of_services().map(ToOwned::to_owned);
        let about = match never_of_services {
            Some(name) if self.is_of_services_only() => {
                let says = format!(
                    "requests of a service principal never have {name}: the statement never holds"
                );
                self.say(Oddity::NeverHolds, &name, says);
                return never.actions;
            }
            _ => statement.sid.as_deref().unwrap_or("statement").to_owned(),
        };
        let is_told = self
            .remarks
            .iter()
            .any(|one| matches!(one.kind, Oddity::KeyNotOfAction | Oddity::NamesResource));
        if !is_told {
            let names: Vec<&str> = never.actions.iter().map(String::as_str).collect();
            let says = format!(
                "no request satisfies the statement: its conditions exclude one another, or nobody whom it \
                 names can send such a request ({})",
                and(&names)
            );
            self.say(Oddity::NeverHolds, &about, says);
        }
        never.actions
    }
}
