//! What a grant gives to whom (KMS Developer Guide, "Grants in AWS KMS"; AWS KMS API, CreateGrant).

use super::condition::is_arn;
use super::leaves::{Evaluation, Why};
use super::{Open, Truth, principal};
use crate::context::Found;
use crate::decide::Class;
use crate::document::{Entry, Instant, arn_fields, entry};
use crate::kms;
use crate::pattern::{Pattern, Syntax};
use crate::request::{Grant, Pair};

/// How long a grant may take to be known everywhere, in seconds (KMS Developer Guide, "Eventual
/// consistency").
const SETTLES_SECONDS: i64 = 300;

const CONTEXT: &str = "kms:encryptioncontext:";

/// Whether a grant gives what is asked to who asks, and how it names the caller. `Any` is the
/// account that issued it, which retires what it gave by its own policies.
pub(super) fn gives(evaluation: &mut Evaluation<'_>, grant: &Grant) -> (Class, Truth) {
    let request = evaluation.request;
    let ("kms", name) = request.action_parts() else {
        return (Class::Any, Truth::No);
    };
    if grant
        .key
        .as_deref()
        .is_some_and(|key| !is_key(key, &request.resource))
    {
        return (Class::Any, Truth::No);
    }
    let retires = name == "retiregrant";
    if retires {
        let (class, retiring) = is_caller(evaluation, grant.retiring.as_deref());
        if retiring != Truth::No {
            return (class, retiring);
        }
    }
    let (class, is_grantee) = is_grantee(evaluation, grant);
    let gives = kms::is_granted(name)
        && grant
            .operations
            .iter()
            .any(|operation| &**operation == name);
    if !gives || is_grantee == Truth::No {
        let issued = grant.issuer.is_some() && grant.issuer.as_deref() == request.caller.account();
        return (Class::Any, Truth::of(retires && issued));
    }
    let mut truth = is_grantee;
    if !retires {
        truth = truth.min(from_source(evaluation, grant));
    }
    truth = truth.min(match name {
        "describekey" | "retiregrant" => Truth::Yes,
        "creategrant" => child(evaluation, grant),
        _ => constrained(evaluation, grant),
    });
    (class, truth.min(settled(evaluation, grant)))
}

/// Whether the caller is the grantee. Who that is of a grant that shows a service is known to be somebody
/// of that service, and not who (AWS KMS API, `GrantListEntry.GranteePrincipal`).
fn is_grantee(evaluation: &mut Evaluation<'_>, grant: &Grant) -> (Class, Truth) {
    let found = is_caller(evaluation, grant.grantee.as_deref());
    if grant.is_masked && found.1 != Truth::No {
        return (found.0, evaluation.unknown_open(Open::MaskedGrantee));
    }
    found
}

fn is_caller(evaluation: &mut Evaluation<'_>, text: Option<&str>) -> (Class, Truth) {
    let Some(text) = text else {
        return (Class::Any, Truth::No);
    };
    let named = if text.contains(':') {
        entry(text)
    } else {
        Entry::Service(text.into())
    };
    for class in [Class::Direct, Class::Role, Class::Account] {
        let truth = principal::names(evaluation, &named, class);
        if truth != Truth::No {
            return (class, truth);
        }
    }
    (Class::Any, Truth::No)
}

/// `SourceArn` is compared like the condition key `aws:SourceArn`.
fn from_source(evaluation: &mut Evaluation<'_>, grant: &Grant) -> Truth {
    let Some(source) = &grant.source else {
        return Truth::Yes;
    };
    match evaluation.request.context.get("aws:sourcearn") {
        None => Truth::No,
        Some(Found::Unknown | Found::Twice) => {
            evaluation.unknown(|| Why::Key("aws:SourceArn".into()))
        }
        Some(Found::One(text)) => Truth::of(is_like(source, text)),
        Some(Found::List(list)) => Truth::of(list.iter().any(|text| is_like(source, text))),
    }
}

/// Whether a text is an ARN like a pattern, field by field, as `ArnLike` compares them.
#[must_use]
pub fn is_like(pattern: &str, text: &str) -> bool {
    let syntax = Syntax {
        wildcards: true,
        variables: false,
    };
    arn_fields(Pattern::read(pattern, syntax).pieces()).is_some_and(|fields| is_arn(&fields, text))
}

/// Whether a key, by its ARN or its id, is the one that is asked for.
fn is_key(key: &str, resource: &str) -> bool {
    key == resource
        || resource
            .strip_suffix(key)
            .is_some_and(|before| before.ends_with('/'))
}

/// Whether the encryption context is one that the grant is for.
fn constrained(evaluation: &mut Evaluation<'_>, grant: &Grant) -> Truth {
    let mut truth = Truth::Yes;
    if let Some(subset) = &grant.context_subset {
        truth = truth.min(has_pairs(evaluation, subset));
    }
    if let Some(equals) = &grant.context_equals {
        truth = truth.min(has_pairs(evaluation, equals));
        truth = truth.min(has_no_more(evaluation, equals.len()));
    }
    truth
}

fn has_pairs(evaluation: &mut Evaluation<'_>, pairs: &[Pair]) -> Truth {
    let mut all = Truth::Yes;
    for (key, value) in pairs {
        all = all.min(has_pair(evaluation, key, value));
    }
    all
}

