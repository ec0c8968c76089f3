//! AWS Organizations: accounts, organizational units and policies. Thousands of accounts are
//! rows here; what is in an account comes into being when somebody looks.

mod account;
mod policy;
mod unit;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::answer::{Answered, ApiError, Body, tree};
use crate::input::{Input, epoch};
use crate::page::page_by_key;
use crate::table::operations;
use crate::world::{Ctx, World, partition};

/// An organisation.
#[derive(Debug)]
pub(crate) struct Organization {
    pub(crate) id: String,
    pub(crate) master: String,
    pub(crate) root: String,
    features: String,
    pub(crate) accounts: BTreeMap<String, Member>,
    pub(crate) units: BTreeMap<String, Unit>,
    pub(crate) policies: BTreeMap<String, OrgPolicy>,
    /// Policies by what they are attached to.
    pub(crate) attached: BTreeMap<String, BTreeSet<String>>,
    pub(crate) tags: BTreeMap<String, BTreeMap<String, String>>,
    requests: BTreeMap<String, account::Request>,
    types: BTreeSet<String>,
}

/// An account of the organisation.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) parent: String,
    pub(crate) joined: Timestamp,
    pub(crate) suspended: bool,
}

/// An organizational unit.
#[derive(Clone, Debug)]
pub(crate) struct Unit {
    pub(crate) name: String,
    pub(crate) parent: String,
}

/// A policy of the organisation.
#[derive(Clone, Debug)]
pub(crate) struct OrgPolicy {
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) kind: String,
    pub(crate) content: String,
    pub(crate) of_aws: bool,
}

operations! {
    Organizations;
    Write CreateOrganization("") = create;
    Read DescribeOrganization("") = describe;
    Write CreateAccount("AccountName") = account::create;
    Read DescribeCreateAccountStatus("") = account::create_status;
    Read ListCreateAccountStatus("") = account::list_statuses;
    Read ListAccounts("") = account::list;
    Read ListAccountsForParent("ParentId") = account::list_for_parent;
    Read DescribeAccount("AccountId") = account::describe;
    Write CloseAccount("AccountId") = account::close;
    Write MoveAccount("AccountId") = account::move_to;
    Read ListRoots("") = unit::roots;
    Write CreateOrganizationalUnit("Name") = unit::create;
    Read DescribeOrganizationalUnit("OrganizationalUnitId") = unit::describe;
    Write UpdateOrganizationalUnit("OrganizationalUnitId") = unit::rename;
    Write DeleteOrganizationalUnit("OrganizationalUnitId") = unit::delete;
    Read ListOrganizationalUnitsForParent("ParentId") = unit::list;
    Read ListParents("ChildId") = unit::parents;
    Read ListChildren("ParentId") = unit::children;
    Write CreatePolicy("Name") = policy::create;
    Write UpdatePolicy("PolicyId") = policy::update;
    Write DeletePolicy("PolicyId") = policy::delete;
    Read DescribePolicy("PolicyId") = policy::describe;
    Read ListPolicies("") = policy::list;
    Write AttachPolicy("TargetId") = policy::attach;
    Write DetachPolicy("TargetId") = policy::detach;
    Read ListPoliciesForTarget("TargetId") = policy::for_target;
    Read ListTargetsForPolicy("PolicyId") = policy::targets;
    Write EnablePolicyType("RootId") = policy::enable_type;
    Write DisablePolicyType("RootId") = policy::disable_type;
    Write TagResource("ResourceId") = tag;
    Write UntagResource("ResourceId") = untag;
    Read ListTagsForResource("ResourceId") = list_tags;
    Read ListDelegatedAdministrators("") = no_administrators;
    Read ListAWSServiceAccessForOrganization("") = no_service_access;
}

/// The full access that every root, unit and account begins with.
const FULL_ACCESS: &str = "p-FullAWSAccess";
const RCP_FULL_ACCESS: &str = "p-RCPFullAWSAccess";

impl Organization {
    /// An organisation with the account that made it.
    pub(crate) fn new(world: &mut World, master: &str, name: &str, features: &str) -> Self {
        let root = format!("r-{}", world.random.hex(4));
        let mut organization = Self {
            id: format!("o-{}", world.random.hex(10)),
            master: master.to_owned(),
            root: root.clone(),
            features: features.to_owned(),
            accounts: BTreeMap::new(),
            units: BTreeMap::new(),
            policies: BTreeMap::new(),
            attached: BTreeMap::new(),
            tags: BTreeMap::new(),
            requests: BTreeMap::new(),
            types: BTreeSet::new(),
        };
        for (id, kind, name) in [
            (FULL_ACCESS, "SERVICE_CONTROL_POLICY", "FullAWSAccess"),
            (
                RCP_FULL_ACCESS,
                "RESOURCE_CONTROL_POLICY",
                "RCPFullAWSAccess",
            ),
        ] {
            let statement = if kind == "SERVICE_CONTROL_POLICY" {
                json!({ "Effect": "Allow", "Action": "*", "Resource": "*" })
            } else {
                json!({ "Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*" })
            };
            organization.policies.insert(
                id.to_owned(),
                OrgPolicy {
                    name: name.to_owned(),
                    description: "Allows access to every operation".to_owned(),
                    kind: kind.to_owned(),
                    content: json!({ "Version": "2012-10-17", "Statement": [statement] })
                        .to_string(),
                    of_aws: true,
                },
            );
        }
        if features == "ALL" {
            // Organizations API, CreateOrganization: service control policies are on from the start.
            organization
                .types
                .insert("SERVICE_CONTROL_POLICY".to_owned());
        }
        organization.begin_with_full_access(&root);
        let joined = world.stamp();
        organization.add(master, name, &root, joined);
        organization
    }

