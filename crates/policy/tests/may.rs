//! Whether somebody may do one thing, where not everything is known.
#![expect(
    clippy::expect_used,
    reason = "a test fails where something is not there"
)]

use sagelock_policy::access::{Key, May, On, Organization, Principal, Told, may};
use sagelock_policy::context::Value;
use sagelock_policy::request::Caller;
use sagelock_policy::{Document, Kind};

const ROLE: &str = "arn:aws:iam::111122223333:role/Deployer";
const ALLOW: &str = r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
const DENY: &str =
    r#"{"Statement":{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*"}}"#;
const ROOT: &str = r#"{"Statement":{"Effect":"Allow","Action":"kms:*","Resource":"*",
    "Principal":{"AWS":"111122223333"}}}"#;
const THROUGH: &str = r#"{"Statement":{"Effect":"Allow","Action":"kms:*","Resource":"*",
    "Principal":{"AWS":"111122223333"},
    "Condition":{"StringEquals":{"kms:ViaService":"sagemaker.eu-west-1.amazonaws.com"}}}}"#;
const NAMED: &str = r#"{"Statement":{"Effect":"Allow","Action":"kms:*","Resource":"*",
    "Principal":{"AWS":"arn:aws:iam::111122223333:role/Deployer"}}}"#;
const WITH_MFA: &str = r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*",
    "Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}}}"#;

fn read(kind: Kind, text: &str) -> Document {
    Document::read(kind, text).expect("a policy")
}

fn role(identity: &[&str]) -> Principal {
    Principal {
        identity: identity
            .iter()
            .map(|text| read(Kind::Identity, text))
            .collect(),
        tags: Some(Vec::new()),
        ..Principal::new(ROLE, Caller::read(ROLE).expect("a role"))
    }
}

fn key(policy: Option<&str>) -> Key {
    Key {
        policy: policy.map(|text| read(Kind::Resource, text)),
        grants: Some(Vec::new()),
        tags: Some(Vec::new()),
        aliases: Some(Vec::new()),
        ..Key::new("arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab")
    }
}

fn said(answer: &May) -> String {
    match answer {
        May::Yes => "yes".to_owned(),
        May::No(_) => "no".to_owned(),
        May::Unknown(why) => {
            let why: Vec<String> = why.iter().map(ToString::to_string).collect();
            why.join(" ")
        }
    }
}

fn of_key(who: &Principal, key: &Key, via: Option<&str>) -> String {
    let on = On::Key { key, via };
    said(&may(who, "kms:CreateGrant", on, &Told::default()).expect("an action"))
}

#[test]
fn what_is_not_known_decides_nothing() {
    let all = role(&[ALLOW]);
    let through = Some("sagemaker.eu-west-1.amazonaws.com");
    assert_eq!(of_key(&all, &key(Some(ROOT)), None), "yes");
    assert_eq!(of_key(&role(&[]), &key(Some(ROOT)), None), "no");
    assert_eq!(of_key(&all, &key(Some(THROUGH)), through), "yes");
    assert_eq!(of_key(&all, &key(Some(THROUGH)), None), "no");
    assert_eq!(of_key(&all, &key(None), None), "resource_policy");
    // Grants only add, and only to what a grant can give.
    let granted = Key {
        grants: None,
        ..key(Some(ROOT))
    };
    assert_eq!(of_key(&all, &granted, None), "yes");
    assert_eq!(of_key(&role(&[]), &granted, None), "grants");
    // Its own policies.
    let partial = Principal {
        is_partial: true,
        ..role(&[])
    };
    assert_eq!(of_key(&partial, &key(Some(ROOT)), None), "policies");
    assert_eq!(of_key(&partial, &key(Some(THROUGH)), None), "no");
    // A key policy that names it is enough, and what was not read may deny or bound it.
    assert_eq!(of_key(&role(&[]), &key(Some(NAMED)), None), "yes");
    assert_eq!(of_key(&partial, &key(Some(NAMED)), None), "policies");
    // What binds its account, and the key's.
    let unbound = Principal {
        scp: None,
        ..role(&[ALLOW])
    };
    assert_eq!(of_key(&unbound, &key(Some(ROOT)), None), "scp");
    let foreign = Key {
        rcp: None,
        ..key(Some(ROOT))
    };
    assert_eq!(of_key(&all, &foreign, None), "rcp");
    // The moment and the place of the call.
    let factor = of_key(&role(&[WITH_MFA]), &key(Some(ROOT)), None);
    assert_eq!(factor, "aws:MultiFactorAuthPresent");
    let told = Told {
        keys: vec![(
            "aws:MultiFactorAuthPresent".to_owned(),
            Some(Value::One("true".into())),
        )],
        ..Told::default()
    };
    let with_mfa = role(&[WITH_MFA]);
    let key = key(Some(ROOT));
    let on = On::Key {
        key: &key,
        via: None,
    };
    let answer = may(&with_mfa, "kms:Decrypt", on, &told).expect("an action");
    assert_eq!(said(&answer), "yes");
    // False, or absent: neither is what the policy asks for.
    let told = Told {
        if_there: vec![("aws:MultiFactorAuthPresent", "false")],
        ..Told::default()
    };
    let answer = may(&with_mfa, "kms:Decrypt", on, &told).expect("an action");
    assert_eq!(said(&answer), "no");
}

#[test]
fn a_bucket_may_have_a_policy() {
    let ask = |who: &Principal, rcp: Option<&[Vec<Document>]>| {
        let on = On::Resource {
            arn: "arn:aws:s3:::models/model.tar.gz",
            account: "111122223333",
            may_have_policy: true,
            rcp,
        };
        said(&may(who, "s3:GetObject", on, &Told::default()).expect("an action"))
    };
    assert_eq!(ask(&role(&[ALLOW]), Some(&[])), "yes");
    assert_eq!(ask(&role(&[]), Some(&[])), "bucket_policy");
    let denies = [vec![read(Kind::Rcp, DENY)]];
    assert_eq!(ask(&role(&[ALLOW]), Some(&denies)), "no");
    assert_eq!(ask(&role(&[ALLOW]), None), "rcp");
}

/// An account that is of no organisation has no aws:PrincipalOrgID; of one that nobody asked about, nothing is
/// known.
#[test]
fn the_organisation_is_one_or_none_or_not_known() {
    let denies = r#"{"Statement":[{"Effect":"Allow","Action":"kms:*","Resource":"*",
        "Principal":{"AWS":"111122223333"}},{"Effect":"Deny","Action":"kms:CreateGrant","Resource":"*",
        "Principal":"*","Condition":{"StringNotEquals":{"aws:PrincipalOrgID":"o-exampleorgid"}}}]}"#;
    let key = key(Some(denies));
    for (organization, expected) in [
        (Organization::Of("o-exampleorgid".into()), "yes"),
        (Organization::Of("o-otherorgid".into()), "no"),
        (Organization::None, "no"),
        (Organization::Unknown, "aws:PrincipalOrgID"),
    ] {
        let who = Principal {
            organization,
            ..role(&[ALLOW])
        };
        assert_eq!(of_key(&who, &key, None), expected, "{:?}", who.organization);
    }
}
