//! Ways that are easy to overlook, and those that are none: questions as `policy who-can` reads them.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so"
)]

mod sendable;

use sagelock_policy::access::{Administrator, Lockout, Users, lockout, outsiders, powers};
use sagelock_policy::case::Question;
use sagelock_policy::prove::{Proof, Prover};
use serde_json::{Value, json};

const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const READER: &str = "arn:aws:iam::111122223333:role/Reader";

fn policy(statements: &Value) -> Value {
    json!({ "Version": "2012-10-17", "Statement": statements })
}

fn to(principal: &Value, action: &Value, condition: &Value) -> Value {
    json!({ "Effect": "Allow", "Principal": principal, "Action": action, "Resource": "*",
        "Condition": condition })
}

fn reader(action: &str, condition: &Value) -> Value {
    to(&json!({ "AWS": READER }), &json!(action), condition)
}

fn anybody(condition: &Value) -> Value {
    to(&json!("*"), &json!("kms:Decrypt"), condition)
}

fn root() -> Value {
    to(
        &json!({ "AWS": "111122223333" }),
        &json!("kms:*"),
        &json!({}),
    )
}

/// A question about a role that has no tags and is of an organisation.
fn question(statements: &Value, identity: &Value) -> Value {
    json!({
        "key": { "arn": KEY, "grants": [], "aliases": [], "tags": {}, "policy": policy(statements) },
        "principals": [{ "arn": READER, "tags": {}, "organization": "o-mine",
            "identity": [policy(identity)] }],
    })
}

fn read(question: &Value) -> Question {
    Question::read(&question.to_string()).unwrap_or_else(|error| panic!("{question}: {error}"))
}

/// What is not proved to be closed; what may be has a question mark.
fn ways(question: &Value) -> Vec<String> {
    let question = read(question);
    let principal = question.principals.first().expect("a principal");
    let uses = Users::new(&question.key).of(principal, &Prover::default());
    uses.iter()
        .filter_map(|one| match &one.proof {
            Proof::Proved => None,
            Proof::Violated(_) => Some(one.way.action().to_owned()),
            Proof::Possible(doubts) => {
                assert!(!doubts.is_empty(), "{one:?}");
                Some(format!("{}?", one.way.action()))
            }
        })
        .collect()
}

fn who(statements: &Value) -> Vec<String> {
    let question = read(&question(statements, &json!([])));
    let found =
        outsiders(&question.key, &[], &["o-mine"], &Prover::default()).expect("few patterns");
    let mut who: Vec<String> = found
        .into_iter()
        .map(|one| match one.proof {
            Proof::Violated(_) | Proof::Proved => one.who,
            Proof::Possible(_) => format!("{}?", one.who),
        })
        .collect();
    who.sort();
    who.dedup();
    who
}

const NONE: [&str; 0] = [];

#[test]
fn tags_may_be_what_an_own_policy_asks_about() {
    let tagger = |decrypt: Value| {
        let tag = json!({ "Effect": "Allow", "Action": "kms:TagResource", "Resource": "*" });
        let mut asked = question(&json!([root()]), &json!([tag, decrypt]));
        asked["key"]["tags"] = json!({ "team": "b" });
        asked
    };
    let by = |value: &str| {
        json!({ "Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*",
            "Condition": { "StringEquals": { "aws:ResourceTag/team": value } } })
    };
    assert_eq!(ways(&tagger(by("a"))), ["kms:TagResource"]);
    assert_eq!(ways(&tagger(by("b"))), ["kms:Decrypt", "kms:TagResource"]);
    // In a variable.
    let variable = json!({ "Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*",
        "Condition": { "StringEquals": { "kms:EncryptionContext:team": "${aws:ResourceTag/team}" } } });
    assert_eq!(ways(&tagger(variable)), ["kms:Decrypt", "kms:TagResource"]);
    // Its own tags are known, and whoever changes the key's does not change them.
    let mut both = tagger(
        json!({ "Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*",
        "Condition": { "StringEquals": { "aws:ResourceTag/x": "1", "aws:PrincipalTag/team": "a" } } }),
    );
    both["principals"][0]["tags"] = json!({ "team": "b" });
    assert_eq!(ways(&both), NONE);
    // To take a tag away gives it no other value.
    let mut untag = question(
        &json!([root()]),
        &json!([{ "Effect": "Allow", "Action": "kms:UntagResource", "Resource": "*" }, by("b")]),
    );
    untag["key"]["tags"] = json!({ "team": "a" });
    assert_eq!(ways(&untag), ["kms:UntagResource?"]);
    // Aliases, by an own policy.
    let alias = question(
        &json!([root()]),
        &json!([{ "Effect": "Allow", "Action": ["kms:UpdateAlias", "kms:Decrypt"], "Resource": "*",
            "Condition": { "ForAnyValue:StringEquals": { "kms:ResourceAliases": "alias/b" } } }]),
    );
    assert_eq!(ways(&alias), NONE);
}

