//! Policies that are to be written: statements as values, in the words and the order of AWS's pages
//! (IAM User Guide, "Grammar of the IAM JSON policy language").

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use crate::document::{Document, Effect, Kind};
use crate::json::Malformed;

/// The version in which variables are replaced.
const VERSION: &str = "2012-10-17";

/// A policy document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    statements: Vec<Statement>,
}

impl Policy {
    /// A document of these statements.
    pub fn new(statements: impl IntoIterator<Item = Statement>) -> Self {
        let statements = statements.into_iter().collect();
        Self { statements }
    }

    /// The document as it is read.
    ///
    /// # Errors
    /// A statement lacks what documents of the kind need: a principal, for one.
    pub fn document(&self, kind: Kind) -> Result<Document, Malformed> {
        Document::read(kind, &self.to_string())
    }
}

/// A statement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Statement {
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<Box<str>>,
    effect: Effect,
    #[serde(skip_serializing_if = "Option::is_none")]
    principal: Option<Principal>,
    action: Texts,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource: Option<Texts>,
    #[serde(skip_serializing_if = "Conditions::is_empty")]
    condition: Conditions,
}

impl Statement {
    /// A statement about actions, of any resource, without conditions.
    pub fn new(effect: Effect, actions: impl Into<Texts>) -> Self {
        Self {
            sid: None,
            effect,
            principal: None,
            action: actions.into(),
            resource: Some("*".into()),
            condition: Conditions::default(),
        }
    }

    /// One that allows actions.
    pub fn allow(actions: impl Into<Texts>) -> Self {
        Self::new(Effect::Allow, actions)
    }

    /// Under a name.
    #[must_use]
    pub fn named(mut self, sid: &str) -> Self {
        self.sid = Some(sid.into());
        self
    }

    /// About somebody.
    #[must_use]
    pub fn to(mut self, principal: Principal) -> Self {
        self.principal = Some(principal);
        self
    }

    /// About these resources.
    #[must_use]
    pub fn on(mut self, resources: impl Into<Texts>) -> Self {
        self.resource = Some(resources.into());
        self
    }

    /// Where these conditions hold as well.
    #[must_use]
    pub fn when(mut self, conditions: Conditions) -> Self {
        self.condition.extend(conditions);
        self
    }
}

/// Whom a statement is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Principal {
    /// Everybody, of any account.
    Everybody,
    /// These ARNs or accounts.
    Aws(Texts),
    /// These AWS services.
    Service(Texts),
    /// These ARNs or accounts, and these AWS services.
    Both(Texts, Texts),
}

impl Serialize for Principal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (aws, services) = match self {
            Self::Everybody => return serializer.serialize_str("*"),
            Self::Aws(texts) => (Some(texts), None),
            Self::Service(texts) => (None, Some(texts)),
            Self::Both(texts, services) => (Some(texts), Some(services)),
        };
        let kinds = [("AWS", aws), ("Service", services)];
        let kinds = kinds.map(|(kind, texts)| texts.map(|texts| (kind, texts)));
        serializer.collect_map(kinds.into_iter().flatten())
    }
}

/// Conditions, all of which have to hold: by operator, keys and their values.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Conditions(BTreeMap<Box<str>, BTreeMap<Box<str>, Texts>>);

impl Conditions {
    /// One condition.
    pub fn one(operator: &str, key: &str, values: impl Into<Texts>) -> Self {
        Self::default().and(operator, key, values)
    }

    /// And another one; the same key under the same operator is told anew.
    #[must_use]
    pub fn and(mut self, operator: &str, key: &str, values: impl Into<Texts>) -> Self {
        let keys = self.0.entry(operator.into()).or_default();
        keys.insert(key.into(), values.into());
        self
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn extend(&mut self, other: Self) {
        for (operator, keys) in other.0 {
            self.0.entry(operator).or_default().extend(keys);
        }
    }
}

/// One text, or a list of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Texts {
    /// One.
    One(Box<str>),
    /// A list, though it may have one.
    List(Vec<Box<str>>),
}

impl Texts {
    /// One text where there is one, else a list.
    #[must_use]
    pub fn shortest(self) -> Self {
        match self {
            Self::List(list) => match <[Box<str>; 1]>::try_from(list) {
                Ok([only]) => Self::One(only),
                Err(list) => Self::List(list),
            },
            one @ Self::One(_) => one,
        }
    }
}

impl From<&str> for Texts {
    fn from(text: &str) -> Self {
        Self::One(text.into())
    }
}

impl From<String> for Texts {
    fn from(text: String) -> Self {
        Self::One(text.into())
    }
}

impl<T: AsRef<str>> FromIterator<T> for Texts {
    fn from_iter<I: IntoIterator<Item = T>>(texts: I) -> Self {
        Self::List(texts.into_iter().map(|text| text.as_ref().into()).collect())
    }
}

impl Serialize for Texts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::One(text) => serializer.serialize_str(text),
            Self::List(list) => list.serialize(serializer),
        }
    }
}

impl Serialize for Effect {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl Serialize for Policy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("Version", VERSION)?;
        map.serialize_entry("Statement", &self.statements)?;
        map.end()
    }
}

fn json<T: Serialize>(value: &T, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let text = serde_json::to_string(value).map_err(|_| fmt::Error)?;
    f.write_str(&text)
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        json(self, f)
    }
}

impl fmt::Display for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        json(self, f)
    }
}

impl fmt::Display for Conditions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        json(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_what_is_read() {
        let policy = Policy::new([
            Statement::allow("kms:*")
                .named("Root")
                .to(Principal::Aws("arn:aws:iam::111122223333:root".into())),
            Statement::new(
                Effect::Deny,
                ["kms:Decrypt", "kms:Encrypt"].iter().collect::<Texts>(),
            )
            .to(Principal::Everybody)
            .when(Conditions::one("StringEquals", "kms:ViaService", "a").and(
                "Bool",
                "aws:SecureTransport",
                "false",
            ))
            .when(Conditions::one(
                "StringEquals",
                "aws:PrincipalTag/t",
                ["x", "y"].iter().collect::<Texts>(),
            )),
            Statement::allow("kms:Decrypt")
                .to(Principal::Service("logs.amazonaws.com".into()))
                .on("*"),
        ]);
        let text = policy.to_string();
        assert_eq!(
            text,
            concat!(
                r#"{"Version":"2012-10-17","Statement":["#,
                r#"{"Sid":"Root","Effect":"Allow","#,
                r#""Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:*","Resource":"*"},"#,
                r#"{"Effect":"Deny","Principal":"*","Action":["kms:Decrypt","kms:Encrypt"],"Resource":"*","#,
                r#""Condition":{"Bool":{"aws:SecureTransport":"false"},"StringEquals":{"#,
                r#""aws:PrincipalTag/t":["x","y"],"kms:ViaService":"a"}}},"#,
                r#"{"Effect":"Allow","Principal":{"Service":"logs.amazonaws.com"},"#,
                r#""Action":"kms:Decrypt","Resource":"*"}]}"#,
            )
        );
        let document = policy.document(Kind::Resource).expect("a key policy");
        assert_eq!(document.statements().len(), 3);
        assert_eq!(document.statements()[0].sid(), Some("Root"));
        assert_eq!(document.statements()[1].conditions.len(), 3);
        // An identity policy names no principal.
        assert!(policy.document(Kind::Identity).is_err());
        let own = Policy::new([Statement::allow("kms:Decrypt")]);
        assert!(own.document(Kind::Resource).is_err());
        assert!(own.document(Kind::Identity).is_ok());
    }
}
