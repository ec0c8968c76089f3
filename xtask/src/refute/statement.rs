//! The statement that a row is about.

use serde_json::{Map, Value, json};

use super::language::{KEY, PLACE, RESOURCE};
use super::names::{FOREIGN, ORGANIZATION, OWN};
use super::stack::{Maker, insert};
use super::values::{swapped, written};

/// The statement that the row is about.
#[derive(Clone)]
pub(super) struct Spec {
    pub(super) principal: &'static str,
    pub(super) action: &'static str,
    pub(super) operator: &'static str,
    pub(super) quantity: &'static str,
    pub(super) form: &'static str,
    pub(super) second: &'static str,
    pub(super) is_respelt: bool,
}

impl Maker<'_> {
    pub(super) fn statement(&self, spec: &Spec) -> Value {
        let place = self.level(PLACE);
        let effect = if place.contains("deny") {
            "Deny"
        } else {
            "Allow"
        };
        let mut one = json!({ "Effect": effect });
        match self.whom(spec.principal) {
            Some((name, whom)) => insert(&mut one, name, whom),
            None if place.starts_with("rcp") => insert(&mut one, "Principal", json!("*")),
            None => {}
        }
        let (name, actions) = actions(spec.action, spec.is_respelt);
        insert(&mut one, name, actions);
        let (name, resources) = self.resources();
        insert(&mut one, name, resources);
        let condition = self.condition(spec);
        if !condition.is_empty() {
            insert(&mut one, "Condition", Value::Object(condition));
        }
        one
    }

    fn whom(&self, level: &str) -> Option<(&'static str, Value)> {
        let names = self.names;
        let aws = |text: String| json!({ "AWS": text });
        let foreign_root = names.iam(FOREIGN, "root");
        let whom = match level {
            "-" => return None,
            "account" => aws(OWN.to_owned()),
            "root" | "not-root" => aws(names.iam(OWN, "root")),
            "caller" => aws(self.caller.clone()),
            "not-caller" => {
                // The account of whom it spares has to be spared as well (IAM User Guide, "NotPrincipal").
                let account = self.caller.split(':').nth(4).unwrap_or(OWN).to_owned();
                json!({ "AWS": [self.caller, names.iam(&account, "root")] })
            }
            "session" => aws(names.sts(OWN, "assumed-role/Reader/s1")),
            "aws-star" => aws("*".to_owned()),
            "service" | "not-service" => json!({ "Service": "cloudtrail.amazonaws.com" }),
            "services" => json!({ "Service": ["s3.amazonaws.com",
                format!("logs.{}.amazonaws.com", names.region)] }),
            "federated" => aws(names.sts(OWN, "federated-user/carol")),
            "foreign-account" => aws(FOREIGN.to_owned()),
            "foreign-role" => aws(names.iam(FOREIGN, "role/Ext")),
            "foreign-user" => aws(names.iam(FOREIGN, "user/bob")),
            "unique-id" => aws("AROAEXAMPLEIDOFNOBODY".to_owned()),
            "list" => json!({ "AWS": [self.caller, foreign_root],
                "Service": "s3.amazonaws.com" }),
            "not-foreign" => aws(foreign_root),
            _ => json!("*"),
        };
        let name = if level.starts_with("not-") {
            "NotPrincipal"
        } else {
            "Principal"
        };
        Some((name, whom))
    }

    fn resources(&self) -> (&'static str, Value) {
        let names = self.names;
        let (key, other) = (names.key(), names.other_key());
        let partition = names.partition;
        match self.level(RESOURCE) {
            "key" => ("Resource", json!(key)),
            "other" => ("Resource", json!(other)),
            "keys-of-account" => (
                "Resource",
                json!(format!("arn:{partition}:kms:*:{OWN}:key/*")),
            ),
            "any-key" => ("Resource", json!("arn:*:kms:*:*:key/*")),
            "not-other" => ("NotResource", json!(other)),
            "not-key" => ("NotResource", json!(key)),
            "variable" => (
                "Resource",
                json!(format!(
                    "arn:{partition}:kms:*:*:key/${{aws:PrincipalTag/team}}"
                )),
            ),
            "list" => ("Resource", json!([other, key])),
            _ => ("Resource", json!("*")),
        }
    }

    fn condition(&self, spec: &Spec) -> Map<String, Value> {
        let mut block = Map::new();
        let key = self.level(KEY);
        let spelt = if spec.is_respelt {
            swapped_name(key)
        } else {
            key.to_owned()
        };
        if spec.operator != "-" {
            let values = if spec.operator == "Null" {
                json!(if self.literal.len().is_multiple_of(2) {
                    "true"
                } else {
                    "false"
                })
            } else {
                match written(spec.form, &self.literal, &self.another).as_slice() {
                    [one] => json!(one),
                    several => json!(several),
                }
            };
            let name = operator(spec.operator, spec.quantity);
            add(&mut block, &name, &spelt, values);
        }
        let via = self.names.via("s3");
        let tag = "${aws:PrincipalTag/team}";
        match spec.second {
            "null-true" => add(&mut block, "Null", &spelt, json!("true")),
            "null-false" => add(&mut block, "Null", &spelt, json!("false")),
            "via-service" => add(&mut block, "StringLike", "kms:ViaService", json!(via)),
            "not-via-service" => add(&mut block, "StringNotEquals", "kms:ViaService", json!(via)),
            "is-no-service" => add(
                &mut block,
                "Bool",
                "aws:PrincipalIsAWSService",
                json!("false"),
            ),
            "caller-account" => add(&mut block, "StringEquals", "kms:CallerAccount", json!(OWN)),
            "organisation" => add(
                &mut block,
                "StringNotEqualsIfExists",
                "aws:PrincipalOrgID",
                json!(ORGANIZATION),
            ),
            "same-tag" => add(
                &mut block,
                "StringEquals",
                "aws:ResourceTag/team",
                json!(tag),
            ),
            "source-account" => add(&mut block, "StringEquals", "aws:SourceAccount", json!(OWN)),
            "context-of-tag" => add(
                &mut block,
                "StringEqualsIgnoreCase",
                "kms:EncryptionContext:team",
                json!(tag),
            ),
            _ => {}
        }
        block
    }
}

