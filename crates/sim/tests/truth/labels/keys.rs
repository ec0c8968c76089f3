//! What is right to say of keys.

use serde_json::Value;

use super::{Estate, Label, array, text};

impl Estate<'_> {
    pub(super) fn key_006(&self, name: &str, key: &Value) -> Label {
        self.when_configured(match name {
            "closed" => ("unknown", "access_denied"),
            "shared" | "stranger" => ("unknown", "owner_account_not_read"),
            _ if key["owned"] == true => ("pass", "tags_present"),
            _ => ("fail", "tag_missing"),
        })
    }

    pub(super) fn key_007(&self, name: &str, key: &Value) -> Label {
        let aliases = array(key, "aliases");
        let prod = aliases
            .iter()
            .any(|alias| alias.as_str().is_some_and(|a| a.starts_with("alias/prod-")));
        self.when_configured(match name {
            "closed" => ("unknown", "access_denied"),
            "shared" | "stranger" => ("unknown", "owner_account_not_read"),
            "unaliased" => ("fail", "no_alias"),
            _ if aliases.is_empty() => ("fail", "no_alias"),
            _ if prod => ("pass", "alias_matches"),
            _ => ("fail", "alias_does_not_match"),
        })
    }
}

pub(super) fn key_001(name: &str, key: &Value) -> Label {
    let rotates = text(key, "spec") == "SYMMETRIC_DEFAULT" && text(key, "origin") == "AWS_KMS";
    match (name, rotates, key["rotation"] == true) {
        ("closed", _, _) => ("unknown", "access_denied"),
        ("leaving" | "leaving-too", _, _) => ("not_applicable", "key_pending_deletion"),
        ("disabled", _, _) => ("not_applicable", "key_disabled"),
        (_, false, _) => ("not_applicable", "rotation_not_supported"),
        (_, true, true) => ("pass", "rotation_on"),
        (_, true, false) => ("fail", "rotation_off"),
    }
}

/// What is right to say of a key's policy and grants: the keys of the own account have the default
/// policy and no grants, and KMS shows those of others to their own account only.
pub(super) fn by_policy(name: &str, strict: bool) -> [(&'static str, Label); 5] {
    let not_set = ("not_applicable", "not_configured");
    let users = |label: Label| ("KEY-003", if strict { label } else { not_set });
    let all = |label: Label| {
        [
            ("KEY-002", label),
            users(label),
            ("KEY-004", label),
            ("KEY-005", label),
            ("KEY-010", label),
        ]
    };
    match name {
        "closed" => {
            let mut closed = all(("unknown", "access_denied"));
            closed[1] = ("KEY-003", ("unknown", "access_denied"));
            closed
        }
        "shared" | "stranger" => all(("unknown", "owner_account_not_read")),
        _ => [
            ("KEY-002", ("pass", "nobody_outside")),
            // The account has no users and no roles.
            users(("pass", "only_allowed")),
            ("KEY-004", ("fail", "left_to_account")),
            ("KEY-005", ("pass", "root_can_change_it")),
            ("KEY-010", ("pass", "no_grants")),
        ],
    }
}

pub(super) fn key_009(name: &str) -> Label {
    match name {
        "closed" => ("unknown", "access_denied"),
        "leaving" | "leaving-too" => ("fail", "pending_deletion_in_use"),
        _ => ("pass", "not_pending_deletion"),
    }
}
