//! Requests that somebody can send, near everything that the documents of a stack write.

use std::collections::BTreeMap;

use sagelock_policy::Request;
use sagelock_policy::context::{Context, Value};
use sagelock_policy::request::Caller;
use serde_json::Value as Json;

use super::names::{Names, OWN};
use super::sent::{Carried, Channel, Known, Sender, carried, fits, is_consistent};
use super::values::{neighbours, variables};
use crate::random::Random;

/// What documents ask about, and with what they compare it.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked {
    /// By condition key in lower case: how it was written, and what stands there.
    keys: BTreeMap<String, (String, Vec<String>)>,
    /// Every text of a condition.
    texts: Vec<String>,
}

/// Values that a key is tried with, at the most.
const VALUES: usize = 16;

impl Asked {
    /// Of any JSON that has policies and grants in it.
    pub(super) fn of(documents: &[&Json]) -> Self {
        let mut asked = Self::default();
        for document in documents {
            asked.walk(document);
        }
        asked
    }

    fn walk(&mut self, value: &Json) {
        match value {
            Json::Array(items) => {
                for item in items {
                    self.walk(item);
                }
            }
            Json::Object(members) => {
                for (name, member) in members {
                    match name.as_str() {
                        "Condition" => self.condition(member),
                        "EncryptionContextEquals" | "EncryptionContextSubset" => {
                            self.hear("kms:EncryptionContext:team", &["red".to_owned()]);
                        }
                        "SourceArn" => self.hear("aws:SourceArn", &texts(member)),
                        _ => self.walk(member),
                    }
                }
            }
            Json::String(text) => self.variables(text),
            Json::Null | Json::Bool(_) | Json::Number(_) => {}
        }
    }

    fn condition(&mut self, block: &Json) {
        for keys in block.as_object().into_iter().flat_map(|one| one.values()) {
            for (key, values) in keys.as_object().into_iter().flatten() {
                let texts = texts(values);
                for text in &texts {
                    self.variables(text);
                }
                self.hear(key, &texts);
            }
        }
    }

    fn variables(&mut self, text: &str) {
        for key in variables(text) {
            self.hear(&key, &[]);
        }
    }

    fn hear(&mut self, key: &str, texts: &[String]) {
        let lower = key.to_lowercase();
        let entry = self
            .keys
            .entry(lower)
            .or_insert_with(|| (key.to_owned(), Vec::new()));
        for text in texts {
            if !entry.1.contains(text) {
                entry.1.push(text.clone());
            }
            if !self.texts.contains(text) {
                self.texts.push(text.clone());
            }
        }
    }

    /// Every text of a condition.
    pub(super) fn texts(&self) -> &[String] {
        &self.texts
    }

    pub(super) fn asks(&self, key: &str) -> bool {
        self.keys.contains_key(key)
    }
}

fn texts(value: &Json) -> Vec<String> {
    match value {
        Json::Array(items) => items.iter().flat_map(texts).collect(),
        Json::String(text) => vec![text.clone()],
        Json::Bool(is) => vec![is.to_string()],
        Json::Number(number) => vec![number.to_string()],
        Json::Null | Json::Object(_) => Vec::new(),
    }
}

/// All requests of somebody for an action that are worth sending.
pub(super) struct Space {
    caller: Caller,
    action: String,
    resource: String,
    always: Vec<(String, Value)>,
    /// What the sender chooses.
    chosen: Vec<(String, Vec<Option<Value>>)>,
    /// What nobody chooses and nobody has told.
    facts: Vec<(String, Vec<Option<Value>>)>,
    known: Known,
}

