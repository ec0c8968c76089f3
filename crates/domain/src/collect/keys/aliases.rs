//! The aliases of a region: listed once, they say which key an alias means and which aliases a
//! key has.

use std::collections::BTreeMap;

use super::{Aliases, KeyBook, Outcome, RefId, malformed};
use crate::call::{Op, view};
use crate::collect::Answer;
use crate::collect::ask::{After, KeyAsk, Page};
use crate::fact::{Fact, Read};
use crate::ids::{KeyArn, Partition};
use crate::inventory::CellId;

impl KeyBook {
    pub(super) fn want_alias(
        &mut self,
        cell: &CellId,
        name: String,
        id: RefId,
        outcome: &mut Outcome,
    ) {
        self.want_aliases(cell, outcome);
        match self.aliases.get(cell) {
            Some(Aliases::Listed(read)) => {
                let target = read
                    .fact
                    .known()
                    .and_then(|aliases| aliases.get(&name))
                    .cloned();
                self.follow_alias(cell, target, id, outcome);
            }
            Some(Aliases::Asked) | None => {
                self.await_aliases
                    .entry(cell.clone())
                    .or_default()
                    .push((id, name));
            }
        }
    }

    pub(super) fn want_aliases(&mut self, cell: &CellId, outcome: &mut Outcome) {
        if !self.aliases.contains_key(cell) {
            self.aliases.insert(cell.clone(), Aliases::Asked);
            outcome.asks.push(KeyAsk::Aliases {
                cell: cell.clone(),
                page: Page::default(),
                so_far: Vec::new(),
            });
        }
    }

    /// From an alias to its key by the list, or, where the list does not have it or may not be
    /// read, by asking KMS for the alias itself.
    pub(super) fn follow_alias(
        &mut self,
        cell: &CellId,
        target: Option<String>,
        id: RefId,
        outcome: &mut Outcome,
    ) {
        if let Some(key_id) = target {
            let partition = Partition::of_region(&cell.region);
            let arn = KeyArn::of_id(&partition, &cell.region, &cell.account, &key_id);
            self.want_key(cell, arn, id, outcome);
            return;
        }
        self.want_text(cell, id.1, cell.region.clone(), outcome);
    }

    pub(super) fn on_aliases(
        &mut self,
        cell: CellId,
        page: &Page,
        mut so_far: Vec<(String, String)>,
        answer: Answer,
        outcome: &mut Outcome,
    ) {
        let gap = malformed(&cell, Op::ListAliases, "");
        let (source, viewed) = answer.view::<view::ListAliases>(&gap);
        let fact = match viewed {
            Err(failure) => outcome.unknown(failure.gap),
            Ok(listed) => {
                so_far.extend(
                    listed
                        .aliases
                        .into_iter()
                        .filter_map(|alias| Some((alias.alias_name, alias.target_key_id?))),
                );
                match page.after_marker(listed.truncated, listed.next_marker) {
                    After::Page(page) => {
                        outcome.asks.push(KeyAsk::Aliases { cell, page, so_far });
                        return;
                    }
                    After::TooMany => outcome.unknown(gap().endless()),
                    After::Nothing => Fact::Known(so_far.into_iter().collect::<BTreeMap<_, _>>()),
                }
            }
        };
        let read = Read { source, fact };
        let targets = read.fact.known().cloned().unwrap_or_default();
        self.aliases.insert(cell.clone(), Aliases::Listed(read));
        for (id, name) in self.await_aliases.remove(&cell).unwrap_or_default() {
            let target = targets.get(&name).cloned();
            self.follow_alias(&cell, target, id, outcome);
        }
        for arn in self.await_own_aliases.remove(&cell).unwrap_or_default() {
            self.give_aliases(&cell, &arn);
            self.aliases_open.remove(&arn);
        }
    }

    /// Writes a key's own aliases into it.
    pub(super) fn give_aliases(&mut self, cell: &CellId, arn: &KeyArn) {
        let Some(Aliases::Listed(read)) = self.aliases.get(cell) else {
            return;
        };
        let fact = match &read.fact {
            Fact::Unknown(gap) => Fact::Unknown(gap.clone()),
            Fact::Known(aliases) => Fact::Known(
                aliases
                    .iter()
                    .filter(|(_, target)| target.as_str() == arn.id())
                    .map(|(name, _)| name.clone())
                    .collect(),
            ),
        };
        let source = read.source;
        if let Some(key) = self.keys.by_arn.get_mut(arn) {
            key.aliases = Some(Read { source, fact });
        }
    }
}
