//! The configurations of a cell: the list, those that endpoints name, and what each says.

use super::{CellState, Outcome, tags_of};
use crate::call::{Op, Reply, view};
use crate::collect::Answer;
use crate::collect::answer::existing;
use crate::collect::ask::{CellAsk, Page, Tagged};
use crate::fact::{Fact, Gap, GapReason, Read, Source};
use crate::ids::{ConfigName, EndpointName, Partition};
use crate::inventory::{CellId, Config, ConfigFacts, Tags};

impl CellState {
    pub(super) fn on_configs(&mut self, page: &Page, answer: Answer, outcome: &mut Outcome) {
        let gap = self.gap(Op::ListEndpointConfigs, "");
        let (source, viewed) = answer.view::<view::ListEndpointConfigs>(gap);
        let listed = match viewed {
            Ok(listed) => listed,
            Err(failure) => {
                outcome.gaps.push(failure.gap.clone());
                self.cell.configs_gap = Some(failure.gap);
                self.end_configs(outcome);
                return;
            }
        };
        for summary in listed.endpoint_configs {
            let (name, arn) = (summary.endpoint_config_name, summary.endpoint_config_arn);
            if let Some(created) = summary.creation_time {
                self.listed.insert(name.clone(), created.0);
            }
            self.want_config(name.clone(), &arn, &source, outcome);
            // Its own description, where there is one already, has said it.
            if let Some(config) = self.cell.configs.get_mut(&name)
                && !matches!(config.described.fact, Fact::Known(Some(_)))
            {
                config.arn = arn;
            }
        }
        match self.next_page(page, listed.next_token, Op::ListEndpointConfigs) {
            Ok(Some(next)) => outcome.asks.push(CellAsk::Configs(next)),
            Ok(None) => self.end_configs(outcome),
            Err(gap) => {
                outcome.gaps.push(gap.clone());
                self.cell.configs_gap = Some(gap);
                self.end_configs(outcome);
            }
        }
    }

    /// The list of configurations will tell no further ARN.
    fn end_configs(&mut self, outcome: &mut Outcome) {
        self.configs_listed = true;
        for (name, source) in std::mem::take(&mut self.unlisted) {
            let arn = self.config_arn(&name);
            self.want_config(name, &arn, &source, outcome);
        }
        for name in std::mem::take(&mut self.await_arn) {
            self.want_config_tags(&name, outcome);
        }
    }

    fn want_config_tags(&self, name: &ConfigName, outcome: &mut Outcome) {
        if self.cell.configs.contains_key(name) {
            let of = Tagged::Config(name.clone());
            outcome.asks.push(tags_of(of));
        }
    }

    fn want_config(&mut self, name: ConfigName, arn: &str, source: &Source, outcome: &mut Outcome) {
        if self.cell.configs.contains_key(&name) {
            return;
        }
        outcome.asks.push(CellAsk::Config(name.clone()));
        let config = Config {
            name: name.clone(),
            arn: arn.to_owned(),
            described: self.awaited(source, Op::DescribeEndpointConfig),
            tags: self.awaited(source, Op::ListTags),
        };
        self.cell.configs.insert(name, config);
    }

    /// A configuration that an endpoint names. The list may tell its time of creation, by which
    /// its description may be known from before; so the list is waited for.
    pub(super) fn want_named_config(
        &mut self,
        name: &ConfigName,
        source: &Source,
        outcome: &mut Outcome,
    ) {
        if self.configs_listed {
            let arn = self.config_arn(name);
            self.want_config(name.clone(), &arn, source, outcome);
        } else if !self.cell.configs.contains_key(name) {
            self.unlisted.insert(name.clone(), *source);
        }
    }

    /// The ARN of a configuration that only an endpoint names (SageMaker API,
    /// `EndpointConfigArn`).
    fn config_arn(&self, name: &ConfigName) -> String {
        let CellId { account, region } = &self.cell.id;
        let partition = Partition::of_region(region);
        let name = name.as_str().to_lowercase();
        format!(
            "arn:{}:sagemaker:{region}:{account}:endpoint-config/{name}",
            partition.as_str()
        )
    }

