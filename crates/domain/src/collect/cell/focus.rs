//! One endpoint and nothing beside it: what a deployment depends on.

use jiff::Timestamp;

use super::{CellState, Outcome};
use crate::call::Op;
use crate::collect::Memory;
use crate::collect::ask::CellAsk;
use crate::fact::{Read, Source};
use crate::ids::{ConfigName, EndpointName, KeyRef, Partition};
use crate::inventory::{CellId, Config, ConfigFacts, Endpoint, Status, Tags};

/// What a collection looks at, where not at everything.
#[derive(Clone, Debug)]
pub struct Focus {
    /// The endpoint, whether it is there or not.
    pub endpoint: EndpointName,
    /// The name under which a configuration is to be created; whether it is taken is asked.
    pub config: ConfigName,
    /// What that configuration is to say, where it is not what the endpoint runs.
    pub wanted: Option<(ConfigFacts, Tags)>,
    /// The key of its volumes.
    pub key: Option<KeyRef>,
    /// When it was said.
    pub at: Timestamp,
}

/// The name under which a configuration is kept that exists nowhere yet: no name has a colon (SageMaker
/// API, CreateEndpointConfig, `EndpointConfigName`).
const WANTED: &str = "wanted:";

impl Focus {
    /// The name under which a cell has the configuration that is wanted.
    #[must_use]
    pub fn wanted_name(&self) -> ConfigName {
        ConfigName::new(format!("{WANTED}{}", self.config))
    }
}

impl CellState {
    /// Begins a cell with one endpoint.
    pub(in crate::collect) fn open_on(id: CellId, focus: &Focus) -> (Self, Outcome) {
        let mut state = Self::new(id, Memory::default());
        state.configs_listed = true;
        let source = |call| Source { call, at: focus.at };
        let mut outcome = Outcome::default();
        let name = focus.endpoint.clone();
        let (account, region) = (state.cell.id.account.clone(), state.cell.id.region.clone());
        let partition = Partition::of_region(&region);
        let endpoint = Endpoint {
            arn: format!(
                "arn:{}:sagemaker:{region}:{account}:endpoint/{}",
                partition.as_str(),
                name.as_str().to_lowercase()
            ),
            listed_status: Status::Other(String::new()),
            described: state.awaited(&source(Op::DescribeEndpoint), Op::DescribeEndpoint),
            tags: state.awaited(&source(Op::ListTags), Op::ListTags),
            name: name.clone(),
        };
        state.cell.endpoints.insert(name.clone(), endpoint);
        outcome.asks.push(CellAsk::Endpoint(name));
        let said = source(Op::DescribeEndpointConfig);
        state.want_named_config(&focus.config, &said, &mut outcome);
        if let Some((facts, tags)) = &focus.wanted {
            let name = focus.wanted_name();
            let config = Config {
                name: name.clone(),
                arn: String::new(),
                described: Read::known(said, Some(facts.clone())),
                tags: Read::known(said, tags.clone()),
            };
            state.cell.configs.insert(name.clone(), config);
            state.want_keys(facts, &said, &mut outcome);
            state.want_models(&name, &mut outcome);
        }
        if let Some(key) = &focus.key {
            state.want_key(key, &said, &mut outcome);
        }
        state.unanswered = outcome.asks.len();
        (state, outcome)
    }
}
