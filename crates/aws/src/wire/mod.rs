//! AWS's protocols, from a call to bytes and from bytes to a reply.

mod rest;
mod xml;

use std::fmt::Write;

use jiff::Timestamp;
use sagelock_domain::call::write::WriteCall;
use sagelock_domain::call::{Call, CallError, CallErrorKind, Method, Reply, Row, Wire, classify};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::exchange::{Request, Response};
pub(crate) use rest::{bucket, request as bucket_request};

/// The request of a call.
pub(crate) fn request(call: &Call) -> Request {
    let posted = posted(call.op().row(), &call.body());
    posted.unwrap_or_else(|| rest::request(call, true))
}

/// The request of a write, where its protocol has one.
pub(crate) fn write_request(call: &WriteCall) -> Option<Request> {
    posted(call.op().row(), &call.body())
}

/// The request of the protocols that post what is asked.
fn posted(row: &Row, body: &Value) -> Option<Request> {
    Some(match row.wire {
        Wire::Json { prefix } => Request {
            method: "POST",
            target: "/".to_owned(),
            headers: vec![
                ("content-type", "application/x-amz-json-1.1".to_owned()),
                ("x-amz-target", format!("{prefix}.{}", row.operation)),
            ],
            body: body.to_string(),
        },
        Wire::Query { version } => {
            let mut form = format!("Action={}&Version={version}", row.operation);
            for (name, value) in body.as_object().into_iter().flatten() {
                let text = match value {
                    Value::String(text) => text.clone(),
                    Value::Null
                    | Value::Bool(_)
                    | Value::Number(_)
                    | Value::Array(_)
                    | Value::Object(_) => value.to_string(),
                };
                let _ = write!(form, "&{name}={}", percent_encoded(&text));
            }
            let kind = "application/x-www-form-urlencoded; charset=utf-8";
            Request {
                method: "POST",
                target: "/".to_owned(),
                headers: vec![("content-type", kind.to_owned())],
                body: form,
            }
        }
        Wire::Rest { .. } => return None,
    })
}

/// Adds a field to a request of the Query protocol.
pub(crate) fn add_field(request: &mut Request, name: &str, value: &str) {
    let _ = write!(request.body, "&{name}={}", percent_encoded(value));
}

fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// The reply to a write, or why there is none: it may be empty (Smithy, "AWS JSON 1.1 protocol", an
/// operation without output).
pub(crate) fn write_reply(
    wire: Wire,
    response: Response,
    now: Timestamp,
) -> Result<Reply, CallError> {
    let mut response = response;
    let is_done = (200..300).contains(&response.status);
    if is_done && response.body.is_empty() && matches!(wire, Wire::Json { .. }) {
        response.body = b"{}".to_vec();
    }
    reply(wire, response, now)
}

/// The reply, or why there is none.
pub(crate) fn reply(wire: Wire, response: Response, now: Timestamp) -> Result<Reply, CallError> {
    if let Wire::Rest { method, .. } = wire {
        if let Some(region) = rest::elsewhere(&response) {
            return Err(CallError::elsewhere(&region));
        }
        if method == Method::Head {
            return rest::headers(response, now);
        }
    }
    let is_empty = response.body.is_empty();
    let text = String::from_utf8(response.body);
    let body = text.ok().and_then(|text| match wire {
        Wire::Json { .. } => raw(text),
        Wire::Query { .. } | Wire::Rest { .. } => {
            xml::to_json(&text).and_then(|value| raw(value.to_string()))
        }
    });
    if (200..300).contains(&response.status) {
        return match body {
            Some(body) => Ok(Reply {
                body,
                at: now,
                request_id: response.request_id,
            }),
            None => Err(not_readable(response.status)),
        };
    }
    let document = body
        .as_deref()
        .and_then(|body| serde_json::from_str(body.get()).ok());
    let (code, message) = error_of(response.error_type.as_deref(), document.as_ref());
    // A load balancer of AWS's may answer 502, 503 or 504 with a page of its own; a service that
    // fails says so in its own format.
    let is_balancer = (501..600).contains(&response.status) || is_empty;
    if code.is_empty() && document.is_none() && !is_balancer {
        return Err(not_readable(response.status));
    }
    let kind = classify(response.status, &code, &message);
    let code = if code.is_empty() {
        format!("HTTP {}", response.status)
    } else {
        code
    };
    Err(CallError {
        kind,
        code,
        message,
    })
}

fn raw(text: String) -> Option<Box<RawValue>> {
    RawValue::from_string(text).ok()
}

fn not_readable(status: u16) -> CallError {
    CallError {
        kind: CallErrorKind::NotJson,
        code: format!("HTTP {status}"),
        message:
            "the answer is not in AWS's format; is there a proxy or another server in between?"
                .to_owned(),
    }
}

