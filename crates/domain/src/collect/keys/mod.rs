//! Which key a reference means, and what that key is: shared by all cells, so that one key is
//! asked about once however many configurations name it in however many spellings.

mod absent;
mod aliases;
mod described;
mod details;
mod members;
mod owner;
mod policies;
mod readers;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use members::Members;

use super::ask::KeyAsk;
use super::scope::{Extent, Scope};
use super::told::Told;
use super::{Answer, Failure};
use crate::call::{Op, Reply};
use crate::fact::{Fact, Gap, Read, Source};
use crate::ids::{AccountId, Arn, KeyArn, KeyRef, Partition, Region};
use crate::inventory::{CellId, KeyPolicy, Keys, Membership, Resolved};

/// A reference: the cell it was written in, and its text.
type RefId = (CellId, String);

/// What is known about keys and what is still asked.
#[derive(Debug)]
pub(super) struct KeyBook {
    keys: Keys,
    /// Who asks Organizations.
    home: AccountId,
    /// The accounts in scope: what is theirs is asked as them.
    accounts: BTreeSet<AccountId>,
    ask_organization: bool,
    /// Why Organizations is not asked any more.
    organization_denied: Option<Read<Membership>>,
    /// Aliases by cell: the key id behind each.
    aliases: BTreeMap<CellId, Aliases>,
    /// What was said to accounts that may not read a foreign key.
    denials: BTreeMap<KeyArn, Vec<Gap>>,
    /// Keys that KMS does not know.
    absent: BTreeMap<KeyArn, Source>,
    /// References about whose text KMS was asked.
    texts_asked: BTreeSet<RefId>,
    /// References that wait for the aliases of their cell.
    await_aliases: BTreeMap<CellId, Vec<(RefId, String)>>,
    /// References that wait for the description of a key.
    await_key: BTreeMap<KeyArn, Vec<RefId>>,
    /// Questions under way about a key that is described already.
    details: BTreeMap<KeyArn, usize>,
    /// Keys that wait for the aliases of a cell to be given their own.
    await_own_aliases: BTreeMap<CellId, Vec<KeyArn>>,
    /// The same keys.
    aliases_open: BTreeSet<KeyArn>,
    told: Told,
    members: Members,
    accounts_asked: BTreeSet<AccountId>,
    accounts_open: BTreeSet<AccountId>,
    organization_asked: bool,
    /// Key policies, each text once, and the accounts whose they are: most of an account's keys have
    /// the same.
    policies: BTreeMap<Arc<str>, (KeyPolicy, BTreeSet<AccountId>)>,
}

#[derive(Debug)]
enum Aliases {
    Asked,
    Listed(Read<BTreeMap<String, String>>),
}

type Outcome = super::answer::Outcome<KeyAsk>;

impl KeyBook {
    pub(super) fn new(scope: &Scope) -> Self {
        Self {
            keys: Keys {
                home: Some(scope.account.clone()),
                is_organization: scope.extent != Extent::Named,
                is_whole_organization: scope.extent == Extent::All,
                in_scope: scope.accounts().cloned().collect(),
                left_out: scope.left_out().cloned().collect(),
                ..Keys::default()
            },
            home: scope.account.clone(),
            accounts: scope.accounts().cloned().collect(),
            ask_organization: scope.ask_organization,
            organization_denied: None,
            aliases: BTreeMap::new(),
            denials: BTreeMap::new(),
            absent: BTreeMap::new(),
            texts_asked: BTreeSet::new(),
            await_aliases: BTreeMap::new(),
            await_key: BTreeMap::new(),
            details: BTreeMap::new(),
            await_own_aliases: BTreeMap::new(),
            aliases_open: BTreeSet::new(),
            told: Told::default(),
            members: Members::default(),
            accounts_asked: BTreeSet::new(),
            accounts_open: BTreeSet::new(),
            organization_asked: false,
            policies: BTreeMap::new(),
        }
    }

    /// Takes what the owners of foreign keys tell about them.
    pub(super) fn hear(&mut self, told: Told) {
        self.told = told;
    }

    /// The answer to a question, where the key's owner has told it.
    pub(super) fn told(&self, ask: &KeyAsk) -> Option<Reply> {
        self.told.answer(ask)
    }

