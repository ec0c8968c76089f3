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
    /// Every reason it gives, beside those of [`GAP_REASONS`](super::GAP_REASONS).
    pub reasons: &'static [&'static [&'static Reason]],
    /// The text of the rule's own file, whose first lines are its page.
    pub file: &'static str,
    /// The rule itself.
    pub check: Check,
}

impl Rule {
    /// Every reason it gives, those of [`GAP_REASONS`](super::GAP_REASONS) aside.
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
    /// A live endpoint among all: why it is not asked about, where the settings say so, and what can be said
    /// when every account and region was looked at.
    Late(
        fn(&Settings) -> Option<&'static Reason>,
        fn(&LateView<'_>) -> Judgement,
    ),
    /// An endpoint configuration.
    Config(fn(&ConfigView<'_>) -> Judgement),
    /// A KMS key.
    Key(fn(&KeyView<'_>) -> Judgement),
}