    fn begin_with_full_access(&mut self, target: &str) {
        let attached = self.attached.entry(target.to_owned()).or_default();
        if self.types.contains("SERVICE_CONTROL_POLICY") {
            attached.insert(FULL_ACCESS.to_owned());
        }
        if self.types.contains("RESOURCE_CONTROL_POLICY") {
            attached.insert(RCP_FULL_ACCESS.to_owned());
        }
    }

    /// Adds an account.
    pub(crate) fn add(&mut self, id: &str, name: &str, parent: &str, joined: Timestamp) {
        self.begin_with_full_access(id);
        self.accounts.insert(
            id.to_owned(),
            Member {
                name: name.to_owned(),
                email: format!("{}@example.com", name.to_lowercase().replace(' ', "-")),
                parent: parent.to_owned(),
                joined,
                suspended: false,
            },
        );
    }

    /// Adds a unit.
    pub(crate) fn add_unit(&mut self, id: &str, name: &str, parent: &str) {
        self.begin_with_full_access(id);
        self.units.insert(
            id.to_owned(),
            Unit {
                name: name.to_owned(),
                parent: parent.to_owned(),
            },
        );
    }

    fn arn(&self, ctx: &Ctx, resource: &str) -> String {
        let partition = partition(&ctx.region);
        format!("arn:{partition}:organizations::{}:{resource}", self.master)
    }

    fn has_target(&self, id: &str) -> bool {
        id == self.root || self.units.contains_key(id) || self.accounts.contains_key(id)
    }

    fn has_parent(&self, id: &str) -> Result<(), ApiError> {
        if id == self.root || self.units.contains_key(id) {
            return Ok(());
        }
        Err(ApiError::new(
            "ParentNotFoundException",
            "You provided parent that does not exist.",
        ))
    }
}

/// Whether an account is one that its organisation has closed.
pub(crate) fn is_suspended(world: &World, account: &str) -> bool {
    world
        .organizations
        .iter()
        .filter_map(|organization| organization.accounts.get(account))
        .any(|member| member.suspended)
}

/// The policies of a kind that bind an account, by level, the root first; none where its organisation
/// has no such policies, or it is the management account, which none binds (Organizations User Guide,
/// "Service control policies", "Tasks and entities not restricted by SCPs"). A level that has the
/// full access it begins with and nothing else takes nothing away, and is left out.
pub(crate) fn levels<'w>(world: &'w World, account: &str, kind: &str) -> Vec<Vec<&'w str>> {
    let mut organizations = world.organizations.iter();
    let Some((organization, member)) = organizations.find_map(|organization| {
        let member = organization.accounts.get(account)?;
        Some((organization, member))
    }) else {
        return Vec::new();
    };
    if organization.master == account || !organization.types.contains(kind) {
        return Vec::new();
    }
    let mut chain = vec![account, member.parent.as_str()];
    while let Some(unit) = chain.last().and_then(|id| organization.units.get(*id)) {
        chain.push(unit.parent.as_str());
    }
    let level = |id: &&str| -> Option<Vec<&'w str>> {
        let attached = organization.attached.get(*id).into_iter().flatten();
        let policies = attached.filter_map(|id| organization.policies.get(id));
        let of_kind: Vec<_> = policies.filter(|policy| policy.kind == kind).collect();
        let is_full = !of_kind.is_empty() && of_kind.iter().all(|policy| policy.of_aws);
        let texts = || {
            of_kind
                .iter()
                .map(|policy| policy.content.as_str())
                .collect()
        };
        (!is_full).then(texts)
    };
    chain.iter().rev().filter_map(level).collect()
}

/// The organisation of an account.
fn organization<'a>(world: &'a mut World, ctx: &Ctx) -> Result<&'a mut Organization, ApiError> {
    world
        .organizations
        .iter_mut()
        .find(|organization| organization.accounts.contains_key(&ctx.account))
        .ok_or_else(|| {
            ApiError::new(
                "AWSOrganizationsNotInUseException",
                "Your account is not a member of an organization.",
            )
        })
}

