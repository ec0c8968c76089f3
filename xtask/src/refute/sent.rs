//! What requests carry, as the pages say it: written without a look at how proofs take it, so that the one
//! is held against the other.

use std::net::IpAddr;

use sagelock_policy::context::Value;

use super::names::{ALIAS, Names, ORGANIZATION, OWN};

/// Who sends a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sender {
    /// The ARN of the request, or the name of a service.
    pub(super) caller: String,
    /// `aws:PrincipalArn`; of a service, none.
    pub(super) arn: Option<String>,
}

/// How it comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Channel {
    Direct,
    /// A service calls for the sender (IAM User Guide, "Forward access sessions").
    Through,
    Service,
}

/// What a question tells of who asks and of the key.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    pub(super) organization: Option<String>,
    pub(super) id: Option<String>,
    /// All tags that a session can have.
    pub(super) tags: Option<Vec<(String, String)>>,
    pub(super) key_tags: Option<Vec<(String, String)>>,
    pub(super) aliases: Option<Vec<String>>,
    /// Facts are chosen as well: whatever they are.
    pub(super) any_facts: bool,
    /// A service that works for an account inside is nobody's concern.
    pub(super) is_from_outside: bool,
}

/// What a condition key is in the requests of somebody.
pub(super) enum Carried {
    /// The same in all of them; `None`: absent.
    Always(Option<Value>),
    /// Something that whoever sends the request cannot choose, and nobody has told.
    Fact,
    /// Whatever the sender likes, as far as it is [sendable](fits).
    Chosen,
}

impl Sender {
    pub(super) fn is_service(&self) -> bool {
        self.arn.is_none()
    }

    fn account(&self) -> &str {
        self.caller.split(':').nth(4).unwrap_or_default()
    }

    fn kind(&self) -> &'static str {
        let resource = self.caller.splitn(6, ':').nth(5).unwrap_or_default();
        match resource.split('/').next() {
            Some("root") => "Account",
            Some("user") => "User",
            Some("federated-user") => "FederatedUser",
            _ => "AssumedRole",
        }
    }

    fn session(&self) -> &str {
        self.caller.rsplit('/').next().unwrap_or_default()
    }
}

fn one(text: &str) -> Carried {
    Carried::Always(Some(Value::One(text.into())))
}

const ABSENT: Carried = Carried::Always(None);

/// What a key, in lower case, is in requests of an action of KMS that somebody sends.
pub(super) fn carried(
    key: &str,
    action: &str,
    sender: &Sender,
    channel: Channel,
    known: &Known,
    names: Names,
) -> Carried {
    if !exists_for(key, action) {
        return ABSENT;
    }
    let fact = || {
        if known.any_facts {
            Carried::Chosen
        } else {
            Carried::Fact
        }
    };
    match key {
        // KMS Developer Guide, "Infrastructure security": TLS is required.
        "aws:securetransport" => one("true"),
        "aws:requestedregion" => one(names.region),
        "aws:resourceaccount" => one(OWN),
        "aws:viaawsservice" => one(if channel == Channel::Through {
            "true"
        } else {
            "false"
        }),
        "aws:currenttime" | "aws:epochtime" | "aws:resourceorgid" | "kms:keyspec"
        | "kms:multiregion" => fact(),
        "aws:resourcetag/team" => told(known.key_tags.as_ref(), fact),
        "kms:resourcealiases" => match &known.aliases {
            Some(list) if list.is_empty() => ABSENT,
            Some(list) => {
                let list = list.iter().map(|name| name.as_str().into());
                Carried::Always(Some(Value::List(list.collect())))
            }
            None => fact(),
        },
        "kms:requestalias" => match &known.aliases {
            Some(list) if list.is_empty() => ABSENT,
            Some(_) => Carried::Chosen,
            None => fact(),
        },
        "kms:encryptioncontext:team"
        | "kms:encryptioncontextkeys"
        | "kms:encryptionalgorithm"
        | "kms:grantoperations"
        | "kms:granteeprincipal" => Carried::Chosen,
        // KMS Developer Guide, "kms:GrantIsForAWSResource": what it is in a direct call, no page says.
        "kms:grantisforawsresource" => match channel {
            Channel::Through => one("true"),
            Channel::Direct => Carried::Fact,
            Channel::Service => Carried::Chosen,
        },
        _ if channel == Channel::Service => of_service(key, sender),
        "kms:viaservice" => match channel {
            Channel::Through => Carried::Chosen,
            Channel::Direct | Channel::Service => ABSENT,
        },
        "aws:calledvia" | "aws:calledviafirst" => match channel {
            Channel::Through => Carried::Chosen,
            Channel::Direct | Channel::Service => ABSENT,
        },
        "aws:sourcearn"
        | "aws:sourceaccount"
        | "aws:sourceorgid"
        | "aws:principalservicename"
        | "aws:principalservicenameslist" => ABSENT,
        _ => of_identity(key, sender, known, &fact),
    }
}

