//! What IAM lets somebody change so that it becomes somebody else, or more than it was (Service Authorization
//! Reference, AWS Identity and Access Management).

use std::cell::RefCell;
use std::rc::Rc;

use super::edges::{Called, Hands, acts_as, any_calls, best, called, for_actor, stepped};
use super::{Actor, Edge};
use crate::access::{Principal, Trust};
use crate::document::{Document, Who};
use crate::prove::{Doubt, Prover};

/// Actions of which one at least is needed.
pub(super) const ACTIONS: [&str; 40] = [
    "iam:AddUserToGroup",
    "iam:AttachGroupPolicy",
    "iam:AttachRolePolicy",
    "iam:AttachUserPolicy",
    "iam:CreateAccessKey",
    "iam:CreateLoginProfile",
    "iam:CreatePolicyVersion",
    "iam:CreateRole",
    "iam:CreateUser",
    "iam:DeleteGroupPolicy",
    "iam:DeleteRole",
    "iam:DeleteRolePermissionsBoundary",
    "iam:DeleteRolePolicy",
    "iam:DeleteUser",
    "iam:DeleteUserPermissionsBoundary",
    "iam:DeleteUserPolicy",
    "iam:DetachGroupPolicy",
    "iam:DetachRolePolicy",
    "iam:DetachUserPolicy",
    "iam:PutGroupPolicy",
    "iam:PutRolePermissionsBoundary",
    "iam:PutRolePolicy",
    "iam:PutUserPermissionsBoundary",
    "iam:PutUserPolicy",
    "iam:RemoveUserFromGroup",
    "iam:SetDefaultPolicyVersion",
    "iam:TagRole",
    "iam:TagUser",
    "iam:UntagRole",
    "iam:UntagUser",
    "iam:UpdateAssumeRolePolicy",
    "iam:UpdateLoginProfile",
    "iam:UpdateSAMLProvider",
    "iam:UpdateUser",
    "sso:AttachCustomerManagedPolicyReferenceToPermissionSet",
    "sso:AttachManagedPolicyToPermissionSet",
    "sso:CreateAccountAssignment",
    "sso:DeletePermissionsBoundaryFromPermissionSet",
    "sso:PutInlinePolicyToPermissionSet",
    "sso:PutPermissionsBoundaryToPermissionSet",
];

/// Of a role and of a user: what puts a policy of one's own on it, and what puts a managed policy on it.
const PUT: [[&str; 2]; 2] = [
    ["iam:PutRolePolicy", "iam:AttachRolePolicy"],
    ["iam:PutUserPolicy", "iam:AttachUserPolicy"],
];
/// Actions that change what it may do as well, of which it is not followed whom they change: groups, managed
/// policies, permissions boundaries, tags, the permission sets of IAM Identity Center.
const NOT_FOLLOWED: [&str; 26] = [
    "iam:AddUserToGroup",
    "iam:AttachGroupPolicy",
    "iam:CreatePolicyVersion",
    "iam:DeleteGroupPolicy",
    "iam:DeleteRolePermissionsBoundary",
    "iam:DeleteRolePolicy",
    "iam:DeleteUserPermissionsBoundary",
    "iam:DeleteUserPolicy",
    "iam:DetachGroupPolicy",
    "iam:DetachRolePolicy",
    "iam:DetachUserPolicy",
    "iam:PutGroupPolicy",
    "iam:PutRolePermissionsBoundary",
    "iam:PutUserPermissionsBoundary",
    "iam:RemoveUserFromGroup",
    "iam:SetDefaultPolicyVersion",
    "iam:TagRole",
    "iam:TagUser",
    "iam:UntagRole",
    "iam:UntagUser",
    "sso:AttachCustomerManagedPolicyReferenceToPermissionSet",
    "sso:AttachManagedPolicyToPermissionSet",
    "sso:CreateAccountAssignment",
    "sso:DeletePermissionsBoundaryFromPermissionSet",
    "sso:PutInlinePolicyToPermissionSet",
    "sso:PutPermissionsBoundaryToPermissionSet",
];
/// Of these: what may take a permissions boundary away.
const LIFTING: [&str; 8] = [
    "iam:CreatePolicyVersion",
    "iam:DeleteRolePermissionsBoundary",
    "iam:DeleteUserPermissionsBoundary",
    "iam:PutRolePermissionsBoundary",
    "iam:PutUserPermissionsBoundary",
    "iam:SetDefaultPolicyVersion",
    "sso:DeletePermissionsBoundaryFromPermissionSet",
    "sso:PutPermissionsBoundaryToPermissionSet",
];

/// What deletes somebody and creates another of its name, of which it is not known whether it may be deleted: it must have no
/// policies then (IAM API, DeleteRole, DeleteUser).
const RECREATES: [[&str; 2]; 2] = [
    ["iam:DeleteRole", "iam:CreateRole"],
    ["iam:DeleteUser", "iam:CreateUser"],
];