/// The same, for its management account: every operation but DescribeOrganization is for that
/// one and for delegated administrators (Organizations API, each operation's first note).
fn managed<'a>(world: &'a mut World, ctx: &Ctx) -> Result<&'a mut Organization, ApiError> {
    let organization = organization(world, ctx)?;
    if organization.master == ctx.account {
        return Ok(organization);
    }
    Err(ApiError::new(
        "AccessDeniedException",
        "You don't have permissions to access this resource.",
    ))
}

fn show(organization: &Organization, ctx: &Ctx) -> Value {
    let (id, master) = (&organization.id, &organization.master);
    let email = organization
        .accounts
        .get(master)
        .map(|member| member.email.as_str());
    json!({
        "Id": id,
        "Arn": organization.arn(ctx, &format!("organization/{id}")),
        "FeatureSet": organization.features,
        "MasterAccountId": master,
        "MasterAccountArn": organization.arn(ctx, &format!("account/{id}/{master}")),
        "MasterAccountEmail": email,
        "AvailablePolicyTypes": [{ "Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED" }],
    })
}

/// Organizations API, CreateOrganization.
fn create(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let features = input
        .one_of("FeatureSet", &["ALL", "CONSOLIDATED_BILLING"])?
        .unwrap_or("ALL")
        .to_owned();
    if organization(world, ctx).is_ok() {
        return Err(ApiError::new(
            "AlreadyInOrganizationException",
            "The provided account is already a member of an organization.",
        ));
    }
    let organization = Organization::new(world, &ctx.account, "management", &features);
    let shown = show(&organization, ctx);
    world.organizations.push(organization);
    tree(json!({ "Organization": shown }))
}

/// Organizations API, DescribeOrganization.
fn describe(world: &mut World, ctx: &Ctx, _input: &Input) -> Answered {
    let organization = organization(world, ctx)?;
    tree(json!({ "Organization": show(organization, ctx) }))
}

/// A page of Organizations': at most 20.
fn paged(input: &Input, list: &str, field: &str, items: Vec<(String, Value)>) -> Answered {
    let most = input.within("MaxResults", 1..=20)?.unwrap_or(20);
    let most = usize::try_from(most).unwrap_or(20);
    let token = input.opt("NextToken")?;
    let cut = page_by_key(items, token, most, list, |item| item.0.clone())?;
    let items: Vec<Value> = cut.items.into_iter().map(|(_, item)| item).collect();
    let mut answer = json!({ field: items });
    if let (Some(next), Some(fields)) = (cut.next, answer.as_object_mut()) {
        fields.insert("NextToken".to_owned(), Value::from(next));
    }
    tree(answer)
}

fn taggable<'a>(
    world: &'a mut World,
    ctx: &Ctx,
    input: &Input,
) -> Result<&'a mut BTreeMap<String, String>, ApiError> {
    let id = input.text("ResourceId")?;
    let organization = managed(world, ctx)?;
    if !organization.has_target(id) && !organization.policies.contains_key(id) {
        return Err(ApiError::new(
            "TargetNotFoundException",
            "You specified a target that doesn't exist.",
        ));
    }
    Ok(organization.tags.entry(id.to_owned()).or_default())
}

/// Organizations API, TagResource.
fn tag(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let tags = taggable(world, ctx, input)?;
    for value in input.list("Tags")? {
        let text = |field: &str| value.get(field).and_then(Value::as_str);
        if let (Some(key), Some(value)) = (text("Key"), text("Value")) {
            tags.insert(key.to_owned(), value.to_owned());
        }
    }
    Ok(Body::Empty)
}

/// Organizations API, UntagResource.
fn untag(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let keys = input.texts("TagKeys")?;
    let tags = taggable(world, ctx, input)?;
    tags.retain(|key, _| !keys.contains(&key.as_str()));
    Ok(Body::Empty)
}

/// Organizations API, ListTagsForResource.
fn list_tags(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let tags = taggable(world, ctx, input)?;
    let tags: Vec<Value> = tags
        .iter()
        .map(|(key, value)| json!({ "Key": key, "Value": value }))
        .collect();
    tree(json!({ "Tags": tags }))
}

/// Organizations API, ListDelegatedAdministrators: delegation is not simulated.
fn no_administrators(world: &mut World, ctx: &Ctx, _input: &Input) -> Answered {
    managed(world, ctx)?;
    tree(json!({ "DelegatedAdministrators": [] }))
}

/// Organizations API, ListAWSServiceAccessForOrganization: nor is trusted access.
fn no_service_access(world: &mut World, ctx: &Ctx, _input: &Input) -> Answered {
    managed(world, ctx)?;
    tree(json!({ "EnabledServicePrincipals": [] }))
}

/// A time, as Organizations writes it.
fn time(time: Timestamp) -> Value {
    epoch(time)
}
