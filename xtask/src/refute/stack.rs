//! From a row of levels to documents.

use serde_json::{Value, json};

use super::cover::Row;
use super::language::{
    ACTION, BASE, CALLER, CAP, CHANGE, CLAIM, CONTROL, FACTORS, FACTS, FORM, GRANT, KEY, OPERATOR,
    OWN as OWN_POLICIES, PARTITION, PLACE, PRINCIPAL, QUANTITY, SECOND, VERSION,
};
use super::names::{ALIAS, FOREIGN, Names, ORGANIZATION, OWN};
use super::statement::Spec;
use super::values::literal;
use crate::random::Random;

/// A question, and what it is made of.
#[derive(Clone, Debug)]
pub(super) struct Made {
    pub(super) names: Names,
    pub(super) claim: &'static str,
    /// As `sagelock policy who-can` reads it.
    pub(super) question: Value,
    /// Another policy of the key, where two are compared.
    pub(super) second: Option<Value>,
    /// The caller's policies are taken to be not all read.
    pub(super) is_partial: bool,
}

pub(super) struct Maker<'r> {
    row: &'r Row,
    pub(super) names: Names,
    pub(super) caller: String,
    pub(super) literal: String,
    pub(super) another: String,
}

impl Maker<'_> {
    pub(super) fn make(row: &Row, random: &mut Random) -> Made {
        let level = |factor: usize| level(row, factor);
        let names = Names::of(level(PARTITION));
        let caller = names.caller(level(CALLER));
        let value =
            |random: &mut Random| literal(level(KEY), level(OPERATOR), &caller, names, random);
        let maker = Maker {
            row,
            names,
            literal: value(random),
            another: value(random),
            caller: caller.clone(),
        };
        maker.made()
    }

    pub(super) fn level(&self, factor: usize) -> &'static str {
        level(self.row, factor)
    }

    fn spec(&self) -> Spec {
        Spec {
            principal: self.level(PRINCIPAL),
            action: self.level(ACTION),
            operator: self.level(OPERATOR),
            quantity: self.level(QUANTITY),
            form: self.level(FORM),
            second: self.level(SECOND),
            is_respelt: false,
        }
    }

    fn made(&self) -> Made {
        let place = self.level(PLACE);
        let spec = self.spec();
        let is_of_key = place.starts_with("key-");
        let own = self.statement(&spec);
        let mut statements = self.base();
        if is_of_key {
            statements.push(own.clone());
        }
        let mut key = json!({
            "arn": self.names.key(),
            "policy": self.document(&statements),
            "rcp": self.rcp(&own),
        });
        self.add_facts(&mut key);
        let claim = self.level(CLAIM);
        let second = (claim == "diff").then(|| self.changed(&spec, statements));
        let question = json!({ "key": key, "principals": [self.principal(&own)] });
        Made {
            names: self.names,
            claim,
            question,
            second,
            is_partial: self.level(OWN_POLICIES) == "unread",
        }
    }

    fn document(&self, statements: &[Value]) -> Value {
        match self.level(VERSION) {
            "none" => json!({ "Statement": statements }),
            version => json!({ "Version": version, "Statement": statements }),
        }
    }

    /// The other statements of the key policy.
    fn base(&self) -> Vec<Value> {
        let allow = |principal: Value, action: Value, condition: Value| {
            let mut one = json!({ "Effect": "Allow", "Principal": principal, "Action": action,
                "Resource": "*" });
            if condition != Value::Null {
                insert(&mut one, "Condition", condition);
            }
            one
        };
        let everything = || json!("kms:*");
        match self.level(BASE) {
            "root" => vec![allow(json!({ "AWS": OWN }), everything(), Value::Null)],
            "foreign-root" => {
                let root = self.names.iam(FOREIGN, "root");
                vec![allow(json!({ "AWS": root }), everything(), Value::Null)]
            }
            "everybody-of" => vec![allow(
                json!("*"),
                json!(["kms:Decrypt", "kms:CreateGrant"]),
                json!({ "StringEquals": { "aws:PrincipalOrgID": ORGANIZATION } }),
            )],
            "caller" => vec![allow(
                json!({ "AWS": self.caller }),
                json!(["kms:Decrypt", "kms:TagResource"]),
                Value::Null,
            )],
            "service" => vec![allow(
                json!({ "Service": "cloudtrail.amazonaws.com" }),
                json!("kms:Decrypt"),
                Value::Null,
            )],
            "admin" => vec![allow(
                json!({ "AWS": OWN }),
                json!(["kms:Put*", "kms:Describe*", "kms:TagResource"]),
                Value::Null,
            )],
            _ => Vec::new(),
        }
    }

    /// What is known of the key, and its grants.
    fn add_facts(&self, key: &mut Value) {
        let facts = self.level(FACTS);
        if facts != "tags-unknown" {
            let is_tagged = matches!(facts, "tagged" | "all-known");
            let tags = if is_tagged {
                json!({ "team": "red" })
            } else {
                json!({})
            };
            insert(key, "tags", tags);
        }
        if facts != "aliases-unknown" {
            let is_aliased = matches!(facts, "aliased" | "all-known");
            let aliases = if is_aliased {
                json!([ALIAS])
            } else {
                json!([])
            };
            insert(key, "aliases", aliases);
        }
        if let Some(grants) = self.grants() {
            insert(key, "grants", grants);
        }
    }

    fn grants(&self) -> Option<Value> {
        let names = self.names;
        let grant = |more: Value| {
            let mut one = json!({ "GrantId": "g1", "Operations": ["Decrypt", "RetireGrant"],
                "IssuingAccount": names.iam(OWN, "root") });
            for (name, value) in more.as_object().into_iter().flatten() {
                insert(&mut one, name, value.clone());
            }
            json!([one])
        };
        let caller = &self.caller;
        Some(match self.level(GRANT) {
            "unknown" => return None,
            "caller" => grant(json!({ "GranteePrincipal": caller })),
            "session" => {
                let session = names.sts(OWN, "assumed-role/Reader/s1");
                grant(json!({ "GranteePrincipal": session }))
            }
            "foreign" => grant(json!({ "GranteePrincipal": names.iam(FOREIGN, "role/Ext") })),
            "foreign-account" => grant(json!({ "GranteePrincipal": names.iam(FOREIGN, "root") })),
            "masked" => grant(json!({ "GranteePrincipal": "sagemaker.amazonaws.com" })),
            "service" => grant(json!({ "GranteeServicePrincipal": "cloudtrail.amazonaws.com" })),
            "equals" => grant(json!({ "GranteePrincipal": caller,
                "Constraints": { "EncryptionContextEquals": { "team": "red" } } })),
            "subset" => grant(json!({ "GranteePrincipal": caller,
                "Constraints": { "EncryptionContextSubset": { "team": "red" } } })),
            "source" => grant(json!({ "GranteePrincipal": caller,
                "Constraints": { "SourceArn": names.trail(OWN) } })),
            "retiring" => grant(json!({ "GranteePrincipal": names.iam(OWN, "role/Nobody"),
                "RetiringPrincipal": caller })),
            _ => json!([]),
        })
    }

    fn rcp(&self, own: &Value) -> Value {
        let allow = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow",
            "Principal": "*", "Action": "*", "Resource": "*" }] });
        let perimeter = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Deny",
            "Principal": "*", "Action": "kms:*", "Resource": "*", "Condition": {
                "StringNotEqualsIfExists": { "aws:PrincipalOrgID": ORGANIZATION },
                "BoolIfExists": { "aws:PrincipalIsAWSService": "false" } } }] });
        let mut levels = match self.level(CONTROL) {
            "rcp" | "both" => vec![vec![allow.clone()]],
            "rcp-perimeter" => vec![vec![allow.clone(), perimeter]],
            _ => Vec::new(),
        };
        let denies = vec![allow.clone(), self.document(std::slice::from_ref(own))];
        match self.level(PLACE) {
            "rcp-deny" => levels.push(denies),
            "rcp-deny-below" => levels.extend([vec![allow], denies]),
            _ => {}
        }
        json!(levels)
    }

    fn principal(&self, own: &Value) -> Value {
        let mut one = json!({ "arn": self.caller });
        let place = self.level(PLACE);
        let written = || self.document(std::slice::from_ref(own));
        let of = |actions: Value| {
            json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": actions,
                "Resource": "*" }] })
        };
        let mut identity = match self.level(OWN_POLICIES) {
            "decrypt" => vec![of(json!("kms:Decrypt"))],
            "kms" => vec![of(json!("kms:*"))],
            "tagger" => vec![of(json!(["kms:TagResource", "kms:CreateGrant"]))],
            _ => Vec::new(),
        };
        if place.starts_with("identity-") {
            identity.push(written());
        }
        insert(&mut one, "identity", json!(identity));
        let (boundary, session) = match self.level(CAP) {
            "boundary-all" => (Some(of(json!("*"))), None),
            "boundary-decrypt" => (Some(of(json!("kms:Decrypt"))), None),
            "boundary-none" => (Some(of(json!("s3:*"))), None),
            "session-all" => (None, Some(of(json!("*")))),
            "session-decrypt" => (None, Some(of(json!("kms:Decrypt")))),
            _ => (None, None),
        };
        let boundary = boundary.or_else(|| (place == "boundary").then(written));
        let session = session.or_else(|| (place == "session").then(written));
        for (name, document) in [("pb", boundary), ("session", session)] {
            if let Some(document) = document {
                insert(&mut one, name, document);
            }
        }
        insert(&mut one, "scp", self.scp(own));
        let facts = self.level(FACTS);
        if facts == "all-known" {
            insert(&mut one, "organization", json!(ORGANIZATION));
            if self.caller.contains(":role/") {
                insert(&mut one, "id", json!(super::names::ROLE_ID));
            }
        }
        if matches!(facts, "tagged" | "all-known") {
            insert(&mut one, "tags", json!({ "team": "red" }));
        }
        one
    }

    fn scp(&self, own: &Value) -> Value {
        let full = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow",
            "Action": "*", "Resource": "*" }] });
        let short = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow",
            "Action": ["kms:Describe*", "s3:*"], "Resource": "*" }] });
        let mut levels = match self.level(CONTROL) {
            "scp" | "both" => vec![vec![full.clone()], vec![full.clone()]],
            "scp-short" => vec![vec![full.clone()], vec![short]],
            _ => Vec::new(),
        };
        let written = || self.document(std::slice::from_ref(own));
        match self.level(PLACE) {
            "scp-deny" => levels.push(vec![full, written()]),
            "scp-allow" => levels.push(vec![written()]),
            _ => {}
        }
        json!(levels)
    }

    /// The policy that the other is compared with.
    fn changed(&self, spec: &Spec, mut statements: Vec<Value>) -> Value {
        let mut spec = spec.clone();
        let last = statements.pop();
        let deny = json!({ "Effect": "Deny", "Principal": "*", "Action": "kms:Decrypt",
            "Resource": "*", "Condition": { "StringEquals": { "aws:PrincipalTag/team": "red" } } });
        let foreign = json!({ "Effect": "Allow", "Principal": { "AWS": FOREIGN },
            "Action": "kms:Decrypt", "Resource": "*" });
        match self.level(CHANGE) {
            "order" => {
                let mut turned: Vec<Value> = last.into_iter().collect();
                turned.extend(statements);
                return self.document(&turned);
            }
            "spelling" => spec.is_respelt = true,
            "drop-condition" => {
                spec.operator = "-";
                spec.second = "none";
            }
            "if-exists" => {
                spec.quantity = if spec.quantity == "one" {
                    "IfExists"
                } else {
                    "one"
                }
            }
            "other-operator" => spec.operator = after(OPERATOR, spec.operator),
            "other-form" => spec.form = after(FORM, spec.form),
            "drop-statement" => return self.document(&statements),
            "add-deny" => statements.push(deny),
            "principal-form" => {
                spec.principal = match spec.principal {
                    "account" => "root",
                    "root" => "account",
                    "star" => "aws-star",
                    "aws-star" => "star",
                    other => other,
                }
            }
            "add-foreign" => statements.push(foreign),
            _ => {}
        }
        statements.push(self.statement(&spec));
        self.document(&statements)
    }
}

fn level(row: &Row, factor: usize) -> &'static str {
    let levels = FACTORS.get(factor).map_or(&[][..], |one| one.levels);
    let place = row.get(factor).copied().unwrap_or_default();
    levels.get(place).copied().unwrap_or_default()
}

/// The level that follows one.
fn after(factor: usize, level: &'static str) -> &'static str {
    let levels = FACTORS.get(factor).map_or(&[][..], |one| one.levels);
    let mut following = levels.iter().cycle().skip_while(|one| **one != level);
    following.nth(1).copied().unwrap_or(level)
}

pub(super) fn insert(object: &mut Value, name: &str, value: Value) {
    if let Some(members) = object.as_object_mut() {
        members.insert(name.to_owned(), value);
    }
}
