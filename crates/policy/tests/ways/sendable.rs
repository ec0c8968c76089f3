//! Values that requests can have: all that make a difference are tried, and none that nobody can send is
//! shown.

use sagelock_policy::access::Users;
use sagelock_policy::prove::{Proof, Prover};
use serde_json::{Value, json};

use super::{anybody, question, read, reader, root, ways, who};

/// A text without letters is no value to ForAllValues and ForAnyValue, whatever stands beside it (IAM User
/// Guide, "Set operators for multi-valued context keys": "a null data set, such as an empty string").
#[test]
fn an_empty_value_is_tried_under_every_form_of_condition() {
    for operator in [
        "ForAllValues:StringEquals",
        "ForAllValues:StringLike",
        "ForAllValues:StringEqualsIgnoreCase",
        "ForAllValues:BinaryEquals",
        "ForAllValues:NumericEquals",
        "ForAllValues:DateLessThan",
        "ForAllValues:IpAddress",
        "ForAllValues:ArnLike",
        "ForAllValues:Bool",
    ] {
        for key in [
            "aws:PrincipalTag/a",
            "kms:EncryptionContext:a",
            "aws:UserAgent",
        ] {
            for text in ["a", "a*", "Qm*YXJ5", "arn:aws:iam::*:role/*"] {
                let condition = json!({ operator: { key: text }, "Null": { key: "false" },
                    "StringNotLike": { key: "?*" } });
                let mut asked = question(&json!([reader("kms:Decrypt", &condition)]), &json!([]));
                asked["principals"][0]["tags"] = Value::Null;
                // Texts beside numbers, dates or addresses of one key are not followed.
                let found = ways(&asked);
                assert!(
                    found == ["kms:Decrypt"] || found == ["kms:Decrypt?"],
                    "{condition}"
                );
                asked["key"]["policy"]["Statement"][0]["Condition"]
                    .as_object_mut()
                    .expect("conditions")
                    .remove("StringNotLike");
                assert_eq!(ways(&asked), ["kms:Decrypt"], "{condition}");
            }
        }
    }
}

