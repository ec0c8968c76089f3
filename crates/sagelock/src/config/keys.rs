//! Every setting, declared once.

use std::collections::BTreeMap;

use regex::Regex;
use sagelock_domain::rules::{RULES, Severity};
use sagelock_domain::settings::{ModelArtifacts, Serverless};

use super::Config;
use super::item::{
    Wrong, account, bare, known_region, list, literal, named, principals, quoted, severity,
    whole_match,
};
use super::value::Value;

/// A setting.
pub(crate) struct Key {
    /// Its name in `sagelock.toml`, sections with a full stop.
    pub(crate) name: &'static str,
    /// What it decides.
    pub(crate) about: &'static str,
    pub(super) get: fn(&Config) -> String,
    pub(super) set: fn(&mut Config, &Value) -> Result<(), Wrong>,
}

impl Key {
    /// Its name in the environment.
    pub(crate) fn env(&self) -> String {
        format!("SAGELOCK_{}", self.name.to_uppercase().replace('.', "_"))
    }
}

/// A setting that is a name.
macro_rules! text {
    ($name:literal, $about:literal, $($field:ident).+) => {
        Key {
            name: $name,
            about: $about,
            get: |config| quoted(&config.$($field).+),
            set: |config, value| {
                config.$($field).+ = named(value.text()?)?;
                Ok(())
            },
        }
    };
}

/// A setting that is a list of texts of some type.
macro_rules! texts {
    ($name:literal, $about:literal, $type:expr, $($field:ident).+) => {
        Key {
            name: $name,
            about: $about,
            get: |config| list(&config.$($field).+),
            set: |config, value| {
                config.$($field).+ = value.list()?.into_iter().map($type).collect::<Result<_, Wrong>>()?;
                Ok(())
            },
        }
    };
}

/// A setting that is a whole number.
macro_rules! whole {
    ($name:literal, $about:literal, $range:expr, $($field:ident).+) => {
        Key {
            name: $name,
            about: $about,
            get: |config| config.$($field).+.to_string(),
            set: |config, value| {
                config.$($field).+ = value.whole($range)?;
                Ok(())
            },
        }
    };
}

