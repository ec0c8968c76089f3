//! REST, as S3 speaks it: the bucket and the object stand in the address; of a `HEAD` the answer is
//! the status and the headers.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::Timestamp;
use sagelock_domain::call::{Call, CallError, CallErrorKind, Reply, Wire, classify};
use sagelock_domain::ids::{BucketName, Region};

use super::{not_readable, raw, xml};
use crate::exchange::{Request, Response};

/// The bucket that a call is about.
pub(crate) fn bucket(call: &Call) -> Option<&BucketName> {
    if let Call::GetBucketEncryption(input) = call {
        return Some(&input.bucket);
    }
    if let Call::HeadObject(input) = call {
        return Some(&input.bucket);
    }
    if let Call::ListObjectsV2(input) = call {
        return Some(&input.bucket);
    }
    None
}

/// The request of a call, with its bucket in the path or, where the host names it, without.
pub(crate) fn request(call: &Call, in_path: bool) -> Request {
    let mut target = String::new();
    if let Some(bucket) = bucket(call).filter(|_| in_path) {
        target.push('/');
        target.push_str(bucket.as_str());
    }
    if let Call::HeadObject(input) = call {
        target.push('/');
        target.push_str(&key_encoded(&input.key));
    }
    if target.is_empty() {
        target.push('/');
    }
    let mut method = "GET";
    if let Wire::Rest { method: of, query } = call.op().row().wire {
        method = of.as_str();
        if !query.is_empty() {
            target.push('?');
            target.push_str(query);
        }
    }
    if let Call::ListObjectsV2(input) = call {
        let prefix = super::percent_encoded(&input.prefix);
        let _ = write!(target, "&max-keys={}&prefix={prefix}", input.max_keys);
    }
    Request {
        method,
        target,
        headers: Vec::new(),
        body: String::new(),
    }
}

/// A key as a path: its slashes stay (S3 API, "Authenticating requests", UriEncode).
fn key_encoded(key: &str) -> String {
    let parts: Vec<String> = key.split('/').map(super::percent_encoded).collect();
    parts.join("/")
}

/// The region that S3 names, where it answers that the bucket is in another one: in a header, or,
/// where the signature was for the wrong region, in the body (S3 API, "Error responses",
/// `PermanentRedirect`, `AuthorizationHeaderMalformed`).
pub(super) fn elsewhere(response: &Response) -> Option<Region> {
    let body = || {
        let text = std::str::from_utf8(&response.body).ok()?;
        let document = xml::to_json(text)?;
        let code = document.get("Code")?.as_str()?;
        let region = document.get("Region")?.as_str()?;
        (code == "AuthorizationHeaderMalformed").then(|| region.to_owned())
    };
    let region = match response.status {
        301 | 307 | 400 => response.bucket_region.clone().or_else(body)?,
        _ => return None,
    };
    let region = Region::new(region);
    region.has_shape().then_some(region)
}

/// Headers that are the connection's and not the object's, and those that its owner wrote.
fn is_left_out(name: &str) -> bool {
    ["connection", "date", "server", "keep-alive", "x-amz-id-2"].contains(&name)
        || name.starts_with("x-amz-meta-")
}

