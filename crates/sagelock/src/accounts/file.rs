//! `accounts.yml`, as c7n-org reads it: the accounts, the role of each, its regions and tags.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use sagelock_domain::ids::{AccountId, Arn, Region};
use sagelock_domain::regions;
use saphyr::{MarkedYaml, YamlData, YamlLoader};
use saphyr_parser::{Parser, ScanError};

/// An account of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) account: AccountId,
    pub(crate) name: Option<String>,
    /// The roles to assume one after the other, as they are written.
    pub(crate) roles: Vec<String>,
    pub(crate) external_id: Option<String>,
    /// How long a session lasts; the file does not say it.
    pub(crate) duration_seconds: Option<u32>,
    pub(crate) profile: Option<String>,
    /// None named, or `all`: those that the account has enabled.
    pub(crate) regions: Vec<Region>,
    /// `key:value`, as c7n-org's `--tags` compares them.
    pub(crate) tags: Vec<String>,
    /// Where it stands.
    pub(crate) line: usize,
}

/// A file of accounts that cannot be read.
#[derive(Debug)]
pub(crate) struct AccountsError {
    path: PathBuf,
    line: usize,
    column: usize,
    message: String,
    text: String,
}

impl std::error::Error for AccountsError {}

impl fmt::Display for AccountsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            path,
            line,
            column,
            message,
            text,
        } = self;
        write!(f, "{}:{line}:{column}: {message}", path.display())?;
        if !text.trim().is_empty() {
            let gutter = line.to_string();
            let caret = " ".repeat(column.saturating_sub(1));
            write!(f, "\n  {gutter} | {text}")?;
            write!(f, "\n  {} | {caret}^", " ".repeat(gutter.len()))?;
        }
        Ok(())
    }
}

/// What is wrong, and where.
struct Wrong {
    line: usize,
    column: usize,
    message: String,
}

type Node<'a> = MarkedYaml<'a>;

fn wrong<T>(node: &Node<'_>, message: impl Into<String>) -> Result<T, Wrong> {
    let mark = node.span.start;
    Err(Wrong {
        line: mark.line(),
        column: mark.col() + 1,
        message: message.into(),
    })
}

/// Reads the text of a file.
pub(crate) fn read(path: &Path, text: &str) -> Result<Vec<Listed>, AccountsError> {
    accounts(text).map_err(|wrong| AccountsError {
        path: path.to_owned(),
        line: wrong.line,
        column: wrong.column,
        message: wrong.message,
        text: text
            .lines()
            .nth(wrong.line.saturating_sub(1))
            .unwrap_or_default()
            .to_owned(),
    })
}

fn accounts(text: &str) -> Result<Vec<Listed>, Wrong> {
    let documents = load(text).map_err(|error| Wrong {
        line: error.marker().line(),
        column: error.marker().col() + 1,
        message: format!("not YAML: {}", error.info()),
    })?;
    let empty = || Wrong {
        line: 1,
        column: 1,
        message: "the file is empty; expected `accounts:` and a list of accounts".to_owned(),
    };
    let document = documents.first().ok_or_else(empty)?;
    let mut list = None;
    for (key, value) in mapping(document, "the file")? {
        match scalar(key).unwrap_or_default().as_ref() {
            "accounts" => list = Some(value),
            "vars" => {}
            other @ ("subscriptions" | "projects" | "tenancies") => {
                return wrong(key, format!("`{other}` are not AWS accounts"));
            }
            other => return wrong(key, format!("unknown key `{other}`; expected `accounts`")),
        }
    }
    let Some(list) = list else {
        return wrong(document, "`accounts` is missing");
    };
    let mut seen: BTreeMap<AccountId, usize> = BTreeMap::new();
    let mut listed = Vec::new();
    for node in sequence(list, "`accounts`")? {
        let one = account(node)?;
        if let Some(before) = seen.insert(one.account.clone(), one.line) {
            let account = &one.account;
            return wrong(
                node,
                format!("account {account} stands in line {before} already"),
            );
        }
        listed.push(one);
    }
    if listed.is_empty() {
        return wrong(list, "`accounts` is empty");
    }
    Ok(listed)
}

/// Scalars stay as they are written: an account id is no number, whatever YAML thinks.
fn load(text: &str) -> Result<Vec<Node<'_>>, ScanError> {
    let mut loader: YamlLoader<'_, Node<'_>> = YamlLoader::default();
    loader.early_parse(false);
    Parser::new_from_str(text).load(&mut loader, true)?;
    match loader.error() {
        Some(error) => Err(error.clone()),
        None => Ok(loader.into_documents()),
    }
}

