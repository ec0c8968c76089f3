//! What the values of condition keys look like (Service Authorization Reference, condition keys of AWS
//! KMS; IAM User Guide, "AWS global condition context keys").

use std::net::IpAddr;

use super::automaton::{self, Set, Step, Steps, literal};
use super::sources::{arn, some, without_account};
use crate::document::{Instant, Partition, Who};
use crate::kms;
use crate::request::{Caller, Request};

/// What the values of a key look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::prove) enum Form {
    /// Any text.
    Text,
    /// Any text, or an empty one.
    Tag,
    /// The value of a tag, which may be empty.
    TagValue,
    /// The number of an account.
    Account,
    /// `o-` and 10 to 32 small letters and digits (AWS Organizations API, `Organization.Id`).
    Organization,
    /// `o-…/r-…/ou-…/` (AWS Organizations User Guide, "The AWS Organizations entity path").
    OrganizationPath,
    Boolean,
    /// `sagemaker.eu-west-1.amazonaws.com` (KMS Developer Guide, "kms:ViaService"); the suffix of other
    /// partitions is on no page, so that it may be either.
    Via,
    /// The same of a service principal: IAM Identity Center and its identity store alone (IAM Identity Center User
    /// Guide, "Advanced KMS key policy statements", AWS managed applications).
    ServiceVia,
    /// One of these.
    OneOf(&'static [&'static str]),
    /// What a service works for: an ARN with or without a Region, and of some services without an account.
    Source,
    /// An ARN of a service in a Region and an account, of a kind.
    Arn {
        service: &'static str,
        kind: &'static str,
    },
    /// The unique id of a user.
    User,
    /// The unique id of a role, and the name of a session.
    Session,
    Number,
    /// A point of time as it is written.
    Date,
    /// The same in seconds since 1970.
    Epoch,
    Address,
    /// `vpce-1a2b3c4d`: what an id of EC2 begins with.
    Id(&'static str),
    Alias,
    /// `athena.amazonaws.com` (IAM User Guide, "AWS service principals").
    Service,
}

/// What AWS services put into the encryption context, each documented by the service: an ARN, its service
/// and what its resource begins with.
const SERVICE_CONTEXTS: [(&str, &str, &str); 9] = [
    ("aws:cloudtrail:arn", "cloudtrail", "trail/"),
    ("aws:kinesis:arn", "kinesis", "stream/"),
    ("aws:lambda:functionarn", "lambda", "function:"),
    ("aws:logs:arn", "logs", "log-group:"),
    ("aws:sns:topicarn", "sns", ""),
    ("aws:sqs:arn", "sqs", ""),
    ("aws:sqs:queuearn", "sqs", ""),
    ("parameter_arn", "ssm", "parameter/"),
    ("secretarn", "secretsmanager", "secret:"),
];

/// Through which services a service principal uses a key.
pub(in crate::prove) const IDENTITY_CENTER: [&str; 2] = ["sso", "identitystore"];

/// In lower case.
const CONTEXT: &str = "kms:encryptioncontext:";

impl Form {
    /// Of a key in lower case, in the requests of somebody.
    pub(in crate::prove) fn of(key: &str, caller: &Caller) -> Self {
        match key {
            "aws:principaltype" => Self::OneOf(&[
                "AssumedRole",
                "User",
                "Account",
                "FederatedUser",
                "Anonymous",
            ]),
            "kms:viaservice" => match caller {
                Caller::Service(_) => Self::ServiceVia,
                Caller::Identity(_) | Caller::Anonymous => Self::Via,
            },
            "aws:principalorgid" | "aws:sourceorgid" | "aws:resourceorgid" => Self::Organization,
            "aws:sourcearn" => Self::Source,
            "aws:userid" => match caller {
                Caller::Identity(identity) => match identity.who {
                    Who::User(_) => Self::User,
                    Who::Role(_) | Who::Session(..) => Self::Session,
                    Who::Root => Self::Account,
                    Who::Federated(_) => Self::Text,
                },
                Caller::Service(_) | Caller::Anonymous => Self::Text,
            },
            _ if let Some(values) = kms::listed(key) => Self::OneOf(values),
            _ => match (key.strip_prefix(CONTEXT), caller) {
                (Some(name), Caller::Service(_)) => Self::of_service_context(name),
                _ => Self::of_type(key),
            },
        }
    }

    fn of_service_context(name: &str) -> Self {
        let mut known = SERVICE_CONTEXTS.iter();
        match known.find(|(one, ..)| *one == name) {
            Some((_, service, kind)) => Self::Arn { service, kind },
            None => Self::Tag,
        }
    }

