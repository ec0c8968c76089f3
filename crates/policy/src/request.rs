//! What is asked, by whom, and the documents that decide it.

use std::fmt;

use crate::context::{Context, Value};
use crate::decide::Authority;
use crate::document::{Document, Identity, Who, identity_of};
use crate::kms;

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// A root user, a user, a role or a session of either; a role is one of its sessions of which
    /// the name is not known.
    Identity(Identity),
    /// An AWS service on its own behalf: `ec2.amazonaws.com`.
    Service(Box<str>),
    /// Nobody signed it.
    Anonymous,
}

/// A text names nobody who could ask.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is nobody who can ask: expected the ARN of a user, role, session or account root, or a \
     service like ec2.amazonaws.com"
)]
pub struct NoCaller(String);

impl Caller {
    /// Reads an ARN, the name of a service, or `*` for a call that nobody signed.
    ///
    /// # Errors
    /// It is none of these.
    pub fn read(text: &str) -> Result<Self, NoCaller> {
        if text == "*" {
            return Ok(Self::Anonymous);
        }
        if let Some(identity) = identity_of(text) {
            return Ok(Self::Identity(identity));
        }
        if text.contains('.') && !text.contains([':', '/', ' ']) {
            return Ok(Self::Service(text.into()));
        }
        Err(NoCaller(text.to_owned()))
    }

    /// Its account, where it has one.
    #[must_use]
    pub fn account(&self) -> Option<&str> {
        match self {
            Self::Identity(identity) => Some(&identity.account),
            Self::Service(_) | Self::Anonymous => None,
        }
    }
}

/// A request to be decided.
#[derive(Clone, Debug)]
pub struct Request {
    pub(crate) caller: Caller,
    /// The caller's role with its path, where the request tells it.
    pub(crate) role: Option<Box<str>>,
    /// In lower case: `kms:decrypt`.
    pub(crate) action: Box<str>,
    /// As it was written.
    pub(crate) written: Box<str>,
    pub(crate) resource: Box<str>,
    pub(crate) account: Box<str>,
    pub(crate) context: Context,
    /// Who has a say about the resource.
    pub(crate) authority: Authority,
    /// The action can be allowed across accounts.
    pub(crate) crosses: bool,
    /// The caller is of the resource's account.
    pub(crate) is_same_account: bool,
}

/// A text is no action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoAction(String);

