//! Random cases over a small universe, so that much of it matches.

use serde_json::{Map, Value, json};

use super::universe::{ACTIONS, CALLERS, KEY, KEYS, Key, OTHER_KEY, OWN, PATTERNS, ROOT};
use crate::random::Random;

/// What a document is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Identity,
    Scp,
    Rcp,
    Key,
    Endpoint,
}

/// A case, as `sagelock policy simulate` reads it.
pub(crate) fn case(seed: u64, number: u64) -> Value {
    let mut random = Random::new(seed, number);
    let r = &mut random;
    let action = r.one(&ACTIONS);
    // Most ask from the key's account; the account's root user rarely.
    let (principal, arn) = if r.in_thousand(4) {
        (ROOT, ROOT)
    } else if r.in_thousand(if action == "kms:PutKeyPolicy" {
        970
    } else {
        700
    }) {
        *r.pick(&CALLERS[..3])
    } else {
        *r.pick(&CALLERS[3..])
    };
    let context = context(r, action, arn);
    let session_allowed = principal.contains(":assumed-role/") && r.in_thousand(150);
    let scp = if principal != ROOT && r.in_thousand(250) {
        (0..=r.below(2))
            .map(|_| {
                let mut level = vec![policy(r, Kind::Scp, action, arn)];
                if r.in_thousand(700) {
                    level.push(full(false));
                }
                json!(level)
            })
            .collect()
    } else {
        Vec::new()
    };
    let rcp: Vec<Value> = if r.in_thousand(200) {
        vec![json!([policy(r, Kind::Rcp, action, arn)])]
    } else {
        Vec::new()
    };
    let mut key = policy(r, Kind::Key, action, arn);
    let mut identity: Vec<Value> = (0..r.below(3))
        .map(|_| policy(r, Kind::Identity, action, arn))
        .collect();
    // Half of them begin with what is allowed.
    if r.in_thousand(500) {
        let account = if r.in_thousand(500) { OWN } else { arn };
        let granted = json!({
            "Effect": "Allow", "Principal": { "AWS": account }, "Action": "kms:*", "Resource": "*",
        });
        if let Some(Value::Array(statements)) = key.get_mut("Statement") {
            statements.push(granted);
        }
        identity.push(full(false));
    }
    let boundary = (principal != ROOT && r.in_thousand(150)).then(|| capped(r, action, arn));
    let session = session_allowed.then(|| capped(r, action, arn));
    // A session policy beside a key policy that names the session or everybody is one of the
    // families; they are kept rare.
    if session.is_some() && names_directly(&key) && !r.in_thousand(60) {
        key = json!({ "Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": { "AWS": arn }, "Action": "kms:*", "Resource": "*",
        }] });
    }
    let endpoint = r.in_thousand(80).then(|| {
        let mut document = policy(r, Kind::Endpoint, action, arn);
        if r.in_thousand(700)
            && let Some(Value::Array(statements)) = document.get_mut("Statement")
        {
            statements.push(json!({
                "Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*",
            }));
        }
        document
    });
    json!({
        "id": number, "principal": principal, "action": action, "resource": KEY,
        "resourceAccount": OWN, "context": context, "identity": identity, "key": key,
        "pb": boundary, "session": session, "scp": scp, "rcp": rcp, "vpce": endpoint, "grants": [],
    })
}

fn names_directly(document: &Value) -> bool {
    let text = document.to_string();
    text.contains("\"Principal\":\"*\"")
        || text.contains("\"AWS\":\"*\"")
        || text.contains(":assumed-role/")
}

fn context(r: &mut Random, action: &str, arn: &str) -> Value {
    let mut context = Map::new();
    let account = arn.split(':').nth(4).unwrap_or_default();
    context.insert("aws:PrincipalArn".to_owned(), json!(arn));
    context.insert("aws:PrincipalAccount".to_owned(), json!(account));
    context.insert("kms:CallerAccount".to_owned(), json!(account));
    for key in &KEYS {
        if key.values.is_empty() || !key.actions.contains(&action) || r.in_thousand(350) {
            continue;
        }
        let value = if key.is_list {
            let count = 1 + r.below(2);
            json!((0..count).map(|_| r.one(key.values)).collect::<Vec<_>>())
        } else {
            json!(r.one(key.values))
        };
        context.insert(key.name.to_owned(), value);
    }
    Value::Object(context)
}

fn full(named: bool) -> Value {
    let mut statement = json!({ "Effect": "Allow", "Action": "*", "Resource": "*" });
    if named && let Value::Object(members) = &mut statement {
        members.insert("Principal".to_owned(), json!("*"));
    }
    json!({ "Version": "2012-10-17", "Statement": [statement] })
}

/// A boundary or a session policy: most allow.
fn capped(r: &mut Random, action: &str, arn: &str) -> Value {
    if r.in_thousand(500) {
        full(false)
    } else {
        policy(r, Kind::Identity, action, arn)
    }
}

fn policy(r: &mut Random, kind: Kind, action: &str, arn: &str) -> Value {
    let count = if kind == Kind::Key && r.in_thousand(50) {
        0
    } else {
        1 + r.below(3)
    };
    let statements: Vec<Value> = (0..count)
        .map(|_| statement(r, kind, action, arn))
        .collect();
    let mut document = json!({ "Version": "2012-10-17", "Statement": statements });
    if kind != Kind::Rcp
        && r.in_thousand(3)
        && let Value::Object(members) = &mut document
    {
        members.remove("Version");
    }
    document
}

