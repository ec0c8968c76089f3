//! Keys, users and roles of the inventory, as the policy engine is asked about them.

use sagelock_policy::access::{self, Principal};
use sagelock_policy::request::Caller;
use sagelock_policy::{Document, Kind};

use crate::ids::AccountId;
use crate::inventory::{self, Control, Principals};

/// IAM User Guide, "Pass session tags in AWS STS": the trust policy must allow it.
const TAG_SESSION: &str = "sts:TagSession";

/// A user or role of an account; `None` where its ARN is none.
pub(crate) fn principal_asked(
    found: &inventory::Principal,
    account: &AccountId,
    principals: &Principals,
) -> Option<Principal> {
    let caller = Caller::read(&found.arn).ok()?;
    let mut is_partial = found.is_partial;
    let mut identity = Vec::new();
    for policy in &found.policies {
        match Document::read(Kind::Identity, &policy.text) {
            Ok(document) => identity.push(document),
            Err(_) => is_partial = true,
        }
    }
    let mut boundary = None;
    if let Some(policy) = &found.boundary {
        boundary = Document::read(Kind::Boundary, &policy.text).ok();
        is_partial |= boundary.is_none();
    }
    // Where the trust policy cannot be read, sessions may have any tags.
    let is_tagged_by_sessions = found.trust.as_ref().is_some_and(|text| {
        Document::read(Kind::Trust, text).map_or(true, |document| document.may_allow(TAG_SESSION))
    });
    let tags = found.tags.iter();
    let tags = tags.map(|(name, value)| (name.into(), value.into()));
    Some(Principal {
        identity,
        boundary,
        is_partial,
        scp: controls(principals, Control::Service, account),
        tags: (!is_tagged_by_sessions).then(|| tags.collect()),
        organization: principals.controls.organization_of(account).map(Into::into),
        ..Principal::new(&found.arn, caller)
    })
}

/// Somebody of whom nothing but the ARN is known; `None` where that is not enough to ask, as of a
/// federated session, which may do what its own session policies say (IAM User Guide, "Permissions for
/// `GetFederationToken`").
pub(crate) fn principal_unread(arn: &str) -> Option<Principal> {
    let caller = Caller::read(arn).ok()?;
    if arn.contains(":federated-user/") {
        return None;
    }
    Some(Principal {
        is_partial: true,
        scp: None,
        ..Principal::new(arn, caller)
    })
}

/// The control policies of an account by level, where all of them can be read.
pub(crate) fn controls(
    principals: &Principals,
    control: Control,
    account: &AccountId,
) -> Option<Vec<Vec<Document>>> {
    let kind = match control {
        Control::Service => Kind::Scp,
        Control::Resource => Kind::Rcp,
    };
    let levels = principals.controls.levels(control, account).ok()?;
    let levels = levels.iter().map(|policies| {
        let documents = policies.iter();
        let documents = documents.map(|policy| Document::read(kind, &policy.text).ok());
        documents.collect()
    });
    levels.collect()
}

/// A key as it is asked about.
pub(crate) fn key_asked(key: &inventory::Key, principals: &Principals) -> access::Key {
    let policy = key.policy.as_ref().and_then(|read| read.fact.known());
    let policy = policy.and_then(|text| Document::read(Kind::Resource, text).ok());
    let grants = key.grants.as_ref().and_then(|read| read.fact.known());
    let tags = key.tags.as_ref().and_then(|read| read.fact.known());
    let aliases = key.aliases.as_ref().and_then(|read| read.fact.known());
    access::Key {
        policy,
        grants: grants.cloned(),
        tags: tags.map(|tags| {
            let tags = tags.iter();
            tags.map(|(name, value)| (name.into(), value.into()))
                .collect()
        }),
        aliases: aliases.map(|list| list.iter().map(|name| name.as_str().into()).collect()),
        rcp: controls(principals, Control::Resource, &key.arn.account()),
        ..access::Key::new(key.arn.as_str())
    }
}