fn account(node: &Node<'_>) -> Result<Listed, Wrong> {
    let mut fields: BTreeMap<String, &Node<'_>> = BTreeMap::new();
    for (key, value) in mapping(node, "an account")? {
        fields.insert(scalar(key).unwrap_or_default().into_owned(), value);
    }
    let text = |name: &str| -> Result<Option<String>, Wrong> {
        let Some(node) = fields.get(name) else {
            return Ok(None);
        };
        match scalar(node) {
            Some(text) if !text.is_empty() => Ok(Some(text.into_owned())),
            Some(_) => wrong(node, format!("`{name}` is empty")),
            None => wrong(node, format!("`{name}` is not a text")),
        }
    };
    let texts = |name: &str| -> Result<Vec<(String, &Node<'_>)>, Wrong> {
        let Some(node) = fields.get(name) else {
            return Ok(Vec::new());
        };
        let mut texts = Vec::new();
        for node in sequence(node, &format!("`{name}`"))? {
            match scalar(node) {
                Some(text) => texts.push((text.into_owned(), node)),
                None => return wrong(node, format!("`{name}` has something that is not a text")),
            }
        }
        Ok(texts)
    };
    let Some(id) = text("account_id")? else {
        return wrong(node, "`account_id` is missing");
    };
    let id_node = fields.get("account_id").copied().unwrap_or(node);
    let account = AccountId::new(&id);
    if !account.has_shape() {
        return wrong(
            id_node,
            format!("`{id}` is not an account id: twelve digits, in quotes"),
        );
    }
    Ok(Listed {
        name: text("name")?,
        roles: roles(&account, fields.get("role").copied())?,
        external_id: text("external_id")?,
        duration_seconds: None,
        profile: text("profile")?,
        regions: regions_of(texts("regions")?)?,
        tags: texts("tags")?.into_iter().map(|(text, _)| text).collect(),
        line: node.span.start.line(),
        account,
    })
}

/// A role, or several that are assumed one after the other. The last is of the account itself:
/// else another account would be looked at than the file says.
fn roles(account: &AccountId, node: Option<&Node<'_>>) -> Result<Vec<String>, Wrong> {
    let Some(node) = node else {
        return Ok(Vec::new());
    };
    let nodes: Vec<&Node<'_>> = match scalar(node) {
        Some(_) => vec![node],
        None => sequence(node, "`role`")?.iter().collect(),
    };
    let mut roles = Vec::new();
    for node in &nodes {
        match scalar(node) {
            Some(text) if text.len() >= ROLE_LENGTH_MIN => roles.push(text.into_owned()),
            Some(_) | None => return wrong(node, "`role` is not the name or ARN of a role"),
        }
    }
    if let (Some(last), Some(node)) = (roles.last(), nodes.last())
        && last.starts_with("arn:")
    {
        match last.parse::<Arn>() {
            Ok(arn) if arn.account() == account.as_str() => {}
            Ok(arn) => {
                let of = arn.account();
                return wrong(
                    node,
                    format!("the role is of account {of}, not of {account}"),
                );
            }
            Err(error) => return wrong(node, error.to_string()),
        }
    }
    Ok(roles)
}

/// The shortest text that c7n-org takes for a role.
const ROLE_LENGTH_MIN: usize = 3;

fn regions_of(texts: Vec<(String, &Node<'_>)>) -> Result<Vec<Region>, Wrong> {
    if texts.iter().any(|(text, _)| text == "all") {
        return Ok(Vec::new());
    }
    let mut regions = Vec::new();
    for (text, node) in texts {
        for name in text.split(',').map(str::trim) {
            let region = Region::new(name);
            if !regions::is_known(&region) {
                let close = regions::close_to(name);
                let hint = match close.as_slice() {
                    [] => String::new(),
                    close => format!("; did you mean {}?", close.join(" or ")),
                };
                return wrong(node, format!("there is no region `{name}`{hint}"));
            }
            regions.push(region);
        }
    }
    regions.sort();
    regions.dedup();
    Ok(regions)
}

fn scalar<'a>(node: &'a Node<'_>) -> Option<Cow<'a, str>> {
    match &node.data {
        YamlData::Representation(text, _, _) => Some(Cow::Borrowed(text.as_ref())),
        YamlData::Value(_)
        | YamlData::Sequence(_)
        | YamlData::Mapping(_)
        | YamlData::Tagged(..)
        | YamlData::Alias(_)
        | YamlData::BadValue => None,
    }
}

fn sequence<'a, 'b>(node: &'a Node<'b>, what: &str) -> Result<&'a [Node<'b>], Wrong> {
    match &node.data {
        YamlData::Sequence(nodes) => Ok(nodes),
        YamlData::Representation(..)
        | YamlData::Value(_)
        | YamlData::Mapping(_)
        | YamlData::Tagged(..)
        | YamlData::Alias(_)
        | YamlData::BadValue => wrong(node, format!("{what} is not a list")),
    }
}

