//! The key has an alias that follows the organisation's naming.
//!
//! People know keys by their aliases. The pattern is `keys.alias_pattern`, a regular expression
//! that the whole name after `alias/` must match; where there is none, the rule is not
//! applicable. KMS lists aliases to the key's own account only.

use super::key_of::{KEY_SUBJECT_REASONS, customer};
use crate::call::Op;
use crate::rules::rule::{Check, Rule};
use crate::rules::subject::{KEY_REASONS, KeyView};
use crate::rules::verdict::{Evidence, Judgement, known, reasons};
use crate::severity::Severity;

reasons! {
    Pass NAMED "alias_matches": "an alias of the key follows the pattern"; ""
    Fail NO_ALIAS "no_alias": "the key has no alias"; "create one that follows `keys.alias_pattern` (kms:CreateAlias)"
    Fail MISNAMED "alias_does_not_match": "no alias of the key follows `keys.alias_pattern`"; "create one that does (kms:CreateAlias)"
    Unknown FOREIGN "owner_account_not_read": "KMS lists a key's aliases to its own account only, and that account was not audited"; "audit the account that owns the key"
    NotApplicable NOT_CONFIGURED "not_configured": "no pattern is set; set `keys.alias_pattern`"; ""
}

pub(in crate::rules) const RULE: Rule = Rule {
    id: "KEY-007",
    title: "the key has an alias that follows the naming pattern",
    severity: Severity::Low,
    source: "KMS API, ListAliases, AliasName",
    compliance: &["NIST 800-53 r5 CM-8", "ISO 27001:2022 A.8.24"],
    needs: &[Op::DescribeKey, Op::ListAliases],
    data: &[],
    configured: |settings| settings.alias_pattern.is_some(),
    reasons: &[
        KEY_SUBJECT_REASONS,
        KEY_REASONS,
        &[&NAMED, &NO_ALIAS, &MISNAMED, &FOREIGN, &NOT_CONFIGURED],
    ],
    file: include_str!("key_007.rs"),
    check: Check::Key(check),
};

fn check(view: &KeyView<'_>) -> Judgement {
    let Some(pattern) = &view.settings.alias_pattern else {
        return Judgement::new(&NOT_CONFIGURED).about_key(view.key.arn.as_str());
    };
    customer(view, |_| {
        let Some(read) = &view.key.aliases else {
            return Judgement::new(&FOREIGN);
        };
        let aliases = known!(&read.fact);
        let shown = aliases.join(", ");
        let follows = |alias: &String| {
            let name = alias.strip_prefix("alias/").unwrap_or(alias);
            pattern.is_match(name)
        };
        let judgement = if aliases.is_empty() {
            Judgement::new(&NO_ALIAS)
        } else if aliases.iter().any(follows) {
            Judgement::new(&NAMED)
        } else {
            Judgement::new(&MISNAMED).saying(format!("{shown} does not match `keys.alias_pattern`"))
        };
        judgement.given(Evidence::new("AliasName", shown, &read.source))
    })
}
