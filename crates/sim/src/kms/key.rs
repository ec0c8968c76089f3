//! Keys.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::access::require_own;
use super::grant::Grant;
use super::resolve::{Use, find, key_at, own};
use super::rotation::Rotation;
use super::spec::{SPECS, USAGES, algorithms, has_usage, usage_default};
use super::{policy, tag};
use crate::answer::{Answered, ApiError, Body, tree};
use crate::input::{Input, epoch};
use crate::page::page_by_key;
use crate::world::{Ctx, World};

/// A key.
#[derive(Clone, Debug)]
pub struct Key {
    /// Its id.
    pub id: String,
    /// Its ARN.
    pub arn: String,
    /// When it was made.
    pub created: Timestamp,
    /// Its state.
    pub state: State,
    /// Who manages it.
    pub manager: Manager,
    /// KMS API, `KeySpec`.
    pub spec: String,
    /// KMS API, `KeyUsage`.
    pub usage: String,
    /// KMS API, `Origin`.
    pub origin: String,
    /// When it will be deleted, where it is scheduled to be.
    pub deletion: Option<Timestamp>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// Its grants, by their ids.
    pub grants: BTreeMap<String, Grant>,
    /// Its rotation.
    pub rotation: Rotation,
    pub(crate) description: String,
    pub(crate) policy: String,
    pub(crate) window_days: Option<i64>,
    /// When imported material expires; none where it does not, or was not imported.
    pub valid_to: Option<Timestamp>,
    /// The regions of a multi-Region key, the primary's first.
    pub(crate) multi: Option<MultiRegion>,
    pub(crate) material: String,
}

/// The regions of a multi-Region key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MultiRegion {
    pub(crate) primary: String,
    pub(crate) replicas: BTreeSet<String>,
}

/// Who manages a key (KMS API, `KeyManager`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manager {
    /// AWS.
    Aws,
    /// The customer.
    Customer,
}

/// The state of a key (KMS API, `KeyState`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of the AWS API reference")]
pub enum State {
    Enabled,
    Disabled,
    PendingDeletion,
    PendingImport,
    PendingReplicaDeletion,
    Unavailable,
    Updating,
}

impl State {
    /// AWS's text.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Enabled => "Enabled",
            Self::Disabled => "Disabled",
            Self::PendingDeletion => "PendingDeletion",
            Self::PendingImport => "PendingImport",
            Self::PendingReplicaDeletion => "PendingReplicaDeletion",
            Self::Unavailable => "Unavailable",
            Self::Updating => "Updating",
        }
    }
}

/// Where states are an obstacle: the state's own error (KMS Developer Guide, "Key states").
impl Key {
    pub(super) fn must_not_be(&self, states: &[State]) -> Result<(), ApiError> {
        if !states.contains(&self.state) {
            return Ok(());
        }
        let arn = &self.arn;
        Err(match self.state {
            State::Disabled => ApiError::new("DisabledException", format!("{arn} is disabled.")),
            State::PendingDeletion => invalid_state(format!("{arn} is pending deletion.")),
            State::PendingImport => invalid_state(format!("{arn} is pending import.")),
            State::PendingReplicaDeletion => {
                invalid_state(format!("{arn} is pending replica deletion."))
            }
            State::Enabled | State::Unavailable | State::Updating => {
                invalid_state(format!("{arn} is {}.", self.state.as_str().to_lowercase()))
            }
        })
    }

    /// Whose it is.
    pub(crate) fn account(&self) -> &str {
        self.arn.split(':').nth(4).unwrap_or_default()
    }

    /// KMS API, KeyMetadata.
    pub(crate) fn metadata(&self, ctx: &Ctx) -> Value {
        let account = self.account();
        let mut fields = Map::new();
        let mut put = |name: &str, value: Value| {
            fields.insert(name.to_owned(), value);
        };
        put("AWSAccountId", Value::from(account));
        put("KeyId", Value::from(self.id.as_str()));
        put("Arn", Value::from(self.arn.as_str()));
        put("CreationDate", epoch(self.created));
        put("Enabled", Value::from(self.state == State::Enabled));
        put("Description", Value::from(self.description.as_str()));
        put("KeyUsage", Value::from(self.usage.as_str()));
        put("KeyState", Value::from(self.state.as_str()));
        put("Origin", Value::from(self.origin.as_str()));
        put(
            "KeyManager",
            Value::from(match self.manager {
                Manager::Aws => "AWS",
                Manager::Customer => "CUSTOMER",
            }),
        );
        put("KeySpec", Value::from(self.spec.as_str()));
        // The deprecated field knows the older specifications only (KMS API, KeyMetadata).
        if !self.spec.starts_with("ML_") && self.spec != "ECC_NIST_EDWARDS25519" {
            put("CustomerMasterKeySpec", Value::from(self.spec.as_str()));
        }
        put("MultiRegion", Value::from(self.multi.is_some()));
        if let Some(date) = self.deletion {
            put("DeletionDate", epoch(date));
        }
        if self.state == State::PendingReplicaDeletion
            && let Some(days) = self.window_days
        {
            put("PendingDeletionWindowInDays", Value::from(days));
        }
        if self.origin == "EXTERNAL" && self.state != State::PendingImport {
            let model = match self.valid_to {
                Some(time) => {
                    put("ValidTo", epoch(time));
                    "KEY_MATERIAL_EXPIRES"
                }
                None => "KEY_MATERIAL_DOES_NOT_EXPIRE",
            };
            put("ExpirationModel", Value::from(model));
        }
        if self.spec == "SYMMETRIC_DEFAULT" && self.state != State::PendingImport {
            put("CurrentKeyMaterialId", Value::from(self.material.as_str()));
        }
        if let Some(multi) = &self.multi {
            put("MultiRegionConfiguration", self.regions(ctx, multi));
        }
        algorithms(&self.spec, &self.usage, &mut fields);
        Value::Object(fields)
    }