#[test]
fn keys_that_are_compared_with_one_another_have_the_same_values() {
    let mut asked = question(
        &json!([reader(
            "kms:Decrypt",
            &json!({ "StringEquals": {
            "aws:ResourceTag/team": "${aws:PrincipalTag/team}",
            "kms:EncryptionContext:team": "${aws:PrincipalTag/team}",
        } })
        )]),
        &json!([]),
    );
    asked["key"]["tags"] = json!({ "team": "a" });
    asked["principals"][0]["tags"] = Value::Null;
    assert_eq!(ways(&asked), ["kms:Decrypt"]);
    // What tells one of them apart is not forgotten while another is tried.
    let mut asked = question(
        &json!([reader(
            "kms:Decrypt",
            &json!({
                "StringEquals": { "kms:EncryptionContext:tenant": "${aws:PrincipalTag/tenant}" },
                "StringLike": { "kms:EncryptionContext:tenant": "a" },
            })
        )]),
        &json!([]),
    );
    asked["principals"][0]["tags"] = Value::Null;
    assert_eq!(ways(&asked), ["kms:Decrypt"]);
}

#[test]
fn a_grant_to_oneself_needs_one_operation_that_helps() {
    for operations in [
        json!([
            "GenerateDataKeyWithoutPlaintext",
            "ReEncryptFrom",
            "ReEncryptTo"
        ]),
        json!(["Encrypt", "GenerateDataKeyPair"]),
        json!(["Encrypt", "DeriveSharedSecret"]),
    ] {
        let condition =
            json!({ "ForAllValues:StringEquals": { "kms:GrantOperations": operations } });
        let asked = question(&json!([reader("kms:CreateGrant", &condition)]), &json!([]));
        assert_eq!(ways(&asked), ["kms:CreateGrant"], "{condition}");
    }
    let only = json!({ "ForAllValues:StringEquals": { "kms:GrantOperations": ["Encrypt"] } });
    let asked = question(&json!([reader("kms:CreateGrant", &only)]), &json!([]));
    assert_eq!(ways(&asked), NONE);
    // To somebody else, who may be of the same mind.
    let other =
        json!({ "StringEquals": { "kms:GranteePrincipal": "arn:aws:iam::111122223333:role/T" } });
    let asked = question(&json!([reader("kms:CreateGrant", &other)]), &json!([]));
    assert_eq!(ways(&asked), ["kms:CreateGrant?"]);
}

#[test]
fn a_grant_is_a_way_however_old() {
    let mut asked = question(&json!([root()]), &json!([]));
    asked["key"]["grants"] = json!([{ "GranteePrincipal": READER, "Operations": ["Decrypt"],
        "CreationDate": 1_577_836_800 }]);
    assert_eq!(ways(&asked), ["kms:Decrypt"]);
    asked["key"]["grants"][0]["Operations"] = json!(["CreateGrant", "Decrypt"]);
    asked["key"]["grants"][0]["Constraints"] = json!({ "EncryptionContextSubset": { "App": "x" } });
    let found = ways(&asked);
    assert!(found.contains(&"kms:Decrypt".to_owned()), "{found:?}");
}

#[test]
fn replicas_have_key_policies_of_their_own() {
    let mut asked = question(&json!([reader("kms:ReplicateKey", &json!({}))]), &json!([]));
    assert_eq!(ways(&asked), NONE);
    asked["key"]["arn"] =
        json!("arn:aws:kms:eu-west-1:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab");
    // It takes kms:CreateKey in the other Region as well.
    assert_eq!(ways(&asked), NONE);
    asked["principals"][0]["identity"] = json!([policy(
        &json!([{ "Effect": "Allow", "Action": "kms:CreateKey", "Resource": "*" }])
    )]);
    assert_eq!(ways(&asked), ["kms:ReplicateKey"]);
}

#[test]
fn services_that_act_for_somebody_need_not_say_by_whom_they_were_called() {
    let through = json!({ "StringEquals": { "kms:ViaService": "s3.eu-west-1.amazonaws.com" } });
    let deny = json!({ "Effect": "Deny", "Principal": "*", "Action": "kms:*", "Resource": "*",
        "Condition": { "Null": { "aws:CalledVia": "false" } } });
    let asked = question(&json!([reader("kms:Decrypt", &through), deny]), &json!([]));
    assert_eq!(ways(&asked), ["kms:Decrypt"]);
    // Keys of two forms are not followed.
    let variable = json!({ "StringEquals": { "kms:EncryptionContext:s": "${kms:ViaService}" } });
    let asked = question(&json!([reader("kms:Decrypt", &variable)]), &json!([]));
    assert_eq!(ways(&asked), ["kms:Decrypt?"]);
}

