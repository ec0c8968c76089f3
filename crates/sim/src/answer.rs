//! What an operation answers: a body, or an error as AWS words it.

use serde_json::Value;

/// The body of an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// A tree of the API's own field names.
    Tree(Value),
    /// JSON that is ready as text: what was stored comes back to the letter.
    Text(String),
    /// XML that is ready as text, with its root.
    Xml(String),
    /// Headers, where the answer is in them.
    Headers(Vec<(&'static str, String)>),
    /// Bytes of the customer's own, as an endpoint's container answers.
    Bytes(Vec<u8>),
    /// Nothing.
    Empty,
}

/// An error of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError {
    /// AWS's code. The empty text is the service's own code for a request that is not valid.
    pub code: String,
    /// AWS's message.
    pub message: String,
    /// The HTTP status.
    pub status: u16,
    /// Where the thing is, if it is in another region.
    pub region: Option<String>,
}

/// What an operation answers.
pub(crate) type Answered = Result<Body, ApiError>;

impl ApiError {
    /// An error with the status that most have.
    pub(crate) fn new(code: &str, message: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            message: message.into(),
            status: 400,
            region: None,
        }
    }

    /// The request is not valid, in the service's own code for that.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new("", message)
    }

    /// A value does not meet a constraint of its shape; AWS's services word it alike.
    pub(crate) fn constraint(value: &str, field: &str, constraint: &str) -> Self {
        Self::invalid(format!(
            "1 validation error detected: Value '{value}' at '{}' failed to satisfy constraint: \
             Member must {constraint}",
            lower_first(field)
        ))
    }

    /// A field that must be there is not.
    pub(crate) fn missing(field: &str) -> Self {
        Self::invalid(format!(
            "1 validation error detected: Value null at '{}' failed to satisfy constraint: \
             Member must not be null",
            lower_first(field)
        ))
    }

    /// The body is not what the protocol carries.
    pub(crate) fn serialization() -> Self {
        Self::new("SerializationException", "")
    }

    pub(crate) fn of_region(mut self, region: &str) -> Self {
        self.region = Some(region.to_owned());
        self
    }

    pub(crate) fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }
}

fn lower_first(field: &str) -> String {
    let mut letters = field.chars();
    letters
        .next()
        .map(|first| first.to_ascii_lowercase())
        .into_iter()
        .chain(letters)
        .collect()
}

/// A body of the API's own field names.
#[expect(
    clippy::unnecessary_wraps,
    reason = "every operation ends in it, and an operation can be refused"
)]
pub(crate) fn tree(value: Value) -> Answered {
    Ok(Body::Tree(value))
}
