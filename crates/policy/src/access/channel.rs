//! How a request comes to KMS: from the caller, or through a service that acts for it.

use super::Key;
use crate::context::Value;
use crate::document::{Document, Identity, Who};
use crate::kms;
use crate::prove::Requests;
use crate::request::{Caller, NoAction};

/// Who makes the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Channel {
    /// The caller itself.
    Direct,
    /// A service, for the caller (IAM User Guide, "Forward access sessions").
    Through,
    /// A service on its own behalf.
    Service,
}

/// The region of a key that may be in any.
const ANY: &str = "*";

/// Keys that say how a request came, in lower case.
const CHANNEL: [&str; 6] = [
    "kms:viaservice",
    "aws:viaawsservice",
    "aws:calledvia",
    "aws:calledviafirst",
    "aws:calledvialast",
    "kms:grantisforawsresource",
];

/// Whether documents tell a call from the caller from one through a service.
pub(super) fn tells_channels<'a>(documents: impl IntoIterator<Item = &'a Document>) -> bool {
    documents
        .into_iter()
        .any(|document| document.asks(|key| CHANNEL.contains(&key)))
}

/// What a request of an action on a key tells, whatever else it is.
pub(super) fn requests(
    key: &Key,
    caller: &Caller,
    arn: &str,
    action: &str,
    channel: Channel,
) -> Result<Requests, NoAction> {
    let one = |text: &str| Some(Value::One(text.into()));
    let mut told: Vec<(String, Option<Value>)> = Vec::new();
    let mut tell = |name: &str, value| told.push((name.to_owned(), value));
    let name = action.strip_prefix("kms:").unwrap_or(action);
    let name = name.to_ascii_lowercase();
    if key.region() != ANY {
        tell("aws:RequestedRegion", one(key.region()));
    }
    tell("aws:ResourceAccount", one(key.account()));
    told.extend(common(caller, arn, channel));
    if let Some(tags) = &key.tags {
        let tags = tags.iter();
        told.extend(tags.map(|(name, value)| (format!("aws:ResourceTag/{name}"), one(value))));
    }
    if let Some(aliases) = &key.aliases {
        let value = Value::List(aliases.iter().cloned().collect());
        told.push(("kms:ResourceAliases".to_owned(), Some(value)));
    }
    if kms::may_have(&name, "kms:grantisforawsresource") {
        // What it is in a direct call, false or absent, no page says (KMS Developer Guide,
        // "kms:GrantIsForAWSResource").
        let is_through = channel == Channel::Through;
        let value = is_through.then(|| Value::One("true".into()));
        told.extend(value.map(|value| ("kms:GrantIsForAWSResource".to_owned(), Some(value))));
    }
    let requests = Requests::new(caller.clone(), action, &key.arn, key.account(), told)?;
    let requests = requests.of_action(&name);
    let requests = if channel == Channel::Direct {
        let only = ["false".into()];
        requests
            .with_only("kms:GrantIsForAWSResource", only)
            .not_knowing("kms:GrantIsForAWSResource")
    } else {
        requests
    };
    let requests = if key.tags.is_some() {
        requests.whole("aws:ResourceTag/")
    } else {
        requests.not_knowing("aws:ResourceTag/")
    };
    // What is so of the key, of its account and of the moment, nobody chooses who asks.
    let requests = [
        "kms:ResourceAliases",
        "kms:Key",
        "kms:MultiRegion",
        "aws:ResourceOrg",
        "aws:userid",
        "aws:CurrentTime",
        "aws:EpochTime",
    ]
    .into_iter()
    .fold(requests, Requests::not_knowing);
    // An alias is named that the key has (AWS KMS Developer Guide, "kms:RequestAlias").
    let requests = match &key.aliases {
        Some(aliases) if aliases.is_empty() => requests.telling("kms:RequestAlias", None),
        Some(aliases) => requests.with_only("kms:RequestAlias", aliases.iter().cloned()),
        None => requests.not_knowing("kms:RequestAlias"),
    };
    Ok(match channel {
        Channel::Through => requests.with("kms:ViaService"),
        // Services have no tags. Which of them use a key through IAM Identity Center, no page lists.
        Channel::Service => requests
            .whole("aws:PrincipalTag/")
            .not_knowing("kms:ViaService"),
        Channel::Direct => requests,
    })
}

