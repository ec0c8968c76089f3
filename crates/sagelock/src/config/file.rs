//! `sagelock.toml`, read strictly: what is not understood is an error that names its place.

use std::ops::Range;
use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::value::Value;
use super::{Config, ConfigError, KEYS, Origin};

/// Applies a file.
pub(super) fn apply(config: &mut Config, path: &Path) -> Result<(), ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Read {
        path: path.to_owned(),
        source,
    })?;
    apply_text(config, path, &text)
}

/// Applies the text of a file.
pub(super) fn apply_text(config: &mut Config, path: &Path, text: &str) -> Result<(), ConfigError> {
    let file = File { path, text };
    let table = DeTable::parse(text)
        .map_err(|error| file.wrong(error.span().unwrap_or(0..0), error.message().to_owned()))?;
    file.apply_table(config, "", table.get_ref())
}

struct File<'a> {
    path: &'a Path,
    text: &'a str,
}

impl File<'_> {
    fn apply_table(
        &self,
        config: &mut Config,
        prefix: &str,
        table: &DeTable<'_>,
    ) -> Result<(), ConfigError> {
        for (name, value) in table {
            let full = format!("{prefix}{}", name.get_ref());
            if let Some(index) = KEYS.iter().position(|key| key.name == full) {
                let Some(key) = KEYS.get(index) else { continue };
                (key.set)(config, &Value::from_toml(value.get_ref())).map_err(|wrong| {
                    let span = wrong.item.and_then(|item| span_of(value.get_ref(), &item));
                    let message = format!("`{full}`: {}", wrong.message);
                    self.wrong(span.unwrap_or_else(|| value.span()), message)
                })?;
                let line = self.place(name.span().start).0;
                config.set_origin(index, Origin::File(self.path.to_owned(), line));
                continue;
            }
            let section = format!("{full}.");
            let is_section = KEYS.iter().any(|key| key.name.starts_with(&section));
            match value.get_ref() {
                DeValue::Table(inner) if is_section => self.apply_table(config, &section, inner)?,
                DeValue::Table(_)
                | DeValue::String(_)
                | DeValue::Integer(_)
                | DeValue::Float(_)
                | DeValue::Boolean(_)
                | DeValue::Datetime(_)
                | DeValue::Array(_) => {
                    return Err(self.wrong(name.span(), unknown(&full, is_section)));
                }
            }
        }
        Ok(())
    }

    /// Line and column of a byte, both from 1.
    fn place(&self, at: usize) -> (usize, usize) {
        let before = self.text.get(..at).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before
            .rsplit('\n')
            .next()
            .unwrap_or_default()
            .chars()
            .count()
            + 1;
        (line, column)
    }

    fn wrong(&self, span: Range<usize>, message: String) -> ConfigError {
        let (line, column) = self.place(span.start);
        let text = self
            .text
            .lines()
            .nth(line - 1)
            .unwrap_or_default()
            .to_owned();
        let marked = self.text.get(span).unwrap_or_default();
        let width = marked
            .lines()
            .next()
            .unwrap_or_default()
            .chars()
            .count()
            .max(1);
        let caret = format!("{}{}", " ".repeat(column - 1), "^".repeat(width));
        ConfigError::File {
            path: self.path.to_owned(),
            line,
            column,
            message,
            text,
            caret,
        }
    }
}

/// Where the item of an array or the value of a table's entry stands.
fn span_of(value: &DeValue<'_>, item: &str) -> Option<Range<usize>> {
    if let Some(items) = value.as_array() {
        let found = items
            .iter()
            .find(|one| one.get_ref().as_str() == Some(item));
        return found.map(toml::Spanned::span);
    }
    let entries = value.as_table()?;
    let found = entries.iter().find(|(name, _)| name.get_ref() == item);
    found.map(|(_, value)| value.span())
}

fn unknown(name: &str, is_section: bool) -> String {
    if is_section {
        return format!("`{name}` is a section, not a value");
    }
    let head = name.rsplit_once('.').map_or("", |(head, _)| head);
    let near: Vec<&str> = KEYS
        .iter()
        .map(|key| key.name)
        .filter(|known| known.rsplit_once('.').map_or("", |(head, _)| head) == head)
        .collect();
    if near.is_empty() {
        format!("unknown key `{name}`; `sagelock config` lists every key")
    } else {
        format!("unknown key `{name}`; known here: {}", near.join(", "))
    }
}