impl fmt::Display for NoAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` is no action: expected service:Name, like kms:Decrypt",
            self.0
        )
    }
}

impl std::error::Error for NoAction {}

impl Request {
    /// A request of an action (`kms:Decrypt`) on a resource, which is an ARN or `*`, of an account.
    ///
    /// # Errors
    /// The action is none.
    pub fn new(
        caller: Caller,
        action: &str,
        resource: &str,
        account: &str,
        context: Context,
    ) -> Result<Self, NoAction> {
        let is_action = action
            .split_once(':')
            .is_some_and(|(service, name)| !service.is_empty() && !name.is_empty());
        if !is_action || action.contains(['*', '?', ' ', ',', '\t']) {
            return Err(NoAction(action.to_owned()));
        }
        let role = role_of(&caller, &context);
        let written = action.into();
        let action = action.to_ascii_lowercase();
        let (service, name) = action.split_once(':').unwrap_or_default();
        Ok(Self {
            authority: authority(service, name, resource),
            crosses: service != "kms" || kms::crosses(name),
            is_same_account: caller.account() == Some(account),
            caller,
            role,
            action: action.into(),
            written,
            resource: resource.into(),
            account: account.into(),
            context,
        })
    }

    /// The same, with a context of these keys and no others; `None` is that a key is absent.
    pub(crate) fn with(&self, told: impl IntoIterator<Item = (String, Option<Value>)>) -> Self {
        let context = Context::whole(told);
        Self {
            role: role_of(&self.caller, &context),
            context,
            ..self.clone()
        }
    }

    /// The same request of another action.
    pub(crate) fn of_action(&self, action: &str) -> Result<Self, NoAction> {
        let (caller, context) = (self.caller.clone(), self.context.clone());
        Self::new(caller, action, &self.resource, &self.account, context)
    }

    /// The service and the name of the action, in lower case.
    pub(crate) fn action_parts(&self) -> (&str, &str) {
        self.action.split_once(':').unwrap_or((&self.action, ""))
    }
}

/// An alias is governed by the caller's policies; the trust policy of a role as a key policy is (IAM
/// User Guide, "Granting a user permissions to switch roles").
fn authority(service: &str, name: &str, resource: &str) -> Authority {
    match service {
        "kms" if resource.contains(":alias/") => Authority::Caller,
        "kms" if kms::is_about_key(name) => Authority::Key,
        "sts" if is_by_trust(name) => Authority::Key,
        // STS API, GetCallerIdentity: "No permissions are required", and a Deny does not matter.
        "sts" if name == "getcalleridentity" => Authority::Nobody,
        "kms" => Authority::Caller,
        _ if kms::has_resource_policies(service) => Authority::Either,
        _ => Authority::Caller,
    }
}

/// Whether the trust policy of a role decides an action of STS, in lower case.
pub(crate) fn is_by_trust(name: &str) -> bool {
    matches!(name, "assumerole" | "tagsession" | "setsourceidentity")
        || name.starts_with("assumerolewith")
}

/// The path and name of a caller's role: a session's ARN has no path, `aws:PrincipalArn` has it
/// (IAM User Guide, "AWS global condition context keys").
fn role_of(caller: &Caller, context: &Context) -> Option<Box<str>> {
    let Caller::Identity(identity) = caller else {
        return None;
    };
    match &identity.who {
        Who::Role(role) => Some(role.clone()),
        Who::Session(name, _) => {
            let told = identity_of(context.one("aws:principalarn")?)?;
            let Who::Role(role) = told.who else {
                return None;
            };
            let is_same =
                told.account == identity.account && role.rsplit('/').next() == Some(&**name);
            is_same.then_some(role)
        }
        Who::Root | Who::User(_) | Who::Federated(_) => None,
    }
}

/// The documents that decide a request.
#[derive(Clone, Debug, Default)]
pub struct Stack {
    /// Of the user, its groups, or the role.
    pub identity: Vec<Document>,
    /// The permissions boundary, where there is one.
    pub boundary: Option<Document>,
    /// The session policy, where there is one.
    pub session: Option<Document>,
    /// Service control policies of the caller's account, by level, the root of the organisation
    /// first; none at all where the account is in no organisation.
    pub scp: Vec<Vec<Document>>,
    /// Resource control policies of the resource's account, by level.
    pub rcp: Vec<Vec<Document>>,
    /// The policy of the VPC endpoint that the request came through, where it came through one.
    pub endpoint: Option<Document>,
    /// The policy of the key or other resource; `None` where it is not known.
    pub resource: Option<Document>,
    /// The grants of the key.
    pub grants: Vec<Grant>,
}

impl Stack {
    /// The same, without the grants that are nothing to somebody.
    pub(crate) fn about(&self, caller: &Caller) -> Self {
        let grants = self.grants.iter().filter(|grant| grant.may_be_of(caller));
        Self {
            grants: grants.cloned().collect(),
            ..self.without_grants()
        }
    }

    fn without_grants(&self) -> Self {
        Self {
            identity: self.identity.clone(),
            boundary: self.boundary.clone(),
            session: self.session.clone(),
            scp: self.scp.clone(),
            rcp: self.rcp.clone(),
            endpoint: self.endpoint.clone(),
            resource: self.resource.clone(),
            grants: Vec::new(),
        }
    }

    /// Every document.
    pub(crate) fn documents(&self) -> impl Iterator<Item = &Document> {
        let levels = self.scp.iter().chain(&self.rcp).flatten();
        let single = [
            &self.boundary,
            &self.session,
            &self.endpoint,
            &self.resource,
        ];
        let single = single.into_iter().flatten();
        self.identity.iter().chain(levels).chain(single)
    }
}

/// A key of an encryption context, and its value.
pub type Pair = (Box<str>, Box<str>);

/// A grant of a KMS key (AWS KMS API, ListGrants, `GrantListEntry`).
#[derive(Clone, Debug, Default)]
pub struct Grant {
    /// `KeyId`: the ARN of the key, or its id.
    pub key: Option<Box<str>>,
    /// `GrantId`.
    pub id: Option<Box<str>>,
    /// `GranteePrincipal` or `GranteeServicePrincipal`.
    pub grantee: Option<Box<str>>,
    /// `GranteePrincipal` shows a service, "which might represent several different grantee
    /// principals".
    pub is_masked: bool,
    /// `RetiringPrincipal` or `RetiringServicePrincipal`.
    pub retiring: Option<Box<str>>,
    /// `IssuingAccount`, its number.
    pub issuer: Option<Box<str>>,
    /// `Operations`, in lower case.
    pub operations: Vec<Box<str>>,
    /// `Constraints.EncryptionContextEquals`.
    pub context_equals: Option<Vec<Pair>>,
    /// `Constraints.EncryptionContextSubset`.
    pub context_subset: Option<Vec<Pair>>,
    /// `Constraints.SourceArn`.
    pub source: Option<Box<str>>,
    /// `CreationDate`, in seconds since 1970.
    pub created: Option<i64>,
}

impl Grant {
    /// Whether its grantee, or who retires it, is an account.
    pub(crate) fn is_to_account(&self) -> bool {
        let texts = [&self.grantee, &self.retiring];
        let mut texts = texts.into_iter().flatten();
        texts.any(|text| {
            matches!(
                crate::document::entry(text),
                crate::document::Entry::Account { .. }
            )
        })
    }

    /// Whether it may give or leave anything to somebody: it names somebody of its account, or the service.
    fn may_be_of(&self, caller: &Caller) -> bool {
        let texts = [&self.grantee, &self.retiring, &self.issuer];
        let mut texts = texts.into_iter().flatten();
        match caller {
            Caller::Service(name) => texts.any(|text| text == name),
            Caller::Identity(identity) => {
                let named = |who: &Who| {
                    match who {
                        Who::User(path) | Who::Role(path) => path.rsplit('/').next(),
                        Who::Session(role, _) => Some(&**role),
                        Who::Federated(_) | Who::Root => None,
                    }
                    .map(ToOwned::to_owned)
                };
                let own = named(&identity.who);
                texts.any(|text| match identity_of(text) {
                    Some(other) => {
                        let is_here = other.account == identity.account;
                        let other = named(&other.who);
                        is_here && (other.is_none() || own.is_none() || own == other)
                    }
                    // The number of an account, or what names nobody.
                    None => text.contains(&*identity.account),
                })
            }
            Caller::Anonymous => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_asks_and_for_what_is_read() {
        for text in [
            "",
            "alice",
            "a b.c",
            "a:b.c",
            "a/b.c",
            "arn:aws:iam::1:user/a",
        ] {
            assert_eq!(
                Caller::read(text).map_err(|error| error.to_string()),
                Err(format!(
                    "`{text}` is nobody who can ask: expected the ARN of a user, role, session or \
                     account root, or a service like ec2.amazonaws.com"
                ))
            );
        }
        assert_eq!(Caller::read("*"), Ok(Caller::Anonymous));
        let service = Caller::read("ec2.amazonaws.com");
        assert_eq!(service, Ok(Caller::Service("ec2.amazonaws.com".into())));
        for text in [
            "Decrypt",
            "kms:",
            ":Decrypt",
            "kms:*",
            "kms:Decryp?",
            "kms:Decrypt ",
        ] {
            let asked = Request::new(Caller::Anonymous, text, "*", "1", Context::default());
            assert_eq!(
                asked.map(|_| ()).map_err(|error| error.to_string()),
                Err(format!(
                    "`{text}` is no action: expected service:Name, like kms:Decrypt"
                ))
            );
        }
    }

    #[test]
    fn another_context_may_tell_another_path_of_the_role() {
        let session =
            Caller::read("arn:aws:sts::111122223333:assumed-role/a/s").expect("a session");
        let role = |path: &str| {
            let arn = format!("arn:aws:iam::111122223333:role/{path}");
            [("aws:PrincipalArn".to_owned(), Some(Value::One(arn.into())))]
        };
        let asked = Request::new(
            session,
            "kms:Decrypt",
            "*",
            "111122223333",
            Context::default(),
        );
        let asked = asked.expect("a request");
        assert_eq!(asked.role, None);
        assert_eq!(asked.with(role("team/a")).role.as_deref(), Some("team/a"));
        let told = asked.with(role("team/a")).with([]);
        assert_eq!(told.role, None);
    }
}
