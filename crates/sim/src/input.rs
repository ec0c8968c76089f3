//! What an operation is asked with.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use jiff::Timestamp;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::answer::ApiError;

/// The input of an operation, in the API's own field names.
#[derive(Clone, Debug, Default)]
pub struct Input {
    fields: Map<String, Value>,
    /// The text it came as, where it came as JSON.
    raw: Option<String>,
    /// A body that is the customer's own.
    pub(crate) payload: Vec<u8>,
}

impl Input {
    /// Reads a JSON body.
    ///
    /// # Errors
    /// It is not a JSON object.
    pub fn from_json(text: &str) -> Result<Self, ApiError> {
        let trimmed = if text.trim().is_empty() { "{}" } else { text };
        match serde_json::from_str(trimmed) {
            Ok(Value::Object(fields)) => Ok(Self {
                fields,
                raw: Some(trimmed.to_owned()),
                payload: Vec::new(),
            }),
            Ok(_) | Err(_) => Err(ApiError::serialization()),
        }
    }

    /// With a body that is the customer's own: what PutObject stores.
    #[must_use]
    pub fn carrying(self, payload: &[u8]) -> Self {
        Self {
            payload: payload.to_vec(),
            ..self
        }
    }

    /// Takes fields that came in another form than JSON.
    pub(crate) fn from_fields(fields: Map<String, Value>) -> Self {
        Self {
            fields,
            raw: None,
            payload: Vec::new(),
        }
    }

    /// The fields as one value.
    #[must_use]
    pub fn to_value(&self) -> Value {
        Value::Object(self.fields.clone())
    }

    /// A field, where it is there and not null.
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.fields.get(name).filter(|value| !value.is_null())
    }

    /// A text.
    pub(crate) fn opt(&self, name: &str) -> Result<Option<&str>, ApiError> {
        match self.get(name) {
            None => Ok(None),
            Some(value) => value.as_str().map(Some).ok_or_else(ApiError::serialization),
        }
    }

    /// A text that must be there.
    pub(crate) fn text(&self, name: &str) -> Result<&str, ApiError> {
        self.opt(name)?.ok_or_else(|| ApiError::missing(name))
    }

    /// A yes or no; absent is no.
    pub(crate) fn flag(&self, name: &str) -> Result<bool, ApiError> {
        match self.get(name) {
            None => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(other) => match other.as_str() {
                Some("true") => Ok(true),
                Some("false") => Ok(false),
                Some(_) | None => Err(ApiError::serialization()),
            },
        }
    }

    /// A whole number.
    pub(crate) fn whole(&self, name: &str) -> Result<Option<i64>, ApiError> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        let number = match value.as_str() {
            Some(text) => text.parse().ok(),
            None => value.as_i64(),
        };
        number.map(Some).ok_or_else(ApiError::serialization)
    }

    /// A whole number within bounds.
    pub(crate) fn within(
        &self,
        name: &str,
        range: RangeInclusive<i64>,
    ) -> Result<Option<i64>, ApiError> {
        let Some(number) = self.whole(name)? else {
            return Ok(None);
        };
        if number < *range.start() {
            let constraint = format!("have value greater than or equal to {}", range.start());
            return Err(ApiError::constraint(&number.to_string(), name, &constraint));
        }
        if number > *range.end() {
            let constraint = format!("have value less than or equal to {}", range.end());
            return Err(ApiError::constraint(&number.to_string(), name, &constraint));
        }
        Ok(Some(number))
    }

    /// A list; absent is empty.
    pub(crate) fn list(&self, name: &str) -> Result<&[Value], ApiError> {
        match self.get(name) {
            None => Ok(&[]),
            Some(value) => value
                .as_array()
                .map(Vec::as_slice)
                .ok_or_else(ApiError::serialization),
        }
    }

    /// A list of texts; absent is empty.
    pub(crate) fn texts(&self, name: &str) -> Result<Vec<&str>, ApiError> {
        self.list(name)?
            .iter()
            .map(|value| value.as_str().ok_or_else(ApiError::serialization))
            .collect()
    }

    /// A structure.
    pub(crate) fn object(&self, name: &str) -> Result<Option<&Map<String, Value>>, ApiError> {
        match self.get(name) {
            None => Ok(None),
            Some(value) => value
                .as_object()
                .map(Some)
                .ok_or_else(ApiError::serialization),
        }
    }

    /// A time: seconds since the epoch, or a text in ISO 8601.
    pub(crate) fn time(&self, name: &str) -> Result<Option<Timestamp>, ApiError> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        let time = match (value.as_f64(), value.as_str()) {
            (Some(seconds), _) => jiff::SignedDuration::try_from_secs_f64(seconds)
                .ok()
                .and_then(|since| Timestamp::UNIX_EPOCH.checked_add(since).ok()),
            (None, Some(text)) => text.parse().ok(),
            (None, None) => None,
        };
        // A float holds more than the milliseconds that were meant.
        let time: Option<Timestamp> = time;
        time.and_then(|time| time.round(jiff::Unit::Millisecond).ok())
            .map(Some)
            .ok_or_else(ApiError::serialization)
    }

    /// A text out of a set.
    pub(crate) fn one_of(&self, name: &str, set: &[&str]) -> Result<Option<&str>, ApiError> {
        let Some(text) = self.opt(name)? else {
            return Ok(None);
        };
        if set.contains(&text) {
            return Ok(Some(text));
        }
        let constraint = format!("satisfy enum value set: [{}]", set.join(", "));
        Err(ApiError::constraint(text, name, &constraint))
    }

    /// Every field to the letter, but those that are named.
    pub(crate) fn stored(&self, without: &[&str]) -> Stored {
        let fields = match &self.raw {
            Some(raw) => serde_json::from_str(raw).unwrap_or_default(),
            None => BTreeMap::new(),
        };
        let mut stored = Stored { fields };
        for name in without {
            stored.fields.remove(*name);
        }
        stored.fields.retain(|_, value| value.get() != "null");
        stored
    }
}

/// Fields that are kept to the letter, those that nobody has heard of included.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stored {
    fields: BTreeMap<String, Box<RawValue>>,
}

impl Stored {
    /// The text of one JSON object with these fields, and some of ours.
    pub(crate) fn render(&self, ours: &[(&str, Value)]) -> String {
        let mut text = String::with_capacity(256);
        text.push('{');
        let mut add = |name: &str, value: &str| {
            if text.len() > 1 {
                text.push(',');
            }
            text.push_str(&Value::from(name).to_string());
            text.push(':');
            text.push_str(value);
        };
        for (name, value) in ours {
            add(name, &value.to_string());
        }
        for (name, value) in &self.fields {
            if ours.iter().all(|(taken, _)| taken != name) {
                add(name, value.get());
            }
        }
        text.push('}');
        text
    }
}

/// Seconds since the epoch, as the JSON protocols write a time.
pub(crate) fn epoch(time: Timestamp) -> Value {
    #[expect(
        clippy::cast_precision_loss,
        reason = "milliseconds of any date have fewer than 53 bits"
    )]
    let seconds = time.as_millisecond() as f64 / 1000.0;
    Value::from(seconds)
}