    /// KMS API, `MultiRegionConfiguration`.
    fn regions(&self, ctx: &Ctx, multi: &MultiRegion) -> Value {
        let account = self.account();
        let member = |region: &String| {
            let there = Ctx {
                region: region.clone(),
                account: account.to_owned(),
                ..ctx.clone()
            };
            json!({ "Arn": there.arn("kms", &format!("key/{}", self.id)), "Region": region })
        };
        let here = self.arn.split(':').nth(3).unwrap_or_default();
        let kind = if here == multi.primary {
            "PRIMARY"
        } else {
            "REPLICA"
        };
        json!({
            "MultiRegionKeyType": kind,
            "PrimaryKey": member(&multi.primary),
            "ReplicaKeys": multi.replicas.iter().map(member).collect::<Vec<_>>(),
        })
    }
}

pub(super) fn invalid_state(message: String) -> ApiError {
    ApiError::new("KMSInvalidStateException", message)
}

/// KMS API, CreateKey.
pub(super) fn create(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let spec = match input.one_of("KeySpec", SPECS)? {
        Some(spec) => spec,
        None => input
            .one_of("CustomerMasterKeySpec", SPECS)?
            .unwrap_or("SYMMETRIC_DEFAULT"),
    };
    let usage = input.one_of("KeyUsage", USAGES)?.or(usage_default(spec));
    let Some(usage) = usage else {
        return Err(ApiError::invalid(
            "You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.",
        ));
    };
    if !has_usage(spec, usage) {
        return Err(ApiError::invalid(format!(
            "KeyUsage {usage} is not compatible with KeySpec {spec}"
        )));
    }
    if spec == "SM2" && !ctx.region.starts_with("cn-") {
        return Err(unsupported("SM2 is available in China Regions only."));
    }
    let origins = &["AWS_KMS", "EXTERNAL", "AWS_CLOUDHSM", "EXTERNAL_KEY_STORE"];
    let origin = input.one_of("Origin", origins)?.unwrap_or("AWS_KMS");
    if let Some(store) = input.opt("CustomKeyStoreId")? {
        return Err(ApiError::new(
            "CustomKeyStoreNotFoundException",
            format!("The custom key store {store} was not found."),
        ));
    }
    if matches!(origin, "AWS_CLOUDHSM" | "EXTERNAL_KEY_STORE") {
        return Err(ApiError::invalid(
            "CustomKeyStoreId is required for this Origin.",
        ));
    }
    let description = input.opt("Description")?.unwrap_or_default().to_owned();
    if description.chars().count() > 8192 {
        let constraint = "have length less than or equal to 8192";
        return Err(ApiError::constraint("…", "description", constraint));
    }
    let tags = tag::read(input.list("Tags")?)?;
    require_own(world, ctx, "kms:CreateKey", "*")?;
    let mut key = new(world, ctx, spec, usage, origin);
    if input.flag("MultiRegion")? {
        let id = format!("mrk-{}", world.random.hex(32));
        key.arn = ctx.arn("kms", &format!("key/{id}"));
        key.id = id;
        key.multi = Some(MultiRegion {
            primary: ctx.region.clone(),
            replicas: BTreeSet::new(),
        });
    }
    key.description = description;
    key.tags = tags;
    key.policy = policy::given_or_default(world, ctx, &key, input)?;
    let metadata = key.metadata(ctx);
    world.cell(ctx).kms.keys.insert(key.id.clone(), key);
    tree(json!({ "KeyMetadata": metadata }))
}

pub(super) fn unsupported(message: impl Into<String>) -> ApiError {
    ApiError::new("UnsupportedOperationException", message)
}

/// A new customer managed key, not yet anywhere.
fn new(world: &mut World, ctx: &Ctx, spec: &str, usage: &str, origin: &str) -> Key {
    let id = world.random.uuid();
    let state = if origin == "EXTERNAL" {
        State::PendingImport
    } else {
        State::Enabled
    };
    Key {
        arn: ctx.arn("kms", &format!("key/{id}")),
        id,
        created: world.stamp(),
        state,
        manager: Manager::Customer,
        spec: spec.to_owned(),
        usage: usage.to_owned(),
        origin: origin.to_owned(),
        deletion: None,
        tags: BTreeMap::new(),
        grants: BTreeMap::new(),
        rotation: Rotation::default(),
        description: String::new(),
        policy: String::new(),
        window_days: None,
        valid_to: None,
        multi: None,
        material: world.random.hex(64),
    }
}

