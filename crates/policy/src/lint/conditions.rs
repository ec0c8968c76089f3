//! What is odd about a statement's conditions.

use super::principals::is_plain;
use super::values::{needs_key, operator_name};
use super::{Oddity, Saying, and, is_metadata};
use crate::context::is_list;
use crate::document::{Base, Condition, Effect, Entry, Expected, Quantity};
use crate::global;
use crate::kms;
use crate::pattern::{Piece, matches};
use crate::prove::Prover;
use crate::spelling::nearest;

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

/// Keys whose type is numeric (Service Authorization Reference, AWS KMS, "Condition keys"; IAM User Guide, "AWS global
/// condition context keys").
const NUMBERS: [&str; 4] = [
    "aws:multifactorauthage",
    "kms:rotationperiodindays",
    "kms:schedulekeydeletionpendingwindowindays",
    "kms:trailingdayswithoutkeyusage",
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
        let mut is_never_true = false;
        for condition in &statement.conditions {
            if self.is_no_key(condition) {
                is_never_true |= !holds_where_absent(condition);
                continue;
            }
            let is_of_none = self.is_of_no_action(condition);
            if !is_of_none {
                self.absences(condition);
            }
            self.texts(condition);
            self.values(condition);
        }
        self.sources();
        let never = self.never_holds(prover);
        if never.is_empty() && !is_never_true && !self.is_void {
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
            nearest(key, kms::condition_keys(), ERRORS)
        } else {
            match global::meant(key) {
                Some(known) => Some(known),
                None if global::is_known(key) || is_attestation(key) => return false,
                None => {
                    let effect = absent_effect(self.statement.effect, condition);
                    let says = format!("{} {}", unlisted(key), unless_there(effect));
                    self.say(Oddity::UnknownKey, &condition.name, says);
                    return true;
                }
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
            if self.allows() && is_of_no_key(&pattern.to_string()) {
                // That the statement does not allow it is said already.
                continue;
            }
            let has_key = match pattern.pieces() {
                [Piece::Text(text)] if is_plain(pattern.pieces()) => {
                    let name = text.strip_prefix("kms:");
                    name.is_none_or(|name| kms::may_have(name, &condition.key))
                }
                pieces => {
                    let meant = kms::about_keys().map(str::to_ascii_lowercase);
                    let mut meant = meant.filter(|name| matches(pieces, name));
                    meant.any(|name| {
                        kms::may_have(name.get(4..).unwrap_or_default(), &condition.key)
                    })
                }
            };
            if has_key {
                others += 1;
            } else {
                without.push(written.strip_prefix("kms:").unwrap_or(written));
            }
        }
        if without.is_empty() {
            return false;
        }
        let is_note = others > 0
            && without
                .iter()
                .all(|name| is_metadata(&format!("kms:{}", name.to_ascii_lowercase())));
        let names = and(&without);
        let effect = if others == 0 {
            absent_effect(self.statement.effect, condition).to_owned()
        } else {
            partial_effect(self.statement.effect, condition, &names)
        };
        let says = format!("{names} requests never include this condition key. {effect}");
        // Several keys of which the same is so are one remark.
        let mut said = self.remarks.iter_mut();
        match said.find(|one| one.kind == Oddity::KeyNotOfAction && one.says == says) {
            Some(one) if one.about.split(", ").any(|key| *key == *condition.name) => {}
            Some(one) => one.about = format!("{}, {}", one.about, condition.name),
            None => {
                self.say(Oddity::KeyNotOfAction, &condition.name, says);
                if let Some(said) = self.remarks.last_mut() {
                    said.is_note = is_note;
                    said.is_partial = others > 0;
                }
            }
        }
        others == 0
    }

    /// Whether what the statement is about always has a key: a parameter that is required, or the keys of an
    /// encryption context that another condition asks for.
    fn always_has(&self, key: &str) -> bool {
        let actions = &self.statement.actions;
        let mut listed = actions.list.iter();
        let is_required = !actions.is_all_but
            && listed.all(|pattern| kms::is_required(&pattern.to_string(), key));
        let mut others = self.statement.conditions.iter();
        let has_context = key == "kms:encryptioncontextkeys"
            && others.any(|one| one.key.starts_with("kms:encryptioncontext:") && needs_key(one));
        is_required || has_context
    }

    /// What holds where the key is absent, and a list that is compared as one value.
    fn absences(&mut self, condition: &Condition) {
        let operator = condition.operator;
        let is_there = THERE.contains(&&*condition.key)
            || self.has_null_guard(condition)
            || self.always_has(&condition.key);
        let name = condition.name.clone();
        if self.allows() && operator.quantity == Quantity::All && !is_there {
            let is_partly = self.remarks.iter().any(|one| {
                one.kind == Oddity::KeyNotOfAction && one.about.split(", ").any(|key| *key == *name)
            });
            let says = if is_partly {
                "ForAllValues is true when the key is absent: move the actions that do not have the key to a separate statement, and add a Null condition with the value false here"
            } else {
                "ForAllValues is true when the key is absent: add a Null condition with the value false"
            };
            self.say(Oddity::HoldsWithoutValues, &name, says);
        }
        if self.allows()
            && (operator.is_negated || operator.if_exists)
            && operator.quantity == Quantity::One
            && !is_there
            && !self.is_of_services_only()
        {
            let says = if operator.if_exists {
                "an operator with IfExists is true when the key is absent"
            } else {
                "a negated operator is true when the key is absent"
            };
            self.say(Oddity::HoldsWhereAbsent, &name, says);
            // AWS's own policies write `BoolIfExists` for the actions that do not have a key of KMS.
            if operator.if_exists && name.to_ascii_lowercase().starts_with("kms:") {
                self.note_last();
            }
        }
        if operator.quantity == Quantity::One
            && is_list(&condition.key)
            && operator.base != Base::Null
        {
            let says = "the key has multiple values: AWS requires ForAnyValue or ForAllValues, and does not document how the condition behaves without one";
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
            let says = "AWS services do not belong to any organization, so they are denied: add \"BoolIfExists\": \
                 {\"aws:PrincipalIsAWSService\": \"false\"}";
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
        if NUMBERS.contains(&&*condition.key)
            && (compares_whole || condition.operator.base == Base::StringLike)
        {
            let says = "the key is numeric: use NumericEquals, NumericLessThanEquals or another numeric operator, \
                 because AWS does not document how a string operator compares it";
            self.say(Oddity::WrongOperator, &name, says);
        }
        if compares_whole && texts().any(|text| text.contains(['*', '?'])) {
            let not = if condition.operator.is_negated {
                "Not"
            } else {
                ""
            };
            let is_account = matches!(
                &*condition.key,
                "kms:calleraccount"
                    | "aws:principalaccount"
                    | "aws:sourceaccount"
                    | "aws:resourceaccount"
            );
            let operator = operator_name(condition);
            let says = if is_account {
                format!(
                    "{operator} treats `*` and `?` as literal text, and no account ID contains them: specify all 12 digits"
                )
            } else {
                format!(
                    "{operator} treats `*` and `?` as literal text: use String{not}Like or Arn{not}Like"
                )
            };
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

/// Whether an action, in lower case, does not operate on a key.
fn is_of_no_key(action: &str) -> bool {
    let name = action.strip_prefix("kms:").unwrap_or_default();
    kms::action(name).is_some_and(|action| action.on == kms::On::Nothing)
}

/// Keys of Nitro Enclaves and NitroTPM (KMS Developer Guide, "Condition keys for attested platforms").
fn is_attestation(key: &str) -> bool {
    key.starts_with("kms:recipientattestation:")
}

/// What is said of a key that is on no list.
fn unlisted(key: &str) -> String {
    if !key.starts_with("aws:") {
        return "neither a KMS nor a global condition key: requests to KMS are not known to include it."
            .to_owned();
    }
    let near = global::begins(key);
    let near = near.map_or_else(
        || ".".to_owned(),
        |known| format!("; did you mean {known}?"),
    );
    format!("not a global condition key that AWS documents{near}")
}

/// What is so where no request has the key, of which it is not certain.
fn unless_there(effect: &str) -> String {
    let mut letters = effect.chars();
    let first = letters.next().map(|first| first.to_ascii_lowercase());
    let rest: String = first.into_iter().chain(letters).collect();
    format!("If no request includes it, {rest}")
}

/// What a condition does for those actions of a statement of which requests do not have the key.
fn partial_effect(effect: Effect, condition: &Condition, names: &str) -> String {
    match (holds_where_absent(condition), effect) {
        (true, Effect::Allow) => format!("The condition does not restrict {names}"),
        (true, Effect::Deny) => format!("The condition does not exempt any {names} requests"),
        (false, Effect::Allow) => format!(
            "This statement does not allow {names}; its other actions are not affected. If needed, allow \
             {names} in a separate statement"
        ),
        (false, Effect::Deny) => format!(
            "This statement does not deny {names}; its other actions are not affected. Deny {names} in a \
             separate statement"
        ),
    }
}

/// What a condition does on a key that no request has.
fn absent_effect(effect: Effect, condition: &Condition) -> &'static str {
    match (holds_where_absent(condition), effect) {
        (true, Effect::Allow) => "The condition is always true, so it restricts nothing",
        (true, Effect::Deny) => "The condition is always true, so it exempts nobody",
        (false, Effect::Allow) => "The condition is never true, so the statement allows nothing",
        (false, Effect::Deny) => "The condition is never true, so the statement denies nothing",
    }
}

fn holds_where_absent(condition: &Condition) -> bool {
    let operator = condition.operator;
    match operator.base {
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
    }
}
