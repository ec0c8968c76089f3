//! Bytes in, bytes out.

use jiff::Timestamp;
use serde_json::Value;

use super::*;

const SIGNED: &str = "AWS4-HMAC-SHA256 Credential=111122223333/20260101/eu-west-1/SERVICE/aws4_request, SignedHeaders=host, Signature=0";

fn world() -> World {
    World::new(Timestamp::UNIX_EPOCH, 1)
}

fn ask(
    world: &mut World,
    service: &str,
    headers: &[(&str, &str)],
    path: &str,
    body: &str,
) -> (u16, String) {
    let authorization = SIGNED.replace("SERVICE", service);
    let header = |name: &str| -> Option<&str> {
        if name == "authorization" {
            return Some(authorization.as_str());
        }
        headers
            .iter()
            .find(|(n, _)| *n == name)
            .map(|(_, value)| *value)
    };
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let (method, path) = path.split_once(' ').unwrap_or(("POST", path));
    let request = Request {
        method,
        path,
        query,
        header: &header,
        body: body.as_bytes(),
    };
    match handle(world, &request) {
        Exchange::Respond(response, _) => (
            response.status,
            String::from_utf8(response.body).expect("UTF-8"),
        ),
        other @ (Exchange::Cut(..) | Exchange::Silence | Exchange::Reset(_)) => panic!("{other:?}"),
    }
}

fn json(world: &mut World, target: &str, body: &str) -> (u16, Value) {
    let (status, text) = ask(world, "sagemaker", &[("x-amz-target", target)], "/", body);
    (status, serde_json::from_str(&text).expect("JSON"))
}

#[test]
fn fields_that_nobody_has_heard_of_come_back_to_the_letter() {
    let mut world = world();
    json(&mut world, "SageMaker.CreateModel", r#"{"ModelName":"m"}"#);
    let body = r#"{"EndpointConfigName":"C","KmsKeyId":"alias/x","NewThing":{"Big":123456789012345678901234567890,"Odd":1.50e1},"ProductionVariants":[{"VariantName":"v","ModelName":"m","InstanceType":"ml.m5.large","InitialInstanceCount":1,"Newer":[1.0]}],"Tags":[{"Key":"a","Value":"b"}]}"#;
    let (status, made) = json(&mut world, "SageMaker.CreateEndpointConfig", body);
    assert_eq!(status, 200, "{made}");
    let (_, text) = ask(
        &mut world,
        "sagemaker",
        &[("x-amz-target", "SageMaker.DescribeEndpointConfig")],
        "/",
        r#"{"EndpointConfigName":"C"}"#,
    );
    for kept in [
        r#""NewThing":{"Big":123456789012345678901234567890,"Odd":1.50e1}"#,
        r#""Newer":[1.0]"#,
        r#""KmsKeyId":"alias/x""#,
    ] {
        assert!(text.contains(kept), "{kept} in {text}");
    }
    assert!(
        !text.contains("Tags"),
        "tags are listed, not described: {text}"
    );
}

#[test]
fn every_protocol_has_its_own_errors() {
    let mut world = world();
    let (status, error) = json(
        &mut world,
        "TrentService.DescribeKey",
        r#"{"KeyId":"alias/none"}"#,
    );
    assert_eq!(
        (status, error["__type"].as_str()),
        (400, Some("NotFoundException"))
    );
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let (status, text) = ask(
        &mut world,
        "iam",
        &form,
        "/",
        "Action=GetRole&Version=2010-05-08&RoleName=x",
    );
    assert_eq!(status, 404);
    assert!(
        text.contains("<Error><Type>Sender</Type><Code>NoSuchEntity</Code>"),
        "{text}"
    );
    let (status, text) = ask(
        &mut world,
        "ec2",
        &form,
        "/",
        "Action=DescribeRegions&Version=2016-11-15&RegionName.1=mars-1",
    );
    assert_eq!(status, 400);
    assert!(
        text.contains("<Errors><Error><Code>InvalidParameterValue"),
        "{text}"
    );
    let (status, text) = ask(&mut world, "s3", &[], "GET /nothing-here?encryption", "");
    assert_eq!(status, 404);
    assert!(text.contains("<Code>NoSuchBucket</Code>"), "{text}");
    let (status, _) = ask(
        &mut world,
        "sagemaker",
        &[],
        "POST /endpoints/none/invocations",
        "{}",
    );
    assert_eq!(status, 400);
    let (status, error) = json(&mut world, "SageMaker.CreateHyperdrive", "{}");
    assert_eq!(
        (status, error["__type"].as_str()),
        (400, Some("UnknownOperationException"))
    );
    let (status, error) = json(&mut world, "SageMaker.ListEndpoints", "{\"trunc");
    assert_eq!(
        (status, error["__type"].as_str()),
        (400, Some("SerializationException"))
    );
    assert_eq!(world.ledger().unknown_operations().len(), 1);
}

#[test]
fn a_request_without_a_signature_is_refused() {
    let request = Request {
        method: "POST",
        path: "/",
        query: "",
        header: &|name| (name == "x-amz-target").then_some("SageMaker.ListEndpoints"),
        body: b"{}",
    };
    let Exchange::Respond(response, _) = handle(&mut world(), &request) else {
        panic!("answered");
    };
    assert_eq!(response.status, 400);
}
