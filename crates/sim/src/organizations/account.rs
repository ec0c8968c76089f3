//! Accounts of the organisation.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Member, Organization, managed, paged, time};
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

/// A request for an account.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    name: String,
    asked: Timestamp,
    /// The account that it made, or why it made none.
    outcome: Result<String, &'static str>,
}

impl Request {
    fn show(&self, id: &str) -> Value {
        let mut shown = json!({
            "Id": id,
            "AccountName": self.name,
            "State": if self.outcome.is_ok() { "SUCCEEDED" } else { "FAILED" },
            "RequestedTimestamp": time(self.asked),
            "CompletedTimestamp": time(self.asked),
        });
        if let Some(fields) = shown.as_object_mut() {
            match &self.outcome {
                Ok(account) => fields.insert("AccountId".to_owned(), Value::from(account.as_str())),
                Err(reason) => fields.insert("FailureReason".to_owned(), Value::from(*reason)),
            };
        }
        shown
    }
}

/// Organizations API, CreateAccount: it goes on by itself and is done when one looks.
pub(super) fn create(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let name = input.text("AccountName")?.to_owned();
    let email = input.text("Email")?.to_owned();
    let is_address = email
        .split_once('@')
        .is_some_and(|(who, place)| !who.is_empty() && place.contains('.'));
    if !is_address {
        let constraint = "satisfy regular expression pattern: [^\\s@]+@[^\\s@]+\\.[^\\s@]+";
        return Err(ApiError::constraint(&email, "email", constraint));
    }
    let taken = managed(world, ctx)?
        .accounts
        .values()
        .any(|member| member.email == email);
    let request = format!("car-{}", world.random.hex(32));
    let asked = world.stamp();
    let outcome = if taken {
        Err("EMAIL_ALREADY_EXISTS")
    } else {
        let id = format!("{:012}", world.random.next() % 1_000_000_000_000);
        let role = input
            .opt("RoleName")?
            .unwrap_or("OrganizationAccountAccessRole");
        crate::estate::trusting_role(world, &id, role, &ctx.account, &ctx.region);
        let organization = managed(world, ctx)?;
        let root = organization.root.clone();
        organization.add(&id, &name, &root, asked);
        if let Some(member) = organization.accounts.get_mut(&id) {
            member.email = email;
        }
        Ok(id)
    };
    let made = Request {
        name: name.clone(),
        asked,
        outcome,
    };
    managed(world, ctx)?.requests.insert(request.clone(), made);
    tree(json!({ "CreateAccountStatus": {
        "Id": request,
        "AccountName": name,
        "State": "IN_PROGRESS",
        "RequestedTimestamp": time(asked),
    }}))
}

/// Organizations API, DescribeCreateAccountStatus.
pub(super) fn create_status(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let id = input.text("CreateAccountRequestId")?;
    match managed(world, ctx)?.requests.get(id) {
        Some(request) => tree(json!({ "CreateAccountStatus": request.show(id) })),
        None => Err(ApiError::new(
            "CreateAccountStatusNotFoundException",
            "You specified a create account request that doesn't exist.",
        )),
    }
}

/// Organizations API, ListCreateAccountStatus.
pub(super) fn list_statuses(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let states = input.texts("States")?;
    let items = managed(world, ctx)?
        .requests
        .iter()
        .map(|(id, request)| (id.clone(), request.show(id)))
        .filter(|(_, shown)| {
            let state = shown.get("State").and_then(Value::as_str);
            states.is_empty() || state.is_some_and(|state| states.contains(&state))
        })
        .collect();
    paged(
        input,
        "ListCreateAccountStatus",
        "CreateAccountStatuses",
        items,
    )
}

fn list_where(
    world: &mut World,
    ctx: &Ctx,
    input: &Input,
    name: &str,
    wanted: impl Fn(&Member) -> bool,
) -> Answered {
    let organization = managed(world, ctx)?;
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
    managed(world, ctx)?.has_parent(parent)?;
    let name = format!("ListAccountsForParent|{parent}");
    list_where(world, ctx, input, &name, |member| member.parent == parent)
}

/// Organizations API, DescribeAccount.
pub(super) fn describe(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let id = input.text("AccountId")?;
    let organization = managed(world, ctx)?;
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
