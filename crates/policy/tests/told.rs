//! What an answer says beside its verdict.

#![expect(
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on says so"
)]

use sagelock_policy::case::{Case, document_name};
use sagelock_policy::evaluate::{Open, explain};
use serde_json::{Value, json};

const ROLE: &str = "arn:aws:iam::111122223333:role/Deployer";
const SESSION: &str = "arn:aws:sts::111122223333:assumed-role/Deployer/s1";
const OTHER: &str = "arn:aws:sts::444455556666:assumed-role/Ext/s1";

fn allow(sid: &str, principal: Option<&str>) -> Value {
    statement(sid, "Allow", "kms:*", principal)
}

fn statement(sid: &str, effect: &str, action: &str, principal: Option<&str>) -> Value {
    let mut one = json!({"Sid": sid, "Effect": effect, "Action": action, "Resource": "*"});
    if let Some(principal) = principal {
        one["Principal"] = json!({ "AWS": principal });
    }
    one
}

fn policy(statements: &[Value]) -> Value {
    json!({ "Statement": statements })
}

/// A case with some fields of its own.
fn told(fields: &Value) -> String {
    let mut case = json!({
        "principal": SESSION, "action": "kms:Decrypt",
        "resource": "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        "context": {"aws:PrincipalArn": ROLE},
    });
    if let (Value::Object(case), Value::Object(fields)) = (&mut case, fields) {
        case.extend(fields.clone());
    }
    let case = Case::read(&case.to_string()).unwrap_or_else(|error| panic!("{error}"));
    let answer = explain(&case.request, &case.stack);
    let because: Vec<String> = answer
        .because
        .iter()
        .map(|one| {
            format!(
                "{}:{}",
                document_name(one.place),
                one.sid.as_deref().unwrap_or("-")
            )
        })
        .collect();
    let shut: Vec<String> = answer
        .shut
        .iter()
        .map(|shut| match shut.level {
            Some(level) => format!("{:?}[{level}]", shut.kind),
            None => format!("{:?}", shut.kind),
        })
        .collect();
    let open: Vec<&str> = answer.open.iter().map(|question| question.name()).collect();
    let words = [
        because.join(" "),
        answer.missing.join(" "),
        open.join(" "),
        shut.join(" "),
    ];
    format!("{:?} | {}", answer.verdict, words.join(" | "))
}

