//! The changes by which a request that is denied is allowed: which, and that they are.

#![expect(
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test reads files, and one that cannot go on says so"
)]

use std::path::Path;

use sagelock_policy::Kind;
use sagelock_policy::case::{Case, document_name};
use sagelock_policy::change::{Edit, changes};
use sagelock_policy::evaluate::Verdict;
use serde_json::{Value, json};

const ROLE: &str = "arn:aws:iam::111122223333:role/team/Deployer";
const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

fn case(fields: &Value) -> Case {
    let mut case = json!({
        "principal": "arn:aws:sts::111122223333:assumed-role/Deployer/s1",
        "action": "kms:Decrypt", "resource": KEY, "context": {"aws:PrincipalArn": ROLE},
    });
    if let (Value::Object(case), Value::Object(fields)) = (&mut case, fields) {
        case.extend(fields.clone());
    }
    Case::read(&case.to_string()).unwrap_or_else(|error| panic!("{error}"))
}

/// The changes of a case, in short.
fn told(fields: &Value) -> Vec<String> {
    let case = case(fields);
    let changes = changes(&case.request, &case.stack);
    let short = |edit: &Edit| match edit {
        Edit::Allow { to, .. } => match to.level {
            Some(level) => format!("allow {:?}[{level}]", to.kind),
            None => format!("allow {:?}", to.kind),
        },
        Edit::Except { statement, .. } => format!(
            "except {}.{}",
            document_name(statement.place),
            statement.place.statement
        ),
        Edit::Remove { statement } => format!(
            "remove {}.{}",
            document_name(statement.place),
            statement.place.statement
        ),
    };
    changes
        .iter()
        .map(|edits| edits.iter().map(short).collect::<Vec<_>>().join(", "))
        .collect()
}

fn statement(effect: &str, action: &str) -> Value {
    json!({"Effect": effect, "Action": action, "Resource": "*"})
}

fn named(effect: &str, action: &str, principal: &str) -> Value {
    json!({"Effect": effect, "Action": action, "Resource": "*", "Principal": {"AWS": principal}})
}

fn policy(statements: &[Value]) -> Value {
    json!({ "Statement": statements })
}

#[test]
fn what_has_to_allow_is_named() {
    let left = policy(&[named("Allow", "kms:*", "111122223333")]);
    let mine = policy(&[statement("Allow", "kms:*")]);
    let other = policy(&[statement("Allow", "s3:*")]);
    // Either the key names the role, or the role's policy allows.
    assert_eq!(
        told(&json!({"key": left, "identity": []})),
        ["allow Identity", "allow Resource"]
    );
    // The key leaves nothing to the account.
    assert_eq!(
        told(&json!({"key": policy(&[]), "identity": [mine]})),
        ["allow Resource"]
    );
    // Across accounts both.
    assert_eq!(
        told(&json!({
            "principal": "arn:aws:sts::444455556666:assumed-role/Other/s1",
            "context": {"aws:PrincipalArn": "arn:aws:iam::444455556666:role/Other"},
            "key": left, "identity": [],
        })),
        ["allow Identity, allow Resource"]
    );
    // Every gate that is shut, and no gate that is open.
    assert_eq!(
        told(&json!({
            "key": left, "identity": [mine], "scp": [[mine], [other], [mine]], "pb": other,
        })),
        ["allow Scp[1], allow Boundary"]
    );
    // Nothing that is written here helps: the key policy is not known.
    assert!(told(&json!({"identity": [mine], "scp": [[other]]})).is_empty());
    // What is allowed needs nothing.
    assert!(told(&json!({"key": left, "identity": [mine]})).is_empty());
}

#[test]
fn who_is_denied_is_excepted_and_else_the_statement_goes() {
    let key = policy(&[
        named("Allow", "kms:*", "111122223333"),
        named("Deny", "kms:Decrypt", ROLE),
    ]);
    let mine = policy(&[statement("Allow", "kms:*")]);
    let scp = policy(&[
        statement("Allow", "*"),
        statement("Deny", "kms:Decrypt"),
        statement("Deny", "kms:*"),
    ]);
    let fields = json!({"key": key, "identity": [mine], "scp": [[scp]]});
    assert_eq!(
        told(&fields),
        ["except scp[0][0].1, except scp[0][0].2, except key.1"]
    );
    // The request does not tell who asks, so no condition speaks of it.
    let scps = json!({
        "key": policy(&[named("Allow", "kms:*", "111122223333")]), "identity": [mine],
        "scp": [[scp]], "context": {},
    });
    assert_eq!(told(&scps), ["remove scp[0][0].1, remove scp[0][0].2"]);
    // A statement that denies, and none that allows.
    let both = json!({
        "key": policy(&[named("Allow", "kms:*", "111122223333")]),
        "identity": [policy(&[statement("Deny", "kms:Decrypt")])],
    });
    assert_eq!(
        told(&both),
        [
            "except identity[0].0, allow Identity",
            "except identity[0].0, allow Resource"
        ]
    );
}

