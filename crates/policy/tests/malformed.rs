//! A document that breaks the grammar is an error that says where, in bounded time and memory.

#![expect(clippy::expect_used, reason = "a test that cannot go on says so")]

use sagelock_policy::{Document, Kind};

const KEY: &str = r#""Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*""#;

fn refused(text: &str) -> sagelock_policy::Malformed {
    Document::read(Kind::Resource, text).expect_err(text)
}

/// A text; the path, line and column of its error, and what is said.
const CASES: &[(&str, &str, usize, usize, &str)] = &[
    ("", "", 1, 1, "not JSON: EOF while parsing a value"),
    ("[]", "", 1, 1, "expected a policy document, found a list"),
    ("{}", "", 1, 1, "`Statement` is missing"),
    (
        "{\"Statement\":[]} x",
        "",
        1,
        18,
        "not JSON: trailing characters",
    ),
    (
        "{\n  \"Statement\": [\n    7\n  ]\n}",
        "Statement[0]",
        3,
        5,
        "expected a statement, found a number",
    ),
    (
        r#"{"Statement":[],"Statement":[]}"#,
        "Statement",
        1,
        17,
        "`Statement` stands here twice",
    ),
    (
        r#"{"Statement":[],"\u0053tatement":[]}"#,
        "Statement",
        1,
        17,
        "`Statement` stands here twice",
    ),
    (
        r#"{"Version":"2012-10-18","Statement":[]}"#,
        "Version",
        1,
        12,
        "there is no version `2012-10-18`; 2012-10-17 is the current one, 2008-10-17 the other",
    ),
    (
        r#"{"statement":[]}"#,
        "statement",
        1,
        2,
        "`statement` is no element of a policy; there are Version, Id and Statement",
    ),
    (
        r#"{"Statement":[{"Effect":"allow"}]}"#,
        "Statement[0].Effect",
        1,
        25,
        "an effect is `Allow` or `Deny`, not `allow`",
    ),
    (
        r#"{"Statement":[{"Effect":true}]}"#,
        "Statement[0].Effect",
        1,
        25,
        "expected `Allow` or `Deny`, found a boolean",
    ),
    (
        r#"{"Statement":{"Effect":"Deny","Action":"kms:*","Resource":"*"}}"#,
        "Statement",
        1,
        14,
        "`Principal` is missing",
    ),
    (
        r#"{"Statement":[{"Sid":"é","Effects":"Allow"}]}"#,
        "Statement[0].Effects",
        1,
        26,
        "`Effects` is no element of a statement; there are Sid, Effect, Principal, NotPrincipal, Action, NotAction, Resource, NotResource and Condition",
    ),
    (
        r#"{"Statement":[{"Action":"kms:*","NotAction":"kms:*"}]}"#,
        "Statement[0].NotAction",
        1,
        33,
        "a statement has either `Action` or `NotAction`",
    ),
    (
        r#"{"Statement":[{"Action":[]}]}"#,
        "Statement[0].Action",
        1,
        25,
        "expected an action, found an empty list",
    ),
    (
        r#"{"Statement":[{"Action":"Decrypt"}]}"#,
        "Statement[0].Action",
        1,
        25,
        "`Decrypt` is no action; actions are written as service:Name, like kms:Decrypt",
    ),
    (
        r#"{"Statement":[{"Action":["kms:*",null]}]}"#,
        "Statement[0].Action[1]",
        1,
        34,
        "expected an action, found null",
    ),
    (
        r#"{"Statement":[{"Principal":"AWS"}]}"#,
        "Statement[0].Principal",
        1,
        28,
        "a principal is `*` or an object like {\"AWS\": …}, not `AWS`",
    ),
    (
        r#"{"Statement":[{"Principal":{}}]}"#,
        "Statement[0].Principal",
        1,
        28,
        "it names nobody",
    ),
    (
        r#"{"Statement":[{"Principal":{"Aws":"*"}}]}"#,
        "Statement[0].Principal.Aws",
        1,
        29,
        "`Aws` is no element of a principal; there are AWS, Service, Federated and CanonicalUser",
    ),
    (
        r#"{"Statement":[{"Condition":[]}]}"#,
        "Statement[0].Condition",
        1,
        28,
        "expected an object of operators, found a list",
    ),
    (
        r#"{"Statement":[{"Condition":{"StringEqual":{}}}]}"#,
        "Statement[0].Condition.StringEqual",
        1,
        29,
        "there is no condition operator `StringEqual`; did you mean StringEquals?",
    ),
    (
        r#"{"Statement":[{"Condition":{"Bool":{"a:b":"true"},"bool":{}}}]}"#,
        "Statement[0].Condition.bool",
        1,
        51,
        "`bool` stands here twice",
    ),
    (
        r#"{"Statement":[{"Condition":{"Bool":{"a:b":"true","A:b":"true"}}}]}"#,
        "Statement[0].Condition.Bool.A:b",
        1,
        50,
        "`A:b` stands here twice",
    ),
    (
        r#"{"Statement":[{"Condition":{"Null":{"a:b":"maybe"}}}]}"#,
        "Statement[0].Condition.Null.a:b",
        1,
        43,
        "`Null` is compared with true or false",
    ),
    (
        r#"{"Statement":[{"Condition":{"Bool":{"a:b":{}}}}]}"#,
        "Statement[0].Condition.Bool.a:b",
        1,
        43,
        "expected a value to compare with, found an object",
    ),
    (
        r#"{"Statement":[{"Sid":"\ud800"}]}"#,
        "Statement[0].Sid",
        1,
        22,
        "unexpected end of hex escape",
    ),
];

