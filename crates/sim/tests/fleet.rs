//! A fleet of any size: what is in it, who may read it, and that it comes out the same.

#![expect(clippy::expect_used, reason = "a test that cannot go on says so")]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use sagelock_sim::estate::fleet::{Fleet, MANAGEMENT, ROLE, Size, fleet};
use sagelock_sim::fault::{Effect, Fault, Limit, Plan};
use sagelock_sim::sagemaker::Status;
use sagelock_sim::{Answer, Body, Ctx, Input, Service, World};
use serde_json::{Value, json};

const SIZE: Size = Size {
    accounts: 6,
    regions: 2,
    endpoints: 25,
    roles: 5,
};

fn made(seed: u64, size: Size) -> Fleet {
    let now: Timestamp = "2026-10-01T08:00:00Z".parse().expect("a time");
    fleet(now, seed, size)
}

fn ask(world: &mut World, ctx: &Ctx, operation: &str, input: &Value) -> Result<Value, String> {
    let input = Input::from_json(&input.to_string()).expect("an object");
    match world.perform(ctx, operation, &input).answer {
        Answer::Says(Ok(Body::Tree(tree))) => Ok(tree),
        Answer::Says(Ok(Body::Text(text))) => Ok(serde_json::from_str(&text).expect("JSON")),
        Answer::Says(Err(error)) => Err(error.code),
        Answer::Says(Ok(Body::Empty | Body::Headers(_) | Body::Xml(_) | Body::Bytes(_)))
        | Answer::Nothing
        | Answer::Reset
        | Answer::Truncated(_)
        | Answer::NotAws => Err("no answer".to_owned()),
    }
}

#[test]
fn every_open_account_and_region_holds_what_was_asked_for() {
    let fleet = made(1, SIZE);
    assert_eq!(fleet.refused, 0, "nothing that AWS would have refused");
    assert_eq!(fleet.endpoints, 6 * 2 * 25);
    assert_eq!(fleet.regions, ["eu-west-1", "us-east-1"]);
    let open: BTreeSet<&str> = fleet
        .accounts
        .iter()
        .filter(|account| !account.suspended)
        .map(|account| account.id.as_str())
        .collect();
    assert_eq!((open.len(), fleet.accounts.len()), (6, 8));
    assert!(open.contains(MANAGEMENT));
    let mut keys: BTreeMap<&str, usize> = BTreeMap::new();
    for account in &fleet.accounts {
        for region in &fleet.regions {
            let Some(cell) = fleet.world.look(&account.id, region) else {
                assert!(account.suspended, "{account:?}");
                continue;
            };
            let running = cell
                .sagemaker
                .endpoints()
                .filter(|endpoint| endpoint.status == Status::InService && endpoint.is_serving());
            let configs: BTreeSet<&str> = running
                .filter_map(|endpoint| {
                    Some(cell.sagemaker.config(endpoint.config())?.name.as_str())
                })
                .collect();
            assert_eq!(configs.len(), 25, "{account:?} {region}");
            assert_eq!(cell.sagemaker.configs().count(), 25);
            for config in cell.sagemaker.configs() {
                let kind = match config.key.as_deref() {
                    None => "none",
                    Some("alias/aws/ebs") => "of AWS",
                    Some(key) if key.starts_with("alias/") => "alias",
                    Some(key) if key.contains(&account.id) => "own",
                    Some(key) if key.starts_with("arn:") => "another account's",
                    Some(_) => "id",
                };
                *keys.entry(kind).or_default() += 1;
            }
        }
    }
    for (kind, least) in [
        ("none", 25),
        ("of AWS", 12),
        ("alias", 25),
        ("own", 80),
        ("another account's", 25),
        ("id", 6),
    ] {
        let count = keys.get(kind).copied().unwrap_or_default();
        assert!(count >= least, "{kind}: {count} of {keys:?}");
    }
    assert_eq!(fleet.world.ledger().tallies().total().requests, 0);
    assert!(fleet.world.ledger().entries().is_empty());
}

#[test]
fn one_account_is_a_fleet_and_no_endpoint_is_one_too() {
    for size in [
        Size {
            accounts: 1,
            regions: 1,
            endpoints: 12,
            roles: 0,
        },
        Size {
            endpoints: 0,
            ..SIZE
        },
    ] {
        let fleet = made(3, size);
        assert_eq!(fleet.refused, 0);
        assert_eq!(
            fleet.endpoints,
            size.accounts * size.regions * size.endpoints
        );
    }
}

