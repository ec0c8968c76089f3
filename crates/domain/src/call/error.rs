//! Why a call gave no reply, by what can be done about it.

use crate::fact::GapReason;
use crate::ids::Region;

/// A call that gave no reply.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct CallError {
    /// What can be done about it.
    pub kind: CallErrorKind,
    /// AWS's error code, or ours where nothing was answered.
    pub code: String,
    /// AWS's message.
    pub message: String,
}

/// What can be done about a failed call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallErrorKind {
    /// Ask for the permission.
    AccessDenied,
    /// Nothing: the thing does not exist, and that is an answer.
    NotFound,
    /// Wait, and ask less often.
    Throttled,
    /// Wait, and ask again.
    Unavailable,
    /// Log in again.
    Credentials,
    /// Find out who is answering.
    NotJson,
    /// Nothing: AWS does not take this request.
    Refused,
    /// Nothing: the run was interrupted.
    Interrupted,
    /// Record again.
    NotRecorded,
}

/// How often a call is made at the most whose answer has a server error's status and is not in
/// AWS's format: something in between may have hiccuped, or is not AWS.
const STRANGER_ATTEMPTS_MAX: u32 = 3;

impl CallError {
    /// Whether asking again may help after so many attempts.
    #[must_use]
    pub fn is_retryable(&self, attempts: u32) -> bool {
        let stranger = self.kind == CallErrorKind::NotJson && self.code.starts_with("HTTP 5");
        self.kind.is_retryable() || (stranger && attempts < STRANGER_ATTEMPTS_MAX)
    }
}

/// The code of an answer that the bucket is in another region (S3 API, "Error responses").
const ELSEWHERE: &str = "PermanentRedirect";
/// What is said of such a bucket, before the name of its region.
const ELSEWHERE_SAID: &str = "the bucket is in ";

impl CallError {
    /// The answer that a bucket is in another region than the one that was asked.
    #[must_use]
    pub fn elsewhere(region: &Region) -> Self {
        Self {
            kind: CallErrorKind::Refused,
            code: ELSEWHERE.to_owned(),
            message: format!("{ELSEWHERE_SAID}{region}"),
        }
    }

    /// Where the bucket is, if that is what the answer says.
    #[must_use]
    pub fn moved_to(&self) -> Option<Region> {
        let told = (self.code == ELSEWHERE).then_some(self.message.as_str())?;
        let region = Region::new(told.strip_prefix(ELSEWHERE_SAID)?);
        region.has_shape().then_some(region)
    }
}

impl CallErrorKind {
    /// Whether asking again may help, for as long as there is time.
    fn is_retryable(self) -> bool {
        match self {
            Self::Throttled | Self::Unavailable => true,
            Self::AccessDenied
            | Self::NotFound
            | Self::Credentials
            | Self::NotJson
            | Self::Refused
            | Self::Interrupted
            | Self::NotRecorded => false,
        }
    }

    /// The gap it leaves.
    #[must_use]
    pub fn gap(self) -> GapReason {
        match self {
            Self::AccessDenied => GapReason::AccessDenied,
            Self::Throttled => GapReason::Throttled,
            Self::Unavailable => GapReason::Unavailable,
            Self::Credentials => GapReason::Credentials,
            Self::NotJson => GapReason::MalformedReply,
            Self::NotFound | Self::Refused => GapReason::Refused,
            Self::Interrupted => GapReason::Interrupted,
            Self::NotRecorded => GapReason::NotRecorded,
        }
    }
}

