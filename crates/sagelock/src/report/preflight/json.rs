//! One object with everything.

use std::io::{self, Write};

use sagelock_domain::assess::CoverageGap;
use sagelock_domain::preflight::{Answer, AnswerKind, Block, Cause, Check};
use sagelock_policy::case::field;
use sagelock_policy::change::Edit;
use serde_json::{Value, json};

use super::Looked;
use crate::report::code;
use crate::report::json::Gap;

/// Writes it as one object.
pub(crate) fn preflight_json(looked: &Looked<'_>, out: &mut dyn Write) -> io::Result<()> {
    let Looked {
        deployment,
        cell,
        found,
        ..
    } = looked;
    let gaps = looked.gaps.iter().cloned().map(|gap| CoverageGap {
        gap,
        expected: false,
    });
    let gaps: Vec<CoverageGap> = gaps.collect();
    let gaps: Vec<Gap<'_>> = gaps.iter().map(Gap::of).collect();
    let counts: serde_json::Map<String, Value> = AnswerKind::ALL
        .into_iter()
        .map(|kind| (kind.name().to_owned(), json!(found.count(kind))))
        .collect();
    let key = deployment.facts.volume_key.as_ref();
    let whole = json!({
        "schema": "sagelock.preflight/1",
        "simulated": looked.simulated,
        "answer": found.outcome().name(),
        "counts": counts,
        "endpoint": deployment.endpoint.as_str(),
        "account": cell.account.as_str(),
        "region": cell.region.as_str(),
        "operation": if deployment.is_new { "CreateEndpoint" } else { "UpdateEndpoint" },
        "config": deployment.config.as_str(),
        "key": key.map(sagelock_domain::ids::KeyRef::as_str),
        "deployer": deployment.deployer,
        "checks": found.checks.iter().map(check).collect::<Vec<_>>(),
        "assumptions": found.assumptions,
        "gaps": gaps,
    });
    serde_json::to_writer_pretty(&mut *out, &whole)?;
    writeln!(out)
}

fn check(check: &Check) -> Value {
    let nothing = Block::default();
    let (says, why, block) = match &check.answer {
        Answer::Passed => (None, Vec::new(), &nothing),
        Answer::Blocked(block) | Answer::Spare(block) => (Some(&block.says), Vec::new(), block),
        Answer::Unknown(why) => (None, why.iter().map(code).collect(), &nothing),
        Answer::Noted(says) => (Some(says), Vec::new(), &nothing),
    };
    json!({
        "step": check.step.name(),
        "answer": check.answer.name(),
        "principal": check.principal,
        "action": check.action,
        "resource": check.resource,
        "message": says,
        "why": why,
        "because": block.causes.iter().map(cause).collect::<Vec<_>>(),
        "changes": block.changes.iter().map(|edits| {
            edits.iter().map(|(cause, one)| edit(cause, one)).collect::<Vec<_>>()
        }).collect::<Vec<_>>(),
    })
}

/// A policy, by the field of `policy simulate` and by its own name.
fn cause(cause: &Cause) -> Value {
    json!({
        "policy": field(cause.kind),
        "name": cause.policy,
        "level": cause.level,
        "statement": cause.statement,
        "sid": cause.sid,
    })
}

fn edit(of: &Cause, edit: &Edit) -> Value {
    let (name, write) = match edit {
        Edit::Allow { statement, .. } => ("allow", Some(json!(statement))),
        Edit::Except { condition, .. } => ("except", Some(json!(condition))),
        Edit::Remove { .. } => ("remove", None),
    };
    let mut told = cause(of);
    if let Some(fields) = told.as_object_mut() {
        fields.insert("edit".to_owned(), json!(name));
        fields.insert("write".to_owned(), json!(write));
    }
    told
}