    /// An account that cannot be entered is asked nothing more.
    pub(super) fn leave_out(&mut self, account: &AccountId) {
        self.accounts.remove(account);
    }

    /// Forgets which keys the references of a cell mean, but for those that are still needed.
    pub(super) fn forget_references(&mut self, cell: &CellId, is_needed: impl Fn(&RefId) -> bool) {
        let from = (cell.clone(), String::new());
        let of_cell = self.keys.resolved.range(from..).map(|(id, _)| id);
        let of_cell: Vec<RefId> = of_cell.take_while(|id| id.0 == *cell).cloned().collect();
        for id in of_cell.into_iter().filter(|id| !is_needed(id)) {
            self.texts_asked.remove(&id);
            self.keys.resolved.remove(&id);
        }
    }

    pub(super) fn keys(&self) -> &Keys {
        &self.keys
    }

    pub(super) fn into_keys(self) -> Keys {
        self.keys
    }

    /// Whether all that can be known about these references is known.
    pub(super) fn has_settled(&self, wanted: &BTreeSet<RefId>) -> bool {
        let is_asked = |id: &RefId| self.accounts_open.contains(&id.0.account);
        wanted.iter().all(|id| {
            !is_asked(id)
                && match self.keys.resolved.get(id).map(|read| &read.fact) {
                    None => false,
                    Some(Fact::Known(Resolved::Key(arn))) => {
                        !self.details.contains_key(arn)
                            && !self.accounts_open.contains(&arn.account())
                            && !self.aliases_open.contains(arn)
                    }
                    Some(Fact::Unknown(_)) => KeyRef::read(Some(&id.1))
                        .and_then(|key| key.place())
                        .is_none_or(|(owner, _)| !self.accounts_open.contains(&owner)),
                    Some(Fact::Known(
                        Resolved::AwsManagedAlias | Resolved::NotFound | Resolved::OtherPartition,
                    )) => true,
                }
        })
    }

    /// Takes up a reference.
    pub(super) fn want(&mut self, cell: &CellId, key: KeyRef, source: &Source) -> Outcome {
        let mut outcome = Outcome::default();
        let id: RefId = (cell.clone(), key.as_str().to_owned());
        // A configuration and a bucket may name one key in one spelling.
        if self.keys.resolved.contains_key(&id) {
            return outcome;
        }
        if key.is_aws_managed_alias() {
            let read = Read::known(*source, Resolved::AwsManagedAlias);
            self.keys.resolved.insert(id, read);
            return outcome;
        }
        if let Some((_, region)) = key.place()
            && Partition::of_region(&region) != Partition::of_region(&cell.region)
        {
            let read = Read::known(*source, Resolved::OtherPartition);
            self.keys.resolved.insert(id, read);
            return outcome;
        }
        let is_well_formed = key.is_well_formed();
        match key {
            KeyRef::Arn(arn) => self.want_key(cell, arn, id, &mut outcome),
            // No key has such an id, so that no ARN is made of it: KMS is asked about the text.
            KeyRef::Id(text) if !is_well_formed => {
                self.want_text(cell, text, cell.region.clone(), &mut outcome);
            }
            KeyRef::Id(text) => {
                let partition = Partition::of_region(&cell.region);
                let arn = KeyArn::of_id(&partition, &cell.region, &cell.account, &text);
                self.want_key(cell, arn, id, &mut outcome);
            }
            KeyRef::Alias(name) => self.want_alias(cell, name, id, &mut outcome),
            KeyRef::AliasArn(arn) if is_of(&arn, cell) => {
                self.want_alias(cell, arn.resource().to_owned(), id, &mut outcome);
            }
            KeyRef::AliasArn(arn) => {
                let region = Region::new(arn.region());
                self.want_owner(cell, AccountId::new(arn.account()), &mut outcome);
                self.want_text(cell, arn.to_string(), region, &mut outcome);
            }
        }
        outcome
    }

    /// Asks KMS of a region about a text, once for each cell that writes it.
    fn want_text(&mut self, cell: &CellId, text: String, region: Region, outcome: &mut Outcome) {
        if self.texts_asked.insert((cell.clone(), text.clone())) {
            outcome.asks.push(KeyAsk::Text {
                caller: cell.clone(),
                text,
                region,
            });
        }
    }

