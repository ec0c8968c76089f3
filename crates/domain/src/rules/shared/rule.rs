//! What a rule is made of.

use super::late::LateView;
use super::subject::{ConfigView, EndpointView, KeyView};
use super::verdict::{Judgement, Reason};
use crate::call::Op;
use crate::settings::Settings;
use crate::severity::Severity;

/// A rule.
pub struct Rule {
    /// Its id, `EP-001`.
    pub id: &'static str,
    /// What it asks.
    pub title: &'static str,
    /// The severity of a fail about data of weight high.
    pub severity: Severity,
    /// The AWS page and field that it rests on.
    pub source: &'static str,
    /// The clauses it is evidence for.
    pub compliance: &'static [&'static str],
    /// The operations that its verdict needs.
    pub needs: &'static [Op],
    /// What has to be collected for it, beside endpoints, configurations and their keys.
    pub data: &'static [Data],
    /// Whether the settings say what it needs to be told; where they do not, it is not applicable.
    pub configured: fn(&Settings) -> bool,
    /// Every reason it gives, beside those of [`GAP_REASONS`](crate::rules::GAP_REASONS).
    pub reasons: &'static [&'static [&'static Reason]],
    /// The text of the rule's own file, whose first lines are its page.
    pub file: &'static str,
    /// The rule itself.
    pub check: Check,
}

/// Something that is collected, or asked of all, where a rule needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Data {
    /// The default encryption of buckets that outputs without a key are written to.
    Outputs,
    /// How the artifacts of models are encrypted.
    Artifacts,
    /// Who uses every key, and not only keys that are not known to stay.
    Uses,
    /// The users and roles of the accounts, and what binds them.
    Principals,
    /// Who of them can use each key.
    KeyUsers,
    /// Which tenant can use which key.
    Isolation,
}

/// Of a rule that needs no setting.
pub(in crate::rules) const fn always(_: &Settings) -> bool {
    true
}

impl Rule {
    /// Whether it is not switched off.
    #[must_use]
    pub fn is_on(&self, settings: &Settings) -> bool {
        !settings.rules_off.contains(self.id)
    }

    /// Whether it is on and configured.
    #[must_use]
    pub fn asks(&self, settings: &Settings) -> bool {
        self.is_on(settings) && (self.configured)(settings)
    }

    /// Every reason it gives, those of [`GAP_REASONS`](crate::rules::GAP_REASONS) aside.
    pub fn own_reasons(&self) -> impl Iterator<Item = &'static Reason> {
        self.reasons.iter().flat_map(|group| group.iter().copied())
    }

    /// What its page says: the doc comment of its file, Markdown.
    #[must_use]
    pub fn says(&self) -> String {
        let lines = self.file.lines();
        let lines = lines.map_while(|line| line.strip_prefix("//!"));
        let lines = lines.map(|line| line.strip_prefix(' ').unwrap_or(line));
        lines.collect::<Vec<&str>>().join("\n")
    }

    /// The page of AWS's API reference that its source names first.
    #[must_use]
    pub fn source_url(&self) -> Option<String> {
        let mut words = self.source.split([',', ';']);
        let service = match words.next()? {
            "SageMaker API" => "sagemaker",
            "KMS API" => "kms",
            _ => return None,
        };
        let page = words.next()?.trim().split('.').next()?;
        Some(format!(
            "https://docs.aws.amazon.com/{service}/latest/APIReference/API_{page}.html"
        ))
    }
}

/// What a rule looks at.
pub enum Check {
    /// A live endpoint.
    Endpoint(fn(&EndpointView<'_>) -> Judgement),
    /// A live endpoint among all: the reason where it is not configured, and what can be said when every
    /// account and region was looked at.
    Late(&'static Reason, fn(&LateView<'_>) -> Judgement),
    /// An endpoint configuration.
    Config(fn(&ConfigView<'_>) -> Judgement),
    /// A KMS key.
    Key(fn(&KeyView<'_>) -> Judgement),
}
