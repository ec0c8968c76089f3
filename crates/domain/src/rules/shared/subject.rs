//! What a rule is shown: a subject, and what is known around it.

use super::message::Message;
use super::verdict::{Evidence, Judgement, Reason, Verdict, known, reasons};
use crate::severity::Severity;
use jiff::Timestamp;

use crate::access::{KeyAccess, KeyUsers};
use crate::fact::{Fact, Source};
use crate::ids::{ConfigName, EndpointName, KeyRef};
use crate::inventory::{
    self, Cell, CellId, Config, ConfigFacts, Endpoint, EndpointFacts, KeyFacts, KeyManager, Keys,
    Resolved, Tags,
};
use crate::settings::Settings;
use crate::why::Why;

/// An endpoint and what is known around it.
#[derive(Clone, Copy)]
pub struct EndpointView<'a> {
    /// The endpoint.
    pub endpoint: &'a Endpoint,
    /// Its account and region.
    pub cell: &'a Cell,
    /// The keys.
    pub keys: &'a Keys,
    /// What the user decided.
    pub settings: &'a Settings,
    /// When the question is asked.
    pub now: Timestamp,
}

/// A configuration and what is known around it.
#[derive(Clone)]
pub struct ConfigView<'a> {
    /// The configuration.
    pub config: &'a Config,
    /// What it says.
    pub facts: Fact<&'a ConfigFacts>,
    /// Its account and region.
    pub cell: &'a Cell,
    /// The keys.
    pub keys: &'a Keys,
    /// What the user decided.
    pub settings: &'a Settings,
    /// When the question is asked.
    pub now: Timestamp,
}

/// A key and who uses it.
#[derive(Clone, Copy)]
pub struct KeyView<'a> {
    /// The key.
    pub key: &'a inventory::Key,
    /// Who can use it, by its policy and its grants.
    pub access: Result<&'a KeyAccess, &'a Why>,
    /// Who names it.
    pub uses: &'a [KeyUse],
    /// Why the uses may not be all.
    pub uses_gap: Option<&'a Why>,
    /// Who can use it beside who may, where that was asked.
    pub users: Option<&'a KeyUsers>,
    /// What the user decided.
    pub settings: &'a Settings,
    /// When the question is asked.
    pub now: Timestamp,
}

/// One use of a key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyUse {
    /// Where.
    pub cell: CellId,
    /// The live endpoint that runs or moves to the configuration; none where nobody does.
    pub endpoint: Option<EndpointName>,
    /// The configuration that names the key.
    pub config: ConfigName,
}

/// What is known about a key that a configuration names.
pub enum Found<'a> {
    /// A customer managed one.
    Customer(&'a inventory::Key, &'a KeyFacts),
    /// AWS's own.
    Aws,
    /// None: KMS does not know it.
    NotFound,
    /// It could not be read.
    Unknown(Why),
}

reasons! {
    NotApplicable NOT_LIVE "not_live": "the endpoint is failed or being deleted"; ""
    Unknown CONFIG_DELETED "config_deleted": "the endpoint's configuration was deleted, so what it was cannot be read any more"; "create a configuration of the same name again, since an update needs both, and move the endpoint to a new one under a customer managed key: UpdateEndpoint"
    Unknown SECOND_CONFIG "second_config_not_named": "the endpoint's status says that instances of a second configuration may be running, and AWS does not name it"; "look again when the deployment has ended"
    Unknown NO_CONFIG_NAMED "no_config_named": "the endpoint names no configuration"; "see what DescribeEndpoint says"
    Unknown MANAGER_UNKNOWN "key_manager_unknown": "KMS names a key manager that this release does not know"; "update sagelock"
    Unknown OTHER_PARTITION "key_other_partition": "the key is named in another partition of AWS, whose regions are never asked"; "create a configuration with the ARN of a customer managed key of the endpoint's own region and move the endpoint to it"
    Unknown KEY_NOT_READ "key_not_read": "the key was not asked about"; "run again"
}

/// The reasons of every rule that looks at live endpoints.
pub(in crate::rules) const LIVE_REASONS: &[&Reason] = &[&NOT_LIVE];
/// The reason where the configuration of an endpoint does not exist any more.
pub(in crate::rules) const CONFIG_GONE: &Reason = &CONFIG_DELETED;
/// The further reasons of every rule that looks at an endpoint's configurations.
pub(in crate::rules) const CONFIG_REASONS: &[&Reason] =
    &[&CONFIG_DELETED, &NO_CONFIG_NAMED, &SECOND_CONFIG];
