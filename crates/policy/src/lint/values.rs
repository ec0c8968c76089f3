//! Values that a condition key never has.

use ipnet::IpNet;

use super::{Oddity, Saying};
use crate::document::{Base, Condition, Expected, PARTITIONS, Quantity};
use crate::kms;
use crate::spelling::nearest;

/// Typing errors in a value.
const ERRORS: usize = 2;

impl Saying<'_> {
    /// Says so of values that are written out; of a pattern it is not said what it may match.
    pub(super) fn values(&mut self, condition: &Condition) {
        let is_text = matches!(
            condition.operator.base,
            Base::String | Base::StringIgnoreCase | Base::StringLike
        );
        self.addresses(condition);
        self.unreadable(condition);
        let texts: Vec<String> = condition.expected.iter().map(Expected::written).collect();
        let is_pattern = |text: &str| text.contains(['*', '?', '$']);
        let form = form(&condition.key).filter(|_| is_text);
        let of = self.context_of_services(&condition.key);
        let is_wrong = |text: &str| {
            let region = text.split(':').nth(3).filter(|_| text.starts_with("arn:"));
            if region.is_some_and(|region| !is_pattern(region) && !may_be_region(region)) {
                return true;
            }
            match (form, of) {
                (Some((is, _)), _) => !is_pattern(text) && !is(text),
                (None, Some((service, _))) => {
                    let own = text.split(':').nth(2);
                    own.is_some_and(|own| !is_pattern(own) && own != service)
                }
                (None, None) => false,
            }
        };
        self.listed(condition);
        self.hosts(condition, &texts);
        let ((Some((_, what)), _) | (None, Some((_, what)))) = (form, of) else {
            return;
        };
        let wrong: Vec<&String> = texts.iter().filter(|text| is_wrong(text)).collect();
        if let Some(first) = wrong.first()
            && !texts.is_empty()
        {
            let effect = self.effect(wrong.len(), condition);
            let says = format!("`{first}` is not {what}: {effect}");
            self.say(Oddity::NotAValue, &condition.name, says);
        }
    }
}

