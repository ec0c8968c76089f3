//! Whom a policy names, and who asks.

use super::partition::PARTITIONS;
/// An ARN, split into its six parts (AWS General Reference, "Amazon Resource Names"); the last
/// keeps its colons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arn<'a> {
    /// `aws`, `aws-cn`, `aws-us-gov`.
    pub partition: &'a str,
    /// The service.
    pub service: &'a str,
    /// The region; empty for what has none.
    pub region: &'a str,
    /// The account; empty for what has none.
    pub account: &'a str,
    /// What is left.
    pub resource: &'a str,
}

impl<'a> Arn<'a> {
    /// Splits a text; `None` where it is no ARN.
    #[must_use]
    pub fn split(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        if parts.next()? != "arn" {
            return None;
        }
        Some(Self {
            partition: parts.next()?,
            service: parts.next()?,
            region: parts.next()?,
            account: parts.next()?,
            resource: parts.next()?,
        })
    }
}

/// Somebody that an ARN names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Of the ARN.
    pub partition: Box<str>,
    /// The account.
    pub account: Box<str>,
    /// Who it is there.
    pub who: Who,
}

impl Identity {
    /// Who is behind a session: its role, as far as the session tells.
    pub(crate) fn behind(&self) -> Self {
        match &self.who {
            Who::Session(role, _) => Self {
                who: Who::Role(role.clone()),
                ..self.clone()
            },
            Who::Root | Who::User(_) | Who::Role(_) | Who::Federated(_) => self.clone(),
        }
    }

    /// One of its sessions, of a name that none of these is; of others than roles, itself.
    pub(crate) fn session_but(&self, names: &[&str]) -> Self {
        let Who::Role(path) = &self.who else {
            return self.clone();
        };
        let mut name = "session".to_owned();
        while names.contains(&&*name) {
            name.push('-');
        }
        Self {
            who: Who::Session(path.rsplit('/').next().unwrap_or(path).into(), name.into()),
            ..self.clone()
        }
    }
}

/// Who somebody is in an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// The account itself; as a caller, its root user.
    Root,
    /// A user, with its path: `team/alice`.
    User(Box<str>),
    /// A role, with its path: `team/Deployer`.
    Role(Box<str>),
    /// A session of a role: the role's name, which has no path here, and the session's.
    Session(Box<str>, Box<str>),
    /// A session of GetFederationToken.
    Federated(Box<str>),
}

/// Whom a policy's principal names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// `"*"`: everybody, of any account.
    Everybody,
    /// An account, by its number or the ARN of its root; by number, of any partition.
    Account {
        /// Where the ARN names one.
        partition: Option<Box<str>>,
        /// The number.
        account: Box<str>,
    },
    /// A user, a role, or a session.
    Identity(Identity),
    /// An AWS service: `ec2.amazonaws.com`.
    Service(Box<str>),
    /// An identity provider, which asks for nothing but to assume a role.
    Provider(Box<str>),
    /// Nobody who could ask: a wildcard inside an ARN, the unique id of
    /// somebody who was deleted (IAM User Guide, "AWS JSON policy elements: Principal").
    Nobody(Box<str>),
}

