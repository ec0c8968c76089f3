//! Objects: what they are encrypted with, and no content.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Encryption, bucket};
use crate::answer::{Answered, ApiError, Body, tree};
use crate::input::Input;
use crate::world::{Ctx, World};

/// An object.
#[derive(Clone, Debug)]
pub(crate) struct Object {
    size: usize,
    modified: Timestamp,
    etag: String,
    kept: Kept,
}

/// How an object is encrypted; it stays so, whatever becomes of the bucket's default.
#[derive(Clone, Debug)]
enum Kept {
    /// By S3, with its own keys or with a key of KMS, by its ARN.
    Sse(Encryption),
    /// With a key that the customer brings.
    Customer,
}

/// The longest key (S3 User Guide, "Naming Amazon S3 objects").
const KEY_BYTES_MAX: usize = 1024;
/// S3 API, ListObjectsV2: "By default, the action returns up to 1,000 key names".
const PAGE: i64 = 1000;

fn invalid(message: &str) -> ApiError {
    ApiError::new("InvalidArgument", message)
}

/// S3 API, PutObject: the encryption that is named, else the bucket's default, as of now.
pub(super) fn put(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let key = input.text("Key")?;
    if key.len() > KEY_BYTES_MAX {
        return Err(ApiError::new("KeyTooLongError", "Your key is too long"));
    }
    let default = bucket(world, ctx, input)?.encryption.clone();
    let algorithm = input.opt("ServerSideEncryption")?;
    let named = input.opt("SSEKMSKeyId")?;
    let kept = match (input.opt("SSECustomerAlgorithm")?, algorithm) {
        (Some("AES256"), None) => Kept::Customer,
        (None, None) if named.is_some() => {
            return Err(invalid(
                "The request contained an SSE-KMS key id without specifying that SSE-KMS is used",
            ));
        }
        (None, None) => encrypted(world, ctx, default)?,
        (None, Some("AES256")) if named.is_none() => Kept::Sse(Encryption::default()),
        (None, Some(algorithm @ ("aws:kms" | "aws:kms:dsse"))) => {
            let encryption = Encryption {
                algorithm: algorithm.to_owned(),
                key: named.map(ToOwned::to_owned),
                bucket_key: input.flag("BucketKeyEnabled")?,
            };
            encrypted(world, ctx, encryption)?
        }
        (Some(_), _) | (None, Some(_)) => {
            return Err(invalid("The encryption method specified is not supported"));
        }
    };
    let object = Object {
        size: input.payload.len(),
        modified: world.stamp(),
        etag: format!("\"{}\"", world.random.uuid().replace('-', "")),
        kept,
    };
    let mut headers = vec![("etag", object.etag.clone())];
    headers.extend(object.encryption());
    bucket(world, ctx, input)?
        .objects
        .insert(key.to_owned(), object);
    Ok(Body::Headers(headers))
}

/// Under a key of KMS it is kept with the key's ARN, whatever it was called.
fn encrypted(world: &mut World, ctx: &Ctx, mut encryption: Encryption) -> Result<Kept, ApiError> {
    if encryption.algorithm != "AES256" {
        let text = encryption.key.as_deref().unwrap_or("alias/aws/s3");
        encryption.key = Some(crate::kms::storage_key(world, ctx, text)?);
    }
    Ok(Kept::Sse(encryption))
}

impl Object {
    fn encryption(&self) -> Vec<(&'static str, String)> {
        let Kept::Sse(encryption) = &self.kept else {
            let name = "x-amz-server-side-encryption-customer-algorithm";
            return vec![(name, "AES256".to_owned())];
        };
        let mut headers = vec![("x-amz-server-side-encryption", encryption.algorithm.clone())];
        if let Some(key) = &encryption.key {
            headers.push(("x-amz-server-side-encryption-aws-kms-key-id", key.clone()));
            if encryption.bucket_key {
                let name = "x-amz-server-side-encryption-bucket-key-enabled";
                headers.push((name, "true".to_owned()));
            }
        }
        headers
    }
}

/// S3 API, HeadObject. The caller may list its own buckets, so that what is not there is not found.
pub(super) fn head(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let brings_key = input.opt("SSECustomerAlgorithm")?.is_some();
    let objects = &bucket(world, ctx, input)?.objects;
    let Some(object) = objects.get(input.text("Key")?) else {
        let message = "The specified key does not exist.";
        return Err(ApiError::new("NoSuchKey", message).with_status(404));
    };
    if matches!(object.kept, Kept::Customer) && !brings_key {
        return Err(ApiError::new(
            "InvalidRequest",
            "The object was stored using a form of Server Side Encryption. The correct parameters must be provided to retrieve the object.",
        ));
    }
    let modified = object.modified.strftime("%a, %d %b %Y %H:%M:%S GMT");
    let mut headers = vec![
        ("accept-ranges", "bytes".to_owned()),
        ("content-length", object.size.to_string()),
        ("content-type", "binary/octet-stream".to_owned()),
        ("etag", object.etag.clone()),
        ("last-modified", modified.to_string()),
    ];
    headers.extend(object.encryption());
    Ok(Body::Headers(headers))
}

/// S3 API, ListObjectsV2.
pub(super) fn list(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let name = input.text("Bucket")?.to_owned();
    let objects = &bucket(world, ctx, input)?.objects;
    let prefix = input.opt("Prefix")?.unwrap_or_default();
    let most = input.within("MaxKeys", 0..=i64::from(i32::MAX))?;
    let most = most.unwrap_or(PAGE).min(PAGE);
    let after = input.opt("ContinuationToken")?.or(input.opt("StartAfter")?);
    let is_encoded = input.opt("EncodingType")? == Some("url");
    let written = |text: &str| {
        if is_encoded {
            encoded(text)
        } else {
            text.to_owned()
        }
    };
    let mut left = objects
        .iter()
        .filter(|(key, _)| key.starts_with(prefix))
        .filter(|(key, _)| after.is_none_or(|after| key.as_str() > after));
    let page: Vec<_> = left
        .by_ref()
        .take(usize::try_from(most).unwrap_or(0))
        .collect();
    let contents: Vec<Value> = page
        .iter()
        .map(|(key, object)| {
            json!({
                "Key": written(key),
                "LastModified": object.modified.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string(),
                "ETag": object.etag,
                "Size": object.size.to_string(),
                "StorageClass": "STANDARD",
            })
        })
        .collect();
    let last = page.last().map(|(key, _)| (*key).clone());
    let next = last.filter(|_| left.next().is_some());
    let mut answer = json!({
        "Name": name,
        "Prefix": written(prefix),
        "KeyCount": contents.len().to_string(),
        "MaxKeys": most.to_string(),
        "IsTruncated": next.is_some().to_string(),
        "Contents": contents,
    });
    if let Some(fields) = answer.as_object_mut() {
        if is_encoded {
            fields.insert("EncodingType".to_owned(), Value::from("url"));
        }
        // The token is the key that the page ended with.
        if let Some(next) = next {
            fields.insert("NextContinuationToken".to_owned(), Value::from(next));
        }
    }
    tree(answer)
}

/// S3 API, DeleteObject: what is not there is deleted too.
pub(super) fn delete(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let key = input.text("Key")?;
    bucket(world, ctx, input)?.objects.remove(key);
    Ok(Body::Empty)
}

fn encoded(text: &str) -> String {
    use std::fmt::Write as _;

    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}
