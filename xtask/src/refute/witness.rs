//! Whether somebody can send a request that was shown.

use sagelock_policy::Request;
use sagelock_policy::context::Value;

use super::names::Names;
use super::sent::{Carried, Channel, Known, Sender, carried, fits, is_consistent};

/// Why nobody can, where nobody can.
pub(super) fn wrong(request: &Request, known: &Known, names: Names) -> Option<String> {
    let caller = request.caller().to_string();
    let find = |key: &str| {
        let found = request
            .context()
            .find(|(name, _)| name.eq_ignore_ascii_case(key));
        found.and_then(|(_, value)| value)
    };
    let is_service = !caller.starts_with("arn:");
    let arn = match find("aws:PrincipalArn") {
        Some(Value::One(text)) => Some(text.to_string()),
        Some(Value::List(_) | Value::Unknown) | None if is_service => None,
        Some(Value::List(_) | Value::Unknown) | None => Some(caller.clone()),
    };
    let sender = Sender { caller, arn };
    let channel = if is_service {
        Channel::Service
    } else if find("aws:ViaAWSService") == Some(Value::One("true".into())) {
        Channel::Through
    } else {
        Channel::Direct
    };
    let action = request.action_name();
    for (name, value) in request.context() {
        let key = name.to_lowercase();
        // Another action has other keys, and the tags and contexts of the rows are of one name.
        if !MODELLED.contains(&key.as_str()) || !ACTIONS.contains(&action.as_str()) {
            continue;
        }
        let found = match (
            carried(&key, &action, &sender, channel, known, names),
            value,
        ) {
            (Carried::Always(_) | Carried::Fact | Carried::Chosen, Some(Value::Unknown)) => {
                continue;
            }
            (Carried::Always(expected), value) if expected == value => continue,
            (Carried::Always(_), None) => format!("{name} is never absent"),
            (Carried::Always(expected), Some(value)) => match expected {
                Some(expected) => format!("{name} is {expected}, and never {value}"),
                None => format!("{name} is absent, and never {value}"),
            },
            (Carried::Fact | Carried::Chosen, None) => continue,
            (Carried::Fact | Carried::Chosen, Some(Value::One(text))) => {
                if fits(&key, &text, &sender, known, names) {
                    continue;
                }
                format!("{name} is never {text:?}")
            }
            (Carried::Fact | Carried::Chosen, Some(Value::List(list))) => {
                if list
                    .iter()
                    .all(|text| fits(&key, text, &sender, known, names))
                {
                    continue;
                }
                format!("{name} is never {list:?}")
            }
        };
        return Some(found);
    }
    let told = request
        .context()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)));
    let is_sent = is_consistent(&told.collect::<Vec<_>>(), known);
    (!is_sent).then(|| "what it tells cannot stand together".to_owned())
}

/// Keys of which the pages say what they are.
const MODELLED: [&str; 26] = [
    "aws:calledvia",
    "aws:calledviafirst",
    "aws:multifactorauthpresent",
    "aws:principalaccount",
    "aws:principalisawsservice",
    "aws:principalorgid",
    "aws:principalservicename",
    "aws:principaltype",
    "aws:principlearn",
    "aws:requestedregion",
    "aws:resourceaccount",
    "aws:securetransport",
    "aws:sourceaccount",
    "aws:sourceip",
    "aws:sourceorgid",
    "aws:sourcevpce",
    "aws:userid",
    "aws:username",
    "aws:viaawsservice",
    "kms:calleraccount",
    "kms:calleraccounts",
    "kms:grantisforawsresource",
    "kms:requestalias",
    "kms:viaservice",
    "kms:keyspec",
    "kms:encryptionalgorithm",
];
/// Actions of which the condition keys are listed here.
const ACTIONS: [&str; 5] = [
    "kms:Decrypt",
    "kms:GenerateDataKey",
    "kms:CreateGrant",
    "kms:PutKeyPolicy",
    "kms:TagResource",
];
