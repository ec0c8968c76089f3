//! The Query protocol and EC2's flavour of it (Smithy, "AWS query protocol" and "AWS EC2 query
//! protocol").

use std::fmt::Write as _;

use serde_json::Value;

use super::{Protocol, Read, Request, Response, form, xml};
use crate::answer::{ApiError, Body};
use crate::input::Input;
use crate::service::Service;

/// API versions (botocore, `metadata.apiVersion`) and name spaces.
const VERSIONS: &[(&str, Service, &str)] = &[
    (
        "2011-06-15",
        Service::Sts,
        "https://sts.amazonaws.com/doc/2011-06-15/",
    ),
    (
        "2010-05-08",
        Service::Iam,
        "https://iam.amazonaws.com/doc/2010-05-08/",
    ),
    (
        "2016-11-15",
        Service::Ec2,
        "http://ec2.amazonaws.com/doc/2016-11-15/",
    ),
];

pub(super) fn read(request: &Request<'_>) -> Option<Read> {
    let mut text = String::from_utf8_lossy(request.body).into_owned();
    if text.is_empty() {
        request.query.clone_into(&mut text);
    }
    let mut fields = form::tree(&text);
    let take = |fields: &mut serde_json::Map<String, Value>, name: &str| {
        let value = fields.remove(name)?;
        value.as_str().map(ToOwned::to_owned)
    };
    let version = take(&mut fields, "Version")?;
    let operation = take(&mut fields, "Action")?;
    let (_, service, _) = VERSIONS.iter().find(|(known, _, _)| *known == version)?;
    Some(Read {
        protocol: Protocol::Query,
        service: *service,
        operation,
        input: Ok(Input::from_fields(fields)),
    })
}

pub(super) fn write(
    service: Service,
    operation: &str,
    answer: Result<Body, ApiError>,
    id: &str,
) -> Response {
    let space = VERSIONS
        .iter()
        .find(|(_, known, _)| *known == service)
        .map_or("", |(_, _, space)| *space);
    let ec2 = service == Service::Ec2;
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let status = match answer {
        Ok(body) => {
            let _ = write!(text, "<{operation}Response xmlns=\"{space}\">");
            let tree = match body {
                Body::Tree(tree) => Some(tree),
                Body::Text(_) | Body::Xml(_) | Body::Headers(_) | Body::Bytes(_) | Body::Empty => {
                    None
                }
            };
            match (ec2, tree) {
                (true, tree) => {
                    let _ = write!(text, "<requestId>{id}</requestId>");
                    xml::elements(&mut text, &tree.unwrap_or_default(), "item");
                }
                (false, Some(tree)) => {
                    let _ = write!(text, "<{operation}Result>");
                    xml::elements(&mut text, &tree, "member");
                    let _ = write!(text, "</{operation}Result>");
                }
                (false, None) => {}
            }
            if !ec2 {
                let _ = write!(
                    text,
                    "<ResponseMetadata><RequestId>{id}</RequestId></ResponseMetadata>"
                );
            }
            let _ = write!(text, "</{operation}Response>");
            200
        }
        Err(error) => {
            let (code, message) = (xml::escaped(&error.code), xml::escaped(&error.message));
            let _ = if ec2 {
                write!(
                    text,
                    "<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message>\
                     </Error></Errors><RequestID>{id}</RequestID></Response>"
                )
            } else {
                let side = if error.status < 500 {
                    "Sender"
                } else {
                    "Receiver"
                };
                write!(
                    text,
                    "<ErrorResponse xmlns=\"{space}\"><Error><Type>{side}</Type>\
                     <Code>{code}</Code><Message>{message}</Message></Error>\
                     <RequestId>{id}</RequestId></ErrorResponse>"
                )
            };
            error.status
        }
    };
    Response {
        status,
        headers: vec![
            ("content-type", "text/xml;charset=UTF-8".to_owned()),
            ("x-amzn-requestid", id.to_owned()),
        ],
        body: text.into_bytes(),
    }
}
