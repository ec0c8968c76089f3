//! Which key a text means: an id, an ARN, an alias, the ARN of an alias.

use sagelock_policy::{Document, Kind};

use super::access::{Wants, denial};
use super::key::{Key, Manager, State};
use super::{Kms, alias, key};
use crate::answer::ApiError;
use crate::authority::{one, several};
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

/// Finds the key that a text means, for who may do that with it.
pub(super) fn find(
    world: &mut World,
    ctx: &Ctx,
    text: &str,
    action: &str,
    how: Use,
) -> Result<Place, ApiError> {
    find_for(world, ctx, text, &Wants::new(action), how)
}

/// The same, of a request that tells more.
pub(super) fn find_for(
    world: &mut World,
    ctx: &Ctx,
    text: &str,
    wants: &Wants<'_>,
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
            return at(world, ctx, &ctx.account, text, &own, wants, how);
        }
        _ => return Err(invalid_id(text)),
    };
    if let Some(id) = resource.strip_prefix("key/") {
        return at(world, ctx, &account, id, text, wants, how);
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
            return Err(denied(ctx, wants.action, &arn));
        }
        return Err(alias::no_alias(&arn));
    };
    let id = match found.target.clone() {
        Some(id) => id,
        // KMS API, DescribeKey: where there is no key behind a predefined AWS alias, AWS makes it.
        None => key::create_aws_managed(world, ctx, &account, resource),
    };
    let arn = of_account(ctx, &account, &format!("key/{id}"));
    at(world, ctx, &account, &id, &arn, wants, how)
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
    wants: &Wants<'_>,
    how: Use,
) -> Result<Place, ApiError> {
    let now = world.now();
    let region = ctx.region.clone();
    let is_foreign = account != ctx.account;
    let kms: &mut Kms = &mut world.cell_of(account, &region).kms;
    kms.bury(now);
    let found = world
        .look(account, &region)
        .and_then(|cell| cell.kms.key(id));
    let Some(key) = found.filter(|_| !is_foreign || how != Use::Own) else {
        return Err(if is_foreign {
            denied(ctx, wants.action, arn)
        } else {
            no_key(arn)
        });
    };
    match denial(world, ctx, key, wants) {
        None => Ok(Place {
            account: account.to_owned(),
            region,
            id: key.id.clone(),
        }),
        Some(_) if is_foreign => Err(denied(ctx, wants.action, arn)),
        Some(why) => {
            let why = format!("on resource: {} {why}", key.arn);
            let caller = &ctx.caller.arn;
            Err(crate::Service::Kms.denied_action(caller, wants.action, &why))
        }
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
    own_for(world, ctx, text, &Wants::new(action))
}

/// The same, of a request that tells more.
pub(super) fn own_for<'a>(
    world: &'a mut World,
    ctx: &Ctx,
    text: &str,
    wants: &Wants<'_>,
) -> Result<&'a mut Key, ApiError> {
    let place = find_for(world, ctx, text, wants, Use::Own)?;
    let key = key_at(world, &place)?;
    if key.manager == Manager::Aws {
        return Err(denied(ctx, wants.action, &key.arn));
    }
    Ok(key)
}

/// What SageMaker's grant on the key of a volume gives. What hosting asks for is not documented: this is
/// what AWS's own policy for HyperPod lets the service have (SageMaker Developer Guide, "Customer
/// managed AWS KMS key encryption for SageMaker HyperPod").
const VOLUME_OPERATIONS: [&str; 7] = [
    "CreateGrant",
    "Decrypt",
    "DescribeKey",
    "GenerateDataKeyWithoutPlaintext",
    "ReEncryptFrom",
    "ReEncryptTo",
    "RetireGrant",
];

/// Why SageMaker gets no grant to encrypt a volume with the key that a text means, if it gets none: it
/// asks for one on behalf of who deploys, and then as the execution roles. The wording is ours: AWS
/// documents none.
pub(crate) fn no_volume_grant(
    world: &mut World,
    ctx: &Ctx,
    text: &str,
    roles: &[String],
) -> Option<String> {
    let region_of_arn = text.split(':').nth(3).filter(|_| text.starts_with("arn:"));
    if region_of_arn.is_some_and(|region| region != ctx.region) {
        return Some(format!("The KMS key {text} is in another Region."));
    }
    let wants = Wants {
        via: Some("sagemaker"),
        context: vec![
            one("kms:GrantIsForAWSResource", "true"),
            several("kms:GrantOperations", VOLUME_OPERATIONS),
        ],
        ..Wants::new("kms:CreateGrant")
    };
    let mut refused = Vec::new();
    let roles = roles.iter().filter_map(|role| ctx.as_session_of(role));
    for asking in [ctx.clone()].into_iter().chain(roles) {
        match find_for(world, &asking, text, &wants, Use::ByAlias) {
            Ok(place) => return unusable(key_at(world, &place).ok()?),
            Err(error) => refused.push(error.message),
        }
    }
    refused.dedup();
    Some(format!(
        "The KMS key cannot be used: {}",
        refused.join("; ")
    ))
}

/// Why a volume that was granted its key cannot be encrypted any more, if it cannot.
pub(crate) fn unusable_for_volume(world: &mut World, ctx: &Ctx, text: &str) -> Option<String> {
    let owner = text.split(':').nth(4).filter(|_| text.starts_with("arn:"));
    let owner = owner.unwrap_or(&ctx.account).to_owned();
    let now = world.now();
    let kms = &mut world.cell_of(&owner, &ctx.region).kms;
    kms.bury(now);
    let name = text.rsplit(':').next().unwrap_or(text);
    let id = match kms.aliases.get(name) {
        Some(alias) => alias.target.clone(),
        None => Some(name.trim_start_matches("key/").to_owned()),
    };
    match id.and_then(|id| kms.keys.get(&id)) {
        Some(key) => unusable(key),
        None => Some(format!("The KMS key {text} does not exist.")),
    }
}

/// KMS Developer Guide, "Key states of AWS KMS keys"; integrated services use symmetric encryption keys
/// only.
fn unusable(key: &Key) -> Option<String> {
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
    let wants = Wants {
        via: Some("s3"),
        ..Wants::new("kms:GenerateDataKey")
    };
    let found = find_for(world, ctx, text, &wants, Use::ByAlias);
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

/// Reads a policy document, as a key takes one.
pub(super) fn check_policy(text: &str) -> Result<(), ApiError> {
    let malformed = |why: &str| {
        ApiError::new(
            "MalformedPolicyDocumentException",
            format!("Policy contains a statement that is not valid: {why}"),
        )
    };
    match Document::read(Kind::Resource, text) {
        Err(error) => Err(malformed(&error.to_string())),
        Ok(document) if document.statements().is_empty() => Err(malformed("no Statement")),
        Ok(_) => Ok(()),
    }
}
