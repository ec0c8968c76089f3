//! What grants add (KMS Developer Guide, "Grants in AWS KMS").

use super::{Class, Leaves, Property};
use crate::evaluate::Open;
use crate::request::Stack;

/// Grants add ways, and never take one (KMS Developer Guide, "Grants in AWS KMS").
pub(super) fn grants<L: Leaves>(
    l: &mut L,
    stack: &Stack,
    cap: &L::Truth,
    caller: &L::Truth,
) -> L::Truth {
    let mut any = l.constant(false);
    for grant in &stack.grants {
        let given = l.grant(grant);
        if l.settled(&given) == Some(false) {
            continue;
        }
        let way = granted_way(l, cap, caller);
        let found = l.and(given, way);
        any = l.or(any, found);
    }
    any
}

/// What else has to hold for the grant that was asked about last.
fn granted_way<L: Leaves>(l: &mut L, cap: &L::Truth, caller: &L::Truth) -> L::Truth {
    let direct = l.is(Property::GranteeIs(Class::Direct));
    // Whether a boundary or a session policy takes from a grant to a role, and how a grant to an
    // account is handed on, AWS does not say.
    let role = l.is(Property::GranteeIs(Class::Role));
    let role = and_perhaps(l, role, cap, Open::CappedGrant);
    let account = l.is(Property::GranteeIs(Class::Account));
    let account = and_perhaps(l, account, caller, Open::AccountGrant);
    // What an account gave it retires, by its own policies.
    let retires = l.is(Property::GranteeIs(Class::Any));
    let retires = l.and(retires, caller.clone());
    let here = l.or(direct, role);
    let here = l.or(here, account);
    let here = l.or(here, retires);
    // KMS Developer Guide, "Grant authorization": a grantee of another account is trusted by "a
    // grant or IAM policy in your account".
    let same = l.is(Property::SameAccount);
    let service = l.is(Property::Service);
    let issuer = l.is(Property::Issuer);
    let trusted = l.or(same, service);
    let trusted = l.or(trusted, issuer);
    let trusted = l.or(trusted, caller.clone());
    and_perhaps(l, here, &trusted, Open::ForeignGrant)
}

/// One, and another; where the other is not so, AWS does not say.
fn and_perhaps<L: Leaves>(l: &mut L, one: L::Truth, other: &L::Truth, question: Open) -> L::Truth {
    if l.settled(&one) == Some(false) || l.settled(other) == Some(true) {
        return one;
    }
    let open = l.open(question);
    let other = l.or(other.clone(), open);
    l.and(one, other)
}
