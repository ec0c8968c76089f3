//! An endpoint without a key, who deploys one, what is foretold of it and what becomes of it.

use std::collections::BTreeSet;
use std::time::Duration;

use sagelock_domain::call::{Call, CallError, Reply};
use sagelock_domain::collect::{About, Address, Collector, Focus, Scope, StorageReading};
use sagelock_domain::ids::{AccountId, ConfigName, EndpointName, KeyRef, Region};
use sagelock_domain::inventory::ConfigFacts;
use sagelock_domain::preflight::{Deployment, Preflight, Step, config_of, preflight};
use sagelock_domain::settings::ModelArtifacts;
use sagelock_sim::estate::demo::demo;
use sagelock_sim::{Ctx, Service, World};
use serde_json::{Value, json};

use crate::calls::{ACCOUNT, REGION, ask, role, root};
use crate::collected::collect;

pub(crate) const MANAGEMENT: &str = "111122223333";
pub(crate) const NOW: &str = "2026-10-01T08:00:00Z";
pub(crate) const DEPLOYER: &str = "arn:aws:iam::222233334444:role/Deployer";

pub(crate) fn world() -> World {
    demo(NOW.parse().expect("a time"), 1)
}

pub(crate) fn organizations(world: &mut World, operation: &str, input: &Value) -> Value {
    let ctx = Ctx::root(Service::Organizations, MANAGEMENT, "us-east-1");
    ask(world, &ctx, operation, input).unwrap_or_else(|error| panic!("{operation}: {error}"))
}

/// A control policy of the whole organisation.
pub(crate) fn deny_everybody(world: &mut World, kind: &str, sid: &str, action: &str) {
    let roots = organizations(world, "ListRoots", &json!({}));
    let target = roots.pointer("/Roots/0/Id").expect("a root").clone();
    let mut denies = json!({ "Sid": sid, "Effect": "Deny", "Action": action, "Resource": "*" });
    if kind == "RESOURCE_CONTROL_POLICY" {
        let input = json!({ "RootId": target, "PolicyType": kind });
        organizations(world, "EnablePolicyType", &input);
        let fields = denies.as_object_mut().expect("an object");
        fields.insert("Principal".to_owned(), json!("*"));
    }
    let document = json!({ "Version": "2012-10-17", "Statement": [denies] });
    let input = json!({ "Name": sid, "Description": "", "Type": kind,
        "Content": document.to_string() });
    let made = organizations(world, "CreatePolicy", &input);
    let id = made.pointer("/Policy/PolicySummary/Id").expect("an id");
    let input = json!({ "PolicyId": id, "TargetId": target });
    organizations(world, "AttachPolicy", &input);
}

/// An endpoint without a key, a key, a deployer and a control policy; the key's ARN.
pub(crate) fn set_up(world: &mut World) -> String {
    let sagemaker = Service::SageMaker;
    role(world, "exec", &json!([]));
    let model = json!({ "ModelName": "m", "PrimaryContainer": { "Image": "i" },
        "ExecutionRoleArn": "arn:aws:iam::222233334444:role/exec" });
    root(world, sagemaker, "CreateModel", &model);
    root(
        world,
        sagemaker,
        "CreateEndpointConfig",
        &config("old", None),
    );
    let endpoint = json!({ "EndpointName": "fraud", "EndpointConfigName": "old" });
    root(world, sagemaker, "CreateEndpoint", &endpoint);
    world.advance(Duration::from_mins(2));
    // The role: a grant may be created, and an endpoint updated, but not to a configuration.
    let deploys = json!([
        { "Effect": "Allow", "Action": "sagemaker:CreateEndpointConfig", "Resource": "*" },
        { "Effect": "Allow", "Action": "sagemaker:UpdateEndpoint",
          "Resource": "arn:aws:sagemaker:*:*:endpoint/*" },
        { "Effect": "Allow", "Action": "kms:CreateGrant", "Resource": "*" } ]);
    role(world, "Deployer", &deploys);
    // The key policy: the account administers, and nobody creates a grant.
    let policy = json!({ "Version": "2012-10-17", "Statement": [
        { "Sid": "Administration", "Effect": "Allow", "Resource": "*",
          "Principal": { "AWS": "arn:aws:iam::222233334444:root" },
          "Action": ["kms:Describe*", "kms:Get*", "kms:List*", "kms:PutKeyPolicy"] } ] });
    let made = root(
        world,
        Service::Kms,
        "CreateKey",
        &json!({ "Policy": policy.to_string() }),
    );
    let key = made.pointer("/KeyMetadata/Arn").and_then(Value::as_str);
    deny_everybody(
        world,
        "SERVICE_CONTROL_POLICY",
        "NoGrants",
        "kms:CreateGrant",
    );
    key.expect("an ARN").to_owned()
}

pub(crate) fn config(name: &str, key: Option<&str>) -> Value {
    let mut config = json!({ "EndpointConfigName": name, "ProductionVariants": [{
        "VariantName": "main", "ModelName": "m", "InstanceType": "ml.m5.large",
        "InitialInstanceCount": 1 }] });
    if let (Some(key), Some(fields)) = (key, config.as_object_mut()) {
        fields.insert("KmsKeyId".to_owned(), json!(key));
    }
    config
}

