//! Which key a text means: an id, an ARN, an alias, the ARN of an alias.

use serde_json::Value;

use super::key::{Key, Manager, State};
use super::{Kms, alias, key};
use crate::answer::ApiError;
use crate::principal::{Asks, allows};
use crate::world::{Ctx, World};

/// Where a key is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) account: String,
    pub(super) region: String,
    pub(super) id: String,
}

/// How an operation may be used.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// On keys of the own account only, by id or ARN (KMS API, "Cross-account use: No").
    Own,
    /// On keys of other accounts too, by id or ARN.
    Shared,
    /// On keys of other accounts too, by any of the four forms.
    ByAlias,
}

/// KMS answers so where it does not say whether there is a key at all.
pub(super) fn denied(ctx: &Ctx, action: &str, arn: &str) -> ApiError {
    ApiError::new(
        "AccessDeniedException",
        format!(
            "User: {} is not authorized to perform: {action} on resource: {arn} because the \
             resource does not exist in this Region, no resource-based policies allow access, or \
             a resource-based policy explicitly denies access",
            ctx.caller.arn
        ),
    )
}

pub(super) fn no_key(arn: &str) -> ApiError {
    ApiError::new("NotFoundException", format!("Key '{arn}' does not exist"))
}

fn invalid_id(text: &str) -> ApiError {
    ApiError::new("NotFoundException", format!("Invalid keyId '{text}'"))
}

/// `1234abcd-12ab-34cd-56ef-1234567890ab` or `mrk-` and 32 hex digits.
fn is_id(text: &str) -> bool {
    let hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if let Some(digits) = text.strip_prefix("mrk-") {
        return digits.len() == 32 && hex(digits);
    }
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12] && text.split('-').all(hex)
}

/// Finds the key that a text means.
pub(super) fn find(
    world: &mut World,
    ctx: &Ctx,
    text: &str,
    action: &str,
    how: Use,
) -> Result<Place, ApiError> {
    if text.is_empty() || text.len() > 2048 {
        let constraint = "have length between 1 and 2048";
        return Err(ApiError::constraint(text, "keyId", constraint));
    }
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let (account, resource) = match parts.as_slice() {
        ["arn", _, "kms", region, account, resource] => {
            if *region != ctx.region {
                return Err(ApiError::new(
                    "NotFoundException",
                    format!("Invalid arn {region}"),
                ));
            }
            ((*account).to_owned(), *resource)
        }
        ["arn", ..] => {
            return Err(ApiError::new(
                "InvalidArnException",
                format!("Invalid arn {text}"),
            ));
        }
        _ if text.starts_with("alias/") => (ctx.account.clone(), text),
        _ if is_id(text) => {
            let own = ctx.arn("kms", &format!("key/{text}"));
            return at(world, ctx, &ctx.account, text, &own, action, how);
        }
        _ => return Err(invalid_id(text)),
    };
    if let Some(id) = resource.strip_prefix("key/") {
        return at(world, ctx, &account, id, text, action, how);
    }
    if how != Use::ByAlias || !resource.starts_with("alias/") {
        return Err(invalid_id(text));
    }
    let now = world.now();
    let region = ctx.region.clone();
    let kms = &mut world.cell_of(&account, &region).kms;
    kms.bury(now);
    let Some(found) = kms.aliases.get(resource) else {
        let arn = of_account(ctx, &account, resource);
        if account != ctx.account {
            return Err(denied(ctx, action, &arn));
        }
        return Err(alias::no_alias(&arn));
    };
    let id = match found.target.clone() {
        Some(id) => id,
        // KMS API, DescribeKey: where there is no key behind a predefined AWS alias, AWS makes it.
        None => key::create_aws_managed(world, ctx, &account, resource),
    };
    let arn = of_account(ctx, &account, &format!("key/{id}"));
    at(world, ctx, &account, &id, &arn, action, how)
}

fn of_account(ctx: &Ctx, account: &str, resource: &str) -> String {
    let there = Ctx {
        account: account.to_owned(),
        ..ctx.clone()
    };
    there.arn("kms", resource)
}

fn at(
    world: &mut World,
    ctx: &Ctx,
    account: &str,
    id: &str,
    arn: &str,
    action: &str,
    how: Use,
) -> Result<Place, ApiError> {
    let now = world.now();
    let region = ctx.region.clone();
    let kms: &mut Kms = &mut world.cell_of(account, &region).kms;
    kms.bury(now);
    let key = kms.keys.get(id);
    if account != ctx.account {
        let asks = Asks {
            account: &ctx.account,
            arn: &ctx.caller.arn,
            action,
            external_id: None,
        };
        let shared = key.is_some_and(|key| allows(&key.policy_document(), &asks));
        if how == Use::Own || !shared {
            return Err(denied(ctx, action, arn));
        }
    }
    match key {
        None => Err(no_key(arn)),
        Some(key) => Ok(Place {
            account: account.to_owned(),
            region,
            id: key.id.clone(),
        }),
    }
}

