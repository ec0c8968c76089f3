//! A request as a case writes it, so that it can be decided again.

use std::fmt;

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::context::{Context, Value};
use crate::document::{Identity, Who};
use crate::kms;
use crate::request::{Caller, Request};

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (partition, account) = (&self.partition, &self.account);
        match &self.who {
            Who::Root => write!(f, "arn:{partition}:iam::{account}:root"),
            Who::User(path) => write!(f, "arn:{partition}:iam::{account}:user/{path}"),
            Who::Role(path) => write!(f, "arn:{partition}:iam::{account}:role/{path}"),
            Who::Session(role, name) => {
                write!(
                    f,
                    "arn:{partition}:sts::{account}:assumed-role/{role}/{name}"
                )
            }
            Who::Federated(name) => {
                write!(f, "arn:{partition}:sts::{account}:federated-user/{name}")
            }
        }
    }
}

impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Identity(identity) => identity.fmt(f),
            Self::Service(name) => f.write_str(name),
            Self::Anonymous => f.write_str("*"),
        }
    }
}

impl Request {
    /// The action as AWS writes it, where it is one of a key's; else as it was written.
    #[must_use]
    pub fn action_name(&self) -> String {
        kms::about_keys()
            .find(|one| one.eq_ignore_ascii_case(&self.action))
            .map_or_else(|| self.written.to_string(), ToOwned::to_owned)
    }

    /// Who asks.
    #[must_use]
    pub const fn caller(&self) -> &Caller {
        &self.caller
    }

    /// Keys of the context and what they are, in the order of their names; `None` is one that is known
    /// to be absent.
    pub fn context(&self) -> impl Iterator<Item = (&str, Option<Value>)> {
        self.context.told()
    }
}

/// The fields `principal`, `action`, `resource`, `resourceAccount` and `context` of a case.
impl Serialize for Request {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(5))?;
        map.serialize_entry("principal", &self.caller.to_string())?;
        map.serialize_entry("action", &self.action_name())?;
        map.serialize_entry("resource", &self.resource)?;
        map.serialize_entry("resourceAccount", &self.account)?;
        map.serialize_entry("context", &self.context)?;
        map.end()
    }
}

impl Serialize for Context {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in self.told() {
            match value {
                Some(Value::One(text)) => map.serialize_entry(name, &text)?,
                Some(Value::List(list)) => map.serialize_entry(name, &list)?,
                Some(Value::Unknown) => map.serialize_entry(name, &())?,
                None => {}
            }
        }
        map.end()
    }
}
