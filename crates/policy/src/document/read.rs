//! From text to documents. Nothing is guessed: what the grammar does not say is an error.

use std::collections::BTreeSet;

use super::condition::{Base, Condition, Expected, Operator, meant};
use super::principal::{Entry, entry};
use super::{Document, Effect, Kind, Listed, Statement};
use crate::context;
use crate::json::{Malformed, Member, Node, Places, Position, Shape};
use crate::pattern::{Pattern, Piece, Syntax};

pub(super) fn document(kind: Kind, root: &Node<'_>) -> Result<Document, Malformed> {
    let mut has_variables = false;
    let mut statements = None;
    for member in root.members("a policy document")? {
        match member.name.as_str() {
            "Version" => has_variables = version(&member.value)?,
            "Id" => {
                member.value.text("a string")?;
            }
            "Statement" => statements = Some(member.value),
            name => {
                let known = "Version, Id and Statement";
                return Err(root.unexpected(&member, unknown(name, "a policy", known)));
            }
        }
    }
    let statements = statements.ok_or_else(|| root.wrong("`Statement` is missing"))?;
    let mut places = Places::new();
    let statements = statements
        .list()?
        .iter()
        .map(|node| statement(kind, node, places.next(node), has_variables))
        .collect::<Result<_, _>>()?;
    Ok(Document { statements })
}

fn unknown(name: &str, of: &str, known: &str) -> String {
    format!("`{name}` is no element of {of}; there are {known}")
}

/// Whether variables are replaced.
fn version(node: &Node<'_>) -> Result<bool, Malformed> {
    match node.text("a version")?.as_str() {
        "2012-10-17" => Ok(true),
        "2008-10-17" => Ok(false),
        other => Err(node.wrong(format!(
            "there is no version `{other}`; 2012-10-17 is the current one, 2008-10-17 the other"
        ))),
    }
}

/// The two forms of an element.
struct Either<T> {
    found: Option<Listed<T>>,
    /// As it was written.
    written: Box<[Box<str>]>,
}

impl<T> Either<T> {
    fn new() -> Self {
        Self {
            found: None,
            written: Box::new([]),
        }
    }
}

impl<T> Either<T> {
    fn set(
        &mut self,
        node: &Node<'_>,
        member: &Member<'_>,
        is_all_but: bool,
        list: Vec<T>,
    ) -> Result<(), Malformed> {
        if self.found.is_some() {
            let name = member.name.trim_start_matches("Not");
            return Err(node.unexpected(
                member,
                format!("a statement has either `{name}` or `Not{name}`"),
            ));
        }
        self.found = Some(Listed {
            is_all_but,
            list: list.into(),
        });
        Ok(())
    }
}

/// What a statement lists. Of a key policy it may be missing, and then "the policy statement has no
/// effect" (AWS KMS API, PutKeyPolicy, `Policy`): it lists nothing.
fn required<T>(
    found: Option<Listed<T>>,
    kind: Kind,
    node: &Node<'_>,
    name: &str,
) -> Result<Listed<T>, Malformed> {
    let nothing = || Listed {
        is_all_but: false,
        list: Box::new([]),
    };
    found
        .or_else(|| (kind == Kind::Resource).then(nothing))
        .ok_or_else(|| node.wrong(format!("`{name}` is missing")))
}

fn statement(
    kind: Kind,
    node: &Node<'_>,
    at: Position,
    has_variables: bool,
) -> Result<Statement, Malformed> {
    let mut sid = None;
    let mut effect = None;
    let mut principals = Either::new();
    let mut actions = Either::new();
    let mut resources = Either::new();
    let mut conditions = Vec::new();
    for member in node.members("a statement")? {
        let value = &member.value;
        let is_all_but = member.name.starts_with("Not");
        match member.name.as_str() {
            "Sid" => sid = Some(value.text("a string")?.into()),
            "Effect" => effect = Some(read_effect(value)?),
            "Principal" | "NotPrincipal" if !kind.has_principal() => {
                let message =
                    "this kind of policy names no principal: it is about whoever it is attached to";
                return Err(node.unexpected(&member, message));
            }
            "Principal" | "NotPrincipal" => {
                principals.set(node, &member, is_all_but, read_principals(value)?)?;
            }
            "Action" | "NotAction" => {
                let list = texts(value, "an action", action)?;
                actions.set(node, &member, is_all_but, list)?;
                let written = texts(value, "an action", |text, _| Ok(text.into()))?;
                actions.written = written.into();
            }
            "Resource" | "NotResource" => {
                let syntax = Syntax {
                    wildcards: true,
                    variables: has_variables,
                };
                let list = texts(value, "an ARN or `*`", |text, _| {
                    Ok(Pattern::read(text, syntax))
                })?;
                resources.set(node, &member, is_all_but, list)?;
            }
            "Condition" => conditions = read_conditions(value, has_variables)?,
            name => {
                let known = "Sid, Effect, Principal, NotPrincipal, Action, NotAction, Resource, \
                             NotResource and Condition";
                return Err(node.unexpected(&member, unknown(name, "a statement", known)));
            }
        }
    }
    let principals = if kind.has_principal() {
        let missing = || node.wrong("`Principal` is missing");
        Some(principals.found.ok_or_else(missing)?)
    } else {
        None
    };
    Ok(Statement {
        sid,
        at,
        effect: effect.ok_or_else(|| node.wrong("`Effect` is missing"))?,
        principals,
        written: actions.written,
        actions: required(actions.found, kind, node, "Action")?,
        resources: match (resources.found, kind) {
            // It is the role.
            (None, Kind::Trust) => Listed {
                is_all_but: false,
                list: vec![Pattern::of(vec![Piece::Run])].into(),
            },
            (found, _) => required(found, kind, node, "Resource")?,
        },
        conditions,
    })
}

