//! Estates as recordings: large ones, and one that was named by somebody hostile.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Value, json};

const ACCOUNT: &str = "111122223333";
const REGION: &str = "eu-west-1";
const AT: &str = "2026-11-25T10:00:00.123456789Z";

/// What somebody would like to run in the reader's browser, spell in a spreadsheet, or have read
/// from right to left.
const HOSTILE: &[&str] = &[
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "\"><svg onload=alert(1)>",
    "javascript:alert(1)",
    "=cmd|' /C calc'!A0",
    "a,b\"c\r\nd",
    "\u{202e}gpj.exe\u{2028}\u{2029}",
    "</style><base href=//127.0.0.1/>&lt;b&gt;",
];

/// A recorded audit of one account and region.
pub(crate) struct Estate {
    lines: String,
    endpoints: Vec<Value>,
    configs: Vec<Value>,
}

impl Estate {
    fn new() -> Self {
        Self {
            lines: String::new(),
            endpoints: Vec::new(),
            configs: Vec::new(),
        }
    }

    /// So many endpoints, one configuration each, with four keys, no key, and a key that is gone.
    pub(crate) fn large(endpoints: usize) -> Self {
        let mut estate = Self::new();
        for number in 0..4 {
            estate.key(&key(number), number != 3);
        }
        for number in 0..endpoints {
            let of_key = match number % 6 {
                5 => None,
                number => Some(key(number)),
            };
            estate.endpoint(
                &format!("scoring-{number:05}"),
                &format!("scoring-{number:05}-v1"),
                of_key.as_deref(),
                &format!("team-{}", number % 7),
                "main",
            );
        }
        estate
    }

    /// An estate in which everything that a stranger may name is named with ill will.
    pub(crate) fn hostile() -> Self {
        let mut estate = Self::new();
        estate.key(&key(0), true);
        for (number, text) in HOSTILE.iter().enumerate() {
            let name = format!("{text}-{number}");
            // With a key of theirs, and with none: the one is unknown, the other fails.
            let of_key = (number % 2 == 0).then_some(*text);
            estate.endpoint(&name, &format!("{text}-v{number}"), of_key, text, text);
        }
        let key_id = json!({"KeyId": "alias/denied"});
        estate.endpoint("denied", "denied-v1", Some("alias/denied"), "a", "main");
        estate.line(
            "kms:DescribeKey",
            &key_id,
            "error",
            &json!({"kind": "access_denied", "code": "AccessDeniedException", "message": HOSTILE.join(" ")}),
        );
        estate
    }

    /// Writes it into a folder.
    pub(crate) fn record(mut self, folder: &Path) {
        let endpoints = std::mem::take(&mut self.endpoints);
        let configs = std::mem::take(&mut self.configs);
        let page = json!({"MaxResults": 100});
        self.reply(
            "sagemaker:ListEndpoints",
            &page,
            &json!({"Endpoints": endpoints}),
        );
        self.reply(
            "sagemaker:ListEndpointConfigs",
            &page,
            &json!({"EndpointConfigs": configs}),
        );
        self.reply(
            "sagemaker:ListMonitoringSchedules",
            &page,
            &json!({"MonitoringScheduleSummaries": []}),
        );
        self.reply(
            "kms:ListAliases",
            &json!({"Limit": 100}),
            &json!({"Aliases": [], "Truncated": false}),
        );
        std::fs::create_dir_all(folder).expect("the folder");
        let meta = json!({
            "schema": "sagelock.recording/1", "account": ACCOUNT, "regions": [REGION],
            "simulated": true, "started_at": AT, "ending": "whole",
        });
        std::fs::write(folder.join("recording.json"), meta.to_string()).expect("written");
        std::fs::write(folder.join("calls.ndjson"), self.lines).expect("written");
    }

