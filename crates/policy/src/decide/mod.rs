//! How the parts make a decision (IAM User Guide, "Policy evaluation logic"; KMS Developer Guide,
//! "Determining access to KMS keys"). It is written once, over any logic: with three values it
//! evaluates a request, with formulas it speaks of all requests at once.

mod grants;
mod weigh;

use crate::document::{Kind, Statement};
use crate::evaluate::Open;
use crate::request::{Grant, Stack};
use grants::grants;
use weigh::{cap, rcp, resource, scp, weigh};

/// Truth, and what can be done with it.
pub trait Logic {
    /// A truth.
    type Truth: Clone;

    /// What is so, or is not.
    fn constant(&mut self, is: bool) -> Self::Truth;
    /// Both.
    fn and(&mut self, one: Self::Truth, other: Self::Truth) -> Self::Truth;
    /// One at least.
    fn or(&mut self, one: Self::Truth, other: Self::Truth) -> Self::Truth;
    /// The contrary.
    fn not(&mut self, one: Self::Truth) -> Self::Truth;
    /// What is settled already, whatever else is found.
    fn settled(&self, truth: &Self::Truth) -> Option<bool>;
}

/// What only the request can tell.
pub(crate) trait Leaves: Logic {
    fn principal(&mut self, statement: &Statement, class: Class) -> Self::Truth;
    fn action(&mut self, statement: &Statement) -> Self::Truth;
    fn resource(&mut self, statement: &Statement) -> Self::Truth;
    /// The condition of that place.
    fn condition(&mut self, statement: &Statement, index: usize) -> Self::Truth;
    fn is(&mut self, property: Property) -> Self::Truth;
    /// Whether a grant gives what is asked to who asks.
    fn grant(&mut self, grant: &Grant) -> Self::Truth;
    fn open(&mut self, question: Open) -> Self::Truth;
    /// A statement was looked at, to that end.
    fn looked_at(&mut self, place: Place, statement: &Statement, truths: &[(Class, Self::Truth)]);
}

/// How a statement of a resource's policy names the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// In any way, or without naming anybody.
    Any,
    /// By its own ARN, or as everybody.
    Direct,
    /// By its role.
    Role,
    /// By its account.
    Account,
}

/// What is asked of the caller and the action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Property {
    /// The caller is of the resource's account.
    SameAccount,
    /// The root user of an account.
    Root,
    /// An AWS service on its own behalf.
    Service,
    Anonymous,
    /// A session of a service-linked role.
    ServiceLinked,
    /// A session of GetFederationToken.
    Federated,
    /// The action can be allowed across accounts.
    Crosses,
    /// The action is kms:RetireGrant.
    Retires,
    /// The caller is of the account that issued a grant.
    Issuer,
    /// What is about the grantee's own ARN, or its role, or its account.
    GranteeIs(Class),
}

/// A place in a stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// What kind of document.
    pub kind: Kind,
    /// The level of an SCP or RCP, the root of the organisation first; else 0.
    pub level: usize,
    /// Which of the documents.
    pub document: usize,
    /// Which of its statements.
    pub statement: usize,
}

/// Who has a say about a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Authority {
    /// The key policy, first of all.
    Key,
    /// Whoever is attached to the caller; the resource has no policy.
    Caller,
    /// The caller's policies and the resource's.
    Either,
    /// Nobody: who asks needs no permission, and none can be taken away.
    Nobody,
}

/// The parts of a decision.
#[derive(Clone, Debug)]
pub(crate) struct Decision<T> {
    /// Something denies.
    pub(crate) denied: T,
    /// Every service control policy level allows, or does not matter.
    pub(crate) scp: T,
    /// The VPC endpoint allows, or there is none.
    pub(crate) endpoint: T,
    /// What the resource's policy allows by itself.
    pub(crate) direct: T,
    /// What it allows the caller's role.
    pub(crate) role: T,
    /// What it leaves to the caller's account.
    pub(crate) account: T,
    /// What the caller's own policies allow, boundary and session policy included.
    pub(crate) caller: T,
    /// Boundary and session policy allow, or there are none.
    pub(crate) cap: T,
    /// A grant allows.
    pub(crate) grant: T,
    /// All together, without `denied`.
    pub(crate) allowed: T,
}

