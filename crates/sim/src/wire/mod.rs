//! AWS's protocols: the bytes of a request to the bytes of a response. Nothing of the product's
//! own encoder is used here.

mod form;
mod json;
mod query;
mod rest;
mod xml;

use std::time::Duration;

use crate::answer::{ApiError, Body};
use crate::input::Input;
use crate::service::Service;
use crate::world::{Answer, Ctx, Outcome, World};

/// A request as it came.
pub struct Request<'a> {
    /// `POST`, `GET` …
    pub method: &'a str,
    /// The path, without the query.
    pub path: &'a str,
    /// The query, without the question mark.
    pub query: &'a str,
    /// A header by its name in lower case.
    pub header: &'a dyn Fn(&str) -> Option<&'a str>,
    /// The body.
    pub body: &'a [u8],
}

/// A response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The headers; the date is the listener's.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// What becomes of a request.
#[derive(Clone, Debug)]
pub enum Exchange {
    /// It is answered, after a time.
    Respond(Response, Duration),
    /// The head and half of the body after a time, and the connection is closed.
    Cut(Response, Duration),
    /// Nothing comes, and the connection stays open.
    Silence,
    /// The connection is closed, after a time.
    Reset(Duration),
}

/// How a service writes requests and responses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Protocol {
    Json,
    Query,
    RestJson,
    RestXml,
}

/// A request that was understood.
struct Read {
    protocol: Protocol,
    service: Service,
    operation: String,
    input: Result<Input, ApiError>,
}

/// The part of a signature that says who asks, where and of whom.
struct Scope<'a> {
    key: &'a str,
    region: &'a str,
    service: &'a str,
}

/// Answers a request.
pub fn handle(world: &mut World, request: &Request<'_>) -> Exchange {
    let authorization = (request.header)("authorization");
    let presigned = form::value(request.query, "X-Amz-Credential");
    let scope = authorization
        .and_then(|text| text.split("Credential=").nth(1))
        .and_then(|text| text.split([',', ' ']).next())
        .or(presigned.as_deref())
        .and_then(scope);
    let Some(read) = read(request, scope.as_ref()) else {
        let target = (request.header)("x-amz-target").map(ToOwned::to_owned);
        let action = || form::value(&String::from_utf8_lossy(request.body), "Action");
        let service = scope.as_ref().map_or("?", |scope| scope.service);
        let asked = target
            .or_else(action)
            .unwrap_or_else(|| format!("{} {}", request.method, request.path));
        world.not_simulated(&format!("{service}: {asked}"));
        return not_simulated(request, &asked);
    };
    let Some(scope) = scope else {
        return Exchange::Respond(unsigned(&read), Duration::ZERO);
    };
    let ctx = world.ctx_of_key(read.service, scope.key, scope.region);
    let outcome = match &read.input {
        Ok(input) => world.perform(&ctx, &read.operation, input),
        Err(error) => {
            world.not_read(&ctx, &read.operation);
            Outcome {
                answer: Answer::Says(Err(error.clone())),
                delay: Duration::ZERO,
                request_id: String::new(),
            }
        }
    };
    let id = outcome.request_id;
    match outcome.answer {
        Answer::Says(answer) => Exchange::Respond(write(&read, &ctx, answer, &id), outcome.delay),
        Answer::Truncated(body) => Exchange::Cut(write(&read, &ctx, Ok(body), &id), outcome.delay),
        Answer::Nothing => Exchange::Silence,
        Answer::Reset => Exchange::Reset(outcome.delay),
        Answer::NotAws => Exchange::Respond(not_aws(), outcome.delay),
    }
}

/// `KEY/20260101/eu-west-1/sagemaker/aws4_request`.
fn scope(text: &str) -> Option<Scope<'_>> {
    let parts: Vec<&str> = text.split('/').collect();
    match parts.as_slice() {
        [key, _, region, service, "aws4_request"] => Some(Scope {
            key,
            region,
            service,
        }),
        _ => None,
    }
}

fn read(request: &Request<'_>, scope: Option<&Scope<'_>>) -> Option<Read> {
    if let Some(target) = (request.header)("x-amz-target") {
        return json::read(target, request.body);
    }
    let kind = (request.header)("content-type").unwrap_or_default();
    let is_form = kind.starts_with("application/x-www-form-urlencoded");
    if is_form || form::value(request.query, "Action").is_some() {
        return query::read(request);
    }
    rest::read(request, scope?.service)
}

fn write(read: &Read, ctx: &Ctx, answer: Result<Body, ApiError>, id: &str) -> Response {
    match read.protocol {
        Protocol::Json => json::write(read.service, answer, id),
        Protocol::Query => query::write(read.service, &read.operation, answer, id),
        Protocol::RestJson => rest::write_json(answer, id),
        Protocol::RestXml => rest::write_xml(ctx, answer, id, read),
    }
}

/// A request that nobody signed (each service's "Common Errors" page).
fn unsigned(read: &Read) -> Response {
    let message = "Missing Authentication Token";
    let code = match read.protocol {
        Protocol::Json | Protocol::RestJson => "MissingAuthenticationTokenException",
        Protocol::Query => "MissingAuthenticationToken",
        Protocol::RestXml => "AccessDenied",
    };
    let status = if read.protocol == Protocol::Json {
        400
    } else {
        403
    };
    let error = ApiError::new(code, message).with_status(status);
    let ctx = Ctx::root(read.service, "", "us-east-1");
    write(read, &ctx, Err(error), "")
}

/// A service or an operation that is not simulated, in the protocol of the request: never a
/// failure of the server, which clients would repeat.
fn not_simulated(request: &Request<'_>, asked: &str) -> Exchange {
    let error = ApiError::new(
        "UnknownOperationException",
        format!("{asked} is not simulated"),
    );
    let kind = (request.header)("content-type").unwrap_or_default();
    let response = if (request.header)("x-amz-target").is_some() || kind.contains("json") {
        json::write(Service::SageMaker, Err(error), "")
    } else if kind.starts_with("application/x-www-form-urlencoded") {
        query::write(Service::Iam, "", Err(error), "")
    } else {
        rest::write_json(Err(error), "")
    };
    Exchange::Respond(response, Duration::ZERO)
}

fn not_aws() -> Response {
    Response {
        status: 200,
        headers: vec![("content-type", "text/html".to_owned())],
        body: b"<html><body><h1>Welcome</h1>Please log in to use the network.</body></html>"
            .to_vec(),
    }
}

#[cfg(test)]
mod tests;
