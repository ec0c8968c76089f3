//! Values that a condition key never has.

use super::{Oddity, Saying};
use crate::document::{Base, Condition, Expected, Quantity};

impl Saying<'_> {
    /// Says so of values that are written out; of a pattern it is not said what it may match.
    pub(super) fn values(&mut self, condition: &Condition) {
        let is_text = matches!(
            condition.operator.base,
            Base::String | Base::StringIgnoreCase | Base::StringLike
        );
        let Some((is, what)) = form(&condition.key).filter(|_| is_text) else {
            return;
        };
        let texts: Vec<String> = condition
            .expected
            .iter()
            .flat_map(Expected::texts)
            .map(str::to_owned)
            .collect();
        let is_pattern = |text: &str| text.contains(['*', '?', '$']);
        let wrong: Vec<&String> = texts
            .iter()
            .filter(|text| !is_pattern(text) && !is(text))
            .collect();
        if let Some(first) = wrong.first()
            && !texts.is_empty()
        {
            let effect = if wrong.len() < texts.len() {
                "no request has this value"
            } else if condition.operator.is_negated {
                "the condition is always true"
            } else {
                "the condition is never true"
            };
            let says = format!("`{first}` is not {what}: {effect}");
            self.say(Oddity::NotAValue, &condition.name, says);
        }
    }
}

/// Whether a text is a value of a key, and what its values are called.
type Form = (fn(&str) -> bool, &'static str);

/// AWS Organizations API, `Organization.Id` and `Account.Id`; AWS KMS API, CreateAlias, `AliasName`.
fn form(key: &str) -> Option<Form> {
    Some(match key {
        "kms:calleraccount"
        | "aws:principalaccount"
        | "aws:sourceaccount"
        | "aws:resourceaccount" => (is_account, "an account ID of 12 digits"),
        "aws:principalorgid" | "aws:resourceorgid" | "aws:sourceorgid" => (
            is_organization,
            "an organization ID, which is o- followed by 10 to 32 lowercase letters or digits",
        ),
        "kms:requestalias" | "kms:resourcealiases" => (
            |text| text.starts_with("alias/") && text.len() > "alias/".len(),
            "an alias name, which begins with alias/",
        ),
        _ => return None,
    })
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_organization(text: &str) -> bool {
    let id = text.strip_prefix("o-").unwrap_or_default();
    (10..=32).contains(&id.len())
        && id
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

/// As a policy writes it, without its quantity.
pub(super) fn operator_name(condition: &Condition) -> &'static str {
    match (condition.operator.base, condition.operator.is_negated) {
        (Base::String, false) => "StringEquals",
        (Base::String, true) => "StringNotEquals",
        (Base::StringIgnoreCase, false) => "StringEqualsIgnoreCase",
        (Base::StringIgnoreCase, true) => "StringNotEqualsIgnoreCase",
        (
            Base::StringLike
            | Base::Arn
            | Base::Number(_)
            | Base::Date(_)
            | Base::Boolean
            | Base::Binary
            | Base::Address
            | Base::Null,
            _,
        ) => "the operator",
    }
}

/// Whether a condition holds only where its key is there.
pub(super) fn needs_key(condition: &Condition) -> bool {
    let operator = condition.operator;
    let is_positive = !operator.is_negated && !operator.if_exists;
    is_positive && operator.quantity != Quantity::All && operator.base != Base::Null
}
