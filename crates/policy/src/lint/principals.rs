//! What is odd about whom a statement names.

use super::values::needs_key;
use super::{Oddity, Saying, and};
use crate::document::{Arn, Entry, is_service_name};
use crate::kms;
use crate::pattern::{Piece, matches};

/// Keys that say for whom a service acts.
const SOURCES: [&str; 4] = [
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:sourceorgid",
    "aws:sourceorgpaths",
];
/// In lower case, as actions are compared.
const CREATE_GRANT: &str = "kms:creategrant";
/// Keys that bound what a grant gives, to whom, or through which service.
const BOUNDS: [&str; 5] = [
    "kms:grantisforawsresource",
    "kms:grantoperations",
    "kms:granteeprincipal",
    "kms:granteeserviceprincipal",
    "kms:viaservice",
];
/// Keys that say who asks.
const CALLERS: [&str; 5] = [
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "kms:calleraccount",
];
/// Keys that say which service asks.
const SERVICE_NAMES: [&str; 2] = ["aws:principalservicename", "aws:principalservicenameslist"];

impl Saying<'_> {
    /// Says what is odd; gives back what would be said only of a statement that can hold.
    pub(super) fn principals(&mut self) -> Vec<(Oddity, String, String)> {
        let mut if_it_holds = Vec::new();
        let Some(principals) = &self.statement.principals else {
            return if_it_holds;
        };
        let allows = self.allows();
        if principals.is_all_but && allows {
            let says =
                "AWS does not support NotPrincipal with Allow; name who is allowed in Principal";
            self.say(Oddity::AllowsNotPrincipal, "NotPrincipal", says);
        }
        let mut services: Vec<&str> = Vec::new();
        let mut granters: Vec<String> = Vec::new();
        for entry in &principals.list {
            match entry {
                Entry::Nobody(text) => {
                    let says = format!("it names nobody: {}", wrong_with(text));
                    self.say(Oddity::NamesNobody, text, says);
                }
                Entry::Provider(text) => {
                    let says =
                        "an identity provider does not call KMS; name the role that it lets assume";
                    self.say(Oddity::NamesNobody, text, says);
                }
                Entry::Service(name) if !is_service_name(name) => {
                    let says =
                        "it names nobody: the name of an AWS service ends with .amazonaws.com";
                    self.say(Oddity::NamesNobody, name, says);
                }
                Entry::Service(name) if let Some(near) = kms::meant_service(name) => {
                    let says =
                        format!("no service principal that sagelock knows; did you mean {near}?");
                    self.say(Oddity::UnknownService, name, says);
                    if allows {
                        services.push(name);
                    }
                }
                Entry::Service(name) if allows => services.push(name),
                Entry::Everybody if allows && self.asks(&SERVICE_NAMES) => services.push("*"),
                Entry::Identity(identity) if allows => granters.push(identity.to_string()),
                Entry::Everybody if allows => granters.push("*".to_owned()),
                // What its own account may do, its IAM policies decide.
                Entry::Account { account, .. } if allows && self.is_foreign(account) => {
                    granters.push(format!("account {account}"));
                }
                Entry::Service(_)
                | Entry::Identity(_)
                | Entry::Everybody
                | Entry::Account { .. } => {}
            }
        }
        // What they learn of a key by its metadata is no secret.
        let is_bound = self.asks(&SOURCES) || self.asks_for_service_context();
        if !is_bound && !self.is_about_metadata() {
            for kind in Kind::ALL {
                let mut of_kind = services.clone();
                of_kind.retain(|name| Kind::of(name) == kind);
                if !of_kind.is_empty() {
                    let advice = match self.open_source() {
                        Some(name) => format!(
                            "the condition on {name} matches every account; specify the account in it"
                        ),
                        None => kind.advice().to_owned(),
                    };
                    let says = format!(
                        "allowed on behalf of any AWS account (the confused deputy problem): {advice}"
                    );
                    if_it_holds.push((Oddity::ServiceForAnybody, and(&of_kind), says));
                }
            }
        }
        if principals.is_all_but && !allows {
            self.lacks_account(&principals.list);
        }
        if !principals.is_all_but && self.may_create_grants() {
            let bound = self.asks(&CALLERS) || self.asks(&["kms:viaservice"]);
            let is_public = |who: &str| who == "*" && !bound;
            granters.retain(|who| is_public(who) || !self.asks(&BOUNDS));
            if_it_holds.extend(granters.into_iter().map(|who| {
                let says = self.open_grants(&who, is_public(&who));
                (Oddity::OpenGrants, who, says)
            }));
        }
        if_it_holds
    }

    /// Whom a Deny excepts without its account (IAM User Guide, "NotPrincipal": "you must also specify the account
    /// ARN of the not-denied principal").
    fn lacks_account(&mut self, list: &[Entry]) {
        let accounts: Vec<&str> = list
            .iter()
            .filter_map(|entry| match entry {
                Entry::Account { account, .. } => Some(&**account),
                Entry::Everybody
                | Entry::Identity(_)
                | Entry::Service(_)
                | Entry::Provider(_)
                | Entry::Nobody(_) => None,
            })
            .collect();
        let lacking: Vec<String> = list
            .iter()
            .filter_map(|entry| match entry {
                Entry::Identity(one) if !accounts.contains(&&*one.account) => Some(one.to_string()),
                Entry::Everybody
                | Entry::Account { .. }
                | Entry::Identity(_)
                | Entry::Service(_)
                | Entry::Provider(_)
                | Entry::Nobody(_) => None,
            })
            .collect();
        for who in lacking {
            let says = "list its account in NotPrincipal as well, or it may be denied; AWS recommends an ArnNotEquals condition on aws:PrincipalArn instead";
            self.say(Oddity::DeniesNotPrincipal, &who, says);
        }
    }

    /// Whether it is known that another account owns the key.
    fn is_foreign(&self, account: &str) -> bool {
        self.key.is_some_and(|key| key.account() != account)
    }

    /// Whether a condition restricts one of some keys.
    fn asks(&self, keys: &[&str]) -> bool {
        let mut conditions = self.statement.conditions.iter();
        conditions.any(|one| keys.contains(&&*one.key) && one.restricts())
    }

    /// A condition that says for whom a service acts, and that every value meets.
    fn open_source(&self) -> Option<&str> {
        let mut conditions = self.statement.conditions.iter();
        let open = conditions.find(|one| {
            let is_source =
                SOURCES.contains(&&*one.key) || one.key.starts_with("kms:encryptioncontext:");
            is_source && needs_key(one) && !one.restricts()
        });
        open.map(|one| &*one.name)
    }

    fn asks_for_service_context(&self) -> bool {
        let mut conditions = self.statement.conditions.iter();
        conditions.any(|one| one.key.starts_with("kms:encryptioncontext:") && one.restricts())
    }

    /// What to do about whoever may create any grant.
    fn open_grants(&self, who: &str, is_public: bool) -> String {
        if is_public {
            return "anybody can create a grant on the key: name the principals, or add a condition on \
                    kms:CallerAccount or aws:PrincipalOrgID"
                .to_owned();
        }
        let any = "can create a grant for any principal, including itself";
        let any = if who == "*" {
            "every principal that meets the conditions can create a grant for any principal, including itself"
        } else if who.starts_with("account ") {
            "every principal that the account allows can create a grant for any principal, including itself"
        } else {
            any
        };
        let bound = "with a condition on kms:GrantIsForAWSResource or kms:GranteePrincipal";
        if self.is_about_grants_only() {
            let bound = bound.trim_start_matches("with ");
            return format!("{any}: add {bound}");
        }
        let listed = self.statement.actions.list.iter();
        let mut listed = listed.zip(&self.statement.written);
        let wide =
            listed.find(|(one, _)| !is_plain(one.pieces()) && matches(one.pieces(), CREATE_GRANT));
        match wide {
            Some((_, wide)) if !self.statement.actions.is_all_but => format!(
                "{any}, because `{wide}` includes kms:CreateGrant: \
                 replace `{wide}` with the actions that are needed, and allow kms:CreateGrant in a separate statement \
                 {bound}"
            ),
            Some(_) | None => format!(
                "{any}: remove kms:CreateGrant from this statement, and allow it in a separate statement {bound}"
            ),
        }
    }

    /// Whether all of its actions are those of which requests have the condition keys of grants (KMS Developer
    /// Guide, "kms:GrantIsForAWSResource").
    fn is_about_grants_only(&self) -> bool {
        let actions = &self.statement.actions;
        let of_grants = ["kms:creategrant", "kms:listgrants", "kms:revokegrant"];
        let mut listed = actions.list.iter();
        !actions.is_all_but && listed.all(|one| of_grants.contains(&&*one.to_string()))
    }

    fn may_create_grants(&self) -> bool {
        let actions = &self.statement.actions;
        let mut patterns = actions.list.iter();
        let is_listed = patterns.any(|one| matches(one.pieces(), CREATE_GRANT));
        is_listed != actions.is_all_but
    }
}

