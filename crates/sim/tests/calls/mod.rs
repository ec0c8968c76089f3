//! Calls to a world by whoever is meant, and what they say.

use sagelock_sim::{Answer as Said, Body, Ctx, Input, Service, World};
use serde_json::{Value, json};

pub(crate) const ACCOUNT: &str = "222233334444";
pub(crate) const REGION: &str = "eu-west-1";

/// Asks; what is refused is told in AWS's words.
pub(crate) fn ask(
    world: &mut World,
    ctx: &Ctx,
    operation: &str,
    input: &Value,
) -> Result<Value, String> {
    let input = Input::from_json(&input.to_string()).expect("an input");
    match world.perform(ctx, operation, &input).answer {
        Said::Says(Ok(Body::Tree(tree))) => Ok(tree),
        Said::Says(Ok(Body::Text(text))) => Ok(serde_json::from_str(&text).expect("JSON")),
        Said::Says(Ok(_)) => Ok(Value::Null),
        Said::Says(Err(error)) => Err(format!("{}: {}", error.code, error.message)),
        other @ (Said::Nothing | Said::Reset | Said::Truncated(_) | Said::NotAws) => {
            panic!("{operation}: {other:?}")
        }
    }
}

/// What the root user of the account asks, which is not refused.
pub(crate) fn root(world: &mut World, service: Service, operation: &str, input: &Value) -> Value {
    let ctx = Ctx::root(service, ACCOUNT, REGION);
    ask(world, &ctx, operation, input).unwrap_or_else(|error| panic!("{operation}: {error}"))
}

/// A role that SageMaker may run models as, with a policy; its ARN.
pub(crate) fn role(world: &mut World, name: &str, statements: &Value) -> String {
    let trust = json!({ "Statement": { "Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": { "Service": "sagemaker.amazonaws.com" } } });
    let input = json!({ "RoleName": name, "AssumeRolePolicyDocument": trust.to_string() });
    root(world, Service::Iam, "CreateRole", &input);
    put_policy(world, name, "own", statements);
    format!("arn:aws:iam::{ACCOUNT}:role/{name}")
}

/// Puts an inline policy into a role.
pub(crate) fn put_policy(world: &mut World, role: &str, name: &str, statements: &Value) {
    let document = json!({ "Version": "2012-10-17", "Statement": statements }).to_string();
    let input = json!({ "RoleName": role, "PolicyName": name, "PolicyDocument": document });
    root(world, Service::Iam, "PutRolePolicy", &input);
}