#[test]
fn the_same_seed_makes_the_same_fleet() {
    let said = |seed: u64| {
        let mut fleet = made(seed, SIZE);
        let account = fleet.accounts.get(3).expect("an account").clone();
        let ctx = Ctx::root(Service::SageMaker, &account.id, "us-east-1");
        let page = json!({ "MaxResults": 100 });
        let list = ask(&mut fleet.world, &ctx, "ListEndpointConfigs", &page).expect("a list");
        let names = list.pointer("/EndpointConfigs").and_then(Value::as_array);
        let configs: Vec<Value> = names
            .expect("configurations")
            .iter()
            .map(|config| {
                let input = json!({ "EndpointConfigName": config.get("EndpointConfigName") });
                ask(&mut fleet.world, &ctx, "DescribeEndpointConfig", &input).expect("described")
            })
            .collect();
        (fleet.accounts_file(), configs)
    };
    assert_eq!(said(7), said(7));
    let (other, same) = (said(8), said(7));
    assert_eq!(other.0, same.0, "the accounts are the same");
    assert_ne!(other.1, same.1, "what is in them is not");
}

#[test]
fn the_management_account_assumes_the_role_in_every_account_that_is_open() {
    let mut fleet = made(1, SIZE);
    let management = Ctx::root(Service::Sts, MANAGEMENT, "us-east-1");
    let stranger = Ctx::root(Service::Sts, "999988887777", "us-east-1");
    for account in fleet.accounts.clone() {
        let role = account.role();
        assert!(role.ends_with(&format!(":role/{ROLE}")));
        let input = json!({ "RoleArn": role, "RoleSessionName": "audit" });
        let told = ask(&mut fleet.world, &management, "AssumeRole", &input);
        assert_eq!(told.is_err(), account.suspended, "{account:?}");
        let told = ask(&mut fleet.world, &stranger, "AssumeRole", &input);
        assert_eq!(told, Err("AccessDenied".to_owned()));
    }
    let organizations = Ctx::root(Service::Organizations, MANAGEMENT, "us-east-1");
    let list = ask(&mut fleet.world, &organizations, "ListAccounts", &json!({}));
    let list = list.expect("listed");
    let listed = list.pointer("/Accounts").and_then(Value::as_array);
    let suspended = listed
        .expect("accounts")
        .iter()
        .filter(|account| account.get("Status") == Some(&Value::from("SUSPENDED")));
    assert_eq!(suspended.count(), 2);
    let file = fleet.accounts_file();
    assert_eq!(file.matches("account_id: '").count(), 6, "{file}");
    assert_eq!(file.matches("regions: [eu-west-1, us-east-1]").count(), 6);
}

#[test]
fn a_call_can_be_slow_and_throttled_and_both_are_counted() {
    let mut fleet = made(1, SIZE);
    let slow = Fault::new("*", Effect::Slow { milliseconds: 50 });
    let slower = Fault::new("*", Effect::Slow { milliseconds: 900 });
    let mut deny = Fault::new("sagemaker:ListModels", Effect::Throttle);
    deny.times = Some(1);
    let mut plan = Plan::of(1, vec![slow, slower, deny]);
    plan.limits.push(Limit::new("sagemaker:*", 1.0, 2.0));
    fleet.world.set_faults(plan);
    let ctx = Ctx::root(Service::SageMaker, MANAGEMENT, "eu-west-1");
    let mut ask = |operation: &str| {
        let outcome = fleet.world.perform(&ctx, operation, &Input::default());
        assert_eq!(
            outcome.delay,
            Duration::from_millis(50),
            "the first delay counts"
        );
        match outcome.answer {
            Answer::Says(Ok(_)) => String::new(),
            Answer::Says(Err(error)) => error.code,
            Answer::Nothing | Answer::Reset | Answer::Truncated(_) | Answer::NotAws => {
                "no answer".to_owned()
            }
        }
    };
    let throttled = "ThrottlingException";
    assert_eq!(ask("ListEndpoints"), "");
    assert_eq!(ask("ListEndpoints"), "");
    assert_eq!(ask("ListEndpoints"), throttled, "beyond the limit");
    assert_eq!(
        ask("ListModels"),
        throttled,
        "by a fault, which takes no token"
    );
    assert_eq!(ask("ListModels"), "");
    assert_eq!(ask("ListModels"), "");
    assert_eq!(ask("ListModels"), throttled);
    let tallies = fleet.world.ledger().tallies();
    let told: Vec<_> = tallies
        .iter()
        .map(|(account, region, (_, name), tally)| {
            (account, region, name, tally.requests, tally.throttled)
        })
        .collect();
    assert_eq!(
        told,
        [
            (MANAGEMENT, "eu-west-1", "ListEndpoints", 3, 1),
            (MANAGEMENT, "eu-west-1", "ListModels", 4, 2),
        ]
    );
}
