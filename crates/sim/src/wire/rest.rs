//! The REST protocols: XML of S3, JSON of Account Management and SageMaker Runtime (Smithy, "AWS
//! restXml protocol" and "AWS restJson1 protocol").

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::{Protocol, Read, Request, Response, form, xml};
use crate::answer::{ApiError, Body};
use crate::input::Input;
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

fn s3(request: &Request<'_>) -> Option<Read> {
    let path = request.path.trim_matches('/');
    let rest = |operation: &str, fields: Map<String, Value>| {
        Some(of(Service::S3, Protocol::RestXml, operation, fields))
    };
    if path.is_empty() {
        return (request.method == "GET")
            .then(|| rest("ListBuckets", Map::new()))
            .flatten();
    }
    if path.contains('/') {
        return None;
    }
    let has = |name: &str| form::pairs(request.query).any(|(n, _)| n == name);
    let mut fields = Map::new();
    fields.insert("Bucket".to_owned(), Value::from(form::decode(path)));
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
        Ok(Body::Empty | Body::Xml(_)) => (200, b"{}".to_vec()),
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
    let head = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
    let (status, body) = match answer {
        Ok(Body::Xml(text)) => (200, format!("{head}{text}").into_bytes()),
        Ok(_) => {
            let no_content = matches!(operation, "DeleteBucket" | "DeleteBucketEncryption");
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
        Err(error) if operation == "HeadBucket" => (error.status, Vec::new()),
        Err(error) => {
            let mut text = head.to_owned();
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
