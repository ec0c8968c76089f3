//! A loopback server that answers a small healthy estate, and misbehaves where a test wants it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

pub(crate) const ACCOUNT: &str = "111122223333";
pub(crate) const KEY: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";

/// A request, as far as a test is interested.
pub(crate) struct Asked {
    /// `DescribeEndpoint` …
    pub(crate) operation: String,
    /// The region that was signed for.
    pub(crate) region: String,
    /// How many requests of this operation came before.
    pub(crate) before: usize,
}

/// An answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
    pub(crate) after: Duration,
}

impl Answer {
    pub(crate) fn new(status: u16, body: impl Into<String>) -> Self {
        Self {
            status,
            body: body.into(),
            after: Duration::ZERO,
        }
    }

    /// AWS's error in JSON.
    pub(crate) fn error(code: &str, message: &str) -> Self {
        Self::new(
            400,
            json!({ "__type": code, "message": message }).to_string(),
        )
    }

    pub(crate) fn denied(asked: &Asked) -> Self {
        let what = format!("User is not authorized to perform: {}", asked.operation);
        Self::error("AccessDeniedException", &what)
    }
}

/// What a test wants otherwise; `None`: the healthy answer.
pub(crate) type Fault = dyn Fn(&Asked) -> Option<Answer> + Send + Sync;

/// A running server; its threads end with the test's process.
pub(crate) struct Server {
    port: u16,
    log: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub(crate) fn start(fault: impl Fn(&Asked) -> Option<Answer> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let log: Arc<Mutex<Vec<String>>> = Arc::default();
        let fault: Arc<Fault> = Arc::new(fault);
        let shared = Arc::clone(&log);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (fault, log) = (Arc::clone(&fault), Arc::clone(&shared));
                thread::spawn(move || serve(stream, &fault, &log));
            }
        });
        Self { port, log }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The operations that were asked, in order.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.log.lock().expect("the log").clone()
    }
}

fn serve(stream: TcpStream, fault: &Arc<Fault>, log: &Arc<Mutex<Vec<String>>>) {
    let mut out = stream.try_clone().expect("a clone");
    let mut reader = BufReader::new(stream);
    while let Some(asked) = read(&mut reader, log) {
        let answer = fault(&asked).unwrap_or_else(|| healthy(&asked));
        thread::sleep(answer.after);
        let Answer { status, body, .. } = answer;
        let head = format!(
            "HTTP/1.1 {status} X\r\ncontent-length: {}\r\nx-amzn-requestid: r-{}\r\n\r\n",
            body.len(),
            asked.before
        );
        if out
            .write_all(head.as_bytes())
            .and_then(|()| out.write_all(body.as_bytes()))
            .is_err()
        {
            return;
        }
    }
}

fn read(reader: &mut BufReader<TcpStream>, log: &Mutex<Vec<String>>) -> Option<Asked> {
    let (mut length, mut target, mut region) = (0, None, String::new());
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        let Some((name, value)) = line.split_once(':') else {
            continue;
        };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().ok()?,
            "x-amz-target" => target = value.trim().rsplit('.').next().map(ToOwned::to_owned),
            // Credential=AKID/20260101/eu-west-1/sagemaker/aws4_request
            "authorization" => {
                value
                    .split('/')
                    .nth(2)
                    .unwrap_or_default()
                    .clone_into(&mut region);
            }
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let body = String::from_utf8(body).ok()?;
    let action = || Some(body.split('&').next()?.strip_prefix("Action=")?.to_owned());
    let operation = target.or_else(action)?;
    let mut log = log.lock().ok()?;
    let before = log.iter().filter(|seen| **seen == operation).count();
    log.push(operation.clone());
    Some(Asked {
        operation,
        region,
        before,
    })
}

