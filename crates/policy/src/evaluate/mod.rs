//! One request, decided in three values.

pub(crate) mod condition;
mod grant;
mod leaves;
mod principal;
mod resource;
mod told;

use std::fmt;

pub use told::{Answer, Because, Shut, Verdict};

use crate::decide::{Authority, Decision, decide};
use crate::request::{Request, Stack};
pub use grant::is_like;
pub(crate) use leaves::{Evaluation, Why};

/// Truth in three values (Kleene's strong logic).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Truth {
    No,
    Unknown,
    Yes,
}

impl Truth {
    pub(crate) const fn of(is: bool) -> Self {
        if is { Self::Yes } else { Self::No }
    }

    pub(crate) const fn negated(self) -> Self {
        match self {
            Self::No => Self::Yes,
            Self::Unknown => Self::Unknown,
            Self::Yes => Self::No,
        }
    }
}

/// What AWS does not document, or documents in two ways. Where a decision depends on one of these,
/// it is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Open {
    /// The key policy, or the policy of the resource, was not given.
    ResourcePolicy,
    /// Whether a boundary or session policy takes from what a grant gives to a role.
    CappedGrant,
    /// How a grant to an account is handed on within it.
    AccountGrant,
    /// Whether a grant that another account issued is enough for a caller without own permission.
    ForeignGrant,
    /// Whether the keys of a grant's encryption context are compared by case: the developer guide
    /// and the API reference differ.
    GrantContextCase,
    /// Whether a grant that is younger than five minutes is known everywhere.
    YoungGrant,
    /// What a grant that may hand on grants demands of a CreateGrant whose operations or constraints
    /// are not told.
    ChildGrant,
    /// `ForAnyValue:…IfExists` with an absent key.
    AnyIfExists,
    /// A negated operator without `ForAnyValue` or `ForAllValues` on a key with several values.
    NegatedList,
    /// A condition with an empty list of values.
    NoValues,
    /// A negated operator on a value that is no number, date, boolean or address.
    NegatedUnreadable,
    /// A policy variable under `Bool`.
    BooleanVariable,
    /// A policy variable of a key with several values under a negated operator.
    ListVariable,
    /// `NotPrincipal` that lists some of the caller's account, role and session.
    PartNotPrincipal,
    /// Keys that differ in case only.
    KeyTwice,
    /// `NotPrincipal` with `Allow`, which AWS says not to use, and not what it does.
    AllowNotPrincipal,
    /// A policy variable before the fifth colon of a `Resource`.
    ArnVariable,
    /// A wildcard inside a segment of a `Resource` that would have to match beyond it.
    ArnWildcard,
    /// A wildcard in a condition that stands for several fields of an ARN.
    ShortArn,
    /// Whom a grant is to that shows a service as its grantee.
    MaskedGrantee,
    /// The path of the caller's role.
    RolePath,
    /// The name of the caller's session, or the user behind a federated one.
    SessionName,
}

impl Open {
    /// Each of them.
    pub const ALL: [Self; 22] = [
        Self::ResourcePolicy,
        Self::CappedGrant,
        Self::AccountGrant,
        Self::ForeignGrant,
        Self::GrantContextCase,
        Self::YoungGrant,
        Self::ChildGrant,
        Self::AnyIfExists,
        Self::NegatedList,
        Self::NoValues,
        Self::NegatedUnreadable,
        Self::BooleanVariable,
        Self::ListVariable,
        Self::PartNotPrincipal,
        Self::KeyTwice,
        Self::AllowNotPrincipal,
        Self::ArnVariable,
        Self::ArnWildcard,
        Self::ShortArn,
        Self::MaskedGrantee,
        Self::RolePath,
        Self::SessionName,
    ];

    /// Its name in output.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ResourcePolicy => "resource_policy",
            Self::CappedGrant => "capped_grant",
            Self::AccountGrant => "account_grant",
            Self::ForeignGrant => "foreign_grant",
            Self::GrantContextCase => "grant_context_case",
            Self::YoungGrant => "young_grant",
            Self::ChildGrant => "child_grant",
            Self::AnyIfExists => "any_if_exists",
            Self::NegatedList => "negated_list",
            Self::NoValues => "no_values",
            Self::NegatedUnreadable => "negated_unreadable",
            Self::BooleanVariable => "boolean_variable",
            Self::ListVariable => "list_variable",
            Self::PartNotPrincipal => "part_not_principal",
            Self::KeyTwice => "key_twice",
            Self::AllowNotPrincipal => "allow_not_principal",
            Self::ArnVariable => "arn_variable",
            Self::ArnWildcard => "arn_wildcard",
            Self::ShortArn => "short_arn",
            Self::MaskedGrantee => "masked_grantee",
            Self::RolePath => "role_path",
            Self::SessionName => "session_name",
        }
    }
}

impl fmt::Display for Open {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Decides a request.
#[must_use]
pub fn evaluate(request: &Request, stack: &Stack) -> Verdict {
    let mut evaluation = Evaluation::new(request, stack);
    verdict(&decide(&mut evaluation, stack, authority(request, stack)))
}

/// Decides a request, and says by what.
#[must_use]
pub fn explain(request: &Request, stack: &Stack) -> Answer {
    let mut evaluation = Evaluation::traced(request, stack);
    let decision = decide(&mut evaluation, stack, authority(request, stack));
    told::answer(request, stack, &decision, &evaluation.into_trace())
}

pub(crate) fn verdict(decision: &Decision<Truth>) -> Verdict {
    match (decision.denied, decision.allowed) {
        (Truth::Yes, _) => Verdict::Denied { explicitly: true },
        (Truth::No | Truth::Unknown, Truth::No) => Verdict::Denied { explicitly: false },
        (Truth::No, Truth::Yes) => Verdict::Allowed,
        (Truth::Unknown, _) | (Truth::No, Truth::Unknown) => Verdict::Unknown,
    }
}

/// A policy of the resource that was given has a say, whatever we know of its service.
pub(crate) fn authority(request: &Request, stack: &Stack) -> Authority {
    match request.authority {
        Authority::Caller if stack.resource.is_some() && request.action_parts().0 != "kms" => {
            Authority::Either
        }
        Authority::Key | Authority::Caller | Authority::Either | Authority::Nobody => {
            request.authority
        }
    }
}
