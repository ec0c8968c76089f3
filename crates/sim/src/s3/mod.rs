//! Amazon S3: buckets, their default encryption, and objects without their content.

mod object;

use std::collections::BTreeMap;

use std::fmt::Write as _;

use jiff::Timestamp;
use serde_json::{Value, json};

pub(crate) use object::Object;

use crate::answer::{Answered, ApiError, Body, tree};
use crate::input::Input;
use crate::table::operations;
use crate::world::{Ctx, World};

/// A bucket.
#[derive(Clone, Debug)]
pub(crate) struct Bucket {
    pub(crate) account: String,
    pub(crate) region: String,
    pub(crate) created: Timestamp,
    pub(crate) encryption: Encryption,
    pub(crate) objects: BTreeMap<String, Object>,
}

/// The default encryption of a bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Encryption {
    pub(crate) algorithm: String,
    pub(crate) key: Option<String>,
    pub(crate) bucket_key: bool,
}

impl Default for Encryption {
    /// S3 User Guide, "Default encryption": SSE-S3 since January 2023.
    fn default() -> Self {
        Self {
            algorithm: "AES256".to_owned(),
            key: None,
            bucket_key: false,
        }
    }
}

operations! {
    S3;
    Read ListBuckets("") = list;
    Write CreateBucket("Bucket") = create;
    Write DeleteBucket("Bucket") = delete;
    Read HeadBucket("Bucket") = head;
    Read GetBucketLocation("Bucket") = location;
    Read GetBucketEncryption("Bucket") = get_encryption;
    Write PutBucketEncryption("Bucket") = put_encryption;
    Write DeleteBucketEncryption("Bucket") = delete_encryption;
    Write PutObject("Key") = object::put;
    Read HeadObject("Key") = object::head;
    Read ListObjectsV2("Bucket") = object::list;
    Write DeleteObject("Key") = object::delete;
}

pub(crate) const XMLNS: &str = "http://s3.amazonaws.com/doc/2006-03-01/";

fn check_name(name: &str) -> Result<(), ApiError> {
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
    let whole = (3..=63).contains(&name.len())
        && name.chars().all(allowed)
        && edge(name.chars().next())
        && edge(name.chars().last());
    if whole {
        return Ok(());
    }
    Err(ApiError::new(
        "InvalidBucketName",
        "The specified bucket is not valid.",
    ))
}

/// A bucket that the caller may touch. A bucket of another account is there, and closed; one of
/// another region is asked about there (S3 API, "Error responses", `PermanentRedirect`).
fn bucket<'a>(world: &'a mut World, ctx: &Ctx, input: &Input) -> Result<&'a mut Bucket, ApiError> {
    let name = input.text("Bucket")?;
    check_name(name)?;
    match world.buckets.get_mut(name) {
        None => Err(
            ApiError::new("NoSuchBucket", "The specified bucket does not exist").with_status(404),
        ),
        Some(bucket) if bucket.region != ctx.region => {
            let message = "The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future requests to this endpoint.";
            let error = ApiError::new("PermanentRedirect", message).with_status(301);
            Err(error.of_region(&bucket.region))
        }
        Some(bucket) if bucket.account != ctx.account => {
            Err(ApiError::new("AccessDenied", "Access Denied").with_status(403))
        }
        Some(bucket) => Ok(bucket),
    }
}

/// S3 API, ListBuckets.
#[expect(clippy::unnecessary_wraps, reason = "the shape of every operation")]
fn list(world: &mut World, ctx: &Ctx, _input: &Input) -> Answered {
    let mut xml = format!(
        "<ListAllMyBucketsResult xmlns=\"{XMLNS}\"><Owner><ID>{}</ID></Owner><Buckets>",
        ctx.account
    );
    for (name, bucket) in &world.buckets {
        if bucket.account == ctx.account {
            let _ = write!(
                xml,
                "<Bucket><Name>{name}</Name><CreationDate>{}</CreationDate></Bucket>",
                bucket.created.strftime("%Y-%m-%dT%H:%M:%S.000Z")
            );
        }
    }
    xml.push_str("</Buckets></ListAllMyBucketsResult>");
    Ok(Body::Xml(xml))
}