/// The further reasons of every rule that looks at the key behind a reference.
pub(in crate::rules) const KEY_REASONS: &[&Reason] =
    &[&MANAGER_UNKNOWN, &OTHER_PARTITION, &KEY_NOT_READ];

/// The data class of a subject, by the first of its tags that names one, as the settings spell
/// it. Tags that cannot be read may name another than those after them, so that the class is not
/// known.
pub(in crate::rules) fn data_class(tags: &[&Fact<Tags>], settings: &Settings) -> Fact<String> {
    for fact in tags {
        match fact {
            Fact::Unknown(gap) => return Fact::Unknown(gap.clone()),
            Fact::Known(tags) => {
                let named = tags.get(&settings.tags.data_class);
                // An empty tag names nothing.
                if let Some(class) = named.filter(|class| !class.trim().is_empty()) {
                    return Fact::Known(settings.class_of(class));
                }
            }
        }
    }
    Fact::Known(settings.class_of(&settings.default_data_class))
}

/// The team of a subject, by the first of its tags that names one. It names a group of a report and
/// decides nothing, so that tags that cannot be read are passed over.
fn team(tags: &[&Fact<Tags>], settings: &Settings) -> Option<String> {
    tags.iter().find_map(|fact| {
        let team = fact.known()?.get(&settings.tags.team)?.trim();
        (!team.is_empty()).then(|| team.to_owned())
    })
}

/// The weight of a data class, as [`data_class`] gives it. What may be of any class weighs as the
/// heaviest: tags that cannot be read make nothing less severe.
pub(in crate::rules) fn weight(class: &Fact<String>, settings: &Settings) -> Severity {
    let weigh = |class: &str| settings.data_classes.get(class).copied();
    let weight = match class {
        Fact::Known(class) => {
            weigh(class).or_else(|| weigh(&settings.class_of(&settings.default_data_class)))
        }
        Fact::Unknown(_) => settings.data_classes.values().copied().max(),
    };
    weight.unwrap_or(Severity::High)
}

