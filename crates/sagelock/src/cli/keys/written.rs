//! Key policies that somebody wrote.

use std::path::Path;
use std::{fs, io};

use anyhow::{Context, anyhow};
use sagelock_policy::lint::may_be_key;
use sagelock_policy::{Document, Kind};
use serde_json::Value;

use crate::exit::Failure;

pub(super) fn read(path: &Path) -> Result<Document, Failure> {
    let text = if path.as_os_str() == "-" {
        io::read_to_string(io::stdin())
    } else {
        fs::read_to_string(path)
    };
    let text = text
        .with_context(|| format!("cannot read `{}`", path.display()))
        .map_err(Failure::usage)?;
    let document = Document::read(Kind::Resource, &unwrapped(text))
        .map_err(|error| Failure::usage(anyhow!("`{}`: {error}", path.display())))?;
    Ok(document)
}

/// The policy within a JSON text, or within what GetKeyPolicy answers.
fn unwrapped(text: String) -> String {
    match serde_json::from_str(&text) {
        Ok(Value::String(policy)) => policy,
        Ok(Value::Object(fields)) => match fields.get("Policy") {
            Some(Value::String(policy)) => policy.clone(),
            Some(_) | None => text,
        },
        Ok(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_)) | Err(_) => text,
    }
}

pub(super) fn checked(arn: String) -> Result<String, Failure> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    match parts.as_slice() {
        ["arn", _, "kms", _, account, resource]
            if account.len() == 12 && resource.starts_with("key/") =>
        {
            Ok(arn)
        }
        _ => Err(Failure::usage(anyhow!("`{arn}` is no ARN of a key"))
            .hint("expected arn:aws:kms:REGION:ACCOUNT:key/ID")),
    }
}

/// The key that policies name, or any of the account whose root user the first one names, or else of the only
/// account of which it names somebody.
pub(super) fn of_account(policies: &[&Document]) -> Result<String, Failure> {
    let hint = "give the key with --key ARN";
    let named = policies.iter().flat_map(|one| one.named_resources());
    let named: Vec<String> = named.filter(|one| may_be_key(one)).collect();
    let owners = policies.first().map(|first| first.owners());
    let account = match owners.unwrap_or_default().as_slice() {
        [account] => account.clone(),
        [] => {
            let error = anyhow!(
                "cannot tell which account owns the key: nothing in the policy identifies it"
            );
            return Err(Failure::usage(error).hint(hint));
        }
        several => {
            return Err(Failure::usage(anyhow!(
                "cannot tell which account owns the key: the policy names {}",
                several.join(", ")
            ))
            .hint(hint));
        }
    };
    let mut partitions: Vec<String> = policies.iter().filter_map(|one| one.partition()).collect();
    partitions.sort();
    partitions.dedup();
    let partition = match partitions.as_slice() {
        [] => "aws",
        [one] => one,
        several => {
            return Err(Failure::usage(anyhow!(
                "cannot tell which partition the key is in: the policies name {}",
                several.join(", ")
            ))
            .hint(hint));
        }
    };
    let Some((first, rest)) = named.split_first() else {
        return Ok(format!("arn:{partition}:kms:*:{account}:key/*"));
    };
    // A resource that is the key tells its Region, and perhaps which one it is.
    let own = format!(":{account}:key/");
    let is_key = first.starts_with(&format!("arn:{partition}:kms:")) && first.contains(&own);
    if is_key && rest.iter().all(|one| one == first) && !first.contains("${") {
        Ok(first.clone())
    } else {
        let error = anyhow!("cannot tell which key it is: statements name several resources");
        Err(Failure::usage(error).hint(hint))
    }
}