fn has_pair(evaluation: &mut Evaluation<'_>, key: &str, value: &str) -> Truth {
    let context = &evaluation.request.context;
    let found = context
        .under(CONTEXT)
        .find(|(name, _)| name.to_lowercase() == key.to_lowercase());
    let missing = || Why::Key(format!("kms:EncryptionContext:{key}").into());
    match found {
        None if context.is_told(&format!("{CONTEXT}{}", key.to_lowercase())) => Truth::No,
        None if names_key(evaluation, key) => evaluation.unknown(missing),
        None => Truth::No,
        Some((_, Found::Unknown | Found::Twice)) => evaluation.unknown(missing),
        // It has one value, however it is told.
        Some((name, Found::List(list))) => match &**list {
            [only] if **only == *value && name == key => Truth::Yes,
            [only] if **only == *value => evaluation.unknown_open(Open::GrantContextCase),
            _ => Truth::No,
        },
        Some((_, Found::One(text))) if **text != *value => Truth::No,
        Some((name, Found::One(_))) if name == key => Truth::Yes,
        Some((_, Found::One(_))) => evaluation.unknown_open(Open::GrantContextCase),
    }
}

/// Whether the request tells of a key of its encryption context without telling its value.
fn names_key(evaluation: &Evaluation<'_>, key: &str) -> bool {
    match evaluation.request.context.get("kms:encryptioncontextkeys") {
        None => false,
        Some(Found::Unknown | Found::Twice) => true,
        Some(Found::One(text)) => **text == *key,
        Some(Found::List(list)) => list.iter().any(|text| **text == *key),
    }
}

fn has_no_more(evaluation: &mut Evaluation<'_>, expected: usize) -> Truth {
    let context = &evaluation.request.context;
    let is_unknown = |found: &Found| matches!(found, Found::Unknown | Found::Twice);
    let known = context
        .under(CONTEXT)
        .filter(|(_, found)| !is_unknown(found));
    if known.count() > expected {
        return Truth::No;
    }
    let unknown = context.under(CONTEXT).find(|(_, found)| is_unknown(found));
    if let Some((name, _)) = unknown {
        let name = format!("kms:EncryptionContext:{name}");
        return evaluation.unknown(|| Why::Key(name.into()));
    }
    match context.get("kms:encryptioncontextkeys") {
        Some(Found::Unknown | Found::Twice) => {
            evaluation.unknown(|| Why::Key("kms:EncryptionContextKeys".into()))
        }
        Some(Found::List(list)) => Truth::of(list.len() <= expected),
        None | Some(Found::One(_)) => Truth::Yes,
    }
}

/// A grant that is created by way of a grant gives no more, under constraints at least as strict.
fn child(evaluation: &mut Evaluation<'_>, grant: &Grant) -> Truth {
    let has = |operation: &str| {
        let operation = operation.to_ascii_lowercase();
        grant.operations.iter().any(|one| **one == *operation)
    };
    let operations = match evaluation.request.context.get("kms:grantoperations") {
        Some(Found::One(text)) => Truth::of(has(text)),
        Some(Found::List(list)) => Truth::of(list.iter().all(|operation| has(operation))),
        None => evaluation.unknown_open(Open::ChildGrant),
        Some(Found::Unknown | Found::Twice) => {
            evaluation.unknown(|| Why::Key("kms:GrantOperations".into()))
        }
    };
    let operations = operations.min(child_source(evaluation, grant));
    if grant.context_equals.is_none() && grant.context_subset.is_none() {
        return operations;
    }
    let context = &evaluation.request.context;
    let constraints = match context.get("kms:grantconstrainttype") {
        None => Truth::No,
        Some(Found::Unknown | Found::Twice | Found::List(_)) => {
            evaluation.unknown_open(Open::ChildGrant)
        }
        Some(Found::One(kind)) if **kind == *"EncryptionContextEquals" => {
            constrained(evaluation, grant)
        }
        Some(Found::One(_)) if grant.context_equals.is_some() => Truth::No,
        Some(Found::One(_)) => constrained(evaluation, grant),
    };
    operations.min(constraints)
}

/// Whether a child is for its parent's source; how it may be narrower, AWS does not say.
fn child_source(evaluation: &mut Evaluation<'_>, grant: &Grant) -> Truth {
    let Some(source) = &grant.source else {
        return Truth::Yes;
    };
    let context = &evaluation.request.context;
    if context.one("kms:grantconstraintsourcearn") == Some(&**source) {
        Truth::Yes
    } else {
        evaluation.unknown_open(Open::ChildGrant)
    }
}

/// A grant that was made just now may not be known everywhere.
fn settled(evaluation: &mut Evaluation<'_>, grant: &Grant) -> Truth {
    let Some(created) = grant.created else {
        return Truth::Yes;
    };
    let context = &evaluation.request.context;
    for (key, name) in [
        ("aws:currenttime", "aws:CurrentTime"),
        ("aws:epochtime", "aws:EpochTime"),
    ] {
        match context.get(key) {
            None => {}
            Some(Found::Unknown | Found::Twice) => {
                return evaluation.unknown(|| Why::Key(name.into()));
            }
            Some(Found::One(_) | Found::List(_)) => {
                let now = context.one(key).and_then(Instant::read);
                return match now.map(|now| now.seconds_after(created)) {
                    Some(age) if age >= SETTLES_SECONDS => Truth::Yes,
                    Some(_) | None => evaluation.unknown_open(Open::YoungGrant),
                };
            }
        }
    }
    Truth::Yes
}
