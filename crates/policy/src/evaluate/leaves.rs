//! The leaves of a decision, answered by one request.

use super::{Open, Truth, condition, grant, principal, resource};
use crate::context::Found;
use crate::decide::{Class, Leaves, Logic, Place, Property};
use crate::document::{Effect, Listed, Statement, Who};
use crate::pattern::{self, Filled, Pattern, Substitute, Variable};
use crate::request::{Caller, Grant, Request, Stack};

/// Why something is unknown.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Why {
    /// A key of the context.
    Key(Box<str>),
    Open(Open),
}

/// A statement that was looked at and did not simply miss.
#[derive(Clone, Debug)]
pub(super) struct Noted {
    pub(super) place: Place,
    pub(super) effect: Effect,
    pub(super) sid: Option<Box<str>>,
    pub(super) truths: Vec<(Class, Truth)>,
    pub(super) why: Vec<Why>,
}

/// What was seen on the way.
#[derive(Debug, Default)]
pub(super) struct Trace {
    pub(super) noted: Vec<Noted>,
    /// Of what is no statement's.
    pub(super) whys: Vec<Why>,
}

/// One request under evaluation.
pub(crate) struct Evaluation<'a> {
    pub(super) request: &'a Request,
    has_boundary: bool,
    grantee: Class,
    is_issuer: bool,
    pending: Option<Vec<Why>>,
    trace: Trace,
}

impl<'a> Evaluation<'a> {
    pub(crate) fn new(request: &'a Request, stack: &Stack) -> Self {
        Self {
            request,
            has_boundary: stack.boundary.is_some(),
            grantee: Class::Any,
            is_issuer: false,
            pending: None,
            trace: Trace::default(),
        }
    }

    pub(crate) fn traced(request: &'a Request, stack: &Stack) -> Self {
        Self {
            pending: Some(Vec::new()),
            ..Self::new(request, stack)
        }
    }

    /// Without the documents.
    pub(crate) fn bare(request: &'a Request) -> Self {
        Self::new(request, &Stack::default())
    }

    /// Why what was asked is unknown.
    pub(crate) fn into_whys(self) -> Vec<Why> {
        let mut whys = self.pending.unwrap_or_default();
        whys.extend(self.trace.whys);
        whys
    }

    /// How the grant that was asked about last names the caller, and whether the caller's account
    /// issued it.
    pub(crate) const fn of_grant(&self) -> (Class, bool) {
        (self.grantee, self.is_issuer)
    }

    pub(super) fn into_trace(self) -> Trace {
        self.trace
    }

    /// Unknown, for a reason.
    pub(super) fn unknown(&mut self, why: impl FnOnce() -> Why) -> Truth {
        if let Some(pending) = &mut self.pending {
            pending.push(why());
        }
        Truth::Unknown
    }

    pub(super) fn unknown_open(&mut self, question: Open) -> Truth {
        self.unknown(|| Why::Open(question))
    }

    pub(crate) fn fill(&self, pattern: &Pattern) -> Filled {
        let context = &self.request.context;
        pattern.filled(|variable: &Variable| match context.get(&variable.key) {
            None => Substitute::Absent,
            Some(Found::One(text)) => Substitute::Text(text),
            Some(Found::List(list)) => match &**list {
                [only] if !crate::context::is_list(&variable.key) => Substitute::Text(only),
                _ => Substitute::List,
            },
            Some(Found::Unknown | Found::Twice) => Substitute::Unknown,
        })
    }

    /// Whether a text is one of those listed; a variable without a value matches nothing.
    fn listed(&mut self, listed: &Listed<Pattern>, text: &str) -> Truth {
        let mut found = Truth::No;
        for pattern in &listed.list {
            let truth = match pattern.fixed() {
                Some(pieces) => Truth::of(pattern::matches(pieces, text)),
                None => match self.fill(pattern) {
                    Filled::Pieces(pieces) => Truth::of(pattern::matches(&pieces, text)),
                    Filled::Nothing { .. } => Truth::No,
                    Filled::Unknown(name) => self.unknown(|| Why::Key(name)),
                },
            };
            if truth == Truth::Yes {
                found = truth;
                break;
            }
            found = found.max(truth);
        }
        if listed.is_all_but {
            found.negated()
        } else {
            found
        }
    }
}