/// What is to be deployed, and by whom.
pub(crate) struct Wanted<'a> {
    pub(crate) key: &'a str,
    pub(crate) config: &'a str,
    pub(crate) deployer: &'a str,
    /// Of an endpoint that is not there yet.
    pub(crate) is_new: bool,
    /// What it is to run, as CreateEndpointConfig takes it; else it is what `fraud` runs.
    pub(crate) planned: Option<Value>,
    /// Execution roles of models that are not there yet.
    pub(crate) roles: Vec<String>,
}

impl<'a> Wanted<'a> {
    pub(crate) fn new(key: &'a str, config: &'a str) -> Self {
        Self {
            key,
            config,
            deployer: DEPLOYER,
            is_new: false,
            planned: None,
            roles: Vec::new(),
        }
    }
}

/// What is foretold of a deployment, by what the calls in these accounts answer.
pub(crate) fn foretold(
    wanted: &Wanted<'_>,
    accounts: &[&str],
    answer: impl FnMut(&Address, &Call) -> Result<Reply, CallError>,
) -> Preflight {
    let accounts: Vec<AccountId> = accounts.iter().map(AccountId::new).collect();
    let scope = Scope::of(&accounts, &[Region::new(REGION)], true);
    let now = NOW.parse().expect("a time");
    let planned = wanted.planned.as_ref().map(|input| {
        let (_, facts, tags) = config_of(&input.to_string()).expect("an input");
        (facts, tags)
    });
    let focus = Focus {
        account: None,
        endpoint: EndpointName::new(if wanted.is_new { "brand-new" } else { "fraud" }),
        config: Some(ConfigName::new(wanted.config)),
        planned: planned.as_ref().map(|(facts, _)| facts.clone()),
        key: KeyRef::read(Some(wanted.key)),
        at: now,
    };
    let reading = StorageReading {
        outputs: true,
        artifacts: Some(ModelArtifacts::Object),
    };
    let collector = Collector::new(&scope)
        .reading(reading)
        .with_principals(About::Everything);
    let mut cells = Vec::new();
    let mut collected = collector.on(focus.clone());
    collect(
        &mut collected,
        now,
        |_| 0,
        answer,
        |collector| cells.extend(collector.take_cells()),
    );
    let mut cells = cells.iter();
    let cell = cells.find(|cell| cell.id.account.as_str() == ACCOUNT);
    let cell = cell.expect("the account");
    let running = || {
        let old = cell.configs.get(&ConfigName::new("old"));
        let old = old.expect("what it runs");
        let facts = old.described.fact.known().cloned().flatten();
        let tags = old.tags.fact.known().cloned();
        (facts.expect("facts"), tags)
    };
    let planned = planned.map(|(facts, tags)| (facts, Some(tags)));
    let (facts, tags) = planned.unwrap_or_else(running);
    let deployment = Deployment {
        endpoint: focus.endpoint,
        is_new: wanted.is_new,
        config: ConfigName::new(wanted.config),
        facts: ConfigFacts {
            volume_key: focus.key,
            ..facts
        },
        tags,
        deployer: wanted.deployer.to_owned(),
        roles: wanted.roles.clone(),
    };
    let (keys, people) = (collected.keys(), collected.principals());
    preflight(&deployment, cell, keys, people, now)
}

pub(crate) fn look(world: &mut World, wanted: &Wanted<'_>) -> Preflight {
    foretold(wanted, &[MANAGEMENT, ACCOUNT], |address, call| {
        world.answer(address.account.as_str(), address.region.as_str(), call)
    })
}

/// Deploys: how it ended, and why.
pub(crate) fn deploy(world: &mut World, key: &str, name: &str) -> (String, String) {
    let mut ctx = Ctx::root(Service::SageMaker, ACCOUNT, REGION);
    ctx.caller.arn = format!("arn:aws:sts::{ACCOUNT}:assumed-role/Deployer/ci");
    if let Err(error) = ask(
        world,
        &ctx,
        "CreateEndpointConfig",
        &config(name, Some(key)),
    ) {
        return ("refused".to_owned(), error);
    }
    let update = json!({ "EndpointName": "fraud", "EndpointConfigName": name });
    if let Err(error) = ask(world, &ctx, "UpdateEndpoint", &update) {
        return ("refused".to_owned(), error);
    }
    world.advance(Duration::from_mins(5));
    let told = root(
        world,
        Service::SageMaker,
        "DescribeEndpoint",
        &json!({ "EndpointName": "fraud" }),
    );
    let text = |field: &str| told.get(field).and_then(Value::as_str).unwrap_or_default();
    (
        text("EndpointConfigName").to_owned(),
        text("FailureReason").to_owned(),
    )
}

pub(crate) fn blocked(found: &Preflight) -> BTreeSet<Step> {
    let blocked = found
        .checks
        .iter()
        .filter(|check| check.answer.name() == "blocked");
    blocked.map(|check| check.step).collect()
}
