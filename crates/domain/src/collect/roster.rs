//! The accounts of a scope: each is entered, through its role, and its regions found out, before
//! anything in it is looked at.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::scope::{Access, Entry, Regions, Scope};
use super::{Address, Answer};
use crate::call::{Call, Op, input, view};
use crate::fact::{Gap, GapReason};
use crate::ids::{AccountId, Arn, Region};
use crate::inventory::CellId;

/// A question about an account.
#[derive(Clone, Debug)]
pub(super) enum AccountAsk {
    /// Its role.
    Role(usize),
    /// Whose credentials these are.
    Identity(usize),
    /// Its regions.
    Regions(usize),
}

/// What an answer leads to.
pub(super) enum Entered {
    /// A further question.
    Ask(AccountAsk),
    /// It is entered, and has these cells.
    In(AccountId, Vec<CellId>, Vec<Gap>),
    /// It cannot be entered.
    Out(AccountId, Gap),
}

/// Where an account stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// Nobody has knocked.
    Waiting,
    /// It is being entered.
    Entering,
    /// It can be asked.
    In,
    /// It cannot be entered.
    Out,
}

/// The accounts of a scope.
#[derive(Debug)]
pub(super) struct Roster {
    /// Who assumes roles, and where.
    home: Address,
    entries: Vec<Entry>,
    waiting: VecDeque<usize>,
    /// Those that nobody enters unless something of them is asked for.
    aside: VecDeque<usize>,
    standing: BTreeMap<AccountId, Standing>,
    entering: usize,
    off: BTreeSet<(AccountId, Region)>,
}

impl Roster {
    pub(super) fn new(scope: &Scope) -> Self {
        Self {
            home: Address {
                account: scope.account.clone(),
                region: scope.home.clone(),
            },
            entries: scope.entries.clone(),
            waiting: (0..scope.entries.len()).collect(),
            aside: VecDeque::new(),
            standing: scope
                .accounts()
                .map(|account| (account.clone(), Standing::Waiting))
                .collect(),
            entering: 0,
            off: BTreeSet::new(),
        }
    }

    /// Leaves all accounts but one aside.
    pub(super) fn wait_for(&mut self, account: &AccountId) {
        let is_meant = |index: &usize| {
            let entry = self.entries.get(*index);
            entry.is_some_and(|entry| entry.account == *account)
        };
        let all = std::mem::take(&mut self.waiting).into_iter();
        let (waiting, aside): (Vec<usize>, Vec<usize>) = all.partition(is_meant);
        self.waiting = waiting.into();
        self.aside.extend(aside);
    }

    /// Where an account stands; one that is not in scope is asked with what there is.
    pub(super) fn standing(&self, account: &AccountId) -> Standing {
        self.standing.get(account).copied().unwrap_or(Standing::In)
    }

    /// How many nobody has entered yet.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Whether an account is being entered.
    pub(super) fn is_entering(&self) -> bool {
        self.entering > 0
    }

    fn stands(&mut self, account: &AccountId, standing: Standing) {
        let before = self.standing.insert(account.clone(), standing);
        if before == Some(Standing::Entering) {
            self.entering -= 1;
        }
        if standing == Standing::Entering {
            self.entering += 1;
        }
    }

    /// Regions that were named and that an account has not enabled.
    pub(super) fn off(&self) -> &BTreeSet<(AccountId, Region)> {
        &self.off
    }

    /// Enters the next account.
    pub(super) fn enter_next(&mut self) -> Option<Entered> {
        let index = self.waiting.pop_front()?;
        self.enter(index)
    }

    /// Enters this account before the others, because something of it is asked for.
    pub(super) fn enter_now(&mut self, account: &AccountId) -> Option<Entered> {
        let is_it = |index: &usize| {
            let entry = self.entries.get(*index);
            entry.is_some_and(|entry| entry.account == *account)
        };
        let lists = [&mut self.waiting, &mut self.aside];
        let index = lists.into_iter().find_map(|list| {
            let place = list.iter().position(is_it)?;
            list.remove(place)
        })?;
        self.enter(index)
    }

    fn enter(&mut self, index: usize) -> Option<Entered> {
        let entry = self.entries.get(index)?;
        let account = entry.account.clone();
        let ask = match entry.access {
            Access::Own => return Some(self.choose(index)),
            Access::Role(_) => AccountAsk::Role(index),
            Access::Profile(_) => AccountAsk::Identity(index),
        };
        self.stands(&account, Standing::Entering);
        Some(Entered::Ask(ask))
    }

    /// The credentials are there: on to the regions.
    fn choose(&mut self, index: usize) -> Entered {
        let Some(entry) = self.entries.get(index) else {
            return Entered::Ask(AccountAsk::Regions(index));
        };
        let account = entry.account.clone();
        match entry.regions.clone() {
            Regions::Known(regions) => {
                let cells = cells(&account, &regions);
                self.stands(&account, Standing::In);
                Entered::In(account, cells, Vec::new())
            }
            Regions::Enabled(_) => {
                self.stands(&account, Standing::Entering);
                Entered::Ask(AccountAsk::Regions(index))
            }
        }
    }

