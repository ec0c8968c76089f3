//! Grants.

use jiff::Timestamp;
use sagelock_policy::context::Value as Held;
use serde_json::{Map, Value, json};

use super::access::{Wants, require_own};
use super::key::{Key, State, invalid_marker, page_size, paged};
use super::resolve::{Use, find, find_for, key_at};
use crate::answer::{Answered, ApiError, Body, tree};
use crate::authority::{one, several};
use crate::input::{Input, epoch};
use crate::page::page_by_key;
use crate::world::{Ctx, World};

/// A grant.
#[derive(Clone, Debug)]
pub struct Grant {
    /// Its id.
    pub id: String,
    token: String,
    created: Timestamp,
    issuing: String,
    /// What was asked for: grantee, operations, constraints, name.
    pub fields: Map<String, Value>,
}

/// KMS Developer Guide, "Resource quotas".
const GRANTS_MAX: usize = 50_000;

/// KMS API, `GrantOperation`.
const OPERATIONS: &[&str] = &[
    "Decrypt",
    "Encrypt",
    "GenerateDataKey",
    "GenerateDataKeyWithoutPlaintext",
    "ReEncryptFrom",
    "ReEncryptTo",
    "Sign",
    "Verify",
    "GetPublicKey",
    "CreateGrant",
    "RetireGrant",
    "DescribeKey",
    "GenerateDataKeyPair",
    "GenerateDataKeyPairWithoutPlaintext",
    "GenerateMac",
    "VerifyMac",
    "DeriveSharedSecret",
    "Encapsulate",
    "Decapsulate",
];

/// The fields of a grant that its list repeats.
const FIELDS: &[&str] = &[
    "Name",
    "GranteePrincipal",
    "RetiringPrincipal",
    "GranteeServicePrincipal",
    "RetiringServicePrincipal",
    "Operations",
    "Constraints",
];

fn check(input: &Input) -> Result<Map<String, Value>, ApiError> {
    let operations = input.texts("Operations")?;
    if operations.is_empty() {
        return Err(ApiError::missing("Operations"));
    }
    if let Some(unknown) = operations.iter().find(|name| !OPERATIONS.contains(name)) {
        let constraint = format!("satisfy enum value set: [{}]", OPERATIONS.join(", "));
        return Err(ApiError::constraint(unknown, "operations", &constraint));
    }
    let grantee = input.opt("GranteePrincipal")?;
    let service = input.opt("GranteeServicePrincipal")?;
    if grantee.is_none() && service.is_none() {
        return Err(ApiError::missing("GranteePrincipal"));
    }
    for principal in [grantee, input.opt("RetiringPrincipal")?]
        .into_iter()
        .flatten()
    {
        let is_arn = principal.starts_with("arn:") && principal.split(':').count() >= 6;
        if !is_arn {
            return Err(ApiError::new(
                "InvalidArnException",
                format!("ARN does not refer to a valid principal: {principal}"),
            ));
        }
    }
    if let Some(name) = input.opt("Name")? {
        let allowed = |c: char| c.is_ascii_alphanumeric() || ":/_-".contains(c);
        if name.is_empty() || name.len() > 256 || !name.chars().all(allowed) {
            let constraint = "satisfy regular expression pattern: ^[a-zA-Z0-9:/_-]+$";
            return Err(ApiError::constraint(name, "name", constraint));
        }
    }
    Ok(FIELDS
        .iter()
        .filter_map(|field| Some(((*field).to_owned(), input.get(field)?.clone())))
        .collect())
}

