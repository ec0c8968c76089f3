//! Who we are and what is in scope: found out before a collection begins.

mod accounts;
mod refusal;
mod regions;
mod replay;
mod room;

use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use anyhow::anyhow;
use jiff::Timestamp;
use sagelock_aws::{Aws, Options, RecordError, Recorder, Simulated};
use sagelock_domain::call::view::CallerIdentity;
use sagelock_domain::call::{Call, CallError, CallErrorKind, Reply, input};
use sagelock_domain::collect::{Address, Extent, Scope};
use sagelock_domain::drive::{Calls, Limits, Rate};
use sagelock_domain::fact::Gap;
use sagelock_domain::ids::{AccountId, Region};
use sagelock_domain::recording::{Ending, Meta, SCHEMA};
use sagelock_domain::regions as regions_of_aws;

use self::refusal::{check_regions, no_credentials, not_identified};
use crate::accounts::Accounts;
use crate::drive::{Port, ask};
use crate::exit::{Exit, Failure};

/// What the user wants to be looked at.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted<'a> {
    pub(crate) profile: Option<String>,
    pub(crate) regions: Vec<Region>,
    pub(crate) offline: Option<&'a Path>,
    pub(crate) record: Option<&'a Path>,
    pub(crate) rate: Option<Rate>,
    pub(crate) deadline: Duration,
    /// A simulated AWS to talk to.
    pub(crate) simulated: Option<Simulated>,
    /// Whatever answers at the endpoint override is none of AWS.
    pub(crate) is_simulated: bool,
    /// Which accounts.
    pub(crate) accounts: Accounts,
}

/// A connection, and what is in scope.
pub(crate) struct Session {
    pub(crate) port: Rc<Port>,
    /// What is looked at.
    pub(crate) scope: Scope,
    /// Accounts that are not looked at, and why.
    pub(crate) skipped: Vec<(AccountId, String)>,
    /// The caller's own ARN, where STS was asked.
    pub(crate) caller: Option<String>,
    /// The regions of our own account, or those that were named.
    pub(crate) regions: Vec<Region>,
    /// Why the regions may not be all.
    pub(crate) regions_gap: Option<Gap>,
    /// Opt-in regions that the account has not switched on.
    pub(crate) regions_off: Vec<Region>,
    /// The override under which something answers in AWS's place.
    pub(crate) simulated: Option<String>,
    /// Whether the run that is replayed was interrupted.
    pub(crate) replays_interrupted: bool,
    pub(crate) started_at: Timestamp,
    pub(crate) limits: Limits,
    /// What finding this out has asked.
    pub(crate) calls: Calls,
}

impl Session {
    /// Opens a recording, or connects to AWS.
    pub(crate) async fn open(wanted: &Wanted<'_>) -> Result<Self, Failure> {
        match wanted.offline {
            Some(folder) => Self::replay(folder, wanted),
            None => Self::connect(wanted).await,
        }
    }

    async fn connect(wanted: &Wanted<'_>) -> Result<Self, Failure> {
        let started_at = Timestamp::now();
        check_regions(&wanted.regions)?;
        let options = Options {
            profile: wanted.profile.clone(),
            region: wanted.regions.first().cloned(),
            simulated: wanted.simulated.clone(),
        };
        let aws = Aws::connect(options).await.map_err(no_credentials)?;
        let url = if wanted.is_simulated {
            let none = || anyhow!("`--simulated` is for an endpoint override, and there is none");
            let url = aws.endpoint_override().ok_or_else(|| {
                Failure::usage(none())
                    .hint("set AWS_ENDPOINT_URL to where the simulated AWS answers")
            })?;
            Some(url)
        } else {
            aws.simulation()
        };
        let simulated = url.map(|url| format!("{url} answers in AWS's place"));
        let rate = wanted.rate.unwrap_or(match simulated {
            Some(_) => Rate::Max,
            None => Rate::Default,
        });
        let limits = Limits {
            rate,
            deadline: wanted.deadline,
            ..Limits::default()
        };
        let default_region = aws.default_region();
        let otherwise = default_region.clone();
        let otherwise = otherwise.unwrap_or_else(|| Region::new("us-east-1"));
        let home = regions_of_aws::answering(&wanted.regions, &otherwise);
        let mut port = Rc::new(Port::Aws(Box::new(aws), None));
        let (identity, listed, calls) = who(&port, limits, &home).await?;
        if let Some(Port::Aws(aws, _)) = Rc::get_mut(&mut port) {
            aws.set_own(identity.account.clone());
        }
        let mut session = Self {
            port,
            scope: Scope::of(std::slice::from_ref(&identity.account), &[], false),
            skipped: Vec::new(),
            caller: Some(identity.arn),
            regions: wanted.regions.clone(),
            regions_gap: None,
            regions_off: Vec::new(),
            simulated,
            replays_interrupted: false,
            started_at,
            limits,
            calls,
        };
        session.scope.home = home;
        match &wanted.accounts {
            Accounts::Own => {
                let leaves_out = session.choose_regions(listed, default_region)?;
                let home = session.scope.home.clone();
                session.scope = Scope::of(&[identity.account], &session.regions, false);
                session.scope.home = home;
                for entry in &mut session.scope.entries {
                    entry.leaves_out = leaves_out;
                }
            }
            several @ (Accounts::Listed(_) | Accounts::Organization(_)) => {
                session.choose_accounts(several, &wanted.regions).await?;
            }
        }
        session.limits.in_flight_max = room::in_flight(session.scope.entries.len());
        Ok(session)
    }

