//! What becomes of endpoints in virtual time, and whether the checkers see it.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::needless_pass_by_value,
    reason = "a test that cannot go on says so"
)]

use std::time::Duration;

use jiff::Timestamp;
use sagelock_sim::check::{Invariant, broken};
use sagelock_sim::fault::{Plan, Stale};
use sagelock_sim::{Answer, Body, Ctx, Happening, Input, Service, World};
use serde_json::{Value, json};

const ACCOUNT: &str = "111122223333";
const REGION: &str = "eu-west-1";

/// A world with one model, and one configuration for each key.
struct Try {
    world: World,
    key: String,
}

impl Try {
    fn new() -> Self {
        let begun: Timestamp = "2026-01-01T00:00:00Z".parse().expect("a time");
        let mut this = Self {
            world: World::new(begun, 1),
            key: String::new(),
        };
        let key = this.kms("CreateKey", json!({}));
        this.key = text(&key["KeyMetadata"]["Arn"]);
        this.sagemaker("CreateModel", json!({ "ModelName": "m" }));
        this.config("bare", None);
        let key = this.key.clone();
        this.config("keyed", Some(&key));
        this
    }

    fn ask(&mut self, service: Service, operation: &str, input: &Value) -> Result<Value, String> {
        let ctx = Ctx::root(service, ACCOUNT, REGION);
        let input = Input::from_json(&input.to_string()).expect("an object");
        match self.world.perform(&ctx, operation, &input).answer {
            Answer::Says(Ok(Body::Tree(tree))) => Ok(tree),
            Answer::Says(Ok(Body::Text(text))) => Ok(serde_json::from_str(&text).expect("JSON")),
            Answer::Says(Ok(_)) => Ok(Value::Null),
            Answer::Says(Err(error)) => Err(format!("{}: {}", error.code, error.message)),
            other @ (Answer::Nothing | Answer::Reset | Answer::Truncated(_) | Answer::NotAws) => {
                panic!("{other:?}")
            }
        }
    }

    #[track_caller]
    fn sagemaker(&mut self, operation: &str, input: Value) -> Value {
        self.ask(Service::SageMaker, operation, &input)
            .expect("accepted")
    }

    #[track_caller]
    fn kms(&mut self, operation: &str, input: Value) -> Value {
        self.ask(Service::Kms, operation, &input).expect("accepted")
    }

    #[track_caller]
    fn refused(&mut self, operation: &str, input: Value) -> String {
        self.ask(Service::SageMaker, operation, &input)
            .expect_err("refused")
    }

    fn config(&mut self, name: &str, key: Option<&str>) {
        let mut input = json!({ "EndpointConfigName": name, "ProductionVariants": [{
            "VariantName": "v", "ModelName": "m", "InstanceType": "ml.m5.large",
            "InitialInstanceCount": 2,
        }]});
        if let Some(key) = key {
            input["KmsKeyId"] = Value::from(key);
        }
        self.sagemaker("CreateEndpointConfig", input);
    }

    fn endpoint(&mut self) -> Value {
        self.sagemaker("DescribeEndpoint", json!({ "EndpointName": "e" }))
    }

    fn serving(config: &str) -> Self {
        let mut this = Self::new();
        let input = json!({ "EndpointName": "e", "EndpointConfigName": config });
        this.sagemaker("CreateEndpoint", input);
        assert_eq!(this.endpoint()["EndpointStatus"], "Creating");
        this.pass(61);
        assert_eq!(this.endpoint()["EndpointStatus"], "InService");
        this
    }

    fn pass(&mut self, seconds: u64) {
        self.world.advance(Duration::from_secs(seconds));
    }

    fn move_to(&mut self, config: &str) -> Value {
        self.sagemaker(
            "UpdateEndpoint",
            json!({ "EndpointName": "e", "EndpointConfigName": config, "DeploymentConfig": {
                "BlueGreenUpdatePolicy": {
                    "TrafficRoutingConfiguration": {
                        "Type": "CANARY", "WaitIntervalInSeconds": 300,
                        "CanarySize": { "Type": "CAPACITY_PERCENT", "Value": 50 },
                    },
                    "TerminationWaitInSeconds": 100,
                },
            }}),
        )
    }
}

fn text(value: &Value) -> String {
    value.as_str().expect("text").to_owned()
}