/// The operations are some that the key can do; an encryption context is for symmetric ones
/// (KMS API, CreateGrant, `Operations` and `Constraints`).
fn fits(key: &Key, input: &Input) -> Result<(), ApiError> {
    let of_usage: &[&str] = match key.usage.as_str() {
        "ENCRYPT_DECRYPT" if key.spec == "SYMMETRIC_DEFAULT" => &[
            "Decrypt",
            "Encrypt",
            "GenerateDataKey",
            "GenerateDataKeyWithoutPlaintext",
            "ReEncryptFrom",
            "ReEncryptTo",
            "GenerateDataKeyPair",
            "GenerateDataKeyPairWithoutPlaintext",
        ],
        "ENCRYPT_DECRYPT" => &[
            "Decrypt",
            "Encrypt",
            "ReEncryptFrom",
            "ReEncryptTo",
            "GetPublicKey",
        ],
        "SIGN_VERIFY" => &["Sign", "Verify", "GetPublicKey"],
        "GENERATE_VERIFY_MAC" => &["GenerateMac", "VerifyMac"],
        "KEY_AGREEMENT" => &["DeriveSharedSecret", "GetPublicKey"],
        _ => &["Encapsulate", "Decapsulate", "GetPublicKey"],
    };
    let always = ["CreateGrant", "RetireGrant", "DescribeKey"];
    let operations = input.texts("Operations")?;
    let fits = |name: &&str| of_usage.contains(name) || always.contains(name);
    if let Some(other) = operations.iter().find(|name| !fits(name)) {
        return Err(ApiError::invalid(format!(
            "The operation {other} is not supported by {}.",
            key.arn
        )));
    }
    let context = input.object("Constraints")?.is_some_and(|constraints| {
        constraints.contains_key("EncryptionContextSubset")
            || constraints.contains_key("EncryptionContextEquals")
    });
    if context && key.spec != "SYMMETRIC_DEFAULT" {
        return Err(ApiError::invalid(
            "An encryption context constraint needs a symmetric encryption key.",
        ));
    }
    Ok(())
}

fn dry_run(input: &Input) -> Result<(), ApiError> {
    if input.flag("DryRun")? {
        return Err(ApiError::new(
            "DryRunOperationException",
            "The request would have succeeded, but the DryRun option is set.",
        ));
    }
    Ok(())
}

/// What a request for a grant tells (KMS Developer Guide, "Condition keys for AWS KMS"). Whether
/// `kms:GrantIsForAWSResource` is false in a direct call or absent is not said; here it is absent.
fn told(input: &Input) -> Result<Vec<(String, Held)>, ApiError> {
    let mut told = vec![several("kms:GrantOperations", input.texts("Operations")?)];
    for (key, field) in [
        ("kms:GranteePrincipal", "GranteePrincipal"),
        ("kms:RetiringPrincipal", "RetiringPrincipal"),
    ] {
        told.extend(input.opt(field)?.map(|value| one(key, value)));
    }
    let constraints = input.object("Constraints")?;
    for kind in ["EncryptionContextEquals", "EncryptionContextSubset"] {
        if constraints.is_some_and(|constraints| constraints.contains_key(kind)) {
            told.push(one("kms:GrantConstraintType", kind));
        }
    }
    Ok(told)
}

/// KMS API, CreateGrant. One with a name and the same parameters is the same grant.
pub(super) fn create(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let fields = check(input)?;
    let wants = Wants {
        context: told(input)?,
        ..Wants::new("kms:CreateGrant")
    };
    let place = find_for(world, ctx, input.text("KeyId")?, &wants, Use::Shared)?;
    let created = world.stamp();
    let (id, token) = (world.random.hex(64), world.random.hex(96));
    let key = key_at(world, &place)?;
    key.must_not_be(&[
        State::Disabled,
        State::PendingDeletion,
        State::PendingReplicaDeletion,
        State::Unavailable,
    ])?;
    fits(key, input)?;
    dry_run(input)?;
    let same = |grant: &&Grant| fields.contains_key("Name") && grant.fields == fields;
    if let Some(grant) = key.grants.values().find(same) {
        return tree(json!({ "GrantId": grant.id, "GrantToken": token }));
    }
    if key.grants.len() >= GRANTS_MAX {
        return Err(ApiError::new(
            "LimitExceededException",
            format!(
                "The key {} has {GRANTS_MAX} grants, which is the quota.",
                key.arn
            ),
        ));
    }
    let issuing = ctx.caller.arn.clone();
    let grant = Grant {
        id: id.clone(),
        token: token.clone(),
        created,
        issuing,
        fields,
    };
    key.grants.insert(id.clone(), grant);
    tree(json!({ "GrantId": id, "GrantToken": token }))
}

pub(super) fn entry(key: &Key, grant: &Grant) -> Value {
    let mut fields = grant.fields.clone();
    let mut put = |name: &str, value: Value| {
        fields.insert(name.to_owned(), value);
    };
    put("KeyId", Value::from(key.arn.as_str()));
    put("GrantId", Value::from(grant.id.as_str()));
    put("CreationDate", epoch(grant.created));
    put("IssuingAccount", Value::from(grant.issuing.as_str()));
    Value::Object(fields)
}