fn operator(name: &str, quantity: &str) -> String {
    match quantity {
        _ if name == "Null" => name.to_owned(),
        "IfExists" => format!("{name}IfExists"),
        "ForAnyValue" | "ForAllValues" => format!("{quantity}:{name}"),
        "AllIfExists" => format!("ForAllValues:{name}IfExists"),
        "AnyIfExists" => format!("ForAnyValue:{name}IfExists"),
        _ => name.to_owned(),
    }
}

fn actions(level: &str, is_respelt: bool) -> (&'static str, Value) {
    let listed = |texts: &[&str]| {
        let texts = texts.iter().map(|text| {
            if is_respelt {
                swapped_name(text)
            } else {
                (*text).to_owned()
            }
        });
        json!(texts.collect::<Vec<_>>())
    };
    match level {
        "lower" => ("Action", listed(&["kms:decrypt"])),
        "kms:*" => ("Action", listed(&["kms:*"])),
        "*" => ("Action", json!("*")),
        "Get*" => ("Action", listed(&["kms:Get*", "kms:Decrypt"])),
        "De?rypt" => ("Action", listed(&["kms:De?rypt"])),
        "list" => (
            "Action",
            listed(&["kms:Decrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]),
        ),
        "not-other" => ("NotAction", listed(&["kms:DescribeKey", "s3:*"])),
        "not-decrypt" => ("NotAction", listed(&["kms:Decrypt"])),
        "CreateGrant" => ("Action", listed(&["kms:CreateGrant"])),
        "PutKeyPolicy" => ("Action", listed(&["kms:PutKeyPolicy"])),
        "TagResource" => ("Action", listed(&["kms:TagResource", "kms:UntagResource"])),
        "aliases" => (
            "Action",
            listed(&["kms:CreateAlias", "kms:UpdateAlias", "kms:Decrypt"]),
        ),
        _ => ("Action", listed(&["kms:Decrypt"])),
    }
}

/// A name of which the case does not matter, in another case; what is a tag or an encryption context keeps
/// its own.
fn swapped_name(name: &str) -> String {
    let free = name
        .rfind(['/', ':'])
        .filter(|at| name.get(..*at).is_some_and(is_map));
    match free {
        Some(at) => {
            let (head, tail) = name.split_at(at);
            format!("{}{tail}", swapped(head))
        }
        None => swapped(name),
    }
}

fn is_map(head: &str) -> bool {
    head.ends_with("Tag") || head.ends_with("EncryptionContext")
}

fn add(block: &mut Map<String, Value>, operator: &str, key: &str, values: Value) {
    let keys = block
        .entry(operator.to_owned())
        .or_insert_with(|| json!({}));
    // A key stands once, however it is spelt (IAM JSON policy grammar).
    let known = keys.as_object().and_then(|keys| {
        let mut names = keys.keys();
        names.find(|name| name.eq_ignore_ascii_case(key)).cloned()
    });
    insert(keys, known.as_deref().unwrap_or(key), values);
}