#[test]
fn a_blue_green_update_takes_its_waits_and_ends_on_green() {
    let mut this = Try::serving("bare");
    this.move_to("keyed");
    let now = this.endpoint();
    assert_eq!(now["EndpointStatus"], "Updating");
    assert_eq!(now["EndpointConfigName"], "bare", "blue until the switch");
    assert_eq!(
        now["PendingDeploymentSummary"]["EndpointConfigName"],
        "keyed"
    );
    for (operation, input) in [
        (
            "UpdateEndpoint",
            json!({ "EndpointName": "e", "EndpointConfigName": "keyed" }),
        ),
        ("DeleteEndpoint", json!({ "EndpointName": "e" })),
    ] {
        let said = this.refused(operation, input);
        assert!(
            said.contains("Cannot update in-progress endpoint"),
            "{said}"
        );
    }
    this.pass(60 + 300 + 99);
    assert_eq!(this.endpoint()["EndpointStatus"], "Updating");
    this.pass(2);
    let now = this.endpoint();
    assert_eq!(now["EndpointStatus"], "InService");
    assert_eq!(now["EndpointConfigName"], "keyed");
    assert!(now["PendingDeploymentSummary"].is_null());
    assert!(now["LastDeploymentConfig"]["BlueGreenUpdatePolicy"].is_object());
    assert!(broken(&this.world).is_empty(), "{:?}", broken(&this.world));
}

#[test]
fn a_fleet_without_a_usable_key_rolls_back_and_blue_serves_on() {
    let mut this = Try::serving("bare");
    let key = this.key.clone();
    this.kms("DisableKey", json!({ "KeyId": key }));
    this.move_to("keyed");
    this.pass(61);
    let now = this.endpoint();
    assert_eq!(now["EndpointStatus"], "RollingBack");
    assert!(
        text(&now["FailureReason"]).contains("incorrect state: Disabled"),
        "{now}"
    );
    this.pass(11);
    let now = this.endpoint();
    assert_eq!(
        (&now["EndpointStatus"], &now["EndpointConfigName"]),
        (&json!("InService"), &json!("bare"))
    );
    assert!(!now["FailureReason"].is_null(), "why is still there");
    assert!(
        Invariant::ServingStaysServing
            .broken_by(&this.world)
            .is_empty()
    );
}

#[test]
fn a_disabled_key_is_noticed_at_the_next_scale_out() {
    let mut this = Try::serving("keyed");
    let key = this.key.clone();
    this.kms("DisableKey", json!({ "KeyId": key }));
    assert_eq!(
        this.endpoint()["EndpointStatus"],
        "InService",
        "it serves on"
    );
    let more = |count: i64| {
        json!({ "EndpointName": "e", "DesiredWeightsAndCapacities": [{
            "VariantName": "v", "DesiredInstanceCount": count,
        }]})
    };
    this.sagemaker("UpdateEndpointWeightsAndCapacities", more(5));
    this.pass(21);
    let now = this.endpoint();
    assert_eq!(now["ProductionVariants"][0]["CurrentInstanceCount"], 2);
    assert!(text(&now["FailureReason"]).contains("Disabled"));
    this.sagemaker("UpdateEndpointWeightsAndCapacities", more(1));
    this.pass(21);
    let now = this.endpoint();
    assert_eq!(
        now["ProductionVariants"][0]["CurrentInstanceCount"], 1,
        "fewer need no key"
    );
    assert_eq!(
        now["ProductionVariants"][0]["CurrentWeight"], 1.0,
        "a weight that is not named stays"
    );
}

#[test]
fn what_cannot_start_fails_and_can_only_be_deleted() {
    let mut this = Try::new();
    this.config("nowhere", Some("alias/never-made"));
    let input = json!({ "EndpointName": "e", "EndpointConfigName": "nowhere" });
    this.sagemaker("CreateEndpoint", input);
    this.pass(61);
    assert_eq!(this.endpoint()["EndpointStatus"], "Failed");
    let input = json!({ "EndpointName": "E", "EndpointConfigName": "bare" });
    assert!(
        this.refused("UpdateEndpoint", input)
            .contains("Cannot update failed endpoint")
    );
    this.sagemaker("DeleteEndpoint", json!({ "EndpointName": "e" }));
    this.pass(21);
    let gone = this.refused("DescribeEndpoint", json!({ "EndpointName": "e" }));
    assert!(
        gone.starts_with("ValidationException: Could not find endpoint \"arn:"),
        "{gone}"
    );
    assert!(broken(&this.world).is_empty());
}

