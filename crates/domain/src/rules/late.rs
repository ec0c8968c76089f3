//! What a rule is shown that asks about one endpoint among all: when every account and region was
//! looked at.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use super::subject::{EndpointView, Found, UsesGap};
use super::verdict::{Evidence, Judgement, Reason, Verdict, reasons};
use crate::access::Reach;
use crate::fact::Fact;
use crate::ids::{AccountId, KeyArn};
use crate::isolation::Matrix;
use crate::settings::Settings;

reasons! {
    NotApplicable NO_CUSTOMER_KEY "no_customer_key": "EP-001 finds no customer managed key to look at"; ""
    Unknown USES_UNKNOWN "uses_not_all_known": "who uses the key may not be all that is known"; "see what could not be read: `sagelock doctor` says which permission is missing"
    Pass WAITS "waits": "it depends on all others"; ""
}

/// The reasons of every rule about the key of an endpoint's volumes among all endpoints.
pub(super) const LATE_REASONS: &[&Reason] = &[&NO_CUSTOMER_KEY];
/// The reason where the uses of a key may not be all.
pub(super) const USES_REASONS: &[&Reason] = &[&USES_UNKNOWN];

/// Who can use which key, proved for all tenants.
#[derive(Clone, Debug)]
pub struct Isolation {
    /// The answers.
    pub matrix: Matrix,
    /// Accounts of which not everything was read that an answer rests on.
    pub unread: BTreeSet<AccountId>,
    /// Accounts of which regions were left out: endpoints there make roles a tenant's as well.
    pub left_out: BTreeSet<AccountId>,
}

/// A key among all.
#[derive(Clone, Debug)]
pub struct Among {
    /// How many live endpoints use it.
    pub endpoints: usize,
    /// Why there may be more, in the accounts that can use it.
    pub uses_gap: Option<UsesGap>,
    /// The accounts that can.
    pub reach: Reach,
    /// Why accounts that were not looked at may be among them.
    pub unaudited: Option<String>,
}

/// An endpoint, and what is known of all.
pub struct LateView<'a> {
    /// The endpoint's keys.
    pub waits: &'a Waits,
    /// Whose the endpoint is; `None` within: no tag says it.
    pub tenant: &'a Fact<Option<String>>,
    /// Keys, the endpoint's among them.
    pub keys: &'a BTreeMap<KeyArn, Among>,
    /// Who can use which key, where that was asked.
    pub isolation: Option<&'a Isolation>,
    /// What the user decided.
    pub settings: &'a Settings,
}

impl<'a> LateView<'a> {
    /// The endpoint's keys.
    pub(super) fn own_keys(&self) -> impl Iterator<Item = (&'a KeyArn, &'a Among)> {
        let keys = self.waits.keys.iter();
        keys.filter_map(|key| self.keys.get_key_value(key))
    }
}

/// What is said of an endpoint at once.
pub enum Early {
    /// The judgement.
    Judged(Judgement),
    /// These keys are to be looked at among all.
    Waits(Waits),
}

/// Keys that are to be looked at among all.
pub struct Waits {
    /// The customer managed keys of its volumes.
    pub keys: Vec<KeyArn>,
    /// The facts found so far.
    pub evidence: Vec<Evidence>,
    /// The key, as its configuration spells it.
    pub key: Option<String>,
    /// Why there may be others; then only a fail is certain.
    pub unless_failed: Option<Box<Judgement>>,
}

/// The customer managed keys of an endpoint's volumes, or the judgement that there is nothing to wait
/// for.
pub(crate) fn volume_keys(view: &EndpointView<'_>) -> Early {
    let keys = RefCell::new(BTreeSet::new());
    let judgement = view.each_config(|_, facts| {
        let Some(reference) = &facts.volume_key else {
            return Judgement::new(&NO_CUSTOMER_KEY);
        };
        let (found, evidence) = view.key(reference);
        let judgement = match found {
            Found::Aws | Found::NotFound => Judgement::new(&NO_CUSTOMER_KEY),
            Found::Customer(key, _) => {
                keys.borrow_mut().insert(key.arn.clone());
                Judgement::new(&WAITS)
            }
            Found::Unknown(why) => why.judge(),
        };
        let judgement = judgement.about_key(reference.as_str());
        evidence.into_iter().rev().fold(judgement, Judgement::given)
    });
    let keys = keys.into_inner();
    if keys.is_empty() {
        return Early::Judged(judgement);
    }
    Early::Waits(Waits {
        keys: keys.into_iter().collect(),
        evidence: judgement.evidence.clone(),
        key: judgement.key.clone(),
        unless_failed: (judgement.verdict() == Verdict::Unknown).then(|| Box::new(judgement)),
    })
}

/// The judgement that the uses of a key may not be all.
pub(super) fn uses_unknown(why: &UsesGap) -> Judgement {
    match why {
        UsesGap::Gap(gap) => Judgement::unknown(gap),
        UsesGap::Said(said) => Judgement::new(&USES_UNKNOWN).saying(said.clone()),
    }
}