#[test]
fn what_nobody_chooses_shows_nothing() {
    for (action, condition, expected) in [
        (
            "kms:Decrypt",
            json!({ "StringEquals": { "kms:RequestAlias": "alias/b" } }),
            &NONE[..],
        ),
        (
            "kms:*",
            json!({ "StringEquals": { "kms:EncryptionContext:t": "a" } }),
            // Under which other key it may encrypt, this key policy does not say.
            &[
                "kms:Decrypt",
                "kms:ReEncryptFrom?",
                "kms:GenerateDataKey",
                "kms:GenerateDataKeyPair",
                "kms:CreateGrant",
            ],
        ),
        (
            "kms:Decrypt",
            json!({ "DateLessThan": { "aws:CurrentTime": "2020-01-01T00:00:00Z" } }),
            &["kms:Decrypt?"],
        ),
        (
            "kms:Decrypt",
            json!({ "StringLike": { "aws:userid": "AROAX:*" } }),
            &["kms:Decrypt?"],
        ),
        (
            "kms:Decrypt",
            json!({ "NumericGreaterThan": { "aws:PrincipalTag/n": "5" } }),
            &NONE[..],
        ),
    ] {
        let asked = question(&json!([reader(action, &condition)]), &json!([]));
        assert_eq!(ways(&asked), expected, "{condition}");
    }
    // A tag that is compared as a number need not be one.
    let statements = json!([
        reader("kms:Decrypt", &json!({ "Null": { "kms:EncryptionContext:n": "false" } })),
        { "Effect": "Deny", "Principal": "*", "Action": "kms:*", "Resource": "*",
          "Condition": { "NumericGreaterThanEquals": { "kms:EncryptionContext:n": "5" } } },
        { "Effect": "Deny", "Principal": "*", "Action": "kms:*", "Resource": "*",
          "Condition": { "NumericLessThan": { "kms:EncryptionContext:n": "5" } } },
    ]);
    assert_eq!(ways(&question(&statements, &json!([]))), ["kms:Decrypt"]);
}

#[test]
fn outsiders_are_told_apart_by_whatever_conditions_ask() {
    let of = |condition: Value| who(&json!([root(), anybody(&condition)]));
    let is_like = |found: &[String], part: &str| found.iter().any(|who| who.contains(part));
    let user = of(json!({ "StringEquals": { "aws:username": "backup" } }));
    assert!(
        is_like(&user, ":user/") && is_like(&user, "backup"),
        "{user:?}"
    );
    let role = of(
        json!({ "StringLike": { "aws:PrincipalArn": "arn:aws:iam::${aws:PrincipalAccount}:role/deployer" } }),
    );
    assert!(is_like(&role, ":role/deployer"), "{role:?}");
    let service = of(json!({ "Bool": { "aws:PrincipalIsAWSService": "true" } }));
    assert_eq!(service, ["anyservice.amazonaws.com"]);
    let named = of(json!({ "StringEquals": { "aws:PrincipalServiceName": "logs.amazonaws.com" } }));
    assert_eq!(named, ["logs.amazonaws.com"]);
    // The organisation of the key is not known: no fact, and no choice.
    let organization =
        of(json!({ "StringEquals": { "aws:PrincipalOrgID": "${aws:ResourceOrgID}" } }));
    assert!(!organization.is_empty(), "{organization:?}");
    assert!(
        organization.iter().all(|who| who.ends_with('?')),
        "{organization:?}"
    );
    let unknown = |grants: Value| {
        let mut asked = question(&json!([root()]), &json!([]));
        asked["key"]["grants"] = grants;
        let asked = read(&asked);
        outsiders(&asked.key, &[], &[], &Prover::default())
            .expect("few")
            .len()
    };
    assert_eq!((unknown(json!([])), unknown(Value::Null)), (0, 1));
}

