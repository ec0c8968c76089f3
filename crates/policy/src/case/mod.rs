//! A request and its documents in one JSON object: what `sagelock policy simulate` reads.

mod parts;
mod question;
mod witness;

pub use question::Question;

use crate::context::{Context, Value};
use crate::decide::Place;
use crate::document::Kind;
use crate::evaluate::{Answer, Verdict, explain};
use crate::json::{Malformed, Member, Node, Shape};
use crate::prove::settled;
use crate::request::{Caller, Request, Stack, is_by_trust};
use parts::{Reader, given, read_grants};

/// A request to be decided, and the documents that decide it.
#[derive(Clone, Debug)]
pub struct Case {
    /// Its name, as it was written: JSON.
    pub id: Option<String>,
    /// What is asked.
    pub request: Request,
    /// What decides.
    pub stack: Stack,
    /// What the decision should be, where the case says so: `Allow`, `Deny`, `Unknown`.
    pub expect: Option<String>,
}

/// A case that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{wrong}", in_policy(policy.as_deref()))]
pub struct NotRead {
    /// The case's name, as far as it could be read.
    pub id: Option<String>,
    /// The document: `identity[0]`, `scp[1][0]`, `key`; `None` for the case itself.
    pub policy: Option<String>,
    /// What is wrong. Of a document that was given as text, the place is in that text.
    pub wrong: Malformed,
    /// The document was given as text.
    pub is_text: bool,
}

fn in_policy(policy: Option<&str>) -> String {
    policy.map_or_else(String::new, |policy| format!("{policy}: "))
}

/// Fields beside those that decide.
const REMARKS: [&str; 4] = ["expect", "note", "source", "topic"];

impl Case {
    /// Reads a case.
    ///
    /// # Errors
    /// It is not JSON, a field is missing or of a wrong type, or a document is malformed.
    pub fn read(line: &str) -> Result<Self, NotRead> {
        let mut reader = Reader::default();
        match reader.case(line) {
            Ok(case) => Ok(case),
            Err(wrong) => Err(reader.failed(wrong)),
        }
    }
}

impl Case {
    /// Decides it, and says by what. Where it comes out the same whatever is so that is not known, that
    /// is the answer.
    #[must_use]
    pub fn answer(&self) -> Answer {
        let mut answer = explain(&self.request, &self.stack);
        if answer.verdict == Verdict::Unknown
            && let Some(verdict) = settled(&self.request, &self.stack)
        {
            answer.verdict = verdict;
            answer.missing.clear();
            answer.open.clear();
        }
        answer
    }
}

/// The field of a case that holds the documents of a kind.
#[must_use]
pub const fn field(kind: Kind) -> &'static str {
    match kind {
        Kind::Identity => "identity",
        Kind::Boundary => "pb",
        Kind::Session => "session",
        Kind::Scp => "scp",
        Kind::Rcp => "rcp",
        Kind::Resource | Kind::Trust => "key",
        Kind::Endpoint => "vpce",
    }
}

/// The name of a document in a case.
#[must_use]
pub fn document_name(place: Place) -> String {
    let field = field(place.kind);
    match place.kind {
        Kind::Identity => format!("{field}[{}]", place.document),
        Kind::Scp | Kind::Rcp => format!("{field}[{}][{}]", place.level, place.document),
        Kind::Boundary | Kind::Session | Kind::Resource | Kind::Trust | Kind::Endpoint => {
            field.to_owned()
        }
    }
}