fn cut(
    entries: Vec<(String, Value)>,
    input: &Input,
    most: usize,
    list: &str,
) -> Result<Body, ApiError> {
    let cut = page_by_key(entries, input.opt("Marker")?, most, list, |entry| {
        entry.0.clone()
    });
    let cut = cut.map_err(|_| invalid_marker())?;
    let grants: Vec<Value> = cut.items.into_iter().map(|(_, entry)| entry).collect();
    Ok(paged(json!({ "Grants": grants }), cut.next))
}

/// KMS API, ListGrants: pages of 50, at most 100.
pub(super) fn list(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let most = page_size(input, 100, 50)?;
    let place = find(
        world,
        ctx,
        input.text("KeyId")?,
        "kms:ListGrants",
        Use::Shared,
    )?;
    let key = key_at(world, &place)?;
    let is = |grant: &Grant, field: &str| -> Result<bool, ApiError> {
        let wanted = input.opt(field)?;
        let has = grant.fields.get(field).and_then(Value::as_str);
        Ok(wanted.is_none() || wanted == has)
    };
    let id = input.opt("GrantId")?;
    let mut entries = Vec::new();
    for grant in key.grants.values() {
        let wanted = id.is_none_or(|id| id == grant.id)
            && is(grant, "GranteePrincipal")?
            && is(grant, "GranteeServicePrincipal")?;
        if wanted {
            entries.push((grant.id.clone(), entry(key, grant)));
        }
    }
    let list = format!("ListGrants|{}", key.id);
    cut(entries, input, most, &list)
}

/// KMS API, ListRetirableGrants.
pub(super) fn retirable(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let most = page_size(input, 100, 50)?;
    let principal = input.opt("RetiringPrincipal")?;
    let service = input.opt("RetiringServicePrincipal")?;
    require_own(world, ctx, "kms:ListRetirableGrants", "*")?;
    let kms = &world.cell(ctx).kms;
    let is = |grant: &Grant, field: &str, wanted: Option<&str>| {
        wanted.is_some() && grant.fields.get(field).and_then(Value::as_str) == wanted
    };
    let entries: Vec<(String, Value)> = kms
        .keys
        .values()
        .flat_map(|key| key.grants.values().map(move |grant| (key, grant)))
        .filter(|(_, grant)| {
            is(grant, "RetiringPrincipal", principal)
                || is(grant, "RetiringServicePrincipal", service)
        })
        .map(|(key, grant)| (grant.id.clone(), entry(key, grant)))
        .collect();
    cut(entries, input, most, "ListRetirableGrants")
}

fn no_grant(id: &str) -> ApiError {
    ApiError::new("NotFoundException", format!("Grant ID {id} not found"))
}

/// KMS API, RetireGrant: by token, or by key and id.
pub(super) fn retire(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    if let Some(token) = input.opt("GrantToken")? {
        let kms = &mut world.cell(ctx).kms;
        let found = kms.keys.values_mut().find_map(|key| {
            let grant = key.grants.values().find(|grant| grant.token == token)?;
            let id = grant.id.clone();
            Some((key, id))
        });
        let Some((key, id)) = found else {
            return Err(ApiError::new(
                "InvalidGrantTokenException",
                "Invalid grant token",
            ));
        };
        let arn = key.arn.clone();
        let place = find(world, ctx, &arn, "kms:RetireGrant", Use::Shared)?;
        dry_run(input)?;
        key_at(world, &place)?.grants.remove(&id);
        return Ok(Body::Empty);
    }
    remove(world, ctx, input, "kms:RetireGrant")
}

/// KMS API, RevokeGrant.
pub(super) fn revoke(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    remove(world, ctx, input, "kms:RevokeGrant")
}

fn remove(world: &mut World, ctx: &Ctx, input: &Input, action: &str) -> Answered {
    let id = input.text("GrantId")?;
    let place = find(world, ctx, input.text("KeyId")?, action, Use::Shared)?;
    let key = key_at(world, &place)?;
    if !key.grants.contains_key(id) {
        return Err(no_grant(id));
    }
    dry_run(input)?;
    key.grants.remove(id);
    Ok(Body::Empty)
}
