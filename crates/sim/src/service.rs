//! The services that are simulated, and how each words the errors that all have.

use crate::answer::ApiError;

/// A service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names are AWS's own")]
pub enum Service {
    SageMaker,
    SageMakerRuntime,
    Kms,
    Sts,
    Iam,
    Organizations,
    Ec2,
    S3,
    Account,
    Tagging,
}

impl Service {
    /// Every service.
    pub const ALL: &'static [Self] = &[
        Self::SageMaker,
        Self::SageMakerRuntime,
        Self::Kms,
        Self::Sts,
        Self::Iam,
        Self::Organizations,
        Self::Ec2,
        Self::S3,
        Self::Account,
        Self::Tagging,
    ];

    /// The prefix of its IAM actions.
    #[must_use]
    pub fn prefix(self) -> &'static str {
        match self {
            Self::SageMaker | Self::SageMakerRuntime => "sagemaker",
            Self::Kms => "kms",
            Self::Sts => "sts",
            Self::Iam => "iam",
            Self::Organizations => "organizations",
            Self::Ec2 => "ec2",
            Self::S3 => "s3",
            Self::Account => "account",
            Self::Tagging => "tag",
        }
    }

    /// The code of a request that is not valid.
    pub(crate) fn invalid_code(self) -> &'static str {
        match self {
            Self::SageMaker | Self::Kms | Self::Account => "ValidationException",
            Self::SageMakerRuntime | Self::Sts | Self::Iam => "ValidationError",
            Self::Organizations => "InvalidInputException",
            Self::Ec2 => "InvalidParameterValue",
            Self::S3 => "InvalidArgument",
            Self::Tagging => "InvalidParameterException",
        }
    }

    /// Too many requests, in the service's own words (each service's "Common Errors" page; KMS
    /// Developer Guide, "Request quotas"; EC2, "Error codes"; S3, "Error responses").
    pub(crate) fn throttled(self) -> ApiError {
        match self {
            Self::SageMaker | Self::SageMakerRuntime => {
                ApiError::new("ThrottlingException", "Rate exceeded")
            }
            Self::Kms => ApiError::new(
                "ThrottlingException",
                "You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.",
            ),
            Self::Sts | Self::Iam => ApiError::new("Throttling", "Rate exceeded"),
            Self::Organizations => ApiError::new(
                "TooManyRequestsException",
                "You have sent too many requests in too short a period of time.",
            ),
            Self::Ec2 => {
                ApiError::new("RequestLimitExceeded", "Request limit exceeded.").with_status(503)
            }
            Self::S3 => {
                ApiError::new("SlowDown", "Please reduce your request rate.").with_status(503)
            }
            Self::Account => {
                ApiError::new("TooManyRequestsException", "Rate exceeded").with_status(429)
            }
            Self::Tagging => ApiError::new("ThrottledException", "Rate exceeded"),
        }
    }

    /// The caller may not (IAM User Guide, "Access denied error messages").
    pub(crate) fn denied(self, caller: &str, operation: &str, why: &str) -> ApiError {
        self.denied_action(caller, &format!("{}:{operation}", self.prefix()), why)
    }

    /// The same of any action, which can be of another service.
    pub(crate) fn denied_action(self, caller: &str, action: &str, why: &str) -> ApiError {
        let message = format!("User: {caller} is not authorized to perform: {action} {why}");
        match self {
            Self::SageMaker
            | Self::SageMakerRuntime
            | Self::Kms
            | Self::Organizations
            | Self::Tagging => ApiError::new("AccessDeniedException", message),
            Self::Account => ApiError::new("AccessDeniedException", message).with_status(403),
            Self::Sts | Self::Iam => ApiError::new("AccessDenied", message).with_status(403),
            Self::S3 => ApiError::new("AccessDenied", "Access Denied").with_status(403),
            Self::Ec2 => ApiError::new(
                "UnauthorizedOperation",
                format!("You are not authorized to perform this operation. {message}"),
            )
            .with_status(403),
        }
    }

    /// The service failed (each service's "Common Errors" page).
    pub(crate) fn failed(self, status: u16) -> ApiError {
        let (code, message) = match (self, status) {
            (Self::Kms, 500) => (
                "KMSInternalException",
                "The request was rejected because an internal exception occurred.",
            ),
            (Self::S3, 500) => (
                "InternalError",
                "We encountered an internal error. Please try again.",
            ),
            (Self::Ec2, 500) => ("InternalError", "An internal error has occurred"),
            (_, 503) => (
                "ServiceUnavailable",
                "The request has failed due to a temporary failure of the server.",
            ),
            _ => (
                "InternalFailure",
                "The request processing has failed because of an unknown error, exception or failure.",
            ),
        };
        ApiError::new(code, message).with_status(status)
    }
}
