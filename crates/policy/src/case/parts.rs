//! What cases are made of: documents and grants, and where reading them has come to.

use super::NotRead;
use crate::document::{Document, Kind};
use crate::json::{Malformed, Member, Node, Shape};
use crate::request::{Grant, Pair};

/// Where reading has come to.
#[derive(Default)]
pub(super) struct Reader {
    pub(super) id: Option<String>,
    policy: Option<String>,
    is_text: bool,
}

impl Reader {
    /// What is wrong, and in which document.
    pub(super) fn failed(self, wrong: Malformed) -> NotRead {
        NotRead {
            id: self.id,
            policy: self.policy,
            wrong,
            is_text: self.is_text,
        }
    }

    /// Remembers the name of what is read.
    pub(super) fn name(&mut self, members: &[Member<'_>]) {
        self.id = members
            .iter()
            .find(|member| member.name == "id")
            .map(|member| member.value.raw().to_owned());
    }

    pub(super) fn document(
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

    pub(super) fn documents(
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

    pub(super) fn levels(
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

impl Grant {
    /// Reads the grants of an answer of ListGrants (AWS KMS API, `GrantListEntry`).
    ///
    /// # Errors
    /// It is not JSON, or a grant has a field of a wrong type.
    pub fn read_list(text: &str) -> Result<Vec<Self>, Malformed> {
        read_grants(&Node::read(text)?)
    }
}

/// A value that is not null.
pub(super) fn given<'a, 'b>(node: &'b Node<'a>) -> Option<&'b Node<'a>> {
    (node.shape() != Shape::Null).then_some(node)
}

pub(super) fn read_grants(node: &Node<'_>) -> Result<Vec<Grant>, Malformed> {
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
            "GranteePrincipal" => {
                grant.grantee = text(&member)?;
                grant.is_masked = grant.grantee.as_deref().is_some_and(is_service);
            }
            "GranteeServicePrincipal" => grant.grantee = text(&member)?,
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

/// Whether a grantee is shown as a service: it is no ARN, and the name of a host.
fn is_service(grantee: &str) -> bool {
    grantee.contains('.') && !grantee.contains(':')
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

pub(super) fn pairs(node: &Node<'_>) -> Result<Vec<Pair>, Malformed> {
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
