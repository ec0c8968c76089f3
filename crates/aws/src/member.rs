//! Other accounts: the role or the profile by which each is entered.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use aws_config::SdkConfig;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use jiff::Timestamp;
use sagelock_domain::call::{Call, CallError, CallErrorKind, Reply, input};
use sagelock_domain::collect::Address;
use sagelock_domain::ids::{AccountId, Arn, Region};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::Aws;
use crate::client::Who;

/// How another account is entered.
#[derive(Clone, Debug, Default)]
pub struct Membership {
    /// The roles to assume one after the other, by ARN; the last is of the account itself.
    pub roles: Vec<String>,
    /// The external ID that the roles' trust policies require (STS API, AssumeRole, `ExternalId`).
    pub external_id: Option<String>,
    /// How long a session lasts, in seconds, 900 to 43,200; an hour where nothing is said (STS API,
    /// AssumeRole, `DurationSeconds`).
    pub duration_seconds: Option<u32>,
    /// A profile of the shared configuration files, where there is no role.
    pub profile: Option<String>,
}

/// Another account, and the credentials for it once it is entered.
#[derive(Debug)]
pub(crate) struct Member {
    plan: Membership,
    session: Mutex<Option<Session>>,
    is_renewing: AtomicBool,
}

#[derive(Clone, Debug)]
struct Session {
    provider: SharedCredentialsProvider,
    expires: Option<SystemTime>,
    region: Region,
}

/// So long before its end a session is begun anew.
const EXPIRES_SOON: Duration = Duration::from_mins(2);

impl Member {
    fn new(plan: Membership, sdk: &SdkConfig, http: &SharedHttpClient) -> Self {
        let session = plan.profile.as_ref().map(|profile| {
            // A profile may assume a role itself, for which STS is asked somewhere.
            let config = ProviderConfig::without_region()
                .with_region(sdk.region().cloned())
                .with_http_client(http.clone());
            let named = ProfileFileCredentialsProvider::builder()
                .profile_name(profile)
                .configure(&config)
                .build();
            Session {
                provider: SharedCredentialsProvider::new(named),
                expires: None,
                region: Region::new(""),
            }
        });
        Self {
            plan,
            session: Mutex::new(session),
            is_renewing: AtomicBool::new(false),
        }
    }

    fn session(&self) -> Option<Session> {
        let session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        session.clone()
    }

    /// The credentials, where the account has been entered.
    pub(crate) fn provider(&self) -> Option<SharedCredentialsProvider> {
        self.session().map(|session| session.provider)
    }
}

impl Aws {
    /// From now on, calls in this account are made by its role or profile.
    pub fn add_member(&mut self, account: AccountId, plan: Membership) {
        self.members.insert(
            account,
            Arc::new(Member::new(plan, &self.shared.sdk, &self.shared.http)),
        );
    }

    /// Who signs a call at an address. Nobody signs for an account that is not his: its answers
    /// would be another account's.
    pub(crate) async fn who(&self, account: &AccountId) -> Result<Who, CallError> {
        if let Some(member) = self.members.get(account) {
            let Some(session) = member.session() else {
                let message = format!("account {account} has not been entered");
                return Err(no_credentials(message));
            };
            let soon = SystemTime::now() + EXPIRES_SOON;
            let ends = session.expires.is_some_and(|expires| expires <= soon);
            // One renews; the others use what is good for two minutes more.
            if ends && !member.is_renewing.swap(true, Ordering::SeqCst) {
                let renewed = self.renew(account, session.region, member).await;
                member.is_renewing.store(false, Ordering::SeqCst);
                renewed?;
            }
            return Ok(Who::Member(account.clone()));
        }
        let own = self.own();
        if account.as_str().is_empty() || own.is_none_or(|own| own == account) {
            return Ok(Who::Own);
        }
        let message = format!("there are no credentials for account {account}");
        Err(no_credentials(message))
    }