impl<'a> EndpointView<'a> {
    /// What is known of the endpoint, or the judgement that it is not judged.
    fn live(&self) -> Result<&'a EndpointFacts, Box<Judgement>> {
        let endpoint = self.endpoint;
        let source = &endpoint.described.source;
        if !endpoint.status().is_live() {
            let status = endpoint.status().as_str();
            let judgement = Judgement::new(&NOT_LIVE).saying(format!("the endpoint is {status}"));
            return Err(Box::new(judgement.given(Evidence::new(
                "EndpointStatus",
                status,
                source,
            ))));
        }
        match &endpoint.described.fact {
            Fact::Unknown(gap) => Err(Box::new(Judgement::unknown(gap))),
            Fact::Known(None) => Err(Box::new(
                Judgement::new(&NOT_LIVE).saying("the endpoint was deleted during the audit"),
            )),
            Fact::Known(Some(facts)) => Ok(facts),
        }
    }

    /// The facts of a live endpoint for a rule that is not about its configurations.
    pub(crate) fn when_live(
        &self,
        judge: impl FnOnce(&'a EndpointFacts) -> Judgement,
    ) -> Judgement {
        self.live().map_or_else(|judgement| *judgement, judge)
    }

    /// Judges every configuration in play, and takes the worst.
    pub(in crate::rules) fn each_config(
        &self,
        judge: impl Fn(&'a Config, &'a ConfigFacts) -> Judgement,
    ) -> Judgement {
        self.when_live(|facts| {
            let source = &self.endpoint.described.source;
            let Some(current) = &facts.config else {
                return Judgement::new(&NO_CONFIG_NAMED);
            };
            let first = self.one_config(facts, current, &judge).given(Evidence::new(
                "EndpointConfigName",
                current.as_str(),
                source,
            ));
            if facts.hides_a_config() {
                let status = facts.status.as_str();
                let second = Judgement::new(&SECOND_CONFIG).saying(format!(
                    "the endpoint is {status}, and AWS names only configuration {current}"
                ));
                return first.join(second).given(self.status_evidence());
            }
            let Some(pending) = facts.pending.as_ref().filter(|pending| *pending != current) else {
                return first.given(self.status_evidence());
            };
            let second = self.one_config(facts, pending, &judge).given(Evidence::new(
                "PendingDeploymentSummary.EndpointConfigName",
                pending.as_str(),
                source,
            ));
            let second_is_worse = second.verdict() > first.verdict();
            let joined = first.join(second);
            let message = if second_is_worse {
                Message::from(format!("pending configuration {pending}: "))
                    .and(joined.message.clone())
            } else {
                joined.message.clone()
            };
            joined.saying(message).given(self.status_evidence())
        })
    }

    fn status_evidence(&self) -> Evidence {
        let source = &self.endpoint.described.source;
        Evidence::new("EndpointStatus", self.endpoint.status().as_str(), source)
    }

    fn one_config(
        &self,
        facts: &EndpointFacts,
        name: &ConfigName,
        judge: impl Fn(&'a Config, &'a ConfigFacts) -> Judgement,
    ) -> Judgement {
        let Some(config) = self.cell.configs.get(name) else {
            return Judgement::new(&CONFIG_DELETED);
        };
        match known!(&config.described.fact) {
            Some(said) if facts.can_run(said) => judge(config, said),
            Some(said) => {
                let created = said.created;
                let gone = format!(
                    "configuration {name} was deleted under the endpoint, and one of its name made \
                     at {created}, after the endpoint was last modified"
                );
                self.deleted_config(facts, name, config, &gone, judge)
            }
            None => {
                let gone = format!("configuration {name} was deleted under the endpoint");
                self.deleted_config(facts, name, config, &gone, judge)
            }
        }
    }

    /// A configuration that was deleted under the endpoint: what it said is judged where it is
    /// remembered, and the endpoint has not been modified since it was seen to run it.
    fn deleted_config(
        &self,
        facts: &EndpointFacts,
        name: &ConfigName,
        now: &Config,
        gone: &str,
        judge: impl Fn(&'a Config, &'a ConfigFacts) -> Judgement,
    ) -> Judgement {
        let is_current = facts.config.as_ref() == Some(name);
        let remembered = self.cell.remembered.get(&self.endpoint.name);
        let said = remembered.filter(|_| is_current).and_then(|config| {
            let facts = config.described.fact.known()?.as_ref()?;
            Some((config, facts))
        });
        let Some((config, said)) = said else {
            return Judgement::new(&CONFIG_DELETED).saying(gone);
        };
        let judgement = judge(config, said);
        let at = config.described.source.at;
        let message = Message::from(format!("{gone}; as it was described at {at}: "))
            .and(judgement.message.clone());
        judgement.saying(message).given(Evidence::new(
            "EndpointConfig",
            "deleted",
            &now.described.source,
        ))
    }

    /// The key behind a reference of this endpoint.
    pub(in crate::rules) fn key(&self, reference: &KeyRef) -> (Found<'a>, Vec<Evidence>) {
        find_key(self.keys, &self.cell.id, reference)
    }

    /// The data class of the endpoint: by its own tags, then by its configuration's.
    pub(in crate::rules) fn data_class(&self) -> Fact<String> {
        data_class(&self.tags(), self.settings)
    }

    /// Whose the endpoint is: by its own tags, then by its configuration's.
    #[must_use]
    pub fn team(&self) -> Option<String> {
        team(&self.tags(), self.settings)
    }

    /// Its tenant: by its own tags, then by its configuration's.
    pub(crate) fn tenant(&self) -> Fact<Option<String>> {
        crate::isolation::tenant(&self.tags(), self.settings)
    }

    /// Its own tags, then those of the configuration that it runs.
    fn tags(&self) -> Vec<&'a Fact<Tags>> {
        let current = self
            .endpoint
            .described
            .fact
            .known()
            .and_then(Option::as_ref)
            .and_then(|facts| facts.config.as_ref())
            .and_then(|name| self.cell.configs.get(name));
        let remembered = self.cell.remembered.get(&self.endpoint.name);
        let current = remembered.or(current);
        let mut tags = vec![&self.endpoint.tags.fact];
        tags.extend(current.map(|config| &config.tags.fact));
        tags
    }

    /// The class of its data when it runs one of its configurations: with two in play, each is
    /// judged as what it is or will be run with.
    pub(in crate::rules) fn data_class_under(&self, config: &Config) -> Fact<String> {
        data_class(
            &[&self.endpoint.tags.fact, &config.tags.fact],
            self.settings,
        )
    }

    /// How much a finding about this endpoint weighs.
    #[must_use]
    pub fn weight(&self) -> Severity {
        weight(&self.data_class(), self.settings)
    }
}

impl<'a> ConfigView<'a> {
    /// A configuration that exists, or may; `None` where it is known not to.
    #[must_use]
    pub fn of(
        config: &'a Config,
        cell: &'a Cell,
        keys: &'a Keys,
        settings: &'a Settings,
        now: Timestamp,
    ) -> Option<Self> {
        let facts = match &config.described.fact {
            Fact::Known(None) => return None,
            Fact::Known(Some(facts)) => Fact::Known(facts),
            Fact::Unknown(gap) => Fact::Unknown(gap.clone()),
        };
        Some(Self {
            config,
            facts,
            cell,
            keys,
            settings,
            now,
        })
    }