/// IAM User Guide, "AWS global condition context keys", of each its "Availability".
fn of_service(key: &str, sender: &Sender) -> Carried {
    match key {
        "aws:principalisawsservice" => one("true"),
        "aws:principalservicename" => one(&sender.caller),
        // IAM Identity Center User Guide, "Advanced KMS key policy statements": of which services, no page lists.
        "kms:viaservice" => Carried::Fact,
        "aws:principalservicenameslist"
        | "aws:sourcearn"
        | "aws:sourceaccount"
        | "aws:sourceorgid"
        | "aws:sourceip"
        | "aws:sourcevpce"
        | "aws:useragent" => Carried::Chosen,
        _ => ABSENT,
    }
}

/// The same, and "Principal key values".
fn of_identity(key: &str, sender: &Sender, known: &Known, fact: &dyn Fn() -> Carried) -> Carried {
    let arn = sender.arn.as_deref().unwrap_or_default();
    match key {
        "aws:principalisawsservice" => one("false"),
        "aws:principalarn" => one(arn),
        "aws:principalaccount" | "kms:calleraccount" => one(sender.account()),
        "aws:principaltype" => one(sender.kind()),
        "aws:username" => match sender.kind() {
            "User" => one(sender.session()),
            _ => ABSENT,
        },
        "aws:userid" => match (sender.kind(), &known.id) {
            ("Account", _) => one(sender.account()),
            ("FederatedUser", _) => one(&format!("{}:{}", sender.account(), sender.session())),
            ("AssumedRole", Some(id)) => one(&format!("{id}:{}", sender.session())),
            (_, Some(id)) => one(id),
            (_, None) => fact(),
        },
        "aws:principalorgid" => match &known.organization {
            Some(id) => one(id),
            None if known.is_from_outside => Carried::Chosen,
            None => fact(),
        },
        "aws:principalorgpaths" if known.is_from_outside => Carried::Chosen,
        "aws:principalorgpaths" => fact(),
        "aws:principaltag/team" => told(known.tags.as_ref(), || Carried::Chosen),
        _ => Carried::Chosen,
    }
}

fn told(tags: Option<&Vec<(String, String)>>, otherwise: impl Fn() -> Carried) -> Carried {
    match tags {
        None => otherwise(),
        Some(tags) => {
            let value = tags.iter().find(|(name, _)| name == "team");
            Carried::Always(value.map(|(_, value)| Value::One(value.as_str().into())))
        }
    }
}

/// Service Authorization Reference, AWS KMS: the condition keys of the actions that are asked for.
fn exists_for(key: &str, action: &str) -> bool {
    let is_cryptographic = matches!(action, "kms:Decrypt" | "kms:GenerateDataKey");
    let is_grant = action == "kms:CreateGrant";
    match key {
        "aws:principlearn" | "kms:calleraccounts" => false,
        "kms:requestalias" | "kms:encryptionalgorithm" => is_cryptographic,
        "kms:encryptioncontext:team" | "kms:encryptioncontextkeys" => is_cryptographic || is_grant,
        "kms:grantoperations" | "kms:granteeprincipal" | "kms:grantisforawsresource" => is_grant,
        _ => true,
    }
}

