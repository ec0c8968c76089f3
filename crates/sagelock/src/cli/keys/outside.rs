//! Who outside can use a key, in as few sentences as tell it.

use sagelock_policy::Request;
use sagelock_policy::access::{Outsider, Power};
use sagelock_policy::context::Value;
use sagelock_policy::prove::Proof;

use super::lint::{Said, depends, whole};

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
    who: Who,
    /// Of those that somebody stands for: which kinds there are.
    kinds: Vec<&'static str>,
    worst: &'a Outsider,
    /// The organisation that it acts for, where the policy names one.
    organization: Option<String>,
    /// A service acts for this account alone, or for others that the policy names.
    account: Option<String>,
}

/// Those who can use a key.
#[derive(PartialEq, Eq)]
enum Who {
    /// One that is named.
    One(String),
    /// Those like somebody, in such places.
    Like(String),
}

/// `organizations` are those that the key policy names; `beyond` are those outside of every account that it names.
pub(super) fn said(
    outside: &[Outsider],
    beyond: &[Outsider],
    organizations: &[String],
) -> Vec<Said> {
    let mut found: Vec<Found<'_>> = Vec::new();
    for one in outside {
        let who = who(one, organizations);
        match found.iter_mut().find(|known| known.who == who) {
            Some(known) => {
                known.kinds.push(kind(&one.who));
                if weight(one) < weight(known.worst) {
                    known.worst = one;
                    known.organization = organization(one, "aws:SourceOrgID", organizations);
                }
            }
            None => found.push(Found {
                who,
                kinds: vec![kind(&one.who)],
                worst: one,
                organization: organization(one, "aws:SourceOrgID", organizations),
                account: acts_for(one, beyond),
            }),
        }
    }
    let told = |one: &Found<'_>| {
        // What is said of everybody is said of the account, and of the service.
        let wider: &[Who] = match &one.who {
            Who::One(_) if one.worst.is_service => &[Who::One(ANY_PRINCIPAL.to_owned())],
            Who::One(name) if name.starts_with("account ") => {
                &[Who::Like(format!("in {name}")), Who::Like(ANY.to_owned())]
            }
            Who::Like(place) if place.starts_with("in account ") => &[Who::Like(ANY.to_owned())],
            Who::One(_) | Who::Like(_) => return true,
        };
        let mut others = found.iter();
        let is_more = |other: &Found<'_>| {
            other.who != one.who
                && wider.contains(&other.who)
                && weight(other.worst) <= weight(one.worst)
        };
        !others.any(is_more)
    };
    found.iter().filter(|one| told(one)).map(sentence).collect()
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

const ANY_PRINCIPAL: &str = "any AWS service principal";
/// Everybody outside.
const ANY: &str = "in any AWS account";

/// The account for which a service acts, where it acts for nobody whom the policy does not name.
fn acts_for(one: &Outsider, beyond: &[Outsider]) -> Option<String> {
    let mut others = beyond.iter();
    // That it reads the metadata for anybody is another matter.
    let is_beyond = others.any(|other| other.who == one.who && !is_metadata(&other.action));
    if !one.is_service || is_beyond {
        return None;
    }
    let Proof::Violated(request) = &one.proof else {
        return None;
    };
    request.context().find_map(|(name, value)| {
        let name = name.to_ascii_lowercase();
        let is_source = matches!(name.as_str(), "aws:sourceaccount" | "aws:sourcearn")
            || name.starts_with("kms:encryptioncontext:");
        let Some(Value::One(text)) = value.filter(|_| is_source) else {
            return None;
        };
        let account = text.split(':').nth(4).unwrap_or(&text);
        let is_account = account.len() == 12 && account.bytes().all(|c| c.is_ascii_digit());
        is_account.then(|| account.to_owned())
    })
}

/// A service that nothing names stands for all of them.
const ANY_SERVICE: &str = "anyservice.amazonaws.com";

fn who(one: &Outsider, organizations: &[String]) -> Who {
    match (
        &one.account,
        organization(one, "aws:PrincipalOrgID", organizations),
    ) {
        _ if one.is_service && one.who == ANY_SERVICE => Who::One(ANY_PRINCIPAL.to_owned()),
        (Some(account), _) if one.is_itself && one.who.ends_with(":root") => {
            Who::One(format!("account {account}"))
        }
        _ if one.is_itself || one.is_service || one.who == "*" => Who::One(one.who.clone()),
        (_, Some(id)) => Who::Like(format!(
            "{}in organization {}",
            named_so(&one.who),
            if_yours(&id)
        )),
        _ if one.is_anybody => Who::Like(format!("{}{ANY}", named_so(&one.who))),
        (Some(account), None) if is_any(&one.who) => Who::Like(format!("in account {account}")),
        (_, None) => Who::Like(format!("like {}", one.who)),
    }
}