    /// Assumes the role of an account again. That it cannot be is no answer to what is being asked.
    async fn renew(
        &self,
        account: &AccountId,
        region: Region,
        member: &Arc<Member>,
    ) -> Result<(), CallError> {
        let address = Address {
            account: account.clone(),
            region,
        };
        let begun = self.begin(&address, account, member).await;
        begun.map(drop).map_err(|error| CallError {
            kind: match error.kind {
                CallErrorKind::Throttled | CallErrorKind::Unavailable => error.kind,
                CallErrorKind::AccessDenied
                | CallErrorKind::NotFound
                | CallErrorKind::Credentials
                | CallErrorKind::NotJson
                | CallErrorKind::Refused
                | CallErrorKind::Interrupted
                | CallErrorKind::NotRecorded => CallErrorKind::Credentials,
            },
            message: format!(
                "sts:AssumeRole, for the session had ended: {}",
                error.message
            ),
            code: error.code,
        })
    }

    /// Assumes the role that a call names; the credentials stay here.
    pub(crate) async fn enter(
        &self,
        address: &Address,
        input: &input::AssumeRole,
    ) -> Result<Reply, CallError> {
        let arn = input.role_arn.parse::<Arn>().ok();
        let account = arn.map(|arn| AccountId::new(arn.account()));
        let member = account.and_then(|account| self.members.get_key_value(&account));
        let named = |member: &Member| member.plan.roles.last() == Some(&input.role_arn);
        if let Some((account, member)) = member.filter(|(_, member)| named(member)) {
            self.begin(address, account, &Arc::clone(member)).await
        } else {
            let role = &input.role_arn;
            let message = format!("{role} is not the role of an account in scope");
            Err(no_credentials(message))
        }
    }

    async fn begin(
        &self,
        address: &Address,
        account: &AccountId,
        member: &Arc<Member>,
    ) -> Result<Reply, CallError> {
        let mut provider: Option<SharedCredentialsProvider> = None;
        let mut last = None;
        for role_arn in &member.plan.roles {
            let call = Call::from(input::AssumeRole {
                role_arn: role_arn.clone(),
                role_session_name: SESSION_NAME.to_owned(),
            });
            let mut further = Vec::new();
            if let Some(id) = &member.plan.external_id {
                further.push(("ExternalId", id.clone()));
            }
            if let Some(seconds) = member.plan.duration_seconds {
                further.push(("DurationSeconds", seconds.to_string()));
            }
            let signer = provider.as_ref();
            let reply = self
                .send_further(signer, &address.region, &call, &further)
                .await?;
            let (reply, session) = taken_out(reply, &address.region)?;
            provider = Some(session.provider.clone());
            last = Some((reply, session));
        }
        let Some((reply, session)) = last else {
            return Err(no_credentials(format!("account {account} has no role")));
        };
        *member
            .session
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(session);
        self.forget_exchanges(account);
        Ok(reply)
    }
}

/// What CloudTrail shows of our sessions (STS API, AssumeRole, `RoleSessionName`).
const SESSION_NAME: &str = "sagelock";

/// The reply without its credentials, and these.
fn taken_out(reply: Reply, region: &Region) -> Result<(Reply, Session), CallError> {
    let malformed = || CallError {
        kind: CallErrorKind::NotJson,
        code: "MalformedReply".to_owned(),
        message: "the reply of AssumeRole has no credentials".to_owned(),
    };
    let mut document: Value = serde_json::from_str(reply.body.get()).map_err(|_| malformed())?;
    let taken = document
        .pointer_mut("/AssumeRoleResult")
        .and_then(Value::as_object_mut)
        .and_then(|result| result.remove("Credentials"))
        .ok_or_else(malformed)?;
    let text = |name: &str| {
        taken
            .get(name)
            .and_then(Value::as_str)
            .map(ToOwned::to_owned)
    };
    let expires = text("Expiration")
        .and_then(|text| text.parse::<Timestamp>().ok())
        .and_then(|at| u64::try_from(at.as_second()).ok())
        .map(|seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
    let (Some(id), Some(secret)) = (text("AccessKeyId"), text("SecretAccessKey")) else {
        return Err(malformed());
    };
    let credentials = Credentials::new(id, secret, text("SessionToken"), expires, "sagelock");
    let body = RawValue::from_string(document.to_string()).map_err(|_| malformed())?;
    let session = Session {
        provider: SharedCredentialsProvider::new(credentials),
        expires,
        region: region.clone(),
    };
    Ok((Reply { body, ..reply }, session))
}

fn no_credentials(message: String) -> CallError {
    CallError {
        kind: CallErrorKind::Credentials,
        code: "NoCredentials".to_owned(),
        message,
    }
}