impl Reader {
    fn case(&mut self, line: &str) -> Result<Case, Malformed> {
        let root = Node::read(line)?;
        let members = root.members("a case")?;
        self.name(&members);
        let kind = kind_of_resource(&members);
        let mut stack = Stack::default();
        let mut principal = None;
        let mut action = None;
        let mut resource = None;
        let mut account = None;
        let mut context = Context::default();
        let mut expect = None;
        for member in &members {
            let value = &member.value;
            match member.name.as_str() {
                "id" => {}
                "principal" => principal = Some(value),
                "action" => action = Some(value),
                "resource" => resource = Some(value),
                "resourceAccount" => {
                    account = given(value)
                        .map(|node| node.text("an account"))
                        .transpose()?;
                }
                "context" => context = read_context(value)?,
                "identity" => stack.identity = self.documents(Kind::Identity, value, "identity")?,
                "pb" => stack.boundary = self.document(Kind::Boundary, value, "pb")?,
                "session" => stack.session = self.document(Kind::Session, value, "session")?,
                "scp" => stack.scp = self.levels(Kind::Scp, value, "scp")?,
                "rcp" => stack.rcp = self.levels(Kind::Rcp, value, "rcp")?,
                "vpce" => stack.endpoint = self.document(Kind::Endpoint, value, "vpce")?,
                "key" => stack.resource = self.document(kind, value, "key")?,
                "grants" => stack.grants = read_grants(value)?,
                "expect" => expect = Some(value.text("Allow, Deny or Unknown")?),
                name if REMARKS.contains(&name) => {}
                name => {
                    let message = format!(
                        "`{name}` is no field of a case; there are id, principal, action, resource, \
                         resourceAccount, context, identity, key, pb, session, scp, rcp, vpce and grants"
                    );
                    return Err(root.unexpected(member, message));
                }
            }
        }
        let missing = |name: &str| root.wrong(format!("`{name}` is missing"));
        let principal = principal.ok_or_else(|| missing("principal"))?;
        let action = action.ok_or_else(|| missing("action"))?;
        let resource = resource.ok_or_else(|| missing("resource"))?;
        let caller = Caller::read(&principal.text("a principal")?)
            .map_err(|error| principal.wrong(error.to_string()))?;
        let name = resource.text("an ARN or `*`")?;
        let account = owner(resource, &name, account, &caller)?;
        let request = Request::new(caller, &action.text("an action")?, &name, &account, context)
            .map_err(|error| action.wrong(error.to_string()))?;
        Ok(Case {
            id: self.id.clone(),
            request,
            stack,
            expect,
        })
    }
}

/// The policy of a role, where it is assumed, is its trust policy.
fn kind_of_resource(members: &[Member<'_>]) -> Kind {
    let mut actions = members.iter().filter(|member| member.name == "action");
    let action = actions
        .next()
        .and_then(|member| member.value.text("an action").ok())
        .unwrap_or_default()
        .to_ascii_lowercase();
    match action.strip_prefix("sts:") {
        Some(name) if is_by_trust(name) => Kind::Trust,
        Some(_) | None => Kind::Resource,
    }
}

/// The account of a resource: told, or in its ARN; of `*`, the caller's.
fn owner(
    resource: &Node<'_>,
    name: &str,
    told: Option<String>,
    caller: &Caller,
) -> Result<String, Malformed> {
    let missing = || resource.wrong("its ARN has no account: `resourceAccount` is missing");
    if name == "*" {
        let own = caller.account().map(ToOwned::to_owned);
        return told.or(own).ok_or_else(missing);
    }
    let arn = crate::document::Arn::split(name)
        .ok_or_else(|| resource.wrong(format!("`{name}` is neither an ARN nor `*`")))?;
    match told {
        Some(told) if !arn.account.is_empty() && arn.account != told => {
            Err(resource.wrong(format!(
                "its ARN is of account {}, `resourceAccount` is {told}",
                arn.account
            )))
        }
        Some(told) => Ok(told),
        None if arn.account.is_empty() => Err(missing()),
        None => Ok(arn.account.to_owned()),
    }
}

fn read_context(node: &Node<'_>) -> Result<Context, Malformed> {
    let mut values = Vec::new();
    for member in node.members("an object of condition keys")? {
        let value = match member.value.shape() {
            Shape::Null => Value::Unknown,
            Shape::Array => {
                let items = member.value.list()?;
                let texts = items.iter().map(|item| Ok(item.scalar("a value")?.into()));
                Value::List(texts.collect::<Result<_, Malformed>>()?)
            }
            Shape::Text | Shape::Number | Shape::Boolean | Shape::Object => Value::One(
                member
                    .value
                    .scalar("a value, a list of values, or null")?
                    .into(),
            ),
        };
        values.push((member.name, value));
    }
    Ok(Context::new(values))
}