/// What is behind the account in the ARN of those who are like somebody, unless it is all of them.
fn named_so(arn: &str) -> String {
    match arn.splitn(6, ':').nth(5) {
        Some(resource) if !is_any(arn) => format!("like {resource} "),
        Some(_) | None => String::new(),
    }
}

/// Whether somebody stands for all of its kind.
fn is_any(arn: &str) -> bool {
    // The shortest name that nobody wrote is nobody's.
    let is_shortest = arn
        .rsplit_once('/')
        .is_some_and(|(_, name)| name.len() == 1);
    is_shortest || arn.ends_with("/Anyone") || arn.ends_with(":root")
}

/// Those whom one user or role of an account stands for.
pub(super) fn like(arn: &str, account: &str) -> String {
    if is_any(arn) {
        format!("any {} in account {account}", kind(arn))
    } else {
        format!("any {} like {arn}", kind(arn))
    }
}

/// That everybody in the account may use the key, whatever its own policies say (KMS Developer Guide,
/// "kms:CallerAccount").
pub(super) fn account_wide(powers: &[Power], account: &str) -> Option<Said> {
    let everybody = |one: &&Power| !one.is_account && !one.is_itself && is_any(&one.who);
    let mut wide = powers
        .iter()
        .filter(everybody)
        .filter(|one| one.uses == Some(true));
    let kinds: Vec<&'static str> = wide.clone().map(|one| kind(&one.who)).collect();
    let first = wide.next()?;
    let is_direct = first.uses_directly || wide.any(|one| one.uses_directly);
    let how = if is_direct {
        ""
    } else {
        " through AWS services"
    };
    let message = format!(
        "any {} in {account} can use the key{how} without an IAM policy that allows it, where the conditions of \
         the key policy are met",
        together(&kinds)
    );
    // AWS writes such a statement itself, for the keys that it manages.
    Some(whole("account_wide", &first.who, message, false).noting(!is_direct))
}

fn kind(arn: &str) -> &'static str {
    let resource = arn.rsplit("::").next().unwrap_or_default();
    match resource
        .split_once(':')
        .map(|(_, name)| name.split('/').next())
    {
        Some(Some("role" | "assumed-role")) => "role",
        Some(Some("user")) => "user",
        Some(Some("root")) => "root user",
        Some(Some("federated-user")) => "federated user",
        Some(Some(_) | None) | None => "principal",
    }
}

/// What several kinds are called together.
fn together(kinds: &[&'static str]) -> &'static str {
    // A federated user is as the user behind it.
    let mut other = kinds.iter().filter(|kind| **kind != "federated user");
    match (other.next(), other.next()) {
        (Some(one), None) => one,
        (None, _) => "federated user",
        (Some(_), Some(_)) => "principal",
    }
}

/// The organisation that the policy asks for by a key.
fn organization(one: &Outsider, key: &str, named: &[String]) -> Option<String> {
    let Proof::Violated(request) = &one.proof else {
        return None;
    };
    let mut told = request.context();
    let id = told.find(|(name, _)| name.eq_ignore_ascii_case(key));
    match id?.1? {
        // One that is none of the policy's stands for every other.
        Value::One(id) if named.iter().any(|one| **one == *id) => Some(id.to_string()),
        Value::One(_) | Value::List(_) | Value::Unknown => None,
    }
}

fn if_yours(id: &str) -> String {
    format!("{id} (specify --organization {id} if it is yours)")
}

fn sentence(found: &Found<'_>) -> Said {
    let one = found.worst;
    let perhaps = is_possible(one);
    let can = if perhaps { "may be able to" } else { "can" };
    let what = match (is_metadata(&one.action), one.is_service) {
        (true, _) => "read the metadata of the key",
        (false, _) if one.action == "kms:CreateGrant" => "create grants on the key",
        (false, true) => match &found.account {
            Some(account) => &format!("use the key on behalf of account {account}"),
            None => "use the key on behalf of other accounts",
        },
        (false, false) => "use the key from outside its account",
    };
    let mut kinds = found.kinds.clone();
    kinds.sort_unstable();
    kinds.dedup();
    let who = match &found.who {
        Who::One(name) => name.clone(),
        Who::Like(place) => format!("any {} {place}", together(&kinds)),
    };
    let of = match &found.organization {
        Some(id) if one.is_service && what.ends_with("other accounts") => {
            format!(" in organization {}", if_yours(id))
        }
        None if one.is_service && found.account.is_some() => String::new(),
        Some(id) if one.is_service => {
            format!(" on behalf of accounts in organization {}", if_yours(id))
        }
        Some(_) | None => String::new(),
    };
    let why = match &one.proof {
        Proof::Possible(doubts) => format!(": {}", depends(doubts)),
        Proof::Proved | Proof::Violated(_) => String::new(),
    };
    let message = format!("{who} {can} {what}{of} ({}){why}", one.action);
    // AWS's own policies for CloudTrail and others let a service read it so.
    let is_note = one.is_service && is_metadata(&one.action) && !perhaps;
    whole("outsiders", &one.who, message, perhaps).noting(is_note)
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
