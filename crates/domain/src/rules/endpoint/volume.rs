//! The storage volume of a configuration: is it under a customer managed key, and can it be?
//!
//! EP-001 asks it of the configurations an endpoint runs, EP-002 of those that nobody runs, and
//! EP-011 of those that were left behind.

use crate::fact::{Fact, Source};
use crate::ids::KeyRef;
use crate::instance::has_local_storage;
use crate::inventory::{CellId, ConfigFacts, Keys, Placement, Variant};
use crate::rules::subject::{Found, find_key, key_unknown};
use crate::rules::verdict::{Evidence, Judgement, Reason, Verdict, reasons};
use crate::settings::{Serverless, Settings};

reasons! {
    Pass CUSTOMER_KEY "customer_managed_key": "the storage volume is encrypted with a customer managed key"; ""
    Pass PARTIAL "cmk_partial_local_nvme": "the volumes of the types without local storage are encrypted with a customer managed key; local NVMe storage is not, by any key"; ""
    Pass PASS_TYPE_UNKNOWN "cmk_type_unknown": "the volumes are encrypted with a customer managed key; whether every instance type is without local NVMe storage, which no key covers, is not known of a type that this release does not know"; ""
    Pass SERVERLESS_KEY "cmk_serverless": "a customer managed key is named, as the settings require; of serverless inference it encrypts the container image, there is no storage volume"; ""
    Fail NO_KEY "no_key": "the configuration has no KmsKeyId, so the volume is encrypted with a transient key that the customer can neither see nor control"; "create a configuration with KmsKeyId set to the ARN of a customer managed key and move the endpoint to it (UpdateEndpoint); a configuration cannot be changed"
    Fail AWS_MANAGED "aws_managed": "the key is managed by AWS: the customer cannot restrict, rotate or destroy it"; "create a configuration with the ARN of a customer managed key and move the endpoint to it"
    Fail KEY_NOT_FOUND "key_not_found": "KMS does not know the key"; "create a configuration with the ARN of a key that exists; running instances keep their volume key in memory, the next scale-out fails"
    Fail REGULATED_LOCAL "regulated_local_nvme": "regulated data on local NVMe storage, which no KMS key covers"; "move to an instance type without local storage"
    Fail REGULATED_SERVERLESS "regulated_serverless": "regulated data on serverless inference, where the key covers the container image only"; "move to a real-time endpoint on an instance type without local storage"
    NotApplicable LOCAL_NO_KEY "local_nvme_no_key": "every instance type has local NVMe storage, which no KMS key covers; the configuration has no key"; ""
    NotApplicable LOCAL_KEY "local_nvme_key_does_not_cover": "every instance type has local NVMe storage, which the configuration's key does not cover"; ""
    NotApplicable SERVERLESS "serverless_image_only": "serverless inference has no volume of the customer's; a key covers the container image only"; ""
    Unknown TYPE_UNKNOWN "instance_type_unknown": "whether an instance type has local storage is not known to this release"; "update sagelock, or say which type it is in an issue"
}

/// The reasons a volume is judged by.
pub(super) const VOLUME_REASONS: &[&Reason] = &[
    &CUSTOMER_KEY,
    &PARTIAL,
    &PASS_TYPE_UNKNOWN,
    &SERVERLESS_KEY,
    &NO_KEY,
    &AWS_MANAGED,
    &KEY_NOT_FOUND,
    &REGULATED_LOCAL,
    &REGULATED_SERVERLESS,
    &LOCAL_NO_KEY,
    &LOCAL_KEY,
    &SERVERLESS,
    &TYPE_UNKNOWN,
];

/// The reason for which a volume is unknown whatever its key is.
pub(super) const VOLUME_UNKNOWN: &Reason = &TYPE_UNKNOWN;

/// What a variant runs on, as far as a key is concerned.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Storage {
    Volume,
    Local,
    Serverless,
    Unknown,
}