    pub(super) fn on_config(&mut self, name: &ConfigName, answer: Answer, outcome: &mut Outcome) {
        let gap = self.gap(Op::DescribeEndpointConfig, name.as_str());
        let (source, viewed) = answer.view::<view::DescribeEndpointConfig>(gap);
        let mut arn = None;
        let read = existing(source, viewed, &mut outcome.gaps, |view| {
            arn = Some(view.endpoint_config_arn.clone());
            ConfigFacts::read(view)
        });
        if let Fact::Known(Some(facts)) = &read.fact {
            self.want_keys(facts, &source, outcome);
        }
        let exists = read.fact.known().map(Option::is_some);
        if let Some(config) = self.cell.configs.get_mut(name) {
            if let Some(arn) = arn {
                config.arn = arn;
            }
            // What does not exist bears no tags; asking for them is an error of its own.
            if exists == Some(false) {
                config.tags = Read::known(source, Tags::new());
            }
            config.described = read;
        }
        match exists {
            Some(false) => {}
            Some(true) => self.want_config_tags(name, outcome),
            None if self.configs_listed => self.want_config_tags(name, outcome),
            None => {
                self.await_arn.insert(name.clone());
            }
        }
        if self.in_play.contains(name) {
            self.want_models(name, outcome);
        }
    }

    /// Of every endpoint whose configuration was deleted, or deleted and made again under its name:
    /// what it said when the endpoint was last modified, where that is remembered. Asked when all
    /// else of the cell is known.
    pub(in crate::collect) fn recall_deleted(&mut self) -> Outcome {
        let mut outcome = Outcome::default();
        if std::mem::replace(&mut self.has_recalled, true) {
            return outcome;
        }
        let mut found = Vec::new();
        for endpoint in self.cell.endpoints.values() {
            let Some(Some(facts)) = endpoint.described.fact.known() else {
                continue;
            };
            let Some(name) = &facts.config else { continue };
            let config = self.cell.configs.get(name);
            let is_gone = match config.map(|config| &config.described.fact) {
                Some(Fact::Known(Some(config))) => !facts.can_run(config),
                Some(Fact::Known(None)) => true,
                Some(Fact::Unknown(_)) | None => false,
            };
            let ran = self.memory.last_run(&endpoint.arn, facts.modified);
            let Some(ran) = ran.filter(|ran| is_gone && ran.config == *name) else {
                continue;
            };
            if let Some(reply) = self.memory.description(name, ran.created) {
                found.push((endpoint.name.clone(), name.clone(), reply));
            }
        }
        for (endpoint, name, reply) in found {
            self.remember(endpoint, name, &reply, &mut outcome);
        }
        outcome
    }

    fn remember(
        &mut self,
        endpoint: EndpointName,
        name: ConfigName,
        reply: &Reply,
        outcome: &mut Outcome,
    ) {
        let Ok(view) = reply.view::<view::DescribeEndpointConfig>() else {
            return;
        };
        let source = Source {
            call: Op::DescribeEndpointConfig,
            at: reply.at,
        };
        let facts = ConfigFacts::read(view);
        self.want_keys(&facts, &source, outcome);
        // Its tags went with it.
        let gap = Gap {
            reason: GapReason::Refused,
            said: "the configuration was deleted, and its tags with it".to_owned(),
            ..self.gap(Op::ListTags, name.as_str())()
        };
        let config = Config {
            arn: self.config_arn(&name),
            name,
            tags: Read::unknown(source, gap),
            described: Read::known(source, Some(facts)),
        };
        self.cell.remembered.insert(endpoint, config);
    }

    pub(super) fn want_keys(
        &mut self,
        facts: &ConfigFacts,
        source: &Source,
        outcome: &mut Outcome,
    ) {
        for key in facts.keys() {
            self.want_key(key, source, outcome);
        }
    }
}
