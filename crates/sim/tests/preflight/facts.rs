//! What has nothing to do with policies.

use sagelock_domain::preflight::{Answer, Step};
use sagelock_sim::Service;
use serde_json::json;

use crate::calls::{ACCOUNT, REGION, root};
use crate::deployment::{self, Wanted, config, look, set_up, world};

#[test]
fn what_has_nothing_to_do_with_policies_is_foretold_too() {
    let mut world = world();
    let key = set_up(&mut world);
    for (operation, step, reason) in [
        ("DisableKey", Step::Key, "Disabled"),
        ("UpdateEndpoint", Step::Endpoint, "Updating"),
        ("CreateEndpointConfig", Step::ConfigName, "already"),
    ] {
        let mut world = deployment::world();
        let key_2 = set_up(&mut world);
        assert_eq!(key, key_2, "the same seed makes the same world");
        match operation {
            "DisableKey" => {
                if let Some(key) = world
                    .kms_mut(ACCOUNT, REGION)
                    .key_mut(key.rsplit('/').next().expect("an id"))
                {
                    key.state = sagelock_sim::kms::State::Disabled;
                }
            }
            "UpdateEndpoint" => {
                root(
                    &mut world,
                    Service::SageMaker,
                    "CreateEndpointConfig",
                    &config("other", None),
                );
                let update = json!({ "EndpointName": "fraud", "EndpointConfigName": "other" });
                root(&mut world, Service::SageMaker, operation, &update);
            }
            _ => {
                root(
                    &mut world,
                    Service::SageMaker,
                    operation,
                    &config("new-1", None),
                );
            }
        }
        let found = look(&mut world, &Wanted::new(&key, "new-1"));
        let check = found
            .checks
            .iter()
            .find(|check| check.step == step)
            .expect("a check");
        let Answer::Blocked(block) = &check.answer else {
            panic!("{operation}: {check:?}");
        };
        assert!(block.says.contains(reason), "{}", block.says);
    }
}
