//! One endpoint and nothing beside it: what a deployment depends on.

use jiff::Timestamp;

use super::{CellState, Outcome};
use crate::call::Op;
use crate::collect::Memory;
use crate::collect::ask::CellAsk;
use crate::fact::Source;
use crate::ids::{AccountId, ConfigName, EndpointName, KeyRef, Partition};
use crate::inventory::{CellId, ConfigFacts, Endpoint, Status};

/// What a collection looks at, where not at everything.
#[derive(Clone, Debug)]
pub struct Focus {
    /// The endpoint, whether it is there or not.
    pub endpoint: EndpointName,
    /// The account that it is of; the others are entered only where something of theirs is asked for. None:
    /// it is looked for in all of them.
    pub account: Option<AccountId>,
    /// The name under which a configuration is to be created, where one is; whether it is taken is asked.
    pub config: Option<ConfigName>,
    /// What that configuration is to say, where it is not what the endpoint runs.
    pub planned: Option<ConfigFacts>,
    /// The key of its volumes.
    pub key: Option<KeyRef>,
    /// When it was said.
    pub at: Timestamp,
}

impl Focus {
    /// An endpoint, as it is, wherever it is.
    #[must_use]
    pub fn of(endpoint: EndpointName, at: Timestamp) -> Self {
        Self {
            endpoint,
            account: None,
            config: None,
            planned: None,
            key: None,
            at,
        }
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
        if let Some(name) = &focus.config {
            state.want_named_config(name, &said, &mut outcome);
        }
        if let Some(facts) = &focus.planned {
            state.want_keys(facts, &said, &mut outcome);
            state.want_models_of(facts, &said, &mut outcome);
            state.cell.planned = Some(facts.clone());
        }
        if let Some(key) = &focus.key {
            state.want_key(key, &said, &mut outcome);
        }
        state.unanswered = outcome.asks.len();
        (state, outcome)
    }
}