impl Saying<'_> {
    /// Values of a key that has a list of them (KMS API Reference).
    fn listed(&mut self, condition: &Condition) {
        let is_text = matches!(condition.operator.base, Base::String | Base::StringLike);
        let Some(known) = kms::listed(&condition.key).filter(|_| is_text) else {
            return;
        };
        let written = condition.expected.iter().map(Expected::written);
        let wrong: Vec<String> = written
            .filter(|text| !text.contains(['*', '?', '$']) && !known.contains(&text.as_str()))
            .collect();
        let Some(first) = wrong.first() else {
            return;
        };
        let near = nearest(first, known.iter().copied(), ERRORS);
        let near = near.map_or_else(String::new, |near| format!("; did you mean {near}?"));
        let effect = self.effect(wrong.len(), condition);
        let says = format!("`{first}` is not a value of this condition key: {effect}{near}");
        self.say(Oddity::NotAValue, &condition.name, says);
    }

    /// What follows from values that no request has.
    fn effect(&mut self, wrong: usize, condition: &Condition) -> &'static str {
        if wrong < condition.expected.len() {
            "no request has this value"
        } else if condition.operator.is_negated {
            "the condition is always true"
        } else {
            self.is_void |= needs_key(condition);
            "the condition is never true"
        }
    }

    /// Misspelt services in kms:ViaService.
    fn hosts(&mut self, condition: &Condition, texts: &[String]) {
        if &*condition.key != "kms:viaservice" {
            return;
        }
        let near = texts
            .iter()
            .find_map(|text| Some((text, kms::meant_service(text)?)));
        if let Some((text, near)) = near {
            let says = format!("`{text}`: no service that sagelock knows; did you mean {near}?");
            self.say(Oddity::UnknownService, &condition.name, says);
        }
    }

    /// Values that are none of the operator's type.
    fn unreadable(&mut self, condition: &Condition) {
        let unreadable = condition.expected.iter().filter_map(|expected| {
            let Expected::Unreadable(text) = expected else {
                return None;
            };
            Some(text)
        });
        let unreadable: Vec<&Box<str>> = unreadable.collect();
        let Some(first) = unreadable.first() else {
            return;
        };
        let what = match condition.operator.base {
            Base::Boolean | Base::Null => "true or false",
            Base::Number(_) => "a number",
            Base::Date(_) => "a date in ISO 8601 format or a Unix time",
            Base::Binary => "base64",
            Base::Address => "an IP address or a CIDR range",
            Base::Arn | Base::String | Base::StringIgnoreCase | Base::StringLike => {
                "an ARN, which has the form arn:aws:SERVICE:REGION:ACCOUNT:RESOURCE"
            }
        };
        // What a negated operator does with it, AWS does not document.
        let effect = match self.effect(unreadable.len(), condition) {
            _ if condition.operator.is_negated => "AWS does not document the effect",
            effect => effect,
        };
        let says = format!("`{first}` is not {what}: {effect}");
        self.say(Oddity::NotAValue, &condition.name, says);
    }

    /// Addresses that no request comes from (IAM Access Analyzer policy check reference, "Private IP address":
    /// aws:SourceIp works only for public addresses).
    fn addresses(&mut self, condition: &Condition) {
        if &*condition.key != "aws:sourceip" {
            return;
        }
        let private: Vec<String> = condition
            .expected
            .iter()
            .filter_map(|expected| {
                let Expected::Address(network) = expected else {
                    return None;
                };
                is_private(network).then(|| network.to_string())
            })
            .collect();
        let Some(first) = private.first() else {
            return;
        };
        let effect = self.effect(private.len(), condition);
        let says = format!(
            "`{first}` is private, and aws:SourceIp is always a public address: {effect}; use aws:VpcSourceIp"
        );
        self.say(Oddity::NotAValue, &condition.name, says);
    }

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
        "aws:requestedregion" => (|text| !text.is_empty() && may_be_region(text), "a Region"),
        "kms:viaservice" => (
            is_host,
            "the host of a service, which has the form SERVICE.REGION.amazonaws.com",
        ),
        "aws:sourcevpce" => (|text| text.starts_with("vpce-"), "the ID of a VPC endpoint"),
        "aws:sourcevpc" => (|text| text.starts_with("vpc-"), "the ID of a VPC"),
        "aws:sourcearn" | "aws:principalarn" => (
            |text| text.starts_with("arn:") && text.split(':').count() >= 6,
            "an ARN, which has the form arn:aws:SERVICE:REGION:ACCOUNT:RESOURCE",
        ),
        _ => return None,
    })
}

/// KMS Developer Guide, "kms:ViaService".
fn is_host(text: &str) -> bool {
    let mut suffixes = PARTITIONS.iter().map(|one| one.suffix);
    let place = suffixes.find_map(|suffix| text.strip_suffix(suffix)?.strip_suffix('.'));
    let Some((service, region)) = place.and_then(|place| place.rsplit_once('.')) else {
        return false;
    };
    !service.is_empty() && !region.is_empty() && may_be_region(region)
}

fn is_private(network: &IpNet) -> bool {
    match network {
        IpNet::V4(net) => {
            let first = net.network();
            let is_in = first.is_private() || first.is_loopback() || first.is_link_local();
            // 10/8, 172.16/12 and 192.168/16, and what is in one of them.
            is_in && net.prefix_len() >= 8
        }
        IpNet::V6(net) => net.network().is_unique_local() || net.network().is_loopback(),
    }
}

/// A Region, or the empty field of a service that has none.
fn may_be_region(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let is_numbered = |last: &str| !last.is_empty() && last.bytes().all(|c| c.is_ascii_digit());
    text.is_empty() || matches!(parts.as_slice(), [_, _, .., last] if is_numbered(last))
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
