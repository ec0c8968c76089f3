//! What a key policy says that it cannot have meant, statement by statement.

mod across;
mod conditions;
mod holds;
mod principals;
mod values;

use crate::access::Key;
use crate::document::{Document, Effect, Statement};
use crate::json::Position;
use crate::kms;
use crate::pattern::{Pattern, Piece, matches};
use crate::prove::Prover;
use crate::spelling::nearest;

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
    /// What it means and what to do, one sentence without its full stop.
    pub says: String,
    /// It is worth knowing, and nothing is wrong.
    pub is_note: bool,
    /// It is about some of the statement's actions, and not about the others.
    is_partial: bool,
}

/// What is odd.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Oddity {
    /// KMS has no such action.
    UnknownAction,
    /// AWS has no such condition key.
    UnknownKey,
    /// A required element is missing: KMS takes the statement, and it has no effect.
    NoEffect,
    /// No request is as the statement says.
    NeverHolds,
    /// Requests of the statement's actions never have a condition key.
    KeyNotOfAction,
    /// It names nobody.
    NamesNobody,
    /// A service principal that is near to one that AWS has.
    UnknownService,
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
    /// A wildcard under an operator that has none.
    WildcardAsText,
    /// A value that the key never has.
    NotAValue,
    /// A number under an operator of texts.
    WrongOperator,
    /// A resource that is not `*`: in a key policy only the key itself is one.
    NamesResource,
    /// A Deny to who is not of an organisation hits AWS services as well.
    DeniesServices,
    /// A Deny to all but somebody whose account is not excepted.
    DeniesNotPrincipal,
    /// An Allow of all actions but some, with cryptographic operations among the others.
    AllowsNotAction,
    /// Actions that KMS does not let another account use.
    NotAcrossAccounts,
}

impl Oddity {
    /// Its name in output.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::UnknownAction => "unknown_action",
            Self::UnknownKey => "unknown_key",
            Self::NoEffect => "no_effect",
            Self::NeverHolds => "never_holds",
            Self::KeyNotOfAction => "key_not_of_action",
            Self::NamesNobody => "names_nobody",
            Self::UnknownService => "unknown_service",
            Self::AllowsNotPrincipal => "allows_not_principal",
            Self::HoldsWithoutValues => "holds_without_values",
            Self::HoldsWhereAbsent => "holds_where_absent",
            Self::ListWithoutQuantity => "list_without_quantity",
            Self::ServiceForAnybody => "service_for_anybody",
            Self::OpenGrants => "open_grants",
            Self::VariableAsText => "variable_as_text",
            Self::WildcardAsText => "wildcard_as_text",
            Self::NotAValue => "not_a_value",
            Self::WrongOperator => "wrong_operator",
            Self::NamesResource => "names_resource",
            Self::DeniesServices => "denies_services",
            Self::DeniesNotPrincipal => "denies_not_principal",
            Self::AllowsNotAction => "allows_not_action",
            Self::NotAcrossAccounts => "not_across_accounts",
        }
    }
}

/// Remarks on one statement.
struct Saying<'a> {
    index: usize,
    statement: &'a Statement,
    /// The key, where it is known which one.
    key: Option<&'a Key>,
    remarks: Vec<Remark>,
    /// A condition is never true, and a remark says so.
    is_void: bool,
}

impl Saying<'_> {
    fn say(&mut self, kind: Oddity, about: &str, says: impl Into<String>) {
        self.remarks.push(Remark {
            statement: self.index,
            sid: self.statement.sid.clone(),
            at: self.statement.at,
            kind,
            about: about.to_owned(),
            says: says.into(),
            is_note: false,
            is_partial: false,
        });
    }

    /// What was said last is a note.
    fn note_last(&mut self) {
        if let Some(last) = self.remarks.last_mut() {
            last.is_note = true;
        }
    }

    /// Whether all of its actions give no more than what is known of the key.
    fn is_about_metadata(&self) -> bool {
        let actions = &self.statement.actions;
        let mut listed = actions.list.iter();
        !actions.is_all_but && listed.all(|one| is_metadata(&one.to_string()))
    }

    fn allows(&self) -> bool {
        self.statement.effect == Effect::Allow
    }
}

/// Everything that is odd in a key policy, in the order of its statements; `key` is the key whose policy it is,
/// where that is known.
#[must_use]
pub fn remarks(document: &Document, key: Option<&Key>, prover: &Prover) -> Vec<Remark> {
    let mut remarks = Vec::new();
    for (index, statement) in document.statements().iter().enumerate() {
        let mut saying = Saying {
            index,
            statement,
            key,
            remarks: Vec::new(),
            is_void: false,
        };
        let lacks = lacking(statement);
        if lacks.is_empty() {
            saying.actions();
            saying.others();
            saying.across();
            let holds = saying.principals();
            saying.resources();
            saying.conditions(prover, holds);
        } else {
            let says = format!(
                "the statement has no `{}`: KMS accepts it, and it has no effect",
                lacks.join("` and no `")
            );
            saying.say(Oddity::NoEffect, lacks.first().unwrap_or(&""), says);
        }
        remarks.append(&mut saying.remarks);
    }
    remarks
}

/// Required elements that a statement does not have, or that list nothing.
fn lacking(statement: &Statement) -> Vec<&'static str> {
    let is_empty = |list: &crate::document::Listed<Pattern>| list.list.is_empty();
    let elements = [
        ("Action", is_empty(&statement.actions)),
        ("Resource", is_empty(&statement.resources)),
    ];
    let lacks = elements.into_iter().filter(|(_, lacks)| *lacks);
    lacks.map(|(name, _)| name).collect()
}

