//! Who can use a key: questions of which the answer is a proof.

mod actions;
mod after;
mod channel;
mod circle;
mod compare;
mod holding;
mod lockout;
mod may;
mod outsiders;
mod powers;
mod users;
mod way;

use std::borrow::Cow;

pub use circle::{Circle, Course, OwnUse, Place, may_matter};
pub use compare::{Beyond, Comparison, Own, compare};
pub(crate) use holding::can_hold;
pub use lockout::{Administrator, Lockout, lockout};
pub use may::{Denial, May, On, Told, may};
pub use outsiders::{Outsider, outsiders};
pub use powers::{Power, powers};
pub use users::{Use, Users};
pub use way::{Step, Way};

use crate::document::{Arn, Document, Entry, Identity, Kind, Who, entry};
use crate::prove::Asker;
use crate::request::{Caller, Grant, Stack};
use crate::write::{Policy, Statement};

/// A key, and what says who may use it.
#[derive(Clone, Debug)]
pub struct Key {
    /// Its ARN.
    pub arn: Box<str>,
    /// `None`: the key policy is not known.
    pub policy: Option<Document>,
    /// Its grants; `None` where they are not known.
    pub grants: Option<Vec<Grant>>,
    /// The names of its aliases, `alias/…`; `None` where they are not known.
    pub aliases: Option<Vec<Box<str>>>,
    /// Its tags; `None` where they are not known.
    pub tags: Option<Vec<(Box<str>, Box<str>)>>,
    /// Resource control policies of its account, by level; `None` where they are not known.
    pub rcp: Option<Vec<Vec<Document>>>,
}

impl Key {
    /// A key of which nothing is known.
    #[must_use]
    pub fn new(arn: &str) -> Self {
        Self {
            arn: arn.into(),
            policy: None,
            grants: None,
            aliases: None,
            tags: None,
            rcp: Some(Vec::new()),
        }
    }

    /// The account of its ARN.
    #[must_use]
    pub fn account(&self) -> &str {
        Arn::split(&self.arn).map_or("", |arn| arn.account)
    }

    fn region(&self) -> &str {
        Arn::split(&self.arn).map_or("", |arn| arn.region)
    }

    fn partition(&self) -> &str {
        Arn::split(&self.arn).map_or("aws", |arn| arn.partition)
    }

    fn grants(&self) -> &[Grant] {
        self.grants.as_deref().unwrap_or_default()
    }

    /// What decides, whoever asks.
    fn stack(&self) -> Stack {
        Stack {
            rcp: self.rcp.clone().unwrap_or_default(),
            resource: self.policy.clone(),
            // Whoever asks can wait until a grant is known everywhere.
            grants: self
                .grants()
                .iter()
                .map(|grant| Grant {
                    created: None,
                    ..grant.clone()
                })
                .collect(),
            ..Stack::default()
        }
    }

    /// Whom the key policy and the grants name, services and `*` left out; an account is its root.
    fn named(&self) -> Vec<Identity> {
        let statements = self.policy.iter().flat_map(Document::statements);
        let principals = statements.filter_map(|statement| statement.principals.as_ref());
        let written = principals.flat_map(|principals| principals.list.iter());
        let granted = self.grants().iter().flat_map(|grant| {
            let texts = [&grant.grantee, &grant.retiring, &grant.issuer];
            texts.into_iter().flatten().map(|text| entry(text))
        });
        written
            .map(Cow::Borrowed)
            .chain(granted.map(Cow::Owned))
            .filter_map(|entry| match entry.into_owned() {
                Entry::Identity(identity) => Some(identity),
                Entry::Account { partition, account } => Some(Identity {
                    partition: partition.unwrap_or_else(|| self.partition().into()),
                    account,
                    who: Who::Root,
                }),
                Entry::Everybody | Entry::Service(_) | Entry::Provider(_) | Entry::Nobody(_) => {
                    None
                }
            })
            .collect()
    }
}

