//! What an action of a service may be called on: what the caller's statements name, and whatever the service has.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::edges::{best, called, stepped};
use super::iam::may;
use super::{Actor, Edge};
use crate::document::Arn;
use crate::prove::{Doubt, Prover};

/// Whether somebody may call all of some actions of a service, on the same thing: of SageMaker each makes one of its own.
pub(super) fn all_somewhere(
    actor: &Rc<Actor>,
    actions: &[&'static str],
    prover: &Prover,
) -> Option<Edge> {
    let alone = || {
        let edges = actions
            .iter()
            .map(|action| somewhere(actor, action, prover));
        let edges = edges.collect::<Option<Vec<Edge>>>()?;
        edges.into_iter().reduce(Edge::and)
    };
    let first = *actions.first()?;
    if actions.len() == 1 || first.starts_with("sagemaker:") {
        return alone();
    }
    if !actions.iter().all(|action| may(actor, action)) {
        return None;
    }
    let resources = actions.iter().flat_map(|action| resources(actor, action));
    let resources: BTreeSet<String> = resources.collect();
    let same = resources.iter().find_map(|resource| {
        let edges = actions
            .iter()
            .map(|action| on(actor, action, resource, prover));
        let edges = edges.collect::<Option<Vec<Edge>>>()?;
        let all = edges.into_iter().reduce(Edge::and)?;
        all.doubts.is_empty().then_some(all)
    });
    same.or_else(|| Some(alone()?.doubted(Doubt::Action(first))))
}

/// Whether somebody may call an action on something: on what its statements name.
fn somewhere(actor: &Rc<Actor>, action: &'static str, prover: &Prover) -> Option<Edge> {
    if !may(actor, action) {
        return None;
    }
    let principal = &actor.principal;
    let partition = &*actor.identity.partition;
    let found = resources(actor, action).into_iter();
    let found = found.map(|resource| on(actor, action, &resource, prover));
    // There may be others that it may be called on.
    let others = || {
        let (service, _) = action.split_once(':')?;
        let prefix = format!("arn:{partition}:{service}:");
        let mut documents = principal.identity.iter();
        let may = documents.any(|one| one.may_allow_within(action, &prefix));
        let is_open = may || principal.is_partial;
        is_open.then(|| Edge::perhaps(vec![Doubt::Action(action)]))
    };
    best(found).or_else(others)
}

fn on(actor: &Rc<Actor>, action: &'static str, resource: &str, prover: &Prover) -> Option<Edge> {
    let account = &*actor.identity.account;
    let found = called(
        &actor.principal,
        action,
        (resource, account),
        &[],
        None,
        prover,
    );
    stepped(actor, found)
}

/// What an action may be called on: anything of the service, and what statements name.
fn resources(actor: &Actor, action: &str) -> Vec<String> {
    let account = &*actor.identity.account;
    let partition = &*actor.identity.partition;
    let (service, name) = action.split_once(':').unwrap_or_default();
    let written = |rest: &str| format!("arn:{partition}:{service}:eu-west-1:{account}:{rest}");
    // ARNs of the service in this account; the Region is any, where a pattern leaves it open.
    let of_service = |example: String| {
        let arn = Arn::split(&example)?;
        let is_open = |part: &str| !part.chars().any(|one| one.is_ascii_digit());
        let is_own = arn.account == account || is_open(arn.account);
        let (region, is_known) = (arn.region, arn.region.contains('-'));
        let found = written(arn.resource);
        (is_own && arn.service == service).then(|| {
            if is_known {
                found.replacen("eu-west-1", region, 1)
            } else {
                found
            }
        })
    };
    let mut resources = vec![written(&anything(service, name))];
    for document in &actor.principal.identity {
        let examples = document.examples_of(action).into_iter();
        resources.extend(examples.filter_map(of_service));
    }
    resources
}

/// What an action is called on, as its service names it (Service Authorization Reference, "Resource types").
fn anything(service: &str, action: &str) -> String {
    match service {
        "lambda" => "function:any".to_owned(),
        "states" => "stateMachine:any".to_owned(),
        "ec2" => "instance/i-0123456789abcdef0".to_owned(),
        "ecs" => "task-definition/any:1".to_owned(),
        "glue" => "job/any".to_owned(),
        "codebuild" => "project/any".to_owned(),
        "cloudformation" => "stack/any/01234567-89ab-cdef-0123-456789abcdef".to_owned(),
        "ssm" => "automation-definition/any:1".to_owned(),
        "scheduler" => "schedule/default/any".to_owned(),
        "elasticmapreduce" => "cluster/j-ANY".to_owned(),
        "batch" => "job-definition/any:1".to_owned(),
        "sagemaker" => format!("{}/any", hyphenated(action.trim_start_matches("Create"))),
        _ => "any/any".to_owned(),
    }
}

/// `TrainingJob` as `training-job`.
fn hyphenated(name: &str) -> String {
    let mut found = String::new();
    for one in name.chars() {
        if one.is_ascii_uppercase() && !found.is_empty() {
            found.push('-');
        }
        found.push(one.to_ascii_lowercase());
    }
    found
}