impl Logic for Evaluation<'_> {
    type Truth = Truth;

    fn constant(&mut self, is: bool) -> Truth {
        Truth::of(is)
    }

    fn and(&mut self, one: Truth, other: Truth) -> Truth {
        one.min(other)
    }

    fn or(&mut self, one: Truth, other: Truth) -> Truth {
        one.max(other)
    }

    fn not(&mut self, one: Truth) -> Truth {
        one.negated()
    }

    fn settled(&self, truth: &Truth) -> Option<bool> {
        match truth {
            Truth::No => Some(false),
            Truth::Unknown => None,
            Truth::Yes => Some(true),
        }
    }
}

impl Leaves for Evaluation<'_> {
    fn principal(&mut self, statement: &Statement, class: Class) -> Truth {
        match &statement.principals {
            None => Truth::Yes,
            Some(principals) => {
                principal::named(self, principals, statement.effect, class, self.has_boundary)
            }
        }
    }

    fn action(&mut self, statement: &Statement) -> Truth {
        let request = self.request;
        self.listed(&statement.actions, &request.action)
    }

    fn resource(&mut self, statement: &Statement) -> Truth {
        resource::named(self, &statement.resources)
    }

    fn condition(&mut self, statement: &Statement, index: usize) -> Truth {
        match statement.conditions.get(index) {
            Some(one) => condition::holds(self, one),
            None => Truth::Yes,
        }
    }

    fn is(&mut self, property: Property) -> Truth {
        let caller = &self.request.caller;
        let is = match property {
            Property::SameAccount => self.request.is_same_account,
            Property::Root => {
                matches!(caller, Caller::Identity(identity) if identity.who == Who::Root)
            }
            Property::Service => matches!(caller, Caller::Service(_)),
            Property::Anonymous => *caller == Caller::Anonymous,
            Property::ServiceLinked => return self.is_service_linked(),
            Property::Federated => {
                matches!(caller, Caller::Identity(identity) if matches!(identity.who, Who::Federated(_)))
            }
            Property::Crosses => self.request.crosses,
            Property::Retires => &*self.request.action == "kms:retiregrant",
            Property::Issuer => self.is_issuer,
            Property::GranteeIs(class) => self.grantee == class,
        };
        Truth::of(is)
    }

    fn grant(&mut self, grant: &Grant) -> Truth {
        let caller = &self.request.caller;
        self.is_issuer = grant.issuer.is_some() && grant.issuer.as_deref() == caller.account();
        let (class, truth) = grant::gives(self, grant);
        self.grantee = class;
        let whys = self
            .pending
            .as_mut()
            .map(std::mem::take)
            .unwrap_or_default();
        if truth == Truth::Unknown {
            self.trace.whys.extend(whys);
        }
        truth
    }

    fn open(&mut self, question: Open) -> Truth {
        if self.pending.is_some() {
            self.trace.whys.push(Why::Open(question));
        }
        Truth::Unknown
    }

    fn looked_at(&mut self, place: Place, statement: &Statement, truths: &[(Class, Truth)]) {
        let Some(pending) = &mut self.pending else {
            return;
        };
        let why = std::mem::take(pending);
        if truths.iter().all(|(_, truth)| *truth == Truth::No) {
            return;
        }
        self.trace.noted.push(Noted {
            place,
            effect: statement.effect,
            sid: statement.sid.clone(),
            truths: truths.to_vec(),
            why,
        });
    }
}

impl Evaluation<'_> {
    /// Service-linked roles have a path of their own (IAM User Guide, "Service-linked roles").
    fn is_service_linked(&mut self) -> Truth {
        if let Some(role) = &self.request.role {
            return Truth::of(role.starts_with("aws-service-role/"));
        }
        let Caller::Identity(identity) = &self.request.caller else {
            return Truth::No;
        };
        match &identity.who {
            // It is the caller's, and no statement's.
            Who::Session(role, _) if role.starts_with("AWSServiceRoleFor") => {
                self.open(Open::RolePath)
            }
            Who::Session(..) | Who::Role(_) | Who::Root | Who::User(_) | Who::Federated(_) => {
                Truth::No
            }
        }
    }
}
