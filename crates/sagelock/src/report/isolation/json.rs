//! The matrix for programs.

use std::io::{self, Write};

use sagelock_domain::ids::{EndpointName, KeyArn};
use sagelock_domain::inventory::CellId;
use sagelock_domain::isolation::{Answer, Matrix};
use sagelock_policy::access::Way;
use serde_json::{Value, json};

use crate::outcome::Done;
use crate::report::code;
use crate::report::json::Gap;

/// Writes the matrix as one object.
pub(crate) fn isolation_json(found: &Matrix, done: &Done, out: &mut dyn Write) -> io::Result<()> {
    let names = found.tenants.iter().map(|tenant| tenant.name.as_str());
    let names: Vec<&str> = names.collect();
    let keys: Vec<Value> = found
        .rows
        .iter()
        .map(|row| {
            let answers = names.iter().zip(&row.answers).map(|(name, answer)| {
                let mut told = json!({ "tenant": name, "answer": answer.name() });
                let fields = told.as_object_mut();
                match (answer, fields) {
                    (
                        Answer::Violated {
                            principal,
                            way,
                            request,
                            steps,
                        },
                        Some(fields),
                    ) => {
                        fields.extend(by(principal, *way, steps.len()));
                        fields.insert("request".to_owned(), json!(request));
                        let steps = steps.iter();
                        let path = steps
                            .map(|step| json!({ "principal": step.who, "request": step.request }));
                        fields.insert("path".to_owned(), path.collect());
                    }
                    (
                        Answer::Possible {
                            principal,
                            way,
                            why,
                        },
                        Some(fields),
                    ) => {
                        fields.extend(by(principal, *way, 0));
                        let why: Vec<String> = why.iter().map(code).collect();
                        fields.insert("why".to_owned(), json!(why));
                    }
                    (
                        Answer::Own
                        | Answer::Shared
                        | Answer::Proved(_)
                        | Answer::Violated { .. }
                        | Answer::Possible { .. },
                        _,
                    ) => {}
                }
                told
            });
            json!({
                "key": row.key.as_str(),
                "alias": row.alias,
                "owners": row.owners,
                "tenants": answers.collect::<Vec<_>>(),
            })
        })
        .collect();
    let tenants: Vec<Value> = found
        .tenants
        .iter()
        .map(|tenant| json!({ "name": tenant.name, "principals": tenant.principals }))
        .collect();
    let places = |list: &[(CellId, EndpointName)]| {
        let texts = list.iter().map(|(cell, name)| {
            json!({ "account": cell.account.as_str(), "region": cell.region.as_str(), "endpoint": name.as_str() })
        });
        texts.collect::<Vec<Value>>()
    };
    let gaps: Vec<Gap<'_>> = done.audit.coverage.gaps.iter().map(Gap::of).collect();
    let document = json!({
        "schema": "sagelock.isolation/1",
        "simulated": done.audit.simulated,
        "complete": done.is_whole(found),
        "gaps": gaps,
        "tenants": tenants,
        "keys": keys,
        "regions_left_out": done.keys.left_out,
        "untagged": places(&done.tenancy.untagged),
        "unread": places(&done.tenancy.unread),
        "untold": found.untold.iter().map(KeyArn::as_str).collect::<Vec<_>>(),
        "assumptions": found.assumptions,
    });
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}

/// `steps` is how many are known.
fn by(principal: &str, way: Way, steps: usize) -> [(String, Value); 3] {
    // What follows a first step may be in doubt.
    let least = if way.has_steps() { 2 } else { 1 };
    [
        ("principal".to_owned(), json!(principal)),
        ("way".to_owned(), json!(way.action())),
        ("steps".to_owned(), json!(steps.max(least))),
    ]
}
