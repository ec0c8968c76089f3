//! How much a finding weighs.

use std::fmt;

use crate::word::by_word;

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the words say it")]
pub enum Severity {
    Low,
    Medium,
    High,
    Critical,
}

impl Severity {
    /// All four, from light to heavy.
    pub const ALL: [Self; 4] = [Self::Low, Self::Medium, Self::High, Self::Critical];

    /// The word of the contract.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// Reads the word of the contract.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|severity| severity.as_str() == text)
    }

    /// This severity, which a rule states for data of weight high, for data of another weight.
    #[must_use]
    pub fn for_data_of(self, weight: Self) -> Self {
        let rank = |severity: Self| match severity {
            Self::Low => 0_i8,
            Self::Medium => 1,
            Self::High => 2,
            Self::Critical => 3,
        };
        match (rank(self) + rank(weight) - rank(Self::High)).clamp(0, 3) {
            0 => Self::Low,
            1 => Self::Medium,
            2 => Self::High,
            _ => Self::Critical,
        }
    }
}

by_word!(Severity, as_str, "severity");

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn severity_follows_the_weight_of_the_data() {
        use Severity::{Critical, High, Low, Medium};
        let cases = [
            (High, Critical, Critical),
            (High, High, High),
            (High, Medium, Medium),
            (High, Low, Low),
            (Low, Critical, Medium),
            (Low, Low, Low),
            (Critical, Critical, Critical),
            (Critical, Low, Medium),
        ];
        for (rule, weight, expected) in cases {
            assert_eq!(rule.for_data_of(weight), expected, "{rule} for {weight}");
        }
    }
}
