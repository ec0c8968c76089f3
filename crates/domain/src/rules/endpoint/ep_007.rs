//! The endpoint's key belongs to an allowed account and lives in the endpoint's region.
//!
//! A key of a stranger can be taken away by a stranger. Allowed are the audited account itself,
//! always, and the accounts listed under `keys.allowed_accounts`; where none are listed, the other
//! accounts of its organisation. The owner and the region are read from the ARN of the key or of
//! the alias, so the question can be answered even where the key itself may not be read.
//!
//! A multi-Region key has its key material in every Region that it was replicated to (KMS Developer Guide,
//! "Multi-Region keys in AWS KMS"). Where `keys.allowed_regions` names Regions, the key and each of its
//! replicas have to be in one of these.

use std::collections::BTreeSet;

use crate::call::Op;
use crate::fact::Source;
use crate::ids::{AccountId, KeyRef, Region};
use crate::inventory::{KeyFacts, Membership, Resolved};
use crate::rules::rule::{Check, Rule, always};
use crate::rules::subject::{
    CONFIG_REASONS, EndpointView, Found, KEY_REASONS, LIVE_REASONS, key_unknown,
};
use crate::rules::verdict::{Evidence, Judgement, Verdict, known, reasons};
use crate::severity::Severity;
use crate::why::Why;

reasons! {
    Pass OWN "own_account": "the key belongs to the endpoint's own account"; ""
    Pass ALLOWED "allowed_account": "the key belongs to an account that is allowed"; ""
    Pass MEMBER "own_organization": "the key belongs to an account of the own organisation"; ""
    Fail OTHER_REGION "key_other_region": "the key lives in another region than the endpoint"; "move the endpoint to a key of its own region"
    Fail NOT_ALLOWED "account_not_allowed": "the key belongs to an account that is not listed under `keys.allowed_accounts`"; "move the endpoint to a key of an allowed account, or list the account"
    Fail STRANGER "outside_organization": "the key belongs to an account outside the own organisation"; "move the endpoint to a key of the own organisation, or list the account under `keys.allowed_accounts`"
    Fail FOREIGN "foreign_account": "the key belongs to another account, and the endpoint's account is in no organisation"; "move the endpoint to a key of its own account, or list the account under `keys.allowed_accounts`"
    Fail REGION_NOT_ALLOWED "region_not_allowed": "the key material is in a Region that is not listed under `keys.allowed_regions`"; "schedule the deletion of the replica there (kms:ScheduleKeyDeletion) once nothing uses it, move the endpoint to another key, or list the Region"
    Unknown REPLICAS "replicas_not_told": "the key is a multi-Region key, and KMS did not report where its replicas are"; "run the command again; if the problem persists, check MultiRegionConfiguration in the output of `aws kms describe-key`"
    Unknown OTHER_ORGANIZATION "other_organization_asked": "the endpoint's account is not known to be of the organisation that was asked about the key's owner"; "audit from the organisation of the endpoint's account, or list the accounts whose keys may be used under `keys.allowed_accounts`"
    NotApplicable NO_CUSTOMER_KEY "no_customer_key": "EP-001 finds no customer managed key to look at"; ""
}

pub(in crate::rules) const RULE: Rule = Rule {
    id: "EP-007",
    title: "the endpoint's key belongs to an allowed account and to its region",
    severity: Severity::High,
    source: "KMS API, DescribeKey, Arn; Organizations API, DescribeAccount",
    compliance: &[
        "NIST 800-53 r5 SC-12",
        "ISO 27001:2022 A.8.24",
        "GDPR Art. 32",
    ],
    needs: &[
        Op::ListEndpoints,
        Op::DescribeEndpoint,
        Op::DescribeEndpointConfig,
        Op::ListAliases,
        Op::DescribeKey,
        Op::DescribeAccount,
    ],
    data: &[],
    configured: always,
    reasons: &[
        LIVE_REASONS,
        CONFIG_REASONS,
        KEY_REASONS,
        &[
            &OWN,
            &ALLOWED,
            &MEMBER,
            &OTHER_REGION,
            &NOT_ALLOWED,
            &STRANGER,
            &FOREIGN,
            &REGION_NOT_ALLOWED,
            &REPLICAS,
            &OTHER_ORGANIZATION,
            &NO_CUSTOMER_KEY,
        ],
    ],
    file: include_str!("ep_007.rs"),
    check: Check::Endpoint(check),
};

