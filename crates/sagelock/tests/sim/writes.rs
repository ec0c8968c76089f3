//! What the table of writes says is what AWS's protocols say: an endpoint is moved to a key over HTTP, and
//! the next audit passes it.

use std::time::Duration;

use sagelock_aws::{Aws, Options, Simulated, Writer};
use sagelock_domain::call::write::{Tag, WriteCall, input as write};
use sagelock_domain::call::{Call, CallErrorKind, Reply, input};
use sagelock_domain::collect::Address;
use sagelock_domain::ids::{AccountId, ConfigName, EndpointName, Region};
use serde_json::{Map, Value};

use crate::server::{Sim, sagelock};

/// Of the demo world.
const ACCOUNT: &str = "333344445555";
const REGION: &str = "eu-west-1";

struct Estate {
    aws: Aws,
    at: Address,
}

impl Estate {
    async fn read(&self, call: impl Into<Call>) -> Value {
        let reply = self.aws.perform(&self.at, &call.into()).await;
        json_of(&reply.expect("an answer"))
    }

    async fn write(&self, call: impl Into<WriteCall>) -> Reply {
        let reply = Writer::over(&self.aws)
            .perform(&self.at, &call.into())
            .await;
        reply.expect("an answer")
    }

    async fn config(&self, name: &str) -> Value {
        let endpoint_config_name = ConfigName::new(name);
        let asked = input::DescribeEndpointConfig {
            endpoint_config_name,
        };
        self.read(asked).await
    }

    async fn endpoint(&self, name: &str) -> Value {
        let endpoint_name = EndpointName::new(name);
        self.read(input::DescribeEndpoint { endpoint_name }).await
    }
}

fn json_of(reply: &Reply) -> Value {
    serde_json::from_str(reply.body.get()).expect("JSON")
}

fn text<'a>(of: &'a Value, field: &str) -> &'a str {
    of[field].as_str().unwrap_or_default()
}

/// What EP-001 says of an endpoint.
fn verdict(sim: &Sim, arn: &str) -> String {
    let home = tempfile::tempdir().expect("a folder");
    let output = sagelock(home.path())
        .env("AWS_ENDPOINT_URL", sim.url())
        .env("AWS_ACCESS_KEY_ID", ACCOUNT)
        .env("AWS_SECRET_ACCESS_KEY", "x")
        .args([
            "audit",
            "--no-store",
            "--format",
            "json",
            "--region",
            REGION,
        ])
        .output()
        .expect("runs");
    let told: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let findings = told["findings"].as_array().expect("findings");
    let finding = findings
        .iter()
        .find(|one| one["rule"] == "EP-001" && one["subject"]["arn"] == arn);
    text(finding.expect("a finding"), "verdict").to_owned()
}

#[test]
fn an_endpoint_is_moved_to_a_key() {
    let home = tempfile::tempdir().expect("a folder");
    let sim = Sim::start(home.path(), &["--world", "demo", "--speed", "600"]);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(moved(&sim));
}

async fn moved(sim: &Sim) {
    let simulated = Simulated {
        url: sim.url(),
        access_key: ACCOUNT.to_owned(),
    };
    let options = Options {
        simulated: Some(simulated),
        ..Options::default()
    };
    let estate = Estate {
        aws: Aws::connect(options).await.expect("connected"),
        at: Address {
            account: AccountId::new(ACCOUNT),
            region: Region::new(REGION),
        },
    };
    let (endpoint, old, key) = chosen(&estate).await;
    let name = text(&endpoint, "EndpointName");
    let arn = text(&endpoint, "EndpointArn");
    assert_eq!(verdict(sim, arn), "fail");

    let before = estate.config(&old).await;
    let mut rest: Map<String, Value> = before.as_object().expect("fields").clone();
    for told in ["EndpointConfigName", "EndpointConfigArn", "CreationTime"] {
        rest.remove(told);
    }
    let supersedes = Tag {
        key: "sagelock:supersedes".to_owned(),
        value: old.clone(),
    };
    let new = ConfigName::new("moved-1");
    let made = estate
        .write(write::CreateEndpointConfig {
            endpoint_config_name: new.clone(),
            kms_key_id: Some(key.clone()),
            tags: vec![supersedes],
            rest: rest.clone(),
        })
        .await;
    let made = write::CreateEndpointConfig::view(&made).expect("what it is");
    assert!(made.endpoint_config_arn.ends_with("/moved-1"), "{made:?}");
    // Nothing but the key and the name is another.
    let after = estate.config("moved-1").await;
    let mut expected = before.clone();
    for told in ["EndpointConfigName", "EndpointConfigArn", "CreationTime"] {
        expected[told] = after[told].clone();
    }
    expected["KmsKeyId"] = Value::from(key);
    assert_eq!(after, expected);

    estate
        .write(write::UpdateEndpoint {
            endpoint_name: EndpointName::new(name),
            endpoint_config_name: new.clone(),
            retain_all_variant_properties: Some(true),
            deployment_config: None,
        })
        .await;
    let mut patience = 600;
    loop {
        let now = estate.endpoint(name).await;
        let is_there = text(&now, "EndpointConfigName") == new.as_str();
        if is_there && text(&now, "EndpointStatus") == "InService" {
            break;
        }
        patience -= 1;
        assert!(patience > 0, "{now}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(verdict(sim, arn), "pass");

    let gone = write::DeleteEndpointConfig {
        endpoint_config_name: ConfigName::new(&old),
    };
    let reply = estate.write(gone.clone()).await;
    write::DeleteEndpointConfig::view(&reply).expect("nothing, which is said");
    // Made again, it is refused: there is nothing to delete.
    let again = Writer::over(&estate.aws)
        .perform(&estate.at, &gone.into())
        .await;
    let refused = again.expect_err("it is gone");
    assert_eq!(refused.kind, CallErrorKind::NotFound, "{refused}");
}

/// An endpoint that serves without a key, its configuration, and the key of another.
async fn chosen(estate: &Estate) -> (Value, String, String) {
    let listed = estate
        .read(input::ListEndpoints {
            max_results: 100,
            next_token: None,
        })
        .await;
    let (mut bare, mut key) = (None, None);
    for summary in listed["Endpoints"].as_array().expect("endpoints") {
        if summary["EndpointStatus"] != "InService" {
            continue;
        }
        let endpoint = estate.endpoint(text(summary, "EndpointName")).await;
        let old = text(&endpoint, "EndpointConfigName").to_owned();
        let config = estate.config(&old).await;
        let own = format!("arn:aws:kms:{REGION}:{ACCOUNT}:key/");
        let variants = config["ProductionVariants"].as_array().expect("variants");
        let has_volume = variants
            .iter()
            .all(|one| text(one, "InstanceType").starts_with("ml.m5."));
        match config["KmsKeyId"].as_str() {
            None if has_volume && variants.len() == 1 => {
                bare.get_or_insert((endpoint, old));
            }
            Some(arn) if arn.starts_with(&own) => {
                key.get_or_insert(arn.to_owned());
            }
            Some(_) | None => {}
        }
    }
    let (endpoint, old) = bare.expect("an endpoint without a key");
    (endpoint, old, key.expect("a key"))
}
