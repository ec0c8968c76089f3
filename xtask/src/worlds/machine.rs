//! A world in which calls are made: each is decided for itself, and changes the world where it is allowed. It knows
//! nothing of proofs.

use std::collections::{BTreeMap, BTreeSet};

use sagelock_policy::access::{Key, Principal, Trust};
use sagelock_policy::case::Question;
use sagelock_policy::context::{Context, Value as Found};
use sagelock_policy::evaluate::{Verdict, evaluate};
use sagelock_policy::request::{Caller, Grant, Request, Stack};
use sagelock_policy::{Document, Kind};
use serde_json::{Value, json};

use super::world::{OWN, arn};

/// Somebody, as it is now.
#[derive(Clone)]
struct Somebody {
    principal: Principal,
    trust: Option<Document>,
    /// Its trust policy lets Lambda in.
    runs: bool,
    /// Others put every policy on it, and opened its trust policy.
    is_raised: bool,
    is_opened: bool,
}

#[derive(Clone)]
pub(crate) struct Machine {
    /// Whether the key may be tagged, and given an alias.
    changes: [bool; 2],
    people: BTreeMap<String, Somebody>,
    key: Key,
    tags: BTreeMap<String, String>,
    aliases: BTreeSet<String>,
    /// Those as whom calls can be made.
    pub(crate) held: BTreeSet<String>,
    /// Roles that were handed to a function, and by whom.
    handed: BTreeSet<String>,
}

/// What gives plaintext or a data key (AWS KMS API): the policy engine's own list is what is tried here.
const USES: [&str; 6] = [
    "Decrypt",
    "ReEncryptFrom",
    "GenerateDataKey",
    "GenerateDataKeyPair",
    "DeriveSharedSecret",
    "Decapsulate",
];

fn document(kind: Kind, statement: &Value) -> Document {
    let text = json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string();
    Document::read(kind, &text).expect("a document")
}

fn allows_all() -> Document {
    let all = json!({ "Effect": "Allow", "Action": "*", "Resource": "*" });
    document(Kind::Identity, &all)
}

fn nothing() -> Document {
    let text = json!({ "Version": "2012-10-17", "Statement": [] }).to_string();
    Document::read(Kind::Resource, &text).expect("a document")
}

/// A trust policy as whoever writes one wants it.
fn opened() -> Document {
    let all = json!({ "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": { "AWS": "*",
        "Service": ["lambda.amazonaws.com", "sagemaker.amazonaws.com"] } });
    document(Kind::Trust, &all)
}

/// As whom somebody calls.
fn caller(who: &str) -> String {
    let account = who.split(':').nth(4).expect("an account");
    let name = who.rsplit('/').next().expect("a name");
    if who.contains(":role/") {
        format!("arn:aws:sts::{account}:assumed-role/{name}/session")
    } else {
        who.to_owned()
    }
}

/// Whether a trust policy lets Lambda in.
fn runs(trust: &Document) -> bool {
    let lambda = Caller::Service("lambda.amazonaws.com".into());
    let role = arn(OWN, "role/any");
    let request = Request::new(lambda, "sts:AssumeRole", &role, OWN, Context::default());
    let stack = Stack {
        resource: Some(trust.clone()),
        ..Stack::default()
    };
    evaluate(&request.expect("a request"), &stack) == Verdict::Allowed
}

fn one(text: String) -> Found {
    Found::One(text.into_boxed_str())
}

impl Machine {
    pub(crate) fn new(question: &Question, first: &str, changes: [bool; 2]) -> Self {
        let people = question.principals.iter().map(|principal| {
            let trust = match &principal.trust {
                Trust::Known(document) => Some(document.clone()),
                Trust::NotAsked | Trust::Unread => None,
            };
            let somebody = Somebody {
                runs: trust.as_ref().is_some_and(runs),
                principal: principal.clone(),
                trust,
                is_raised: false,
                is_opened: false,
            };
            (principal.arn.to_string(), somebody)
        });
        let tags = question.key.tags.iter().flatten();
        Self {
            changes,
            people: people.collect(),
            tags: tags
                .map(|(name, value)| (name.to_string(), value.to_string()))
                .collect(),
            aliases: BTreeSet::new(),
            key: question.key.clone(),
            held: BTreeSet::from([first.to_owned()]),
            handed: BTreeSet::new(),
        }
    }