fn read_effect(node: &Node<'_>) -> Result<Effect, Malformed> {
    match node.text("`Allow` or `Deny`")?.as_str() {
        "Allow" => Ok(Effect::Allow),
        "Deny" => Ok(Effect::Deny),
        other => Err(node.wrong(format!("an effect is `Allow` or `Deny`, not `{other}`"))),
    }
}

/// The texts of a list that has one at least.
fn texts<T>(
    node: &Node<'_>,
    expected: &str,
    read: impl Fn(&str, &Node<'_>) -> Result<T, Malformed>,
) -> Result<Vec<T>, Malformed> {
    let items = node.list()?;
    if items.is_empty() {
        return Err(node.wrong(format!("expected {expected}, found an empty list")));
    }
    items
        .iter()
        .map(|item| read(&item.text(expected)?, item))
        .collect()
}

/// `service:Name` or `*`; its case does not matter.
fn action(text: &str, node: &Node<'_>) -> Result<Pattern, Malformed> {
    if text != "*" && !text.contains(':') {
        return Err(node.wrong(format!(
            "`{text}` is no action; actions are written as service:Name, like kms:Decrypt"
        )));
    }
    let syntax = Syntax {
        wildcards: true,
        variables: false,
    };
    Ok(Pattern::read(&text.to_ascii_lowercase(), syntax))
}

fn read_principals(node: &Node<'_>) -> Result<Vec<Entry>, Malformed> {
    if node.shape() == Shape::Text {
        return match node.text("`*`")?.as_str() {
            "*" => Ok(vec![Entry::Everybody]),
            other => Err(node.wrong(format!(
                "a principal is `*` or an object like {{\"AWS\": …}}, not `{other}`"
            ))),
        };
    }
    let members = node.members("`*` or an object with AWS, Service, Federated or CanonicalUser")?;
    if members.is_empty() {
        return Err(node.wrong("it names nobody"));
    }
    let mut entries = Vec::new();
    for member in members {
        let of: fn(&str) -> Entry = match member.name.as_str() {
            "AWS" => entry,
            "Service" => |text| Entry::Service(text.into()),
            "Federated" => |text| Entry::Provider(text.into()),
            "CanonicalUser" => |text| Entry::Nobody(text.into()),
            name => {
                let known = "AWS, Service, Federated and CanonicalUser";
                return Err(node.unexpected(&member, unknown(name, "a principal", known)));
            }
        };
        entries.extend(texts(&member.value, "a principal", |text, _| Ok(of(text)))?);
    }
    Ok(entries)
}

fn read_conditions(node: &Node<'_>, has_variables: bool) -> Result<Vec<Condition>, Malformed> {
    let mut conditions = Vec::new();
    let mut operators = BTreeSet::new();
    for member in node.members("an object of operators")? {
        let operator = Operator::read(&member.name).ok_or_else(|| {
            let near = meant(&member.name);
            let near = near.map_or_else(String::new, |near| format!("; did you mean {near}?"));
            let says = format!("there is no condition operator `{}`{near}", member.name);
            node.unexpected(&member, says)
        })?;
        // Names are compared without regard to case, and so is what stands twice.
        if !operators.insert(member.name.to_ascii_lowercase()) {
            return Err(node.doubled(&member));
        }
        let block = &member.value;
        let mut keys = BTreeSet::new();
        for member in block.members("an object of condition keys")? {
            if !keys.insert(member.name.to_lowercase()) {
                return Err(block.doubled(&member));
            }
            conditions.push(condition(operator, &member, has_variables)?);
        }
    }
    Ok(conditions)
}

fn condition(
    operator: Operator,
    member: &Member<'_>,
    has_variables: bool,
) -> Result<Condition, Malformed> {
    let mut expected = Vec::new();
    for item in member.value.list()? {
        let text = item.scalar("a value to compare with")?;
        let value = Expected::read(operator.base, &text, has_variables);
        if operator.base == Base::Null && matches!(value, Expected::Unreadable(_)) {
            return Err(item.wrong("`Null` is compared with true or false"));
        }
        expected.push(value);
    }
    let key = member.name.to_lowercase();
    Ok(Condition {
        operator,
        is_list: context::is_list(&key),
        key: key.into(),
        name: member.name.as_str().into(),
        expected: expected.into(),
    })
}