/// Every setting, in the order of the reference page.
pub(crate) const KEYS: &[Key] = &[
    Key {
        name: "default_data_class",
        about: "the data class of what bears no data-class tag",
        get: |config| quoted(&config.settings.default_data_class),
        set: |config, value| {
            config.settings.default_data_class = value.text()?;
            Ok(())
        },
    },
    Key {
        name: "regulated",
        about: "data classes for which local NVMe storage and serverless inference are findings",
        get: |config| list(&config.settings.regulated),
        set: |config, value| {
            config.settings.regulated = value.list()?.into_iter().collect();
            Ok(())
        },
    },
    Key {
        name: "serverless",
        about: "whether serverless endpoints need a key: \"exempt\" or \"requires_key\"",
        get: |config| {
            quoted(match config.settings.serverless {
                Serverless::Exempt => "exempt",
                Serverless::RequiresKey => "requires_key",
            })
        },
        set: |config, value| {
            config.settings.serverless = match value.text()?.as_str() {
                "exempt" => Serverless::Exempt,
                "requires_key" => Serverless::RequiresKey,
                other => {
                    let message = format!("expected `exempt` or `requires_key`, found `{other}`");
                    return Err(message.into());
                }
            };
            Ok(())
        },
    },
    Key {
        name: "model_artifacts",
        about: "what of the model artifacts is looked at (EP-012): \"object\", which needs s3:GetObject, or \"bucket\", its default encryption",
        get: |config| {
            quoted(match config.settings.model_artifacts {
                ModelArtifacts::Object => "object",
                ModelArtifacts::Bucket => "bucket",
            })
        },
        set: |config, value| {
            config.settings.model_artifacts = match value.text()?.as_str() {
                "object" => ModelArtifacts::Object,
                "bucket" => ModelArtifacts::Bucket,
                other => {
                    return Err(format!("expected `object` or `bucket`, found `{other}`").into());
                }
            };
            Ok(())
        },
    },
    Key {
        name: "data_classes",
        about: "how much a finding weighs, by data class: low, medium, high or critical",
        get: |config| {
            let classes = &config.settings.data_classes;
            let items: Vec<String> = classes
                .iter()
                .map(|(class, severity)| format!("{} = {}", bare(class), quoted(severity.as_str())))
                .collect();
            format!("{{ {} }}", items.join(", "))
        },
        set: |config, value| {
            let mut classes = BTreeMap::new();
            for (class, text) in value.table()? {
                let weight = severity(&text).map_err(|message| {
                    let message = format!("`{class}`: {message}");
                    Wrong::item(&class, message)
                })?;
                classes.insert(class, weight);
            }
            config.settings.data_classes = classes;
            Ok(())
        },
    },
    text!(
        "tags.tenant",
        "the tag that names the tenant",
        settings.tags.tenant
    ),
    text!(
        "tags.owner",
        "the tag that names the owner",
        settings.tags.owner
    ),
    text!(
        "tags.team",
        "the tag that names the team",
        settings.tags.team
    ),
    text!(
        "tags.cost_center",
        "the tag that names the cost centre",
        settings.tags.cost_center
    ),
    text!(
        "tags.data_class",
        "the tag that names the data class",
        settings.tags.data_class
    ),
    texts!(
        "tags.required",
        "tags that every endpoint and configuration must bear (EP-010)",
        named,
        settings.required_tags
    ),
    texts!(
        "tags.required_on_keys",
        "tags that every key must bear (KEY-006)",
        named,
        settings.required_key_tags
    ),
    Key {
        name: "keys.allowed_accounts",
        about: "accounts whose keys may be used beside the audited one's own (EP-007); empty: those of the own organisation",
        get: |config| list(&config.settings.allowed_accounts),
        set: |config, value| {
            let accounts = value
                .list()?
                .iter()
                .map(|text| account(text).map_err(|message| Wrong::item(text, message)))
                .collect::<Result<_, Wrong>>();
            config.settings.allowed_accounts = accounts?;
            Ok(())
        },
    },
    Key {
        name: "keys.allowed_regions",
        about: "Regions where endpoint key material is allowed, including replicas of multi-Region keys (EP-007); empty: any Region",
        get: |config| list(&config.settings.allowed_regions),
        set: |config, value| {
            let regions = value
                .list()?
                .iter()
                .map(|text| known_region(text.clone()))
                .collect::<Result<_, Wrong>>();
            config.settings.allowed_regions = regions?;
            Ok(())
        },
    },
    Key {
        name: "keys.alias_pattern",
        about: "what the whole of an alias after `alias/` must match (KEY-007)",
        get: |config| {
            let pattern = config.settings.alias_pattern.as_ref().map(Regex::as_str);
            let inner = pattern.map(|text| text.trim_start_matches("^(?:").trim_end_matches(")$"));
            literal(inner.unwrap_or_default())
        },
        set: |config, value| {
            let text = value.text()?;
            config.settings.alias_pattern = if text.is_empty() {
                None
            } else {
                Some(whole_match(&text)?)
            };
            Ok(())
        },
    },
    whole!(
        "keys.endpoints_max",
        "how many live endpoints may share a key (EP-008); 0: any number, and EP-008 is not applicable",
        0..=1_000_000,
        settings.endpoints_per_key_max
    ),
    texts!(
        "keys.users",
        "ARNs, with wildcards, of those who may use keys beside the execution roles of their endpoints (KEY-003); empty: KEY-003 is not applicable",
        principals,
        settings.key_users
    ),
    whole!(
        "keys.rotation_days_max",
        "the longest rotation period, in days (KEY-001)",
        90..=2560,
        settings.rotation_days_max
    ),
    whole!(
        "keys.grant_days_max",
        "a grant that is older is a finding, in days (KEY-010)",
        1..=3650,
        settings.grant_days_max
    ),
    whole!(
        "keys.material_expiry_days",
        "imported key material that expires within so many days is a finding (EP-006)",
        0..=3650,
        settings.material_expiry_days
    ),
    Key {
        name: "isolation.audits",
        about: "whether audits prove that nobody of another tenant can use an endpoint's key (EP-009): \"skip\" or \"prove\", which reads the users and roles of every account",
        get: |config| {
            quoted(if config.settings.proves_isolation {
                "prove"
            } else {
                "skip"
            })
        },
        set: |config, value| {
            config.settings.proves_isolation = match value.text()?.as_str() {
                "skip" => false,
                "prove" => true,
                other => {
                    return Err(Wrong::from(format!(
                        "expected \"skip\" or \"prove\", found \"{other}\""
                    )));
                }
            };
            Ok(())
        },
    },
    texts!(
        "isolation.trusted_admins",
        "ARNs, with wildcards, of those who take no second step to a key (isolation)",
        principals,
        settings.trusted_admins
    ),
    whole!(
        "superseded.keep_days",
        "how long a superseded configuration may stay for a rollback, in days (EP-002, EP-011)",
        0..=3650,
        settings.superseded_keep_days
    ),
    texts!(
        "regions.expected_denied",
        "regions whose denial is expected and does not make an audit incomplete",
        known_region,
        settings.expected_denied
    ),
    Key {
        name: "rules.off",
        about: "rules that are switched off, by id",
        get: |config| list(&config.settings.rules_off),
        set: |config, value| {
            let ids = value.list()?;
            if let Some(id) = ids
                .iter()
                .find(|id| !RULES.iter().any(|rule| rule.id == **id))
            {
                let known: Vec<&str> = RULES.iter().map(|rule| rule.id).collect();
                let message = format!("no rule `{id}`; the rules are {}", known.join(", "));
                return Err(Wrong::item(id, message));
            }
            config.settings.rules_off = ids.into_iter().collect();
            Ok(())
        },
    },
    Key {
        name: "audit.fail_on",
        about: "findings from this severity on end in exit code 1: critical, high, medium, low or none",
        get: |config| quoted(config.audit.fail_on.map_or("none", Severity::as_str)),
        set: |config, value| {
            let text = value.text()?;
            config.audit.fail_on = if text == "none" {
                None
            } else {
                Some(Severity::read(&text).ok_or_else(|| {
                    format!("expected low, medium, high, critical or none, found `{text}`")
                })?)
            };
            Ok(())
        },
    },
    Key {
        name: "audit.min_coverage",
        about: "a smaller share of known verdicts ends in exit code 3, from 0 to 1",
        get: |config| config.audit.min_coverage.to_string(),
        set: |config, value| {
            let share = value.number()?;
            if !(0.0..=1.0).contains(&share) {
                return Err(format!("expected a number from 0 to 1, found {share}").into());
            }
            config.audit.min_coverage = share;
            Ok(())
        },
    },
    Key {
        name: "audit.rate",
        about: "requests a second for each account, region and operation, or \"max\"; empty: 10 for SageMaker, 20 for KMS and S3",
        get: |config| quoted(config.audit.rate.as_deref().unwrap_or_default()),
        set: |config, value| {
            let text = value.text()?;
            if !text.is_empty() {
                super::rate(&text)?;
            }
            config.audit.rate = Some(text).filter(|text| !text.is_empty());
            Ok(())
        },
    },
    whole!(
        "audit.deadline_seconds",
        "how long a throttled or failed call is retried",
        1..=3600,
        audit.deadline_seconds
    ),
];
