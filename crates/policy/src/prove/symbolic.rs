//! The leaves of a decision, answered for all requests at once: each is asked of the evaluator with
//! what is known, and where that is not enough, with each value of the key that is missing.

use std::collections::HashMap;
use std::fmt;

use super::Requests;
use super::diagram::{Diagram, NO, Node, Variable, YES};
use super::domain::{Domain, Ground, Index};
use super::prover::Prover;
use crate::context::Value;
use crate::decide::{Class, Leaves, Logic, Place, Property};
use crate::document::Statement;
use crate::evaluate::{Evaluation, Open, Truth, Why};
use crate::global;
use crate::request::{Grant, Request, Stack};

/// What AWS leaves open, and what is not followed, is asked after everything else.
const DOUBTS: Variable = 1 << 24;

/// Why something is neither proved nor shown.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Doubt {
    /// It depends on what AWS leaves open.
    Open(Open),
    /// It depends on a condition that compares a key with another one, or in several ways at once, or
    /// with too many patterns to follow.
    Key(Box<str>),
    /// It depends on a fact that is not known: a tag of the key, the caller's organisation.
    Fact(Box<str>),
    /// The grants of the key are not known.
    Grants,
    /// The service control policies of the caller's account are not known.
    Scp,
    /// The resource control policies of the key's account are not known.
    Rcp,
    /// Not all of the caller's policies are known.
    Policies,
    /// It depends on tags that somebody may be allowed to give or to take away.
    Tag,
    /// It depends on whether somebody may create keys in another Region.
    Replica,
    /// It depends on aliases that somebody may be allowed to give.
    Alias,
    /// The policy of the bucket is not known.
    BucketPolicy,
    /// The trust policy of a role is not known.
    Trust(Box<str>),
    /// Nobody of an account is known, whose roles somebody may be allowed to assume.
    Outside(Box<str>),
    /// Somebody may be allowed an action by which it may become somebody else, and that is not followed.
    Action(&'static str),
    /// It would take too much memory.
    Budget,
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open(question) => question.fmt(f),
            Self::Key(name) => write!(f, "condition:{name}"),
            Self::Fact(name) => f.write_str(name),
            Self::Grants => f.write_str("grants"),
            Self::Scp => f.write_str("scp"),
            Self::Rcp => f.write_str("rcp"),
            Self::Policies => f.write_str("policies"),
            Self::Tag => f.write_str("tag"),
            Self::Replica => f.write_str("replica"),
            Self::Alias => f.write_str("alias"),
            Self::BucketPolicy => f.write_str("bucket_policy"),
            Self::Trust(role) => write!(f, "trust:{role}"),
            Self::Outside(account) => write!(f, "account:{account}"),
            Self::Action(action) => f.write_str(action),
            Self::Budget => f.write_str("budget"),
        }
    }
}