/// S3 API, CreateBucket. Of `us-east-1` alone, one that is there already is no error.
fn create(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let name = input.text("Bucket")?;
    check_name(name)?;
    let region = input
        .opt("LocationConstraint")?
        .unwrap_or("us-east-1")
        .to_owned();
    if region != ctx.region && ctx.region != "us-east-1" {
        return Err(ApiError::new(
            "IllegalLocationConstraintException",
            format!(
                "The {region} location constraint is incompatible for the region specific \
                 endpoint this request was sent to."
            ),
        ));
    }
    if let Some(there) = world.buckets.get(name) {
        if there.account != ctx.account {
            return Err(ApiError::new(
                "BucketAlreadyExists",
                "The requested bucket name is not available. The bucket namespace is shared by \
                 all users of the system. Please select a different name and try again.",
            )
            .with_status(409));
        }
        if there.region == "us-east-1" && region == "us-east-1" {
            return Ok(Body::Empty);
        }
        return Err(ApiError::new(
            "BucketAlreadyOwnedByYou",
            "Your previous request to create the named bucket succeeded and you already own it.",
        )
        .with_status(409));
    }
    let bucket = Bucket {
        account: ctx.account.clone(),
        region,
        created: world.stamp(),
        encryption: Encryption::default(),
        objects: BTreeMap::new(),
    };
    world.buckets.insert(name.to_owned(), bucket);
    Ok(Body::Empty)
}

/// S3 API, DeleteBucket: it must be empty.
fn delete(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    if !bucket(world, ctx, input)?.objects.is_empty() {
        let message = "The bucket you tried to delete is not empty";
        return Err(ApiError::new("BucketNotEmpty", message).with_status(409));
    }
    world.buckets.remove(input.text("Bucket")?);
    Ok(Body::Empty)
}

/// S3 API, HeadBucket.
fn head(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    bucket(world, ctx, input).map(|_| Body::Empty)
}

/// S3 API, GetBucketLocation: of `us-east-1` it is empty.
fn location(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let region = &bucket(world, ctx, input)?.region;
    let text = if region == "us-east-1" { "" } else { region };
    Ok(Body::Xml(format!(
        "<LocationConstraint xmlns=\"{XMLNS}\">{text}</LocationConstraint>"
    )))
}

/// S3 API, GetBucketEncryption.
fn get_encryption(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let encryption = &bucket(world, ctx, input)?.encryption;
    let mut by_default = json!({ "SSEAlgorithm": encryption.algorithm });
    if let (Some(key), Some(fields)) = (&encryption.key, by_default.as_object_mut()) {
        fields.insert("KMSMasterKeyID".to_owned(), Value::from(key.as_str()));
    }
    tree(json!({ "Rule": [{
        "ApplyServerSideEncryptionByDefault": by_default,
        "BucketKeyEnabled": encryption.bucket_key.to_string(),
    }]}))
}

/// S3 API, PutBucketEncryption.
fn put_encryption(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let malformed = || {
        ApiError::new(
            "MalformedXML",
            "The XML you provided was not well-formed or did not validate against our published schema",
        )
    };
    let algorithm = input.opt("SSEAlgorithm")?.ok_or_else(malformed)?;
    if !matches!(algorithm, "AES256" | "aws:kms" | "aws:kms:dsse") {
        return Err(malformed());
    }
    let key = input.opt("KMSMasterKeyID")?.map(ToOwned::to_owned);
    if key.is_some() && algorithm == "AES256" {
        return Err(ApiError::new(
            "InvalidArgument",
            "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse",
        ));
    }
    let encryption = Encryption {
        algorithm: algorithm.to_owned(),
        key,
        bucket_key: input.flag("BucketKeyEnabled")?,
    };
    bucket(world, ctx, input)?.encryption = encryption;
    Ok(Body::Empty)
}

/// S3 API, DeleteBucketEncryption: back to SSE-S3.
fn delete_encryption(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    bucket(world, ctx, input)?.encryption = Encryption::default();
    Ok(Body::Empty)
}