/// The reply of a `HEAD`: the headers under their own names. It has no body, so that an error is
/// known by its status alone (S3 API, HeadObject). Whoever gives no id of the exchange is not S3.
pub(super) fn headers(response: Response, now: Timestamp) -> Result<Reply, CallError> {
    if response.request_id.is_none() && response.status < 500 {
        return Err(not_readable(response.status));
    }
    let code = match response.status {
        200..300 => {
            let headers: BTreeMap<String, String> = response
                .headers
                .into_iter()
                .map(|(name, value)| (name.to_lowercase(), value))
                .filter(|(name, _)| !is_left_out(name))
                .collect();
            let body = serde_json::to_string(&headers).ok().and_then(raw);
            return match body {
                Some(body) => Ok(Reply {
                    body,
                    at: now,
                    request_id: response.request_id,
                }),
                None => Err(not_readable(response.status)),
            };
        }
        403 => "AccessDenied",
        404 => "NotFound",
        503 => "SlowDown",
        _ => "",
    };
    let kind = match response.status {
        404 => CallErrorKind::NotFound,
        status => classify(status, code, ""),
    };
    let code = match code {
        "" => format!("HTTP {}", response.status),
        code => code.to_owned(),
    };
    Err(CallError {
        kind,
        code,
        message: String::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::{reply, request as any_request};
    use super::*;
    use sagelock_domain::call::{Op, input};

    fn head(key: &str) -> Call {
        input::HeadObject {
            bucket: "models".parse().unwrap(),
            key: key.to_owned(),
        }
        .into()
    }

    fn encryption() -> Call {
        let bucket = "models".parse().unwrap();
        input::GetBucketEncryption { bucket }.into()
    }

    fn list(prefix: &str) -> Call {
        input::ListObjectsV2 {
            bucket: "models".parse().unwrap(),
            prefix: prefix.to_owned(),
            max_keys: 250,
        }
        .into()
    }

    #[test]
    fn the_bucket_and_the_key_stand_in_the_address() {
        let cases = [
            (encryption(), "GET", "/?encryption", "/models?encryption"),
            (
                head("a/b.tar.gz"),
                "HEAD",
                "/a/b.tar.gz",
                "/models/a/b.tar.gz",
            ),
            (
                head("a b/é+?#%20/~"),
                "HEAD",
                "/a%20b/%C3%A9%2B%3F%23%2520/~",
                "/models/a%20b/%C3%A9%2B%3F%23%2520/~",
            ),
            (head("/a//../b"), "HEAD", "//a//../b", "/models//a//../b"),
            (
                list("a b/é&x=1"),
                "GET",
                "/?list-type=2&encoding-type=url&max-keys=250&prefix=a%20b%2F%C3%A9%26x%3D1",
                "/models?list-type=2&encoding-type=url&max-keys=250&prefix=a%20b%2F%C3%A9%26x%3D1",
            ),
        ];
        for (call, method, of_host, in_path) in cases {
            let request = request(&call, false);
            assert_eq!((request.method, request.target.as_str()), (method, of_host));
            assert_eq!(any_request(&call).target, in_path);
        }
    }

    fn answered(
        op: Op,
        status: u16,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Result<Reply, CallError> {
        let of = |wanted: &str| {
            let found = headers.iter().find(|(name, _)| *name == wanted);
            found.map(|(_, value)| (*value).to_owned())
        };
        let response = Response {
            status,
            request_id: of("x-amz-request-id"),
            error_type: None,
            bucket_region: of("x-amz-bucket-region"),
            headers: headers
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            body: body.as_bytes().to_vec(),
        };
        reply(op.row().wire, response, Timestamp::UNIX_EPOCH)
    }

    const ID: (&str, &str) = ("x-amz-request-id", "r");

    #[test]
    fn the_headers_of_an_object_are_its_reply() {
        let headers = [
            ID,
            ("x-amz-server-side-encryption", "aws:kms"),
            ("x-amz-server-side-encryption-aws-kms-key-id", "k"),
            ("x-amz-meta-password", "hunter2"),
            ("Date", "now"),
        ];
        let reply = answered(Op::HeadObject, 200, &headers, "").unwrap();
        assert_eq!(
            reply.body.get(),
            r#"{"x-amz-request-id":"r","x-amz-server-side-encryption":"aws:kms","x-amz-server-side-encryption-aws-kms-key-id":"k"}"#
        );
        let view = input::HeadObject::view(&reply).unwrap();
        assert_eq!(view.key.as_deref(), Some("k"));
    }

    #[test]
    fn a_bucket_s_default_is_seen_through_its_view() {
        let body = "<?xml version=\"1.0\"?><ServerSideEncryptionConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>aws:kms</SSEAlgorithm><KMSMasterKeyID>k</KMSMasterKeyID></ApplyServerSideEncryptionByDefault><BucketKeyEnabled>true</BucketKeyEnabled></Rule></ServerSideEncryptionConfiguration>";
        let reply = answered(Op::GetBucketEncryption, 200, &[ID], body).unwrap();
        let view = input::GetBucketEncryption::view(&reply).unwrap();
        let default = view.rules[0].by_default.as_ref().unwrap();
        assert_eq!(default.algorithm, "aws:kms");
        assert_eq!(default.key.as_deref(), Some("k"));
    }

    #[test]
    fn a_list_is_seen_through_its_view_with_its_keys_decoded() {
        let one = |key: &str| format!("<Contents><Key>{key}</Key><Size>7</Size></Contents>");
        let cases = [
            ("false", String::new(), Some(&[][..])),
            ("true", one("a+b/%C3%A9%2B%0D"), Some(&["a b/é+\r"][..])),
            ("false", one("a") + &one("b%25"), Some(&["a", "b%"][..])),
            ("false", one("%FF"), None),
            ("perhaps", one("a"), None),
        ];
        for (truncated, contents, keys) in cases {
            let body = format!(
                "<ListBucketResult><IsTruncated>{truncated}</IsTruncated>{contents}</ListBucketResult>"
            );
            let reply = answered(Op::ListObjectsV2, 200, &[ID], &body).unwrap();
            let view = input::ListObjectsV2::view(&reply).ok();
            let found = view.map(|view| {
                assert_eq!(view.is_truncated, truncated == "true");
                let keys = view.contents.into_iter().map(|one| one.key);
                keys.collect::<Vec<_>>()
            });
            assert_eq!(
                found.as_deref(),
                keys.map(|keys| keys.iter().map(ToString::to_string).collect::<Vec<_>>())
                    .as_deref(),
                "{truncated} {contents}"
            );
        }
    }

    type Case<'a> = (
        Op,
        u16,
        &'a [(&'a str, &'a str)],
        String,
        CallErrorKind,
        &'a str,
    );

    #[test]
    fn errors_are_read_with_and_without_a_body() {
        use CallErrorKind::{AccessDenied, NotFound, NotJson, Refused, Throttled, Unavailable};
        let (get, head) = (Op::GetBucketEncryption, Op::HeadObject);
        let error = |code: &str| format!("<Error><Code>{code}</Code><Message>m</Message></Error>");
        let there = ("x-amz-bucket-region", "eu-central-1");
        let malformed =
            "<Error><Code>AuthorizationHeaderMalformed</Code><Region>eu-central-1</Region></Error>";
        let cases: &[Case<'_>] = &[
            (
                get,
                403,
                &[ID],
                error("AccessDenied"),
                AccessDenied,
                "AccessDenied",
            ),
            (
                get,
                404,
                &[ID],
                error("NoSuchBucket"),
                NotFound,
                "NoSuchBucket",
            ),
            (get, 503, &[ID], error("SlowDown"), Throttled, "SlowDown"),
            (
                get,
                301,
                &[ID, there],
                error("PermanentRedirect"),
                Refused,
                "PermanentRedirect",
            ),
            (
                get,
                400,
                &[ID],
                malformed.to_owned(),
                Refused,
                "PermanentRedirect",
            ),
            (get, 200, &[], "<html>".to_owned(), NotJson, "HTTP 200"),
            (
                head,
                403,
                &[ID],
                String::new(),
                AccessDenied,
                "AccessDenied",
            ),
            (head, 404, &[ID], String::new(), NotFound, "NotFound"),
            (head, 404, &[], String::new(), NotJson, "HTTP 404"),
            (head, 200, &[], String::new(), NotJson, "HTTP 200"),
            (head, 400, &[ID], String::new(), Refused, "HTTP 400"),
            (
                head,
                301,
                &[ID, there],
                String::new(),
                Refused,
                "PermanentRedirect",
            ),
            (head, 500, &[ID], String::new(), Unavailable, "HTTP 500"),
            (head, 502, &[], String::new(), Unavailable, "HTTP 502"),
            (head, 503, &[ID], String::new(), Throttled, "SlowDown"),
        ];
        for (op, status, headers, body, kind, code) in cases {
            let error = answered(*op, *status, headers, body).unwrap_err();
            let about = format!("{} {status} {body}", op.name());
            assert_eq!((error.kind, error.code.as_str()), (*kind, *code), "{about}");
            if *code == "PermanentRedirect" {
                assert_eq!(
                    error.moved_to(),
                    Some(Region::new("eu-central-1")),
                    "{about}"
                );
            }
        }
    }
}
