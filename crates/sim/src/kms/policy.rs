//! Key policies, kept as text.

use serde_json::{Value, json};

use super::access::{Wants, would_allow};
use super::key::{Key, paged};
use super::resolve::{Use, check_policy, find, key_at, own_for};
use crate::answer::{Answered, ApiError, Body, tree};
use crate::authority::one;
use crate::input::Input;
use crate::world::{Ctx, World, partition};

/// KMS Developer Guide, "Resource quotas": 32 KB.
const BYTES_MAX: usize = 32_768;

/// The policy that is given, or the one that a key has without (KMS Developer Guide, "Default
/// key policy").
pub(super) fn given_or_default(
    world: &World,
    ctx: &Ctx,
    key: &Key,
    input: &Input,
) -> Result<String, ApiError> {
    match input.opt("Policy")? {
        None => Ok(of_root(ctx)),
        Some(text) => {
            let bypass = input.flag("BypassPolicyLockoutSafetyCheck")?;
            check(world, ctx, key, text, bypass)?;
            Ok(text.to_owned())
        }
    }
}

fn of_root(ctx: &Ctx) -> String {
    let partition = partition(&ctx.region);
    json!({
        "Version": "2012-10-17",
        "Id": "key-default-1",
        "Statement": [{
            "Sid": "Enable IAM User Permissions",
            "Effect": "Allow",
            "Principal": { "AWS": format!("arn:{partition}:iam::{}:root", ctx.account) },
            "Action": "kms:*",
            "Resource": "*",
        }],
    })
    .to_string()
}

/// The policy of a key that AWS manages: use through the service, and its metadata for the account (KMS
/// Developer Guide, "AWS managed keys"). That SageMaker may use the keys of other services for volumes is
/// ours: no page says whether it can, and configurations name them.
pub(super) fn of_service(account: &str, service: &str, region: &str) -> String {
    json!({
        "Version": "2012-10-17",
        "Id": format!("auto-{service}-1"),
        "Statement": [{
            "Sid": "Allow access through the service",
            "Effect": "Allow",
            "Principal": { "AWS": "*" },
            "Action": ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*",
                "kms:CreateGrant", "kms:DescribeKey"],
            "Resource": "*",
            "Condition": { "StringEquals": {
                "kms:CallerAccount": account,
                "kms:ViaService": [
                    format!("{service}.{region}.amazonaws.com"),
                    format!("sagemaker.{region}.amazonaws.com"),
                ],
            }},
        }, {
            "Sid": "Allow direct access to key metadata to the account",
            "Effect": "Allow",
            "Principal": { "AWS": format!("arn:{}:iam::{account}:root", partition(region)) },
            "Action": ["kms:Describe*", "kms:Get*", "kms:List*", "kms:RevokeGrant"],
            "Resource": "*",
        }],
    })
    .to_string()
}

fn check(world: &World, ctx: &Ctx, key: &Key, text: &str, bypass: bool) -> Result<(), ApiError> {
    if text.len() > BYTES_MAX {
        return Err(ApiError::new(
            "LimitExceededException",
            "The key policy document exceeds the 32 KB quota.",
        ));
    }
    let allowed = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{ff}');
    if !text.chars().all(allowed) {
        let constraint =
            "satisfy regular expression pattern: [\\u0009\\u000A\\u000D\\u0020-\\u00FF]+";
        return Err(ApiError::constraint("…", "policy", constraint));
    }
    check_policy(text)?;
    // KMS API, PutKeyPolicy, `BypassPolicyLockoutSafetyCheck`.
    if !bypass && !would_allow(world, ctx, key, text, &changing(false)) {
        return Err(ApiError::new(
            "MalformedPolicyDocumentException",
            "The new key policy will not allow you to update the key policy in the future.",
        ));
    }
    Ok(())
}

/// A change of the policy.
fn changing(bypass: bool) -> Wants<'static> {
    let bypass = if bypass { "true" } else { "false" };
    Wants {
        context: vec![one("kms:BypassPolicyLockoutSafetyCheck", bypass)],
        ..Wants::new("kms:PutKeyPolicy")
    }
}

fn check_name(input: &Input, writes: bool) -> Result<(), ApiError> {
    match input.opt("PolicyName")? {
        None | Some("default") => Ok(()),
        Some("AWS_RAM") if writes => Err(ApiError::invalid(
            "The policy AWS_RAM is managed by AWS RAM and cannot be set.",
        )),
        Some(other) => Err(ApiError::new(
            "NotFoundException",
            format!("No such policy exists: {other}"),
        )),
    }
}

/// KMS API, GetKeyPolicy.
pub(super) fn get(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let place = find(
        world,
        ctx,
        input.text("KeyId")?,
        "kms:GetKeyPolicy",
        Use::Own,
    )?;
    check_name(input, false)?;
    let key = key_at(world, &place)?;
    tree(json!({ "Policy": key.policy, "PolicyName": "default" }))
}

/// KMS API, PutKeyPolicy.
pub(super) fn put(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    check_name(input, true)?;
    let text = input.text("Policy")?.to_owned();
    let bypass = input.flag("BypassPolicyLockoutSafetyCheck")?;
    let wants = changing(bypass);
    let key = own_for(world, ctx, input.text("KeyId")?, &wants)?.clone();
    check(world, ctx, &key, &text, bypass)?;
    own_for(world, ctx, &key.arn, &wants)?.policy = text;
    Ok(Body::Empty)
}

/// KMS API, ListKeyPolicies: there is only `default`.
pub(super) fn list(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    find(
        world,
        ctx,
        input.text("KeyId")?,
        "kms:ListKeyPolicies",
        Use::Own,
    )?;
    let names: Value = json!({ "PolicyNames": ["default"] });
    Ok(paged(names, None))
}