#[test]
fn every_error_says_what_and_where() {
    for &(text, path, line, column, message) in CASES {
        let wrong = refused(text);
        let found = (
            wrong.path.as_str(),
            wrong.at.line,
            wrong.at.column,
            wrong.message.as_str(),
        );
        assert_eq!(found, (path, line, column, message), "{text}");
    }
}

#[test]
fn a_policy_that_is_cut_off_anywhere_is_refused() {
    let text = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{{KEY},"Condition":{{"Bool":{{"a:b":true}}}}}}]}}"#
    );
    assert!(Document::read(Kind::Resource, &text).is_ok());
    for end in 0..text.len() {
        assert!(
            Document::read(Kind::Resource, &text[..end]).is_err(),
            "{}",
            &text[..end]
        );
    }
}

#[test]
fn who_is_named_depends_on_the_kind() {
    let with = format!(r#"{{"Statement":{{{KEY}}}}}"#);
    let without = with.replace(r#""Principal":"*","#, "");
    for kind in [Kind::Identity, Kind::Boundary, Kind::Session, Kind::Scp] {
        assert!(Document::read(kind, &without).is_ok(), "{kind:?}");
        assert!(Document::read(kind, &with).is_err(), "{kind:?}");
    }
    for kind in [Kind::Resource, Kind::Rcp, Kind::Endpoint] {
        assert!(Document::read(kind, &with).is_ok(), "{kind:?}");
        assert!(Document::read(kind, &without).is_err(), "{kind:?}");
    }
}

#[test]
fn size_and_depth_cost_no_more_than_their_length() {
    let deep = format!(
        r#"{{"Statement":[{{"Condition":{}}}]}}"#,
        "[".repeat(1_000_000)
    );
    assert!(refused(&deep).message.contains("not JSON"));
    let closed = format!(
        r#"{{"Statement":[{{"Condition":{}1{}}}]}}"#,
        "{\"a\":".repeat(100_000),
        "}".repeat(100_000)
    );
    assert_eq!(
        refused(&closed).message,
        "there is no condition operator `a`"
    );
    let many = format!(
        r#"{{"Statement":[{}]}}"#,
        vec![format!("{{{KEY}}}"); 10_000].join(",")
    );
    let document = Document::read(Kind::Resource, &many).expect("many statements are a policy");
    assert_eq!(document.statements().len(), 10_000);
    assert_eq!(
        document.statements()[1].position().column,
        14 + KEY.len() + 4
    );
}
