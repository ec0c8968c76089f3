//! What is odd about a statement's conditions.

use super::principals::is_plain;
use super::{Oddity, Saying, and};
use crate::context::is_list;
use crate::document::{Base, Condition, Effect, Entry, Expected, Quantity};
use crate::global;
use crate::kms;
use crate::pattern::Piece;
use crate::prove::Prover;
use crate::spelling::distance;

/// Keys that every request has, so that their absence is no matter.
const THERE: [&str; 6] = [
    "kms:calleraccount",
    "aws:principalaccount",
    "aws:principalarn",
    "aws:securetransport",
    "aws:currenttime",
    "aws:requestedregion",
];

/// Keys that requests of a service principal never have (IAM User Guide, "AWS global condition context keys",
/// "Availability").
const NEVER_OF_SERVICES: [&str; 7] = [
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:principalaccount",
    "aws:principalarn",
    "aws:multifactorauthpresent",
    "kms:viaservice",
    "kms:calleraccount",
];

/// Typing errors in the name of a condition key of KMS.
const ERRORS: usize = 3;

impl Saying<'_> {
    pub(super) fn conditions(
        &mut self,
        prover: &Prover,
        if_it_holds: Vec<(Oddity, String, String)>,
    ) {
        let statement = self.statement;
        for condition in &statement.conditions {
            if self.is_no_key(condition) {
                continue;
            }
            let is_of_none = self.is_of_no_action(condition);
            if !is_of_none {
                self.absences(condition);
            }
            self.texts(condition);
        }
        let never = self.never_holds(prover);
        if never.is_empty() {
            for (kind, about, says) in if_it_holds {
                self.say(kind, &about, says);
            }
        }
    }

    /// Whether AWS has no such key; one that may be newer than this release is none of these.
    fn is_no_key(&mut self, condition: &Condition) -> bool {
        let key = &*condition.key;
        let near = if key.starts_with("kms:") && !is_attestation(key) {
            if kms::is_condition_key(key) {
                return false;
            }
            let near = kms::condition_keys().into_iter().map(|known| {
                let errors = distance(&known.to_ascii_lowercase(), key);
                (errors, known)
            });
            let nearest = near.min().filter(|(errors, _)| *errors <= ERRORS);
            nearest.map(|(_, known)| known)
        } else {
            match global::meant(key) {
                Some(known) => Some(known),
                None => return false,
            }
        };
        let effect = absent_effect(self.statement.effect, condition);
        let says = match near {
            Some(known) => format!("not a condition key; did you mean {known}? {effect}"),
            None => format!("not a condition key of KMS. {effect}"),
        };
        self.say(Oddity::UnknownKey, &condition.name, says);
        true
    }

    /// Whether no request of the statement's actions has a key; says so of those that have not.
    fn is_of_no_action(&mut self, condition: &Condition) -> bool {
        let actions = &self.statement.actions;
        if actions.is_all_but || is_attestation(&condition.key) {
            return false;
        }
        let is_of_kms = condition.key.starts_with("kms:")
            || condition.key.starts_with("aws:requesttag/")
            || &*condition.key == "aws:tagkeys";
        if !is_of_kms {
            return false;
        }
        let written = actions.list.iter().zip(&self.statement.written);
        let (mut without, mut others) = (Vec::new(), 0);
        for (pattern, written) in written {
            let name = match pattern.pieces() {
                [Piece::Text(text)] if is_plain(pattern.pieces()) => text.strip_prefix("kms:"),
                _ => None,
            };
            match name {
                Some(name) if !kms::may_have(name, &condition.key) => {
                    without.push(written.strip_prefix("kms:").unwrap_or(written));
                }
                Some(_) | None => others += 1,
            }
        }
        if without.is_empty() {
            return false;
        }
        let effect = absent_effect(self.statement.effect, condition);
        let says = format!(
            "requests of {} never have this key. {effect}",
            and(&without)
        );
        self.say(Oddity::KeyNotOfAction, &condition.name, says);
        others == 0
    }

    /// What holds where the key is absent, and a list that is compared as one value.
    fn absences(&mut self, condition: &Condition) {
        let operator = condition.operator;
        let is_there = THERE.contains(&&*condition.key) || self.has_null_guard(condition);
        let name = condition.name.clone();
        if self.allows() && operator.quantity == Quantity::All && !is_there {
            let says = "ForAllValues holds where the key is absent: add Null with false";
            self.say(Oddity::HoldsWithoutValues, &name, says);
        }
        if self.allows()
            && operator.is_negated
            && operator.quantity == Quantity::One
            && !is_there
            && !self.is_of_services_only()
        {
            let says = "a negated operator holds where the key is absent";
            self.say(Oddity::HoldsWhereAbsent, &name, says);
        }
        if operator.quantity == Quantity::One
            && is_list(&condition.key)
            && operator.base != Base::Null
        {
            let says = "the key has several values and matches nothing without ForAnyValue or ForAllValues";
            self.say(Oddity::ListWithoutQuantity, &name, says);
        }
        let mut all = self.statement.conditions.iter();
        let excepts_services =
            all.any(|one| matches!(&*one.key, "aws:principalisawsservice" | "aws:viaawsservice"));
        let is_organization = matches!(
            &*condition.key,
            "aws:principalorgid" | "aws:principalorgpaths"
        );
        if !self.allows() && operator.is_negated && is_organization && !excepts_services {
            let says =
                "AWS services have no organisation, and are denied: add aws:PrincipalIsAWSService";
            self.say(Oddity::DeniesServices, &name, says);
        }
    }

    /// Wildcards and variables that are text.
    fn texts(&mut self, condition: &Condition) {
        let name = condition.name.clone();
        let texts = || condition.expected.iter().flat_map(Expected::texts);
        if texts().any(|text| text.contains("${")) {
            let says = "without Version 2012-10-17 a policy variable is text";
            self.say(Oddity::VariableAsText, &name, says);
        }
        let compares_whole = matches!(
            condition.operator.base,
            Base::String | Base::StringIgnoreCase
        );
        if compares_whole && texts().any(|text| text.contains(['*', '?'])) {
            let not = if condition.operator.is_negated {
                "Not"
            } else {
                ""
            };
            let says = format!(
                "`*` and `?` are themselves under this operator: use String{not}Like or Arn{not}Like"
            );
            self.say(Oddity::WildcardAsText, &name, says);
        }
    }

    /// `Null` with `false` beside it.
    fn has_null_guard(&self, condition: &Condition) -> bool {
        self.statement.conditions.iter().any(|one| {
            one.key == condition.key
                && one.operator.base == Base::Null
                && one
                    .expected
                    .iter()
                    .all(|expected| matches!(expected, Expected::Boolean(false)))
        })
    }

    /// Whether nobody but services is named.
    pub(super) fn is_of_services_only(&self) -> bool {
        let principals = self.statement.principals.as_ref();
        principals.is_some_and(|principals| {
            let mut list = principals.list.iter();
            !principals.is_all_but && list.all(|entry| matches!(entry, Entry::Service(_)))
        })
    }

    /// A key of the conditions that requests of services never have.
    pub(super) fn never_of_services(&self) -> Option<&str> {
        let mut conditions = self.statement.conditions.iter();
        let never = conditions.find(|one| {
            NEVER_OF_SERVICES.contains(&&*one.key) || one.key.starts_with("aws:principaltag/")
        });
        never.map(|one| &*one.name)
    }
}

/// Keys of Nitro Enclaves and NitroTPM (KMS Developer Guide, "Condition keys for attested platforms").
fn is_attestation(key: &str) -> bool {
    key.starts_with("kms:recipientattestation:")
}

/// What a condition does on a key that no request has.
fn absent_effect(effect: Effect, condition: &Condition) -> &'static str {
    let operator = condition.operator;
    let holds = match operator.base {
        Base::Null => condition
            .expected
            .iter()
            .any(|expected| matches!(expected, Expected::Boolean(true))),
        Base::String
        | Base::StringIgnoreCase
        | Base::StringLike
        | Base::Arn
        | Base::Number(_)
        | Base::Date(_)
        | Base::Boolean
        | Base::Binary
        | Base::Address => match operator.quantity {
            Quantity::One => operator.if_exists || operator.is_negated,
            Quantity::Any => false,
            Quantity::All => true,
        },
    };
    match (holds, effect) {
        (true, Effect::Allow) => "The condition always holds, and restricts nothing",
        (true, Effect::Deny) => "The condition always holds, and excepts nobody",
        (false, Effect::Allow) => "The condition never holds, so that nothing is allowed",
        (false, Effect::Deny) => "The condition never holds, so that nothing is denied",
    }
}