/// Whether nobody changes a role but the service that made it: IAM refuses to ("UnmodifiableEntity", IAM API, Errors of
/// PutRolePolicy; IAM Identity Center User Guide, "Referencing permission sets").
fn is_protected(target: &Actor) -> bool {
    const OWNED: [&str; 2] = ["aws-service-role/", "aws-reserved/"];
    match &target.identity.who {
        Who::Role(path) => OWNED.iter().any(|owned| path.starts_with(owned)),
        Who::User(_) | Who::Root | Who::Session(..) | Who::Federated(_) => false,
    }
}

/// What puts policies on somebody of the same account.
fn puts(actor: &Actor, target: &Actor) -> Option<[&'static str; 2]> {
    match target.identity.who {
        _ if actor.identity.account != target.identity.account => None,
        Who::Role(_) => Some(PUT[0]),
        Who::User(_) => Some(PUT[1]),
        Who::Root | Who::Session(..) | Who::Federated(_) => None,
    }
}

/// Whether somebody can put a policy that allows everything on somebody of its account; and where that denies
/// something, whether it may be that no more.
pub(super) fn put(actor: &Rc<Actor>, target: &Actor, prover: &Prover) -> Vec<Edge> {
    let actions = puts(actor, target).filter(|_| !is_protected(target));
    let on = (&*target.principal.arn, &*target.identity.account);
    let put = actions.and_then(|actions| put_on(&[actor], actions, on, prover));
    // An inline policy takes the place of one of its name, which may be what denied.
    let replaces = put
        .iter()
        .filter(|edge| edge.doubts.is_empty() && denies(target));
    let replaces: Vec<Edge> = replaces
        .zip(actions)
        .map(|(edge, [inline, _])| edge.clone().doubted(Doubt::Action(inline)))
        .collect();
    put.into_iter().chain(replaces).collect()
}

/// How somebody may change otherwise what binds a role, one that a service owns, and a user.
pub(super) struct Alters {
    pub(super) role: Option<Edge>,
    pub(super) owned: Option<Edge>,
    pub(super) user: Option<Edge>,
}

impl Alters {
    pub(super) fn of(actor: &Actor) -> Self {
        let alters = |is_of: fn(&str) -> bool| {
            let of = |actions: &[&'static str]| {
                let mut actions = actions.iter().filter(|action| is_of(action));
                actions.find(|action| may(actor, action)).copied()
            };
            // What may take the boundary away says more than what does not; somebody of the same name has none.
            let again = RECREATES.iter().find(|actions| {
                is_of(actions[0]) && actions.iter().all(|action| may(actor, action))
            });
            let lifting = of(&LIFTING).or_else(|| again.map(|actions| actions[0]));
            let action = lifting.or_else(|| of(&NOT_FOLLOWED))?;
            Some(Edge::perhaps(vec![Doubt::Action(action)]).lifting(lifting.is_some()))
        };
        Self {
            role: alters(|action| !action.contains("User") && !action.contains("Group")),
            owned: alters(|action| action.starts_with("sso:")),
            user: alters(|action| !action.contains("Role")),
        }
    }

    pub(super) fn target(&self, target: &Actor) -> Option<&Edge> {
        match target.identity.who {
            Who::Role(_) if is_protected(target) => self.owned.as_ref(),
            Who::Role(_) => self.role.as_ref(),
            Who::User(_) => self.user.as_ref(),
            Who::Root | Who::Session(..) | Who::Federated(_) => None,
        }
    }
}

pub(super) fn denies(target: &Actor) -> bool {
    target.principal.identity.iter().any(Document::denies_any)
}

/// Whether somebody of some can put a policy that allows everything on somebody.
fn put_on(
    who: Hands<'_>,
    [inline, managed]: [&'static str; 2],
    on: (&str, &str),
    prover: &Prover,
) -> Option<Edge> {
    let ask =
        |action: &'static str, told: &[(&str, &str)]| any_calls(who, action, on, told, prover);
    let partition = &who.first()?.identity.partition;
    let all = format!("arn:{partition}:iam::aws:policy/AdministratorAccess");
    let attached = ask(managed, &[("iam:PolicyARN", &all)]);
    // What another managed policy allows is not read.
    let another = || Some(ask(managed, &[])?.doubted(Doubt::Action(managed)));
    best([ask(inline, &[]), attached]).or_else(another)
}

/// Whether somebody's policies may allow an action on anything.
pub(super) fn may(actor: &Actor, action: &'static str) -> bool {
    actor.may(action)
}

/// Those of some who are of an account: nobody changes IAM of another one.
fn of_account<'a>(who: Hands<'a>, account: &str) -> Vec<&'a Rc<Actor>> {
    let who = who.iter().copied();
    who.filter(|actor| *actor.identity.account == *account)
        .collect()
}