    /// By nothing but the type of the key.
    pub(in crate::prove) fn of_type(key: &str) -> Self {
        match key {
            "aws:principalaccount"
            | "kms:calleraccount"
            | "aws:sourceaccount"
            | "aws:resourceaccount"
            | "aws:sourceowner" => Self::Account,
            "aws:securetransport"
            | "aws:viaawsservice"
            | "aws:principalisawsservice"
            | "aws:multifactorauthpresent"
            | "kms:grantisforawsresource"
            | "kms:bypasspolicylockoutsafetycheck"
            | "kms:reencryptonsamekey"
            | "kms:multiregion" => Self::Boolean,
            "aws:currenttime" | "aws:tokenissuetime" => Self::Date,
            // KMS Developer Guide, "kms:ValidTo": "Unix time, in seconds".
            "aws:epochtime" | "kms:validto" => Self::Epoch,
            "aws:principalorgpaths" | "aws:resourceorgpaths" | "aws:sourceorgpaths" => {
                Self::OrganizationPath
            }
            "aws:sourcevpce" => Self::Id("vpce-"),
            "aws:sourcevpc" | "aws:ec2instancesourcevpc" => Self::Id("vpc-"),
            "kms:requestalias" | "kms:resourcealiases" => Self::Alias,
            "aws:calledvia"
            | "aws:calledviafirst"
            | "aws:calledvialast"
            | "aws:principalservicename"
            | "aws:principalservicenameslist" => Self::Service,
            "aws:multifactorauthage"
            | "kms:rotationperiodindays"
            | "kms:schedulekeydeletionpendingwindowindays"
            | "kms:trailingdayswithoutkeyusage" => Self::Number,
            "aws:sourceip" | "aws:vpcsourceip" => Self::Address,
            _ if key.starts_with("aws:principaltag/")
                || key.starts_with("aws:resourcetag/")
                || key.starts_with("aws:requesttag/") =>
            {
                Self::TagValue
            }
            // Who asks writes them: they may be empty.
            _ if key.starts_with(CONTEXT)
                || matches!(key, "aws:useragent" | "aws:referer")
                || !is_of_aws(key) =>
            {
                Self::Tag
            }
            _ => Self::Text,
        }
    }

    /// What may be told of a key of which nothing is taken for granted but its type.
    pub(in crate::prove) fn loose(key: &str) -> Self {
        let typed = Self::of_type(key);
        let is_type = matches!(
            typed,
            Self::Boolean | Self::Number | Self::Date | Self::Epoch | Self::Address
        );
        if is_type { typed } else { Self::Tag }
    }

    /// What its texts are in a partition; none where they may be anything.
    fn grammar(self, partition: &str) -> Vec<Steps> {
        match self {
            Self::Account => vec![account()],
            Self::Organization => {
                let mut steps = literal("o-");
                steps.extend([Step::One(Set::Small); 10]);
                steps.push(Step::Run(Set::Small));
                vec![steps]
            }
            Self::Via => ending(partition, &{
                let mut steps = Steps::from(some(Set::Label));
                steps.push(Step::Char('.'));
                steps.extend(some(Set::Label));
                steps
            }),
            Self::ServiceVia => IDENTITY_CENTER
                .iter()
                .flat_map(|service| {
                    let mut steps = literal(service);
                    steps.push(Step::Char('.'));
                    steps.extend(some(Set::Label));
                    ending(partition, &steps)
                })
                .collect(),
            Self::Text => vec![some(Set::Any).into()],
            Self::Boolean => vec![literal("true"), literal("false")],
            Self::OneOf(list) => list.iter().map(|text| literal(text)).collect(),
            Self::Source => {
                let service = some(Set::Label);
                let any = some(Set::Any);
                let with_region = arn(&service, &some(Set::Label), &account(), &any);
                let without = arn(&service, &[], &account(), &any);
                vec![with_region, without]
            }
            Self::Arn { service, kind } => {
                // No name of these has a colon; a version or a stream may follow one.
                let mut name = literal(kind);
                name.extend(some(Set::NoColon));
                let mut with_part = name.clone();
                with_part.push(Step::Char(':'));
                with_part.extend(some(Set::NoColon));
                let of = |name| arn(&literal(service), &some(Set::Label), &account(), name);
                let has_parts = kind.ends_with(':');
                let more = has_parts.then(|| of(&with_part));
                [of(&name)].into_iter().chain(more).collect()
            }
            Self::User => vec![id("AIDA")],
            Self::Session => {
                let mut steps = id("AROA");
                steps.push(Step::Char(':'));
                steps.extend(some(Set::Name));
                vec![steps]
            }
            Self::OrganizationPath => {
                let mut steps = literal("o-");
                steps.extend(some(Set::Small));
                steps.extend(literal("/r-"));
                steps.extend(some(Set::Path));
                steps.push(Step::Char('/'));
                vec![steps]
            }
            Self::Service => services(partition),
            Self::Number | Self::Epoch => vec![some(Set::Digit).into()],
            Self::Date => vec![date()],
            Self::Id(prefix) => {
                let mut steps = literal(prefix);
                steps.extend([Step::One(Set::Hex); 8]);
                steps.push(Step::Run(Set::Hex));
                vec![steps]
            }
            Self::Alias => {
                let mut steps = literal("alias/");
                steps.extend(some(Set::Alias));
                vec![steps]
            }
            Self::Address => {
                let mut four = Steps::from(some(Set::Digit));
                for _ in 0..3 {
                    four.push(Step::Char('.'));
                    four.extend(some(Set::Digit));
                }
                let (run, colon) = (Step::Run(Set::Address), Step::Char(':'));
                vec![four, vec![run, colon, run]]
            }
            Self::TagValue => vec![vec![Step::Run(Set::Tag)]],
            Self::Tag => Vec::new(),
        }
    }

