//! One account and region while it is being collected.

mod configs;
mod focus;
mod monitoring;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::answer::existing;
use super::ask::{After, CellAsk, Page, Tagged};
use super::{Address, Answer, Memory};
use crate::call::{Call, CallError, Op, Reply, view};
use crate::fact::{Fact, Gap, GapReason, Read, Source};
use crate::ids::{ConfigName, EndpointName, KeyRef};
use crate::inventory::{
    Cell, CellId, ConfigFacts, Endpoint, EndpointFacts, ModelFacts, Status, Storage, Tags,
};

pub use focus::Focus;

/// A cell and what it still waits for.
#[derive(Debug)]
pub(super) struct CellState {
    cell: Cell,
    unanswered: usize,
    /// Configurations that an endpoint runs or moves to.
    in_play: BTreeSet<ConfigName>,
    /// Whether the list of configurations has ended.
    configs_listed: bool,
    /// Configurations that could not be described, and whose ARN the list may still tell.
    await_arn: BTreeSet<ConfigName>,
    wanted: BTreeSet<(CellId, String)>,
    /// When each configuration of the list was created.
    listed: BTreeMap<ConfigName, Timestamp>,
    /// Configurations that endpoints name, until the list has ended.
    unlisted: BTreeMap<ConfigName, Source>,
    memory: Memory,
    /// Whether what is remembered of deleted configurations was looked for.
    has_recalled: bool,
    awaited: BTreeMap<Op, Arc<Gap>>,
}

type Outcome = super::answer::Outcome<CellAsk>;

impl CellState {
    /// Begins a cell with its listings.
    pub(super) fn open(id: CellId, memory: Memory) -> (Self, Outcome) {
        let outcome = Outcome {
            asks: vec![
                CellAsk::Endpoints(Page::default()),
                CellAsk::Configs(Page::default()),
                CellAsk::Schedules(Page::default()),
            ],
            ..Outcome::default()
        };
        let mut state = Self::new(id, memory);
        state.unanswered = outcome.asks.len();
        (state, outcome)
    }

    fn new(id: CellId, memory: Memory) -> Self {
        Self {
            cell: Cell::new(id),
            unanswered: 0,
            in_play: BTreeSet::new(),
            configs_listed: false,
            await_arn: BTreeSet::new(),
            wanted: BTreeSet::new(),
            listed: BTreeMap::new(),
            unlisted: BTreeMap::new(),
            memory,
            has_recalled: false,
            awaited: BTreeMap::new(),
        }
    }

    pub(super) fn id(&self) -> &CellId {
        &self.cell.id
    }

    pub(super) fn is_idle(&self) -> bool {
        self.unanswered == 0
    }

    pub(super) fn wanted(&self) -> &BTreeSet<(CellId, String)> {
        &self.wanted
    }

    /// The cell, now that nothing of it is open any more.
    pub(super) fn close(self, storage: Storage) -> Cell {
        Cell {
            storage,
            ..self.cell
        }
    }

    /// What is known of it by now.
    pub(super) fn cell(&self) -> &Cell {
        &self.cell
    }

    /// The answer of a question, where it is known from before: a configuration never changes.
    pub(super) fn remembered(
        &self,
        ask: &CellAsk,
    ) -> Option<(Timestamp, Result<Reply, CallError>)> {
        if let CellAsk::Config(name) = ask
            && let Some(created) = self.listed.get(name)
            && let Some(reply) = self.memory.description(name, *created)
        {
            return Some((reply.at, Ok(reply)));
        }
        let CellId { account, region } = self.cell.id.clone();
        let address = Address { account, region };
        self.answered_before(&address, &self.call(ask))
    }

    /// What a run that was cut off had been answered.
    pub(in crate::collect) fn answered_before(
        &self,
        address: &Address,
        call: &Call,
    ) -> Option<(Timestamp, Result<Reply, CallError>)> {
        let has = self.memory.has_answers();
        has.then(|| self.memory.answer(address, call)).flatten()
    }