/// What only the request can tell.
#[derive(Clone, Copy)]
enum Leaf<'a> {
    Principal(&'a Statement, Class),
    Action(&'a Statement),
    Resource(&'a Statement),
    Condition(&'a Statement, usize),
    Property(Property),
    Grant(&'a Grant),
}

impl Leaf<'_> {
    /// How many texts a value is held against.
    fn cost(self) -> usize {
        match self {
            Self::Condition(statement, index) => {
                let condition = statement.conditions.get(index);
                condition.map_or(1, |one| one.expected.len() + 1)
            }
            Self::Resource(statement) => statement.resources.list.len() + 1,
            Self::Principal(..) | Self::Action(_) | Self::Property(_) | Self::Grant(_) => 2,
        }
    }
}

/// All requests at once.
pub(super) struct Symbolic<'a> {
    request: Request,
    /// Under which it is decided.
    stack: &'a Stack,
    /// What tells values apart.
    index: Index<'a>,
    asked: &'a Requests,
    prover: &'a Prover,
    pub(super) diagram: Diagram<'a>,
    domains: Vec<(Domain, Variable)>,
    /// Where its domain is.
    by_key: HashMap<Box<str>, usize>,
    doubts: Vec<Doubt>,
    grantee: Class,
    is_issuer: bool,
}

impl<'a> Symbolic<'a> {
    /// Of a request whose context is open.
    pub(super) fn new(
        asked: &'a Requests,
        stacks: &'a [&'a Stack],
        stack: &'a Stack,
        prover: &'a Prover,
    ) -> Self {
        prover.is_followed(stacks);
        Self {
            request: asked.request.clone(),
            stack,
            index: Index::new(stacks, &asked.request),
            asked,
            prover,
            diagram: Diagram::new(&prover.budget),
            domains: Vec::new(),
            by_key: HashMap::new(),
            doubts: Vec::new(),
            grantee: Class::Any,
            is_issuer: false,
        }
    }

    /// Decides under another stack from now on.
    pub(super) const fn turn_to(&mut self, stack: &'a Stack) {
        self.stack = stack;
    }

    pub(super) const fn request(&self) -> &Request {
        &self.request
    }

    /// What tells values apart does not depend on which are tried just now.
    fn ground(&self) -> Ground<'a, '_> {
        Ground {
            index: &self.index,
            request: &self.asked.request,
            limits: &self.asked.limits,
            is_loose: self.asked.is_loose,
            prover: self.prover,
        }
    }

    fn ask(&mut self, leaf: Leaf<'_>) -> (Truth, Vec<Why>) {
        let mut evaluation = Evaluation::traced(&self.request, self.stack);
        let truth = match leaf {
            Leaf::Principal(statement, class) => evaluation.principal(statement, class),
            Leaf::Action(statement) => evaluation.action(statement),
            Leaf::Resource(statement) => evaluation.resource(statement),
            Leaf::Condition(statement, index) => evaluation.condition(statement, index),
            Leaf::Property(property) => evaluation.is(property),
            Leaf::Grant(grant) => {
                let truth = evaluation.grant(grant);
                if truth != Truth::No {
                    (self.grantee, self.is_issuer) = evaluation.of_grant();
                }
                truth
            }
        };
        (truth, evaluation.into_whys())
    }

    fn leaf(&mut self, leaf: Leaf<'_>) -> Node {
        let (truth, whys) = self.ask(leaf);
        match truth {
            Truth::Yes => return YES,
            Truth::No => return NO,
            Truth::Unknown => {}
        }
        if self.diagram.is_spent() {
            return NO;
        }
        let keys = whys.iter().filter_map(|why| match why {
            Why::Key(name) => Some(name),
            Why::Open(_) => None,
        });
        for name in keys {
            let key = name.to_lowercase();
            if !self.request.context.is_not_told(&key) {
                continue;
            }
            let Some(domain) = self.variable(&key, name) else {
                let is_spent = self.diagram.is_spent();
                return self.doubt(if is_spent {
                    Doubt::Budget
                } else {
                    Doubt::Key(name.clone())
                });
            };
            return self.each(leaf, domain);
        }
        let open = whys.into_iter().find_map(|why| match why {
            Why::Open(question) => Some(Doubt::Open(question)),
            Why::Key(_) => None,
        });
        self.doubt(open.unwrap_or(Doubt::Budget))
    }

    /// A leaf, under each value of a key.
    fn each(&mut self, leaf: Leaf<'_>, domain: usize) -> Node {
        let Some((domain, variable)) = self.domains.get(domain) else {
            return NO;
        };
        let (name, variable) = (domain.name.clone(), *variable);
        let cost = domain.values.len().saturating_mul(leaf.cost());
        if !self.prover.budget.spend(cost) {
            return NO;
        }
        let mut children = Vec::with_capacity(domain.values.len());
        for value in domain.values.clone() {
            self.request.context.tell(&name, value);
            children.push(self.leaf(leaf));
        }
        self.request.context.tell(&name, Some(Value::Unknown));
        self.diagram.choose(variable, &children)
    }

    /// Where the domain of a key is, in lower case; `None` where its values do not tell enough.
    fn variable(&mut self, key: &str, name: &str) -> Option<usize> {
        let index = if let Some(known) = self.by_key.get(key) {
            *known
        } else {
            let domain = self.ground().domain(key, name);
            let index = self.domains.len();
            let mut not_known = self.asked.not_known.iter();
            let is_fact = not_known.any(|prefix| key.starts_with(&**prefix));
            // Other services have condition keys of their own, which whoever asks may choose.
            let is_of_kms = self.request.action_parts().0 == "kms";
            let variable = if is_fact || (is_of_kms && !global::is_known(key)) {
                self.doubts.push(Doubt::Fact(name.into()));
                DOUBTS + number(self.doubts.len() - 1)
            } else {
                // Those that no statement asks come after those that one does.
                let (place, places) = self.index.place(key);
                place.unwrap_or_else(|| number(places + index))
            };
            self.domains.push((domain, variable));
            self.by_key.insert(key.into(), index);
            index
        };
        let is_rough = self
            .domains
            .get(index)
            .is_none_or(|(domain, _)| domain.is_rough);
        (!is_rough).then_some(index)
    }

    fn doubt(&mut self, doubt: Doubt) -> Node {
        let variable = DOUBTS + number(self.doubts.len());
        self.doubts.push(doubt);
        self.diagram.choose(variable, &[NO, YES])
    }

    /// What a truth holds for, whatever is in doubt.
    pub(super) fn definite(&mut self, node: Node) -> Node {
        self.diagram.whatever(node, DOUBTS)
    }

    /// What a truth depends on that is in doubt.
    pub(super) fn doubts(&self, node: Node) -> Vec<Doubt> {
        if self.diagram.is_spent() {
            return vec![Doubt::Budget];
        }
        let asked = self.diagram.asked(node).into_iter();
        let mut doubts: Vec<Doubt> = asked
            .filter_map(|variable| variable.checked_sub(DOUBTS))
            .filter_map(|index| self.doubts.get(index as usize).cloned())
            .collect();
        doubts.sort();
        doubts.dedup();
        doubts
    }

    /// A request for which a truth holds, with everything told.
    pub(super) fn witness(&self, node: Node) -> Option<Request> {
        let path = self.diagram.path(node)?;
        let mut told: Vec<(String, Option<Value>)> = self
            .request
            .context
            .told()
            .filter(|(_, value)| !matches!(value, None | Some(Value::Unknown)))
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        for (domain, own) in &self.domains {
            let mut path = path.iter();
            let chosen = path.find(|(variable, _)| variable == own);
            let value = domain.values.get(chosen.map_or(0, |(_, value)| *value));
            // That a key is absent is told where it matters.
            if let Some(value) = value.filter(|value| value.is_some() || chosen.is_some()) {
                told.push((domain.name.to_string(), value.clone()));
            }
        }
        Some(self.request.with(told))
    }
}

/// The variable of a place.
fn number(place: usize) -> Variable {
    Variable::try_from(place).unwrap_or(Variable::MAX)
}

impl Logic for Symbolic<'_> {
    type Truth = Node;

    fn constant(&mut self, is: bool) -> Node {
        if is { YES } else { NO }
    }

    fn and(&mut self, one: Node, other: Node) -> Node {
        self.diagram.and(one, other)
    }

    fn or(&mut self, one: Node, other: Node) -> Node {
        self.diagram.or(one, other)
    }

    fn not(&mut self, one: Node) -> Node {
        self.diagram.not(one)
    }

    fn settled(&self, truth: &Node) -> Option<bool> {
        match *truth {
            NO => Some(false),
            YES => Some(true),
            _ => None,
        }
    }
}