fn check(view: &EndpointView<'_>) -> Judgement {
    view.each_config(|_, facts| {
        let Some(reference) = &facts.volume_key else {
            return Judgement::new(&NO_CUSTOMER_KEY);
        };
        let judgement = match view.key(reference).0 {
            Found::Aws | Found::NotFound => Judgement::new(&NO_CUSTOMER_KEY),
            Found::Customer(key, facts) => {
                let place = (key.arn.account(), key.arn.region());
                let source = &key.described.source;
                let owner = judge_owner(view, &place, key.arn.as_str(), source);
                match (
                    owner.verdict(),
                    judge_regions(view, &place.1, facts, source),
                ) {
                    // A key that fails for its owner fails anyway.
                    (Verdict::Pass | Verdict::Unknown, Some(regions))
                        if regions.verdict() == Verdict::Fail
                            || owner.verdict() == Verdict::Pass =>
                    {
                        regions.given(Evidence::new("Key", key.arn.as_str(), source))
                    }
                    _ => owner,
                }
            }
            // A key that cannot be read may be AWS's own, unless it is of another account or
            // region: those of AWS cannot be shared (KMS Developer Guide, "AWS managed keys").
            Found::Unknown(why) => match place_of(view, reference) {
                Some((place, source)) if is_foreign(view, &place) => {
                    judge_owner(view, &place, reference.as_str(), source)
                }
                Some(_) | None => key_unknown(&why),
            },
        };
        judgement.about_key(reference.as_str())
    })
}

/// Where its key material is, if that is anybody's business; `None` where nothing is wrong with it.
fn judge_regions(
    view: &EndpointView<'_>,
    home: &Region,
    facts: &KeyFacts,
    source: &Source,
) -> Option<Judgement> {
    let allowed = &view.settings.allowed_regions;
    if allowed.is_empty() {
        return None;
    }
    if facts.multi_region && facts.regions.is_none() {
        return Some(Judgement::new(&REPLICAS));
    }
    let all = facts.regions.iter().flatten().chain([home]);
    let outside: BTreeSet<&str> = all
        .filter(|region| !allowed.contains(*region))
        .map(Region::as_str)
        .collect();
    if outside.is_empty() {
        return None;
    }
    let names: Vec<&str> = outside.into_iter().collect();
    let names = names.join(", ");
    let message =
        format!("the key material is in {names}, which `keys.allowed_regions` does not list");
    let evidence = Evidence::new("MultiRegionConfiguration", names, source);
    Some(
        Judgement::new(&REGION_NOT_ALLOWED)
            .saying(message)
            .given(evidence),
    )
}

/// Owner and region.
type Place = (AccountId, Region);

/// Where the key behind a reference lives, where that is known although the key cannot be read:
/// by its ARN, or by the reference itself. An alias means a key of its own account and region
/// (KMS Developer Guide, "Aliases").
fn place_of<'a>(view: &EndpointView<'a>, reference: &KeyRef) -> Option<(Place, &'a Source)> {
    let id = (view.cell.id.clone(), reference.as_str().to_owned());
    let read = view.keys.resolved.get(&id)?;
    let place = match read.fact.known() {
        Some(Resolved::Key(arn)) => Some((arn.account(), arn.region())),
        Some(Resolved::OtherPartition) | None => reference.place(),
        Some(Resolved::AwsManagedAlias | Resolved::NotFound) => None,
    };
    Some((place?, &read.source))
}

fn is_foreign(view: &EndpointView<'_>, place: &Place) -> bool {
    place.0 != view.cell.id.account || place.1 != view.cell.id.region
}

fn judge_owner(
    view: &EndpointView<'_>,
    (owner, region): &Place,
    key: &str,
    source: &Source,
) -> Judgement {
    let of_key = Evidence::new("Key", key, source);
    if *region != view.cell.id.region {
        let message = format!(
            "the key lives in {region}, the endpoint in {}",
            view.cell.id.region
        );
        return Judgement::new(&OTHER_REGION).saying(message).given(of_key);
    }
    if *owner == view.cell.id.account {
        return Judgement::new(&OWN).given(of_key);
    }
    let allowed = &view.settings.allowed_accounts;
    if !allowed.is_empty() {
        let reason = if allowed.contains(owner) {
            &ALLOWED
        } else {
            &NOT_ALLOWED
        };
        return Judgement::new(reason)
            .saying(format!("{}: {owner}", reason.says))
            .given(of_key);
    }
    let Some(read) = view.keys.own_organization.get(owner) else {
        return key_unknown(&Why::NotAsked).given(of_key);
    };
    let knows = view.keys.is_of_home(&view.cell.id.account);
    let reason = match known!(&read.fact) {
        Membership::Member | Membership::Stranger | Membership::NoOrganization if !knows => {
            &OTHER_ORGANIZATION
        }
        Membership::Member => &MEMBER,
        Membership::Stranger => &STRANGER,
        Membership::NoOrganization => &FOREIGN,
    };
    Judgement::new(reason)
        .saying(format!("{}: {owner}", reason.says))
        .given(Evidence::new("Account", owner.as_str(), &read.source))
        .given(of_key)
}