impl Space {
    pub(super) fn new(
        asked: &Asked,
        sender: &Sender,
        (action, resource): (&str, &str),
        channel: Channel,
        known: &Known,
        names: Names,
    ) -> Option<Self> {
        let mut space = Self {
            caller: Caller::read(&sender.caller).ok()?,
            action: action.to_owned(),
            resource: resource.to_owned(),
            always: Vec::new(),
            chosen: Vec::new(),
            facts: Vec::new(),
            known: known.clone(),
        };
        // What decides whether a request comes through a service is there, asked about or not.
        let mut keys = asked.keys.clone();
        for key in ["aws:PrincipalArn", "kms:ViaService", "aws:SourceAccount"] {
            keys.entry(key.to_lowercase())
                .or_insert_with(|| (key.to_owned(), Vec::new()));
        }
        if action == "kms:CreateGrant" {
            for key in ["kms:GrantOperations", "kms:GranteePrincipal"] {
                keys.entry(key.to_lowercase())
                    .or_insert_with(|| (key.to_owned(), Vec::new()));
            }
        }
        for (key, (name, written)) in keys {
            let values = |is_needed: bool| {
                let mut values = candidates(&key, &written, asked, sender, known, names);
                if key == "kms:granteeprincipal" {
                    values = vec![Some(Value::One(
                        sender.arn.as_deref().unwrap_or_default().into(),
                    ))];
                }
                if is_needed {
                    values.retain(Option::is_some);
                }
                values
            };
            match carried(&key, action, sender, channel, known, names) {
                Carried::Always(Some(value)) => space.always.push((name, value)),
                Carried::Always(None) => {}
                Carried::Fact => {
                    let values = values(is_always_there(&key));
                    space.facts.push((name, values));
                }
                Carried::Chosen => {
                    let is_needed = match key.as_str() {
                        "kms:viaservice" => channel == Channel::Through,
                        "kms:grantoperations" | "kms:granteeprincipal" => true,
                        _ => is_always_there(&key),
                    };
                    let values = values(is_needed);
                    space.chosen.push((name, values));
                }
            }
        }
        Some(space)
    }

    /// How many there are, facts left out and with facts.
    pub(super) fn sizes(&self) -> (usize, usize) {
        let of = |list: &[(String, Vec<Option<Value>>)]| {
            list.iter()
                .fold(1_usize, |all, (_, values)| all.saturating_mul(values.len()))
        };
        let chosen = of(&self.chosen);
        (chosen, chosen.saturating_mul(of(&self.facts)))
    }

    /// Requests whatever the facts are: these are not known in them.
    pub(super) fn whatever(&self, most: usize, random: &mut Random) -> Vec<Request> {
        let facts: Vec<_> = self
            .facts
            .iter()
            .map(|(name, _)| (name.clone(), vec![Some(Value::Unknown)]))
            .collect();
        self.some(&facts, most, random)
    }

    /// Requests with facts, each of which may be so.
    pub(super) fn each(&self, most: usize, random: &mut Random) -> Vec<Request> {
        self.some(&self.facts, most, random)
    }

    /// All of them where there are no more than `most`, else as many by chance.
    fn some(
        &self,
        facts: &[(String, Vec<Option<Value>>)],
        most: usize,
        random: &mut Random,
    ) -> Vec<Request> {
        let dimensions: Vec<&(String, Vec<Option<Value>>)> =
            self.chosen.iter().chain(facts).collect();
        let all = dimensions
            .iter()
            .fold(1_usize, |all, (_, values)| all.saturating_mul(values.len()));
        let is_all = all <= most;
        let mut requests = Vec::new();
        for number in 0..all.min(most) {
            let mut rest = number;
            let mut context = self.always.clone();
            for (name, values) in &dimensions {
                let place = if is_all {
                    let place = rest % values.len().max(1);
                    rest /= values.len().max(1);
                    place
                } else {
                    random.below(values.len())
                };
                if let Some(Some(value)) = values.get(place) {
                    context.push((name.clone(), value.clone()));
                }
            }
            if is_consistent(&context, &self.known) {
                requests.extend(self.request(context));
            }
        }
        requests
    }

    fn request(&self, context: Vec<(String, Value)>) -> Option<Request> {
        let context = Context::new(context);
        let caller = self.caller.clone();
        Request::new(caller, &self.action, &self.resource, OWN, context).ok()
    }
}

/// IAM User Guide, "AWS global condition context keys": "always included", or of all signed requests; of
/// the keys of KMS, those that every request of the action has.
fn is_always_there(key: &str) -> bool {
    matches!(
        key,
        "aws:currenttime"
            | "aws:epochtime"
            | "aws:useragent"
            | "aws:userid"
            | "kms:encryptionalgorithm"
    )
}

