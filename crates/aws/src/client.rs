//! perform(Call) → Reply.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::{Mutex, PoisonError};

use aws_config::SdkConfig;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime::client::identity::IdentityCache;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use jiff::Timestamp;
use sagelock_domain::call::{Call, CallError, CallErrorKind, Reply, Service};
use sagelock_domain::collect::Address;
use sagelock_domain::ids::{AccountId, BucketName, Region};

use crate::endpoint::{bucket_host, endpoint, overridden, signing_name};
use crate::exchange::{Exchange, Request, Shared, exchange};
use crate::wire;

/// A connection to AWS, with credentials.
#[derive(Debug)]
pub struct Aws {
    shared: Shared,
    /// Accounts in which calls are made as a role of theirs.
    members: BTreeMap<AccountId, SharedCredentialsProvider>,
    exchanges: Mutex<BTreeMap<ExchangeId, Exchange>>,
}

/// As whom (none: as ourselves), with what and where.
type ExchangeId = (Option<AccountId>, Service, Region);

impl Aws {
    pub(crate) fn new(
        sdk: SdkConfig,
        http: SharedHttpClient,
        provider: SharedCredentialsProvider,
    ) -> Self {
        let identities = IdentityCache::lazy().build();
        let shared = Shared {
            sdk,
            http,
            provider,
            identities,
        };
        Self {
            shared,
            members: BTreeMap::new(),
            exchanges: Mutex::new(BTreeMap::new()),
        }
    }

    /// The region that the user's environment names.
    #[must_use]
    pub fn default_region(&self) -> Option<Region> {
        self.shared
            .sdk
            .region()
            .map(|region| Region::new(region.as_ref()))
    }

    /// The override under which something answers in AWS's place, where there is one.
    #[must_use]
    pub fn endpoint_override(&self) -> Option<String> {
        [
            Service::SageMaker,
            Service::Kms,
            Service::Sts,
            Service::Ec2,
            Service::Organizations,
            Service::S3,
        ]
        .into_iter()
        .find_map(|service| overridden(&self.shared.sdk, service))
    }

    /// Makes a call, once: retries are the scheduler's.
    ///
    /// # Errors
    /// Nothing answered, or the answer is an error.
    pub async fn perform(&self, address: &Address, call: &Call) -> Result<Reply, CallError> {
        let row = call.op().row();
        let (exchange, request) = match wire::bucket(call) {
            None => {
                let exchange = self.exchange(&address.account, row.service, &address.region)?;
                (exchange, wire::request(call))
            }
            Some(bucket) => self.bucket_exchange(address, call, bucket)?,
        };
        match exchange.invoke(request).await {
            Ok(response) => wire::reply(row.wire, response, Timestamp::now()),
            Err(error) => Err(failed(&error)),
        }
    }

    /// The exchange with a bucket. Where it has a host of its own nothing is kept of it: there may
    /// be as many as endpoints.
    fn bucket_exchange(
        &self,
        address: &Address,
        call: &Call,
        bucket: &BucketName,
    ) -> Result<(Exchange, Request), CallError> {
        let Address { account, region } = address;
        let host = bucket_host(&self.shared.sdk, bucket, region)?;
        if !host.is_virtual {
            let exchange = self.exchange(account, Service::S3, region)?;
            return Ok((exchange, wire::bucket_request(call, true)));
        }
        let provider = self.members.get(account).unwrap_or(&self.shared.provider);
        let name = signing_name(Service::S3);
        let exchange = exchange(&self.shared, provider, &host.url, name, region);
        Ok((exchange, wire::bucket_request(call, false)))
    }

    pub(crate) fn sdk(&self) -> &SdkConfig {
        &self.shared.sdk
    }

    pub(crate) fn add_member(&mut self, account: AccountId, provider: SharedCredentialsProvider) {
        self.members.insert(account, provider);
    }

    fn exchange(
        &self,
        account: &AccountId,
        service: Service,
        region: &Region,
    ) -> Result<Exchange, CallError> {
        let mut exchanges = self
            .exchanges
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let member = self.members.get_key_value(account);
        let id = (
            member.map(|(account, _)| account.clone()),
            service,
            region.clone(),
        );
        if let Some(prepared) = exchanges.get(&id) {
            return Ok(prepared.clone());
        }
        let url = endpoint(&self.shared.sdk, service, region)?;
        let provider = member.map_or(&self.shared.provider, |(_, provider)| provider);
        let prepared = exchange(&self.shared, provider, &url, signing_name(service), region);
        exchanges.insert(id, prepared.clone());
        Ok(prepared)
    }
}

/// Why nothing answered.
fn failed(error: &SdkError<std::convert::Infallible, HttpResponse>) -> CallError {
    let (kind, code) = if has_source::<CredentialsError>(error) {
        (CallErrorKind::Credentials, "NoCredentials")
    } else {
        match error {
            SdkError::TimeoutError(_) => (CallErrorKind::Unavailable, "Timeout"),
            SdkError::DispatchFailure(_) => (CallErrorKind::Unavailable, "Connection"),
            SdkError::ResponseError(_) => (CallErrorKind::Unavailable, "Response"),
            SdkError::ConstructionFailure(_) | SdkError::ServiceError(_) | _ => {
                (CallErrorKind::Refused, "Request")
            }
        }
    };
    CallError {
        kind,
        code: code.to_owned(),
        message: causes(error),
    }
}

/// An error and what caused it, in one line.
fn causes(error: &(dyn Error + 'static)) -> String {
    let mut said = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        let more = error.to_string();
        if !said.contains(&more) {
            said = format!("{said}: {more}");
        }
        next = error.source();
    }
    said
}

fn has_source<T: Error + 'static>(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if error.is::<T>() {
            return true;
        }
        next = error.source();
    }
    false
}