/// Makes the key behind an alias that AWS reserves.
pub(super) fn create_aws_managed(
    world: &mut World,
    ctx: &Ctx,
    account: &str,
    alias: &str,
) -> String {
    let there = Ctx::root(ctx.service, account, &ctx.region);
    let mut key = new(
        world,
        &there,
        "SYMMETRIC_DEFAULT",
        "ENCRYPT_DECRYPT",
        "AWS_KMS",
    );
    let service = alias.rsplit('/').next().unwrap_or_default();
    key.manager = Manager::Aws;
    key.description = format!(
        "Default key that protects my {} data when no other key is defined",
        service.to_uppercase()
    );
    key.policy = policy::of_service(account, service, &ctx.region);
    key.rotation = Rotation::yearly(key.created);
    let id = key.id.clone();
    let kms = &mut world.cell_of(account, &ctx.region).kms;
    if let Some(alias) = kms.aliases.get_mut(alias) {
        alias.target = Some(id.clone());
        alias.created = Some(key.created);
        alias.updated = Some(key.created);
    }
    kms.keys.insert(id.clone(), key);
    id
}

/// KMS API, DescribeKey.
pub(super) fn describe(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let text = input.text("KeyId")?;
    let place = find(world, ctx, text, "kms:DescribeKey", Use::ByAlias)?;
    let sight = world.sight(ctx.service, "DescribeKey");
    let key = key_at(world, &place)?;
    if !sight.sees(key.created) {
        return Err(super::resolve::no_key(&key.arn));
    }
    tree(json!({ "KeyMetadata": key.metadata(ctx) }))
}

/// KMS API, ListKeys: pages of 100, at most 1,000.
pub(super) fn list(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let most = page_size(input, 1000, 100)?;
    require_own(world, ctx, "kms:ListKeys", "*")?;
    let now = world.now();
    let kms = &mut world.cell(ctx).kms;
    kms.bury(now);
    let keys: Vec<(String, String)> = kms
        .keys
        .values()
        .map(|key| (key.id.clone(), key.arn.clone()))
        .collect();
    let cut = page_by_key(keys, input.opt("Marker")?, most, "ListKeys", |key| {
        key.0.clone()
    });
    let cut = cut.map_err(|_| invalid_marker())?;
    let keys: Vec<Value> = cut
        .items
        .into_iter()
        .map(|(id, arn)| json!({ "KeyId": id, "KeyArn": arn }))
        .collect();
    Ok(paged(json!({ "Keys": keys }), cut.next))
}

pub(super) fn invalid_marker() -> ApiError {
    ApiError::new("InvalidMarkerException", "Invalid marker.")
}

/// Reads `Limit`.
pub(super) fn page_size(input: &Input, most: i64, default: usize) -> Result<usize, ApiError> {
    let limit = input.within("Limit", 1..=most)?;
    Ok(limit
        .and_then(|limit| usize::try_from(limit).ok())
        .unwrap_or(default))
}

/// A page with KMS's own way to say that there is more.
pub(super) fn paged(mut answer: Value, next: Option<String>) -> Body {
    if let Some(fields) = answer.as_object_mut() {
        fields.insert("Truncated".to_owned(), Value::from(next.is_some()));
        if let Some(next) = next {
            fields.insert("NextMarker".to_owned(), Value::from(next));
        }
    }
    Body::Tree(answer)
}

const LEAVING: &[State] = &[State::PendingDeletion, State::PendingReplicaDeletion];

fn set_enabled(world: &mut World, ctx: &Ctx, input: &Input, on: bool) -> Answered {
    let action = if on {
        "kms:EnableKey"
    } else {
        "kms:DisableKey"
    };
    let key = own(world, ctx, input.text("KeyId")?, action)?;
    key.must_not_be(LEAVING)?;
    key.must_not_be(&[State::PendingImport, State::Unavailable])?;
    key.state = if on { State::Enabled } else { State::Disabled };
    Ok(Body::Empty)
}

/// KMS API, EnableKey.
pub(super) fn enable(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    set_enabled(world, ctx, input, true)
}

/// KMS API, DisableKey.
pub(super) fn disable(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    set_enabled(world, ctx, input, false)
}

/// KMS API, UpdateKeyDescription.
pub(super) fn describe_anew(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let description = input.text("Description")?.to_owned();
    let key = own(world, ctx, input.text("KeyId")?, "kms:UpdateKeyDescription")?;
    key.must_not_be(LEAVING)?;
    key.description = description;
    Ok(Body::Empty)
}

/// KMS API, GetKeyLastUsage. No cryptography is simulated, so no key was ever used.
pub(super) fn last_usage(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let place = find(
        world,
        ctx,
        input.text("KeyId")?,
        "kms:GetKeyLastUsage",
        Use::Own,
    )?;
    let key = key_at(world, &place)?;
    tree(json!({
        "KeyId": key.id,
        "KeyCreationDate": epoch(key.created),
        "TrackingStartDate": epoch(key.created),
        "KeyLastUsage": {},
    }))
}