/// The code and message of an error, of whichever protocol: `__type` or `X-Amzn-ErrorType` in
/// JSON, `Error` in XML (Smithy, "AWS JSON 1.1 protocol" and "AWS query protocol", errors).
fn error_of(header: Option<&str>, document: Option<&Value>) -> (String, String) {
    let empty = Value::Null;
    let document = document.unwrap_or(&empty);
    let xml = ["/Error", "/Errors/Error"]
        .into_iter()
        .find_map(|path| document.pointer(path));
    // S3's error is the document itself (S3 API, "Error responses").
    let text = |value: &Value, names: &[&str]| {
        names
            .iter()
            .find_map(|name| value.get(name)?.as_str())
            .unwrap_or_default()
            .to_owned()
    };
    if let Some(error) = xml {
        return (text(error, &["Code"]), text(error, &["Message"]));
    }
    let code = match text(document, &["__type", "code", "Code"]) {
        code if code.is_empty() => header.unwrap_or_default().to_owned(),
        code => code,
    };
    // `com.amazonaws.sagemaker#ThrottlingException:http://…`
    let code = code.split(':').next().unwrap_or_default();
    let code = code.rsplit('#').next().unwrap_or_default().to_owned();
    (
        code,
        text(document, &["message", "Message", "errorMessage"]),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use sagelock_domain::call::{CallErrorKind, Op, input};

    const JSON: Wire = Wire::Json {
        prefix: "SageMaker",
    };
    const QUERY: Wire = Wire::Query {
        version: "2011-06-15",
    };

    fn answered(wire: Wire, status: u16, body: &str) -> Result<Reply, CallError> {
        let response = Response {
            status,
            request_id: Some("r".to_owned()),
            error_type: None,
            bucket_region: None,
            headers: Vec::new(),
            body: body.as_bytes().to_vec(),
        };
        reply(wire, response, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn a_reply_stays_to_the_letter() {
        let body = r#"{"New":[1.0e3,123456789012345678901234567890,-0.0],"Deep":{"x":null}}"#;
        let reply = answered(JSON, 200, body).unwrap();
        assert_eq!(reply.body.get(), body);
    }

    #[test]
    fn errors_are_read_in_every_protocol() {
        use CallErrorKind::{AccessDenied, Credentials, NotJson, Throttled, Unavailable};
        let cases = [
            (
                JSON,
                400,
                r#"{"__type":"com.amazonaws.sagemaker#ThrottlingException","message":"Rate exceeded"}"#,
                Throttled,
                "ThrottlingException",
            ),
            (
                JSON,
                400,
                r#"{"__type":"AccessDeniedException","Message":"no"}"#,
                AccessDenied,
                "AccessDeniedException",
            ),
            (JSON, 503, "<html>", Unavailable, "HTTP 503"),
            (JSON, 500, "", Unavailable, "HTTP 500"),
            (JSON, 500, "<html>Flask", NotJson, "HTTP 500"),
            (JSON, 403, "<html>", NotJson, "HTTP 403"),
            (JSON, 200, "<html>", NotJson, "HTTP 200"),
            (JSON, 200, "{\"trunc", NotJson, "HTTP 200"),
            (
                QUERY,
                403,
                "<ErrorResponse><Error><Code>InvalidClientTokenId</Code><Message>bad &amp; old</Message></Error></ErrorResponse>",
                Credentials,
                "InvalidClientTokenId",
            ),
            (
                QUERY,
                403,
                "<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>no</Message></Error></Errors></Response>",
                AccessDenied,
                "UnauthorizedOperation",
            ),
        ];
        for (wire, status, body, kind, code) in cases {
            let error = answered(wire, status, body).unwrap_err();
            assert_eq!(
                (error.kind, error.code.as_str()),
                (kind, code),
                "{status} {body}"
            );
        }
    }

    #[test]
    fn an_xml_reply_is_seen_through_its_view() {
        let body = r#"<?xml version="1.0"?><GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/Alice</Arn><UserId>AKIAI</UserId><Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"#;
        let reply = answered(QUERY, 200, body).unwrap();
        let view = input::GetCallerIdentity::view(&reply).unwrap();
        assert_eq!(
            view.get_caller_identity_result.account.as_str(),
            "123456789012"
        );
        let body = "<DescribeRegionsResponse><regionInfo><item><regionName>eu-west-1</regionName><optInStatus>opt-in-not-required</optInStatus></item></regionInfo></DescribeRegionsResponse>";
        let reply = answered(QUERY, 200, body).unwrap();
        let view = input::DescribeRegions::view(&reply).unwrap();
        assert_eq!(view.region_info.item.len(), 1, "one item is still a list");
    }

    #[test]
    fn only_a_write_may_be_answered_by_nothing() {
        let nothing = |status| Response {
            status,
            request_id: Some("r".to_owned()),
            error_type: None,
            bucket_region: None,
            headers: Vec::new(),
            body: Vec::new(),
        };
        let at = Timestamp::UNIX_EPOCH;
        let read = reply(JSON, nothing(200), at).unwrap_err();
        assert_eq!(read.kind, CallErrorKind::NotJson);
        let written = write_reply(JSON, nothing(200), at).unwrap();
        assert_eq!(written.body.get(), "{}");
        let failed = write_reply(JSON, nothing(503), at).unwrap_err();
        assert_eq!(failed.kind, CallErrorKind::Unavailable);
    }

    #[test]
    fn every_write_has_a_request() {
        use sagelock_domain::call::write::{WriteOp, input};
        use sagelock_domain::ids::ConfigName;

        for op in WriteOp::ALL {
            assert!(posted(op.row(), &Value::Null).is_some(), "{}", op.name());
        }
        let call = input::DeleteEndpointConfig {
            endpoint_config_name: ConfigName::new("fraud-1"),
        };
        let request = write_request(&call.into()).unwrap();
        assert_eq!(request.body, r#"{"EndpointConfigName":"fraud-1"}"#);
        let target = ("x-amz-target", "SageMaker.DeleteEndpointConfig".to_owned());
        assert!(request.headers.contains(&target), "{:?}", request.headers);
    }

    #[test]
    fn a_query_is_a_form() {
        let call = Call::from(input::DescribeRegions { all_regions: true });
        assert_eq!(call.op(), Op::DescribeRegions);
        assert_eq!(
            request(&call).body,
            "Action=DescribeRegions&Version=2016-11-15&AllRegions=true"
        );
        assert_eq!(percent_encoded("a b/é"), "a%20b%2F%C3%A9");
    }
}
