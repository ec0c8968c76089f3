//! Amazon SageMaker hosting: models, endpoint configurations, endpoints and their life.

mod access;
mod config;
mod deploy;
mod endpoint;
mod fleet;
mod list;
mod model;
mod monitor;
mod name;
mod tag;
mod variant;

use std::collections::BTreeMap;

pub(crate) use access::gate;
pub use config::Config;
pub(crate) use deploy::{EndpointEvent, happen};
pub use endpoint::{Endpoint, Status};
pub use model::Model;
pub use tag::Tags;
pub use variant::Live;

use crate::table::operations;

/// SageMaker of one account and region.
#[derive(Debug, Default)]
pub struct SageMaker {
    // By name in lower case: an endpoint's name is not case-sensitive when it is created
    // (SageMaker API, CreateEndpoint, `EndpointName`), and ARNs bear names in lower case.
    pub(crate) models: BTreeMap<String, Model>,
    pub(crate) configs: BTreeMap<String, Config>,
    pub(crate) endpoints: BTreeMap<String, Endpoint>,
    pub(crate) schedules: BTreeMap<String, monitor::Schedule>,
    pub(crate) jobs: BTreeMap<(monitor::Kind, String), monitor::Job>,
    pub(crate) tags: BTreeMap<String, Tags>,
}

impl SageMaker {
    /// An endpoint.
    #[must_use]
    pub fn endpoint(&self, name: &str) -> Option<&Endpoint> {
        self.endpoints.get(&name.to_lowercase())
    }

    /// Every endpoint.
    pub fn endpoints(&self) -> impl Iterator<Item = &Endpoint> {
        self.endpoints.values()
    }

    /// A configuration.
    #[must_use]
    pub fn config(&self, name: &str) -> Option<&Config> {
        self.configs.get(&name.to_lowercase())
    }

    /// A model.
    #[must_use]
    pub fn model(&self, name: &str) -> Option<&Model> {
        self.models.get(&name.to_lowercase())
    }

    /// Every configuration.
    pub fn configs(&self) -> impl Iterator<Item = &Config> {
        self.configs.values()
    }

    /// The tags of a resource, by its ARN.
    #[must_use]
    pub fn tags_of(&self, arn: &str) -> Option<&Tags> {
        self.tags.get(&tag::place(arn))
    }

    /// The resources that bear tags, in lower case.
    pub fn tagged(&self) -> impl Iterator<Item = (&str, &Tags)> {
        self.tags.iter().map(|(arn, tags)| (arn.as_str(), tags))
    }

    /// Whether a resource is there, by the kind and the name of its ARN.
    #[must_use]
    pub fn has(&self, kind: &str, name: &str) -> bool {
        match kind {
            "endpoint" => self.endpoint(name).is_some(),
            "endpoint-config" => self.config(name).is_some(),
            "model" => self.model(name).is_some(),
            "monitoring-schedule" => self.schedules.contains_key(&name.to_lowercase()),
            other => monitor::Kind::ALL
                .into_iter()
                .filter(|kind| kind.resource() == other)
                .any(|kind| self.jobs.contains_key(&(kind, name.to_lowercase()))),
        }
    }
}

operations! {
    SageMaker;
    Write CreateModel("ModelName") = model::create;
    Read DescribeModel("ModelName") = model::describe;
    Read ListModels("") = model::list;
    Write DeleteModel("ModelName") = model::delete;
    Write CreateEndpointConfig("EndpointConfigName") = config::create;
    Read DescribeEndpointConfig("EndpointConfigName") = config::describe;
    Read ListEndpointConfigs("") = config::list;
    Write DeleteEndpointConfig("EndpointConfigName") = config::delete;
    Write CreateEndpoint("EndpointName") = endpoint::create;
    Read DescribeEndpoint("EndpointName") = endpoint::describe;
    Read ListEndpoints("") = endpoint::list;
    Write DeleteEndpoint("EndpointName") = endpoint::delete;
    Write UpdateEndpoint("EndpointName") = deploy::update;
    Write UpdateEndpointWeightsAndCapacities("EndpointName") = deploy::update_weights;
    Write AddTags("ResourceArn") = tag::add;
    Read ListTags("ResourceArn") = tag::list;
    Write DeleteTags("ResourceArn") = tag::delete;
    Write CreateMonitoringSchedule("MonitoringScheduleName") = monitor::create_schedule;
    Read DescribeMonitoringSchedule("MonitoringScheduleName") = monitor::describe_schedule;
    Read ListMonitoringSchedules("") = monitor::list_schedules;
    Write DeleteMonitoringSchedule("MonitoringScheduleName") = monitor::delete_schedule;
    Write CreateDataQualityJobDefinition("JobDefinitionName") = monitor::data_quality::create;
    Read DescribeDataQualityJobDefinition("JobDefinitionName") = monitor::data_quality::describe;
    Read ListDataQualityJobDefinitions("") = monitor::data_quality::list;
    Write DeleteDataQualityJobDefinition("JobDefinitionName") = monitor::data_quality::delete;
    Write CreateModelQualityJobDefinition("JobDefinitionName") = monitor::model_quality::create;
    Read DescribeModelQualityJobDefinition("JobDefinitionName") = monitor::model_quality::describe;
    Read ListModelQualityJobDefinitions("") = monitor::model_quality::list;
    Write DeleteModelQualityJobDefinition("JobDefinitionName") = monitor::model_quality::delete;
    Write CreateModelBiasJobDefinition("JobDefinitionName") = monitor::model_bias::create;
    Read DescribeModelBiasJobDefinition("JobDefinitionName") = monitor::model_bias::describe;
    Read ListModelBiasJobDefinitions("") = monitor::model_bias::list;
    Write DeleteModelBiasJobDefinition("JobDefinitionName") = monitor::model_bias::delete;
    Write CreateModelExplainabilityJobDefinition("JobDefinitionName") = monitor::model_explainability::create;
    Read DescribeModelExplainabilityJobDefinition("JobDefinitionName") = monitor::model_explainability::describe;
    Read ListModelExplainabilityJobDefinitions("") = monitor::model_explainability::list;
    Write DeleteModelExplainabilityJobDefinition("JobDefinitionName") = monitor::model_explainability::delete;
}