/// A user or role, and what says what it may do.
#[derive(Clone, Debug)]
pub struct Principal {
    /// Its ARN, with its path.
    pub arn: Box<str>,
    /// The same, read.
    pub caller: Caller,
    /// Of the user and its groups, or of the role.
    pub identity: Vec<Document>,
    /// Its permissions boundary.
    pub boundary: Option<Document>,
    /// Not all of its policies could be read.
    pub is_partial: bool,
    /// Service control policies of its account, by level; `None` where they are not known.
    pub scp: Option<Vec<Vec<Document>>>,
    /// A session policy, which every session of it has.
    pub session: Option<Document>,
    /// Its unique id, where it is known: `AROA…`, `AIDA…`.
    pub id: Option<Box<str>>,
    /// Of a role, who may assume it.
    pub trust: Trust,
    /// Its tags, where they are known and sessions cannot have others (IAM User Guide, "Pass session
    /// tags in AWS STS").
    pub tags: Option<Vec<(Box<str>, Box<str>)>>,
    /// The organisation of its account.
    pub organization: Organization,
}

impl Principal {
    /// Somebody without policies.
    #[must_use]
    pub fn new(arn: &str, caller: Caller) -> Self {
        Self {
            arn: arn.into(),
            caller,
            identity: Vec::new(),
            boundary: None,
            is_partial: false,
            scp: Some(Vec::new()),
            session: None,
            id: None,
            trust: Trust::NotAsked,
            tags: None,
            organization: Organization::Unknown,
        }
    }
}

impl Principal {
    /// Whether its own policies and what bounds them may allow an action on something, by names alone: a policy of the
    /// resource is not looked at.
    fn may_ever(&self, action: &str, resource: Option<&str>) -> bool {
        let allows = |documents: &[Document]| Document::any_may_allow(documents, action, resource);
        let Caller::Identity(identity) = &self.caller else {
            return true;
        };
        // What is not known may allow everything, and the root user needs no policy.
        if self.is_partial || identity.who == Who::Root {
            return true;
        }
        allows(&self.identity)
            && self
                .boundary
                .iter()
                .all(|one| allows(std::slice::from_ref(one)))
            && self
                .session
                .iter()
                .all(|one| allows(std::slice::from_ref(one)))
            && self.scp.iter().flatten().all(|level| allows(level))
    }

    /// Beside what decides whoever asks, what has a say about it.
    fn stack(&self, of_others: Stack) -> Stack {
        Stack {
            // What is not known may allow everything.
            identity: if self.is_partial {
                everything()
            } else {
                self.identity.clone()
            },
            boundary: self.boundary.clone().filter(|_| !self.is_partial),
            scp: self.scp.clone().unwrap_or_default(),
            session: self.session.clone(),
            ..of_others
        }
    }
}

/// The organisation that an account is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Organization {
    /// Nobody has told.
    Unknown,
    /// It is of none.
    None,
    /// It is of this one: `o-…`.
    Of(Box<str>),
}

/// The trust policy of a role.
#[derive(Clone, Debug)]
pub enum Trust {
    /// It is no role, or nobody asked: who may assume it is not followed.
    NotAsked,
    /// It could not be read.
    Unread,
    /// It was read.
    Known(Document),
}

/// Policies that allow everything.
fn everything() -> Vec<Document> {
    thread_local! {
        static EVERYTHING: Vec<Document> = of_one(Kind::Identity, Statement::allow("*"));
    }
    EVERYTHING.with(Clone::clone)
}

/// What decides where somebody's own policies allow everything: of a federated user, its session policy does,
/// without which it has nothing of these (AWS STS API, GetFederationToken).
fn allowing<'s>(stack: &'s Stack, asker: &Asker) -> Cow<'s, Stack> {
    if asker.is_federated() && !stack.identity.is_empty() {
        let session = of_one(Kind::Session, Statement::allow("*")).pop();
        Cow::Owned(Stack {
            session,
            ..stack.clone()
        })
    } else {
        Cow::Borrowed(stack)
    }
}

/// A document of one statement.
fn of_one(kind: Kind, statement: Statement) -> Vec<Document> {
    let written = Policy::new([statement]).document(kind);
    written.into_iter().collect()
}
