//! Who outside can use a key, in as few sentences as tell it.

use sagelock_policy::Request;
use sagelock_policy::access::Outsider;
use sagelock_policy::context::Value;
use sagelock_policy::prove::Proof;

use super::lint::{Said, whole};

/// The worst first: what gives plaintext, what gives others more, what writes.
const WORST: [&str; 9] = [
    "kms:Decrypt",
    "kms:ReEncryptFrom",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyPair",
    "kms:PutKeyPolicy",
    "kms:CreateGrant",
    "kms:Encrypt",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:Sign",
];

/// Who it is, and the worst that it can do.
struct Found<'a> {
    who: String,
    worst: &'a Outsider,
}

pub(super) fn said(outside: &[Outsider]) -> Vec<Said> {
    let mut found: Vec<Found<'_>> = Vec::new();
    for one in outside {
        let who = who(one);
        match found.iter_mut().find(|known| known.who == who) {
            Some(known) if weight(one) < weight(known.worst) => known.worst = one,
            Some(_) => {}
            None => found.push(Found { who, worst: one }),
        }
    }
    found.iter().map(sentence).collect()
}

/// What is certain weighs more than what may be.
fn weight(one: &Outsider) -> (bool, usize) {
    let place = WORST.iter().position(|action| *action == one.action);
    (
        is_possible(one),
        place.unwrap_or(WORST.len() + usize::from(is_metadata(&one.action))),
    )
}

const fn is_possible(one: &Outsider) -> bool {
    matches!(one.proof, Proof::Possible(_))
}

/// Operations that give what is known of a key.
fn is_metadata(action: &str) -> bool {
    ["kms:Describe", "kms:Get", "kms:List"]
        .iter()
        .any(|begin| action.starts_with(begin))
}

/// A service that nothing names stands for all of them.
const ANY_SERVICE: &str = "anyservice.amazonaws.com";

fn who(one: &Outsider) -> String {
    let organization = organization(one);
    match (&one.account, &organization) {
        _ if one.is_service && one.who == ANY_SERVICE => "any AWS service principal".to_owned(),
        (Some(account), _) if one.is_itself && one.who.ends_with(":root") => {
            format!("account {account}")
        }
        _ if one.is_itself || one.is_service || one.who == "*" => one.who.clone(),
        (_, Some(id)) => format!(
            "any principal of the organization {id} (give --organization {id} if it is yours)"
        ),
        _ if one.is_anybody => "any principal of any AWS account".to_owned(),
        (Some(account), None) => like(&one.who, account),
        (None, None) => format!("any principal like {}", one.who),
    }
}

/// Those whom somebody stands for: all of an account, or those with names alike.
pub(super) fn like(arn: &str, account: &str) -> String {
    if arn.ends_with("/Anyone") || arn.ends_with(":root") {
        format!("any principal of account {account}")
    } else {
        format!("any principal like {arn}")
    }
}

/// The organisation that the policy asks for.
fn organization(one: &Outsider) -> Option<String> {
    let Proof::Violated(request) = &one.proof else {
        return None;
    };
    let mut told = request.context();
    let id = told.find(|(name, _)| name.eq_ignore_ascii_case("aws:PrincipalOrgID"));
    match id?.1? {
        // One that is none of the policy's stands for every other.
        Value::One(id) if !id.starts_with("o-other") => Some(id.to_string()),
        Value::One(_) | Value::List(_) | Value::Unknown => None,
    }
}

fn sentence(found: &Found<'_>) -> Said {
    let one = found.worst;
    let perhaps = is_possible(one);
    let can = if perhaps { "may be able to" } else { "can" };
    let what = match (is_metadata(&one.action), one.is_service) {
        (true, _) => "read the metadata of the key",
        (false, true) => "use the key on behalf of other accounts",
        (false, false) => "use the key from outside its account",
    };
    let message = format!("{} {can} {what} ({})", found.who, one.action);
    whole("outsiders", &one.who, message, perhaps)
}

/// The keys that a request tells and that nobody takes for granted.
pub(super) fn keys_of(request: &Request) -> String {
    const GRANTED: [&str; 9] = [
        "aws:principalaccount",
        "aws:principalarn",
        "aws:principalisawsservice",
        "aws:principaltype",
        "aws:requestedregion",
        "aws:resourceaccount",
        "aws:securetransport",
        "aws:viaawsservice",
        "kms:calleraccount",
    ];
    let told = request.context().map(|(name, _)| name);
    let asked: Vec<&str> = told
        .filter(|name| {
            let key = name.to_ascii_lowercase();
            !GRANTED.contains(&key.as_str())
                && key != "aws:userid"
                && !key.starts_with("kms:bypass")
        })
        .collect();
    if asked.is_empty() {
        String::new()
    } else {
        format!(" ({})", asked.join(", "))
    }
}