    /// The call that asks it, and where.
    pub(super) fn call(&self, ask: &AccountAsk) -> (Address, Call) {
        let at = |index: usize| {
            let entry = self.entries.get(index);
            entry.map_or_else(|| self.home.clone(), Entry::address)
        };
        match ask {
            AccountAsk::Role(index) => {
                let role_arn = match self.entries.get(*index).map(|entry| &entry.access) {
                    Some(Access::Role(arn)) => arn.clone(),
                    Some(Access::Own | Access::Profile(_)) | None => String::new(),
                };
                let role_session_name = SESSION_NAME.to_owned();
                let call = input::AssumeRole {
                    role_arn,
                    role_session_name,
                };
                (self.home.clone(), call.into())
            }
            AccountAsk::Identity(index) => (at(*index), input::GetCallerIdentity {}.into()),
            AccountAsk::Regions(index) => {
                let call = input::DescribeRegions { all_regions: true };
                (at(*index), call.into())
            }
        }
    }

    /// What it is about, for a gap.
    pub(super) fn subject(&self, ask: &AccountAsk) -> String {
        match ask {
            AccountAsk::Role(index) => match self.entries.get(*index).map(|entry| &entry.access) {
                Some(Access::Role(arn)) => arn.clone(),
                Some(Access::Own | Access::Profile(_)) | None => String::new(),
            },
            AccountAsk::Identity(index) => {
                match self.entries.get(*index).map(|entry| &entry.access) {
                    Some(Access::Profile(name)) => format!("profile {name}"),
                    Some(Access::Own | Access::Role(_)) | None => String::new(),
                }
            }
            AccountAsk::Regions(_) => String::new(),
        }
    }

    /// Takes an answer.
    pub(super) fn on_answer(&mut self, ask: AccountAsk, answer: Answer) -> Entered {
        let (AccountAsk::Role(index) | AccountAsk::Identity(index) | AccountAsk::Regions(index)) =
            ask;
        let Some(entry) = self.entries.get(index).cloned() else {
            return Entered::Ask(ask);
        };
        match ask {
            AccountAsk::Role(_) => {
                let gap = Self::gap(&entry, Op::AssumeRole);
                let (_, viewed) = answer.view::<view::AssumeRole>(&gap);
                // The account that could not be entered is the one the gap is about.
                match viewed {
                    Err(failure) => self.refuse(Gap {
                        account: entry.account,
                        ..failure.gap
                    }),
                    Ok(view) => {
                        let arn = view.assume_role_result.assumed_role_user.arn;
                        let of = arn.parse::<Arn>().ok();
                        if of.is_some_and(|arn| arn.account() == entry.account.as_str()) {
                            return self.choose(index);
                        }
                        self.refuse(Gap {
                            reason: GapReason::Credentials,
                            subject: self.subject(&ask),
                            said: format!("the session is {arn}, not of {}", entry.account),
                            ..gap()
                        })
                    }
                }
            }
            AccountAsk::Identity(_) => {
                let gap = Self::gap(&entry, Op::GetCallerIdentity);
                let subject = self.subject(&ask);
                let (_, viewed) = answer.view::<view::GetCallerIdentity>(&gap);
                match viewed {
                    Err(failure) => self.refuse(failure.gap),
                    Ok(view) if view.get_caller_identity_result.account != entry.account => {
                        let found = view.get_caller_identity_result.account;
                        let account = &entry.account;
                        let said = format!("the credentials are of {found}, not of {account}");
                        let reason = GapReason::Credentials;
                        self.refuse(Gap {
                            reason,
                            subject,
                            said,
                            ..gap()
                        })
                    }
                    Ok(_) => self.choose(index),
                }
            }
            AccountAsk::Regions(_) => self.on_regions(&entry, answer),
        }
    }

    fn on_regions(&mut self, entry: &Entry, answer: Answer) -> Entered {
        let gap = Self::gap(entry, Op::DescribeRegions);
        let (_, viewed) = answer.view::<view::DescribeRegions>(gap);
        let account = entry.account.clone();
        let named = match &entry.regions {
            Regions::Known(named) | Regions::Enabled(named) => named,
        };
        let (regions, gaps) = match viewed {
            Ok(view) => {
                let (on, off) = view.enabled();
                let missing = named.iter().filter(|region| off.contains(region));
                let missing = missing.map(|region| (account.clone(), region.clone()));
                self.off.extend(missing);
                let regions = if named.is_empty() {
                    on
                } else {
                    let wanted = named.iter().filter(|region| !off.contains(region));
                    wanted.cloned().collect()
                };
                (regions, Vec::new())
            }
            Err(failure) if named.is_empty() => return self.refuse(failure.gap),
            // What was named is looked at; a region that is off will refuse.
            Err(failure) => (named.clone(), vec![failure.gap]),
        };
        self.stands(&account, Standing::In);
        let cells = cells(&account, &regions);
        Entered::In(account, cells, gaps)
    }

    fn refuse(&mut self, gap: Gap) -> Entered {
        self.stands(&gap.account, Standing::Out);
        Entered::Out(gap.account.clone(), gap)
    }

    fn gap(entry: &Entry, call: Op) -> impl Fn() -> Gap + use<> {
        let address = entry.address();
        move || Gap::malformed(call, &address.account, &address.region, "")
    }
}

/// What CloudTrail shows of our sessions (STS API, AssumeRole, `RoleSessionName`).
const SESSION_NAME: &str = "sagelock";

fn cells(account: &AccountId, regions: &[Region]) -> Vec<CellId> {
    let cell = |region: &Region| CellId {
        account: account.clone(),
        region: region.clone(),
    };
    regions.iter().map(cell).collect()
}