/// IAM User Guide, "IAM identifiers": unique ids begin with their kind; of a session, its name follows.
fn is_id(value: &str, sender: &Sender) -> bool {
    let is_of = |id: &str, kind: &str| {
        let tail = id.strip_prefix(kind).unwrap_or_default();
        // One that is too short stands for another, as in examples.
        (1..=32).contains(&tail.len())
            && tail
                .bytes()
                .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
    };
    match (sender.kind(), value.split_once(':')) {
        ("User", None) => is_of(value, "AIDA"),
        ("AssumedRole", Some((id, session))) => is_of(id, "AROA") && session == sender.session(),
        (_, _) => false,
    }
}

/// Whether a key can have a value at all.
pub(super) fn fits(key: &str, value: &str, sender: &Sender, known: &Known, names: Names) -> bool {
    let is_account = |text: &str| text.len() == 12 && text.bytes().all(|c| c.is_ascii_digit());
    let is_organization = |text: &str| {
        text.strip_prefix("o-").is_some_and(|id| {
            (10..=32).contains(&id.len())
                && id
                    .bytes()
                    .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
        })
    };
    match key {
        "aws:userid" => is_id(value, sender),
        "aws:sourceip" => value.parse::<IpAddr>().is_ok(),
        "aws:sourceaccount" => is_account(value) && !(known.is_from_outside && value == OWN),
        "aws:principalorgid" | "aws:sourceorgid" | "aws:resourceorgid" => is_organization(value),
        "aws:principalorgpaths" => {
            value.ends_with('/')
                && value.split('/').next().is_some_and(is_organization)
                && value
                    .bytes()
                    .all(|c| c.is_ascii_alphanumeric() || matches!(c, b'/' | b'-'))
        }
        "aws:sourcearn" => is_source(value, known, names),
        "kms:viaservice" if sender.is_service() => {
            let is_center = ["sso.", "identitystore."]
                .iter()
                .any(|begin| value.starts_with(begin));
            is_center && is_host(value, key, names)
        }
        "kms:viaservice"
        | "aws:calledvia"
        | "aws:calledviafirst"
        | "aws:principalservicenameslist" => is_host(value, key, names),
        "kms:grantoperations" => matches!(value, "Decrypt" | "DescribeKey" | "GenerateDataKey"),
        "kms:granteeprincipal" => {
            value.starts_with(&format!("arn:{}:", names.partition)) && value.contains(":role/")
        }
        // AWS KMS API, Encrypt, `EncryptionAlgorithm`.
        "kms:encryptionalgorithm" => matches!(
            value,
            "SYMMETRIC_DEFAULT" | "RSAES_OAEP_SHA_1" | "RSAES_OAEP_SHA_256" | "SM2PKE"
        ),
        "kms:keyspec" => matches!(value, "SYMMETRIC_DEFAULT" | "RSA_2048" | "HMAC_256"),
        "kms:requestalias" | "kms:resourcealiases" => match &known.aliases {
            Some(_) => value == ALIAS,
            None => value.strip_prefix("alias/").is_some_and(is_name),
        },
        "aws:multifactorauthpresent" | "kms:multiregion" => value == "true" || value == "false",
        // Where it is true the call came through a service.
        "kms:grantisforawsresource" => value == "false",
        "aws:multifactorauthage" | "aws:epochtime" => {
            !value.is_empty() && value.bytes().all(|c| c.is_ascii_digit())
        }
        "aws:tokenissuetime" | "aws:currenttime" => is_time(value),
        "aws:sourcevpce" => value.strip_prefix("vpce-").is_some_and(|id| {
            id.len() >= 8 && id.bytes().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f'))
        }),
        "aws:sourceidentity" => value.len() >= 2 && is_name(value) && !value.contains('/'),
        "aws:federatedprovider" => !value.is_empty() && !value.contains([' ', '*']),
        "kms:encryptioncontextkeys" => !value.is_empty(),
        // IAM User Guide, "Rules for tagging in IAM and AWS STS".
        _ if key.starts_with("aws:principaltag/")
            || key.starts_with("aws:resourcetag/")
            || key.starts_with("aws:requesttag/") =>
        {
            value
                .chars()
                .all(|c| c.is_alphanumeric() || " _.:/=+-@".contains(c))
        }
        _ => true,
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "/_-+=,.@".contains(c))
}

