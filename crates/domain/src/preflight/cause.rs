//! Which policy it is, by the name that its owner knows.

use std::fmt;

use sagelock_policy::Kind;
use sagelock_policy::decide::Place;
use sagelock_policy::evaluate::{Because, Shut};

use crate::inventory::{Policy, Principal};

/// A policy, and a statement of it where one is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// What kind of policy.
    pub kind: Kind,
    /// Whose it is, or its own name: an ARN, the id of a control policy.
    pub policy: String,
    /// Of control policies, how far below the root of the organisation it is attached.
    pub level: Option<usize>,
    /// Which of its statements, the first being 0.
    pub statement: Option<usize>,
    /// The statement's name.
    pub sid: Option<String>,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            Kind::Identity => "identity policy",
            Kind::Boundary => "permissions boundary",
            Kind::Session => "session policy",
            Kind::Scp => "service control policy",
            Kind::Rcp => "resource control policy",
            Kind::Resource | Kind::Trust => "key policy",
            Kind::Endpoint => "VPC endpoint policy",
        };
        write!(f, "{kind} {}", self.policy)?;
        match (&self.statement, &self.sid) {
            (_, Some(sid)) => write!(f, ", statement {sid}"),
            (Some(statement), None) => write!(f, ", statement {}", statement + 1),
            (None, None) => Ok(()),
        }
    }
}

/// The names of everything that has a say in one request.
pub(super) struct Names<'a> {
    pub(super) principal: Option<&'a Principal>,
    pub(super) who: &'a str,
    pub(super) key: Option<&'a str>,
    pub(super) scp: Vec<Vec<Policy>>,
    pub(super) rcp: Vec<Vec<Policy>>,
}

impl Names<'_> {
    fn policy(&self, kind: Kind, level: usize, document: usize) -> String {
        let of_level = |levels: &[Vec<Policy>]| {
            let policy = levels.get(level).and_then(|level| level.get(document));
            policy.map_or_else(String::new, |policy| policy.name.to_string())
        };
        match kind {
            Kind::Identity => {
                let own = self.principal.and_then(|one| one.policies.get(document));
                own.map_or_else(
                    || format!("of {}", self.who),
                    |policy| format!("{} of {}", policy.name, self.who),
                )
            }
            Kind::Boundary => {
                let boundary = self.principal.and_then(|one| one.boundary.as_ref());
                boundary.map_or_else(String::new, |policy| policy.name.to_string())
            }
            Kind::Scp => of_level(&self.scp),
            Kind::Rcp => of_level(&self.rcp),
            Kind::Resource | Kind::Trust => self.key.unwrap_or_default().to_owned(),
            Kind::Session | Kind::Endpoint => String::new(),
        }
    }

    pub(super) fn of(&self, because: &Because) -> Cause {
        let Place {
            kind,
            level,
            document,
            statement,
        } = because.place;
        let has_levels = matches!(kind, Kind::Scp | Kind::Rcp);
        Cause {
            kind,
            policy: self.policy(kind, level, document),
            level: has_levels.then_some(level),
            statement: Some(statement),
            sid: because.sid.as_ref().map(ToString::to_string),
        }
    }

    /// Where nothing allows, or where a statement is to be added.
    pub(super) fn of_shut(&self, shut: Shut) -> Cause {
        let policy = match (shut.kind, shut.level) {
            (Kind::Identity, _) => format!("of {}", self.who),
            (Kind::Scp, Some(level)) => {
                let ids = self.scp.get(level).into_iter().flatten();
                let ids: Vec<&str> = ids.map(|policy| &*policy.name).collect();
                format!("of level {level} ({})", ids.join(", "))
            }
            (kind, level) => self.policy(kind, level.unwrap_or_default(), 0),
        };
        Cause {
            kind: shut.kind,
            policy,
            level: shut.level,
            statement: None,
            sid: None,
        }
    }
}
