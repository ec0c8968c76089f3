//! A request and its documents in one JSON object: what `sagelock policy simulate` reads.

use crate::context::{Context, Value};
use crate::decide::Place;
use crate::document::{Document, Kind};
use crate::json::{Malformed, Member, Node, Shape};
use crate::request::{Caller, Grant, Pair, Request, Stack};

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
            Err(wrong) => Err(NotRead {
                id: reader.id,
                policy: reader.policy,
                wrong,
                is_text: reader.is_text,
            }),
        }
    }
}

/// The name of a document in a case.
#[must_use]
pub fn document_name(place: Place) -> String {
    match place.kind {
        Kind::Identity => format!("identity[{}]", place.document),
        Kind::Boundary => "pb".to_owned(),
        Kind::Session => "session".to_owned(),
        Kind::Scp => format!("scp[{}][{}]", place.level, place.document),
        Kind::Rcp => format!("rcp[{}][{}]", place.level, place.document),
        Kind::Resource => "key".to_owned(),
        Kind::Endpoint => "vpce".to_owned(),
    }
}

/// Where reading has come to.
#[derive(Default)]
struct Reader {
    id: Option<String>,
    policy: Option<String>,
    is_text: bool,
}

impl Reader {
    fn case(&mut self, line: &str) -> Result<Case, Malformed> {
        let root = Node::read(line)?;
        let members = root.members("a case")?;
        self.id = members
            .iter()
            .find(|member| member.name == "id")
            .map(|member| member.value.raw().to_owned());
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
                "key" => stack.resource = self.document(Kind::Resource, value, "key")?,
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

    fn document(
        &mut self,
        kind: Kind,
        node: &Node<'_>,
        name: &str,
    ) -> Result<Option<Document>, Malformed> {
        let Some(node) = given(node) else {
            return Ok(None);
        };
        self.policy = Some(name.to_owned());
        let document = if node.shape() == Shape::Text {
            let text = node.text("a policy")?;
            if text.starts_with("%7B") {
                return Err(node
                    .top()
                    .wrong("the policy is URL-encoded, as IAM returns it: decode it"));
            }
            self.is_text = true;
            Document::read(kind, &text)?
        } else {
            Document::of(kind, &node.top())?
        };
        self.is_text = false;
        self.policy = None;
        Ok(Some(document))
    }

    fn documents(
        &mut self,
        kind: Kind,
        node: &Node<'_>,
        name: &str,
    ) -> Result<Vec<Document>, Malformed> {
        if node.shape() != Shape::Array {
            return Err(node.not("a list of policies"));
        }
        let mut documents = Vec::new();
        for (index, item) in node.list()?.iter().enumerate() {
            let name = format!("{name}[{index}]");
            let document = self.document(kind, item, &name)?;
            documents.push(document.ok_or_else(|| item.not("a policy"))?);
        }
        Ok(documents)
    }

    fn levels(
        &mut self,
        kind: Kind,
        node: &Node<'_>,
        name: &str,
    ) -> Result<Vec<Vec<Document>>, Malformed> {
        if node.shape() != Shape::Array {
            return Err(node.not("a list of levels, each a list of policies"));
        }
        let mut levels = Vec::new();
        for (index, item) in node.list()?.iter().enumerate() {
            levels.push(self.documents(kind, item, &format!("{name}[{index}]"))?);
        }
        Ok(levels)
    }
}

/// A value that is not null.
fn given<'a, 'b>(node: &'b Node<'a>) -> Option<&'b Node<'a>> {
    (node.shape() != Shape::Null).then_some(node)
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

fn read_grants(node: &Node<'_>) -> Result<Vec<Grant>, Malformed> {
    if node.shape() != Shape::Array {
        return Err(node.not("a list of grants"));
    }
    node.list()?.iter().map(read_grant).collect()
}

fn read_grant(node: &Node<'_>) -> Result<Grant, Malformed> {
    let mut grant = Grant::default();
    let text = |member: &Member<'_>| Ok(Some(member.value.text("a string")?.into()));
    for member in node.members("a grant")? {
        if member.value.shape() == Shape::Null {
            continue;
        }
        match member.name.as_str() {
            "GrantId" => grant.id = text(&member)?,
            "GranteePrincipal" | "GranteeServicePrincipal" => grant.grantee = text(&member)?,
            "RetiringPrincipal" | "RetiringServicePrincipal" => grant.retiring = text(&member)?,
            "IssuingAccount" => grant.issuer = Some(issuer(&member.value.text("an account")?)),
            "Operations" => {
                let items = member.value.list()?;
                let texts = items
                    .iter()
                    .map(|item| Ok(item.text("an operation")?.to_ascii_lowercase().into()));
                grant.operations = texts.collect::<Result<_, Malformed>>()?;
            }
            "Constraints" => read_constraints(&member.value, &mut grant)?,
            "CreationDate" => grant.created = Some(created(&member.value)?),
            "KeyId" => grant.key = text(&member)?,
            "Name" => {}
            name => {
                let message = format!("`{name}` is no field of a grant of ListGrants");
                return Err(node.unexpected(&member, message));
            }
        }
    }
    Ok(grant)
}

/// AWS KMS API, `GrantListEntry.IssuingAccount`: the ARN of the account's root.
fn issuer(text: &str) -> Box<str> {
    crate::document::Arn::split(text)
        .map_or(text, |arn| arn.account)
        .into()
}

fn read_constraints(node: &Node<'_>, grant: &mut Grant) -> Result<(), Malformed> {
    for member in node.members("constraints")? {
        if member.value.shape() == Shape::Null {
            continue;
        }
        match member.name.as_str() {
            "EncryptionContextEquals" => grant.context_equals = Some(pairs(&member.value)?),
            "EncryptionContextSubset" => grant.context_subset = Some(pairs(&member.value)?),
            "SourceArn" => grant.source = Some(member.value.text("an ARN")?.into()),
            name => {
                let message = format!("`{name}` is no constraint of a grant");
                return Err(node.unexpected(&member, message));
            }
        }
    }
    Ok(())
}

fn pairs(node: &Node<'_>) -> Result<Vec<Pair>, Malformed> {
    node.members("an encryption context")?
        .into_iter()
        .map(|member| {
            let value = member.value.text("a string")?;
            Ok((member.name.into(), value.into()))
        })
        .collect()
}

/// Seconds since 1970, or a date as the AWS CLI writes it.
fn created(node: &Node<'_>) -> Result<i64, Malformed> {
    let text = node.scalar("a date")?;
    let seconds = text.parse::<f64>().ok();
    #[expect(
        clippy::cast_possible_truncation,
        reason = "parts of a second do not matter"
    )]
    let seconds = seconds
        .filter(|seconds| seconds.is_finite())
        .map(|seconds| seconds as i64);
    seconds
        .or_else(|| {
            text.parse::<jiff::Timestamp>()
                .ok()
                .map(jiff::Timestamp::as_second)
        })
        .ok_or_else(|| node.wrong(format!("`{text}` is no date")))
}