    /// Whether a call is allowed to somebody as the world is now.
    pub(crate) fn allows(
        &self,
        who: &str,
        action: &str,
        resource: &str,
        told: &[(&str, Found)],
    ) -> bool {
        let Some(somebody) = self.people.get(who) else {
            return false;
        };
        let principal = &somebody.principal;
        let account = who.split(':').nth(4).expect("an account");
        let caller = caller(who);
        let is_key = resource == &*self.key.arn;
        let mut context: Vec<(String, Found)> = told
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect();
        context.push(("aws:PrincipalArn".to_owned(), one(who.to_owned())));
        context.push(("aws:PrincipalAccount".to_owned(), one(account.to_owned())));
        let trust = self.people.get(resource).and_then(|one| one.trust.clone());
        if is_key {
            for (name, value) in &self.tags {
                context.push((format!("aws:ResourceTag/{name}"), one(value.clone())));
            }
            let aliases: Vec<Box<str>> = self.aliases.iter().map(|one| (&**one).into()).collect();
            if !aliases.is_empty() {
                let aliases = Found::List(aliases.into());
                context.push(("kms:ResourceAliases".to_owned(), aliases));
            }
        }
        let of = resource.split(':').nth(4).unwrap_or(OWN);
        let stack = Stack {
            identity: principal.identity.clone(),
            boundary: principal.boundary.clone(),
            scp: principal.scp.clone().unwrap_or_default(),
            resource: if is_key {
                self.key.policy.clone()
            } else {
                // Nothing else has a policy of its own.
                let trust = trust.filter(|_| action.starts_with("sts:"));
                Some(trust.unwrap_or_else(nothing))
            },
            grants: self.key.grants.clone().unwrap_or_default(),
            ..Stack::default()
        };
        let caller = Caller::read(&caller).expect("a caller");
        let request = Request::new(caller, action, resource, of, Context::new(context));
        evaluate(&request.expect("a request"), &stack) == Verdict::Allowed
    }

    /// Makes a call, where it is allowed: what changes, changes as whoever calls wants it.
    pub(crate) fn call(
        &mut self,
        who: &str,
        action: &str,
        resource: &str,
        told: &[(&str, Found)],
    ) -> bool {
        let is_there = self.people.contains_key(resource);
        let makes = matches!(action, "iam:CreateRole" | "iam:CreateUser");
        let is_iam = action.starts_with("iam:") || action.starts_with("sts:");
        if is_iam && (makes == is_there) || !self.allows(who, action, resource, told) {
            return false;
        }
        let account = |arn: &str| arn.split(':').nth(4).map(ToOwned::to_owned);
        if action.starts_with("iam:") && account(who) != account(resource) {
            return false;
        }
        match action {
            "sts:AssumeRole"
            | "iam:CreateAccessKey"
            | "iam:CreateLoginProfile"
            | "iam:UpdateLoginProfile" => {
                self.held.insert(resource.to_owned());
            }
            "iam:PutRolePolicy"
            | "iam:AttachRolePolicy"
            | "iam:PutUserPolicy"
            | "iam:AttachUserPolicy" => {
                let target = self.people.get_mut(resource).expect("somebody");
                target.is_raised = true;
                target.principal.identity.push(allows_all());
            }
            "iam:UpdateAssumeRolePolicy" => {
                let target = self.people.get_mut(resource).expect("somebody");
                target.trust = Some(opened());
                (target.is_opened, target.runs) = (true, true);
            }
            "iam:DeleteRolePermissionsBoundary" => {
                let target = self.people.get_mut(resource).expect("somebody");
                target.principal.boundary = None;
            }
            "iam:CreateRole" | "iam:CreateUser" => {
                let caller = Caller::read(resource).expect("a caller");
                let by = self.people.get(who).expect("somebody");
                let made = Principal {
                    scp: by.principal.scp.clone(),
                    ..Principal::new(resource, caller)
                };
                let trust = (action == "iam:CreateRole").then(opened);
                let made = Somebody {
                    principal: made,
                    runs: trust.is_some(),
                    is_opened: trust.is_some(),
                    is_raised: false,
                    trust,
                };
                self.people.insert(resource.to_owned(), made);
            }
            "kms:PutKeyPolicy" => {
                let all = json!({ "Effect": "Allow", "Action": "kms:*", "Resource": "*",
                    "Principal": { "AWS": [who, arn(OWN, "root")] } });
                self.key.policy = Some(document(Kind::Resource, &all));
            }
            "kms:CreateGrant" => {
                let grants = self.key.grants.get_or_insert_default();
                // To itself, or to its session.
                for grantee in [who.to_owned(), caller(who)] {
                    grants.push(Grant {
                        grantee: Some(grantee.into()),
                        issuer: account(who).map(Into::into),
                        operations: USES.map(|use_of| use_of.to_lowercase().into()).into(),
                        ..Grant::default()
                    });
                }
            }
            "kms:TagResource" => {
                self.tags.insert("team".to_owned(), "a".to_owned());
            }
            "kms:CreateAlias" => {
                self.aliases.insert("alias/a".to_owned());
            }
            _ => {}
        }
        true
    }

