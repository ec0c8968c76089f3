//! Whether whoever asks may: every policy of the world that has a say, and the product's evaluator.

use sagelock_policy::context::{Context, Value as Held};
use sagelock_policy::evaluate::{Answer, Verdict};
use sagelock_policy::prove::settled;
use sagelock_policy::request::{Caller, Grant};
use sagelock_policy::{Document, Effect, Kind, Request, Stack, explain};

use crate::answer::ApiError;
use crate::iam::Role;
use crate::organizations::levels;
use crate::world::{Ctx, World};

const SCP: &str = "SERVICE_CONTROL_POLICY";
const RCP: &str = "RESOURCE_CONTROL_POLICY";

/// A request, as policies see it. Who asks is the caller of `ctx`.
pub(crate) struct Asks<'a> {
    pub(crate) ctx: &'a Ctx,
    pub(crate) action: &'a str,
    pub(crate) resource: &'a str,
    /// The account that the resource is of.
    pub(crate) owner: &'a str,
    /// The policy of the resource, where it has one.
    pub(crate) policy: Option<(Kind, &'a str)>,
    pub(crate) grants: Vec<Grant>,
    /// What the request tells beside what every request tells.
    pub(crate) context: Vec<(String, Held)>,
}

/// One value of a key of the context.
pub(crate) fn one(key: &str, value: &str) -> (String, Held) {
    (key.to_owned(), Held::One(value.into()))
}

/// Several values of a key of the context.
pub(crate) fn several<'v>(key: &str, values: impl IntoIterator<Item = &'v str>) -> (String, Held) {
    let values = values.into_iter().map(Into::into).collect();
    (key.to_owned(), Held::List(values))
}

/// Refuses what is not allowed, in AWS's words (IAM User Guide, "Troubleshoot access denied error
/// messages"). What AWS leaves open, the simulated one denies.
pub(crate) fn require(world: &World, asks: &Asks<'_>) -> Result<(), ApiError> {
    match refusal(world, asks) {
        None => Ok(()),
        Some(why) => {
            let what = format!("on resource: {} {why}", asks.resource);
            let (service, caller) = (asks.ctx.service, &asks.ctx.caller.arn);
            Err(service.denied_action(caller, asks.action, &what))
        }
    }
}

/// Whether nothing but the policies of resources binds who asks: an account's root user, and no service
/// control policy.
pub(crate) fn is_unbound(world: &World, ctx: &Ctx) -> bool {
    ctx.caller.arn.ends_with(":root") && levels(world, &ctx.account, SCP).is_empty()
}

/// Why it is not allowed, if it is not.
pub(crate) fn refusal(world: &World, asks: &Asks<'_>) -> Option<String> {
    if asks.policy.is_none() && is_unbound(world, asks.ctx) {
        return None;
    }
    let scp = levels(world, &asks.ctx.account, SCP);
    let nobody = || Some(format!("because `{}` is nobody", asks.ctx.caller.arn));
    let Ok(caller) = Caller::read(&asks.ctx.caller.arn) else {
        return nobody();
    };
    let role = role(world, asks.ctx);
    let context = Context::new(context(world, asks, role));
    let made = Request::new(caller, asks.action, asks.resource, asks.owner, context);
    let Ok(request) = made else {
        return Some(format!("because `{}` is no action", asks.action));
    };
    let Some(stack) = stack(world, asks, role, &scp) else {
        return Some("because one of the policies cannot be read".to_owned());
    };
    let answer = explain(&request, &stack);
    let is_allowed = match answer.verdict {
        Verdict::Allowed => true,
        Verdict::Denied { .. } => false,
        Verdict::Unknown => settled(&request, &stack) == Some(Verdict::Allowed),
    };
    (!is_allowed).then(|| words(&answer, asks.action))
}

/// The role of a session.
fn role<'w>(world: &'w World, ctx: &Ctx) -> Option<&'w Role> {
    let (_, rest) = ctx.caller.arn.split_once(":assumed-role/")?;
    let name = rest.split('/').next()?;
    let iam = &world.accounts.get(&ctx.account)?.iam;
    iam.roles.get(&name.to_lowercase())
}

