//! One item of a setting: how it is read, and how it is written.

use regex::Regex;
use sagelock_domain::ids::{AccountId, Region};
use sagelock_domain::regions;
use sagelock_domain::rules::Severity;

/// A setting that cannot be taken.
#[derive(Debug)]
pub(super) struct Wrong {
    pub(super) message: String,
    /// The entry of a table or the item of an array that is wrong, where it is one.
    pub(super) item: Option<String>,
}

impl From<String> for Wrong {
    fn from(message: String) -> Self {
        let item = None;
        Self { message, item }
    }
}

impl Wrong {
    pub(super) fn item(item: &str, message: String) -> Self {
        let item = Some(item.to_owned());
        Self { message, item }
    }
}

/// A name: anything but nothing.
pub(super) fn named(text: String) -> Result<String, Wrong> {
    if text.trim().is_empty() {
        return Err(Wrong::item(
            &text,
            "expected a name, found an empty one".to_owned(),
        ));
    }
    Ok(text)
}

/// ARNs of users and roles, in which any part but the first may have wildcards.
pub(super) fn principals(text: String) -> Result<String, Wrong> {
    if text.starts_with("arn:")
        && text
            .splitn(6, ':')
            .nth(5)
            .is_some_and(|name| !name.is_empty())
    {
        return Ok(text);
    }
    let message = format!(
        "`{text}` is no ARN of users or roles: expected arn:aws:iam::111122223333:role/NAME, `*` for any text"
    );
    Err(Wrong::item(&text, message))
}

pub(super) fn known_region(text: String) -> Result<Region, Wrong> {
    let region = Region::new(text);
    if regions::is_known(&region) {
        return Ok(region);
    }
    let message = match regions::close_to(region.as_str()).as_slice() {
        [] => format!("there is no region `{region}`"),
        close => format!(
            "there is no region `{region}`; did you mean {}?",
            close.join(" or ")
        ),
    };
    Err(Wrong::item(region.as_str(), message))
}

pub(super) fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

/// A text that is written without escapes where it can be.
pub(super) fn literal(text: &str) -> String {
    if text.contains('\\') && !text.contains('\'') {
        format!("'{text}'")
    } else {
        quoted(text)
    }
}

pub(super) fn list<T: ToString>(items: impl IntoIterator<Item = T>) -> String {
    let items: Vec<String> = items
        .into_iter()
        .map(|item| quoted(&item.to_string()))
        .collect();
    format!("[{}]", items.join(", "))
}

/// A key of a table, quoted where TOML wants it.
pub(super) fn bare(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !name.is_empty() && name.chars().all(plain) {
        name.to_owned()
    } else {
        quoted(name)
    }
}

pub(super) fn severity(text: &str) -> Result<Severity, String> {
    Severity::read(text)
        .ok_or_else(|| format!("expected low, medium, high or critical, found `{text}`"))
}

pub(super) fn account(text: &str) -> Result<AccountId, String> {
    let account = AccountId::new(text);
    if account.has_shape() {
        Ok(account)
    } else {
        Err(format!(
            "expected an account id of twelve digits, found `{text}`"
        ))
    }
}

/// A pattern that the whole text must match.
pub(super) fn whole_match(pattern: &str) -> Result<Regex, String> {
    Regex::new(pattern)
        .and_then(|_| Regex::new(&format!("^(?:{pattern})$")))
        .map_err(|error| {
            format!(
                "not a regular expression: {}",
                last_line(&error.to_string())
            )
        })
}

/// The line of a regex error that says what is wrong; those above it draw the pattern again.
pub(super) fn last_line(text: &str) -> String {
    text.lines()
        .last()
        .unwrap_or_default()
        .trim_start_matches("error: ")
        .to_owned()
}
