//! Who sends requests.

use super::names::{FOREIGN, Names, OWN, is_foreign};
use super::requests::Asked;
use super::sent::Sender;
use super::values::neighbours;

/// A user or role as it asks: a role in several sessions.
pub(super) fn of_principal(arn: &str, asked: &Asked, names: Names) -> Vec<Sender> {
    let Some((_, path)) = arn.split_once(":role/") else {
        return vec![sender(arn, arn)];
    };
    let account = arn.split(':').nth(4).unwrap_or_default();
    let role = path.rsplit('/').next().unwrap_or(path);
    let mut sessions = vec!["s1".to_owned(), "S1".to_owned(), "other".to_owned()];
    for text in asked.texts() {
        if let Some((_, session)) = text.split_once(':') {
            sessions.push(session.to_owned());
        }
    }
    sessions.retain(|name| {
        name.len() >= 2
            && name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c))
    });
    sessions.dedup();
    sessions
        .iter()
        .map(|session| {
            sender(
                &names.sts(account, &format!("assumed-role/{role}/{session}")),
                arn,
            )
        })
        .collect()
}

/// Everybody whom documents may tell apart: of the key's account, of others, and services.
pub(super) fn everybody(caller: &str, asked: &Asked, names: Names) -> Vec<Sender> {
    let mut senders = of_principal(caller, asked, names);
    for account in [OWN, FOREIGN, "999999999999"] {
        senders.extend(of_account(account, asked, names));
    }
    for text in asked.texts() {
        for arn in neighbours(text) {
            if is_principal(&arn, names) {
                senders.extend(of_principal(&arn, asked, names));
            }
        }
    }
    senders.extend(services(asked, names));
    let mut seen: Vec<Sender> = Vec::new();
    for one in senders {
        if !seen.contains(&one) {
            seen.push(one);
        }
    }
    seen
}

/// The same, of other accounts; services work for them.
pub(super) fn outside(asked: &Asked, names: Names) -> Vec<Sender> {
    let all = everybody(&names.iam(FOREIGN, "role/Ext"), asked, names);
    all.into_iter()
        .filter(|one| one.is_service() || is_foreign(&one.caller))
        .collect()
}

fn of_account(account: &str, asked: &Asked, names: Names) -> Vec<Sender> {
    let linked = "role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling";
    let iam = |name: &str| names.iam(account, name);
    let federated = names.sts(account, "federated-user/carol");
    let mut senders = vec![
        sender(&iam("root"), &iam("root")),
        sender(&iam("user/bob"), &iam("user/bob")),
        sender(&iam("user/alice"), &iam("user/alice")),
        sender(&federated, &federated),
    ];
    for role in ["role/Ext", "role/Anyone", linked] {
        senders.extend(of_principal(&iam(role), asked, names).into_iter().take(1));
    }
    senders
}

fn services(asked: &Asked, names: Names) -> Vec<Sender> {
    let mut found = vec![
        "cloudtrail.amazonaws.com".to_owned(),
        "s3.amazonaws.com".to_owned(),
        format!("logs.{}.amazonaws.com", names.region),
    ];
    for text in asked.texts() {
        found.extend(neighbours(text));
    }
    found.retain(|name| is_service(name, names));
    found.sort();
    found.dedup();
    let senders = found.into_iter().map(|caller| Sender { caller, arn: None });
    senders.collect()
}

fn is_service(name: &str, names: Names) -> bool {
    names.of_service(name).is_some_and(|bare| {
        !bare.is_empty()
            && bare.split('.').all(|label| {
                !label.is_empty()
                    && label
                        .bytes()
                        .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-')
            })
    })
}

/// Whether a text is the ARN of a user, role or root user of this partition.
fn is_principal(text: &str, names: Names) -> bool {
    let fields: Vec<&str> = text.splitn(6, ':').collect();
    let ["arn", partition, "iam", "", account, resource] = fields.as_slice() else {
        return false;
    };
    let is_account = account.len() == 12 && account.bytes().all(|c| c.is_ascii_digit());
    let is_name = |name: &str| {
        !name.is_empty()
            && !name.ends_with('/')
            && name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "/_+=,.@-".contains(c))
    };
    let is_known = *resource == "root"
        || resource
            .strip_prefix("role/")
            .or_else(|| resource.strip_prefix("user/"))
            .is_some_and(is_name);
    *partition == names.partition && is_account && is_known
}

fn sender(caller: &str, arn: &str) -> Sender {
    Sender {
        caller: caller.to_owned(),
        arn: Some(arn.to_owned()),
    }
}