/// Absent, and what it may be.
fn candidates(
    key: &str,
    written: &[String],
    asked: &Asked,
    sender: &Sender,
    known: &Known,
    names: Names,
) -> Vec<Option<Value>> {
    let is_free = matches!(
        key,
        "aws:principaltag/team"
            | "aws:resourcetag/team"
            | "kms:encryptioncontext:team"
            | "kms:encryptioncontextkeys"
            | "aws:useragent"
    );
    // What is compared through a variable may be compared with anything that is written elsewhere.
    let elsewhere: &[String] = if is_free { asked.texts() } else { &[] };
    let mut texts: Vec<String> = Vec::new();
    for text in written.iter().chain(elsewhere).map(|text| neighbours(text)) {
        texts.extend(text);
    }
    texts.extend(defaults(key, names));
    let mut seen = std::collections::HashSet::new();
    texts.retain(|text| fits(key, text, sender, known, names) && seen.insert(text.clone()));
    texts.truncate(VALUES);
    let mut values: Vec<Option<Value>> = vec![None];
    let is_list = matches!(
        key,
        "aws:calledvia"
            | "aws:principalorgpaths"
            | "aws:principalservicenameslist"
            | "kms:encryptioncontextkeys"
            | "kms:grantoperations"
            | "kms:resourcealiases"
    );
    if is_list {
        let list = |texts: &[String]| {
            let list = texts.iter().map(|text| text.as_str().into());
            Some(Value::List(list.collect()))
        };
        values.extend(texts.chunks(1).map(list));
        values.extend(texts.windows(2).map(list));
    } else {
        values.extend(
            texts
                .iter()
                .map(|text| Some(Value::One(text.as_str().into()))),
        );
    }
    values
}

/// What a key is where nothing is written near it.
fn defaults(key: &str, names: Names) -> Vec<String> {
    let listed: &[&str] = match key {
        "aws:sourceip" => &["192.0.2.1"],
        "aws:sourceaccount" => &["444455556666", "999999999999", OWN],
        "aws:principalorgid" | "aws:sourceorgid" | "aws:resourceorgid" => {
            &["o-cccccccccc", super::names::ORGANIZATION]
        }
        "aws:principalorgpaths" => &["o-cccccccccc/r-ab12/"],
        "kms:grantoperations" => &["Decrypt", "DescribeKey"],
        "kms:encryptionalgorithm" => &["SYMMETRIC_DEFAULT", "RSAES_OAEP_SHA_256"],
        "kms:keyspec" => &["SYMMETRIC_DEFAULT"],
        "aws:multifactorauthpresent" | "kms:multiregion" => &["true", "false"],
        "kms:grantisforawsresource" => &["false"],
        "aws:multifactorauthage" => &["0", "9999"],
        "aws:currenttime" | "aws:tokenissuetime" => {
            &["2020-01-01T00:00:00Z", "2030-01-01T00:00:00Z"]
        }
        "aws:epochtime" => &["1577836800", "1893456000"],
        "aws:sourcevpce" => &["vpce-99999999"],
        "aws:sourceidentity" | "aws:useragent" => &["somebody"],
        "kms:encryptioncontextkeys" => &["team", "other"],
        "kms:encryptioncontext:team" | "aws:principaltag/team" | "aws:resourcetag/team" => {
            &["red", "RED", "other", ""]
        }
        "kms:requestalias" | "kms:resourcealiases" => &[super::names::ALIAS, "alias/other"],
        "aws:calledvia" | "aws:calledviafirst" => &["athena.amazonaws.com"],
        "aws:federatedprovider" => &["accounts.google.com"],
        "aws:principalservicenameslist" => &["cloudtrail.amazonaws.com"],
        "aws:userid" => &["AIDAEXAMPLEIDOFAUSER1", "AROAEXAMPLEIDOFAROLE2:s1"],
        _ => &[],
    };
    let mut texts: Vec<String> = listed.iter().map(|text| (*text).to_owned()).collect();
    match key {
        "kms:viaservice" => {
            texts.extend(["s3", "sagemaker", "ec2", "sso"].map(|one| names.via(one)));
        }
        "aws:sourcearn" => texts.extend(
            ["444455556666", OWN]
                .iter()
                .flat_map(|one| names.sources(one)),
        ),
        _ => {}
    }
    texts
}