    fn endpoint(&mut self, name: &str, config: &str, key: Option<&str>, team: &str, variant: &str) {
        let arn = format!("arn:aws:sagemaker:{REGION}:{ACCOUNT}:endpoint/{name}");
        let config_arn = format!("arn:aws:sagemaker:{REGION}:{ACCOUNT}:endpoint-config/{config}");
        self.endpoints.push(json!({
            "EndpointName": name, "EndpointArn": arn, "EndpointStatus": "InService",
            "CreationTime": 1.0, "LastModifiedTime": 1.0,
        }));
        self.configs.push(json!({
            "EndpointConfigName": config, "EndpointConfigArn": config_arn, "CreationTime": 1.0,
        }));
        self.reply(
            "sagemaker:DescribeEndpoint",
            &json!({"EndpointName": name}),
            &json!({
                "EndpointName": name, "EndpointArn": arn, "EndpointConfigName": config,
                "EndpointStatus": "InService", "CreationTime": 1.0, "LastModifiedTime": 1.0,
            }),
        );
        let mut described = json!({
            "EndpointConfigName": config, "EndpointConfigArn": config_arn, "CreationTime": 1.0,
            "ProductionVariants": [{"VariantName": variant, "ModelName": "m", "InstanceType": "ml.m5.large"}],
            "DataCaptureConfig": {"EnableCapture": true, "DestinationS3Uri": format!("s3://{variant}/x")},
        });
        if let Some(key) = key {
            described["KmsKeyId"] = json!(key);
        }
        self.reply(
            "sagemaker:DescribeEndpointConfig",
            &json!({"EndpointConfigName": config}),
            &described,
        );
        let tags = json!({"Tags": [{"Key": "team", "Value": team}, {"Key": team, "Value": team}]});
        for arn in [arn, config_arn] {
            let input = json!({"MaxResults": 100, "ResourceArn": arn});
            self.reply("sagemaker:ListTags", &input, &tags);
        }
    }

    fn key(&mut self, arn: &str, is_enabled: bool) {
        let id = arn.rsplit('/').next().expect("an id");
        let state = if is_enabled { "Enabled" } else { "Disabled" };
        self.reply(
            "kms:DescribeKey",
            &json!({"KeyId": arn}),
            &json!({"KeyMetadata": {
                "AWSAccountId": ACCOUNT, "Arn": arn, "KeyId": id, "CreationDate": 1.0,
                "KeySpec": "SYMMETRIC_DEFAULT", "KeyUsage": "ENCRYPT_DECRYPT", "KeyState": state,
                "KeyManager": "CUSTOMER", "Origin": "AWS_KMS", "Enabled": is_enabled,
            }}),
        );
        self.reply(
            "kms:GetKeyRotationStatus",
            &json!({"KeyId": arn}),
            &json!({"KeyRotationEnabled": is_enabled}),
        );
        self.reply(
            "kms:ListResourceTags",
            &json!({"KeyId": arn, "Limit": 50}),
            &json!({"Tags": [], "Truncated": false}),
        );
        let policy = json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Resource": "*", "Action": ["kms:Describe*", "kms:PutKeyPolicy"],
            "Principal": {"AWS": format!("arn:aws:iam::{ACCOUNT}:root")},
        }]});
        self.reply(
            "kms:GetKeyPolicy",
            &json!({"KeyId": arn, "PolicyName": "default"}),
            &json!({"Policy": policy.to_string(), "PolicyName": "default"}),
        );
        self.reply(
            "kms:ListGrants",
            &json!({"KeyId": arn, "Limit": 100}),
            &json!({"Grants": [], "Truncated": false}),
        );
    }

    fn reply(&mut self, call: &str, input: &Value, reply: &Value) {
        self.line(call, input, "reply", reply);
    }

    fn line(&mut self, call: &str, input: &Value, what: &str, answer: &Value) {
        let mut line = json!({
            "call": call, "account": ACCOUNT, "region": REGION, "input": input, "at": AT,
        });
        line[what] = answer.clone();
        writeln!(self.lines, "{line}").expect("written");
    }
}

fn key(number: usize) -> String {
    format!("arn:aws:kms:{REGION}:{ACCOUNT}:key/0000000{number}-0000-4000-8000-000000000000")
}