/// Sorts an error reply by its HTTP status, code and message.
///
/// Codes are compared as text because SageMaker's most frequent errors are not modelled
/// (botocore, sagemaker/2017-07-24: `ValidationException`, `AccessDeniedException` and
/// `ThrottlingException` appear in no shape).
#[must_use]
pub fn classify(status: u16, code: &str, message: &str) -> CallErrorKind {
    if DENIED.contains(&code) {
        return CallErrorKind::AccessDenied;
    }
    if CREDENTIALS.contains(&code) {
        return CallErrorKind::Credentials;
    }
    if THROTTLED.contains(&code) || status == 429 {
        return CallErrorKind::Throttled;
    }
    let missing = NOT_FOUND.contains(&code)
        || (code == "ValidationException"
            && (message.starts_with("Could not find") || message.contains("does not exist")));
    if missing {
        return CallErrorKind::NotFound;
    }
    if UNAVAILABLE.contains(&code) || status >= 500 {
        return CallErrorKind::Unavailable;
    }
    if status == 403 && code.is_empty() {
        return CallErrorKind::AccessDenied;
    }
    CallErrorKind::Refused
}

const DENIED: &[&str] = &[
    "AccessDenied",
    "AccessDeniedException",
    "AuthorizationError",
    "AuthorizationErrorException",
    "NotAuthorized",
    "OptInRequired",
    "UnauthorizedOperation",
    "UnauthorizedException",
];

const CREDENTIALS: &[&str] = &[
    "AuthFailure",
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "IncompleteSignatureException",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "RequestExpired",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
];

const THROTTLED: &[&str] = &[
    "BandwidthLimitExceeded",
    "EC2ThrottledException",
    "PriorRequestNotComplete",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
];

const NOT_FOUND: &[&str] = &[
    "AccountNotFoundException",
    "NoSuchBucket",
    "NoSuchKey",
    "NotFoundException",
    "ResourceNotFound",
    "ResourceNotFoundException",
];

const UNAVAILABLE: &[&str] = &[
    "DependencyTimeoutException",
    "InternalError",
    "InternalFailure",
    "InternalServerError",
    "KMSInternalException",
    "RequestTimeout",
    "RequestTimeoutException",
    "ServiceUnavailable",
    "ServiceUnavailableException",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_that_is_elsewhere_says_where() {
        let error = CallError::elsewhere(&Region::new("eu-west-1"));
        assert_eq!(error.moved_to(), Some(Region::new("eu-west-1")));
        let host = CallError::elsewhere(&Region::new("evil.example/"));
        assert_eq!(host.moved_to(), None, "no host is made of it");
        let other = CallError {
            code: "AccessDenied".to_owned(),
            ..error
        };
        assert_eq!(other.moved_to(), None);
    }

    #[test]
    fn errors_are_sorted_by_what_can_be_done() {
        use CallErrorKind::{AccessDenied, Credentials, NotFound, Refused, Throttled, Unavailable};
        let cases = [
            (
                400,
                "AccessDeniedException",
                "User: … is not authorized",
                AccessDenied,
            ),
            (403, "UnauthorizedOperation", "", AccessDenied),
            (403, "", "", AccessDenied),
            (
                400,
                "ValidationException",
                "Could not find endpoint \"arn\"",
                NotFound,
            ),
            (
                400,
                "ValidationException",
                "1 validation error detected",
                Refused,
            ),
            (400, "NotFoundException", "Key 'x' does not exist", NotFound),
            (400, "ThrottlingException", "Rate exceeded", Throttled),
            (503, "RequestLimitExceeded", "", Throttled),
            (429, "", "", Throttled),
            (500, "InternalFailure", "", Unavailable),
            (502, "", "", Unavailable),
            (400, "KMSInternalException", "", Unavailable),
            (400, "ExpiredTokenException", "", Credentials),
            (403, "InvalidClientTokenId", "", Credentials),
            (400, "UnrecognizedClientException", "", Credentials),
            (400, "UnsupportedOperationException", "", Refused),
            (404, "NoSuchBucket", "", NotFound),
            (404, "NoSuchKey", "", NotFound),
            (403, "AccessDenied", "Access Denied", AccessDenied),
            (
                503,
                "SlowDown",
                "Please reduce your request rate.",
                Throttled,
            ),
            (404, "", "", Refused),
            (301, "PermanentRedirect", "", Refused),
        ];
        for (status, code, message, expected) in cases {
            assert_eq!(
                classify(status, code, message),
                expected,
                "{status} {code} {message}"
            );
        }
    }
}
