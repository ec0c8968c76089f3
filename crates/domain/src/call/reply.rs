//! A reply, whole and untyped, and the typed look at it.

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

/// What AWS answered, to the letter: fields this release has never heard of, big integers and
/// odd number forms included.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The JSON text. A reply in XML arrives here as the JSON of its elements.
    pub body: Box<RawValue>,
    /// When it was answered.
    pub at: Timestamp,
    /// AWS's id of the exchange.
    pub request_id: Option<String>,
}

/// A reply that does not have the shape its operation gives.
#[derive(Debug, thiserror::Error)]
#[error("cannot read the reply")]
pub struct Malformed(#[from] serde_json::Error);

impl Reply {
    /// Looks at the reply through a type.
    ///
    /// # Errors
    /// A field that is always there is missing, or has another type.
    pub fn view<T: DeserializeOwned>(&self) -> Result<T, Malformed> {
        Ok(serde_json::from_str(self.body.get())?)
    }
}