    /// Whether somebody as whom calls can be made uses the key.
    pub(crate) fn uses_key(&self) -> bool {
        let mut held = self.held.iter();
        held.any(|who| {
            let mut uses = USES.iter().map(|use_of| format!("kms:{use_of}"));
            uses.any(|action| self.allows(who, &action, &self.key.arn, &[]))
        })
    }

    /// A function that runs as a role whose trust policy lets Lambda in.
    fn hand_on(&mut self, who: &str, role: &str) {
        let told = [(
            "iam:PassedToService",
            one("lambda.amazonaws.com".to_owned()),
        )];
        let runs = self.people.get(role).is_some_and(|one| one.runs);
        let account = who.split(':').nth(4).expect("an account");
        let is_own = role.split(':').nth(4) == Some(account);
        let function = format!("arn:aws:lambda:eu-west-1:{account}:function:f");
        if runs
            && is_own
            && self.allows(who, "iam:PassRole", role, &told)
            && self.allows(who, "lambda:CreateFunction", &function, &[])
        {
            self.handed.insert(role.to_owned());
        }
    }

    /// A notebook that runs as a role of which somebody wrote the trust policy.
    fn note(&mut self, who: &str, role: &str) {
        let told = [(
            "iam:PassedToService",
            one("sagemaker.amazonaws.com".to_owned()),
        )];
        let account = who.split(':').nth(4).expect("an account");
        let is_opened = self.people.get(role).is_some_and(|one| one.is_opened);
        let notebook = format!("arn:aws:sagemaker:eu-west-1:{account}:notebook-instance/n");
        if is_opened
            && role.split(':').nth(4) == Some(account)
            && self.allows(who, "iam:PassRole", role, &told)
            && self.allows(who, "sagemaker:CreateNotebookInstance", &notebook, &[])
        {
            self.held.insert(role.to_owned());
        }
    }

    fn invoke(&mut self, who: &str) {
        let account = who.split(':').nth(4).expect("an account").to_owned();
        let function = format!("arn:aws:lambda:eu-west-1:{account}:function:f");
        let starts = [
            "InvokeFunction",
            "CreateEventSourceMapping",
            "AddPermission",
        ];
        let mut starts = starts.iter().map(|name| format!("lambda:{name}"));
        if starts.any(|action| self.allows(who, &action, &function, &[])) {
            let handed = self.handed.iter();
            let own = handed.filter(|role| role.split(':').nth(4) == Some(&account));
            self.held.extend(own.cloned());
        }
    }

    /// Makes every call that is of use, until none changes anything more; whether somebody uses the key then.
    pub(crate) fn exhaust(&mut self) -> bool {
        loop {
            let before = self.size();
            for who in self.held.clone() {
                self.call_all(&who);
            }
            if self.uses_key() || self.uses_key_by_policy() {
                return true;
            }
            if self.size() == before {
                return false;
            }
        }
    }