/// What every request of somebody tells that comes that way.
pub(super) fn common(caller: &Caller, arn: &str, channel: Channel) -> Vec<(String, Option<Value>)> {
    let mut told = of_channel(arn, channel);
    // KMS Developer Guide, "Infrastructure security": requests come over TLS.
    let value = Some(Value::One("true".into()));
    told.push(("aws:SecureTransport".to_owned(), value));
    if let Caller::Identity(identity) = caller {
        told.extend(of_identity(identity, arn));
    }
    told
}

/// What is so of everything that comes that way (IAM User Guide, "AWS global condition context keys").
fn of_channel(arn: &str, channel: Channel) -> Vec<(String, Option<Value>)> {
    let one = |text: &str| Some(Value::One(text.into()));
    let mut told: Vec<(String, Option<Value>)> = Vec::new();
    let mut tell = |name: &str, value| told.push((name.to_owned(), value));
    match channel {
        Channel::Direct | Channel::Through => {
            let is_through = channel == Channel::Through;
            tell("aws:PrincipalIsAWSService", one("false"));
            tell(
                "aws:ViaAWSService",
                one(if is_through { "true" } else { "false" }),
            );
            for name in [
                "aws:PrincipalServiceName",
                "aws:PrincipalServiceNamesList",
                "aws:SourceArn",
                "aws:SourceAccount",
                "aws:SourceOrgID",
                "aws:SourceOrgPaths",
            ] {
                tell(name, None);
            }
            if !is_through {
                for name in [
                    "kms:ViaService",
                    "aws:CalledVia",
                    "aws:CalledViaFirst",
                    "aws:CalledViaLast",
                ] {
                    tell(name, None);
                }
            }
        }
        Channel::Service => {
            tell("aws:PrincipalIsAWSService", one("true"));
            tell("aws:ViaAWSService", one("false"));
            tell("aws:PrincipalServiceName", one(arn));
            // Of a service principal the pages list none of these (IAM User Guide, "AWS global condition
            // context keys": each key's "Availability").
            for name in [
                "kms:CallerAccount",
                "aws:AssumedRoot",
                "aws:CalledVia",
                "aws:CalledViaFirst",
                "aws:CalledViaLast",
                "aws:FederatedProvider",
                "aws:MultiFactorAuthAge",
                "aws:MultiFactorAuthPresent",
                "aws:PrincipalArn",
                "aws:PrincipalAccount",
                "aws:PrincipalOrgID",
                "aws:PrincipalOrgPaths",
                "aws:PrincipalType",
                "aws:SourceIdentity",
                "aws:TokenIssueTime",
                "aws:userid",
                "aws:username",
            ] {
                tell(name, None);
            }
        }
    }
    told
}

/// What is so of everything that somebody asks (IAM User Guide, "AWS global condition context keys").
fn of_identity(identity: &Identity, arn: &str) -> Vec<(String, Option<Value>)> {
    let one = |text: &str| Some(Value::One(text.into()));
    let kind = match &identity.who {
        Who::Root => "Account",
        Who::User(_) => "User",
        Who::Role(_) | Who::Session(..) => "AssumedRole",
        Who::Federated(_) => "FederatedUser",
    };
    let user = match &identity.who {
        Who::User(path) => one(path.rsplit('/').next().unwrap_or(path)),
        Who::Root | Who::Role(_) | Who::Session(..) | Who::Federated(_) => None,
    };
    // IAM User Guide, "Principal key values": the unique ids of users and roles are not known here.
    let id = match &identity.who {
        Who::Root => Some(identity.account.to_string()),
        Who::Federated(name) => Some(format!("{}:{name}", identity.account)),
        Who::User(_) | Who::Role(_) | Who::Session(..) => None,
    };
    let mut told = vec![
        ("aws:PrincipalArn".to_owned(), one(arn)),
        ("aws:PrincipalAccount".to_owned(), one(&identity.account)),
        ("kms:CallerAccount".to_owned(), one(&identity.account)),
        ("aws:PrincipalType".to_owned(), one(kind)),
        ("aws:username".to_owned(), user),
    ];
    told.extend(id.map(|id| ("aws:userid".to_owned(), one(&id))));
    told
}
