//! What every rule about a key's policy begins with: was it read, and is it one?

use super::key_of::customer;
use crate::access::KeyAccess;
use crate::few::Few;
use crate::inventory::KeyFacts;
use crate::rules::subject::KeyView;
use crate::rules::verdict::{Evidence, Judgement, Reason, reasons};
use crate::why::Why;

reasons! {
    Unknown POLICY_FOREIGN "owner_account_not_read": "KMS gives a key's policy and grants to its own account only, and that account was not audited"; "audit the account that owns the key"
    Unknown POLICY_MALFORMED "policy_malformed": "the key policy is not one that this release can read"; "report this: KMS takes no malformed policy"
}

/// The reasons of every rule about a key's policy or grants.
pub(super) const POLICY_REASONS: &[&Reason] = &[&POLICY_FOREIGN, &POLICY_MALFORMED];

/// Judges a customer managed key whose policy and grants were read.
pub(super) fn by_policy(
    view: &KeyView<'_>,
    judge: impl FnOnce(&KeyFacts, &KeyAccess) -> Judgement,
) -> Judgement {
    customer(view, |facts| {
        let access = match view.access {
            Ok(access) => access,
            Err(Why::OwnerNotAudited) => return Judgement::new(&POLICY_FOREIGN),
            Err(why) => return Judgement::because(&POLICY_MALFORMED, why),
        };
        let judgement = judge(facts, access);
        let grants = view.key.grants.as_ref();
        let grants = grants.and_then(|read| Some((read.fact.known()?.len(), &read.source)));
        let judgement = match grants {
            Some((count, source)) => {
                judgement.given(Evidence::new("Grants", count.to_string(), source))
            }
            None => judgement,
        };
        match &view.key.policy {
            Some(read) => {
                let length = read.fact.known().map_or(0, |policy| policy.text().len());
                let value = format!("{length} bytes");
                judgement.given(Evidence::new("Policy", value, &read.source))
            }
            None => judgement,
        }
    })
}

/// A list of texts, its first few, and how many more there are.
pub(super) fn listed(texts: &[String]) -> String {
    texts.iter().cloned().collect::<Few>().to_string()
}
