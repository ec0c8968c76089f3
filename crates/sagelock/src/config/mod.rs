//! The effective configuration: defaults, then `sagelock.toml`, then the environment.
//!
//! `keys.rs` declares each setting once; the file, the environment, `sagelock config` and the
//! reference page are folds over it.

mod file;
mod keys;
mod rate;
mod value;

use std::path::{Path, PathBuf};

use sagelock_domain::rules::Severity;
use sagelock_domain::settings::Settings;

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
    /// A variable of the environment is wrong.
    #[error("${name}: {message}")]
    Env { name: String, message: String },
}

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
            (key.set)(&mut config, &value).map_err(|message| ConfigError::Env {
                name: name.clone(),
                message,
            })?;
            config.set_origin(index, Origin::Env(name));
        }
        Ok(config)
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