impl Leaves for Symbolic<'_> {
    fn principal(&mut self, statement: &Statement, class: Class) -> Node {
        self.leaf(Leaf::Principal(statement, class))
    }

    fn action(&mut self, statement: &Statement) -> Node {
        self.leaf(Leaf::Action(statement))
    }

    fn resource(&mut self, statement: &Statement) -> Node {
        self.leaf(Leaf::Resource(statement))
    }

    fn condition(&mut self, statement: &Statement, index: usize) -> Node {
        if let Some(condition) = statement.conditions.get(index)
            && self.ground().is_beyond(condition)
        {
            return self.doubt(Doubt::Key(condition.name.clone()));
        }
        self.leaf(Leaf::Condition(statement, index))
    }

    fn is(&mut self, property: Property) -> Node {
        match property {
            Property::GranteeIs(class) => {
                let is = self.grantee == class;
                self.constant(is)
            }
            Property::Issuer => {
                let is = self.is_issuer;
                self.constant(is)
            }
            Property::SameAccount
            | Property::Root
            | Property::Service
            | Property::Anonymous
            | Property::ServiceLinked
            | Property::Federated
            | Property::Crosses
            | Property::Retires => self.leaf(Leaf::Property(property)),
        }
    }

    fn grant(&mut self, grant: &Grant) -> Node {
        self.grantee = Class::Any;
        self.is_issuer = false;
        self.leaf(Leaf::Grant(grant))
    }

    fn open(&mut self, question: Open) -> Node {
        self.doubt(Doubt::Open(question))
    }

    fn looked_at(&mut self, _: Place, _: &Statement, _: &[(Class, Node)]) {}
}