#[test]
fn who_holds_what_is_asked_of_everybody() {
    let held = |statements: &Value| -> Vec<(String, Option<bool>)> {
        let asked = read(&question(statements, &json!([])));
        let powers = powers(&asked.key, &Prover::default()).expect("few patterns");
        powers
            .into_iter()
            .filter(|one| one.administers != Some(false) && one.uses != Some(false))
            .map(|one| (one.who, one.administers))
            .collect()
    };
    let all = to(
        &json!({ "AWS": "*" }),
        &json!("kms:*"),
        &json!({ "StringEquals": { "kms:CallerAccount": "111122223333" } }),
    );
    // A user and a role; a federated user is as the user behind it.
    assert_eq!(held(&json!([all])).len(), 2);
    let by_tag = to(
        &json!({ "AWS": READER }),
        &json!("kms:*"),
        &json!({ "StringEquals": { "aws:ResourceTag/env": "prod" } }),
    );
    // The tags of the key are known to be none.
    assert!(held(&json!([by_tag])).is_empty());
    let open = json!([to(
        &json!("*"),
        &json!("kms:*"),
        &json!({ "ArnEquals": { "aws:PrincipalArn": READER } })
    )]);
    let asked = read(&question(&open, &json!([])));
    match lockout(&asked.key, &Prover::default()) {
        Lockout::Deletable(who, doubts) => {
            // Whoever can make another role of that name can change it too.
            let is_named = false;
            let who_is = Administrator {
                who: READER.to_owned(),
                is_named,
            };
            assert_eq!((who, doubts), (vec![who_is], vec![]));
        }
        other @ (Lockout::Safe
        | Lockout::Conditional(_)
        | Lockout::Locked
        | Lockout::Unknown(_)) => {
            panic!("{other:?}")
        }
    }
    let breaking = json!([root(), { "Effect": "Deny", "Principal": "*", "Action": "kms:PutKeyPolicy",
        "Resource": "*", "Condition": { "StringNotEquals": { "aws:PrincipalArn": READER } } }]);
    let asked = read(&question(&breaking, &json!([])));
    assert!(
        matches!(lockout(&asked.key, &Prover::default()), Lockout::Deletable(who, _) if who.iter().all(|one| one.who == READER))
    );
}

#[test]
fn long_names_and_many_grants_take_no_time() {
    let path = "abcdefg/".repeat(60);
    let arn = format!("arn:aws:iam::111122223333:role/{path}Reader");
    let mut asked = question(
        &json!([to(
            &json!("*"),
            &json!("kms:Decrypt"),
            &json!({ "StringLike": {
            "aws:PrincipalArn": "arn:aws:iam::*:role/${aws:PrincipalTag/team}/*" } })
        )]),
        &json!([]),
    );
    asked["principals"][0]["arn"] = json!(arn);
    asked["principals"][0]["tags"] = Value::Null;
    assert!(!ways(&asked).is_empty());
    let grants: Vec<Value> = (0..3_000)
        .map(|number| json!({ "GranteePrincipal": READER, "Operations": ["Decrypt"],
            "Constraints": { "EncryptionContextSubset": { "aws:ebs:id": format!("vol-{number}") } } }))
        .collect();
    let mut asked = question(&json!([root()]), &json!([]));
    asked["key"]["grants"] = json!(grants);
    let found = ways(&asked);
    assert!(
        found.iter().any(|way| way.starts_with("kms:Decrypt")),
        "{found:?}"
    );
}

/// A key for federated users only is for those of any account (AWS STS API, GetFederationToken).
#[test]
fn federated_users_ask_as_well() {
    let only = json!({ "StringEquals": { "aws:PrincipalType": "FederatedUser" } });
    let found = who(&json!([anybody(&only)]));
    assert!(!found.is_empty());
    assert!(
        found.iter().all(|who| who.contains(":federated-user/")),
        "{found:?}"
    );
}

/// Resource control policies do not bind service-linked roles (Organizations User Guide, "Resource control
/// policies").
#[test]
fn a_service_linked_role_of_a_stranger_is_no_exception_to_a_key_for_everybody() {
    let mut asked = question(&json!([anybody(&json!({}))]), &json!([]));
    asked["key"]["rcp"] = json!([[policy(&json!([{ "Effect": "Deny", "Principal": "*",
        "Action": "kms:*", "Resource": "*",
        "Condition": { "BoolIfExists": { "aws:PrincipalIsAWSService": "false" } } }]))]]);
    let question = read(&asked);
    let found = outsiders(&question.key, &[], &[], &Prover::default()).expect("few patterns");
    let people: Vec<&str> = found
        .iter()
        .filter(|one| !one.is_service && matches!(one.proof, Proof::Violated(_)))
        .map(|one| one.who.as_str())
        .collect();
    assert!(!people.is_empty());
    assert!(
        people
            .iter()
            .all(|who| who.contains(":role/aws-service-role/")),
        "{people:?}"
    );
}

#[test]
fn sessions_and_services_are_asked_about_as_who_is_behind_them() {
    let mut asked = question(&json!([root()]), &json!([]));
    for arn in [
        "arn:aws:sts::111122223333:assumed-role/Reader/s1",
        "ec2.amazonaws.com",
    ] {
        asked["principals"][0]["arn"] = json!(arn);
        let error = Question::read(&asked.to_string()).expect_err("nobody");
        assert!(
            error.to_string().contains("is no user, role or root user"),
            "{error}"
        );
    }
}