    /// Begins a recording, where one is wanted, now that it is known of what.
    pub(crate) fn record(&mut self, wanted: &Wanted<'_>) -> Result<(), Failure> {
        let Some(folder) = wanted.record else {
            return Ok(());
        };
        let several = !matches!(wanted.accounts, Accounts::Own);
        let meta = Meta {
            schema: SCHEMA.to_owned(),
            account: self.scope.account.clone(),
            home: several.then(|| self.scope.home.clone()),
            is_organization: self.scope.extent != Extent::Named,
            is_whole_organization: self.scope.extent == Extent::All,
            entries: if several {
                self.scope.entries.clone()
            } else {
                Vec::new()
            },
            regions: self.regions.clone(),
            left_out: if several {
                Vec::new()
            } else {
                self.scope.left_out().cloned().collect()
            },
            simulated: self.simulated.is_some(),
            started_at: self.started_at,
            // What stands there if nobody lives to say otherwise.
            ending: Some(Ending::Interrupted),
        };
        let recorder = Recorder::create(folder, &meta).map_err(Failure::usage)?;
        if let Some(Port::Aws(_, slot)) = Rc::get_mut(&mut self.port) {
            *slot = Some(Box::new(recorder));
        }
        Ok(())
    }

    /// Ends the recording, where there is one.
    pub(crate) fn finish_recording(&self, interrupted: bool) -> Result<(), RecordError> {
        let ending = if interrupted {
            Ending::Interrupted
        } else {
            Ending::Whole
        };
        match &*self.port {
            Port::Aws(_, Some(recorder)) => recorder.finish(ending),
            Port::Aws(_, None) | Port::Replay(..) => Ok(()),
        }
    }
}

type Answered = Result<Reply, CallError>;

/// Whose credentials these are, and the answer about the regions of that account.
async fn who(
    port: &Rc<Port>,
    limits: Limits,
    home: &Region,
) -> Result<(CallerIdentity, Answered, Calls), Failure> {
    let nobody = Address {
        account: AccountId::new(""),
        region: home.clone(),
    };
    let regions = input::DescribeRegions { all_regions: true };
    let asked = vec![
        (nobody.clone(), Call::from(input::GetCallerIdentity {})),
        (nobody, Call::from(regions)),
    ];
    let (answers, calls) = ask(port, limits, asked).await?;
    let mut answers = answers.into_iter();
    let identity = answers.next().unwrap_or_else(|| Err(unanswered()));
    let identity = identity.map_err(|error| not_identified(&error))?;
    let identity = input::GetCallerIdentity::view(&identity)
        .map_err(|error| Failure::new(Exit::Credentials, error))?
        .get_caller_identity_result;
    let regions = answers.next().unwrap_or_else(|| Err(unanswered()));
    Ok((identity, regions, calls))
}

fn unanswered() -> CallError {
    CallError {
        kind: CallErrorKind::Interrupted,
        code: "Interrupted".to_owned(),
        message: String::new(),
    }
}
