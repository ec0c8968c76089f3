//! What IAM lets somebody change so that it becomes somebody else, or more than it was (Service Authorization
//! Reference, AWS Identity and Access Management).

use super::edges::{Called, acts_as, best, called, for_actor, stepped};
use super::{Actor, Edge};
use crate::access::{Principal, Trust};
use crate::document::{Document, Who};
use crate::prove::{Doubt, Prover};
use crate::request::Caller;

/// Actions of which one at least is needed.
pub(super) const ACTIONS: [&str; 38] = [
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
    "iam:DeleteRolePermissionsBoundary",
    "iam:DeleteRolePolicy",
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

/// How somebody can put a policy that allows everything on somebody of its account: for certain, and perhaps; and how
/// it may change what binds it.
pub(super) fn promoted<'a>(
    actor: &'a Actor,
    target: &'a Actor,
    prover: &'a Prover,
) -> impl Iterator<Item = Edge> + 'a {
    let actions = match target.identity.who {
        _ if actor.identity.account != target.identity.account => None,
        Who::Role(_) => Some(PUT[0]),
        Who::User(_) => Some(PUT[1]),
        Who::Root | Who::Session(..) | Who::Federated(_) => None,
    };
    let on = (&*target.principal.arn, &*target.identity.account);
    let put = actions.and_then(|actions| put(actor, actions, on, prover));
    let others = NOT_FOLLOWED.iter().copied().filter(move |action| {
        let is_of = match target.identity.who {
            Who::Role(_) => !action.contains("User") && !action.contains("Group"),
            Who::User(_) | Who::Root | Who::Session(..) | Who::Federated(_) => {
                !action.contains("Role")
            }
        };
        actions.is_some() && is_of && may(actor, action)
    });
    // What may take the boundary away says more than what does not.
    let (lifting, staying): (Vec<&str>, Vec<&str>) =
        others.partition(|action| LIFTING.contains(action));
    let other = lifting.first().or(staying.first()).copied();
    let other =
        other.map(|action| Edge::perhaps(vec![Doubt::Action(action)]).lifting(!lifting.is_empty()));
    put.into_iter().chain(other)
}

/// Whether somebody can put a policy that allows everything on somebody.
fn put(
    actor: &Actor,
    [inline, managed]: [&'static str; 2],
    on: (&str, &str),
    prover: &Prover,
) -> Option<Edge> {
    let principal = &actor.principal;
    let ask = |action, told: &[(&str, &str)]| {
        stepped(principal, called(principal, action, on, told, None, prover))
    };
    let partition = &actor.identity.partition;
    let all = format!("arn:{partition}:iam::aws:policy/AdministratorAccess");
    let attached = ask(managed, &[("iam:PolicyARN", &all)]);
    // What another managed policy allows is not read.
    let another = || Some(ask(managed, &[])?.and(Edge::perhaps(vec![Doubt::Action(managed)])));
    best([ask(inline, &[]), attached]).or_else(another)
}

/// Whether somebody's policies may allow an action on anything.
pub(super) fn may(actor: &Actor, action: &str) -> bool {
    let principal = &actor.principal;
    principal.is_partial || Document::any_may_allow(&principal.identity, action, None)
}

/// Whether somebody can take somebody of its account over: a role by its trust policy, a user by its
/// credentials.
pub(super) fn taken_over(actor: &Actor, target: &Actor, prover: &Prover) -> Option<Edge> {
    if actor.identity.account != target.identity.account {
        return None;
    }
    let principal = &actor.principal;
    let on = (&*target.principal.arn, &*target.identity.account);
    let ask = |action| stepped(principal, called(principal, action, on, &[], None, prover));
    match target.identity.who {
        Who::Role(_) => {
            let changed = ask("iam:UpdateAssumeRolePolicy")?;
            Some(changed.and(acts_as(actor, &trusting(actor, &target.principal), prover)?))
        }
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

/// A role, once somebody has written its trust policy.
fn trusting(actor: &Actor, role: &Principal) -> Actor {
    let identity = match &role.caller {
        Caller::Identity(identity) => identity.clone(),
        Caller::Service(_) | Caller::Anonymous => actor.identity.clone(),
    };
    Actor {
        principal: Principal {
            trust: Trust::Known(for_actor(actor)),
            ..role.clone()
        },
        identity,
    }
}

/// How somebody can make a role or a user of its account and act as it: without policies of its own, and with every
/// policy that it wants.
pub(super) struct Made {
    pub(super) bare: Option<Edge>,
    pub(super) with_policies: Option<Edge>,
}

/// Whether somebody can make a role or a user.
pub(super) fn made(actor: &Actor, made: &Principal, prover: &Prover) -> Made {
    let principal = &actor.principal;
    let account = &*actor.identity.account;
    let on = (&*made.arn, account);
    let ask = |action| stepped(principal, called(principal, action, on, &[], None, prover));
    let is_role = made.arn.contains(":role/");
    let (bare, put) = if is_role {
        let acts = || acts_as(actor, &trusting(actor, made), prover);
        let bare = ask("iam:CreateRole").and_then(|edge| Some((edge, acts()?)));
        (bare, put(actor, PUT[0], on, prover))
    } else {
        let key = || best(["iam:CreateAccessKey", "iam:CreateLoginProfile"].map(ask));
        let bare = ask("iam:CreateUser").and_then(|edge| Some((edge, key()?)));
        (bare, put(actor, PUT[1], on, prover))
    };
    // A user may be renamed, itself included (IAM API, UpdateUser).
    let renamed = || {
        let may = !is_role && may(actor, "iam:UpdateUser");
        may.then(|| Edge::perhaps(vec![Doubt::Action("iam:UpdateUser")]))
    };
    // What the groups that a new user joins are allowed, is not read.
    let joins = || {
        let may = !is_role && may(actor, "iam:AddUserToGroup");
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
pub(super) fn federated(actor: &Actor, arn: &str, prover: &Prover) -> Option<Edge> {
    if !matches!(actor.identity.who, Who::User(_) | Who::Root) {
        return None;
    }
    let principal = &actor.principal;
    let on = (arn, &*actor.identity.account);
    match called(principal, "sts:GetFederationToken", on, &[], None, prover) {
        Called::Never => None,
        found @ (Called::By(_) | Called::Perhaps(_)) => stepped(principal, found),
    }
}
