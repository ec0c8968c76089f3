//! The REST protocols: XML of S3, JSON of Account Management and SageMaker Runtime (Smithy, "AWS
//! restXml protocol" and "AWS restJson1 protocol").

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::{Protocol, Read, Request, Response, form, xml};
use crate::answer::{ApiError, Body};
use crate::input::Input;
use crate::s3::XMLNS;
use crate::service::Service;
use crate::world::Ctx;

/// Reads a request by its method and path, and by the service that it was signed for.
pub(super) fn read(request: &Request<'_>, service: &str) -> Option<Read> {
    match service {
        "s3" => s3(request),
        "account" => account(request),
        "sagemaker" => runtime(request),
        _ => None,
    }
}

fn of(service: Service, protocol: Protocol, operation: &str, fields: Map<String, Value>) -> Read {
    Read {
        protocol,
        service,
        operation: operation.to_owned(),
        input: Ok(Input::from_fields(fields)),
    }
}

/// Headers of PutObject and HeadObject that are fields of their inputs (botocore, s3/2006-03-01).
const HEADER_FIELDS: &[(&str, &str)] = &[
    ("x-amz-server-side-encryption", "ServerSideEncryption"),
    ("x-amz-server-side-encryption-aws-kms-key-id", "SSEKMSKeyId"),
    (
        "x-amz-server-side-encryption-bucket-key-enabled",
        "BucketKeyEnabled",
    ),
    (
        "x-amz-server-side-encryption-customer-algorithm",
        "SSECustomerAlgorithm",
    ),
];
/// What of a query is a field of ListObjectsV2.
const LIST_FIELDS: &[(&str, &str)] = &[
    ("prefix", "Prefix"),
    ("max-keys", "MaxKeys"),
    ("continuation-token", "ContinuationToken"),
    ("start-after", "StartAfter"),
    ("encoding-type", "EncodingType"),
];

/// The bucket stands in the path, or in the host before `s3.` and, on loopback, `localhost` (S3 User
/// Guide, "Virtual hosting of general purpose buckets").
fn address<'a>(request: &'a Request<'_>) -> (Option<&'a str>, &'a str) {
    let host = (request.header)("host").unwrap_or_default();
    let host = host.split(':').next().unwrap_or_default();
    let path = request.path.strip_prefix('/').unwrap_or(request.path);
    let of_host = host
        .find(".s3.")
        .or_else(|| host.find(".s3-"))
        .or_else(|| host.rfind(".localhost"));
    if let Some(bucket) = of_host.and_then(|at| host.get(..at)) {
        return (Some(bucket), path);
    }
    let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
    (Some(bucket).filter(|bucket| !bucket.is_empty()), key)
}

fn s3(request: &Request<'_>) -> Option<Read> {
    let rest = |operation: &str, fields: Map<String, Value>| {
        Some(of(Service::S3, Protocol::RestXml, operation, fields))
    };
    let (bucket, key) = address(request);
    let Some(bucket) = bucket else {
        return (request.method == "GET")
            .then(|| rest("ListBuckets", Map::new()))
            .flatten();
    };
    let mut fields = Map::new();
    fields.insert("Bucket".to_owned(), Value::from(decoded(bucket)));
    if !key.is_empty() {
        fields.insert("Key".to_owned(), Value::from(decoded(key)));
        return object(request, fields);
    }
    let has = |name: &str| form::pairs(request.query).any(|(n, _)| n == name);
    let body = String::from_utf8_lossy(request.body);
    let mut take = |names: &[&str]| {
        for name in names {
            if let Some(text) = xml::text_of(&body, name) {
                fields.insert((*name).to_owned(), Value::from(text));
            }
        }
    };
    let operation = match (request.method, has("encryption"), has("location")) {
        ("GET", true, _) => "GetBucketEncryption",
        ("PUT", true, _) => {
            take(&["SSEAlgorithm", "KMSMasterKeyID", "BucketKeyEnabled"]);
            "PutBucketEncryption"
        }
        ("DELETE", true, _) => "DeleteBucketEncryption",
        ("GET", _, true) => "GetBucketLocation",
        ("GET", _, _) if form::value(request.query, "list-type").as_deref() == Some("2") => {
            // Groups by a delimiter are not simulated.
            if has("delimiter") {
                return None;
            }
            for (name, field) in LIST_FIELDS {
                if let Some(value) = form::value(request.query, name) {
                    fields.insert((*field).to_owned(), Value::from(value));
                }
            }
            "ListObjectsV2"
        }
        ("PUT", _, _) if request.query.is_empty() => {
            take(&["LocationConstraint"]);
            "CreateBucket"
        }
        ("HEAD", _, _) => "HeadBucket",
        ("DELETE", _, _) if request.query.is_empty() => "DeleteBucket",
        _ => return None,
    };
    rest(operation, fields)
}

/// In a path a plus is a plus.
fn decoded(text: &str) -> String {
    form::decode(&text.replace('+', "%2B"))
}

fn object(request: &Request<'_>, mut fields: Map<String, Value>) -> Option<Read> {
    // Parts of an upload, tags, versions and the like are not simulated; the SDKs say in the query
    // which operation of theirs it is.
    let mut asked = form::pairs(request.query).filter(|(name, _)| name != "x-id");
    let operation = match request.method {
        // A copy is a PutObject with a source, and is not simulated.
        "PUT" if (request.header)("x-amz-copy-source").is_none() => "PutObject",
        "HEAD" => "HeadObject",
        "DELETE" => "DeleteObject",
        _ => return None,
    };
    if asked.next().is_some() {
        return None;
    }
    for (name, field) in HEADER_FIELDS {
        if let Some(value) = (request.header)(name) {
            fields.insert((*field).to_owned(), Value::from(value));
        }
    }
    let mut read = of(Service::S3, Protocol::RestXml, operation, fields);
    if let Ok(input) = &mut read.input {
        input.payload = request.body.to_vec();
    }
    Some(read)
}

