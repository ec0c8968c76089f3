//! The smallest changes of the policies by which a request that is denied is allowed. Each is tried:
//! what is told was decided again with it.

use crate::decide::Place;
use crate::document::{Document, Effect, Identity, Kind, Who};
use crate::evaluate::{Because, Shut, Verdict, evaluate, explain};
use crate::prove::settled;
use crate::request::{Caller, Request, Stack};
use crate::write::{Conditions, Policy, Principal, Statement};

/// More places that could allow than this are not tried: an organisation has seven levels (AWS
/// Organizations User Guide, "Quotas": organizational units are nested five deep).
const PLACES_MAX: usize = 16;

/// One thing to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// A statement that allows.
    Allow {
        /// To one of these documents.
        to: Shut,
        /// The statement.
        statement: Statement,
    },
    /// A condition by which a statement that denies is not about the caller.
    Except {
        /// The statement.
        statement: Because,
        /// What its `Condition` has to say as well.
        condition: Conditions,
    },
    /// A statement that denies goes.
    Remove {
        /// The statement.
        statement: Because,
    },
}

/// The changes by which a request that is denied is allowed, each of as few edits as are enough; none
/// where it is not denied, or where no edit of these policies is enough.
#[must_use]
pub fn changes(request: &Request, stack: &Stack) -> Vec<Vec<Edit>> {
    let answer = explain(request, stack);
    match answer.verdict {
        Verdict::Denied { explicitly: false } => allowing(request, stack),
        Verdict::Denied { explicitly: true } => {
            let denying: Vec<_> = answer
                .because
                .into_iter()
                .filter(|because| because.effect == Effect::Deny)
                .collect();
            let careful = undenied(request, stack, &denying, true);
            if careful.is_empty() {
                undenied(request, stack, &denying, false)
            } else {
                careful
            }
        }
        Verdict::Allowed | Verdict::Unknown => Vec::new(),
    }
}

fn is_allowed(request: &Request, stack: &Stack) -> bool {
    match evaluate(request, stack) {
        Verdict::Allowed => true,
        Verdict::Denied { .. } => false,
        Verdict::Unknown => settled(request, stack) == Some(Verdict::Allowed),
    }
}

/// Without the statements that deny, and with what has to allow then.
fn undenied(
    request: &Request,
    stack: &Stack,
    denying: &[Because],
    may_except: bool,
) -> Vec<Vec<Edit>> {
    let mut changed = stack.clone();
    let mut still: Vec<Place> = denying.iter().map(|because| because.place).collect();
    let condition = who(request)
        .filter(|_| may_except)
        .map(|who| Conditions::one("ArnNotEquals", "aws:PrincipalArn", who));
    if let Some(condition) = &condition {
        for place in &still {
            except(&mut changed, *place, condition);
        }
        let answer = explain(request, &changed);
        still.retain(|place| answer.because.iter().any(|one| one.place == *place));
    }
    still.sort();
    // From the last to the first, so that what is left stays where it is.
    for place in still.iter().rev() {
        if let Some(document) = document(&mut changed, *place)
            && place.statement < document.statements.len()
        {
            document.edit(|statements| {
                statements.remove(place.statement);
            });
        }
    }
    let edits = denying.iter().map(|because| match &condition {
        Some(condition) if !still.contains(&because.place) => Edit::Except {
            statement: because.clone(),
            condition: condition.clone(),
        },
        _ => Edit::Remove {
            statement: because.clone(),
        },
    });
    let edits: Vec<Edit> = edits.collect();
    if is_allowed(request, &changed) {
        return vec![edits];
    }
    let more = allowing(request, &changed).into_iter();
    more.map(|more| edits.iter().cloned().chain(more).collect())
        .collect()
}

/// What has to allow: what no change does without, and of the rest any one, where one is needed.
fn allowing(request: &Request, stack: &Stack) -> Vec<Vec<Edit>> {
    let places = places(request, stack);
    if places.is_empty() || places.len() > PLACES_MAX {
        return Vec::new();
    }
    let is_enough = |some: &[&Edit]| {
        let mut changed = stack.clone();
        for edit in some {
            allow(&mut changed, edit);
        }
        is_allowed(request, &changed)
    };
    let all: Vec<&Edit> = places.iter().collect();
    if !is_enough(&all) {
        return Vec::new();
    }
    let (needed, rest): (Vec<&Edit>, Vec<&Edit>) = all.iter().partition(|one| {
        let others: Vec<&Edit> = all.iter().copied().filter(|other| other != *one).collect();
        !is_enough(&others)
    });
    let owned = |some: &[&Edit]| some.iter().map(|edit| (*edit).clone()).collect();
    if is_enough(&needed) {
        return vec![owned(&needed)];
    }
    let ones: Vec<Vec<&Edit>> = rest
        .iter()
        .map(|one| [&*needed, std::slice::from_ref(one)].concat())
        .collect();
    let enough: Vec<_> = ones.iter().filter(|some| is_enough(some)).collect();
    if !enough.is_empty() {
        return enough.into_iter().map(|some| owned(some)).collect();
    }
    // Two of the rest at least: those that are left when each was tried without.
    let mut some = all;
    for one in rest {
        let without: Vec<&Edit> = some.iter().copied().filter(|other| *other != one).collect();
        if is_enough(&without) {
            some = without;
        }
    }
    vec![owned(&some)]
}