/// One endpoint under a customer managed key, in any region.
fn healthy(asked: &Asked) -> Answer {
    let region = &asked.region;
    let arn = |what: &str| format!("arn:aws:sagemaker:{region}:{ACCOUNT}:{what}");
    let key = format!("arn:aws:kms:{region}:{ACCOUNT}:key/{KEY}");
    let time = 1_772_323_200.5;
    let body: Value = match asked.operation.as_str() {
        "GetCallerIdentity" => {
            return Answer::new(
                200,
                format!(
                    "<GetCallerIdentityResponse><GetCallerIdentityResult>\
                     <Arn>arn:aws:sts::{ACCOUNT}:assumed-role/audit/me</Arn>\
                     <Account>{ACCOUNT}</Account></GetCallerIdentityResult>\
                     </GetCallerIdentityResponse>"
                ),
            );
        }
        "DescribeRegions" => {
            let item = |name: &str, status: &str| {
                format!(
                    "<item><regionName>{name}</regionName><optInStatus>{status}</optInStatus></item>"
                )
            };
            return Answer::new(
                200,
                format!(
                    "<DescribeRegionsResponse><regionInfo>{}{}{}</regionInfo></DescribeRegionsResponse>",
                    item("eu-west-1", "opt-in-not-required"),
                    item("us-east-1", "opted-in"),
                    item("ap-east-1", "not-opted-in"),
                ),
            );
        }
        "ListEndpoints" => json!({ "Endpoints": [{
            "EndpointName": "fraud", "EndpointArn": arn("endpoint/fraud"),
            "EndpointStatus": "InService", "CreationTime": time, "LastModifiedTime": time }] }),
        "ListEndpointConfigs" => json!({ "EndpointConfigs": [{
            "EndpointConfigName": "fraud-1", "EndpointConfigArn": arn("endpoint-config/fraud-1"),
            "CreationTime": time }] }),
        "ListMonitoringSchedules" => json!({ "MonitoringScheduleSummaries": [] }),
        "DescribeEndpoint" => json!({
            "EndpointName": "fraud", "EndpointArn": arn("endpoint/fraud"),
            "EndpointConfigName": "fraud-1", "EndpointStatus": "InService",
            "CreationTime": time, "LastModifiedTime": time }),
        "DescribeEndpointConfig" => json!({
            "EndpointConfigName": "fraud-1", "EndpointConfigArn": arn("endpoint-config/fraud-1"),
            "CreationTime": time, "KmsKeyId": key,
            "ProductionVariants": [{ "VariantName": "v", "ModelName": "m",
                "InstanceType": "ml.m5.large", "InitialInstanceCount": 1 }] }),
        "ListTags" => json!({ "Tags": [{ "Key": "owner", "Value": "ml" }] }),
        "DescribeModel" => json!({ "ModelName": "m", "ModelArn": arn("model/m"),
            "ExecutionRoleArn": format!("arn:aws:iam::{ACCOUNT}:role/exec"), "CreationTime": time }),
        "ListAliases" => json!({ "Aliases": [{ "AliasName": "alias/fraud", "TargetKeyId": KEY }],
            "Truncated": false }),
        "DescribeKey" => {
            json!({ "KeyMetadata": { "Arn": key, "KeyId": KEY, "KeyManager": "CUSTOMER",
            "KeyState": "Enabled", "KeySpec": "SYMMETRIC_DEFAULT", "KeyUsage": "ENCRYPT_DECRYPT",
            "Origin": "AWS_KMS" } })
        }
        "GetKeyRotationStatus" => {
            json!({ "KeyRotationEnabled": true, "RotationPeriodInDays": 365 })
        }
        "GetKeyPolicy" => json!({ "PolicyName": "default", "Policy": json!({
            "Version": "2012-10-17",
            "Statement": [{ "Effect": "Allow", "Resource": "*",
                "Principal": { "AWS": format!("arn:aws:iam::{ACCOUNT}:root") },
                "Action": ["kms:Describe*", "kms:PutKeyPolicy"] }],
        })
        .to_string() }),
        "ListGrants" => json!({ "Grants": [], "Truncated": false }),
        "ListResourceTags" => json!({ "Tags": [], "Truncated": false }),
        other => return Answer::error("UnknownOperationException", other),
    };
    Answer::new(200, body.to_string())
}