fn account(request: &Request<'_>) -> Option<Read> {
    let operation = match request.path {
        "/listRegions" => "ListRegions",
        "/getRegionOptStatus" => "GetRegionOptStatus",
        "/enableRegion" => "EnableRegion",
        "/disableRegion" => "DisableRegion",
        _ => return None,
    };
    let input = std::str::from_utf8(request.body)
        .map_err(|_| ApiError::serialization())
        .and_then(Input::from_json);
    Some(Read {
        protocol: Protocol::RestJson,
        service: Service::Account,
        operation: operation.to_owned(),
        input,
    })
}

/// `POST /endpoints/NAME/invocations`.
fn runtime(request: &Request<'_>) -> Option<Read> {
    let name = request
        .path
        .strip_prefix("/endpoints/")?
        .strip_suffix("/invocations")?;
    let fields = Map::from_iter([("EndpointName".to_owned(), Value::from(form::decode(name)))]);
    let mut input = Input::from_fields(fields);
    input.payload = request.body.to_vec();
    Some(Read {
        protocol: Protocol::RestJson,
        service: Service::SageMakerRuntime,
        operation: "InvokeEndpoint".to_owned(),
        input: Ok(input),
    })
}

pub(super) fn write_json(answer: Result<Body, ApiError>, id: &str) -> Response {
    let mut headers = vec![
        ("content-type", "application/json".to_owned()),
        ("x-amzn-requestid", id.to_owned()),
    ];
    let (status, body) = match answer {
        Ok(Body::Bytes(bytes)) => (200, bytes),
        Ok(Body::Tree(tree)) => (200, tree.to_string().into_bytes()),
        Ok(Body::Text(text)) => (200, text.into_bytes()),
        Ok(Body::Empty | Body::Headers(_) | Body::Xml(_)) => (200, b"{}".to_vec()),
        Err(error) => {
            headers.push(("x-amzn-errortype", error.code));
            let body = json!({ "message": error.message });
            (error.status, body.to_string().into_bytes())
        }
    };
    Response {
        status,
        headers,
        body,
    }
}

const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

pub(super) fn write_xml(
    ctx: &Ctx,
    answer: Result<Body, ApiError>,
    id: &str,
    read: &Read,
) -> Response {
    let operation = read.operation.as_str();
    let mut headers = vec![
        ("content-type", "application/xml".to_owned()),
        ("x-amz-request-id", id.to_owned()),
    ];
    if let Some(region) = answer.as_ref().err().and_then(|error| error.region.clone()) {
        headers.push(("x-amz-bucket-region", region));
    }
    let (status, body) = match answer {
        Ok(Body::Xml(text)) => (200, format!("{HEAD}{text}").into_bytes()),
        Ok(Body::Tree(tree)) => (200, document(operation, &tree).into_bytes()),
        Ok(Body::Headers(more)) => {
            headers.retain(|(name, _)| *name != "content-type");
            headers.extend(more);
            (200, Vec::new())
        }
        Ok(Body::Empty | Body::Bytes(_) | Body::Text(_)) => {
            let no_content = matches!(
                operation,
                "DeleteBucket" | "DeleteBucketEncryption" | "DeleteObject"
            );
            if matches!(operation, "HeadBucket" | "CreateBucket") {
                headers.push(("x-amz-bucket-region", ctx.region.clone()));
            }
            let bucket = read
                .input
                .as_ref()
                .ok()
                .and_then(|input| input.text("Bucket").ok());
            if let (Some(bucket), "CreateBucket") = (bucket, operation) {
                headers.push(("location", format!("/{bucket}")));
            }
            (if no_content { 204 } else { 200 }, Vec::new())
        }
        // A HEAD has no body, so S3 says only the status.
        Err(error) if operation.starts_with("Head") => (error.status, Vec::new()),
        Err(error) => {
            let mut text = HEAD.to_owned();
            let _ = write!(
                text,
                "<Error><Code>{}</Code><Message>{}</Message><RequestId>{id}</RequestId></Error>",
                xml::escaped(&error.code),
                xml::escaped(&error.message)
            );
            (error.status, text.into_bytes())
        }
    };
    Response {
        status,
        headers,
        body,
    }
}

/// A tree as the document of an operation: a list is elements of one name.
fn document(operation: &str, tree: &Value) -> String {
    let root = match operation {
        "GetBucketEncryption" => "ServerSideEncryptionConfiguration",
        "ListObjectsV2" => "ListBucketResult",
        other => other,
    };
    let mut text = HEAD.to_owned();
    let _ = write!(text, "<{root} xmlns=\"{XMLNS}\">");
    flattened(&mut text, tree);
    let _ = write!(text, "</{root}>");
    text
}

fn flattened(text: &mut String, tree: &Value) {
    for (name, value) in tree.as_object().into_iter().flatten() {
        let one = [value.clone()];
        for value in value.as_array().map_or(one.as_slice(), Vec::as_slice) {
            let _ = write!(text, "<{name}>");
            match value.as_str() {
                Some(plain) => text.push_str(&xml::escaped(plain)),
                None => flattened(text, value),
            }
            let _ = write!(text, "</{name}>");
        }
    }
}