/// Decides.
pub(crate) fn decide<L: Leaves>(
    l: &mut L,
    stack: &Stack,
    authority: Authority,
) -> Decision<L::Truth> {
    if authority == Authority::Nobody {
        return free(l);
    }
    let identity = weigh(l, Kind::Identity, 0, &stack.identity);
    let boundary = cap(l, Kind::Boundary, stack.boundary.as_ref());
    let session = cap(l, Kind::Session, stack.session.as_ref());
    let (scp, scp_deny) = scp(l, stack);
    let rcp_deny = rcp(l, stack);
    let endpoint = cap(l, Kind::Endpoint, stack.endpoint.as_ref());
    let resource = resource(l, stack, authority);

    let mut denied = identity.deny;
    for side in [
        boundary.deny,
        session.deny,
        scp_deny,
        rcp_deny,
        endpoint.deny,
        resource.deny,
    ] {
        denied = l.or(denied, side);
    }
    let cap = l.and(boundary.allow, session.allow);
    let caller = own(l, stack, identity.allow, cap.clone());
    let grant = grants(l, stack, &cap, &caller);
    let mut decision = Decision {
        denied,
        scp,
        endpoint: endpoint.allow,
        direct: resource.direct,
        role: resource.role,
        account: resource.account,
        caller,
        cap,
        grant,
        allowed: l.constant(false),
    };
    let paths = paths(l, &decision, authority);
    let gates = l.and(decision.scp.clone(), decision.endpoint.clone());
    decision.allowed = l.and(gates, paths);
    decision
}

/// What needs no permission.
fn free<L: Leaves>(l: &mut L) -> Decision<L::Truth> {
    let (yes, no) = (l.constant(true), l.constant(false));
    Decision {
        denied: no.clone(),
        scp: yes.clone(),
        endpoint: yes.clone(),
        direct: no.clone(),
        role: no.clone(),
        account: no.clone(),
        caller: yes.clone(),
        cap: yes.clone(),
        grant: no,
        allowed: yes,
    }
}

/// What allows, by any of the ways there are.
fn paths<L: Leaves>(l: &mut L, decision: &Decision<L::Truth>, authority: Authority) -> L::Truth {
    let Decision {
        direct,
        role,
        account,
        caller,
        cap,
        grant,
        ..
    } = decision;
    let same = l.is(Property::SameAccount);
    let service = l.is(Property::Service);
    let anonymous = l.is(Property::Anonymous);
    // Neither an AWS service nor who does not sign has policies of its own: what names it is enough.
    let nobody = l.or(service, anonymous.clone());
    let by_name = l.and(nobody, direct.clone());
    let here = {
        let capped = l.and(role.clone(), cap.clone());
        let left = l.and(account.clone(), caller.clone());
        let left = match authority {
            Authority::Key => left,
            Authority::Caller | Authority::Either | Authority::Nobody => l.or(left, caller.clone()),
        };
        let either = l.or(capped, left);
        l.or(direct.clone(), either)
    };
    let here = l.and(same.clone(), here);
    let there = {
        let named = l.or(role.clone(), account.clone());
        let named = l.or(direct.clone(), named);
        let both = l.and(named, caller.clone());
        let crosses = match authority {
            Authority::Key => l.is(Property::Crosses),
            Authority::Caller => l.constant(false),
            Authority::Either | Authority::Nobody => l.constant(true),
        };
        l.and(crosses, both)
    };
    let elsewhere = l.not(same);
    let there = l.and(elsewhere, there);
    let paths = l.or(here, there);
    let paths = l.or(paths, by_name);
    let paths = l.or(paths, grant.clone());
    if authority == Authority::Key {
        // KMS Developer Guide, "Determining access to KMS keys": requests are signed.
        let signed = l.not(anonymous);
        return l.and(signed, paths);
    }
    paths
}

/// What the caller's own policies allow.
fn own<L: Leaves>(l: &mut L, stack: &Stack, allow: L::Truth, cap: L::Truth) -> L::Truth {
    let allow = l.and(allow, cap);
    let root = l.is(Property::Root);
    let allow = l.or(root, allow);
    if stack.session.is_some() {
        return allow;
    }
    // IAM User Guide, "Permissions for GetFederationToken": without a session policy the session
    // has no permissions by the user's own.
    let federated = l.is(Property::Federated);
    let other = l.not(federated);
    l.and(other, allow)
}
