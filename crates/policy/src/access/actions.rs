//! Actions that documents treat alike: what is proved of one of them holds of all.

use std::collections::{BTreeMap, BTreeSet};

use crate::document::{Condition, Document, Listed};
use crate::kms;
use crate::pattern::{Pattern, matches};
use crate::request::Stack;

/// What tells actions apart.
type Signature = Vec<bool>;

/// Groups actions of KMS, written `kms:Decrypt`, in the order of the first of each: those of a group are named
/// by the same statements and grants, and their requests have the same of the condition keys that documents
/// ask about.
pub(super) fn alike(
    actions: impl IntoIterator<Item = String>,
    stacks: &[&Stack],
) -> Vec<Vec<String>> {
    let documents = || stacks.iter().flat_map(|stack| stack.documents());
    let mut listed: Vec<&Listed<Pattern>> = Vec::new();
    let mut keys: BTreeSet<&str> = BTreeSet::new();
    for statement in documents().flat_map(Document::statements) {
        listed.push(&statement.actions);
        keys.extend(statement.conditions.iter().flat_map(Condition::keys));
        let resources = statement.resources.list.iter();
        keys.extend(resources.flat_map(Pattern::variables));
    }
    let granted: BTreeSet<&[Box<str>]> = stacks
        .iter()
        .flat_map(|stack| &stack.grants)
        .map(|grant| grant.operations.as_slice())
        .collect();
    // Of a grant's constraints, too, some are asked of some actions only.
    keys.insert("kms:encryptioncontextkeys");
    let signature = |action: &str| -> Signature {
        let lower = action.to_ascii_lowercase();
        let name = lower.strip_prefix("kms:").unwrap_or(&lower);
        let named = listed.iter().map(|listed| {
            let mut patterns = listed.list.iter();
            let is = |one: &Pattern| one.fixed().is_some_and(|pieces| matches(pieces, &lower));
            patterns.any(is) != listed.is_all_but
        });
        let given = granted
            .iter()
            .map(|operations| operations.iter().any(|one| **one == *name));
        let told = keys.iter().map(|key| kms::may_have(name, key));
        let special = [
            kms::crosses(name),
            kms::is_granted(name),
            kms::is_about_key(name),
            name == "creategrant",
            name == "retiregrant",
            name == "describekey",
        ];
        named.chain(given).chain(told).chain(special).collect()
    };
    let mut groups: Vec<Vec<String>> = Vec::new();
    let mut places: BTreeMap<Signature, usize> = BTreeMap::new();
    for action in actions {
        let next = groups.len();
        let place = *places.entry(signature(&action)).or_insert(next);
        match groups.get_mut(place) {
            Some(group) => group.push(action),
            None => groups.push(vec![action]),
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Kind;

    #[test]
    fn actions_are_told_apart_by_statements_and_by_their_keys() {
        let text = r#"{"Statement":[
            {"Effect":"Allow","Principal":"*","Action":"kms:Generate*","Resource":"*"},
            {"Effect":"Deny","Principal":"*","Action":"kms:*","Resource":"*",
             "Condition":{"StringEquals":{"kms:RequestAlias":"alias/a"}}}]}"#;
        let stack = Stack {
            resource: Document::read(Kind::Resource, text).ok(),
            ..Stack::default()
        };
        let of = |names: &[&str]| {
            let names = names.iter().map(|name| format!("kms:{name}"));
            alike(names, &[&stack])
        };
        let groups = of(&[
            "Decrypt",
            "GenerateDataKey",
            "Encrypt",
            "GenerateDataKeyWithoutPlaintext",
            "PutKeyPolicy",
            "EnableKey",
            "GenerateMac",
        ]);
        let groups: Vec<String> = groups.iter().map(|group| group.join(" ")).collect();
        assert_eq!(
            groups,
            [
                "kms:Decrypt kms:Encrypt",
                "kms:GenerateDataKey kms:GenerateDataKeyWithoutPlaintext",
                "kms:PutKeyPolicy kms:EnableKey",
                "kms:GenerateMac",
            ]
        );
    }
}
