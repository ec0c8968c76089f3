//! The teams of the simulated organisation.

/// An account and what its team does.
pub(super) struct Team {
    pub(super) account: &'static str,
    pub(super) name: &'static str,
    pub(super) unit: &'static str,
    pub(super) applications: &'static [&'static str],
    pub(super) classes: &'static [&'static str],
}

pub(super) const TEAMS: &[Team] = &[
    Team {
        account: "222233334444",
        name: "payments",
        unit: "production",
        applications: &["fraud-detector", "credit-score", "chargeback"],
        classes: &["restricted", "confidential", "restricted", "internal"],
    },
    Team {
        account: "333344445555",
        name: "health",
        unit: "production",
        applications: &["triage", "radiology", "speech-notes"],
        classes: &["restricted", "restricted", "confidential"],
    },
    Team {
        account: "444455556666",
        name: "retail",
        unit: "production",
        applications: &["recommender", "demand", "search-ranking"],
        classes: &["internal", "public", "confidential"],
    },
    Team {
        account: "555566667777",
        name: "research",
        unit: "sandbox",
        applications: &["llm-lab", "vision-lab"],
        classes: &["internal", "public", "internal", "confidential"],
    },
    Team {
        account: "666677778888",
        name: "platform",
        unit: "infrastructure",
        applications: &["embeddings", "moderation"],
        classes: &["internal", "confidential"],
    },
];

/// The item at a place, round and round.
pub(super) fn pick<T: Copy>(list: &[T], at: usize) -> Option<T> {
    list.get(at.checked_rem(list.len())?).copied()
}
