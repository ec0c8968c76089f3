//! What must not be kept: the environment of containers, where people put passwords, and the
//! e-mail addresses of accounts.

use std::collections::BTreeMap;

use serde_json::value::{RawValue, to_raw_value};

/// Fields whose values are taken out, whole or each entry of them.
const SECRET_FIELDS: &[&str] = &["Environment", "Email"];

/// What stands in place of a secret.
const REDACTED: &str = "REDACTED";

/// A reply without its secrets. Everything else stays to the letter.
#[must_use]
pub fn redact_reply(body: &RawValue) -> Box<RawValue> {
    let suspicious = SECRET_FIELDS.iter().any(|field| body.get().contains(field));
    if suspicious && let Some(redacted) = redact(body) {
        redacted
    } else {
        body.to_owned()
    }
}

fn redact(value: &RawValue) -> Option<Box<RawValue>> {
    let text = value.get().trim_start();
    if text.starts_with('{') {
        let fields: BTreeMap<String, &RawValue> = serde_json::from_str(text).ok()?;
        let mut redacted: BTreeMap<String, Box<RawValue>> = BTreeMap::new();
        for (name, value) in fields {
            let value = if SECRET_FIELDS.contains(&name.as_str()) {
                blank(value)?
            } else {
                redact(value)?
            };
            redacted.insert(name, value);
        }
        return to_raw_value(&redacted).ok();
    }
    if text.starts_with('[') {
        let items: Vec<&RawValue> = serde_json::from_str(text).ok()?;
        let redacted: Option<Vec<Box<RawValue>>> = items.into_iter().map(redact).collect();
        return to_raw_value(&redacted?).ok();
    }
    Some(value.to_owned())
}

/// A map keeps its names, anything else is replaced whole.
fn blank(value: &RawValue) -> Option<Box<RawValue>> {
    match serde_json::from_str::<BTreeMap<String, &RawValue>>(value.get()) {
        Ok(map) => {
            let blank: BTreeMap<String, &str> =
                map.into_keys().map(|name| (name, REDACTED)).collect();
            to_raw_value(&blank).ok()
        }
        Err(_) => to_raw_value(REDACTED).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_go_and_the_rest_stays_to_the_letter() {
        let cases = [
            (r#"{"A":1.50,"B":[1e2]}"#, r#"{"A":1.50,"B":[1e2]}"#),
            (
                r#"{"Containers":[{"Environment":{"DB_PASSWORD":"hunter2"},"N":1.0}],"Z":12345678901234567890123}"#,
                r#"{"Containers":[{"Environment":{"DB_PASSWORD":"REDACTED"},"N":1.0}],"Z":12345678901234567890123}"#,
            ),
            (r#"{"Environment":"x"}"#, r#"{"Environment":"REDACTED"}"#),
            (
                r#"{"Account":{"Email":"a@b.c"}}"#,
                r#"{"Account":{"Email":"REDACTED"}}"#,
            ),
        ];
        for (text, expected) in cases {
            let body = RawValue::from_string(text.to_owned()).unwrap();
            assert_eq!(redact_reply(&body).get(), expected);
        }
    }
}
