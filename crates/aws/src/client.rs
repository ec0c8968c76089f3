//! perform(Call) → Reply.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_config::SdkConfig;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime::client::identity::IdentityCache;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use jiff::Timestamp;
use sagelock_domain::call::{Call, CallError, CallErrorKind, Reply, Service, Wire};
use sagelock_domain::collect::Address;
use sagelock_domain::ids::{AccountId, BucketName, Region};

use crate::endpoint::{SERVICES, bucket_host, endpoint, overridden, signing_name, simulation};
use crate::exchange::{Exchange, Request, Shared, exchange};
use crate::member::Member;
use crate::wire;

/// A connection to AWS, with credentials.
#[derive(Debug)]
pub struct Aws {
    pub(crate) shared: Shared,
    /// Whose credentials these are, once that is known.
    own: Option<AccountId>,
    /// Accounts in which calls are made as a role of theirs.
    pub(crate) members: BTreeMap<AccountId, Arc<Member>>,
    exchanges: Mutex<BTreeMap<ExchangeId, Exchange>>,
}

/// Who signs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Who {
    /// We ourselves.
    Own,
    /// The role or profile of another account.
    Member(AccountId),
}

/// As whom, with what and where.
type ExchangeId = (Who, Service, Region);

/// Credentials that are kept until they end: an organisation has at most 10,000 accounts (AWS
/// Organizations User Guide, "Quotas").
const IDENTITIES_MAX: usize = 16_384;

/// Exchanges that are kept ready; an organisation has more places than are asked at once.
const EXCHANGES_MAX: usize = 4096;

impl Aws {
    pub(crate) fn new(
        sdk: SdkConfig,
        http: SharedHttpClient,
        provider: SharedCredentialsProvider,
    ) -> Self {
        // One for every account that is entered by a profile, and our own.
        let identities = IdentityCache::lazy().max_partitions(IDENTITIES_MAX).build();
        let shared = Shared {
            sdk,
            http,
            provider,
            identities,
        };
        Self {
            shared,
            own: None,
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

    /// The override of an address, where there is one: it may be a way to AWS, as through AWS PrivateLink.
    #[must_use]
    pub fn endpoint_override(&self) -> Option<String> {
        let mut services = SERVICES.into_iter();
        services.find_map(|service| overridden(&self.shared.sdk, service))
    }

    /// The override under which something on this machine answers in AWS's place, whatever is asked.
    #[must_use]
    pub fn simulation(&self) -> Option<String> {
        simulation(&self.shared.sdk)
    }

    /// Says whose credentials these are: from now on they sign for no other account.
    pub fn set_own(&mut self, account: AccountId) {
        self.own = Some(account);
    }

    pub(crate) fn own(&self) -> Option<&AccountId> {
        self.own.as_ref()
    }

    /// Makes a call, once: retries are the scheduler's.
    ///
    /// # Errors
    /// Nothing answered, or the answer is an error.
    pub async fn perform(&self, address: &Address, call: &Call) -> Result<Reply, CallError> {
        if let Call::AssumeRole(input) = call {
            return self.enter(address, input).await;
        }
        let who = self.who(&address.account).await?;
        let (exchange, request) = match wire::bucket(call) {
            None => {
                let service = call.op().row().service;
                let exchange = self.exchange(&who, service, &address.region)?;
                (exchange, wire::request(call))
            }
            Some(bucket) => self.bucket_exchange(&who, &address.region, call, bucket)?,
        };
        send(&exchange, call.op().row().wire, request).await
    }

    /// Makes a call with further fields, signed by these credentials or our own.
    pub(crate) async fn send_further(
        &self,
        provider: Option<&SharedCredentialsProvider>,
        region: &Region,
        call: &Call,
        further: &[(&'static str, String)],
    ) -> Result<Reply, CallError> {
        let service = call.op().row().service;
        let exchange = match provider {
            None => self.exchange(&Who::Own, service, region)?,
            Some(provider) => {
                let url = endpoint(&self.shared.sdk, service, region)?;
                exchange(&self.shared, provider, &url, signing_name(service), region)
            }
        };
        let mut request = wire::request(call);
        for (name, value) in further {
            wire::add_field(&mut request, name, value);
        }
        send(&exchange, call.op().row().wire, request).await
    }

    /// The exchange with a bucket. Where it has a host of its own nothing is kept of it: there may
    /// be as many as endpoints.
    fn bucket_exchange(
        &self,
        who: &Who,
        region: &Region,
        call: &Call,
        bucket: &BucketName,
    ) -> Result<(Exchange, Request), CallError> {
        let host = bucket_host(&self.shared.sdk, bucket, region)?;
        if !host.is_virtual {
            let exchange = self.exchange(who, Service::S3, region)?;
            return Ok((exchange, wire::bucket_request(call, true)));
        }
        let provider = self.provider(who)?;
        let name = signing_name(Service::S3);
        let exchange = exchange(&self.shared, &provider, &host.url, name, region);
        Ok((exchange, wire::bucket_request(call, false)))
    }

    /// Forgets what was prepared with credentials that have been replaced.
    pub(crate) fn forget_exchanges(&self, account: &AccountId) {
        let of_account = |who: &Who| matches!(who, Who::Member(member) if member == account);
        self.prepared().retain(|(who, _, _), _| !of_account(who));
    }

    fn provider(&self, who: &Who) -> Result<SharedCredentialsProvider, CallError> {
        let provider = match who {
            Who::Own => Some(self.shared.provider.clone()),
            Who::Member(account) => self.members.get(account).and_then(|one| one.provider()),
        };
        provider.ok_or_else(|| CallError {
            kind: CallErrorKind::Credentials,
            code: "NoCredentials".to_owned(),
            message: "the account has not been entered".to_owned(),
        })
    }

    fn prepared(&self) -> MutexGuard<'_, BTreeMap<ExchangeId, Exchange>> {
        self.exchanges
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn exchange(
        &self,
        who: &Who,
        service: Service,
        region: &Region,
    ) -> Result<Exchange, CallError> {
        let mut exchanges = self.prepared();
        let id = (who.clone(), service, region.clone());
        if let Some(prepared) = exchanges.get(&id) {
            return Ok(prepared.clone());
        }
        let url = endpoint(&self.shared.sdk, service, region)?;
        let provider = self.provider(who)?;
        let prepared = exchange(&self.shared, &provider, &url, signing_name(service), region);
        if exchanges.len() >= EXCHANGES_MAX {
            exchanges.clear();
        }
        exchanges.insert(id, prepared.clone());
        Ok(prepared)
    }
}

async fn send(exchange: &Exchange, wire: Wire, request: Request) -> Result<Reply, CallError> {
    match exchange.invoke(request).await {
        Ok(response) => wire::reply(wire, response, Timestamp::now()),
        Err(error) => Err(failed(&error)),
    }
}

/// Why nothing answered.
pub(crate) fn failed(error: &SdkError<std::convert::Infallible, HttpResponse>) -> CallError {
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
