//! A value of the configuration, whichever way it came in.

use std::collections::BTreeMap;

use toml::de::DeValue;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Text(String),
    Number(f64),
    List(Vec<String>),
    Table(BTreeMap<String, String>),
    /// A kind of TOML value that no setting takes.
    Other(&'static str),
}

impl Value {
    /// A value of a TOML file.
    pub(super) fn from_toml(value: &DeValue<'_>) -> Self {
        match value {
            DeValue::String(text) => Self::Text(text.to_string()),
            DeValue::Integer(number) => number
                .as_str()
                .replace('_', "")
                .parse()
                .map_or(Self::Other("integer"), Self::Number),
            DeValue::Float(number) => number
                .as_str()
                .replace('_', "")
                .parse()
                .map_or(Self::Other("float"), Self::Number),
            DeValue::Array(items) => {
                let texts: Option<Vec<String>> = items
                    .iter()
                    .map(|item| item.get_ref().as_str().map(ToOwned::to_owned))
                    .collect();
                texts.map_or(Self::Other("array of something but strings"), Self::List)
            }
            DeValue::Table(table) => {
                let texts: Option<BTreeMap<String, String>> = table
                    .iter()
                    .map(|(name, value)| {
                        Some((
                            name.get_ref().to_string(),
                            value.get_ref().as_str()?.to_owned(),
                        ))
                    })
                    .collect();
                texts.map_or(Self::Other("table of something but strings"), Self::Table)
            }
            DeValue::Boolean(_) | DeValue::Datetime(_) => Self::Other(value.type_str()),
        }
    }

    /// A value of the environment: a number, else text; lists are written with commas, tables as
    /// `name=value` with commas.
    pub(super) fn from_env(text: &str) -> Self {
        text.trim()
            .parse()
            .map_or_else(|_| Self::Text(text.trim().to_owned()), Self::Number)
    }

    pub(super) fn text(&self) -> Result<String, String> {
        match self {
            Self::Text(text) => Ok(text.clone()),
            Self::Number(number) => Ok(number.to_string()),
            Self::List(_) | Self::Table(_) | Self::Other(_) => Err(self.unexpected("a string")),
        }
    }

    pub(super) fn number(&self) -> Result<f64, String> {
        match self {
            Self::Number(number) => Ok(*number),
            Self::Text(_) | Self::List(_) | Self::Table(_) | Self::Other(_) => {
                Err(self.unexpected("a number"))
            }
        }
    }

    /// A whole number of days or seconds.
    pub(super) fn whole(&self, range: std::ops::RangeInclusive<u32>) -> Result<u32, String> {
        let number = self.number()?.to_string();
        let whole = number
            .parse::<u32>()
            .ok()
            .filter(|whole| range.contains(whole));
        whole.ok_or_else(|| {
            format!(
                "expected a whole number from {} to {}",
                range.start(),
                range.end()
            )
        })
    }

    pub(super) fn list(&self) -> Result<Vec<String>, String> {
        match self {
            Self::List(items) => Ok(items.clone()),
            Self::Text(text) => Ok(text
                .split(',')
                .map(|item| item.trim().to_owned())
                .filter(|item| !item.is_empty())
                .collect()),
            Self::Number(number) => Ok(vec![number.to_string()]),
            Self::Table(_) | Self::Other(_) => Err(self.unexpected("an array of strings")),
        }
    }

    pub(super) fn table(&self) -> Result<BTreeMap<String, String>, String> {
        match self {
            Self::Table(table) => Ok(table.clone()),
            Self::Text(text) => text
                .split(',')
                .filter(|item| !item.trim().is_empty())
                .map(|item| {
                    let (name, value) = item
                        .split_once('=')
                        .ok_or_else(|| format!("expected `name=value`, found `{item}`"))?;
                    Ok((name.trim().to_owned(), value.trim().to_owned()))
                })
                .collect(),
            Self::Number(_) | Self::List(_) | Self::Other(_) => {
                Err(self.unexpected("a table of strings"))
            }
        }
    }

    fn unexpected(&self, expected: &str) -> String {
        let found = match self {
            Self::Text(_) => "a string",
            Self::Number(_) => "a number",
            Self::List(_) => "an array",
            Self::Table(_) => "a table",
            Self::Other(kind) => kind,
        };
        format!("expected {expected}, found {found}")
    }
}
