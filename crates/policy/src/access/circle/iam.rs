//! What IAM lets somebody change so that it becomes somebody else, or more than it was (Service Authorization
//! Reference, AWS Identity and Access Management).

use super::edges::{Called, anybody, best, called, stepped};
use super::{Actor, Edge};
use crate::document::{Document, Who};
use crate::prove::{Doubt, Prover};

/// Actions of which one at least is needed.
pub(super) const ACTIONS: [&str; 24] = [
    "iam:AddUserToGroup",
    "iam:AttachGroupPolicy",
    "iam:AttachRolePolicy",
    "iam:AttachUserPolicy",
    "iam:CreateAccessKey",
    "iam:CreateLoginProfile",
    "iam:CreatePolicyVersion",
    "iam:CreateRole",
    "iam:CreateUser",
    "iam:DeleteRolePermissionsBoundary",
    "iam:DeleteRolePolicy",
    "iam:DeleteUserPermissionsBoundary",
    "iam:DetachRolePolicy",
    "iam:PutGroupPolicy",
    "iam:PutRolePolicy",
    "iam:PutUserPolicy",
    "iam:SetDefaultPolicyVersion",
    "iam:TagRole",
    "iam:TagUser",
    "iam:UpdateAssumeRolePolicy",
    "iam:UpdateLoginProfile",
    "iam:UpdateSAMLProvider",
    "sso:PutInlinePolicyToPermissionSet",
    "sso:AttachManagedPolicyToPermissionSet",
];

/// Of a role and of a user: actions that put a policy on it.
const PUT: [[&str; 2]; 2] = [
    ["iam:PutRolePolicy", "iam:AttachRolePolicy"],
    ["iam:PutUserPolicy", "iam:AttachUserPolicy"],
];
/// Actions that change what it may do as well, of which it is not followed whom they change: groups, managed
/// policies, permissions boundaries, tags, the permission sets of IAM Identity Center.
const NOT_FOLLOWED: [&str; 13] = [
    "iam:AddUserToGroup",
    "iam:AttachGroupPolicy",
    "iam:PutGroupPolicy",
    "iam:CreatePolicyVersion",
    "iam:SetDefaultPolicyVersion",
    "iam:DeleteRolePermissionsBoundary",
    "iam:DeleteUserPermissionsBoundary",
    "iam:DeleteRolePolicy",
    "iam:DetachRolePolicy",
    "iam:TagRole",
    "iam:TagUser",
    "sso:PutInlinePolicyToPermissionSet",
    "sso:AttachManagedPolicyToPermissionSet",
];

/// Whether somebody can put a policy that allows everything on somebody of its account.
pub(super) fn promoted(actor: &Actor, target: &Actor, prover: &Prover) -> Option<Edge> {
    if actor.identity.account != target.identity.account {
        return None;
    }
    let actions = match target.identity.who {
        Who::Role(_) => PUT[0],
        Who::User(_) => PUT[1],
        Who::Root | Who::Session(..) | Who::Federated(_) => return None,
    };
    let principal = &actor.principal;
    let on = (&*target.principal.arn, &*target.identity.account);
    let puts = actions.map(|action| {
        let found = called(principal, action, on, &[], None, prover);
        stepped(principal, found)
    });
    let others = NOT_FOLLOWED.iter().filter(|action| {
        let is_of = match target.identity.who {
            Who::Role(_) => !action.contains("User") && !action.contains("Group"),
            Who::User(_) | Who::Root | Who::Session(..) | Who::Federated(_) => {
                !action.contains("Role")
            }
        };
        is_of && may(actor, action)
    });
    let others = others.map(|action| Some(Edge::perhaps(vec![Doubt::Action(action)])));
    best(puts.into_iter().chain(others))
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
            let assumed = called(
                principal,
                "sts:AssumeRole",
                on,
                &[],
                Some(&anybody()),
                prover,
            );
            Some(changed.and(stepped(principal, assumed)?))
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

/// Whether somebody can make a role or a user of its account, by its ARN, and act as it, with every policy it
/// wants.
pub(super) fn made(actor: &Actor, arn: &str, prover: &Prover) -> Option<Edge> {
    let principal = &actor.principal;
    let account = &*actor.identity.account;
    let on = (arn, account);
    let ask = |action| stepped(principal, called(principal, action, on, &[], None, prover));
    if arn.contains(":role/") {
        let made = ask("iam:CreateRole")?;
        let put = best(PUT[0].map(ask))?;
        let assumed = called(
            principal,
            "sts:AssumeRole",
            on,
            &[],
            Some(&anybody()),
            prover,
        );
        return Some(made.and(put).and(stepped(principal, assumed)?));
    }
    let made = ask("iam:CreateUser")?;
    let put = best(PUT[1].map(ask))?;
    let key = best(["iam:CreateAccessKey", "iam:CreateLoginProfile"].map(ask))?;
    Some(made.and(put).and(key))
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
