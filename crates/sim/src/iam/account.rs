//! An account as a whole, as IAM sees it.

use serde_json::{Value, json};

use super::{encoded, exists, paged, policy};
use crate::answer::{Answered, Body, tree};
use crate::input::Input;
use crate::world::{Ctx, World};

/// IAM API, CreateAccountAlias.
pub(super) fn create_alias(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let alias = input.text("AccountAlias")?;
    if world
        .accounts
        .values()
        .any(|account| account.iam.alias.as_deref() == Some(alias))
    {
        return Err(exists("The account alias", alias));
    }
    world.account(&ctx.account).iam.alias = Some(alias.to_owned());
    Ok(Body::Empty)
}

/// IAM API, ListAccountAliases.
pub(super) fn list_aliases(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let alias = world.account(&ctx.account).iam.alias.clone();
    let items = alias.map(|alias| (alias.clone(), Value::from(alias)));
    let items = items.into_iter().collect();
    paged(input, "ListAccountAliases", "AccountAliases", items)
}

/// IAM API, GetAccountSummary.
pub(super) fn summary(world: &mut World, ctx: &Ctx, _input: &Input) -> Answered {
    let iam = &world.account(&ctx.account).iam;
    let count = |key: &str, value: usize| json!({ "key": key, "value": value });
    // A map of the Query protocol is a list of entries.
    tree(json!({ "SummaryMap": { "entry": [
        count("Roles", iam.roles.len()),
        count("Policies", iam.policies.len()),
        count("Users", 0),
        count("Groups", 0),
    ]}}))
}

/// IAM API, GetAccountAuthorizationDetails: roles and the customer's policies.
pub(super) fn authorization_details(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let filter = input.texts("Filter")?;
    let wants = |kind: &str| filter.is_empty() || filter.contains(&kind);
    let (with_roles, with_policies) = (wants("Role"), wants("LocalManagedPolicy"));
    let iam = &world.account(&ctx.account).iam;
    let roles = iam.roles.values().filter(|_| with_roles).map(|role| {
        let mut fields = role.show();
        fields.remove("MaxSessionDuration");
        fields.remove("Description");
        let inline: Vec<Value> = role
            .inline
            .iter()
            .map(|(name, text)| json!({ "PolicyName": name, "PolicyDocument": encoded(text) }))
            .collect();
        fields.insert("RolePolicyList".to_owned(), Value::Array(inline));
        let attached = Value::Array(role.show_attached());
        fields.insert("AttachedManagedPolicies".to_owned(), attached);
        fields.insert("InstanceProfileList".to_owned(), json!([]));
        (format!("role|{}", role.name), Value::Object(fields))
    });
    let mut items: Vec<(String, Value)> = roles.collect();
    let policies: Vec<policy::Policy> = iam.policies.values().cloned().collect();
    for policy in policies.into_iter().filter(|_| with_policies) {
        let count = policy::attached(world, ctx, &policy.arn);
        items.push((format!("policy|{}", policy.arn), policy.show_detail(count)));
    }
    items.sort_by(|a, b| a.0.cmp(&b.0));
    let most = input.within("MaxItems", 1..=1000)?.unwrap_or(100);
    let most = usize::try_from(most).unwrap_or(100);
    let marker = input.opt("Marker")?;
    let list = "GetAccountAuthorizationDetails";
    let cut = crate::page::page_by_key(items, marker, most, list, |item| item.0.clone())?;
    let of = |kind: &str| -> Vec<Value> {
        cut.items
            .iter()
            .filter(|(place, _)| place.starts_with(kind))
            .map(|(_, value)| value.clone())
            .collect()
    };
    let none: [Value; 0] = [];
    let mut answer = json!({
        "UserDetailList": none,
        "GroupDetailList": none,
        "RoleDetailList": of("role|"),
        "Policies": of("policy|"),
        "IsTruncated": cut.next.is_some(),
    });
    if let (Some(next), Some(fields)) = (cut.next, answer.as_object_mut()) {
        fields.insert("Marker".to_owned(), Value::from(next));
    }
    tree(answer)
}

/// IAM API, ListUsers: users are not simulated, so there are none.
pub(super) fn no_users(_world: &mut World, _ctx: &Ctx, input: &Input) -> Answered {
    paged(input, "ListUsers", "Users", Vec::new())
}

/// IAM API, ListGroups: nor are groups.
pub(super) fn no_groups(_world: &mut World, _ctx: &Ctx, input: &Input) -> Answered {
    paged(input, "ListGroups", "Groups", Vec::new())
}