/// Writes the edits into the documents of a case, as somebody would.
fn edited(case: &Value, edits: &[Edit]) -> Value {
    let mut case = case.clone();
    let mut gone: Vec<(String, usize)> = Vec::new();
    for edit in edits {
        match edit {
            Edit::Allow { to, statement } => {
                let statement = json!(statement);
                match to.kind {
                    Kind::Identity => add(&mut case["identity"], json!({ "Statement": statement })),
                    Kind::Scp => {
                        let level = to.level.unwrap_or_else(|| panic!("no level"));
                        add(&mut case["scp"][level], json!({ "Statement": statement }));
                    }
                    Kind::Boundary => add_statement(&mut case["pb"], statement),
                    Kind::Session => add_statement(&mut case["session"], statement),
                    Kind::Endpoint => add_statement(&mut case["vpce"], statement),
                    Kind::Resource => add_statement(&mut case["key"], statement),
                    Kind::Rcp | Kind::Trust => panic!("nothing is added there"),
                }
            }
            Edit::Except {
                statement,
                condition,
            } => {
                let document = at(&mut case, &document_name(statement.place));
                let one = &mut statements(document)["Statement"][statement.place.statement];
                let Value::Object(operators) = json!(condition) else {
                    panic!("an object")
                };
                for (operator, keys) in operators {
                    let Value::Object(keys) = keys else {
                        panic!("an object")
                    };
                    for (key, value) in keys {
                        let there = &mut one["Condition"][&operator][key];
                        let single = there.take();
                        if single.is_array() {
                            *there = single;
                        } else if !single.is_null() {
                            *there = json!([single]);
                        }
                        add(there, value.clone());
                    }
                }
            }
            Edit::Remove { statement } => {
                gone.push((document_name(statement.place), statement.place.statement));
            }
        }
    }
    gone.sort();
    for (name, index) in gone.iter().rev() {
        let document = at(&mut case, name);
        if let Value::Array(list) = &mut statements(document)["Statement"] {
            list.remove(*index);
        }
    }
    case
}

fn add_statement(document: &mut Value, statement: Value) {
    add(&mut statements(document)["Statement"], statement);
}

/// To a list, which is made where there is none.
fn add(list: &mut Value, one: Value) {
    if let Value::Array(list) = list {
        list.push(one);
    } else {
        *list = json!([one]);
    }
}

/// A document with its statements in a list.
fn statements(document: &mut Value) -> &mut Value {
    if let Value::String(text) = document {
        *document = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}"));
    }
    if !document["Statement"].is_array() {
        let one = document["Statement"].take();
        document["Statement"] = json!([one]);
    }
    document
}

/// What stands at `scp[0][1]`.
fn at<'a>(case: &'a mut Value, name: &str) -> &'a mut Value {
    let mut parts = name.split(['[', ']']).filter(|part| !part.is_empty());
    let first = parts.next().unwrap_or_default();
    parts.fold(&mut case[first], |value, index| {
        &mut value[index
            .parse::<usize>()
            .unwrap_or_else(|error| panic!("{error}"))]
    })
}

/// Every change that is told for a case of the corpus is written into it, and it is allowed then.
#[test]
fn a_case_that_is_changed_as_told_is_allowed() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../corpus/policies");
    let (mut denied, mut changed) = (0, 0);
    let entries = std::fs::read_dir(corpus).unwrap_or_else(|error| panic!("{error}"));
    for entry in entries {
        let path = entry.unwrap_or_else(|error| panic!("{error}")).path();
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{error}"));
        for line in text.lines() {
            let case = Case::read(line).unwrap_or_else(|error| panic!("{line}: {error}"));
            if !matches!(case.answer().verdict, Verdict::Denied { .. }) {
                assert!(changes(&case.request, &case.stack).is_empty(), "{line}");
                continue;
            }
            denied += 1;
            let found = changes(&case.request, &case.stack);
            changed += usize::from(!found.is_empty());
            let value: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}"));
            for edits in found {
                let edited = edited(&value, &edits).to_string();
                let again = Case::read(&edited).unwrap_or_else(|error| panic!("{edited}: {error}"));
                let verdict = again.answer().verdict;
                assert_eq!(verdict, Verdict::Allowed, "{line}\n{edits:?}\n{edited}");
            }
        }
    }
    assert!(
        denied > 100 && changed * 10 > denied * 8,
        "{changed} of {denied}"
    );
}
