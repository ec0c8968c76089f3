//! Where the other evaluator is known to differ: a predicate on the case alone, and why AWS is on
//! our side or on nobody's. What we answer inside a family is held by `corpus/policies`.

use serde_json::Value;

/// A family of cases.
pub(super) struct Family {
    pub(super) name: &'static str,
    /// What AWS says of it.
    pub(super) source: &'static str,
    pub(super) holds: fn(&Value) -> bool,
}

pub(super) const FAMILIES: [Family; 8] = [
    Family {
        name: "variable in a document without version 2012-10-17",
        source: "IAM User Guide, Variables and tags: before 2012-10-17 they are literal text",
        holds: |case| {
            documents(case).iter().any(|document| {
                document.get("Version").and_then(Value::as_str) != Some("2012-10-17")
                    && document.to_string().contains("${")
            })
        },
    },
    Family {
        name: "the account's root user asks",
        source: "KMS Developer Guide, Default key policy: it needs no IAM policy",
        holds: |case| text(case, "principal").ends_with(":root"),
    },
    Family {
        name: "named by session or as everybody, under a session policy",
        source: "IAM User Guide, Policy evaluation logic: such grants are not limited by it",
        holds: |case| {
            let key = case.get("key").map(ToString::to_string).unwrap_or_default();
            !case.get("session").is_none_or(Value::is_null)
                && (key.contains(":assumed-role/")
                    || key.contains("\"Principal\":\"*\"")
                    || key.contains("\"AWS\":\"*\""))
        },
    },
    Family {
        name: "ForAnyValue:…IfExists on an absent key",
        source: "IAM User Guide: IfExists says true, ForAnyValue says false; open",
        holds: |case| {
            conditions(case).iter().any(|(operator, key, _)| {
                operator.starts_with("ForAnyValue:")
                    && operator.ends_with("IfExists")
                    && !has(case, key)
            })
        },
    },
    Family {
        name: "negated operator on a variable without a value",
        source: "IAM User Guide, Variables and tags: null is equal to nothing, so it matches",
        holds: |case| {
            conditions(case).iter().any(|(operator, _, values)| {
                operator.contains("Not")
                    && values.to_string().contains("${aws:PrincipalTag/t}")
                    && !has(case, "aws:PrincipalTag/t")
            })
        },
    },
    Family {
        name: "negated operator without a quantity on a list",
        source: "IAM User Guide, Single-valued vs. multivalued keys: a quantity is required; open",
        holds: |case| {
            conditions(case).iter().any(|(operator, key, _)| {
                operator.contains("Not") && !operator.contains(':') && is_list(case, key)
            })
        },
    },
    Family {
        name: "`${*}` under an operator for equality",
        source: "IAM User Guide, Variables and tags, special characters: it is a star there as well",
        holds: |case| {
            conditions(case).iter().any(|(operator, _, values)| {
                operator.contains("String")
                    && operator.contains("Equals")
                    && values.to_string().contains("${*}")
            })
        },
    },
    Family {
        name: "an action that crosses no accounts, asked from another one",
        source: "KMS Developer Guide, Allowing users in other accounts to use a KMS key",
        holds: |case| {
            text(case, "action") == "kms:PutKeyPolicy"
                && !text(case, "principal").contains(text(case, "resourceAccount"))
        },
    },
];

fn text<'a>(case: &'a Value, name: &str) -> &'a str {
    case.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn context<'a>(case: &'a Value, key: &str) -> Option<&'a Value> {
    let context = case.get("context").and_then(Value::as_object)?;
    let (_, value) = context
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(key))?;
    Some(value)
}

fn has(case: &Value, key: &str) -> bool {
    context(case, key).is_some()
}

fn is_list(case: &Value, key: &str) -> bool {
    context(case, key).is_some_and(Value::is_array)
}

fn documents(case: &Value) -> Vec<&Value> {
    fn gather<'a>(value: &'a Value, found: &mut Vec<&'a Value>) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| gather(item, found)),
            Value::Object(_) => found.push(value),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    let mut found = Vec::new();
    for name in ["identity", "key", "pb", "session", "scp", "rcp", "vpce"] {
        if let Some(value) = case.get(name) {
            gather(value, &mut found);
        }
    }
    found
}

/// Operator, key and values of every condition.
fn conditions(case: &Value) -> Vec<(&str, &str, &Value)> {
    let mut found = Vec::new();
    for document in documents(case) {
        let statements = document.get("Statement").and_then(Value::as_array);
        for statement in statements.into_iter().flatten() {
            let block = statement.get("Condition").and_then(Value::as_object);
            for (operator, keys) in block.into_iter().flatten() {
                for (key, values) in keys.as_object().into_iter().flatten() {
                    found.push((operator.as_str(), key.as_str(), values));
                }
            }
        }
    }
    found
}