/// The key at a place.
pub(super) fn key_at<'a>(world: &'a mut World, place: &Place) -> Result<&'a mut Key, ApiError> {
    let kms = &mut world.cell_of(&place.account, &place.region).kms;
    kms.keys
        .get_mut(&place.id)
        .ok_or_else(|| invalid_id(&place.id))
}

/// The own key that a text means, of which the customer may change something.
pub(super) fn own<'a>(
    world: &'a mut World,
    ctx: &Ctx,
    text: &str,
    action: &str,
) -> Result<&'a mut Key, ApiError> {
    let place = find(world, ctx, text, action, Use::Own)?;
    let key = key_at(world, &place)?;
    if key.manager == Manager::Aws {
        return Err(denied(ctx, action, &key.arn));
    }
    Ok(key)
}

/// Why a volume cannot be encrypted with the key that a text means, if it cannot (KMS Developer
/// Guide, "Key states"; integrated services use symmetric encryption keys only). The wording is
/// ours: AWS documents none.
pub(crate) fn unusable_for_volume(world: &mut World, ctx: &Ctx, text: &str) -> Option<String> {
    let region_of_arn = text.split(':').nth(3).filter(|_| text.starts_with("arn:"));
    if region_of_arn.is_some_and(|region| region != ctx.region) {
        return Some(format!("The KMS key {text} is in another Region."));
    }
    let found = find(world, ctx, text, "kms:CreateGrant", Use::ByAlias);
    let place = match found {
        Ok(place) => place,
        Err(error) => return Some(format!("The KMS key cannot be used: {}", error.message)),
    };
    let key = key_at(world, &place).ok()?;
    let usable = matches!(key.state, State::Enabled | State::Updating);
    if !usable {
        return Some(format!(
            "The KMS key {} is in an incorrect state: {}.",
            key.arn,
            key.state.as_str()
        ));
    }
    let symmetric = key.spec == "SYMMETRIC_DEFAULT" && key.usage == "ENCRYPT_DECRYPT";
    (!symmetric).then(|| format!("The KMS key {} is not a symmetric encryption key.", key.arn))
}

/// The ARN of the key that S3 encrypts an object with for whoever writes it (S3 API, PutObject,
/// `x-amz-server-side-encryption-aws-kms-key-id`; "Error responses", codes of KMS).
pub(crate) fn storage_key(world: &mut World, ctx: &Ctx, text: &str) -> Result<String, ApiError> {
    let found = find(world, ctx, text, "kms:GenerateDataKey", Use::ByAlias);
    let place = found.map_err(|error| {
        let code = format!("KMS.{}", error.code);
        match error.code.as_str() {
            "AccessDeniedException" => {
                ApiError::new("AccessDenied", error.message).with_status(403)
            }
            "" => ApiError::new("KMS.NotFoundException", error.message),
            _ => ApiError::new(&code, error.message),
        }
    })?;
    let key = key_at(world, &place)?;
    if key.state == State::Disabled {
        let message = format!("{} is disabled.", key.arn);
        return Err(ApiError::new("KMS.DisabledException", message));
    }
    let symmetric = key.spec == "SYMMETRIC_DEFAULT" && key.usage == "ENCRYPT_DECRYPT";
    if !matches!(key.state, State::Enabled | State::Updating) || !symmetric {
        let message = format!("{} is not valid for this operation.", key.arn);
        return Err(ApiError::new("KMS.KMSInvalidStateException", message));
    }
    Ok(key.arn.clone())
}

/// Reads a policy document; anything but an object is malformed.
pub(super) fn policy(text: &str) -> Result<Value, ApiError> {
    let malformed = |why: &str| {
        ApiError::new(
            "MalformedPolicyDocumentException",
            format!("Policy contains a statement that is not valid: {why}"),
        )
    };
    let document: Value =
        serde_json::from_str(text).map_err(|error| malformed(&error.to_string()))?;
    let statements = match document.get("Statement") {
        Some(Value::Array(statements)) if !statements.is_empty() => statements.clone(),
        Some(statement @ Value::Object(_)) => vec![statement.clone()],
        Some(_) | None => return Err(malformed("no Statement")),
    };
    for statement in &statements {
        let effect = statement.get("Effect").and_then(Value::as_str);
        if !matches!(effect, Some("Allow" | "Deny")) {
            return Err(malformed("Effect must be Allow or Deny"));
        }
        let has = |name: &str| statement.get(name).is_some();
        if !has("Principal") && !has("NotPrincipal") {
            return Err(malformed("no Principal"));
        }
        if !has("Action") && !has("NotAction") {
            return Err(malformed("no Action"));
        }
    }
    Ok(document)
}