/// Whether an action, in lower case, gives no more than what is known of a key.
fn is_metadata(action: &str) -> bool {
    ["kms:describe", "kms:get", "kms:list"]
        .iter()
        .any(|begin| action.starts_with(begin))
}

/// Typing errors in one action.
const ERRORS: usize = 3;

impl Saying<'_> {
    fn actions(&mut self) {
        let listed = self.statement.actions.list.iter();
        let written = listed.zip(&self.statement.written);
        for (pattern, written) in written.collect::<Vec<_>>() {
            let pieces = pattern.pieces();
            let text = pattern.to_string();
            let is_of_kms = text.starts_with("kms:");
            if !is_of_kms
                && !self.statement.actions.is_all_but
                && !text.starts_with(['*', '?', 'k'])
            {
                let says =
                    "an action of another service: a key policy can allow or deny only KMS actions";
                self.say(Oddity::UnknownAction, written, says);
                continue;
            }
            // AWS KMS Developer Guide, "AWS KMS permissions", policy type.
            if let Some(action) = kms::action(text.strip_prefix("kms:").unwrap_or_default())
                && action.on == kms::On::Nothing
                && self.allows()
            {
                let says = "this action does not operate on a key, so a key policy cannot allow it: allow it in an IAM policy";
                self.say(Oddity::NoEffect, written, says);
                continue;
            }
            let mut actions = kms::ACTIONS.iter();
            if is_of_kms
                && !actions.any(|action| matches(pieces, &action.name.to_ascii_lowercase()))
            {
                let says = match meant(written) {
                    Some(near) => format!("not a KMS action; did you mean {near}?"),
                    None if kms::is_condition_key(&text) => {
                        "a condition key, not an action: no request matches it".to_owned()
                    }
                    None => "not a KMS action: no request matches it".to_owned(),
                };
                self.say(Oddity::UnknownAction, written, says);
            }
        }
    }

    /// Whether a resource is the key (KMS Developer Guide, "Key policies", `Resource`).
    fn resources(&mut self) {
        for pattern in &self.statement.resources.list {
            let text = pattern.to_string();
            if text == "*" {
                continue;
            }
            if self
                .key
                .is_some_and(|key| *key.arn == text && !text.contains('*'))
            {
                let says = "the statement applies only if this is the ARN of the key; \"Resource\": \"*\" means the key, whatever its ARN is";
                self.say(Oddity::NamesResource, &text, says);
                self.note_last();
                continue;
            }
            let pieces: Vec<Piece> = pattern.pieces().iter().map(Piece::opened).collect();
            let is_given = self
                .key
                .is_some_and(|key| !key.arn.contains('*') && *key.arn != text);
            let matches_key = self.key.is_some_and(|key| matches(&pieces, &key.arn));
            let says = if !may_be_key(&text) {
                "no key has this ARN, so the statement does not apply to the key; use \"Resource\": \"*\", which \
                 in a key policy means this key"
            } else if is_given && matches_key {
                "it matches the key; \"Resource\": \"*\" means the same in a key policy"
            } else if is_given {
                "it does not match the key, so the statement does not apply to it; use \"Resource\": \"*\", which \
                 in a key policy means this key"
            } else if let [.., region, _, _] = text.splitn(6, ':').collect::<Vec<_>>().as_slice()
                && region.contains('-')
                && matches_key
            {
                let says = format!(
                    "it matches the key only if the key is in {region}; \"Resource\": \"*\" means the key, \
                     wherever it is"
                );
                self.say(Oddity::NamesResource, &text, says);
                continue;
            } else if matches_key {
                "it matches the key; \"Resource\": \"*\" means the same in a key policy"
            } else {
                "the statement applies only to keys that this ARN matches; use \"Resource\": \"*\", which in a \
                 key policy means this key"
            };
            self.say(Oddity::NamesResource, &text, says);
            if is_given && matches_key {
                self.note_last();
            }
        }
    }
}

/// Whether a text can be the ARN of a key, as far as it is written out (Service Authorization Reference, AWS KMS,
/// "Resource types"; AWS General Reference, "Amazon Resource Names").
#[must_use]
pub fn may_be_key(text: &str) -> bool {
    let fields: Vec<&str> = text.splitn(6, ':').collect();
    let is_open = |field: &str| field.contains(['*', '?', '$']);
    let [arn, partition, service, region, account, resource] = fields.as_slice() else {
        return is_open(text);
    };
    let is_region = |text: &str| {
        text.contains('-')
            && text.ends_with(|c: char| c.is_ascii_digit())
            && text
                .bytes()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-')
    };
    let is_account = |text: &str| text.len() == 12 && text.bytes().all(|c| c.is_ascii_digit());
    let id = resource.strip_prefix("key/").unwrap_or_default();
    let is_id = !id.is_empty() && id.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-');
    (*arn == "arn" || is_open(arn))
        && (partition.starts_with("aws") || is_open(partition))
        && (*service == "kms" || is_open(service))
        && (is_region(region) || is_open(region))
        && (is_account(account) || is_open(account))
        && (is_id || is_open(resource))
}

/// The action that somebody may have meant.
fn meant(written: &str) -> Option<&'static str> {
    if written.eq_ignore_ascii_case("kms:ReEncrypt") {
        return Some("kms:ReEncrypt*, or kms:ReEncryptFrom and kms:ReEncryptTo");
    }
    // In a short name fewer letters are wrong.
    let name = written.split(':').nth(1).unwrap_or_default();
    let errors = if name.len() < 6 { 1 } else { ERRORS };
    nearest(
        written,
        kms::ACTIONS.iter().map(|action| action.name),
        errors,
    )
}

/// Names, the last after `and`.
#[must_use]
pub fn and(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