    /// Takes an answer.
    pub(super) fn on_answer(&mut self, ask: CellAsk, answer: Answer) -> Outcome {
        let mut outcome = Outcome::default();
        match ask {
            CellAsk::Endpoints(page) => self.on_endpoints(&page, answer, &mut outcome),
            CellAsk::Configs(page) => self.on_configs(&page, answer, &mut outcome),
            CellAsk::Schedules(page) => self.on_schedules(&page, answer, &mut outcome),
            CellAsk::Endpoint(name) => self.on_endpoint(&name, answer, &mut outcome),
            CellAsk::Config(name) => self.on_config(&name, answer, &mut outcome),
            CellAsk::Tags { of, more } => self.on_tags(of, more, answer, &mut outcome),
            CellAsk::Model(name) => {
                let gap = self.gap(Op::DescribeModel, name.as_str());
                let (source, viewed) = answer.view::<view::DescribeModel>(gap);
                let read = existing(source, viewed, &mut outcome.gaps, ModelFacts::read);
                self.cell.models.insert(name, read);
            }
            CellAsk::Schedule(name) => self.on_schedule(&name, answer, &mut outcome),
            CellAsk::Job { schedule, op, name } => {
                self.on_job(&schedule, op, &name, answer, &mut outcome);
            }
        }
        self.unanswered = self.unanswered + outcome.asks.len() - 1;
        outcome
    }

    /// What a reply of a shape we cannot read leaves behind.
    fn gap(&self, call: Op, subject: &str) -> impl Fn() -> Gap + use<> {
        let id = self.cell.id.clone();
        let subject = subject.to_owned();
        move || Gap::malformed(call, &id.account, &id.region, &subject)
    }

    /// The next page, or the gap of a listing without an end.
    fn next_page(&self, page: &Page, token: Option<String>, call: Op) -> Result<Option<Page>, Gap> {
        match page.after(token) {
            After::Page(next) => Ok(Some(next)),
            After::Nothing => Ok(None),
            After::TooMany => Err(self.gap(call, "")().endless()),
        }
    }

    fn on_endpoints(&mut self, page: &Page, answer: Answer, outcome: &mut Outcome) {
        let (source, viewed) = answer.view::<view::ListEndpoints>(self.gap(Op::ListEndpoints, ""));
        let listed = match viewed {
            Ok(listed) => listed,
            Err(failure) => {
                outcome.gaps.push(failure.gap.clone());
                self.cell.endpoints_gap = Some(failure.gap);
                return;
            }
        };
        for summary in listed.endpoints {
            let name = summary.endpoint_name;
            if self.cell.endpoints.contains_key(&name) {
                continue;
            }
            outcome.asks.push(CellAsk::Endpoint(name.clone()));
            let endpoint = Endpoint {
                name: name.clone(),
                arn: summary.endpoint_arn,
                listed_status: Status::read(&summary.endpoint_status),
                described: self.awaited(&source, Op::DescribeEndpoint),
                tags: self.awaited(&source, Op::ListTags),
            };
            self.cell.endpoints.insert(name, endpoint);
        }
        match self.next_page(page, listed.next_token, Op::ListEndpoints) {
            Ok(next) => outcome.asks.extend(next.map(CellAsk::Endpoints)),
            Err(gap) => {
                outcome.gaps.push(gap.clone());
                self.cell.endpoints_gap = Some(gap);
            }
        }
    }

    /// What stands where an answer is still to come: the same for all that wait for one operation.
    fn awaited<T>(&mut self, source: &Source, call: Op) -> Read<T> {
        let gap = self.gap(call, "");
        let awaited = self.awaited.entry(call).or_insert_with(|| {
            Arc::new(Gap {
                reason: GapReason::Interrupted,
                ..gap()
            })
        });
        let source = Source { call, ..*source };
        Read::unknown(source, Arc::clone(awaited))
    }

