//! Why a session cannot begin, and what to do about it.

use anyhow::anyhow;
use sagelock_aws::ConnectError;
use sagelock_domain::call::{CallError, CallErrorKind};
use sagelock_domain::ids::Region;
use sagelock_domain::regions;

use crate::exit::{Exit, Failure};

/// A name that cannot be a region's is refused before anything is asked.
pub(super) fn check_regions(wanted: &[Region]) -> Result<(), Failure> {
    match wanted.iter().find(|region| !region.has_shape()) {
        Some(region) => Err(no_such_region(region)),
        None => Ok(()),
    }
}

pub(super) fn no_such_region(region: &Region) -> Failure {
    let failure = Failure::usage(anyhow!("there is no region `{region}`"));
    match regions::close_to(region.as_str()).as_slice() {
        [] => failure,
        close => failure.hint(format!("did you mean {}?", close.join(" or "))),
    }
}

pub(super) fn no_credentials(error: ConnectError) -> Failure {
    let hint = match &error {
        ConnectError::NoCredentials { .. } => {
            "set AWS_PROFILE or `--profile`, run `aws sso login`, or try `--offline` on a recording"
        }
        ConnectError::BadCredentials { .. } => {
            "log in again (`aws sso login`), or check the profile's role and source"
        }
    };
    Failure::new(Exit::Credentials, error).hint(hint)
}

pub(super) fn not_identified(error: &CallError) -> Failure {
    let whose = "cannot find out whose credentials these are";
    let (about, hint) = match error.kind {
        CallErrorKind::Credentials => (
            whose,
            "the credentials are wrong or have expired: log in again",
        ),
        CallErrorKind::AccessDenied => (
            whose,
            "sts:GetCallerIdentity requires no permissions: check whether a VPC endpoint policy denies it",
        ),
        CallErrorKind::Throttled | CallErrorKind::Unavailable | CallErrorKind::Interrupted => (
            "AWS STS does not answer",
            "is STS reachable from here? see AWS_ENDPOINT_URL and the proxy",
        ),
        CallErrorKind::NotFound
        | CallErrorKind::NotJson
        | CallErrorKind::Refused
        | CallErrorKind::NotRecorded => (
            "AWS STS did not return an identity",
            "check AWS_ENDPOINT_URL and the proxy: the response may not come from AWS",
        ),
    };
    let told = anyhow!("{error}").context(about);
    Failure::new(Exit::Credentials, told).hint(hint)
}
