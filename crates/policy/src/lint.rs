//! What a key policy says that it cannot have meant, statement by statement.

use crate::context::is_list;
use crate::document::{Condition, Document, Effect, Entry, Expected, Quantity, Statement};
use crate::json::Position;
use crate::kms;
use crate::pattern::{Piece, matches};

/// Something that a statement says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// Which statement, from 0.
    pub statement: usize,
    /// Its Sid.
    pub sid: Option<Box<str>>,
    /// Where it stands.
    pub at: Position,
    /// What it is.
    pub kind: Oddity,
    /// What it is about: an action, a principal, a condition key.
    pub about: String,
}

/// What is odd.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Oddity {
    /// No action of KMS is called so.
    UnknownAction,
    /// It names nobody: a wildcard in an ARN, the unique id of somebody who was deleted.
    NamesNobody,
    /// `NotPrincipal` with `Allow`, which AWS does not support.
    AllowsNotPrincipal,
    /// `ForAllValues` in an Allow: it holds where the key is absent.
    HoldsWithoutValues,
    /// A negated operator in an Allow: it holds where the key is absent.
    HoldsWhereAbsent,
    /// A key with several values without `ForAnyValue` or `ForAllValues`.
    ListWithoutQuantity,
    /// A service that may act for anybody.
    ServiceForAnybody,
    /// Whoever may create grants may create one for itself.
    OpenGrants,
    /// A policy variable in a document whose version has none.
    VariableAsText,
    /// A resource that is not `*`: in a key policy only the key itself is one.
    NamesResource,
    /// A Deny to who is not of an organisation hits AWS services as well.
    DeniesServices,
}

impl Oddity {
    /// Its name in output.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::UnknownAction => "unknown_action",
            Self::NamesNobody => "names_nobody",
            Self::AllowsNotPrincipal => "allows_not_principal",
            Self::HoldsWithoutValues => "holds_without_values",
            Self::HoldsWhereAbsent => "holds_where_absent",
            Self::ListWithoutQuantity => "list_without_quantity",
            Self::ServiceForAnybody => "service_for_anybody",
            Self::OpenGrants => "open_grants",
            Self::VariableAsText => "variable_as_text",
            Self::NamesResource => "names_resource",
            Self::DeniesServices => "denies_services",
        }
    }

    /// What it means, one sentence without its full stop.
    #[must_use]
    pub const fn says(self) -> &'static str {
        match self {
            Self::UnknownAction => "KMS has no such action, so the statement does not speak of it",
            Self::NamesNobody => {
                "it names nobody: a wildcard inside an ARN, or somebody who was deleted"
            }
            Self::AllowsNotPrincipal => "NotPrincipal with Allow allows nobody",
            Self::HoldsWithoutValues => {
                "ForAllValues holds where the key is absent: add Null with false"
            }
            Self::HoldsWhereAbsent => "a negated operator holds where the key is absent",
            Self::ListWithoutQuantity => {
                "the key has several values and matches nothing without ForAnyValue or ForAllValues"
            }
            Self::ServiceForAnybody => {
                "the service may act for any account: add aws:SourceAccount or aws:SourceArn"
            }
            Self::OpenGrants => {
                "whoever may create grants may create one for itself: add kms:GrantIsForAWSResource"
            }
            Self::VariableAsText => "without Version 2012-10-17 a variable is text",
            Self::NamesResource => "in a key policy `*` is the key; another ARN is no key's",
            Self::DeniesServices => {
                "AWS services have no organisation, and are denied: add aws:PrincipalIsAWSService"
            }
        }
    }
}

/// Everything that is odd in a key policy, in the order of its statements.
#[must_use]
pub fn remarks(document: &Document) -> Vec<Remark> {
    let mut remarks = Vec::new();
    for (index, statement) in document.statements().iter().enumerate() {
        let mut say = |kind, about: &str| {
            remarks.push(Remark {
                statement: index,
                sid: statement.sid.clone(),
                at: statement.at,
                kind,
                about: about.to_owned(),
            });
        };
        actions(statement, &mut say);
        principals(statement, &mut say);
        conditions(statement, &mut say);
        resources(statement, &mut say);
    }
    remarks
}

fn actions(statement: &Statement, say: &mut impl FnMut(Oddity, &str)) {
    for pattern in &statement.actions.list {
        let pieces = pattern.pieces();
        let text = written(pieces);
        if !text.starts_with("kms:") {
            continue;
        }
        if !kms::actions().any(|action| matches(pieces, &action.to_ascii_lowercase())) {
            say(Oddity::UnknownAction, &text);
        }
    }
}