/// Whether some can take somebody over: a role by its trust policy, which one of its account changes and any of them then
/// meets, a user by its credentials.
pub(super) fn taken_over(all: Hands<'_>, target: &Actor, prover: &Prover) -> Option<Edge> {
    let account = &target.identity.account;
    let who = of_account(all, account);
    let on = (&*target.principal.arn, &**account);
    let ask = |action| any_calls(&who, action, on, &[], prover);
    match target.identity.who {
        Who::Role(_) => opened(all, target, prover),
        Who::User(_) => best(
            [
                "iam:CreateAccessKey",
                "iam:CreateLoginProfile",
                "iam:UpdateLoginProfile",
            ]
            .map(ask),
        ),
        Who::Root | Who::Session(..) | Who::Federated(_) => None,
    }
}

/// Whether somebody of some may write the trust policy of a role, or of another of its name.
pub(super) fn may_open(who: Hands<'_>) -> bool {
    let may_any = |action| who.iter().any(|actor| may(actor, action));
    may_any("iam:UpdateAssumeRolePolicy") || RECREATES[0].iter().all(|action| may_any(action))
}

/// Whether some can act as a role of which one of them writes the trust policy.
pub(super) fn opened(all: Hands<'_>, target: &Actor, prover: &Prover) -> Option<Edge> {
    if !matches!(target.identity.who, Who::Role(_)) || is_protected(target) {
        return None;
    }
    let account = &target.identity.account;
    let who = of_account(all, account);
    let on = (&*target.principal.arn, &**account);
    let ask = |action| any_calls(&who, action, on, &[], prover);
    let again = || {
        let [delete, create] = RECREATES[0];
        Some(
            ask(delete)?
                .and(ask(create)?)
                .doubted(Doubt::Action(delete)),
        )
    };
    let changed = ask("iam:UpdateAssumeRolePolicy").or_else(again)?;
    Some(changed.and(acts_as_opened(all, target, prover)?))
}

/// Whether somebody of some can act as a role of which one of them wrote the trust policy.
fn acts_as_opened(who: Hands<'_>, role: &Actor, prover: &Prover) -> Option<Edge> {
    best(who.iter().map(|actor| {
        let opened = Actor {
            place: role.place,
            origin: None,
            may: RefCell::default(),
            identity: role.identity.clone(),
            principal: Principal {
                trust: Trust::Known(for_actor(actor)),
                ..role.principal.clone()
            },
        };
        acts_as(&[actor], &opened, prover)
    }))
}

/// How some can make a role or a user of their account and act as it: without policies of its own, and with every
/// policy that they want.
pub(super) struct Made {
    pub(super) bare: Option<Edge>,
    pub(super) with_policies: Option<Edge>,
}

/// Whether some can make a role or a user, those of its account.
pub(super) fn made(all: Hands<'_>, made: &Actor, prover: &Prover) -> Made {
    let who = &*of_account(all, &made.identity.account);
    let on = (&*made.principal.arn, &*made.identity.account);
    let ask = |action| any_calls(who, action, on, &[], prover);
    let is_role = matches!(made.identity.who, Who::Role(_));
    let may_any = |action: &'static str| who.iter().any(|actor| may(actor, action));
    let (bare, put) = if is_role {
        let bare =
            ask("iam:CreateRole").and_then(|edge| Some((edge, acts_as_opened(all, made, prover)?)));
        (bare, put_on(who, PUT[0], on, prover))
    } else {
        let key = || best(["iam:CreateAccessKey", "iam:CreateLoginProfile"].map(ask));
        let bare = ask("iam:CreateUser").and_then(|edge| Some((edge, key()?)));
        (bare, put_on(who, PUT[1], on, prover))
    };
    // A user may be renamed, itself included (IAM API, UpdateUser).
    let renamed = || {
        let may = !is_role && may_any("iam:UpdateUser");
        may.then(|| Edge::perhaps(vec![Doubt::Action("iam:UpdateUser")]))
    };
    // What the groups that a new user joins are allowed, is not read.
    let joins = || {
        let may = !is_role && may_any("iam:AddUserToGroup");
        may.then(|| Edge::perhaps(vec![Doubt::Action("iam:AddUserToGroup")]))
    };
    let with_policies = bare.clone().zip(put.or_else(joins));
    let with_policies = with_policies.map(|((made, acts), put)| made.and(put).and(acts));
    Made {
        bare: bare.map(|(made, acts)| made.and(acts)),
        with_policies: with_policies.or_else(renamed),
    }
}

/// A session of GetFederationToken, which has what its session policy gives of the user's policies, and what a
/// key policy that names it gives (IAM User Guide, "Permissions for GetFederationToken").
pub(super) fn federated(actor: &Rc<Actor>, arn: &str, prover: &Prover) -> Option<Edge> {
    if !matches!(actor.identity.who, Who::User(_) | Who::Root) {
        return None;
    }
    let principal = &actor.principal;
    let on = (arn, &*actor.identity.account);
    match called(principal, "sts:GetFederationToken", on, &[], None, prover) {
        Called::Never => None,
        found @ (Called::By(_) | Called::Perhaps(_)) => stepped(actor, found),
    }
}
