//! How often each operation was asked for, where, and how it ended: what a server knows of its
//! clients.

use std::collections::BTreeMap;

use super::Ctx;
use crate::service::Service;
use crate::table::Operation;

/// The requests for one operation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// All that came, whatever became of them.
    pub requests: u64,
    /// Those that were answered with the service's throttle.
    pub throttled: u64,
    /// Those that were answered with another error.
    pub refused: u64,
    /// Those that got no whole answer: none at all, half of one, or one that is not AWS's.
    pub lost: u64,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// With what was asked for.
    Answered,
    /// With a throttle.
    Throttled,
    /// With another error.
    Refused,
    /// Without a whole answer.
    Lost,
}

/// An operation, as a key: its service and its name.
pub type OperationId = (Service, &'static str);

type OfRegion = BTreeMap<OperationId, Tally>;
type OfAccount = BTreeMap<String, OfRegion>;

/// Tallies by account, region and operation. The account is the caller's own.
#[derive(Debug, Default)]
pub struct Tallies {
    accounts: BTreeMap<String, OfAccount>,
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.requests += other.requests;
        self.throttled += other.throttled;
        self.refused += other.refused;
        self.lost += other.lost;
    }
}

impl Tallies {
    pub(super) fn count(&mut self, ctx: &Ctx, row: &Operation, ending: Ending) {
        // Looked up before it is inserted: a text is made once for each account and region.
        if !self.accounts.contains_key(&ctx.account) {
            self.accounts
                .insert(ctx.account.clone(), OfAccount::default());
        }
        let Some(account) = self.accounts.get_mut(&ctx.account) else {
            return;
        };
        if !account.contains_key(&ctx.region) {
            account.insert(ctx.region.clone(), OfRegion::default());
        }
        let Some(region) = account.get_mut(&ctx.region) else {
            return;
        };
        let tally = region.entry((row.service, row.name)).or_default();
        tally.requests += 1;
        match ending {
            Ending::Answered => {}
            Ending::Throttled => tally.throttled += 1,
            Ending::Refused => tally.refused += 1,
            Ending::Lost => tally.lost += 1,
        }
    }

    /// Every tally, with its account, its region and its operation, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str, OperationId, Tally)> {
        self.accounts.iter().flat_map(|(account, regions)| {
            regions.iter().flat_map(move |(region, tallies)| {
                tallies
                    .iter()
                    .map(move |(id, tally)| (account.as_str(), region.as_str(), *id, *tally))
            })
        })
    }

    /// The tallies of all accounts and regions together.
    #[must_use]
    pub fn by_operation(&self) -> BTreeMap<OperationId, Tally> {
        let mut sums: BTreeMap<OperationId, Tally> = BTreeMap::new();
        for (_, _, id, tally) in self.iter() {
            sums.entry(id).or_default().add(tally);
        }
        sums
    }

    /// Everything together.
    #[must_use]
    pub fn total(&self) -> Tally {
        let mut sum = Tally::default();
        for (_, _, _, tally) in self.iter() {
            sum.add(tally);
        }
        sum
    }
}