#[expect(clippy::too_many_lines, reason = "the table is the test")]
#[test]
fn an_answer_names_what_it_rests_on() {
    let account = "111122223333";
    let tag = json!({"StringEquals": {"aws:ResourceTag/T": "a"}});
    let with = |mut one: Value, condition: &Value| {
        one["Condition"] = condition.clone();
        one
    };
    let via = json!({"StringEquals": {"kms:ViaService": "x"}});
    let grants = json!([{"GranteePrincipal": ROLE, "Operations": ["Decrypt"]}]);
    let only = policy(&[statement("S3", "Allow", "s3:*", None)]);
    let cases = [
        (
            "by its session, whatever else allows",
            json!({"key": policy(&[allow("Acct", Some(account)), allow("Me", Some(SESSION))]), "identity": [policy(&[allow("Own", None)])]}),
            "Allowed | key:Me |  |  | ",
        ),
        (
            "by its role, within its boundary",
            json!({"key": policy(&[allow("Role", Some(ROLE)), allow("Acct", Some(account))]), "pb": policy(&[allow("B", None)]), "identity": [only]}),
            "Allowed | pb:B key:Role |  |  | ",
        ),
        (
            "by its account and its own policies",
            json!({"key": policy(&[statement("No", "Allow", "kms:Encrypt", Some(account)), allow("Acct", Some(account))]), "identity": [only, policy(&[allow("Own", None)])], "session": policy(&[allow("Ses", None)]), "scp": [[policy(&[allow("L0", None)])], [policy(&[allow("L1", None)])]], "vpce": policy(&[allow("V", Some("*"))])}),
            "Allowed | identity[1]:Own session:Ses scp[0][0]:L0 scp[1][0]:L1 vpce:V key:Acct |  |  | ",
        ),
        (
            "from another account, by both",
            json!({"principal": OTHER, "context": {"aws:PrincipalArn": "arn:aws:iam::444455556666:role/Ext"}, "key": policy(&[allow("Ext", Some("arn:aws:iam::444455556666:role/Ext"))]), "identity": [policy(&[allow("Own", None)])]}),
            "Allowed | identity[0]:Own key:Ext |  |  | ",
        ),
        (
            "from another account, as everybody",
            json!({"principal": OTHER, "context": {}, "key": policy(&[allow("All", Some("*"))]), "identity": [policy(&[allow("Own", None)])]}),
            "Allowed | identity[0]:Own key:All |  |  | ",
        ),
        (
            "by a grant, no statement",
            json!({"key": policy(&[allow("Acct", Some(account))]), "grants": grants, "identity": [only]}),
            "Allowed |  |  |  | ",
        ),
        (
            "where no key policy is asked",
            json!({"action": "sagemaker:DescribeEndpoint", "resource": "*", "resourceAccount": account, "identity": [policy(&[statement("Own", "Allow", "*", None)])]}),
            "Allowed | identity[0]:Own |  |  | ",
        ),
        (
            "what has no policy of its own is the caller's to be allowed",
            json!({"action": "sagemaker:DescribeEndpoint", "resource": "*", "resourceAccount": account, "identity": [only]}),
            "Denied { explicitly: false } |  |  |  | Identity",
        ),
        (
            "every statement that denies",
            json!({"key": policy(&[allow("Role", Some(ROLE)), statement("D", "Deny", "kms:*", Some("*"))]), "identity": [policy(&[statement("D2", "Deny", "*", None), statement("D3", "Deny", "s3:*", None)])], "rcp": [[policy(&[statement("R", "Deny", "kms:Decrypt", Some("*"))])]]}),
            "Denied { explicitly: true } | identity[0]:D2 rcp[0][0]:R key:D |  |  | ",
        ),
        (
            "the account is named, and nothing of its own allows",
            json!({"key": policy(&[allow("Acct", Some(account))]), "identity": [only]}),
            "Denied { explicitly: false } |  |  |  | Identity",
        ),
        (
            "its role is named, and its boundary does not allow",
            json!({"key": policy(&[allow("Role", Some(ROLE))]), "pb": only}),
            "Denied { explicitly: false } |  |  |  | Boundary",
        ),
        (
            "its role is named, and its session policy does not allow",
            json!({"key": policy(&[allow("Role", Some(ROLE))]), "session": only, "pb": policy(&[allow("B", None)])}),
            "Denied { explicitly: false } |  |  |  | Session",
        ),
        (
            "its session policy allows, and its boundary does not",
            json!({"key": policy(&[allow("Acct", Some(account))]), "identity": [policy(&[allow("Own", None)])], "session": policy(&[allow("Ses", None)]), "pb": only}),
            "Denied { explicitly: false } |  |  |  | Boundary",
        ),
        (
            "its session is named, and an SCP does not allow",
            json!({"key": policy(&[allow("Me", Some(SESSION))]), "scp": [[policy(&[allow("L", None)])], [only]], "pb": only}),
            "Denied { explicitly: false } |  |  |  | Scp[1]",
        ),
        (
            "an action that crosses no accounts",
            json!({"principal": OTHER, "context": {}, "action": "kms:PutKeyPolicy", "key": policy(&[allow("All", Some("*"))]), "identity": [policy(&[allow("Own", None)])]}),
            "Denied { explicitly: false } |  |  |  | Resource",
        ),
        (
            "a federated session without a session policy",
            json!({"principal": "arn:aws:sts::111122223333:federated-user/bob", "context": {}, "key": policy(&[allow("A", Some(account))]), "identity": [policy(&[allow("Own", None)])]}),
            "Denied { explicitly: false } |  |  |  | Session",
        ),
        (
            "the same, and an action that crosses no accounts",
            json!({"principal": "arn:aws:sts::111122223333:federated-user/bob", "context": {}, "action": "kms:PutKeyPolicy", "key": policy(&[allow("A", Some(account))]), "identity": [policy(&[allow("Own", None)])]}),
            "Denied { explicitly: false } |  |  |  | Session",
        ),
        (
            "an action of STS that needs a permission",
            json!({"action": "sts:DecodeAuthorizationMessage", "resource": "*", "resourceAccount": account, "identity": [only]}),
            "Denied { explicitly: false } |  |  |  | Identity",
        ),
        (
            "the action of STS that needs none",
            json!({"action": "sts:GetCallerIdentity", "resource": "*", "resourceAccount": account, "identity": [only]}),
            "Allowed |  |  |  | ",
        ),
        (
            "a service that a grant shows, whoever is behind it",
            json!({"principal": "rds.amazonaws.com", "context": {}, "key": policy(&[allow("A", Some(account))]), "grants": [{"GranteePrincipal": "rds.amazonaws.com", "Operations": ["Decrypt"]}]}),
            "Unknown |  |  | masked_grantee | ",
        ),
        (
            "a service that no grant shows",
            json!({"principal": "rds.amazonaws.com", "context": {}, "key": policy(&[allow("A", Some(account))]), "grants": [{"GranteePrincipal": "ec2.amazonaws.com", "Operations": ["Decrypt"]}]}),
            "Denied { explicitly: false } |  |  |  | Resource Identity",
        ),
        (
            "a level of SCPs does not allow, nor the endpoint",
            json!({"key": policy(&[allow("Role", Some(ROLE))]), "scp": [[only]], "vpce": policy(&[allow("V", Some("arn:aws:iam::111122223333:user/alice"))])}),
            "Denied { explicitly: false } |  |  |  | Scp[0] Endpoint Identity",
        ),
        (
            "a key that is not known, as it was written",
            json!({"key": policy(&[with(allow("T", Some(ROLE)), &tag)]), "context": {"aws:PrincipalArn": ROLE, "aws:resourcetag/t": null}}),
            "Unknown |  | aws:ResourceTag/T |  | ",
        ),
        (
            "what is not known and does not matter is not told",
            json!({"key": policy(&[with(allow("T", Some(ROLE)), &tag)]), "identity": [policy(&[with(statement("O", "Allow", "s3:*", None), &json!({"StringEquals": {"aws:PrincipalOrgID": "o"}}))])], "context": {"aws:PrincipalArn": ROLE, "aws:ResourceTag/T": null, "aws:PrincipalOrgID": null}}),
            "Unknown |  | aws:ResourceTag/T |  | ",
        ),
        (
            "an allow that is certain, and a deny that is not",
            json!({"key": policy(&[with(allow("T", Some(ROLE)), &tag), allow("R", Some(ROLE)), with(statement("D", "Deny", "*", Some("*")), &json!({"StringEquals": {"aws:PrincipalOrgID": "o"}}))]), "context": {"aws:PrincipalArn": ROLE, "aws:ResourceTag/T": null, "aws:PrincipalOrgID": null}}),
            "Unknown |  | aws:PrincipalOrgID |  | ",
        ),
        (
            "an allow that may hold is not what allows",
            json!({"key": policy(&[with(allow("T", Some(account)), &tag), allow("Acct", Some(account))]), "identity": [policy(&[with(allow("T", None), &tag), allow("Own", None)])], "scp": [[policy(&[with(allow("T", None), &tag), allow("L", None)])]], "pb": policy(&[with(allow("T", None), &tag), allow("B", None)]), "vpce": policy(&[with(allow("T", Some("*")), &tag), allow("V", Some("*"))]), "context": {"aws:PrincipalArn": ROLE, "aws:ResourceTag/T": null}}),
            "Allowed | identity[0]:Own pb:B scp[0][0]:L vpce:V key:Acct |  |  | ",
        ),
        (
            "by its session, whatever its boundary allows",
            json!({"key": policy(&[allow("Me", Some(SESSION))]), "pb": policy(&[allow("B", None)])}),
            "Allowed | key:Me |  |  | ",
        ),
        (
            "what allows anyhow is not what is missing",
            json!({"key": policy(&[with(allow("T", Some(account)), &tag), with(allow("O", Some(account)), &json!({"StringEquals": {"aws:PrincipalOrgID": "o"}}))]), "identity": [policy(&[with(allow("X", None), &via), allow("Own", None)])], "scp": [[policy(&[with(allow("X", None), &via), allow("L", None)])]], "pb": policy(&[with(allow("X", None), &via), allow("B", None)]), "vpce": policy(&[with(allow("X", Some("*")), &via), allow("V", Some("*"))]), "context": {"aws:PrincipalArn": ROLE, "aws:ResourceTag/T": "b", "aws:PrincipalOrgID": null, "kms:ViaService": null}}),
            "Unknown |  | aws:PrincipalOrgID |  | ",
        ),
        (
            "what allows by itself needs neither policies nor a boundary",
            json!({"key": policy(&[allow("Me", Some(SESSION)), with(statement("D", "Deny", "*", Some("*")), &json!({"StringEquals": {"aws:PrincipalOrgID": "o"}}))]), "identity": [policy(&[with(allow("T", None), &tag)])], "pb": policy(&[with(allow("T", None), &tag)]), "context": {"aws:PrincipalArn": ROLE, "aws:ResourceTag/T": null, "aws:PrincipalOrgID": null}}),
            "Unknown |  | aws:PrincipalOrgID |  | ",
        ),
        (
            "what may deny another action is not missing",
            json!({"key": policy(&[with(allow("T", Some(ROLE)), &tag)]), "identity": [policy(&[with(statement("D", "Deny", "kms:Encrypt", None), &json!({"StringEquals": {"aws:PrincipalOrgID": "o"}}))])], "context": {"aws:PrincipalArn": ROLE, "aws:ResourceTag/T": null, "aws:PrincipalOrgID": null}}),
            "Unknown |  | aws:ResourceTag/T |  | ",
        ),
        (
            "an SCP that is not certain",
            json!({"key": policy(&[allow("R", Some(ROLE))]), "scp": [[policy(&[with(allow("L", None), &tag)])]], "context": {"aws:PrincipalArn": ROLE, "aws:ResourceTag/T": null}}),
            "Unknown |  | aws:ResourceTag/T |  | ",
        ),
        (
            "an endpoint that is not certain",
            json!({"key": policy(&[allow("R", Some(ROLE))]), "vpce": policy(&[with(allow("V", Some("*")), &tag)]), "context": {"aws:PrincipalArn": ROLE, "aws:ResourceTag/T": null}}),
            "Unknown |  | aws:ResourceTag/T |  | ",
        ),
        (
            "a boundary that is not certain",
            json!({"key": policy(&[allow("R", Some(ROLE))]), "pb": policy(&[with(allow("B", None), &tag)]), "context": {"aws:PrincipalArn": ROLE, "aws:ResourceTag/T": null}}),
            "Unknown |  | aws:ResourceTag/T |  | ",
        ),
        (
            "own policies that are not certain",
            json!({"key": policy(&[allow("A", Some(account))]), "identity": [policy(&[with(allow("O", None), &tag)])], "context": {"aws:PrincipalArn": ROLE, "aws:ResourceTag/T": null}}),
            "Unknown |  | aws:ResourceTag/T |  | ",
        ),
        (
            "a key policy that nobody told",
            json!({"identity": [policy(&[allow("O", None)])]}),
            "Unknown |  |  | resource_policy | ",
        ),
        (
            "a grant under a boundary",
            json!({"key": policy(&[allow("A", Some(account))]), "grants": grants, "pb": only}),
            "Unknown |  |  | capped_grant | ",
        ),
        (
            "a grant of another account",
            json!({"principal": OTHER, "context": {}, "key": policy(&[allow("A", Some(account))]), "grants": [{"GranteePrincipal": OTHER, "Operations": ["Decrypt"], "IssuingAccount": "arn:aws:iam::111122223333:root"}]}),
            "Unknown |  |  | foreign_grant | ",
        ),
    ];
    let mut wrong = Vec::new();
    for (name, fields, expected) in cases {
        let found = told(&fields);
        if found != expected {
            wrong.push(format!("{name}:\n  {found}\n  {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// docs/policy.md has a row for each.
#[test]
fn open_questions_have_names() {
    let page = include_str!("../../../docs/policy.md");
    let (_, text) = page
        .split_once("## What AWS leaves open")
        .unwrap_or_default();
    for question in Open::ALL {
        assert!(text.contains(&format!("| `{question}` |")), "{question}");
        assert_eq!(question.to_string(), question.name());
    }
    assert_eq!(text.matches("\n| `").count() - 1, Open::ALL.len());
}