    /// An endpoint of the same account and region.
    pub(in crate::rules) fn endpoint(&self, endpoint: &'a Endpoint) -> EndpointView<'a> {
        EndpointView {
            endpoint,
            cell: self.cell,
            keys: self.keys,
            settings: self.settings,
            now: self.now,
        }
    }

    /// How much a finding about this configuration weighs.
    #[must_use]
    pub fn weight(&self) -> Severity {
        let class = data_class(&[&self.config.tags.fact], self.settings);
        weight(&class, self.settings)
    }

    /// Whose the configuration is.
    #[must_use]
    pub fn team(&self) -> Option<String> {
        team(&[&self.config.tags.fact], self.settings)
    }
}

impl KeyView<'_> {
    /// Whose the key is.
    #[must_use]
    pub fn team(&self) -> Option<String> {
        let tags: Vec<&Fact<Tags>> = self.key.tags.iter().map(|read| &read.fact).collect();
        team(&tags, self.settings)
    }

    /// How much a finding about this key weighs.
    #[must_use]
    pub fn weight(&self) -> Severity {
        let tags: Vec<&Fact<Tags>> = self.key.tags.iter().map(|read| &read.fact).collect();
        weight(&data_class(&tags, self.settings), self.settings)
    }
}

/// The key behind a reference that was written in a cell, and the facts that say so.
pub(in crate::rules) fn find_key<'a>(
    keys: &'a Keys,
    cell: &CellId,
    reference: &KeyRef,
) -> (Found<'a>, Vec<Evidence>) {
    let id = (cell.clone(), reference.as_str().to_owned());
    let Some(read) = keys.resolved.get(&id) else {
        return (Found::Unknown(Why::NotAsked), Vec::new());
    };
    match &read.fact {
        Fact::Unknown(gap) => (Found::Unknown(Why::from(gap)), Vec::new()),
        // Known by the reference itself, which stands in the chain already.
        Fact::Known(Resolved::AwsManagedAlias) => (Found::Aws, Vec::new()),
        Fact::Known(Resolved::OtherPartition) => (Found::Unknown(Why::KeyPartition), Vec::new()),
        Fact::Known(Resolved::NotFound) => (
            Found::NotFound,
            vec![Evidence::new("Key", "does not exist", &read.source)],
        ),
        Fact::Known(Resolved::Key(arn)) => match keys.by_arn.get(arn) {
            None => (Found::Unknown(Why::NotAsked), Vec::new()),
            Some(key) => described(key),
        },
    }
}

fn described(key: &inventory::Key) -> (Found<'_>, Vec<Evidence>) {
    let source: &Source = &key.described.source;
    let arn = Evidence::new("Key", key.arn.as_str(), source);
    match &key.described.fact {
        Fact::Unknown(gap) => (Found::Unknown(Why::from(gap)), Vec::new()),
        Fact::Known(facts) => {
            let manager = |name: &str| Evidence::new("KeyManager", name, source);
            match &facts.manager {
                KeyManager::Customer => {
                    (Found::Customer(key, facts), vec![arn, manager("CUSTOMER")])
                }
                KeyManager::Aws => (Found::Aws, vec![arn, manager("AWS")]),
                KeyManager::Other(name) => (
                    Found::Unknown(Why::KeyManager(name.clone())),
                    vec![arn, manager(name)],
                ),
            }
        }
    }
}

/// The judgement that a key is not known.
pub(in crate::rules) fn key_unknown(why: &Why) -> Judgement {
    if let Why::KeyManager(_) = why {
        Judgement::because(&MANAGER_UNKNOWN, why)
    } else if let Why::Gap(gap) = why {
        Judgement::unknown(gap)
    } else if *why == Why::KeyPartition {
        Judgement::new(&OTHER_PARTITION)
    } else {
        Judgement::new(&KEY_NOT_READ)
    }
}

/// Joins judgements; `None` where there are none.
pub(in crate::rules) fn worst(
    judgements: impl IntoIterator<Item = Judgement>,
) -> Option<Judgement> {
    judgements.into_iter().reduce(Judgement::join)
}

/// Whether a judgement would change what an operator does.
pub(in crate::rules) fn is_fail(judgement: &Judgement) -> bool {
    judgement.verdict() == Verdict::Fail
}