    fn want_key(&mut self, caller: &CellId, arn: KeyArn, id: RefId, outcome: &mut Outcome) {
        self.want_owner(caller, arn.account(), outcome);
        if let Some(key) = self.keys.by_arn.get(&arn) {
            let read = Read::known(key.described.source, Resolved::Key(arn));
            self.keys.resolved.insert(id, read);
            return;
        }
        if self.is_absent(&arn, &id) {
            return;
        }
        let waiting = self.await_key.entry(arn.clone()).or_default();
        waiting.push(id);
        if waiting.len() == 1 {
            let named_by = caller.account.clone();
            let caller = self.reader(caller, &arn);
            let others = self.other_readers(&caller, &arn);
            outcome.asks.push(KeyAsk::Key {
                caller,
                arn,
                named_by,
                others,
            });
        }
    }

    /// Whose key it is may read all of it, the others what the key's policy lets them.
    fn reader(&self, caller: &CellId, arn: &KeyArn) -> CellId {
        let owner = arn.account();
        let is_there = self.accounts.contains(&owner);
        CellId {
            account: if is_there {
                owner
            } else {
                caller.account.clone()
            },
            region: caller.region.clone(),
        }
    }

    /// Takes an answer.
    pub(super) fn on_answer(&mut self, ask: KeyAsk, answer: Answer) -> Outcome {
        let mut outcome = Outcome::default();
        match ask {
            KeyAsk::Aliases { cell, page, so_far } => {
                self.on_aliases(cell, &page, so_far, answer, &mut outcome);
            }
            KeyAsk::Key {
                caller,
                arn,
                named_by,
                others,
            } => match self.denied_by_first(&caller, (&arn, &named_by), others, &answer) {
                Some(ask) => outcome.asks.push(ask),
                None => self.on_key(&caller, &arn, answer, &mut outcome),
            },
            KeyAsk::Text {
                caller,
                text,
                region,
            } => {
                self.on_text(caller, text, &region, answer, &mut outcome);
            }
            KeyAsk::Rotation { caller, arn } => {
                self.on_rotation(&caller, &arn, answer, &mut outcome);
            }
            KeyAsk::Tags {
                caller,
                arn,
                page,
                so_far,
            } => {
                self.on_tags(caller, arn, &page, so_far, answer, &mut outcome);
            }
            KeyAsk::Policy { caller, arn } => self.on_policy(&caller, &arn, answer, &mut outcome),
            KeyAsk::Grants {
                caller,
                arn,
                page,
                so_far,
            } => self.on_grants(caller, arn, &page, so_far, answer, &mut outcome),
            KeyAsk::Organization { caller } => {
                self.on_organization(&caller, answer, &mut outcome);
            }
            KeyAsk::Members { caller, page } => {
                self.on_members(caller, &page, answer, &mut outcome);
            }
            KeyAsk::Account { caller, account } => {
                self.on_account(&caller, account, answer, &mut outcome);
            }
        }
        outcome
    }

    /// One question about a key's details is answered.
    fn answered(&mut self, arn: &KeyArn) {
        if let Some(open) = self.details.get_mut(arn) {
            *open -= 1;
            if *open == 0 {
                self.details.remove(arn);
            }
        }
    }
}

fn is_of(arn: &Arn, cell: &CellId) -> bool {
    arn.account() == cell.account.as_str() && arn.region() == cell.region.as_str()
}

/// KMS knows no such key: it says so, or it cannot read the text as one and the text is of no
/// key's and no alias's shape (KMS API, DescribeKey, errors `NotFoundException` and
/// `InvalidArnException`). A well-formed text that is refused may be a key all the same.
fn means_no_key(failure: &Failure, key: Option<&KeyRef>) -> bool {
    match failure.error.code.as_str() {
        "NotFoundException" => true,
        "InvalidArnException" | "ValidationException" => !key.is_some_and(KeyRef::is_well_formed),
        _ => false,
    }
}

fn malformed(cell: &CellId, op: Op, subject: &str) -> impl Fn() -> Gap + use<> {
    let id = cell.clone();
    let subject = subject.to_owned();
    move || Gap::malformed(op, &id.account, &id.region, &subject)
}
