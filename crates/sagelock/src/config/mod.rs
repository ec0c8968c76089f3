//! The effective configuration: defaults, then `sagelock.toml`, then the environment.
//!
//! `keys.rs` declares each setting once; the file, the environment, `sagelock config` and the
//! reference page are folds over it.

mod file;
mod item;
mod keys;
mod rate;
mod value;

use std::path::{Path, PathBuf};

use sagelock_domain::rules::Severity;
use sagelock_domain::settings::{Settings, is_same_class};

pub(crate) use keys::KEYS;
pub(crate) use rate::rate;
use value::Value;

/// Everything that can be configured.
#[derive(Clone, Debug, Default)]
pub(crate) struct Config {
    /// What verdicts depend on.
    pub(crate) settings: Settings,
    /// How an audit runs.
    pub(crate) audit: AuditConfig,
    /// Where each value comes from, in the order of [`KEYS`].
    origins: Vec<Origin>,
}

/// How an audit runs, where no flag says otherwise.
#[derive(Clone, Debug)]
pub(crate) struct AuditConfig {
    pub(crate) fail_on: Option<Severity>,
    pub(crate) min_coverage: f64,
    pub(crate) rate: Option<String>,
    pub(crate) deadline_seconds: u32,
}

impl Default for AuditConfig {
    fn default() -> Self {
        Self {
            fail_on: Some(Severity::High),
            min_coverage: 1.0,
            rate: None,
            deadline_seconds: 120,
        }
    }
}

/// Where a value comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Origin {
    /// It is the default.
    #[default]
    Default,
    /// A file and a line of it.
    File(PathBuf, usize),
    /// A variable of the environment.
    Env(String),
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path, line) => write!(f, "{}:{line}", path.display()),
            Self::Env(name) => write!(f, "${name}"),
        }
    }
}

/// The configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read `{}`", path.display())]
    Read {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    /// Something in the file is wrong.
    #[error("{}:{line}:{column}: {message}\n\n  {line:>4} | {text}\n       | {caret}", path.display())]
    File {
        path: PathBuf,
        line: usize,
        column: usize,
        message: String,
        text: String,
        caret: String,
    },
    /// A setting names a data class that has no weight.
    #[error("{origin}: {message}")]
    Class { origin: Origin, message: String },
    /// A variable of the environment is wrong.
    #[error("${name}: {message}")]
    Env { name: String, message: String },
}

/// The settings of the simulated organisation.
pub(crate) const DECISIONS: &str = include_str!("demo.toml");

/// The file that is read where none is named.
const FILE: &str = "sagelock.toml";

impl Config {
    /// Loads the configuration: `path`, or `sagelock.toml` in the current folder where there is
    /// one.
    pub(crate) fn load(path: Option<&Path>) -> Result<Self, ConfigError> {
        let mut config = Self {
            origins: vec![Origin::Default; KEYS.len()],
            ..Self::default()
        };
        let default = Path::new(FILE);
        let path = path.or_else(|| default.exists().then_some(default));
        if let Some(path) = path {
            file::apply(&mut config, path)?;
        }
        for (index, key) in KEYS.iter().enumerate() {
            let name = key.env();
            let Some(text) = std::env::var_os(&name) else {
                continue;
            };
            let text = text.to_string_lossy();
            let value = Value::from_env(&text);
            (key.set)(&mut config, &value).map_err(|wrong| ConfigError::Env {
                name: name.clone(),
                message: wrong.message,
            })?;
            config.set_origin(index, Origin::Env(name));
        }
        no_unknown_variable()?;
        config.check_classes()?;
        Ok(config)
    }

    /// What the simulated organisation has decided: the configuration of the demo, whatever folder
    /// it is run in.
    pub(crate) fn of_demo() -> Result<Self, ConfigError> {
        let mut config = Self {
            origins: vec![Origin::Default; KEYS.len()],
            ..Self::default()
        };
        file::apply_text(&mut config, Path::new("demo.toml"), DECISIONS)?;
        Ok(config)
    }

    /// Every class that a setting names has a weight.
    fn check_classes(&self) -> Result<(), ConfigError> {
        let settings = &self.settings;
        let default = ("default_data_class", &settings.default_data_class);
        let regulated = settings.regulated.iter().map(|class| ("regulated", class));
        let known = |class: &str| {
            let mut classes = settings.data_classes.keys();
            classes.any(|one| is_same_class(one, class))
        };
        let unknown = std::iter::once(default)
            .chain(regulated)
            .find(|(_, class)| !known(class));
        let Some((key, class)) = unknown else {
            return Ok(());
        };
        let classes: Vec<&str> = settings.data_classes.keys().map(String::as_str).collect();
        let classes_origin = self.origin_of("data_classes");
        Err(ConfigError::Class {
            origin: self.origin_of(key),
            message: format!(
                "`{key}`: `{class}` is not among `data_classes` ({classes_origin}): {}",
                classes.join(", ")
            ),
        })
    }

    fn origin_of(&self, key: &str) -> Origin {
        let index = KEYS.iter().position(|one| one.name == key);
        index
            .and_then(|index| self.origins.get(index))
            .cloned()
            .unwrap_or_default()
    }

    fn set_origin(&mut self, index: usize, origin: Origin) {
        if let Some(slot) = self.origins.get_mut(index) {
            *slot = origin;
        }
    }

    /// Every setting: its name, its value as TOML and where it comes from.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&'static keys::Key, String, &Origin)> {
        KEYS.iter()
            .zip(&self.origins)
            .map(|(key, origin)| (key, (key.get)(self), origin))
    }
}

/// Variables of the environment that are ours and no setting: the configuration's path, and what
/// the project's own tasks read.
const OTHER_VARIABLES: [&str; 2] = ["SAGELOCK_CONFIG", "SAGELOCK_CI_TARGET"];

/// A variable that is meant for us and that nothing reads is a typing error.
fn no_unknown_variable() -> Result<(), ConfigError> {
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    let unknown = names
        .filter(|name| name.starts_with("SAGELOCK_"))
        .filter(|name| !OTHER_VARIABLES.contains(&name.as_str()))
        .filter(|name| !KEYS.iter().any(|key| key.env() == *name))
        .min();
    match unknown {
        Some(name) => Err(ConfigError::Env {
            name,
            message:
                "no setting has this name; `sagelock config --format json` lists every variable"
                    .to_owned(),
        }),
        None => Ok(()),
    }
}