/// A request that is shown is one that somebody can send.
#[test]
fn what_is_shown_has_values_that_the_key_can_have() {
    let shown = |condition: &Value| {
        let mut asked = question(&json!([reader("kms:Decrypt", condition)]), &json!([]));
        asked["principals"][0]["id"] = json!("AROAEXAMPLEIDOFAROLE1");
        let question = read(&asked);
        let principal = question.principals.first().expect("a principal");
        let uses = Users::new(&question.key).of(principal, &Prover::default());
        let found = uses.into_iter().find_map(|one| match one.proof {
            Proof::Violated(request) => Some(serde_json::to_value(request).expect("JSON")),
            Proof::Proved | Proof::Possible(_) => None,
        });
        found.unwrap_or_else(|| panic!("{condition} is closed"))
    };
    let value = |condition: &Value, key: &str| {
        let request = shown(condition);
        request["context"][key]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    for (key, begins) in [
        ("aws:SourceVpce", "vpce-"),
        ("aws:SourceVpc", "vpc-"),
        ("kms:EncryptionAlgorithm", "SYMMETRIC_DEFAULT"),
    ] {
        for operator in ["StringNotEquals", "StringNotLike"] {
            let condition = json!({ operator: { key: "a*" }, "Null": { key: "false" } });
            let found = value(&condition, key);
            assert!(found.starts_with(begins), "{condition}: {found}");
        }
    }
    for operator in ["StringNotEquals", "StringNotLike", "NotIpAddress"] {
        let condition = json!({ operator: { "aws:SourceIp": "10.1.0.0/16" },
            "Null": { "aws:SourceIp": "false" } });
        let found = value(&condition, "aws:SourceIp");
        assert!(
            found.parse::<std::net::IpAddr>().is_ok(),
            "{condition}: {found}"
        );
    }
    let condition = json!({ "Null": { "aws:CalledVia": "false", "aws:CalledViaFirst": "false" } });
    let request = shown(&condition);
    assert_eq!(
        request["context"]["aws:CalledVia"][0],
        request["context"]["aws:CalledViaFirst"]
    );
    // Its unique id ends with the name of the session.
    let condition = json!({ "StringLike": { "aws:userid": "*:a?c" } });
    let request = shown(&condition);
    let id = request["context"]["aws:userid"].as_str().expect("an id");
    let session = request["principal"]
        .as_str()
        .and_then(|arn| arn.rsplit('/').next());
    assert_eq!(id.rsplit(':').next(), session);
    // What it says of an encryption context, it says of its keys.
    let condition = json!({ "StringEquals": { "kms:EncryptionContext:team": "red" },
        "ForAnyValue:StringEquals": { "kms:EncryptionContextKeys": "app" } });
    let request = shown(&condition);
    assert_eq!(
        request["context"]["kms:EncryptionContextKeys"],
        json!(["app", "team"])
    );
}

/// Whose ARNs lack what, each service documents for its resources (Service Authorization Reference).
#[test]
fn a_source_is_an_arn_that_the_service_has() {
    let cases = [
        ("arn:aws:cloudtrail:eu-west-1:444455556666:trail/t", true),
        ("arn:aws:cloudtrail:*:*:trail/t", true),
        ("arn:aws:cloudtrail:::trail/t", false),
        ("arn:aws:cloudtrail:eu-west-1::trail/t", false),
        ("arn:aws:cloudtrail:::*", false),
        ("arn:aws:s3:::bucket", true),
        ("arn:aws:s3:eu-west-1::bucket", false),
        ("arn:aws:route53:::hostedzone/Z1", true),
        ("arn:aws:cloudfront::444455556666:distribution/E1", true),
        ("arn:aws:cloudfront:::distribution/E1", false),
        ("arn:aws:apigateway:eu-west-1::/restapis/a", true),
        ("arn:aws:apigateway:::/restapis/a", false),
        ("arn:aws:sns:eu-west-1:topic:t", false),
    ];
    for (source, can_be) in cases {
        for operator in ["StringLike", "ArnLike", "StringLikeIfExists"] {
            let condition = json!({ operator: { "aws:SourceArn": source },
                "Null": { "aws:SourceArn": "false" },
                "Bool": { "aws:PrincipalIsAWSService": "true" } });
            let found = who(&json!([root(), anybody(&condition)]));
            assert_eq!(!found.is_empty(), can_be, "{operator} {source}: {found:?}");
        }
    }
}

/// A condition key that is on no list may be newer than the lists, and nobody knows whether requests have it;
/// one that is misspelt, or that is of KMS and no action has, is in no request.
#[test]
fn what_depends_on_a_key_that_nobody_lists_is_possible() {
    let listed = ["aws:PrincipleArn", "kms:ViaServices", "kms:KeyNickname"];
    let newer = ["aws:BrandNewThing", "codebuild:projectArn", "example:team"];
    let of = |condition: &Value| {
        let asked = question(&json!([reader("kms:Decrypt", condition)]), &json!([]));
        ways(&asked)
    };
    for key in listed.into_iter().chain(newer) {
        let is_newer = newer.contains(&key);
        for (operator, text) in [
            ("StringEquals", "1"),
            ("StringLike", "1*"),
            ("ArnLike", "arn:aws:s3:::b"),
            ("Bool", "true"),
            ("IpAddress", "10.1.0.0/16"),
            ("NumericEquals", "1"),
            ("ForAnyValue:StringEquals", "1"),
        ] {
            let condition = json!({ operator: { key: text } });
            let expected: &[&str] = if is_newer { &["kms:Decrypt?"] } else { &[] };
            assert_eq!(of(&condition), expected, "{condition}");
        }
        let condition = json!({ "Null": { key: "true" } });
        let expected = if is_newer {
            "kms:Decrypt?"
        } else {
            "kms:Decrypt"
        };
        assert_eq!(of(&condition), [expected], "{condition}");
    }
}

/// What a key can only be, it can be under every operator.
#[test]
fn an_alias_of_the_key_is_tried_under_every_form_of_condition() {
    for operator in [
        "StringEqualsIfExists",
        "StringLikeIfExists",
        "StringEqualsIgnoreCaseIfExists",
        "NumericEqualsIfExists",
        "DateLessThanIfExists",
        "IpAddressIfExists",
        "BinaryEqualsIfExists",
        "BoolIfExists",
        "ArnLikeIfExists",
    ] {
        for text in ["alias/b", "1", "*b", "true"] {
            let denies = json!({ "Effect": "Deny", "Principal": "*", "Action": "kms:Decrypt",
                "Resource": "*", "Condition": { operator: { "kms:RequestAlias": text },
                    "Null": { "kms:RequestAlias": "true" } } });
            let allows = reader("kms:Decrypt", &json!({}));
            let mut asked = question(&json!([allows, denies]), &json!([]));
            asked["key"]["aliases"] = json!(["alias/a"]);
            // It is denied only where no alias is named.
            assert_eq!(ways(&asked), ["kms:Decrypt"], "{operator} {text}");
        }
    }
}
