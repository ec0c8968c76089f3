//! One signed HTTP exchange on the official orchestrator.

use std::convert::Infallible;

use aws_config::SdkConfig;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_runtime::auth::sigv4::{SCHEME_ID, SigV4AuthScheme};
use aws_runtime::auth::{SigV4OperationSigningConfig, SigningOptions};
use aws_smithy_runtime::client::orchestrator::operation::Operation;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::auth::AuthSchemeOptionResolverParams;
use aws_smithy_runtime_api::client::auth::static_resolver::StaticAuthSchemeOptionResolver;
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::identity::{SharedIdentityCache, SharedIdentityResolver};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse, OrchestratorError};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponentsBuilder;
use aws_smithy_runtime_api::client::runtime_plugin::StaticRuntimePlugin;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::Layer;
use aws_types::SigningName;
use aws_types::region::{Region as SdkRegion, SigningRegion};
use sagelock_domain::ids::Region;

use crate::connect::timeouts;

/// A request, before it is signed.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: &'static str,
    /// The path and the query, percent-encoded.
    pub(crate) target: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: String,
}

/// A response, whatever its status.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) request_id: Option<String>,
    /// `X-Amzn-ErrorType`.
    pub(crate) error_type: Option<String>,
    /// The region of a bucket, where S3 says it.
    pub(crate) bucket_region: Option<String>,
    /// Every header, where there is no body and the answer may be in them.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// An exchange with one service in one region, to be repeated.
pub(crate) type Exchange = Operation<Request, Response, Infallible>;

/// What every exchange of a connection shares.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) sdk: SdkConfig,
    pub(crate) http: SharedHttpClient,
    pub(crate) provider: SharedCredentialsProvider,
    pub(crate) identities: SharedIdentityCache,
}

/// Prepares the exchange with a service in a region.
pub(crate) fn exchange(
    shared: &Shared,
    provider: &SharedCredentialsProvider,
    url: &str,
    signing_name: &'static str,
    region: &Region,
) -> Exchange {
    let mut builder = Operation::builder()
        .service_name(signing_name)
        .operation_name("call")
        .behavior_version(BehaviorVersion::latest())
        .http_client(shared.http.clone())
        .endpoint_url(url)
        .no_retry()
        .timeout_config(timeouts())
        .runtime_plugin(signing(shared, provider, signing_name, region));
    if let Some(sleep) = shared.sdk.sleep_impl() {
        builder = builder.sleep_impl(sleep);
    }
    if let Some(time) = shared.sdk.time_source() {
        builder = builder.time_source(time);
    }
    builder
        .serializer(serialize)
        .deserializer(deserialize)
        .build()
}

fn signing(
    shared: &Shared,
    provider: &SharedCredentialsProvider,
    name: &'static str,
    region: &Region,
) -> StaticRuntimePlugin {
    let mut layer = Layer::new("sagelock-signing");
    layer.store_put(AuthSchemeOptionResolverParams::new(()));
    layer.store_put(SigV4OperationSigningConfig {
        region: Some(SigningRegion::from(SdkRegion::new(region.to_string()))),
        name: Some(SigningName::from(name)),
        signing_options: signing_options(name),
        ..SigV4OperationSigningConfig::default()
    });
    let components = RuntimeComponentsBuilder::new("sagelock-signing")
        .with_auth_scheme_option_resolver(Some(StaticAuthSchemeOptionResolver::new(vec![
            SCHEME_ID,
        ])))
        .with_auth_scheme(SigV4AuthScheme::new())
        .with_identity_cache(Some(shared.identities.clone()))
        .with_identity_resolver(SCHEME_ID, SharedIdentityResolver::new(provider.clone()));
    StaticRuntimePlugin::new()
        .with_config(layer.freeze())
        .with_runtime_components(components)
}

/// What is signed of a path. S3 takes it as it was sent, encoded once, and wants a checksum of the
/// body (S3 API, "Authenticating requests: using the Authorization header").
fn signing_options(name: &str) -> SigningOptions {
    let is_s3 = name == "s3";
    let mut options = SigningOptions::default();
    options.double_uri_encode = !is_s3;
    options.normalize_uri_path = !is_s3;
    options.content_sha256_header = is_s3;
    options
}

fn serialize(request: Request) -> Result<HttpRequest, BoxError> {
    let mut http = HttpRequest::new(SdkBody::from(request.body));
    http.set_method(request.method)?;
    http.set_uri(request.target)?;
    for (name, value) in request.headers {
        http.headers_mut().try_insert(name, value)?;
    }
    let agent = concat!("sagelock/", env!("CARGO_PKG_VERSION"));
    http.headers_mut().try_insert("user-agent", agent)?;
    Ok(http)
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "the shape that the orchestrator takes"
)]
fn deserialize(response: &HttpResponse) -> Result<Response, OrchestratorError<Infallible>> {
    let header = |names: &[&str]| {
        names
            .iter()
            .find_map(|name| response.headers().get(*name))
            .map(ToOwned::to_owned)
    };
    let body = response.body().bytes().unwrap_or_default().to_vec();
    let in_headers = response.headers().iter().filter(|_| body.is_empty());
    Ok(Response {
        status: response.status().as_u16(),
        request_id: header(&["x-amzn-requestid", "x-amz-request-id", "x-amzn-request-id"]),
        error_type: header(&["x-amzn-errortype"]),
        bucket_region: header(&["x-amz-bucket-region"]),
        headers: in_headers
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        body,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_s3_signs_a_path_as_it_was_sent() {
        for (name, as_sent) in [("s3", true), ("kms", false), ("sagemaker", false)] {
            let options = signing_options(name);
            assert_eq!(options.double_uri_encode, !as_sent, "{name}");
            assert_eq!(options.normalize_uri_path, !as_sent, "{name}");
            assert_eq!(options.content_sha256_header, as_sent, "{name}");
        }
    }
}
