//! A key and those who may use it in one JSON object: what `sagelock policy who-can` reads.

use super::NotRead;
use super::parts::{Reader, given, pairs, read_grants};
use crate::access::{Key, Organization, Principal, Trust};
use crate::document::{Arn, Kind, Who};
use crate::json::{Malformed, Node, Shape};
use crate::request::Caller;

/// Who can use a key?
#[derive(Clone, Debug)]
pub struct Question {
    /// Its name, as it was written: JSON.
    pub id: Option<String>,
    /// The key.
    pub key: Key,
    /// Users and roles that are asked about.
    pub principals: Vec<Principal>,
    /// Accounts that are no outsiders, beside the key's own.
    pub accounts: Vec<String>,
    /// Organisations whose accounts are no outsiders.
    pub organizations: Vec<String>,
}

impl Question {
    /// Reads a question.
    ///
    /// # Errors
    /// It is not JSON, a field is missing or of a wrong type, or a document is malformed.
    pub fn read(line: &str) -> Result<Self, NotRead> {
        let mut reader = Reader::default();
        match reader.question(line) {
            Ok(question) => Ok(question),
            Err(wrong) => Err(reader.failed(wrong)),
        }
    }
}

impl Reader {
    fn question(&mut self, line: &str) -> Result<Question, Malformed> {
        let root = Node::read(line)?;
        let members = root.members("a question")?;
        self.name(&members);
        let mut question = Question {
            id: self.id.clone(),
            key: Key::new(""),
            principals: Vec::new(),
            accounts: Vec::new(),
            organizations: Vec::new(),
        };
        let mut has_key = false;
        for member in &members {
            let value = &member.value;
            match member.name.as_str() {
                "id" | "note" => {}
                "key" => {
                    question.key = self.key(value)?;
                    has_key = true;
                }
                "principals" => question.principals = self.principals(value)?,
                "accounts" => question.accounts = texts(value)?,
                "organizations" => question.organizations = texts(value)?,
                name => {
                    let message = format!(
                        "`{name}` is no field of a question; there are id, key, principals, accounts \
                         and organizations"
                    );
                    return Err(root.unexpected(member, message));
                }
            }
        }
        if !has_key {
            return Err(root.wrong("`key` is missing"));
        }
        Ok(question)
    }

    fn key(&mut self, node: &Node<'_>) -> Result<Key, Malformed> {
        let mut key = Key::new("");
        for member in &node.members("a key")? {
            let value = &member.value;
            match member.name.as_str() {
                "arn" => {
                    let text = value.text("the ARN of a key")?;
                    let is_key = Arn::split(&text).is_some_and(|arn| {
                        arn.service == "kms" && arn.resource.starts_with("key/")
                    });
                    if !is_key {
                        return Err(value.wrong(format!("`{text}` is no ARN of a key")));
                    }
                    key.arn = text.into();
                }
                "policy" => key.policy = self.document(Kind::Resource, value, "key.policy")?,
                "grants" => key.grants = given(value).map(read_grants).transpose()?,
                "tags" => key.tags = given(value).map(pairs).transpose()?,
                "aliases" => {
                    let aliases = given(value).map(texts).transpose()?;
                    key.aliases = aliases.map(|list| list.into_iter().map(Into::into).collect());
                }
                "rcp" => {
                    let levels = given(value)
                        .map(|node| self.levels(Kind::Rcp, node, "key.rcp"))
                        .transpose()?;
                    key.rcp = levels;
                }
                name => {
                    let message = format!(
                        "`{name}` is no field of a key; there are arn, policy, grants, tags, aliases \
                         and rcp"
                    );
                    return Err(node.unexpected(member, message));
                }
            }
        }
        if key.arn.is_empty() {
            return Err(node.wrong("`arn` is missing"));
        }
        Ok(key)
    }

    fn principals(&mut self, node: &Node<'_>) -> Result<Vec<Principal>, Malformed> {
        if node.shape() != Shape::Array {
            return Err(node.not("a list of principals"));
        }
        let items = node.list()?;
        let mut principals = Vec::new();
        for (index, item) in items.iter().enumerate() {
            principals.push(self.principal(item, index)?);
        }
        Ok(principals)
    }

    fn principal(&mut self, node: &Node<'_>, index: usize) -> Result<Principal, Malformed> {
        let mut principal = None;
        let members = node.members("a principal")?;
        for member in &members {
            if member.name == "arn" {
                let text = member.value.text("the ARN of a user or role")?;
                let caller =
                    Caller::read(&text).map_err(|error| member.value.wrong(error.to_string()))?;
                let is_behind = matches!(&caller, Caller::Identity(identity)
                    if !matches!(identity.who, Who::Session(..) | Who::Federated(_)));
                if !is_behind {
                    let message = format!(
                        "`{text}` is no user, role or root user; a session is asked about as its role"
                    );
                    return Err(member.value.wrong(message));
                }
                principal = Some(Principal::new(&text, caller));
            }
        }
        let mut principal = principal.ok_or_else(|| node.wrong("`arn` is missing"))?;
        let name = |field: &str| format!("principals[{index}].{field}");
        for member in &members {
            let value = &member.value;
            match member.name.as_str() {
                "arn" => {}
                "identity" => {
                    principal.identity =
                        self.documents(Kind::Identity, value, &name("identity"))?;
                }
                "pb" => principal.boundary = self.document(Kind::Boundary, value, &name("pb"))?,
                "scp" => {
                    let levels = given(value)
                        .map(|node| self.levels(Kind::Scp, node, &name("scp")))
                        .transpose()?;
                    principal.scp = levels;
                }
                "trust" => {
                    principal.trust = match self.document(Kind::Trust, value, &name("trust"))? {
                        Some(document) => Trust::Known(document),
                        None => Trust::Unread,
                    };
                }
                "session" => {
                    principal.session = self.document(Kind::Session, value, &name("session"))?;
                }
                "id" => {
                    let text =
                        given(value).map(|node| node.text("the unique id of a user or role"));
                    principal.id = text.transpose()?.map(Into::into);
                }
                "tags" => principal.tags = given(value).map(pairs).transpose()?,
                "organization" => {
                    let text = given(value).map(|node| node.text("the id of an organisation"));
                    let text = text.transpose()?;
                    principal.organization =
                        text.map_or(Organization::Unknown, |id| Organization::Of(id.into()));
                }
                name => {
                    let message = format!(
                        "`{name}` is no field of a principal; there are arn, id, identity, pb, scp, \
                         session, trust, tags and organization"
                    );
                    return Err(node.unexpected(member, message));
                }
            }
        }
        Ok(principal)
    }
}

fn texts(node: &Node<'_>) -> Result<Vec<String>, Malformed> {
    if node.shape() != Shape::Array {
        return Err(node.not("a list of strings"));
    }
    node.list()?
        .iter()
        .map(|item| item.text("a string"))
        .collect()
}
