//! Keys, users and roles of the inventory, as the policy engine is asked about them.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use sagelock_policy::access::{self, Principal, Trust};
use sagelock_policy::request::Caller;
use sagelock_policy::{Document, Kind};

use crate::ids::AccountId;
use crate::inventory::{self, Control, Principals};
use crate::why::Why;

/// IAM User Guide, "Pass session tags in AWS STS": the trust policy must allow it.
const TAG_SESSION: &str = "sts:TagSession";

/// A text, which is kept so that no other takes its place, and what stands there.
type Known = (Arc<str>, Option<Document>);
/// Control policies of an account, by level.
type Levels = Vec<Vec<Document>>;

/// Reads policies, each text and the control policies of each account once: most of an organisation's
/// principals share them.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    principals: &'a Principals,
    /// By what they are and where their text is: the inventory keeps equal texts once.
    documents: RefCell<HashMap<(Kind, usize), Known>>,
    controls: RefCell<BTreeMap<(Control, AccountId), Option<Levels>>>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(principals: &'a Principals) -> Self {
        Self {
            principals,
            documents: RefCell::default(),
            controls: RefCell::default(),
        }
    }

    /// Forgets all but what binds accounts: the policies of one account's roles are not those of
    /// another's.
    pub(crate) fn forget(&self) {
        let mut documents = self.documents.borrow_mut();
        documents.retain(|(kind, _), _| matches!(kind, Kind::Scp | Kind::Rcp));
    }

    /// A text of the inventory.
    fn document(&self, kind: Kind, text: &Arc<str>) -> Option<Document> {
        let place = (kind, Arc::as_ptr(text).addr());
        let mut documents = self.documents.borrow_mut();
        let read = || (text.clone(), Document::read(kind, text).ok());
        documents.entry(place).or_insert_with(read).1.clone()
    }

    /// A user or role of an account.
    ///
    /// # Errors
    /// Its ARN is nobody's.
    pub(crate) fn principal(
        &self,
        found: &inventory::Principal,
        account: &AccountId,
    ) -> Result<Principal, Why> {
        let known = self.nobody(&found.arn, account)?;
        let mut is_partial = found.is_partial;
        let mut identity = Vec::new();
        for policy in &found.policies {
            match self.document(Kind::Identity, &policy.text) {
                Some(document) => identity.push(document),
                None => is_partial = true,
            }
        }
        let mut boundary = None;
        if let Some(policy) = &found.boundary {
            boundary = self.document(Kind::Boundary, &policy.text);
            is_partial |= boundary.is_none();
        }
        let trust = match &found.trust {
            None => Trust::NotAsked,
            Some(text) => match self.document(Kind::Trust, text) {
                Some(document) => Trust::Known(document),
                None => Trust::Unread,
            },
        };
        // Where the trust policy cannot be read, sessions may have any tags.
        let is_tagged_by_sessions = match &trust {
            Trust::NotAsked => false,
            Trust::Unread => true,
            Trust::Known(document) => document.may_allow(TAG_SESSION),
        };
        let tags = found.tags.iter();
        let tags = tags.map(|(name, value)| (name.into(), value.into()));
        Ok(Principal {
            identity,
            boundary,
            is_partial,
            trust,
            tags: (!is_tagged_by_sessions).then(|| tags.collect()),
            id: found.id.clone(),
            ..known
        })
    }

    /// Somebody of an account who has no policies, as its root.
    ///
    /// # Errors
    /// The ARN is nobody's.
    pub(crate) fn nobody(&self, arn: &str, account: &AccountId) -> Result<Principal, Why> {
        let caller = read(arn)?;
        let organization = self.principals.controls.organization_of(account);
        Ok(Principal {
            scp: self.controls(Control::Service, account),
            tags: Some(Vec::new()),
            organization,
            ..Principal::new(arn, caller)
        })
    }

    /// The control policies of an account by level, where all of them can be read.
    pub(crate) fn controls(&self, control: Control, account: &AccountId) -> Option<Levels> {
        let place = (control, account.clone());
        if let Some(known) = self.controls.borrow().get(&place) {
            return known.clone();
        }
        let found = self.controls_anew(control, account);
        self.controls.borrow_mut().insert(place, found.clone());
        found
    }

    fn controls_anew(&self, control: Control, account: &AccountId) -> Option<Levels> {
        let kind = match control {
            Control::Service => Kind::Scp,
            Control::Resource => Kind::Rcp,
        };
        let levels = self.principals.controls.levels(control, account).ok()?;
        let levels = levels.into_iter().map(|texts| {
            let texts = texts.into_iter();
            texts
                .map(|policy| self.document(kind, &policy.text))
                .collect()
        });
        levels.collect()
    }

    /// A key as it is asked about.
    pub(crate) fn key(&self, key: &inventory::Key) -> access::Key {
        let tags = key.tags.as_ref().and_then(|read| read.fact.known());
        let aliases = key.aliases.as_ref().and_then(|read| read.fact.known());
        access::Key {
            policy: key.document().ok().cloned(),
            grants: key.known_grants().ok().map(<[_]>::to_vec),
            tags: tags.map(|tags| {
                let tags = tags.iter();
                tags.map(|(name, value)| (name.into(), value.into()))
                    .collect()
            }),
            aliases: aliases.map(|list| list.iter().map(|name| name.as_str().into()).collect()),
            rcp: self.controls(Control::Resource, &key.arn.account()),
            ..access::Key::new(key.arn.as_str())
        }
    }
}

fn read(arn: &str) -> Result<Caller, Why> {
    Caller::read(arn).map_err(|_| Why::Nobody(arn.into()))
}

/// Somebody of whom nothing but the ARN is known.
///
/// # Errors
/// That is not enough to ask: the ARN is nobody's, or a federated session's, which may do what its own
/// session policies say (IAM User Guide, "Permissions for `GetFederationToken`").
pub(crate) fn principal_unread(arn: &str) -> Result<Principal, Why> {
    let caller = read(arn)?;
    if arn.contains(":federated-user/") {
        return Err(Why::Nobody(arn.into()));
    }
    Ok(Principal {
        is_partial: true,
        scp: None,
        ..Principal::new(arn, caller)
    })
}