    fn on_endpoint(&mut self, name: &EndpointName, answer: Answer, outcome: &mut Outcome) {
        let gap = self.gap(Op::DescribeEndpoint, name.as_str());
        let (source, viewed) = answer.view::<view::DescribeEndpoint>(gap);
        let read = existing(source, viewed, &mut outcome.gaps, |view| EndpointFacts {
            status: Status::read(&view.endpoint_status),
            config: view.endpoint_config_name,
            pending: view
                .pending_deployment_summary
                .and_then(|pending| pending.endpoint_config_name),
            failure_reason: view.failure_reason,
            created: view.creation_time.0,
            modified: view.last_modified_time.0,
        });
        if let Fact::Known(Some(facts)) = &read.fact {
            for config in facts.config.iter().chain(&facts.pending) {
                self.want_named_config(config, &source, outcome);
                if self.in_play.insert(config.clone()) {
                    self.want_models(config, outcome);
                }
            }
        }
        if let Some(endpoint) = self.cell.endpoints.get_mut(name) {
            match &read.fact {
                // What does not exist bears no tags; asking for them is an error of its own.
                Fact::Known(None) => endpoint.tags = Read::known(source, Tags::new()),
                Fact::Known(Some(_)) | Fact::Unknown(_) => {
                    let of = Tagged::Endpoint(name.clone());
                    outcome.asks.push(tags_of(of));
                }
            }
            endpoint.described = read;
        }
    }

    /// Asks for the models of a configuration that an endpoint runs: nobody needs the
    /// execution roles and artifacts of the others.
    fn want_models(&mut self, name: &ConfigName, outcome: &mut Outcome) {
        let Some(config) = self.cell.configs.get(name) else {
            return;
        };
        let Some(Some(facts)) = config.described.fact.known() else {
            return;
        };
        let (facts, source) = (facts.clone(), config.described.source);
        self.want_models_of(&facts, &source, outcome);
    }

    fn want_models_of(&mut self, facts: &ConfigFacts, source: &Source, outcome: &mut Outcome) {
        for model in facts.models().cloned().collect::<Vec<_>>() {
            if !self.cell.models.contains_key(&model) {
                let awaited = self.awaited(source, Op::DescribeModel);
                self.cell.models.insert(model.clone(), awaited);
                outcome.asks.push(CellAsk::Model(model));
            }
        }
    }

    fn want_key(&mut self, key: &KeyRef, source: &Source, outcome: &mut Outcome) {
        let id = self.cell.id.clone();
        if self.wanted.insert((id.clone(), key.as_str().to_owned())) {
            outcome.keys.push((id, key.clone(), *source));
        }
    }

    fn on_tags(
        &mut self,
        of: Tagged,
        more: Option<Box<(Page, Tags)>>,
        answer: Answer,
        outcome: &mut Outcome,
    ) {
        let arn = self.arn_of(&of);
        let (page, mut so_far) = more.map_or_else(Default::default, |more| *more);
        let (source, viewed) = answer.view::<view::ListTags>(self.gap(Op::ListTags, &arn));
        let fact = match viewed {
            Err(failure) => {
                outcome.gaps.push(failure.gap.clone());
                Fact::Unknown(failure.gap.into())
            }
            Ok(listed) => {
                so_far.extend(listed.tags.into_iter().map(|tag| (tag.key, tag.value)));
                match self.next_page(&page, listed.next_token, Op::ListTags) {
                    Err(gap) => Fact::Unknown(gap.into()),
                    Ok(Some(page)) => {
                        let more = Some(Box::new((page, so_far)));
                        outcome.asks.push(CellAsk::Tags { of, more });
                        return;
                    }
                    Ok(None) => Fact::Known(so_far),
                }
            }
        };
        let read = Read { source, fact };
        match of {
            Tagged::Endpoint(name) => {
                if let Some(endpoint) = self.cell.endpoints.get_mut(&name) {
                    endpoint.tags = read;
                }
            }
            Tagged::Config(name) => {
                if let Some(config) = self.cell.configs.get_mut(&name) {
                    config.tags = read;
                }
            }
        }
    }

    /// The ARN of what bears tags.
    fn arn_of(&self, of: &Tagged) -> String {
        let arn = match of {
            Tagged::Endpoint(name) => self.cell.endpoints.get(name).map(|one| &one.arn),
            Tagged::Config(name) => self.cell.configs.get(name).map(|one| &one.arn),
        };
        arn.cloned().unwrap_or_default()
    }

    /// The call that asks it.
    pub(super) fn call(&self, ask: &CellAsk) -> Call {
        ask.call(|of| self.arn_of(of))
    }

    /// What it is about, for a gap; empty for a listing.
    pub(super) fn subject(&self, ask: &CellAsk) -> String {
        ask.subject(|of| self.arn_of(of))
    }
}

fn tags_of(of: Tagged) -> CellAsk {
    CellAsk::Tags { of, more: None }
}
