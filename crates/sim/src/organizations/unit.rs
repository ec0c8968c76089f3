//! Roots and organizational units.

use serde_json::{Value, json};

use super::{Organization, managed, paged};
use crate::answer::{Answered, ApiError, Body, tree};
use crate::input::Input;
use crate::world::{Ctx, World};

/// Organizations API, ListRoots.
pub(super) fn roots(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let organization = managed(world, ctx)?;
    let root = organization.root.clone();
    let types: Vec<Value> = organization
        .types
        .iter()
        .map(|kind| json!({ "Type": kind, "Status": "ENABLED" }))
        .collect();
    let shown = json!({
        "Id": root,
        "Arn": organization.arn(ctx, &format!("root/{}/{root}", organization.id)),
        "Name": "Root",
        "PolicyTypes": types,
    });
    paged(input, "ListRoots", "Roots", vec![(root, shown)])
}

fn show(organization: &Organization, ctx: &Ctx, id: &str, name: &str) -> Value {
    json!({
        "Id": id,
        "Arn": organization.arn(ctx, &format!("ou/{}/{id}", organization.id)),
        "Name": name,
    })
}

fn no_unit() -> ApiError {
    ApiError::new(
        "OrganizationalUnitNotFoundException",
        "You specified an organizational unit that doesn't exist.",
    )
}

/// Organizations API, CreateOrganizationalUnit.
pub(super) fn create(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let parent = input.text("ParentId")?;
    let name = input.text("Name")?;
    let digits = world.random.hex(8);
    let organization = managed(world, ctx)?;
    organization.has_parent(parent)?;
    let twin = organization
        .units
        .values()
        .any(|unit| unit.parent == parent && unit.name == name);
    if twin {
        return Err(ApiError::new(
            "DuplicateOrganizationalUnitException",
            "An OU with the same name already exists.",
        ));
    }
    let id = format!("ou-{}-{digits}", organization.root.trim_start_matches("r-"));
    organization.add_unit(&id, name, parent);
    let shown = show(organization, ctx, &id, name);
    tree(json!({ "OrganizationalUnit": shown }))
}

/// Organizations API, DescribeOrganizationalUnit.
pub(super) fn describe(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let id = input.text("OrganizationalUnitId")?;
    let organization = managed(world, ctx)?;
    match organization.units.get(id) {
        None => Err(no_unit()),
        Some(unit) => {
            let shown = show(organization, ctx, id, &unit.name);
            tree(json!({ "OrganizationalUnit": shown }))
        }
    }
}

/// Organizations API, UpdateOrganizationalUnit.
pub(super) fn rename(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let id = input.text("OrganizationalUnitId")?;
    let name = input.opt("Name")?;
    let organization = managed(world, ctx)?;
    let Some(unit) = organization.units.get_mut(id) else {
        return Err(no_unit());
    };
    if let Some(name) = name {
        name.clone_into(&mut unit.name);
    }
    let name = unit.name.clone();
    let shown = show(organization, ctx, id, &name);
    tree(json!({ "OrganizationalUnit": shown }))
}

/// Organizations API, DeleteOrganizationalUnit: an empty one.
pub(super) fn delete(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let id = input.text("OrganizationalUnitId")?;
    let organization = managed(world, ctx)?;
    let holds = organization.units.values().any(|unit| unit.parent == id)
        || organization
            .accounts
            .values()
            .any(|member| member.parent == id);
    if holds {
        return Err(ApiError::new(
            "OrganizationalUnitNotEmptyException",
            "The specified OU is not empty.",
        ));
    }
    match organization.units.remove(id) {
        None => Err(no_unit()),
        Some(_) => Ok(Body::Empty),
    }
}

/// Organizations API, ListOrganizationalUnitsForParent.
pub(super) fn list(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let parent = input.text("ParentId")?;
    let organization = managed(world, ctx)?;
    organization.has_parent(parent)?;
    let items = organization
        .units
        .iter()
        .filter(|(_, unit)| unit.parent == parent)
        .map(|(id, unit)| (id.clone(), show(organization, ctx, id, &unit.name)))
        .collect();
    let name = format!("ListOrganizationalUnitsForParent|{parent}");
    paged(input, &name, "OrganizationalUnits", items)
}

/// Organizations API, ListParents.
pub(super) fn parents(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let child = input.text("ChildId")?;
    let organization = managed(world, ctx)?;
    let unit = organization.units.get(child).map(|unit| &unit.parent);
    let account = organization
        .accounts
        .get(child)
        .map(|member| &member.parent);
    let Some(parent) = unit.or(account) else {
        return Err(ApiError::new(
            "ChildNotFoundException",
            "You specified a child that doesn't exist.",
        ));
    };
    let kind = if *parent == organization.root {
        "ROOT"
    } else {
        "ORGANIZATIONAL_UNIT"
    };
    tree(json!({ "Parents": [{ "Id": parent, "Type": kind }] }))
}

/// Organizations API, ListChildren.
pub(super) fn children(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let parent = input.text("ParentId")?;
    let kinds = &["ACCOUNT", "ORGANIZATIONAL_UNIT"];
    let kind = input
        .one_of("ChildType", kinds)?
        .ok_or_else(|| ApiError::missing("ChildType"))?;
    let organization = managed(world, ctx)?;
    organization.has_parent(parent)?;
    let ids: Vec<String> = if kind == "ACCOUNT" {
        let accounts = organization.accounts.iter();
        let here = accounts.filter(|(_, member)| member.parent == parent);
        here.map(|(id, _)| id.clone()).collect()
    } else {
        let units = organization.units.iter();
        let here = units.filter(|(_, unit)| unit.parent == parent);
        here.map(|(id, _)| id.clone()).collect()
    };
    let items = ids
        .into_iter()
        .map(|id| (id.clone(), json!({ "Id": id, "Type": kind })))
        .collect();
    let name = format!("ListChildren|{parent}|{kind}");
    paged(input, &name, "Children", items)
}
