//! What a rule is shown that asks about one endpoint among all: when every account and region was
//! looked at.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use super::subject::{EndpointView, Found, key_unknown};
use super::verdict::{Evidence, Judgement, Reason, Verdict, reasons};
use crate::access::{Audited, Reach};
use crate::fact::Fact;
use crate::ids::KeyArn;
use crate::isolation::Matrix;
use crate::settings::Settings;
use crate::why::Why;

reasons! {
    NotApplicable NO_CUSTOMER_KEY "no_customer_key": "EP-001 finds no customer managed key to look at"; ""
    Unknown USES_UNKNOWN "uses_not_all_known": "who uses the key may not be all that is known"; "see the gaps of the report: each names the call that failed, and why"
    Pass WAITS "waits": "it depends on all others"; ""
}

/// The reasons of every rule about the key of an endpoint's volumes among all endpoints.
pub(in crate::rules) const LATE_REASONS: &[&Reason] = &[&NO_CUSTOMER_KEY];
/// The reason where the uses of a key may not be all.
pub(in crate::rules) const USES_REASONS: &[&Reason] = &[&USES_UNKNOWN];

/// A key among all.
#[derive(Clone, Debug)]
pub struct Among {
    /// How many live endpoints use it.
    pub endpoints: usize,
    /// Why there may be more, in the accounts that can use it.
    pub uses_gap: Option<Why>,
    /// The accounts that can.
    pub reach: Reach,
    /// That all of them were audited.
    pub basis: Result<Audited, Why>,
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
    pub isolation: Option<&'a Matrix>,
    /// What the user decided.
    pub settings: &'a Settings,
}

impl<'a> LateView<'a> {
    /// The endpoint's keys.
    pub(in crate::rules) fn own_keys(&self) -> impl Iterator<Item = (&'a KeyArn, &'a Among)> {
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
            Found::Unknown(why) => key_unknown(&why),
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
pub(in crate::rules) fn uses_unknown(why: &Why) -> Judgement {
    Judgement::because(&USES_UNKNOWN, why)
}
