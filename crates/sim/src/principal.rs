//! The part of IAM's language that storage needs: whether a policy names a caller and an action
//! at all. Conditions are looked at for an external id only; where a policy has others, its
//! statement is taken as if they held.

use serde_json::Value;

/// Who asks, as a policy sees it.
pub(crate) struct Asks<'a> {
    pub(crate) account: &'a str,
    pub(crate) arn: &'a str,
    pub(crate) action: &'a str,
    pub(crate) external_id: Option<&'a str>,
}

/// Whether a resource policy allows it, and nothing in it denies it.
pub(crate) fn allows(policy: &Value, asks: &Asks<'_>) -> bool {
    let meant = |effect: &str| {
        statements(policy)
            .into_iter()
            .filter(|statement| statement.get("Effect").and_then(Value::as_str) == Some(effect))
            .any(|statement| names_action(statement, asks) && names_caller(statement, asks))
    };
    meant("Allow") && !meant("Deny")
}

fn statements(policy: &Value) -> Vec<&Value> {
    match policy.get("Statement") {
        Some(Value::Array(statements)) => statements.iter().collect(),
        Some(statement) => vec![statement],
        None => Vec::new(),
    }
}

/// One text, or a list of texts.
fn texts(value: Option<&Value>) -> Vec<&str> {
    match value {
        Some(Value::Array(values)) => values.iter().filter_map(Value::as_str).collect(),
        Some(value) => value.as_str().into_iter().collect(),
        None => Vec::new(),
    }
}

fn names_action(statement: &Value, asks: &Asks<'_>) -> bool {
    let wanted = asks.action.to_ascii_lowercase();
    texts(statement.get("Action"))
        .into_iter()
        .map(str::to_ascii_lowercase)
        .any(|action| crate::fault::matches(&action, &wanted))
}

fn names_caller(statement: &Value, asks: &Asks<'_>) -> bool {
    let external = statement
        .pointer("/Condition/StringEquals/sts:ExternalId")
        .map(|wanted| texts(Some(wanted)));
    if let Some(wanted) = external
        && !asks.external_id.is_some_and(|id| wanted.contains(&id))
    {
        return false;
    }
    let principal = statement.get("Principal");
    if principal.and_then(Value::as_str) == Some("*") {
        return true;
    }
    texts(principal.and_then(|principal| principal.get("AWS")))
        .into_iter()
        .any(|named| {
            named == "*"
                || named == asks.account
                || named == asks.arn
                || (named.ends_with(&format!("::{}:root", asks.account))
                    && named.starts_with("arn:"))
                || is_session_of(asks.arn, named)
        })
}

/// A session of a role asks as the role (IAM User Guide, "Role session principals").
fn is_session_of(session: &str, role: &str) -> bool {
    let Some((account, rest)) = session
        .split_once(":sts::")
        .and_then(|(_, rest)| rest.split_once(":assumed-role/"))
    else {
        return false;
    };
    let name = rest.split('/').next().unwrap_or_default();
    role.contains(&format!("::{account}:role/")) && role.rsplit('/').next() == Some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_policy_names_whom_it_allows() {
        let asks = |arn: &'static str| Asks {
            account: "111122223333",
            arn,
            action: "sts:AssumeRole",
            external_id: Some("x"),
        };
        let root = "arn:aws:iam::111122223333:root";
        let session = "arn:aws:sts::111122223333:assumed-role/audit/me";
        let of = |principal: Value| json!({"Statement": [{"Effect": "Allow", "Action": "sts:Assume*", "Principal": principal}]});
        let cases = [
            (of(json!("*")), root, true),
            (of(json!({"AWS": "111122223333"})), root, true),
            (of(json!({"AWS": [root]})), session, true),
            (
                of(json!({"AWS": "arn:aws:iam::111122223333:role/audit"})),
                session,
                true,
            ),
            (
                of(json!({"AWS": "arn:aws:iam::111122223333:role/other"})),
                session,
                false,
            ),
            (
                of(json!({"AWS": "arn:aws:iam::444455556666:root"})),
                root,
                false,
            ),
            (
                of(json!({"Service": "sagemaker.amazonaws.com"})),
                root,
                false,
            ),
            (
                json!({"Statement": {"Effect": "Allow", "Action": "kms:*", "Principal": "*"}}),
                root,
                false,
            ),
            (
                json!({"Statement": [
                {"Effect": "Allow", "Action": "*", "Principal": "*"},
                {"Effect": "Deny", "Action": "*", "Principal": {"AWS": root}}]}),
                root,
                false,
            ),
            (
                json!({"Statement": {"Effect": "Allow", "Action": "*", "Principal": "*",
                "Condition": {"StringEquals": {"sts:ExternalId": "y"}}}}),
                root,
                false,
            ),
        ];
        for (policy, arn, expected) in cases {
            assert_eq!(allows(&policy, &asks(arn)), expected, "{policy} {arn}");
        }
    }
}
