//! The ARNs that a user names.

use anyhow::anyhow;
use sagelock_domain::ids::AccountId;

use crate::exit::Failure;

/// The service, and what follows the account, of an ARN without wildcards of somebody.
fn read(text: &str) -> Option<(&str, &str)> {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let ["arn", _, service, "", account, who] = parts.as_slice() else {
        return None;
    };
    let is_account = AccountId::new(account).has_shape();
    (is_account && !text.contains(['*', '?'])).then_some((service, who))
}

fn of_kind(text: &str, kinds: &[(&str, &str)]) -> bool {
    let Some((service, who)) = read(text) else {
        return false;
    };
    let mut kinds = kinds.iter();
    kinds.any(|(of, kind)| {
        let name = who.strip_prefix(kind);
        *of == service && name.is_some_and(|name| !name.is_empty() || *kind == "root")
    })
}

/// A role.
pub(super) fn role(text: &str) -> Result<(), Failure> {
    if of_kind(text, &[("iam", "role/")]) {
        return Ok(());
    }
    Err(Failure::usage(anyhow!("`{text}` is no ARN of a role"))
        .hint("expected arn:aws:iam::ACCOUNT:role/NAME"))
}

/// Whom a key policy names.
pub(super) fn role_or_user(text: &str) -> Result<(), Failure> {
    if of_kind(text, &[("iam", "role/"), ("iam", "user/")]) {
        return Ok(());
    }
    Err(
        Failure::usage(anyhow!("`{text}` is no ARN of a role or user"))
            .hint("expected arn:aws:iam::ACCOUNT:role/NAME; a key policy takes no wildcard there"),
    )
}

/// Who can call SageMaker.
pub(super) fn deployer(text: &str) -> Result<(), Failure> {
    let kinds = [
        ("iam", "role/"),
        ("iam", "user/"),
        ("iam", "root"),
        ("sts", "assumed-role/"),
    ];
    if of_kind(text, &kinds) {
        return Ok(());
    }
    Err(
        Failure::usage(anyhow!("`{text}` is no ARN of who can deploy"))
            .hint("expected arn:aws:iam::ACCOUNT:role/NAME, the ARN of a user, a session or root"),
    )
}