fn context(world: &World, asks: &Asks<'_>, role: Option<&Role>) -> Vec<(String, Held)> {
    let ctx = asks.ctx;
    let arn = role.map_or(ctx.caller.arn.as_str(), |role| role.arn.as_str());
    let mut context = vec![
        one("aws:PrincipalArn", arn),
        one("aws:PrincipalAccount", &ctx.account),
        one("aws:PrincipalIsAWSService", "false"),
        one("aws:RequestedRegion", &ctx.region),
        one("aws:ResourceAccount", asks.owner),
        one("aws:CurrentTime", &world.now().to_string()),
        one("aws:EpochTime", &world.now().as_second().to_string()),
        // AWS is reached over TLS, and so is the simulated one, whatever a test does.
        one("aws:SecureTransport", "true"),
    ];
    for (account, key) in [
        (ctx.account.as_str(), "aws:PrincipalOrgID"),
        (asks.owner, "aws:ResourceOrgID"),
    ] {
        let mut organizations = world.organizations.iter();
        let found = organizations.find(|one| one.accounts.contains_key(account));
        context.extend(found.map(|organization| one(key, &organization.id)));
    }
    let tags = role.into_iter().flat_map(|role| &role.tags);
    context.extend(tags.map(|(name, value)| one(&format!("aws:PrincipalTag/{name}"), value)));
    context.extend(asks.context.iter().cloned());
    context
}

/// Every policy that has a say; `None` where one cannot be read.
fn stack(world: &World, asks: &Asks<'_>, role: Option<&Role>, scp: &[Vec<&str>]) -> Option<Stack> {
    let read = |kind: Kind, text: &str| Document::read(kind, text).ok();
    let read_levels = |kind: Kind, levels: &[Vec<&str>]| -> Option<Vec<Vec<Document>>> {
        let level = |texts: &Vec<&str>| texts.iter().map(|text| read(kind, text)).collect();
        levels.iter().map(level).collect()
    };
    let mut stack = Stack {
        scp: read_levels(Kind::Scp, scp)?,
        grants: asks.grants.clone(),
        ..Stack::default()
    };
    if has_resource_control_policies(asks.action) {
        let rcp = levels(world, asks.owner, RCP);
        stack.rcp = read_levels(Kind::Rcp, &rcp)?;
    }
    if let Some((kind, text)) = asks.policy {
        stack.resource = Some(read(kind, text)?);
    }
    let Some(role) = role else {
        return Some(stack);
    };
    let managed = |arn: &str| {
        let account = world.accounts.get(&asks.ctx.account);
        let own = account.and_then(|account| account.iam.policies.get(arn));
        own.map(|policy| policy.document.as_str())
            .or_else(|| of_aws(arn))
    };
    for text in role.inline.values().map(String::as_str) {
        stack.identity.push(read(Kind::Identity, text)?);
    }
    for text in role.attached.iter().filter_map(|arn| managed(arn)) {
        stack.identity.push(read(Kind::Identity, text)?);
    }
    if let Some(boundary) = &role.boundary {
        let text = managed(boundary).unwrap_or(NOTHING);
        stack.boundary = Some(read(Kind::Boundary, text)?);
    }
    Some(stack)
}

/// Organizations User Guide, "Resource control policies (RCPs)", services; SageMaker is none of them.
fn has_resource_control_policies(action: &str) -> bool {
    ["kms:", "s3:", "sts:"]
        .iter()
        .any(|service| action.starts_with(service))
}

const NOTHING: &str = r#"{"Version":"2012-10-17","Statement":[]}"#;
const EVERYTHING: &str =
    r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
const READING: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Resource":"*",
    "Action":["kms:Describe*","kms:Get*","kms:List*","sagemaker:Describe*","sagemaker:List*"]}}"#;

/// What the policies of AWS's own that people attach most say of what is enforced here.
fn of_aws(arn: &str) -> Option<&'static str> {
    let (prefix, name) = arn.rsplit_once('/')?;
    if !prefix.contains(":iam::aws:policy") {
        return None;
    }
    match name {
        "AdministratorAccess" | "PowerUserAccess" => Some(EVERYTHING),
        "ReadOnlyAccess" | "SecurityAudit" | "ViewOnlyAccess" => Some(READING),
        _ => None,
    }
}

/// IAM User Guide, "Troubleshoot access denied error messages".
fn words(answer: &Answer, action: &str) -> String {
    let denying = answer.because.iter().find(|one| one.effect == Effect::Deny);
    if let (Verdict::Denied { explicitly: true }, Some(one)) = (answer.verdict, denying) {
        let article = if one.place.kind == Kind::Identity {
            "an"
        } else {
            "a"
        };
        return format!(
            "with an explicit deny in {article} {}",
            called(one.place.kind)
        );
    }
    let kind = answer.shut.first().map_or(Kind::Identity, |shut| shut.kind);
    format!("because no {} allows the {action} action", called(kind))
}

const fn called(kind: Kind) -> &'static str {
    match kind {
        Kind::Identity => "identity-based policy",
        Kind::Boundary => "permissions boundary",
        Kind::Session => "session policy",
        Kind::Scp => "service control policy",
        Kind::Rcp => "resource control policy",
        Kind::Endpoint => "VPC endpoint policy",
        Kind::Resource | Kind::Trust => "resource-based policy",
    }
}
