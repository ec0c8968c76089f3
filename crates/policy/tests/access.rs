//! Who can use a key: what is found is what a reader of the policies would find.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so"
)]

use sagelock_policy::access::{
    Administrator, Key, Lockout, Organization, Own, Principal, Use, Users, Way, compare, lockout,
    outsiders,
};
use sagelock_policy::evaluate::{Verdict, evaluate};
use sagelock_policy::prove::{Proof, Prover};
use sagelock_policy::request::{Caller, Grant};
use sagelock_policy::{Document, Kind, Stack};
use serde_json::{Value, json};

const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

fn document(kind: Kind, statements: &Value) -> Document {
    let text = json!({ "Version": "2012-10-17", "Statement": statements }).to_string();
    Document::read(kind, &text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn key(statements: &Value) -> Key {
    Key {
        arn: KEY.into(),
        policy: Some(document(Kind::Resource, statements)),
        grants: Some(Vec::new()),
        aliases: Some(vec!["alias/team-a".into()]),
        tags: Some(vec![("team".into(), "a".into())]),
        rcp: Some(Vec::new()),
    }
}

fn principal(arn: &str, statements: &Value) -> Principal {
    Principal {
        identity: vec![document(Kind::Identity, statements)],
        organization: Organization::Of("o-mine".into()),
        ..Principal::new(arn, Caller::read(arn).expect("a caller"))
    }
}

fn root(actions: &Value) -> Value {
    json!({ "Sid": "Root", "Effect": "Allow", "Action": actions, "Resource": "*",
        "Principal": { "AWS": "arn:aws:iam::111122223333:root" } })
}

fn allows(action: &str) -> Value {
    json!([{ "Effect": "Allow", "Action": action, "Resource": "*" }])
}

/// The ways that are open, and those that may be.
fn ways(key: &Key, principal: &Principal) -> (Vec<Way>, Vec<Way>) {
    let uses = Users::new(key).of(principal, &Prover::default());
    let of = |is: fn(&Proof) -> bool| {
        let chosen = uses.iter().filter(|one| is(&one.proof));
        chosen.map(|one: &Use| one.way).collect()
    };
    (
        of(|proof| matches!(proof, Proof::Violated(_))),
        of(|proof| matches!(proof, Proof::Possible(_))),
    )
}

const DIRECTLY: [Way; 6] = [
    Way::Directly("kms:Decrypt"),
    Way::Directly("kms:ReEncryptFrom"),
    Way::Directly("kms:GenerateDataKey"),
    Way::Directly("kms:GenerateDataKeyPair"),
    Way::Directly("kms:DeriveSharedSecret"),
    Way::Directly("kms:Decapsulate"),
];

#[test]
fn the_ways_of_a_role_are_found() {
    let role = "arn:aws:iam::111122223333:role/team/Reader";
    let all = key(&json!([root(&json!("kms:*"))]));
    assert_eq!(
        ways(&all, &principal(role, &allows("s3:*"))),
        (vec![], vec![])
    );
    assert_eq!(
        ways(&all, &principal(role, &allows("kms:Decrypt"))),
        (vec![Way::Directly("kms:Decrypt")], vec![])
    );
    assert_eq!(
        ways(&all, &principal(role, &allows("kms:PutKeyPolicy"))).0,
        [Way::ByPolicy]
    );
    let every: Vec<Way> = DIRECTLY
        .into_iter()
        .chain([Way::ByGrant, Way::ByPolicy])
        .collect();
    assert_eq!(ways(&all, &principal(role, &allows("kms:*"))).0, every);
    // Administration alone is left to the account: it can be turned into everything.
    let administered = key(&json!([root(&json!([
        "kms:PutKeyPolicy",
        "kms:Describe*"
    ]))]));
    assert_eq!(
        ways(&administered, &principal(role, &allows("kms:*"))).0,
        [Way::ByPolicy]
    );
    assert_eq!(
        ways(&administered, &principal(role, &allows("kms:Decrypt"))).0,
        []
    );
    // The key policy names the role with its path: nothing of its own is needed.
    let named = key(
        &json!([{ "Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*",
        "Principal": { "AWS": role } }]),
    );
    assert_eq!(
        ways(&named, &principal(role, &allows("s3:*"))).0,
        [DIRECTLY[0]]
    );
    let other = "arn:aws:iam::111122223333:role/Reader";
    assert_eq!(ways(&named, &principal(other, &allows("kms:*"))).0, []);
    // One of its sessions.
    let session = key(
        &json!([{ "Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*",
        "Principal": { "AWS": "arn:aws:sts::111122223333:assumed-role/Reader/s1" } }]),
    );
    assert_eq!(
        ways(&session, &principal(role, &allows("s3:*"))).0,
        [DIRECTLY[0]]
    );
}

#[test]
fn boundaries_and_service_control_policies_close_ways() {
    let role = "arn:aws:iam::111122223333:role/Reader";
    let all = key(&json!([root(&json!("kms:*"))]));
    let mut reader = principal(role, &allows("kms:*"));
    reader.boundary = Some(document(Kind::Boundary, &allows("kms:Decrypt")));
    assert_eq!(ways(&all, &reader).0, [DIRECTLY[0]]);
    let deny = json!([{ "Effect": "Allow", "Action": "*", "Resource": "*" },
        { "Effect": "Deny", "Action": "kms:*", "Resource": "*",
          "Condition": { "StringNotEquals": { "aws:PrincipalOrgID": "o-mine" } } }]);
    reader.scp = Some(vec![vec![document(Kind::Scp, &deny)]]);
    assert_eq!(ways(&all, &reader).0, [DIRECTLY[0]]);
    reader.organization = Organization::Of("o-other".into());
    assert_eq!(ways(&all, &reader).0, []);
}

/// A deployer may create grants through SageMaker only, which gives the service something and not
/// the deployer.
#[test]
fn a_grant_that_a_service_asks_for_is_no_way() {
    let role = "arn:aws:iam::111122223333:role/Deployer";
    let statement = |condition: Value| {
        json!([{ "Effect": "Allow", "Action": "kms:CreateGrant", "Resource": "*",
            "Principal": { "AWS": role }, "Condition": condition }])
    };
    let none = principal(role, &allows("s3:*"));
    let plain = key(&statement(json!({})));
    assert_eq!(ways(&plain, &none).0, [Way::ByGrant]);
    for condition in [
        json!({ "Bool": { "kms:GrantIsForAWSResource": "true" } }),
        json!({ "StringEquals": { "kms:ViaService": "sagemaker.eu-west-1.amazonaws.com" } }),
        json!({ "ForAllValues:StringEquals": { "kms:GrantOperations": ["Encrypt", "DescribeKey"] } }),
        json!({ "StringLike": { "kms:GranteeServicePrincipal": "*" } }),
    ] {
        let (open, possible) = ways(&key(&statement(condition.clone())), &none);
        assert_eq!((open, possible), (vec![], vec![]), "{condition}");
    }
    let widened =
        json!({ "ForAllValues:StringEquals": { "kms:GrantOperations": ["Encrypt", "Decrypt"] } });
    let (open, _) = ways(&key(&statement(widened)), &none);
    assert_eq!(open, [Way::ByGrant]);
    // What AWS leaves open: the key is absent or false on a direct call.
    let absent = json!({ "Null": { "kms:GrantIsForAWSResource": "true" } });
    let (open, possible) = ways(&key(&statement(absent)), &none);
    assert_eq!((open, possible.len()), (vec![], 1), "{possible:?}");
}

#[test]
fn who_may_change_the_tags_may_choose_the_key() {
    let role = "arn:aws:iam::111122223333:role/Reader";
    let by_tag = |team: &str| {
        json!([{ "Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*",
            "Principal": { "AWS": role },
            "Condition": { "StringEquals": { "aws:ResourceTag/team": team } } },
            { "Effect": "Allow", "Action": "kms:TagResource", "Resource": "*",
              "Principal": { "AWS": "111122223333" } }])
    };
    let reader = principal(role, &allows("s3:*"));
    assert_eq!(ways(&key(&by_tag("a")), &reader).0, [DIRECTLY[0]]);
    assert_eq!(ways(&key(&by_tag("b")), &reader).0, []);
    let tagger = principal(role, &allows("kms:TagResource"));
    assert_eq!(
        ways(&key(&by_tag("b")), &tagger).0,
        [Way::ByTag("kms:TagResource")]
    );
    let by_alias = json!([{ "Effect": "Allow", "Action": ["kms:Decrypt", "kms:UpdateAlias"],
        "Resource": "*", "Principal": { "AWS": role },
        "Condition": { "ForAnyValue:StringEquals": { "kms:ResourceAliases": "alias/team-b" } } }]);
    let (open, _) = ways(&key(&by_alias), &reader);
    assert_eq!(open, []);
}

#[test]
fn grants_are_ways() {
    let role = "arn:aws:iam::111122223333:role/Reader";
    let mut with_grant = key(&json!([root(&json!("kms:PutKeyPolicy"))]));
    let reader = principal(role, &allows("s3:*"));
    assert_eq!(ways(&with_grant, &reader).0, []);
    with_grant.grants = Some(vec![Grant {
        grantee: Some(role.into()),
        operations: vec!["decrypt".into()],
        context_subset: Some(vec![("app".into(), "x".into())]),
        ..Grant::default()
    }]);
    let uses = Users::new(&with_grant).of(&reader, &Prover::default());
    let Proof::Violated(witness) = &uses[0].proof else {
        panic!("{uses:?}");
    };
    assert!(
        format!("{witness:?}").contains("kms:EncryptionContext:app"),
        "{witness:?}"
    );
    with_grant.grants = None;
    let (open, possible) = ways(&with_grant, &reader);
    assert_eq!(open, []);
    assert_eq!(possible.len(), 7, "{possible:?}");
}

fn found(key: &Key) -> Vec<(String, String)> {
    let found =
        outsiders(key, &["444455556666"], &["o-mine"], &Prover::default()).expect("few patterns");
    found
        .into_iter()
        .map(|one| {
            let kind = match one.proof {
                Proof::Violated(_) => "",
                Proof::Possible(_) | Proof::Proved => "?",
            };
            let who = if one.is_anybody {
                "anybody".to_owned()
            } else {
                one.who
            };
            (format!("{who}{kind}"), one.action)
        })
        .collect()
}

fn who(key: &Key) -> Vec<String> {
    let mut who: Vec<String> = found(key).into_iter().map(|(who, _)| who).collect();
    who.sort();
    who.dedup();
    who
}

#[test]
fn outsiders_are_found() {
    let to = |principal: Value, condition: Value| {
        key(
            &json!([root(&json!("kms:*")), { "Effect": "Allow", "Action": "kms:Decrypt",
            "Resource": "*", "Principal": principal, "Condition": condition }]),
        )
    };
    assert_eq!(who(&key(&json!([root(&json!("kms:*"))]))), [""; 0]);
    assert_eq!(who(&to(json!("*"), json!({}))), ["anybody"]);
    assert_eq!(
        who(&to(json!({ "AWS": "444455556666" }), json!({}))),
        [""; 0]
    );
    let far = who(&to(json!({ "AWS": "777788889999" }), json!({})));
    assert!(
        far.iter().all(|one| one.contains(":777788889999:")),
        "{far:?}"
    );
    assert!(!far.is_empty());
    for (condition, expected) in [
        (
            json!({ "StringEquals": { "kms:CallerAccount": "111122223333" } }),
            0,
        ),
        (
            json!({ "StringEquals": { "aws:PrincipalOrgID": "o-mine" } }),
            0,
        ),
        (
            json!({ "StringEquals": { "aws:PrincipalOrgID": "o-other" } }),
            1,
        ),
        (
            json!({ "StringNotEquals": { "aws:PrincipalOrgID": "o-mine" } }),
            1,
        ),
        (
            json!({ "ForAnyValue:StringLike": { "aws:PrincipalOrgPaths": "o-mine/*" } }),
            0,
        ),
        (
            json!({ "StringLike": { "aws:PrincipalArn": "arn:aws:iam::111122223333:role/*" } }),
            0,
        ),
        (
            json!({ "ArnLike": { "aws:PrincipalArn": "arn:aws:iam::*:role/admin-*" } }),
            1,
        ),
        (
            json!({ "StringLike": { "aws:PrincipalAccount": "1111*" } }),
            1,
        ),
        (
            json!({ "StringLike": { "aws:PrincipalArn": "*:111122223333:*" } }),
            0,
        ),
        (json!({ "Null": { "aws:PrincipalOrgID": "false" } }), 1),
    ] {
        let public = to(json!({ "AWS": "*" }), condition.clone());
        let found = who(&public);
        assert_eq!(
            usize::from(!found.is_empty()),
            expected,
            "{condition} {found:?}"
        );
    }
    // A service that does not say for whom it acts may act for anybody.
    let service = json!({ "Service": "logs.eu-west-1.amazonaws.com" });
    assert_eq!(
        who(&to(service.clone(), json!({}))),
        ["logs.eu-west-1.amazonaws.com"]
    );
    for condition in [
        json!({ "StringEquals": { "aws:SourceAccount": "111122223333" } }),
        json!({ "ArnLike": { "aws:SourceArn": "arn:aws:logs:*:111122223333:*" } }),
        json!({ "ArnLike": { "kms:EncryptionContext:aws:logs:arn": "arn:aws:logs:*:111122223333:*" } }),
        json!({ "StringEquals": { "aws:SourceOrgID": "o-mine" } }),
    ] {
        assert_eq!(
            who(&to(service.clone(), condition.clone())),
            [""; 0],
            "{condition}"
        );
    }
    // A grant names somebody outside.
    let mut granted = key(&json!([root(&json!("kms:*"))]));
    granted.grants = Some(vec![Grant {
        grantee: Some("arn:aws:iam::777788889999:role/Far".into()),
        operations: vec!["encrypt".into()],
        issuer: Some("111122223333".into()),
        ..Grant::default()
    }]);
    let far = "arn:aws:iam::777788889999:role/Far".to_owned();
    assert_eq!(found(&granted), [(far, "kms:Encrypt".to_owned())]);
}

#[test]
fn a_key_that_nobody_can_administer_is_found() {
    let admin = "arn:aws:iam::111122223333:role/Admin";
    let of = |statements: Value| lockout(&key(&statements), &Prover::default());
    assert!(matches!(of(json!([root(&json!("kms:*"))])), Lockout::Safe));
    let tls = json!({ "Effect": "Deny", "Action": "*", "Resource": "*", "Principal": "*",
        "Condition": { "Bool": { "aws:SecureTransport": "false" } } });
    assert!(matches!(
        of(json!([root(&json!("kms:*")), tls])),
        Lockout::Safe
    ));
    let mut with_mfa = root(&json!("kms:*"));
    with_mfa["Condition"] = json!({ "Bool": { "aws:MultiFactorAuthPresent": "true" } });
    assert!(matches!(of(json!([with_mfa])), Lockout::Conditional(_)));
    let named = json!({ "Effect": "Allow", "Action": "kms:*", "Resource": "*",
        "Principal": { "AWS": admin } });
    match of(json!([named])) {
        Lockout::Deletable(who, _) => {
            let (who_is, is_named) = (admin.to_owned(), true);
            assert_eq!(
                who,
                [Administrator {
                    who: who_is,
                    is_named
                }]
            );
        }
        other @ (Lockout::Safe
        | Lockout::Conditional(_)
        | Lockout::Locked
        | Lockout::Unknown(_)) => panic!("{other:?}"),
    }
    assert!(matches!(
        of(json!([root(&json!("kms:Describe*"))])),
        Lockout::Locked
    ));
    let mut through = root(&json!("kms:*"));
    through["Condition"] =
        json!({ "StringEquals": { "kms:ViaService": "s3.eu-west-1.amazonaws.com" } });
    assert!(matches!(of(json!([through])), Lockout::Locked));
    let mut unknown = key(&json!([]));
    unknown.policy = None;
    assert!(matches!(
        lockout(&unknown, &Prover::default()),
        Lockout::Unknown(_)
    ));
}

fn compared(old: &Value, new: &Value) -> (Vec<String>, Vec<String>) {
    let (old, new) = (key(old), key(new));
    let comparison = compare(&old, &new, &Prover::default()).expect("few patterns");
    for (beyond, wider, other) in comparison
        .wider
        .iter()
        .map(|one| (one, &new, &old))
        .chain(comparison.narrower.iter().map(|one| (one, &old, &new)))
    {
        let stack = |key: &Key| Stack {
            identity: match beyond.own {
                Own::Nothing => Vec::new(),
                Own::Capped | Own::Everything => vec![document(Kind::Identity, &allows("*"))],
            },
            boundary: (beyond.own == Own::Capped)
                .then(|| document(Kind::Boundary, &allows("none:None"))),
            // A federated user has what its session policy allows.
            session: (beyond.own == Own::Everything && beyond.who.contains(":federated-user/"))
                .then(|| document(Kind::Session, &allows("*"))),
            resource: key.policy.clone(),
            ..Stack::default()
        };
        assert_eq!(evaluate(&beyond.request, &stack(wider)), Verdict::Allowed);
        assert_ne!(evaluate(&beyond.request, &stack(other)), Verdict::Allowed);
    }
    assert!(comparison.perhaps_wider.is_empty() && comparison.perhaps_narrower.is_empty());
    let actions = |list: &[sagelock_policy::access::Beyond]| {
        let mut actions: Vec<String> = list.iter().map(|one| one.action.clone()).collect();
        actions.sort();
        actions.dedup();
        actions
    };
    (actions(&comparison.wider), actions(&comparison.narrower))
}

#[test]
fn key_policies_are_compared_by_what_they_allow() {
    let all = json!([root(&json!("kms:*"))]);
    let none: (Vec<String>, Vec<String>) = Default::default();
    assert_eq!(compared(&all, &all), none);
    // The same, written in another way.
    let split = json!([
        root(&json!(["kms:De*", "kms:*"])),
        root(&json!("kms:Encrypt"))
    ]);
    assert_eq!(compared(&all, &split), none);
    let less = json!([root(&json!("kms:*")), { "Effect": "Deny", "Action": "kms:Decrypt",
        "Resource": "*", "Principal": "*" }]);
    assert_eq!(
        compared(&all, &less),
        (vec![], vec!["kms:Decrypt".to_owned()])
    );
    assert_eq!(
        compared(&less, &all),
        (vec!["kms:Decrypt".to_owned()], vec![])
    );
    // From the account, by its own policies, to everybody of it without any.
    let direct = json!([root(&json!("kms:*")), { "Effect": "Allow", "Action": "kms:Decrypt",
        "Resource": "*", "Principal": { "AWS": "*" },
        "Condition": { "StringEquals": { "kms:CallerAccount": "111122223333" } } }]);
    let (wider, narrower) = compared(&all, &direct);
    assert_eq!((wider, narrower), (vec!["kms:Decrypt".to_owned()], vec![]));
    // A condition that is a little wider.
    let via = |services: Value| {
        json!([{ "Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*",
            "Principal": { "AWS": "arn:aws:iam::111122223333:role/R" },
            "Condition": { "StringLike": { "kms:ViaService": services } } }])
    };
    let one = via(json!("s3.eu-west-1.amazonaws.com"));
    let two = via(json!([
        "s3.eu-west-1.amazonaws.com",
        "s3.eu-west-1.amazonaws.com"
    ]));
    let more = via(json!("s3.*.amazonaws.com"));
    assert_eq!(compared(&one, &two), none);
    assert_eq!(
        compared(&one, &more),
        (vec!["kms:Decrypt".to_owned()], vec![])
    );
    let other = via(json!("s3.us-east-1.amazonaws.com"));
    let both = vec!["kms:Decrypt".to_owned()];
    assert_eq!(compared(&one, &other), (both.clone(), both));
}