/// Judges the volume of one configuration.
pub(super) fn judge_volume(
    facts: &ConfigFacts,
    source: &Source,
    cell: &CellId,
    keys: &Keys,
    data_class: &Fact<String>,
    settings: &Settings,
) -> Judgement {
    let storages = storages(facts);
    let spelled = facts.volume_key.as_ref().map_or("absent", KeyRef::as_str);
    let judge = |regulated: bool| {
        // The types that are not in the table may have local storage or not. Where that makes
        // no difference, it need not be known.
        let as_volume = judge_storages(
            &settle(&storages, Storage::Volume),
            facts,
            cell,
            keys,
            regulated,
            settings,
        );
        let as_local = judge_storages(
            &settle(&storages, Storage::Local),
            facts,
            cell,
            keys,
            regulated,
            settings,
        );
        if as_volume.verdict() == as_local.verdict() {
            match as_volume.verdict() {
                // Which of the two passes it is depends on the type.
                Verdict::Pass if as_volume.reason != as_local.reason => {
                    let (reason, message) = (&PASS_TYPE_UNKNOWN, PASS_TYPE_UNKNOWN.says.into());
                    Judgement {
                        reason,
                        message,
                        ..as_volume
                    }
                }
                Verdict::Pass | Verdict::NotApplicable | Verdict::Unknown | Verdict::Fail => {
                    as_volume
                }
            }
        } else {
            Judgement::new(&TYPE_UNKNOWN)
        }
    };
    let judgement = match data_class {
        Fact::Known(class) => judge(settings.is_regulated(class)),
        Fact::Unknown(_) if settings.regulated.is_empty() => judge(false),
        Fact::Unknown(gap) => {
            let (lenient, strict) = (judge(false), judge(true));
            if lenient.verdict() == strict.verdict() {
                lenient
            } else {
                Judgement::unknown(gap)
            }
        }
    };
    let shown = facts
        .variants
        .iter()
        .map(show_variant)
        .collect::<Vec<_>>()
        .join(", ");
    let judgement = judgement
        .given(Evidence::new("ProductionVariants", shown, source))
        .given(Evidence::new("KmsKeyId", spelled, source));
    match &facts.volume_key {
        Some(key) => judgement.about_key(key.as_str()),
        None => judgement,
    }
}

fn storages(facts: &ConfigFacts) -> Vec<Storage> {
    let of = |variant: &Variant| match &variant.placement {
        Placement::Serverless => vec![Storage::Serverless],
        Placement::Instances(types) if types.is_empty() => vec![Storage::Unknown],
        Placement::Instances(types) => types
            .iter()
            .map(|instance| match has_local_storage(instance) {
                None => Storage::Unknown,
                Some(true) => Storage::Local,
                Some(false) => Storage::Volume,
            })
            .collect(),
    };
    let storages: Vec<Storage> = facts.variants.iter().flat_map(of).collect();
    if storages.is_empty() {
        vec![Storage::Unknown]
    } else {
        storages
    }
}

fn settle(storages: &[Storage], unknown: Storage) -> Vec<Storage> {
    let settle = |storage: &Storage| match storage {
        Storage::Unknown => unknown,
        Storage::Volume | Storage::Local | Storage::Serverless => *storage,
    };
    storages.iter().map(settle).collect()
}

fn judge_storages(
    storages: &[Storage],
    facts: &ConfigFacts,
    cell: &CellId,
    keys: &Keys,
    regulated: bool,
    settings: &Settings,
) -> Judgement {
    let has = |storage: Storage| storages.contains(&storage);
    let serverless_needs_key = settings.serverless == Serverless::RequiresKey;
    let needs_key = has(Storage::Volume) || (serverless_needs_key && has(Storage::Serverless));
    let mut judgements = Vec::new();
    if needs_key {
        let under = match (has(Storage::Volume), has(Storage::Local)) {
            (false, _) => &SERVERLESS_KEY,
            (true, true) => &PARTIAL,
            (true, false) => &CUSTOMER_KEY,
        };
        judgements.push(judge_key(facts, cell, keys, under));
    }
    if has(Storage::Local) {
        judgements.push(Judgement::new(match (regulated, &facts.volume_key) {
            (true, _) => &REGULATED_LOCAL,
            (false, None) => &LOCAL_NO_KEY,
            (false, Some(_)) => &LOCAL_KEY,
        }));
    }
    if has(Storage::Serverless) && regulated {
        judgements.push(Judgement::new(&REGULATED_SERVERLESS));
    } else if has(Storage::Serverless) && !serverless_needs_key {
        judgements.push(Judgement::new(&SERVERLESS));
    }
    crate::rules::subject::worst(judgements).unwrap_or_else(|| Judgement::new(&TYPE_UNKNOWN))
}

fn judge_key(facts: &ConfigFacts, cell: &CellId, keys: &Keys, under: &'static Reason) -> Judgement {
    let Some(reference) = &facts.volume_key else {
        return Judgement::new(&NO_KEY);
    };
    let (key, evidence) = find_key(keys, cell, reference);
    let judgement = match key {
        Found::Customer(..) => Judgement::new(under),
        Found::Aws => Judgement::new(&AWS_MANAGED).saying(format!(
            "{reference} is managed by AWS, not by the customer"
        )),
        Found::NotFound => {
            Judgement::new(&KEY_NOT_FOUND).saying(format!("KMS does not know the key {reference}"))
        }
        Found::Unknown(why) => key_unknown(&why),
    };
    evidence.into_iter().rev().fold(judgement, Judgement::given)
}

fn show_variant(variant: &Variant) -> String {
    let on = match &variant.placement {
        Placement::Serverless => "serverless".to_owned(),
        Placement::Instances(types) if types.is_empty() => "no instance type".to_owned(),
        Placement::Instances(types) => types
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("|"),
    };
    let shadow = if variant.shadow { " (shadow)" } else { "" };
    format!("{}{shadow}: {on}", variant.name)
}
