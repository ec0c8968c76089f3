//! AWS STS: who asks, and roles that are assumed.

use jiff::{SignedDuration, Timestamp};
use sagelock_policy::Kind;
use serde_json::json;

use super::Session;
use super::role::{check_name, time};
use crate::answer::{Answered, ApiError, tree};
use crate::authority::{Asks, one, refusal};
use crate::input::Input;
use crate::table::operations;
use crate::world::{Ctx, World, partition};

operations! {
    Sts;
    Read GetCallerIdentity("") = caller_identity;
    Read AssumeRole("RoleArn") = assume_role;
    Read GetAccessKeyInfo("") = access_key_info;
}

/// STS API, GetCallerIdentity.
fn caller_identity(_world: &mut World, ctx: &Ctx, _input: &Input) -> Answered {
    tree(json!({
        "UserId": ctx.caller.user_id,
        "Account": ctx.account,
        "Arn": ctx.caller.arn,
    }))
}

fn denied(ctx: &Ctx, role: &str) -> ApiError {
    let message = format!(
        "User: {} is not authorized to perform: sts:AssumeRole on resource: {role}",
        ctx.caller.arn
    );
    ApiError::new("AccessDenied", message).with_status(403)
}

/// STS API, AssumeRole: the role is there and trusts the caller.
fn assume_role(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let arn = input.text("RoleArn")?;
    let session_name = input.text("RoleSessionName")?;
    if session_name.len() < 2 {
        let constraint = "have length greater than or equal to 2";
        return Err(ApiError::constraint(
            session_name,
            "roleSessionName",
            constraint,
        ));
    }
    check_name("roleSessionName", session_name, 64)?;
    let seconds = input.within("DurationSeconds", 900..=43_200)?;
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let ["arn", _, "iam", "", account, resource] = parts.as_slice() else {
        return Err(ApiError::invalid(format!("{arn} is invalid")));
    };
    let name = resource.rsplit('/').next().unwrap_or_default();
    // Nothing answers in an account that is closed (Account Management Reference Guide, "Close an
    // AWS account").
    if crate::organizations::is_suspended(world, account) {
        return Err(denied(ctx, arn));
    }
    let found = world
        .accounts
        .get(*account)
        .and_then(|there| there.iam.roles.get(&name.to_lowercase()))
        .filter(|role| role.arn == arn)
        .cloned();
    let Some(role) = found else {
        return Err(denied(ctx, arn));
    };
    let external = input.opt("ExternalId")?;
    let mut context = vec![one("sts:RoleSessionName", session_name)];
    context.extend(external.map(|id| one("sts:ExternalId", id)));
    let asks = Asks {
        ctx,
        action: "sts:AssumeRole",
        resource: arn,
        owner: account,
        policy: Some((Kind::Trust, &role.trust)),
        grants: Vec::new(),
        context,
    };
    if refusal(world, &asks).is_some() {
        return Err(denied(ctx, arn));
    }
    let seconds = seconds.unwrap_or(3600);
    if seconds > role.session_seconds_max {
        return Err(ApiError::invalid(
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
        ));
    }
    let key = format!("ASIA{}", world.random.capitals(16));
    let expires = world
        .now()
        .saturating_add(SignedDuration::from_secs(seconds))
        .unwrap_or(Timestamp::MAX);
    let partition = partition(&ctx.region);
    let session = Session {
        account: (*account).to_owned(),
        arn: format!("arn:{partition}:sts::{account}:assumed-role/{name}/{session_name}"),
        user_id: format!("{}:{session_name}", role.id),
        expires,
    };
    let answer = json!({
        "Credentials": {
            "AccessKeyId": key,
            "SecretAccessKey": world.random.hex(40),
            "SessionToken": world.random.hex(160),
            "Expiration": time(expires),
        },
        "AssumedRoleUser": { "AssumedRoleId": session.user_id, "Arn": session.arn },
    });
    world.sessions.insert(key, session);
    tree(answer)
}

/// STS API, GetAccessKeyInfo.
fn access_key_info(world: &mut World, _ctx: &Ctx, input: &Input) -> Answered {
    let key = input.text("AccessKeyId")?;
    let account = world.account_of_key(key);
    tree(json!({ "Account": account }))
}