fn statement(r: &mut Random, kind: Kind, action: &str, arn: &str) -> Value {
    let mut statement = Map::new();
    let is_deny = kind == Kind::Rcp || r.in_thousand(300);
    let effect = if is_deny { "Deny" } else { "Allow" };
    statement.insert("Effect".to_owned(), json!(effect));
    match kind {
        Kind::Rcp | Kind::Endpoint => {
            statement.insert("Principal".to_owned(), json!("*"));
        }
        Kind::Key => {
            statement.insert("Principal".to_owned(), principal(r, arn));
        }
        Kind::Identity | Kind::Scp => {}
    }
    let (name, value) = actions(r, kind, action);
    statement.insert(name.to_owned(), value);
    let resource = match r.below(10) {
        0 => json!(OTHER_KEY),
        1 => json!("arn:aws:kms:*:111122223333:key/*"),
        2 => json!(KEY),
        _ => json!("*"),
    };
    let has_not = kind != Kind::Rcp && kind != Kind::Key && r.in_thousand(50);
    let (element, resource) = match kind {
        Kind::Key | Kind::Rcp => ("Resource", json!("*")),
        Kind::Identity | Kind::Scp | Kind::Endpoint if has_not => ("NotResource", json!(OTHER_KEY)),
        Kind::Identity | Kind::Scp | Kind::Endpoint => ("Resource", resource),
    };
    statement.insert(element.to_owned(), resource);
    let conditions = conditions(r, action);
    if !conditions.is_empty() {
        statement.insert("Condition".to_owned(), Value::Object(conditions));
    }
    Value::Object(statement)
}

fn principal(r: &mut Random, arn: &str) -> Value {
    let (session, other) = *r.pick(&CALLERS);
    match r.below(12) {
        0 => json!("*"),
        1 => json!({ "AWS": "*" }),
        2 => json!({ "AWS": OWN }),
        3 => json!({ "AWS": ROOT }),
        4 => json!({ "AWS": "arn:aws:iam::444455556666:root" }),
        5 => json!({ "AWS": session }),
        6 => json!({ "AWS": [other, OWN] }),
        7 => json!({ "Service": "sagemaker.amazonaws.com" }),
        8 => json!({ "AWS": other }),
        _ => json!({ "AWS": arn }),
    }
}

fn actions(r: &mut Random, kind: Kind, action: &str) -> (&'static str, Value) {
    let other = r.one(&ACTIONS);
    match r.below(12) {
        0 => (
            "Action",
            json!(action.to_uppercase().replacen("KMS", "kms", 1)),
        ),
        1 => ("Action", json!([other, action])),
        2 => ("Action", json!(other)),
        3 if kind != Kind::Rcp => ("NotAction", json!(other)),
        4 => ("Action", json!("kms:*crypt*")),
        5 => ("Action", json!(["kms:De*", "kms:*Grant?"])),
        6 => ("Action", json!(action)),
        _ => ("Action", json!("kms:*")),
    }
}

fn conditions(r: &mut Random, action: &str) -> Map<String, Value> {
    let mut block = Map::new();
    let count = *r.pick(&[0, 0, 1, 1, 2, 3]);
    for _ in 0..count {
        let key = r.pick(&KEYS);
        if !key.actions.contains(&action) {
            continue;
        }
        let name = if r.in_thousand(100) {
            key.name.to_lowercase()
        } else {
            key.name.to_owned()
        };
        let (operator, is_bare) = operator(r, key);
        let count = 1 + r.below(2);
        let values: Vec<Value> = (0..count).map(|_| value(r, key, &operator)).collect();
        let values = if is_bare || (values.len() == 1 && r.in_thousand(500)) {
            values.first().cloned().unwrap_or_default()
        } else {
            json!(values)
        };
        let keys = block.entry(operator).or_insert_with(|| json!({}));
        if let Value::Object(keys) = keys
            && !keys.keys().any(|there| there.eq_ignore_ascii_case(&name))
        {
            keys.insert(name, values);
        }
    }
    block
}

/// An operator, and whether it takes one value only.
fn operator(r: &mut Random, key: &Key) -> (String, bool) {
    if r.in_thousand(120) {
        return ("Null".to_owned(), true);
    }
    let base = r.one(key.operators);
    let if_exists = if r.in_thousand(200) { "IfExists" } else { "" };
    let chosen = r.below(10);
    let (any, all) = if key.is_list { (5, 10) } else { (1, 2) };
    let quantity = if chosen < any {
        "ForAnyValue:"
    } else if chosen < all {
        "ForAllValues:"
    } else {
        ""
    };
    // `ForAnyValue:…IfExists` is one of the families.
    let if_exists = if quantity == "ForAnyValue:" && !r.in_thousand(30) {
        ""
    } else {
        if_exists
    };
    // A list without a quantity is another.
    let quantity = if key.is_list && r.in_thousand(6) {
        ""
    } else {
        quantity
    };
    (format!("{quantity}{base}{if_exists}"), false)
}

fn value(r: &mut Random, key: &Key, operator: &str) -> Value {
    if operator == "Null" {
        return json!(r.one(&["true", "false"]));
    }
    if operator.contains("String") && !key.is_list {
        // With a default a variable always has a value; without one it is rare, for it is a family.
        if r.in_thousand(60) {
            return json!("${aws:PrincipalTag/t, 'red'}");
        }
        if r.in_thousand(12) {
            return json!("${aws:PrincipalTag/t}");
        }
        if r.in_thousand(20) {
            return json!("re${aws:ResourceTag/t, 'd'}");
        }
    }
    if key.patterns == PATTERNS && r.in_thousand(30) {
        // Under an operator for equality this is one of the families.
        let is_equal = operator.contains("Equals");
        if !is_equal || r.in_thousand(150) {
            return json!("r${*}d");
        }
    }
    json!(r.one(key.patterns))
}