/// What one `AWS` entry of a principal names.
pub(crate) fn entry(text: &str) -> Entry {
    if text == "*" {
        return Entry::Everybody;
    }
    if is_account(text) {
        return Entry::Account {
            partition: None,
            account: text.into(),
        };
    }
    match identity_of(text) {
        Some(_) if text.contains(['*', '?']) => Entry::Nobody(text.into()),
        Some(Identity {
            partition,
            account,
            who: Who::Root,
        }) => Entry::Account {
            partition: Some(partition),
            account,
        },
        Some(identity) => Entry::Identity(identity),
        None => Entry::Nobody(text.into()),
    }
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whom an ARN of IAM or STS names.
pub(crate) fn identity_of(text: &str) -> Option<Identity> {
    let arn = Arn::split(text)?;
    if !is_account(arn.account) || !arn.region.is_empty() {
        return None;
    }
    let who = match (arn.service, arn.resource.split_once('/')) {
        ("iam", None) if arn.resource == "root" => Who::Root,
        ("iam", Some(("user", name))) if !name.is_empty() => Who::User(name.into()),
        ("iam", Some(("role", name))) if !name.is_empty() => Who::Role(name.into()),
        ("sts", Some(("federated-user", name))) if !name.is_empty() => Who::Federated(name.into()),
        ("sts", Some(("assumed-role", rest))) => {
            let (role, session) = rest.split_once('/')?;
            if role.is_empty() || session.is_empty() {
                return None;
            }
            Who::Session(role.into(), session.into())
        }
        _ => return None,
    };
    Some(Identity {
        partition: arn.partition.into(),
        account: arn.account.into(),
        who,
    })
}

/// Whether a text is the name of a service as policies have it (IAM User Guide, "AWS service principals").
pub(crate) fn is_service_name(text: &str) -> bool {
    let of_partitions = PARTITIONS.iter().map(|one| one.suffix);
    let mut suffixes = of_partitions.chain(["amazon.com", "aws.internal"]);
    suffixes.any(|suffix| {
        let name = text.strip_suffix(suffix);
        name.is_some_and(|name| name.ends_with('.'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns_name_somebody_or_nobody() {
        let cases = [
            ("*", "Everybody"),
            ("111122223333", "Account 111122223333"),
            ("11112222333", "Nobody"),
            ("11112222333a", "Nobody"),
            ("arn:aws:iam::111122223333:root", "Account aws 111122223333"),
            (
                "arn:aws-cn:iam::111122223333:root",
                "Account aws-cn 111122223333",
            ),
            ("arn:aws:iam::111122223333:rooter", "Nobody"),
            ("arn:aws:iam:eu-west-1:111122223333:root", "Nobody"),
            ("arn:aws:iam::11112222333:root", "Nobody"),
            ("arn:aws:iam::111122223333:user/a", "User(\"a\")"),
            ("arn:aws:iam::111122223333:user/x/a", "User(\"x/a\")"),
            ("arn:aws:iam::111122223333:user/", "Nobody"),
            ("arn:aws:iam::111122223333:role/x/a", "Role(\"x/a\")"),
            ("arn:aws:iam::111122223333:role/", "Nobody"),
            ("arn:aws:iam::111122223333:role/*", "Nobody"),
            ("arn:aws:iam::111122223333:role/a?", "Nobody"),
            ("arn:aws:iam::111122223333:group/a", "Nobody"),
            (
                "arn:aws:sts::111122223333:assumed-role/a/s",
                "Session(\"a\", \"s\")",
            ),
            ("arn:aws:sts::111122223333:assumed-role/a", "Nobody"),
            ("arn:aws:sts::111122223333:assumed-role//s", "Nobody"),
            ("arn:aws:sts::111122223333:assumed-role/a/", "Nobody"),
            (
                "arn:aws:sts::111122223333:federated-user/b",
                "Federated(\"b\")",
            ),
            ("arn:aws:sts::111122223333:federated-user/", "Nobody"),
            ("arn:aws:sts::111122223333:root", "Nobody"),
            ("AROAEXAMPLE", "Nobody"),
            ("arn:aws:iam", "Nobody"),
        ];
        for (text, expected) in cases {
            let found = match entry(text) {
                Entry::Everybody => "Everybody".to_owned(),
                Entry::Account { partition, account } => {
                    let words = ["Account"].into_iter().chain(partition.as_deref());
                    words.chain([&*account]).collect::<Vec<_>>().join(" ")
                }
                Entry::Identity(identity) => format!("{:?}", identity.who),
                Entry::Service(_) => "Service".to_owned(),
                Entry::Provider(_) => "Provider".to_owned(),
                Entry::Nobody(_) => "Nobody".to_owned(),
            };
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn behind_a_session_is_its_role() {
        let who = |text: &str| match entry(text) {
            Entry::Identity(identity) => format!("{:?}", identity.behind().who),
            Entry::Everybody
            | Entry::Account { .. }
            | Entry::Service(_)
            | Entry::Provider(_)
            | Entry::Nobody(_) => {
                panic!("{text} is nobody's")
            }
        };
        let session = "arn:aws:sts::111122223333:assumed-role/a/s";
        assert_eq!(who(session), "Role(\"a\")");
        assert_eq!(who("arn:aws:iam::111122223333:user/a"), "User(\"a\")");
    }
}