/// The statements that could allow, one for each place where one could stand.
fn places(request: &Request, stack: &Stack) -> Vec<Edit> {
    let mut places = Vec::new();
    let mut place = |kind, level, principal: Option<Principal>| {
        // In a key policy `*` is the key (KMS Developer Guide, "Key policies").
        let is_wide = matches!(kind, Kind::Scp | Kind::Resource | Kind::Endpoint);
        let resource = if is_wide { "*" } else { &*request.resource };
        let mut statement = Statement::allow(request.action_name()).on(resource);
        if let Some(principal) = principal {
            statement = statement.to(principal);
        }
        places.push(Edit::Allow {
            to: Shut { kind, level },
            statement,
        });
    };
    for level in 0..stack.scp.len() {
        place(Kind::Scp, Some(level), None);
    }
    if stack.endpoint.is_some() {
        place(Kind::Endpoint, None, Some(Principal::Everybody));
    }
    if stack.boundary.is_some() {
        place(Kind::Boundary, None, None);
    }
    if stack.session.is_some() {
        place(Kind::Session, None, None);
    }
    if request.caller.account().is_some() {
        place(Kind::Identity, None, None);
    }
    if stack.resource.is_some() {
        let principal = match &request.caller {
            Caller::Service(name) => Some(Principal::Service((&**name).into())),
            Caller::Identity(_) => who(request).map(|who| Principal::Aws(who.into())),
            Caller::Anonymous => None,
        };
        if let Some(principal) = principal {
            place(Kind::Resource, None, Some(principal));
        }
    }
    places
}

/// The user or role that asks, with its path where that is told.
fn who(request: &Request) -> Option<String> {
    let Caller::Identity(identity) = &request.caller else {
        return None;
    };
    match (&identity.who, &request.role) {
        (Who::Session(..), Some(path)) => {
            let who = Who::Role(path.clone());
            let role = Identity {
                who,
                ..identity.clone()
            };
            Some(role.to_string())
        }
        _ => Some(identity.behind().to_string()),
    }
}

fn document(stack: &mut Stack, place: Place) -> Option<&mut Document> {
    match place.kind {
        Kind::Identity => stack.identity.get_mut(place.document),
        Kind::Boundary => stack.boundary.as_mut(),
        Kind::Session => stack.session.as_mut(),
        Kind::Scp => stack.scp.get_mut(place.level)?.get_mut(place.document),
        Kind::Rcp => stack.rcp.get_mut(place.level)?.get_mut(place.document),
        Kind::Resource | Kind::Trust => stack.resource.as_mut(),
        Kind::Endpoint => stack.endpoint.as_mut(),
    }
}

fn except(stack: &mut Stack, place: Place, condition: &Conditions) {
    let statement = Statement::new(Effect::Deny, "*").when(condition.clone());
    let Ok(read) = Policy::new([statement]).document(Kind::Identity) else {
        return;
    };
    if let Some(document) = document(stack, place) {
        document.edit(|statements| {
            if let Some(statement) = statements.get_mut(place.statement) {
                let more = read.statements.iter();
                let more = more.flat_map(|one| one.conditions.iter().cloned());
                statement.conditions.extend(more);
            }
        });
    }
}

fn allow(stack: &mut Stack, edit: &Edit) {
    let Edit::Allow { to, statement } = edit else {
        return;
    };
    let Ok(read) = Policy::new([statement.clone()]).document(to.kind) else {
        return;
    };
    match to.kind {
        Kind::Identity => stack.identity.push(read),
        Kind::Scp => {
            if let Some(level) = stack.scp.get_mut(to.level.unwrap_or_default()) {
                level.push(read);
            }
        }
        kind @ (Kind::Boundary
        | Kind::Session
        | Kind::Rcp
        | Kind::Resource
        | Kind::Endpoint
        | Kind::Trust) => {
            let place = Place {
                kind,
                level: 0,
                document: 0,
                statement: 0,
            };
            if let Some(document) = document(stack, place) {
                document.edit(|statements| statements.extend(read.statements.iter().cloned()));
            }
        }
    }
}