fn written(pieces: &[Piece]) -> String {
    pieces
        .iter()
        .map(|piece| match piece {
            Piece::Text(text) => text.to_string(),
            Piece::Run => "*".to_owned(),
            Piece::One => "?".to_owned(),
            Piece::Variable(variable) => format!("${{{}}}", variable.name),
        })
        .collect()
}

fn principals(statement: &Statement, say: &mut impl FnMut(Oddity, &str)) {
    let Some(principals) = &statement.principals else {
        return;
    };
    let allows = statement.effect == Effect::Allow;
    if principals.is_all_but && allows {
        say(Oddity::AllowsNotPrincipal, "NotPrincipal");
    }
    let asks = |names: &[&str]| {
        let mut conditions = statement.conditions.iter();
        conditions.any(|one| names.contains(&&*one.key))
    };
    for entry in &principals.list {
        match entry {
            Entry::Nobody(text) => say(Oddity::NamesNobody, text),
            Entry::Service(name) if allows => {
                const SOURCES: [&str; 4] = [
                    "aws:sourceaccount",
                    "aws:sourcearn",
                    "aws:sourceorgid",
                    "aws:sourceorgpaths",
                ];
                let by_context = statement
                    .conditions
                    .iter()
                    .any(|one| one.key.starts_with("kms:encryptioncontext:"));
                if !asks(&SOURCES) && !by_context {
                    say(Oddity::ServiceForAnybody, name);
                }
            }
            Entry::Identity(_) | Entry::Everybody if allows && !principals.is_all_but => {
                const BOUNDS: [&str; 4] = [
                    "kms:grantisforawsresource",
                    "kms:grantoperations",
                    "kms:granteeprincipal",
                    "kms:viaservice",
                ];
                let creates = statement
                    .actions
                    .list
                    .iter()
                    .any(|one| matches(one.pieces(), "kms:creategrant"));
                if creates != statement.actions.is_all_but && !asks(&BOUNDS) {
                    say(Oddity::OpenGrants, &entry_name(entry));
                }
            }
            Entry::Service(_) | Entry::Identity(_) | Entry::Everybody | Entry::Account { .. } => {}
        }
    }
}

fn entry_name(entry: &Entry) -> String {
    match entry {
        Entry::Identity(identity) => identity.to_string(),
        Entry::Everybody => "*".to_owned(),
        Entry::Account { account, .. } => account.to_string(),
        Entry::Service(name) | Entry::Nobody(name) => name.to_string(),
    }
}

/// Keys that every request has, so that their absence is no matter.
const THERE: [&str; 6] = [
    "kms:calleraccount",
    "aws:principalaccount",
    "aws:principalarn",
    "aws:securetransport",
    "aws:currenttime",
    "aws:requestedregion",
];

fn conditions(statement: &Statement, say: &mut impl FnMut(Oddity, &str)) {
    let allows = statement.effect == Effect::Allow;
    for condition in &statement.conditions {
        let operator = condition.operator;
        let is_there = THERE.contains(&&*condition.key) || has_null_guard(statement, condition);
        if allows && operator.quantity == Quantity::All && !is_there {
            say(Oddity::HoldsWithoutValues, &condition.name);
        }
        if allows && operator.is_negated && operator.quantity == Quantity::One && !is_there {
            say(Oddity::HoldsWhereAbsent, &condition.name);
        }
        if operator.quantity == Quantity::One
            && is_list(&condition.key)
            && operator.base != crate::document::Base::Null
        {
            say(Oddity::ListWithoutQuantity, &condition.name);
        }
        let excepts_services = statement
            .conditions
            .iter()
            .any(|one| matches!(&*one.key, "aws:principalisawsservice" | "aws:viaawsservice"));
        if !allows
            && operator.is_negated
            && matches!(
                &*condition.key,
                "aws:principalorgid" | "aws:principalorgpaths"
            )
            && !excepts_services
        {
            say(Oddity::DeniesServices, &condition.name);
        }
        let mut texts = condition.expected.iter().flat_map(Expected::texts);
        if texts.any(|text| text.contains("${")) {
            say(Oddity::VariableAsText, &condition.name);
        }
    }
}

/// `Null` with `false` beside it.
fn has_null_guard(statement: &Statement, condition: &Condition) -> bool {
    statement.conditions.iter().any(|one| {
        one.key == condition.key
            && one.operator.base == crate::document::Base::Null
            && one
                .expected
                .iter()
                .all(|expected| matches!(expected, Expected::Boolean(false)))
    })
}

