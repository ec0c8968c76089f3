//! Accounts of the organisation.

use serde_json::{Value, json};

use super::{Member, Organization, managed, organization, paged, time};
use crate::answer::{Answered, ApiError, Body, tree};
use crate::input::Input;
use crate::world::{Ctx, World};

fn show(organization: &Organization, ctx: &Ctx, id: &str, member: &Member) -> Value {
    let method = if id == organization.master {
        "INVITED"
    } else {
        "CREATED"
    };
    let status = if member.suspended {
        "SUSPENDED"
    } else {
        "ACTIVE"
    };
    json!({
        "Id": id,
        "Arn": organization.arn(ctx, &format!("account/{}/{id}", organization.id)),
        "Email": member.email,
        "Name": member.name,
        "Status": status,
        "State": status,
        "JoinedMethod": method,
        "JoinedTimestamp": time(member.joined),
    })
}

fn no_account() -> ApiError {
    ApiError::new(
        "AccountNotFoundException",
        "You specified an account that doesn't exist.",
    )
}

/// Organizations API, CreateAccount: it goes on by itself and is done when one looks.
pub(super) fn create(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let name = input.text("AccountName")?.to_owned();
    let email = input.text("Email")?.to_owned();
    managed(world, ctx)?;
    let request = format!("car-{}", world.random.hex(32));
    let mut id = String::new();
    while id.len() < 12 {
        id.push_str(&(world.random.next() % 1_000_000).to_string());
    }
    id.truncate(12);
    let joined = world.stamp();
    let role = input
        .opt("RoleName")?
        .unwrap_or("OrganizationAccountAccessRole");
    crate::estate::trusting_role(world, &id, role, &ctx.account, &ctx.region);
    let organization = managed(world, ctx)?;
    let root = organization.root.clone();
    organization.add(&id, &name, &root, joined);
    if let Some(member) = organization.accounts.get_mut(&id) {
        member.email = email;
    }
    organization.requests.insert(request.clone(), id.clone());
    let status = json!({
        "Id": request,
        "AccountName": name,
        "State": "IN_PROGRESS",
        "RequestedTimestamp": time(joined),
        "AccountId": id,
    });
    tree(json!({ "CreateAccountStatus": status }))
}

/// Organizations API, DescribeCreateAccountStatus.
pub(super) fn create_status(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let request = input.text("CreateAccountRequestId")?;
    let organization = organization(world, ctx)?;
    let found = organization.requests.get(request).and_then(|id| {
        let member = organization.accounts.get(id)?;
        Some((id, member))
    });
    let Some((id, member)) = found else {
        return Err(ApiError::new(
            "CreateAccountStatusNotFoundException",
            "You specified a create account request that doesn't exist.",
        ));
    };
    tree(json!({ "CreateAccountStatus": {
        "Id": request,
        "AccountName": member.name,
        "State": "SUCCEEDED",
        "RequestedTimestamp": time(member.joined),
        "CompletedTimestamp": time(member.joined),
        "AccountId": id,
    }}))
}

fn list_where(
    world: &mut World,
    ctx: &Ctx,
    input: &Input,
    name: &str,
    wanted: impl Fn(&Member) -> bool,
) -> Answered {
    let organization = organization(world, ctx)?;
    let items = organization
        .accounts
        .iter()
        .filter(|(_, member)| wanted(member))
        .map(|(id, member)| (id.clone(), show(organization, ctx, id, member)))
        .collect();
    paged(input, name, "Accounts", items)
}

/// Organizations API, ListAccounts.
pub(super) fn list(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    list_where(world, ctx, input, "ListAccounts", |_| true)
}

/// Organizations API, ListAccountsForParent.
pub(super) fn list_for_parent(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let parent = input.text("ParentId")?;
    organization(world, ctx)?.has_parent(parent)?;
    let name = format!("ListAccountsForParent|{parent}");
    list_where(world, ctx, input, &name, |member| member.parent == parent)
}

/// Organizations API, DescribeAccount.
pub(super) fn describe(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let id = input.text("AccountId")?;
    let organization = organization(world, ctx)?;
    match organization.accounts.get(id) {
        None => Err(no_account()),
        Some(member) => tree(json!({ "Account": show(organization, ctx, id, member) })),
    }
}

/// Organizations API, CloseAccount.
pub(super) fn close(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let id = input.text("AccountId")?;
    let organization = managed(world, ctx)?;
    match organization.accounts.get_mut(id) {
        None => Err(no_account()),
        Some(member) => {
            member.suspended = true;
            Ok(Body::Empty)
        }
    }
}

/// Organizations API, MoveAccount.
pub(super) fn move_to(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let id = input.text("AccountId")?;
    let from = input.text("SourceParentId")?;
    let to = input.text("DestinationParentId")?;
    let organization = managed(world, ctx)?;
    let has = |parent: &str, code: &str| {
        organization
            .has_parent(parent)
            .map_err(|error| ApiError::new(code, error.message))
    };
    has(from, "SourceParentNotFoundException")?;
    has(to, "DestinationParentNotFoundException")?;
    match organization.accounts.get_mut(id) {
        Some(member) if member.parent == from => {
            to.clone_into(&mut member.parent);
            Ok(Body::Empty)
        }
        Some(_) | None => Err(no_account()),
    }
}
