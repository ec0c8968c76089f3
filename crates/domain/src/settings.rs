//! What the user decides: the tags that carry meaning, the classes of data, what is allowed.

use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;

use crate::ids::{AccountId, Region};
use crate::severity::Severity;

/// The settings that verdicts depend on.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Tag keys by meaning.
    pub tags: TagKeys,
    /// Tag keys that every endpoint and its configuration must carry (EP-010); empty: not
    /// configured.
    pub required_tags: Vec<String>,
    /// Tag keys that every key must carry (KEY-006); empty: not configured.
    pub required_key_tags: Vec<String>,
    /// The data class of what bears no data-class tag.
    pub default_data_class: String,
    /// Data classes for which "a key cannot cover it" is no excuse.
    pub regulated: BTreeSet<String>,
    /// How much a finding about data of a class weighs: the severity that a rule of severity
    /// high gets.
    pub data_classes: BTreeMap<String, Severity>,
    /// Whether serverless endpoints need a key.
    pub serverless: Serverless,
    /// What of the model artifacts is looked at (EP-012).
    pub model_artifacts: ModelArtifacts,
    /// Accounts whose keys may be used beside the audited one's own, which always may (EP-007);
    /// empty: those of the own organisation.
    pub allowed_accounts: BTreeSet<AccountId>,
    /// Regions where the key material of endpoints may be (EP-007); empty: anywhere.
    pub allowed_regions: BTreeSet<Region>,
    /// What the whole of an alias after `alias/` must match (KEY-007); none: not configured.
    pub alias_pattern: Option<Regex>,
    /// How many live endpoints may share a key (EP-008); 0: not configured.
    pub endpoints_per_key_max: u32,
    /// ARNs, with wildcards, of those who may use keys beside the execution roles of their endpoints
    /// (KEY-003); empty: not configured.
    pub key_users: Vec<String>,
    /// Whether audits prove the isolation of tenants (EP-009).
    pub proves_isolation: bool,
    /// The longest rotation period, in days (KEY-001).
    pub rotation_days_max: u32,
    /// A grant that is older is a finding, in days (KEY-010).
    pub grant_days_max: u32,
    /// Imported key material that expires within so many days is a finding (EP-006).
    pub material_expiry_days: u32,
    /// How long a superseded configuration may stay for a rollback, in days (EP-011, EP-002).
    pub superseded_keep_days: u32,
    /// ARNs, with wildcards, of those who are trusted not to take a second step to a key (isolation).
    pub trusted_admins: Vec<String>,
    /// Regions whose denial is expected; it is shown, and does not make a run incomplete.
    pub expected_denied: BTreeSet<Region>,
    /// Rules that are switched off, by id.
    pub rules_off: BTreeSet<String>,
}

/// Tag keys by meaning.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each is the key of the tag of its name")]
pub struct TagKeys {
    pub tenant: String,
    pub owner: String,
    pub team: String,
    pub cost_center: String,
    pub data_class: String,
}

/// Whether serverless endpoints need a key. The key of a serverless endpoint encrypts its
/// container image in Amazon ECR; there is no volume of the customer's (SageMaker Developer
/// Guide, "Create an endpoint configuration", serverless).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Serverless {
    /// They are not judged.
    Exempt,
    /// They are judged as if they had a volume.
    RequiresKey,
}

/// What of the model artifacts is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModelArtifacts {
    /// How each object is encrypted, which needs `s3:GetObject` (S3 API, HeadObject).
    Object,
    /// The default encryption of its bucket, and nothing of the objects.
    Bucket,
}

impl Settings {
    /// The configured class that a text means, whatever its case and the blanks around it; one
    /// that is not configured means the default class.
    #[must_use]
    pub fn class_of(&self, text: &str) -> String {
        let configured = |text: &str| {
            let mut classes = self.data_classes.keys();
            classes.find(|class| is_same_class(class, text)).cloned()
        };
        configured(text)
            .or_else(|| configured(&self.default_data_class))
            .unwrap_or_else(|| self.default_data_class.clone())
    }

    /// Whether somebody is trusted not to take a second step to a key.
    #[must_use]
    pub fn is_trusted_admin(&self, arn: &str) -> bool {
        let mut patterns = self.trusted_admins.iter();
        patterns.any(|pattern| sagelock_policy::is_arn_like(pattern, arn))
    }

    /// Whether somebody may use keys.
    #[must_use]
    pub fn is_key_user(&self, arn: &str) -> bool {
        let mut patterns = self.key_users.iter();
        patterns.any(|pattern| sagelock_policy::is_arn_like(pattern, arn))
    }

    /// Whether "a key cannot cover it" is no excuse for data of this class.
    #[must_use]
    pub fn is_regulated(&self, class: &str) -> bool {
        self.regulated
            .iter()
            .any(|regulated| is_same_class(regulated, class))
    }
}

/// Whether two texts name one class.
#[must_use]
pub fn is_same_class(a: &str, b: &str) -> bool {
    a.trim().to_lowercase() == b.trim().to_lowercase()
}

impl Default for Settings {
    fn default() -> Self {
        let class = |name: &str, severity| (name.to_owned(), severity);
        Self {
            tags: TagKeys {
                tenant: "tenant".to_owned(),
                owner: "owner".to_owned(),
                team: "team".to_owned(),
                cost_center: "cost-center".to_owned(),
                data_class: "data-class".to_owned(),
            },
            required_tags: Vec::new(),
            required_key_tags: Vec::new(),
            default_data_class: "sensitive".to_owned(),
            regulated: BTreeSet::new(),
            data_classes: BTreeMap::from([
                class("public", Severity::Low),
                class("internal", Severity::Medium),
                class("sensitive", Severity::High),
                class("confidential", Severity::High),
                class("restricted", Severity::Critical),
            ]),
            serverless: Serverless::Exempt,
            model_artifacts: ModelArtifacts::Object,
            allowed_accounts: BTreeSet::new(),
            allowed_regions: BTreeSet::new(),
            alias_pattern: None,
            endpoints_per_key_max: 0,
            key_users: Vec::new(),
            proves_isolation: false,
            rotation_days_max: 365,
            grant_days_max: 365,
            material_expiry_days: 30,
            superseded_keep_days: 7,
            trusted_admins: Vec::new(),
            expected_denied: BTreeSet::new(),
            rules_off: BTreeSet::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_is_what_it_means() {
        let settings = Settings {
            regulated: ["Restricted".to_owned(), "sensitive".to_owned()].into(),
            ..Settings::default()
        };
        let cases = [
            ("restricted", "restricted", true),
            (" Restricted ", "restricted", true),
            ("PUBLIC", "public", false),
            ("typing-error", "sensitive", true),
        ];
        for (text, class, regulated) in cases {
            let meant = settings.class_of(text);
            assert_eq!(meant, class, "{text}");
            assert_eq!(settings.is_regulated(&meant), regulated, "{text}");
        }
    }
}
