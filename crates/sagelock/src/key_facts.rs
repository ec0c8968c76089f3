//! What the owners of foreign keys tell about them, `--key-facts FILE`: the answers of
//! `aws kms describe-key`, one after the other.

use std::path::Path;

use anyhow::{Context, anyhow};
use jiff::Timestamp;
use sagelock_domain::call::{Reply, view};
use sagelock_domain::collect::{Told, ToldKey};
use sagelock_domain::ids::KeyArn;
use sagelock_domain::inventory::Tags;
use serde::Deserialize;
use serde_json::value::{RawValue, to_raw_value};

use crate::exit::Failure;

/// A key, as its owner's AWS CLI prints it; what other commands print may stand beside it.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Document {
    /// Of `describe-key`.
    key_metadata: Box<RawValue>,
    /// Of `get-key-rotation-status`.
    rotation: Option<Box<RawValue>>,
    /// Of `list-resource-tags`.
    tags: Option<Vec<view::KeyTag>>,
    /// Of `list-aliases`: their names.
    aliases: Option<Vec<String>>,
    /// When it was read; the time of the file where nothing is said.
    at: Option<Timestamp>,
}

/// Reads a file of key facts.
pub(crate) fn read(path: &Path) -> Result<Told, Failure> {
    let doing = || format!("cannot read `{}`", path.display());
    let text = std::fs::read_to_string(path)
        .with_context(doing)
        .map_err(Failure::usage)?;
    let modified = std::fs::metadata(path).and_then(|meta| meta.modified());
    let at = modified
        .ok()
        .and_then(|at| Timestamp::try_from(at).ok())
        .unwrap_or_else(Timestamp::now);
    keys(&text, at).with_context(doing).map_err(|error| {
        Failure::usage(error).hint(
            "the file holds what `aws kms describe-key` prints, one object after the other; \
             `Rotation`, `Tags`, `Aliases` and `At` may stand beside `KeyMetadata`",
        )
    })
}

fn keys(text: &str, file_at: Timestamp) -> anyhow::Result<Told> {
    let mut told = Told::default();
    let documents = serde_json::Deserializer::from_str(text).into_iter::<Document>();
    for document in documents {
        let document = document?;
        let at = document.at.unwrap_or(file_at);
        let (arn, described) = described(&document.key_metadata, at)?;
        let rotation = document.rotation.map(|body| {
            let reply = reply(body, at);
            match reply.view::<view::GetKeyRotationStatus>() {
                Ok(_) => Ok(reply),
                Err(error) => Err(anyhow!(error).context(format!("`Rotation` of {arn}"))),
            }
        });
        let tags = document.tags.map(|tags| {
            let tags = tags.into_iter();
            tags.map(|tag| (tag.tag_key, tag.tag_value))
                .collect::<Tags>()
        });
        let key = ToldKey {
            described,
            rotation: rotation.transpose()?,
            tags,
            aliases: document.aliases,
        };
        if !told.tell(arn.clone(), key) {
            return Err(anyhow!("{arn} is told of twice"));
        }
    }
    if told.is_empty() {
        return Err(anyhow!("there is no key in it"));
    }
    Ok(told)
}

fn described(metadata: &RawValue, at: Timestamp) -> anyhow::Result<(KeyArn, Reply)> {
    let whole = to_raw_value(&serde_json::json!({ "KeyMetadata": metadata }))?;
    let reply = reply(whole, at);
    let key: view::DescribeKey = reply.view().context("`KeyMetadata`")?;
    let arn: KeyArn = key.key_metadata.arn.parse()?;
    Ok((arn, reply))
}

fn reply(body: Box<RawValue>, at: Timestamp) -> Reply {
    Reply {
        body,
        at,
        request_id: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = r#"{
        "KeyMetadata": {
            "Arn": "arn:aws:kms:eu-west-1:999988887777:key/1234abcd-12ab-34cd-56ef-1234567890ab",
            "KeyId": "1234abcd-12ab-34cd-56ef-1234567890ab",
            "KeyManager": "CUSTOMER", "KeyState": "Enabled"
        }
    }"#;

    #[test]
    fn what_the_aws_cli_prints_is_read_one_after_the_other() {
        let now = Timestamp::UNIX_EPOCH;
        assert_eq!(keys(KEY, now).unwrap().len(), 1);
        let other = KEY.replace("1234abcd-12ab", "99990000-12ab");
        assert_eq!(keys(&format!("{KEY}\n{other}"), now).unwrap().len(), 2);
        for (text, said) in [
            ("", "there is no key in it"),
            ("{}", "missing field `KeyMetadata`"),
            ("{\"KeyMetadata\": {}}", "`KeyMetadata`"),
            (&KEY.replace("999988887777:key", "x"), "is not an ARN"),
            (&format!("{KEY} x"), "expected value at line 7"),
        ] {
            let error = format!("{:#}", keys(text, now).unwrap_err());
            assert!(error.contains(said), "{text}: {error}");
        }
    }
}