/// Services by how to say for whom they act.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Logs,
    Events,
    Other,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Logs, Self::Events, Self::Other];

    fn of(name: &str) -> Self {
        match name.split('.').next() {
            Some("logs") => Self::Logs,
            Some("events") => Self::Events,
            Some(_) | None => Self::Other,
        }
    }

    /// CloudWatch Logs User Guide, "Encrypt log data"; SNS Developer Guide, "Key management".
    const fn advice(self) -> &'static str {
        match self {
            Self::Logs => {
                "add a condition on kms:EncryptionContext:aws:logs:arn, which its requests for log groups include, except DescribeKey"
            }
            Self::Events => {
                "if the key encrypts an event bus, add a condition on aws:SourceAccount or aws:SourceArn; if it encrypts an SNS topic, SNS does not support these conditions, and the topic policy must specify whose rules can publish"
            }
            Self::Other => "add a condition on aws:SourceAccount, aws:SourceArn or aws:SourceOrgID",
        }
    }
}

/// What is wrong with a text that names nobody (IAM User Guide, "AWS JSON policy elements: Principal" and "IAM
/// identifiers").
fn wrong_with(text: &str) -> String {
    let is_id = |prefix: &str| {
        text.starts_with(prefix) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    for (prefix, what) in [
        ("AROA", "a role"),
        ("AIDA", "a user"),
        ("AGPA", "a group"),
        ("AIPA", "an instance profile"),
        ("ANPA", "a managed policy"),
    ] {
        if is_id(prefix) {
            return format!(
                "it is the unique id of {what} that was deleted, which AWS shows in its place"
            );
        }
    }
    let Some(arn) = Arn::split(text) else {
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        return if is_number {
            "an account has twelve digits".to_owned()
        } else if text.ends_with(".amazonaws.com") {
            "it is a service, which stands under \"Service\", not under \"AWS\"".to_owned()
        } else {
            "it is neither an ARN nor an account".to_owned()
        };
    };
    if arn.account.contains(['*', '?']) {
        return "wildcards are not allowed in the ARN of a principal; use `*` with a condition on \
                aws:PrincipalArn and one on aws:PrincipalOrgID or aws:PrincipalAccount, because anybody can have a role with that name"
            .to_owned();
    }
    if text.contains(['*', '?']) {
        return "wildcards are not allowed in the ARN of a principal; use `*` with a condition on \
                aws:PrincipalArn"
            .to_owned();
    }
    let is_account = arn.account.len() == 12 && arn.account.bytes().all(|one| one.is_ascii_digit());
    let kind = arn.resource.split('/').next().unwrap_or_default();
    match (arn.service, kind) {
        ("iam" | "sts", _) if !is_account => {
            format!("`{}` is no account, which has twelve digits", arn.account)
        }
        ("iam" | "sts", _) if !arn.region.is_empty() => {
            format!(
                "ARNs of IAM have no Region, and this one has `{}`",
                arn.region
            )
        }
        ("iam", "group") => {
            "an IAM group cannot be a principal; name its users or a role".to_owned()
        }
        ("iam", "instance-profile") => {
            "an instance profile cannot be a principal; name its role".to_owned()
        }
        ("iam", "policy") => "a policy cannot be a principal".to_owned(),
        ("iam", "saml-provider" | "oidc-provider") => {
            "an identity provider does not call KMS; name the role that it lets assume".to_owned()
        }
        ("iam", "assumed-role") => {
            "the ARN of a session begins with arn:aws:sts, not arn:aws:iam".to_owned()
        }
        ("sts", "role" | "user") => {
            format!("the ARN of a {kind} begins with arn:aws:iam, not arn:aws:sts")
        }
        ("sts", "assumed-role") => {
            "the ARN of a session is assumed-role/ROLE/SESSION, the role without its path"
                .to_owned()
        }
        ("iam", "role" | "user") => format!("its name is missing after `{kind}/`"),
        ("iam" | "sts", _) => {
            "it is not the ARN of a user, a role, a session or an account's root".to_owned()
        }
        (service, _) => {
            format!("an ARN of {service} is no principal; principals are of iam or sts")
        }
    }
}

/// Whether a pattern is written out.
pub(super) fn is_plain(pieces: &[Piece]) -> bool {
    pieces.iter().all(|piece| matches!(piece, Piece::Text(_)))
}