fn mapping<'a, 'b>(
    node: &'a Node<'b>,
    what: &str,
) -> Result<impl Iterator<Item = (&'a Node<'b>, &'a Node<'b>)>, Wrong> {
    match &node.data {
        YamlData::Mapping(fields) => Ok(fields.iter()),
        YamlData::Representation(..)
        | YamlData::Value(_)
        | YamlData::Sequence(_)
        | YamlData::Tagged(..)
        | YamlData::Alias(_)
        | YamlData::BadValue => wrong(node, format!("{what} is not a list of keys and values")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> String {
        match read(Path::new("accounts.yml"), text) {
            Ok(listed) => format!("{listed:?}"),
            Err(error) => error
                .to_string()
                .lines()
                .next()
                .unwrap_or_default()
                .to_owned(),
        }
    }

    #[test]
    fn a_file_of_c7n_org_is_read_as_it_is() {
        let text = "\
vars:
  charge_code: xyz
accounts:
- account_id: '012345678901'
  name: payments
  email: payments@example.com
  regions:
  - us-east-1
  - eu-west-1,eu-central-1
  role: arn:aws:iam::012345678901:role/CloudCustodian
  external_id: e-1
  vars: {charge_code: abc}
  tags:
  - type:prod
- account_id: 000000000002
  role:
  - arn:aws:iam::999999999999:role/Hub
  - arn:aws:iam::000000000002:role/Spoke
  regions: [all]
- account_id: \"333333333333\"
  profile: three
";
        let listed = read(Path::new("accounts.yml"), text).unwrap();
        let ids: Vec<&str> = listed.iter().map(|one| one.account.as_str()).collect();
        assert_eq!(ids, ["012345678901", "000000000002", "333333333333"]);
        let first = &listed[0];
        assert_eq!(first.name.as_deref(), Some("payments"));
        assert_eq!(first.regions.len(), 3);
        assert_eq!(first.external_id.as_deref(), Some("e-1"));
        assert_eq!(first.tags, ["type:prod"]);
        assert_eq!((first.line, listed[1].line, listed[2].line), (4, 15, 20));
        assert_eq!(listed[1].roles.len(), 2);
        assert!(listed[1].regions.is_empty());
        assert_eq!(listed[2].profile.as_deref(), Some("three"));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        for (text, expected) in [
            (
                "",
                "accounts.yml:1:1: the file is empty; expected `accounts:` and a list of accounts",
            ),
            ("accounts: [\n", "accounts.yml:2:1: not YAML"),
            (
                "subscriptions: []",
                "accounts.yml:1:1: `subscriptions` are not AWS accounts",
            ),
            (
                "account: []",
                "accounts.yml:1:1: unknown key `account`; expected `accounts`",
            ),
            ("vars: {}", "accounts.yml:1:1: `accounts` is missing"),
            ("accounts: 7", "accounts.yml:1:11: `accounts` is not a list"),
            ("accounts: []", "accounts.yml:1:11: `accounts` is empty"),
            (
                "accounts:\n- name: x\n",
                "accounts.yml:2:3: `account_id` is missing",
            ),
            (
                "accounts:\n- account_id: 12345\n",
                "accounts.yml:2:15: `12345` is not an account id: twelve digits, in quotes",
            ),
            (
                "accounts:\n- account_id: '111111111111'\n  role: arn:aws:iam::222222222222:role/x\n",
                "accounts.yml:3:9: the role is of account 222222222222, not of 111111111111",
            ),
            (
                "accounts:\n- account_id: '111111111111'\n- account_id: '111111111111'\n",
                "accounts.yml:3:3: account 111111111111 stands in line 2 already",
            ),
            (
                "accounts:\n- account_id: '111111111111'\n  regions: [eu-west]\n",
                "accounts.yml:3:13: there is no region `eu-west`; did you mean eu-west-1 or",
            ),
            (
                "accounts:\n- account_id: '111111111111'\n  regions: eu-west-1\n",
                "accounts.yml:3:12: `regions` is not a list",
            ),
            (
                "accounts:\n- account_id: '111111111111'\n  role: {}\n",
                "accounts.yml:3:9: `role` is not a list",
            ),
        ] {
            let said = said(text);
            assert!(
                said.starts_with(expected),
                "{text:?}\n  says {said}\n  not  {expected}"
            );
        }
    }
}