    fn call_all(&mut self, who: &str) {
        let names: Vec<String> = self.people.keys().cloned().collect();
        let account = who.split(':').nth(4).expect("an account").to_owned();
        for name in &names {
            let is_role = name.contains(":role/");
            if is_role {
                self.call(who, "sts:AssumeRole", name, &[]);
                self.hand_on(who, name);
                self.note(who, name);
                self.call(who, "iam:DeleteRolePermissionsBoundary", name, &[]);
                let raises = !self.people.get(name).is_some_and(|one| one.is_raised);
                let all = one("arn:aws:iam::aws:policy/AdministratorAccess".to_owned());
                if raises && !self.call(who, "iam:PutRolePolicy", name, &[]) {
                    self.call(who, "iam:AttachRolePolicy", name, &[("iam:PolicyARN", all)]);
                }
                if !self.people.get(name).is_some_and(|one| one.is_opened) {
                    self.call(who, "iam:UpdateAssumeRolePolicy", name, &[]);
                }
            } else {
                for action in ["AccessKey", "LoginProfile"] {
                    self.call(who, &format!("iam:Create{action}"), name, &[]);
                }
                if !self.people.get(name).is_some_and(|one| one.is_raised) {
                    self.call(who, "iam:PutUserPolicy", name, &[]);
                }
            }
        }
        self.invoke(who);
        for name in ["role/x-new", "role/other"] {
            self.call(who, "iam:CreateRole", &arn(&account, name), &[]);
        }
        self.call(who, "iam:CreateUser", &arn(&account, "user/new"), &[]);
        let key = self.key.arn.clone();
        if self
            .key
            .grants
            .iter()
            .flatten()
            .all(|one| one.grantee.as_deref() != Some(who))
        {
            self.call(who, "kms:CreateGrant", &key, &[]);
        }
        if self.changes[0] {
            self.call(who, "kms:TagResource", &key, &[]);
        }
        let alias = key.replace(&key[key.find("key/").expect("a key")..], "alias/a");
        if self.changes[1] && self.allows(who, "kms:CreateAlias", &alias, &[]) {
            self.call(who, "kms:CreateAlias", &key, &[]);
        }
    }

    fn uses_key_by_policy(&self) -> bool {
        let key = &self.key.arn;
        let mut held = self.held.iter();
        held.any(|who| {
            let mut after = self.clone();
            after.call(who, "kms:PutKeyPolicy", key, &[]) && after.uses_key()
        })
    }

    /// What grows with every call that changes something.
    fn size(&self) -> [usize; 3] {
        let people = self.people.values();
        let changed = people.map(|one| {
            usize::from(one.is_raised)
                + usize::from(one.is_opened)
                + usize::from(one.principal.boundary.is_none())
        });
        [
            self.held.len() + self.handed.len() + self.people.len(),
            changed.sum(),
            self.tags.get("team").map_or(0, String::len)
                + usize::from(self.tags.get("team").is_some_and(|one| one == "a"))
                + self.aliases.len()
                + self.key.grants.iter().flatten().count(),
        ]
    }

    /// Takes a step that was shown; whether it is allowed as the world is now.
    pub(crate) fn take(&mut self, who: &str, request: &Value) -> bool {
        let text = |name: &str| request[name].as_str().unwrap_or_default().to_owned();
        let (action, resource) = (text("action"), text("resource"));
        let context = request["context"].as_object().into_iter().flatten();
        let told: Vec<(&str, Found)> = context
            // What is so of who asks and of the key, the world tells.
            .filter(|(name, _)| {
                let told = ["aws:Principal", "aws:ResourceTag/", "kms:ResourceAliases"];
                !told.iter().any(|told| name.starts_with(told))
            })
            .filter_map(|(name, value)| {
                let value = match value {
                    Value::String(text) => one(text.clone()),
                    Value::Array(list) => {
                        let texts = list.iter().filter_map(Value::as_str);
                        Found::List(texts.map(Into::into).collect())
                    }
                    Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => {
                        return None;
                    }
                };
                Some((&**name, value))
            })
            .collect();
        if !self.held.contains(who) {
            return false;
        }
        match &*action {
            "iam:PassRole" => {
                self.handed.insert(resource.clone());
                self.people.get(&resource).is_some_and(|one| one.runs)
                    && self.allows(who, &action, &resource, &told)
            }
            "lambda:InvokeFunction"
            | "lambda:CreateEventSourceMapping"
            | "lambda:AddPermission"
            | "sagemaker:CreateNotebookInstance" => {
                self.held.extend(self.handed.iter().cloned());
                self.allows(who, &action, &resource, &told)
            }
            _ => self.call(who, &action, &resource, &told),
        }
    }
}
