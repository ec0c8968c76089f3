//! JSON 1.0 and 1.1 (Smithy, "AWS JSON 1.1 protocol").

use serde_json::json;

use super::{Protocol, Read, Response};
use crate::answer::{ApiError, Body};
use crate::input::Input;
use crate::service::Service;

/// Target prefixes (botocore, `metadata.targetPrefix` of each service).
const PREFIXES: &[(&str, Service)] = &[
    ("SageMaker", Service::SageMaker),
    ("TrentService", Service::Kms),
    ("AWSOrganizationsV20161128", Service::Organizations),
    ("ResourceGroupsTaggingAPI_20170126", Service::Tagging),
];

pub(super) fn read(target: &str, body: &[u8]) -> Option<Read> {
    let (prefix, operation) = target.split_once('.')?;
    let (_, service) = PREFIXES.iter().find(|(known, _)| *known == prefix)?;
    let input = std::str::from_utf8(body)
        .map_err(|_| ApiError::serialization())
        .and_then(Input::from_json);
    Some(Read {
        protocol: Protocol::Json,
        service: *service,
        operation: operation.to_owned(),
        input,
    })
}

pub(super) fn write(service: Service, answer: Result<Body, ApiError>, id: &str) -> Response {
    let (status, body) = match answer {
        Ok(Body::Text(text)) => (200, text.into_bytes()),
        Ok(Body::Tree(tree)) => (200, tree.to_string().into_bytes()),
        Ok(Body::Bytes(bytes)) => (200, bytes),
        Ok(Body::Empty | Body::Headers(_) | Body::Xml(_)) => (200, b"{}".to_vec()),
        Err(error) => {
            // Organizations writes its messages with a capital.
            let field = if service == Service::Organizations {
                "Message"
            } else {
                "message"
            };
            let body = json!({ "__type": error.code, field: error.message });
            (error.status, body.to_string().into_bytes())
        }
    };
    Response {
        status,
        headers: vec![
            ("content-type", "application/x-amz-json-1.1".to_owned()),
            ("x-amzn-requestid", id.to_owned()),
        ],
        body,
    }
}