    /// The same, where policies write these out: an id that is too short is one that stands for another, as in
    /// examples.
    pub(in crate::prove) fn grammar_beside(
        self,
        patterns: &[Steps],
        partition: &str,
    ) -> Vec<Steps> {
        let mut grammar = self.grammar(partition);
        if self == Self::Source {
            grammar.extend(without_account(patterns));
        }
        if self == Self::Organization {
            let written = patterns.iter().filter(|steps| {
                let text = automaton::as_text(steps).unwrap_or_default();
                let id = text.strip_prefix("o-").unwrap_or_default();
                !id.is_empty() && id.chars().all(|c| Set::Small.has(c))
            });
            grammar.extend(written.cloned());
        }
        grammar
    }

    /// Whether a text that the grammar has is one: a grammar says nothing of the lengths of months.
    pub(in crate::prove) fn has(self, text: &str) -> bool {
        match self {
            Self::Address => text.parse::<IpAddr>().is_ok(),
            Self::Date => Instant::read(text).is_some(),
            Self::Text
            | Self::Tag
            | Self::TagValue
            | Self::Account
            | Self::Organization
            | Self::Boolean
            | Self::Via
            | Self::ServiceVia
            | Self::OneOf(_)
            | Self::Source
            | Self::Arn { .. }
            | Self::User
            | Self::Session
            | Self::Number
            | Self::Epoch
            | Self::Id(_)
            | Self::OrganizationPath
            | Self::Service
            | Self::Alias => true,
        }
    }

    /// All its texts, where they are few.
    pub(in crate::prove) const fn listed(self) -> &'static [&'static str] {
        match self {
            Self::Boolean => &["false", "true"],
            Self::OneOf(list) => list,
            Self::Text
            | Self::Tag
            | Self::TagValue
            | Self::Account
            | Self::Organization
            | Self::Via
            | Self::ServiceVia
            | Self::Source
            | Self::Arn { .. }
            | Self::User
            | Self::Session
            | Self::Number
            | Self::Epoch
            | Self::Id(_)
            | Self::OrganizationPath
            | Self::Service
            | Self::Alias
            | Self::Date
            | Self::Address => &[],
        }
    }
}

/// What the names of services look like in a partition.
pub(in crate::prove) fn services(partition: &str) -> Vec<Steps> {
    ending(partition, &[Step::One(Set::Label), Step::Run(Set::Host)])
}

/// What ends as names of services do in a partition.
fn ending(partition: &str, begins: &[Step]) -> Vec<Steps> {
    let suffixes = Partition::suffixes(partition).into_iter();
    suffixes
        .map(|suffix| {
            let mut steps = begins.to_vec();
            steps.push(Step::Char('.'));
            steps.extend(literal(suffix));
            steps
        })
        .collect()
}

fn account() -> Steps {
    vec![Step::One(Set::Digit); 12]
}

/// A unique id (IAM User Guide, "IAM identifiers"); one that is too short stands for another, as in examples.
fn id(prefix: &str) -> Steps {
    let mut steps = literal(prefix);
    steps.extend(some(Set::Capital));
    steps
}

/// `2026-06-01T00:00:00Z` (IAM User Guide, "Date condition operators").
fn date() -> Steps {
    let shape = "dddd-dd-ddTdd:dd:ddZ".chars();
    shape
        .map(|c| match c {
            'd' => Step::One(Set::Digit),
            other => Step::Char(other),
        })
        .collect()
}

fn is_of_aws(key: &str) -> bool {
    key.starts_with("aws:") || key.starts_with("kms:") || key.starts_with("sagemaker:")
}

/// Keys that every signed request has, in lower case: "always included in the request context" (IAM User
/// Guide, "AWS global condition context keys").
pub(in crate::prove) fn is_always_there(key: &str, request: &Request) -> bool {
    let action = &request.action;
    let is_of_all = matches!(
        key,
        "aws:securetransport"
            | "aws:currenttime"
            | "aws:epochtime"
            | "aws:requestedregion"
            | "aws:viaawsservice"
            | "aws:principalisawsservice"
            | "aws:useragent"
    );
    is_of_all || kms::is_required(action, key)
}

/// Whether a key that is no list in the Service Authorization Reference has one value at the most.
pub(in crate::prove) fn is_single(key: &str) -> bool {
    is_of_aws(key)
}
