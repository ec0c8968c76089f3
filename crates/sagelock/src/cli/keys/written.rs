//! Key policies that somebody wrote.

use std::path::Path;
use std::{fs, io};

use anyhow::{Context, anyhow};
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

/// Any key of the account whose root the first policy names.
pub(super) fn of_account(policies: &[&Document]) -> Result<String, Failure> {
    let hint = "give the key with --key ARN";
    if !policies.iter().all(|one| one.is_about_everything()) {
        let error = anyhow!("a statement names a resource: which key is it about?");
        return Err(Failure::usage(error).hint(hint));
    }
    let accounts = policies.first().map(|first| first.accounts());
    match accounts.unwrap_or_default().as_slice() {
        [account] => Ok(format!("arn:aws:kms:*:{account}:key/*")),
        [] => {
            Err(Failure::usage(anyhow!("the policy names no account: whose key is it?")).hint(hint))
        }
        several => Err(Failure::usage(anyhow!(
            "the policy names several accounts ({}): whose key is it?",
            several.join(", ")
        ))
        .hint(hint)),
    }
}