#[test]
fn a_configuration_deleted_in_use_is_an_orphan_until_it_is_there_again() {
    let mut this = Try::serving("bare");
    this.sagemaker(
        "DeleteEndpointConfig",
        json!({ "EndpointConfigName": "bare" }),
    );
    let orphans = Invariant::NothingOrphaned.broken_by(&this.world);
    assert_eq!(orphans.len(), 1, "{orphans:?}");
    let input = json!({ "EndpointName": "e", "EndpointConfigName": "keyed" });
    let said = this.refused("UpdateEndpoint", input);
    assert!(
        said.contains("Could not find endpoint configuration"),
        "{said}"
    );
    this.config("bare", None);
    assert!(broken(&this.world).is_empty());
    this.move_to("keyed");
    this.pass(500);
    assert_eq!(this.endpoint()["EndpointConfigName"], "keyed");
}

#[test]
fn a_key_is_gone_on_its_day_and_its_aliases_with_it() {
    let mut this = Try::new();
    let key = this.key.clone();
    this.kms(
        "CreateAlias",
        json!({ "AliasName": "alias/a", "TargetKeyId": key }),
    );
    this.kms(
        "ScheduleKeyDeletion",
        json!({ "KeyId": key, "PendingWindowInDays": 7 }),
    );
    this.pass(7 * 86_400 - 60);
    let metadata = this.kms("DescribeKey", json!({ "KeyId": "alias/a" }));
    assert_eq!(metadata["KeyMetadata"]["KeyState"], "PendingDeletion");
    this.pass(120);
    let ask = json!({ "KeyId": key });
    let said = this
        .ask(Service::Kms, "DescribeKey", &ask)
        .expect_err("gone");
    assert!(said.starts_with("NotFoundException"), "{said}");
    let aliases = this.kms("ListAliases", json!({ "Limit": 100 }));
    let names = aliases["Aliases"].as_array().expect("aliases");
    assert!(names.iter().all(|alias| alias["AliasName"] != "alias/a"));
}

#[test]
fn what_was_made_is_not_seen_at_once_where_the_plan_says_so() {
    let mut this = Try::new();
    let stale = Stale {
        calls: Some("sagemaker:DescribeEndpointConfig".to_owned()),
        seconds: 5,
    };
    this.world
        .set_faults(Plan::of(1, Vec::new()).with_stale(stale));
    this.config("new", None);
    let ask = json!({ "EndpointConfigName": "new" });
    let said = this.refused("DescribeEndpointConfig", ask.clone());
    assert!(said.contains("Could not find"), "{said}");
    this.pass(6);
    this.sagemaker("DescribeEndpointConfig", ask);
}

#[test]
fn the_ledger_counts_and_keeps_what_was_asked() {
    let mut this = Try::serving("bare");
    this.refused(
        "CreateEndpoint",
        json!({ "EndpointName": "E", "EndpointConfigName": "bare" }),
    );
    let refusals = this.world.ledger().entries().iter().filter(|entry| {
        matches!(&entry.happening, Happening::Called { refused: Some(code), .. } if code == "ValidationException")
    });
    assert_eq!(refusals.count(), 1);
    let tallies = this.world.ledger().tallies().by_operation();
    let made = tallies[&(Service::SageMaker, "CreateEndpoint")];
    assert_eq!((made.requests, made.refused, made.throttled), (2, 1, 0));
    let read = tallies[&(Service::SageMaker, "DescribeEndpoint")];
    assert_eq!((read.requests, read.refused), (2, 0));
}

#[test]
fn an_organisation_of_thousands_is_paged_through() {
    let mut this = Try::new();
    let mut ask = |operation: &str, input: Value| {
        this.ask(Service::Organizations, operation, &input)
            .expect("accepted")
    };
    ask("CreateOrganization", json!({}));
    let roots = ask("ListRoots", json!({}));
    let root = roots["Roots"][0]["Id"].clone();
    for number in 0..300 {
        let input = json!({ "ParentId": root, "Name": format!("unit-{number}") });
        ask("CreateOrganizationalUnit", input);
    }
    for number in 0..3000 {
        let email = format!("account-{number}@example.com");
        let input = json!({ "AccountName": format!("account-{number}"), "Email": email });
        ask("CreateAccount", input);
    }
    let mut count = |operation: &str, field: &str, mut input: Value| {
        let mut ids = std::collections::BTreeSet::new();
        loop {
            let page = ask(operation, input.clone());
            let items = page[field].as_array().expect("a list");
            assert!(items.len() <= 20, "a page is 20 at the most");
            ids.extend(items.iter().map(|item| text(&item["Id"])));
            match page["NextToken"].as_str() {
                Some(token) => input["NextToken"] = Value::from(token),
                None => return ids.len(),
            }
        }
    };
    assert_eq!(count("ListAccounts", "Accounts", json!({})), 3001);
    let of_root = json!({ "ParentId": root });
    assert_eq!(
        count(
            "ListOrganizationalUnitsForParent",
            "OrganizationalUnits",
            of_root
        ),
        300
    );
}
