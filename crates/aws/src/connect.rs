//! From the user's environment to signed calls.

use std::time::Duration;

use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::{BehaviorVersion, Region as SdkRegion, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_smithy_async::rt::sleep::default_async_sleep;
use aws_smithy_async::time::SharedTimeSource;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{self, rustls_provider::CryptoMode};
use aws_smithy_http_client::{Builder, Connector};
use aws_smithy_runtime_api::client::http::SharedHttpClient;

use sagelock_domain::ids::Region;

use crate::Aws;

/// What the user says about the connection; all else comes from the environment, the shared
/// configuration files and the machine, as in every AWS tool.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The profile, `--profile`.
    pub profile: Option<String>,
    /// The region to ask where none is configured: the first that the user names.
    pub region: Option<Region>,
    /// A simulated AWS to talk to, whatever the environment says.
    pub simulated: Option<Simulated>,
}

/// A simulated AWS.
#[derive(Clone, Debug)]
pub struct Simulated {
    /// Where it answers.
    pub url: String,
    /// The access key, which names the account.
    pub access_key: String,
}

/// There are no credentials to work with.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Nothing provides any.
    #[error("no AWS credentials found{}", in_profile(profile.as_ref()))]
    NoCredentials {
        /// The profile that was named.
        profile: Option<String>,
        /// Where was looked.
        #[source]
        source: CredentialsError,
    },
    /// Something should provide them and failed: an expired SSO session, a role that cannot be
    /// assumed, a profile that does not exist.
    #[error("cannot load AWS credentials{}", in_profile(profile.as_ref()))]
    BadCredentials {
        /// The profile that was named.
        profile: Option<String>,
        /// What failed.
        #[source]
        source: CredentialsError,
    },
}

/// How long to wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long to wait for one answer.
pub(crate) const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(30);

impl Aws {
    /// Finds credentials and gets ready to call.
    ///
    /// # Errors
    /// There are no credentials, or they cannot be loaded.
    pub async fn connect(options: Options) -> Result<Self, ConnectError> {
        if let Some(simulated) = &options.simulated {
            return Ok(Self::simulated(simulated));
        }
        let http = http_client(ProxyConfig::from_env());
        let loader = aws_config::defaults(BehaviorVersion::latest()).http_client(http.clone());
        let sdk = match &options.profile {
            None => with_region(loader.load().await, options.region.as_ref()),
            Some(profile) => {
                let loader = loader.profile_name(profile).no_credentials();
                let sdk = with_region(loader.load().await, options.region.as_ref());
                of_profile(sdk, profile, &http)
            }
        };
        let Some(provider) = sdk.credentials_provider() else {
            let source = CredentialsError::not_loaded("no provider is configured");
            return Err(ConnectError::NoCredentials {
                profile: options.profile,
                source,
            });
        };
        match provider.provide_credentials().await {
            Ok(_) => Ok(Self::new(sdk, http, provider)),
            Err(source @ CredentialsError::CredentialsNotLoaded(_)) => {
                Err(ConnectError::NoCredentials {
                    profile: options.profile,
                    source,
                })
            }
            Err(source) => Err(ConnectError::BadCredentials {
                profile: options.profile,
                source,
            }),
        }
    }
}

impl Aws {
    /// Nothing of the environment is looked at: no profile, no proxy, no override.
    fn simulated(simulated: &Simulated) -> Self {
        let http = http_client(ProxyConfig::disabled());
        let key = Credentials::new(&simulated.access_key, "simulated", None, None, "simulated");
        let provider = SharedCredentialsProvider::new(key);
        let sdk = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(SdkRegion::new("us-east-1"))
            .endpoint_url(&simulated.url)
            .http_client(http.clone())
            .credentials_provider(provider.clone())
            .time_source(SharedTimeSource::default());
        let sdk = match default_async_sleep() {
            Some(sleep) => sdk.sleep_impl(sleep),
            None => sdk,
        };
        Self::new(sdk.build(), http, provider)
    }
}

/// With the credentials of a profile: named on the command line, it goes before keys in the environment, as in
/// the AWS CLI. A role that it assumes is asked of STS in the region, and by the client, of all other calls.
fn of_profile(sdk: SdkConfig, profile: &str, http: &SharedHttpClient) -> SdkConfig {
    let config = ProviderConfig::default()
        .with_http_client(http.clone())
        .with_region(sdk.region().cloned());
    let provider = ProfileFileCredentialsProvider::builder()
        .configure(&config)
        .profile_name(profile)
        .build();
    sdk.into_builder()
        .credentials_provider(SharedCredentialsProvider::new(provider))
        .build()
}

fn in_profile(profile: Option<&String>) -> String {
    profile.map_or_else(String::new, |profile| format!(" in profile `{profile}`"))
}

/// STS needs some region. Where none is configured, one that the user names, which is of the
/// credentials' partition; else that of the commercial partition that has always answered for all
/// (IAM User Guide, "Manage AWS STS in an AWS Region", global endpoint).
fn with_region(sdk: SdkConfig, named: Option<&Region>) -> SdkConfig {
    if sdk.region().is_some() {
        return sdk;
    }
    let region = named.map_or("us-east-1", Region::as_str);
    sdk.into_builder()
        .region(SdkRegion::new(region.to_owned()))
        .build()
}

/// One pool of connections for everything, through the proxy that the environment names.
fn http_client(proxy: ProxyConfig) -> SharedHttpClient {
    Builder::new().build_with_connector_fn(move |settings, components| {
        let mut connector = Connector::builder();
        connector.set_connector_settings(settings.cloned());
        if let Some(components) = components {
            connector.set_sleep_impl(components.sleep_impl());
        }
        connector
            .proxy_config(proxy.clone())
            .tls_provider(tls::Provider::Rustls(CryptoMode::AwsLc))
            .build()
    })
}

/// The time-outs of one attempt; retries are the scheduler's.
pub(crate) fn timeouts() -> aws_smithy_types::timeout::TimeoutConfig {
    aws_smithy_types::timeout::TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(ATTEMPT_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .build()
}
