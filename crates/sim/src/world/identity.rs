//! Who asks, where.

use crate::service::Service;

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The ARN, as GetCallerIdentity says it.
    pub arn: String,
    /// The unique id, likewise.
    pub user_id: String,
    /// The access key, where one was given.
    pub access_key: Option<String>,
}

/// Where a request goes and who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ctx {
    /// The service.
    pub service: Service,
    /// The account whose credentials sign.
    pub account: String,
    /// The region.
    pub region: String,
    /// Who asks.
    pub caller: Caller,
}

impl Ctx {
    /// The root user of an account.
    #[must_use]
    pub fn root(service: Service, account: &str, region: &str) -> Self {
        Self {
            service,
            account: account.to_owned(),
            region: region.to_owned(),
            caller: Caller {
                arn: format!("arn:{}:iam::{account}:root", partition(region)),
                user_id: account.to_owned(),
                access_key: None,
            },
        }
    }

    /// What SageMaker does by itself.
    pub(crate) fn of_service(account: &str, region: &str) -> Self {
        Self::root(Service::SageMaker, account, region)
    }

    /// The same place, asked by a session of a role of this account.
    pub(crate) fn as_session_of(&self, role: &str) -> Option<Self> {
        let (head, path) = role.split_once(":role/")?;
        let account = head.rsplit(':').next()?;
        let name = path.rsplit('/').next()?;
        let partition = partition(&self.region);
        let arn = format!("arn:{partition}:sts::{account}:assumed-role/{name}/SageMaker");
        let caller = Caller {
            arn,
            user_id: String::new(),
            access_key: None,
        };
        let is_own = account == self.account;
        is_own.then(|| Self {
            caller,
            ..self.clone()
        })
    }

    /// The same place, asked by somebody of this account.
    pub(crate) fn asked_by(&self, arn: &str) -> Self {
        let caller = Caller {
            arn: arn.to_owned(),
            ..self.caller.clone()
        };
        Self {
            caller,
            ..self.clone()
        }
    }

    /// An ARN in this account and region.
    pub(crate) fn arn(&self, service: &str, resource: &str) -> String {
        format!(
            "arn:{}:{service}:{}:{}:{resource}",
            partition(&self.region),
            self.region,
            self.account
        )
    }
}

/// The partition of a region, by its prefix (AWS General Reference, "ARNs").
#[must_use]
pub fn partition(region: &str) -> &'static str {
    sagelock_policy::Partition::of_region(region).name
}

impl super::World {
    /// The account of an access key: that of the session it was issued for, the one that it
    /// names by itself, or the default.
    #[must_use]
    pub fn account_of_key(&self, key: &str) -> String {
        if let Some(session) = self.sessions.get(key) {
            return session.account.clone();
        }
        let names_account = key.len() == 12 && key.bytes().all(|byte| byte.is_ascii_digit());
        if names_account {
            key.to_owned()
        } else {
            super::DEFAULT_ACCOUNT.to_owned()
        }
    }

    /// Who asks with an access key: the role that was assumed, else the account's root.
    #[must_use]
    pub fn ctx_of_key(&self, service: Service, key: &str, region: &str) -> Ctx {
        let account = self.account_of_key(key);
        let mut ctx = Ctx::root(service, &account, region);
        if let Some(session) = self.sessions.get(key) {
            ctx.caller.arn.clone_from(&session.arn);
            ctx.caller.user_id.clone_from(&session.user_id);
        }
        ctx.caller.access_key = Some(key.to_owned());
        ctx
    }
}
