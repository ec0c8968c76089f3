//! What cargo knows of the workspace and its dependencies.

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::{cargo, root};

/// A package of the dependency graph.
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) license: Option<String>,
    /// None: a member of the workspace.
    pub(crate) source: Option<String>,
    pub(crate) dependencies: BTreeSet<String>,
}

/// Every package of the lock file.
pub(crate) fn packages() -> Result<Vec<Package>> {
    let output = cargo(&["metadata", "--format-version", "1", "--locked"])
        .current_dir(root())
        .output()
        .context("cannot run cargo metadata")?;
    if !output.status.success() {
        bail!(
            "cargo metadata: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    let document: Value = serde_json::from_slice(&output.stdout)?;
    let text = |value: &Value| value.as_str().map(ToOwned::to_owned);
    let packages = document
        .get("packages")
        .and_then(Value::as_array)
        .context("no packages")?;
    packages
        .iter()
        .map(|package| {
            let field = |name: &str| package.get(name).unwrap_or(&Value::Null);
            let dependencies = field("dependencies").as_array().into_iter().flatten();
            Ok(Package {
                name: text(field("name")).context("no name")?,
                version: text(field("version")).context("no version")?,
                license: text(field("license")),
                source: text(field("source")),
                dependencies: dependencies
                    .filter(|dependency| dependency.get("kind").is_some_and(Value::is_null))
                    .filter_map(|dependency| text(dependency.get("name")?))
                    .collect(),
            })
        })
        .collect()
}
