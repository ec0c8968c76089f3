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
        let texts: Vec<String> = condition.expected.iter().map(Expected::written).collect();
        let is_pattern = |text: &str| text.contains(['*', '?', '$']);
        let form = form(&condition.key).filter(|_| is_text);
        let of = self.context_of_services(&condition.key);
        let is_wrong = |text: &str| match (form, of) {
            (Some((is, _)), _) => !is_pattern(text) && !is(text),
            (None, Some((service, _))) => {
                let own = text.split(':').nth(2);
                own.is_some_and(|own| !is_pattern(own) && own != service)
            }
            (None, None) => false,
        };
        let ((Some((_, what)), _) | (None, Some((_, what)))) = (form, of) else {
            return;
        };
        let wrong: Vec<&String> = texts.iter().filter(|text| is_wrong(text)).collect();
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

impl Saying<'_> {
    /// Of what a service puts into the encryption context, whose ARN it is (CloudTrail User Guide, "Configure KMS key
    /// policies for CloudTrail"; CloudWatch Logs User Guide, "Encrypt log data"; S3 User Guide, "Encryption context").
    fn context_of_services(&self, key: &str) -> Option<(&'static str, &'static str)> {
        let of = match key {
            "kms:encryptioncontext:aws:cloudtrail:arn" => ("cloudtrail", "the ARN of a trail"),
            "kms:encryptioncontext:aws:logs:arn" => {
                ("logs", "the ARN of a CloudWatch Logs resource")
            }
            "kms:encryptioncontext:aws:s3:arn" => ("s3", "the ARN of a bucket or an object"),
            _ => return None,
        };
        self.is_of_services_only().then_some(of)
    }

    /// An account that `aws:SourceArn` names and `aws:SourceAccount` does not: both are about the resource for which
    /// a service asks (IAM User Guide, "AWS global condition context keys").
    pub(super) fn sources(&mut self) {
        if !self.allows() {
            return;
        }
        let written = |key: &str| -> Option<Vec<String>> {
            let mut conditions = self.statement.conditions.iter();
            let one = conditions.find(|one| &*one.key == key && needs_key(one))?;
            Some(one.expected.iter().map(Expected::written).collect())
        };
        let (Some(accounts), Some(arns)) = (written("aws:sourceaccount"), written("aws:sourcearn"))
        else {
            return;
        };
        let of_arns: Option<Vec<&str>> = arns
            .iter()
            .map(|arn| arn.split(':').nth(4).filter(|account| is_account(account)))
            .collect();
        let Some(of_arns) = of_arns.filter(|_| accounts.iter().all(|one| is_account(one))) else {
            return;
        };
        let is_same = of_arns
            .iter()
            .any(|one| accounts.iter().any(|account| account == one));
        if let Some(other) = of_arns.first().filter(|_| !is_same) {
            let says = format!(
                "aws:SourceArn names account {other}, and aws:SourceAccount does not: both are about the resource \
                 for which the service sends the request, so the statement allows nothing"
            );
            self.say(Oddity::NeverHolds, "aws:SourceAccount, aws:SourceArn", says);
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
        "aws:sourcearn" | "aws:principalarn" => (
            |text| text.starts_with("arn:") && text.split(':').count() >= 6,
            "an ARN, which has six fields: arn:aws:SERVICE:REGION:ACCOUNT:RESOURCE",
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
