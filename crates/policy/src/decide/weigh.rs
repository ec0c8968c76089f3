//! What the documents say, each kind by its own rules.

use super::{Authority, Class, Leaves, Place, Property};
use crate::document::{Document, Effect, Kind, Statement};
use crate::evaluate::Open;
use crate::request::Stack;

/// Both sides of some documents.
pub(super) struct Sides<T> {
    pub(super) allow: T,
    pub(super) deny: T,
}

pub(super) fn weigh<L: Leaves>(
    l: &mut L,
    kind: Kind,
    level: usize,
    documents: &[Document],
) -> Sides<L::Truth> {
    let mut allow = l.constant(false);
    let mut deny = l.constant(false);
    for (document, one) in documents.iter().enumerate() {
        for (index, statement) in one.statements.iter().enumerate() {
            let place = Place {
                kind,
                level,
                document,
                statement: index,
            };
            match statement.effect {
                Effect::Allow => {
                    if l.settled(&allow) != Some(true) {
                        let found = holds(l, place, statement);
                        allow = l.or(allow, found);
                    }
                }
                Effect::Deny => {
                    let found = holds(l, place, statement);
                    deny = l.or(deny, found);
                }
            }
        }
    }
    Sides { allow, deny }
}

/// A document that allows at the most, where there is one.
pub(super) fn cap<L: Leaves>(
    l: &mut L,
    kind: Kind,
    document: Option<&Document>,
) -> Sides<L::Truth> {
    match document {
        None => Sides {
            allow: l.constant(true),
            deny: l.constant(false),
        },
        Some(document) => weigh(l, kind, 0, std::slice::from_ref(document)),
    }
}

/// Every level must allow (AWS Organizations User Guide, "SCP evaluation"). Service-linked roles and
/// services are not bound.
pub(super) fn scp<L: Leaves>(l: &mut L, stack: &Stack) -> (L::Truth, L::Truth) {
    let mut allow = l.constant(true);
    let mut deny = l.constant(false);
    for (level, documents) in stack.scp.iter().enumerate() {
        let sides = weigh(l, Kind::Scp, level, documents);
        allow = l.and(allow, sides.allow);
        deny = l.or(deny, sides.deny);
    }
    let linked = l.is(Property::ServiceLinked);
    let service = l.is(Property::Service);
    let anonymous = l.is(Property::Anonymous);
    let free = l.or(linked, service);
    let free = l.or(free, anonymous);
    let bound = l.not(free.clone());
    (l.or(free, allow), l.and(bound, deny))
}

/// They deny only: what allows is there without being written (AWS Organizations User Guide,
/// "RCP evaluation"). Service-linked roles and kms:RetireGrant are not bound.
pub(super) fn rcp<L: Leaves>(l: &mut L, stack: &Stack) -> L::Truth {
    let mut deny = l.constant(false);
    for (level, documents) in stack.rcp.iter().enumerate() {
        for (document, one) in documents.iter().enumerate() {
            for (index, statement) in one.statements.iter().enumerate() {
                if statement.effect == Effect::Deny {
                    let place = Place {
                        kind: Kind::Rcp,
                        level,
                        document,
                        statement: index,
                    };
                    let found = holds(l, place, statement);
                    deny = l.or(deny, found);
                }
            }
        }
    }
    if l.settled(&deny) == Some(false) {
        return deny;
    }
    let linked = l.is(Property::ServiceLinked);
    let retires = l.is(Property::Retires);
    let free = l.or(linked, retires);
    let bound = l.not(free);
    l.and(bound, deny)
}

/// What a resource's policy says, by how it names the caller.
pub(super) struct Named<T> {
    pub(super) direct: T,
    pub(super) role: T,
    pub(super) account: T,
    pub(super) deny: T,
}

pub(super) fn resource<L: Leaves>(
    l: &mut L,
    stack: &Stack,
    authority: Authority,
) -> Named<L::Truth> {
    let nothing = l.constant(false);
    let mut named = Named {
        direct: nothing.clone(),
        role: nothing.clone(),
        account: nothing.clone(),
        deny: nothing,
    };
    if authority == Authority::Caller {
        return named;
    }
    let Some(document) = &stack.resource else {
        named.direct = l.open(Open::ResourcePolicy);
        named.deny = l.open(Open::ResourcePolicy);
        return named;
    };
    for (index, statement) in document.statements.iter().enumerate() {
        let place = Place {
            kind: Kind::Resource,
            level: 0,
            document: 0,
            statement: index,
        };
        match statement.effect {
            Effect::Deny => {
                let found = holds(l, place, statement);
                named.deny = l.or(named.deny, found);
            }
            Effect::Allow => {
                let found = by_class(l, place, statement);
                let [direct, role, account] = found;
                named.direct = l.or(named.direct, direct);
                named.role = l.or(named.role, role);
                named.account = l.or(named.account, account);
            }
        }
    }
    // AWS KMS API, RetireGrant: who may retire a grant is not said by key policies, which can only
    // forbid it.
    let retires = l.is(Property::Retires);
    if l.settled(&retires) != Some(false) {
        let other = l.not(retires);
        named.direct = l.and(other.clone(), named.direct);
        named.role = l.and(other.clone(), named.role);
        named.account = l.and(other, named.account);
    }
    named
}

/// Whether a statement is about the request.
fn holds<L: Leaves>(l: &mut L, place: Place, statement: &Statement) -> L::Truth {
    let mut truth = l.action(statement);
    if l.settled(&truth) != Some(false) {
        let named = l.principal(statement, Class::Any);
        truth = l.and(truth, named);
    }
    if l.settled(&truth) != Some(false) {
        truth = rest(l, statement, truth);
    }
    l.looked_at(place, statement, &[(Class::Any, truth.clone())]);
    truth
}

/// The same, by how the statement names the caller.
fn by_class<L: Leaves>(l: &mut L, place: Place, statement: &Statement) -> [L::Truth; 3] {
    const CLASSES: [Class; 3] = [Class::Direct, Class::Role, Class::Account];
    let action = l.action(statement);
    if l.settled(&action) == Some(false) {
        return CLASSES.map(|_| action.clone());
    }
    let named = CLASSES.map(|class| {
        let named = l.principal(statement, class);
        l.and(action.clone(), named)
    });
    if named.iter().all(|truth| l.settled(truth) == Some(false)) {
        return named;
    }
    let truth = l.constant(true);
    let rest = rest(l, statement, truth);
    let [direct, role, account] = named.map(|truth| l.and(truth, rest.clone()));
    let truths = [
        (Class::Direct, direct.clone()),
        (Class::Role, role.clone()),
        (Class::Account, account.clone()),
    ];
    l.looked_at(place, statement, &truths);
    [direct, role, account]
}

/// Resource and conditions, beside what is so already.
fn rest<L: Leaves>(l: &mut L, statement: &Statement, so_far: L::Truth) -> L::Truth {
    let resource = l.resource(statement);
    let mut truth = l.and(so_far, resource);
    for index in 0..statement.conditions.len() {
        if l.settled(&truth) == Some(false) {
            break;
        }
        let condition = l.condition(statement, index);
        truth = l.and(truth, condition);
    }
    truth
}