fn resources(statement: &Statement, say: &mut impl FnMut(Oddity, &str)) {
    for pattern in &statement.resources.list {
        let text = written(pattern.pieces());
        if text != "*" {
            say(Oddity::NamesResource, &text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Kind;

    fn said(statement: &str) -> Vec<(&'static str, String)> {
        let text = format!(r#"{{"Version":"2012-10-17","Statement":[{statement}]}}"#);
        let document = Document::read(Kind::Resource, &text).expect("a policy");
        let said = remarks(&document).into_iter();
        said.map(|one| (one.kind.name(), one.about)).collect()
    }

    fn allow(principal: &str, action: &str, condition: &str) -> String {
        format!(
            r#"{{"Effect":"Allow","Principal":{principal},"Action":"{action}","Resource":"*",
               "Condition":{{{condition}}}}}"#
        )
    }

    #[test]
    fn oddities_are_found_and_what_is_right_is_not() {
        let root = r#"{"AWS":"111122223333"}"#;
        let role = r#"{"AWS":"arn:aws:iam::111122223333:role/a"}"#;
        let cases = [
            (allow(root, "kms:*", ""), &[][..]),
            (
                allow(root, "kms:Decyrpt", ""),
                &[("unknown_action", "kms:decyrpt")],
            ),
            (
                allow(root, "kms:ReEncrypt", ""),
                &[("unknown_action", "kms:reencrypt")],
            ),
            (allow(root, "kms:ReEncrypt*", ""), &[]),
            (
                allow(
                    r#"{"AWS":"arn:aws:iam::111122223333:role/*"}"#,
                    "kms:Decrypt",
                    "",
                ),
                &[("names_nobody", "arn:aws:iam::111122223333:role/*")],
            ),
            (
                allow(r#"{"AWS":"AROAEXAMPLE"}"#, "kms:Decrypt", ""),
                &[("names_nobody", "AROAEXAMPLE")],
            ),
            (
                allow(r#"{"Service":"logs.amazonaws.com"}"#, "kms:Decrypt", ""),
                &[("service_for_anybody", "logs.amazonaws.com")],
            ),
            (
                allow(
                    r#"{"Service":"logs.amazonaws.com"}"#,
                    "kms:Decrypt",
                    r#""StringEquals":{"aws:SourceAccount":"111122223333"}"#,
                ),
                &[],
            ),
            (
                allow(role, "kms:CreateGrant", ""),
                &[("open_grants", "arn:aws:iam::111122223333:role/a")],
            ),
            (
                allow(
                    role,
                    "kms:CreateGrant",
                    r#""Bool":{"kms:GrantIsForAWSResource":"true"}"#,
                ),
                &[],
            ),
            (
                allow(
                    role,
                    "kms:CreateGrant",
                    r#""ForAllValues:StringEquals":{"kms:GrantOperations":"Decrypt"}"#,
                ),
                &[("holds_without_values", "kms:GrantOperations")],
            ),
            (
                allow(
                    role,
                    "kms:CreateGrant",
                    r#""ForAllValues:StringEquals":{"kms:GrantOperations":"Decrypt"},"Null":{"kms:GrantOperations":"false"}"#,
                ),
                &[],
            ),
            (
                allow(
                    role,
                    "kms:Decrypt",
                    r#""StringNotEquals":{"aws:PrincipalTag/t":"x"}"#,
                ),
                &[("holds_where_absent", "aws:PrincipalTag/t")],
            ),
            (
                allow(
                    role,
                    "kms:Decrypt",
                    r#""StringEquals":{"aws:CalledVia":"x"}"#,
                ),
                &[("list_without_quantity", "aws:CalledVia")],
            ),
        ];
        for (statement, expected) in cases {
            let expected: Vec<(&str, String)> = expected
                .iter()
                .map(|(kind, about)| (*kind, (*about).to_owned()))
                .collect();
            assert_eq!(said(&statement), expected, "{statement}");
        }
        let deny = r#"{"Effect":"Deny","Principal":"*","Action":"kms:*","Resource":"*",
            "Condition":{"StringNotEquals":{"aws:PrincipalOrgID":"o-a"}}}"#;
        assert_eq!(
            said(deny),
            [("denies_services", "aws:PrincipalOrgID".to_owned())]
        );
        let not = r#"{"Effect":"Allow","NotPrincipal":{"AWS":"111122223333"},"Action":"kms:Decrypt",
            "Resource":"arn:aws:kms:eu-west-1:111122223333:key/1"}"#;
        let kinds: Vec<&str> = said(not).into_iter().map(|(kind, _)| kind).collect();
        assert_eq!(kinds, ["allows_not_principal", "names_resource"]);
        // Without a version.
        let text = r#"{"Statement":{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"kms:Decrypt",
            "Resource":"*","Condition":{"StringEquals":{"aws:PrincipalTag/t":"${aws:username}"}}}}"#;
        let document = Document::read(Kind::Resource, text).expect("a policy");
        let kinds: Vec<Oddity> = remarks(&document).iter().map(|one| one.kind).collect();
        assert_eq!(kinds, [Oddity::VariableAsText]);
    }
}