fn is_time(text: &str) -> bool {
    text.len() == 20
        && text.ends_with('Z')
        && text.char_indices().all(|(at, c)| match at {
            4 | 7 => c == '-',
            10 => c == 'T',
            13 | 16 => c == ':',
            19 => c == 'Z',
            _ => c.is_ascii_digit(),
        })
}

fn is_host(text: &str, key: &str, names: Names) -> bool {
    let Some(bare) = names.of_service(text) else {
        return false;
    };
    let is_label = |label: &str| {
        !label.is_empty()
            && label
                .bytes()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let labels: Vec<&str> = bare.split('.').collect();
    // KMS Developer Guide, "kms:ViaService": the service, and its Region.
    let has_region = key != "kms:viaservice" || labels.len() == 2;
    has_region && labels.into_iter().all(is_label)
}

/// Service Authorization Reference, of each service its resource types: in this partition, with a Region and an
/// account, one of them or none.
fn is_source(text: &str, known: &Known, names: Names) -> bool {
    let fields: Vec<&str> = text.splitn(6, ':').collect();
    let [arn, partition, service, region, account, resource] = fields.as_slice() else {
        return false;
    };
    let is_here = *arn == "arn" && *partition == names.partition && !resource.is_empty();
    let is_nowhere =
        matches!(*service, "s3" | "route53") && region.is_empty() && account.is_empty();
    let is_regional = *service == "apigateway" && *region == names.region && account.is_empty();
    let is_plain = !resource.contains('*') && !resource.contains('?');
    let name = match *service {
        "cloudtrail" if *region == names.region => resource.strip_prefix("trail/"),
        "cloudfront" if region.is_empty() => resource.strip_prefix("distribution/"),
        _ => None,
    };
    let is_of_account = is_plain
        && account.len() == 12
        && account.bytes().all(|c| c.is_ascii_digit())
        && name.is_some_and(is_name)
        && !(known.is_from_outside && *account == OWN);
    is_here && (is_nowhere || is_regional || is_of_account)
}

/// Whether what a request tells can stand together.
pub(super) fn is_consistent(context: &[(String, Value)], known: &Known) -> bool {
    let find = |key: &str| {
        let found = context
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(key));
        found.map(|(_, value)| value)
    };
    let text = |key: &str| match find(key) {
        Some(Value::One(text)) => Some(&**text),
        Some(Value::List(_) | Value::Unknown) | None => None,
    };
    let list = |key: &str| match find(key) {
        Some(Value::List(list)) => list.iter().map(|one| &**one).collect(),
        Some(Value::One(one)) => vec![&**one],
        Some(Value::Unknown) | None => Vec::new(),
    };
    // The keys of an encryption context are those that it has.
    let keys = list("kms:EncryptionContextKeys");
    let has_team = keys.contains(&"team");
    let is_named = context
        .iter()
        .any(|(name, _)| name.eq_ignore_ascii_case("kms:EncryptionContextKeys"));
    let asks_for_both = is_named && find("kms:EncryptionContext:team").is_some();
    let pair = !asks_for_both || has_team;
    // The first of those that called is one of them.
    let via = list("aws:CalledVia");
    let called = match text("aws:CalledViaFirst") {
        Some(first) => via.is_empty() || via.first() == Some(&first),
        None => true,
    };
    // IAM User Guide: the age is there where the factor was.
    let age = text("aws:MultiFactorAuthAge").is_none()
        || text("aws:MultiFactorAuthPresent") != Some("false");
    let paths = list("aws:PrincipalOrgPaths");
    let organization = text("aws:PrincipalOrgID");
    let inside = |id: &str| known.is_from_outside && id == ORGANIZATION;
    let of_one = paths.iter().all(|path| {
        let own = path.split('/').next().unwrap_or_default();
        organization.is_none_or(|id| own == id) && !inside(own)
    });
    let outside = organization.is_none_or(|id| !inside(id))
        && text("aws:SourceOrgID").is_none_or(|id| !inside(id));
    let alias = text("kms:RequestAlias").is_none_or(|one| {
        let all = list("kms:ResourceAliases");
        all.is_empty() || all.contains(&one)
    });
    pair && called && age && of_one && outside && alias
}
