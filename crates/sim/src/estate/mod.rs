//! Estates: worlds with something in them.

use serde_json::json;

use crate::input::Input;
use crate::service::Service;
use crate::world::{Ctx, World, partition};

/// A role in an account that trusts another account.
pub(crate) fn trusting_role(
    world: &mut World,
    account: &str,
    name: &str,
    trusted: &str,
    region: &str,
) {
    let principal = format!("arn:{}:iam::{trusted}:root", partition(region));
    let trust = json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": { "AWS": principal },
            "Action": "sts:AssumeRole",
        }],
    });
    let ctx = Ctx::root(Service::Iam, account, region);
    let input = json!({ "RoleName": name, "AssumeRolePolicyDocument": trust.to_string() });
    if let Some(fields) = input.as_object() {
        world.perform(&ctx, "CreateRole", &Input::from_fields(fields.clone()));
    }
}
