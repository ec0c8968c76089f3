//! Who we are and what is in scope: found out before a collection begins.

use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use anyhow::anyhow;
use jiff::Timestamp;
use sagelock_aws::{Aws, ConnectError, Options, RecordError, Recorder, Simulated, load_recording};
use sagelock_domain::call::{Call, CallError, CallErrorKind, Reply, input};
use sagelock_domain::collect::Address;
use sagelock_domain::drive::{Batch, Calls, Driver, Limits, Rate};
use sagelock_domain::fact::Gap;
use sagelock_domain::ids::{AccountId, Region};
use sagelock_domain::recording::{Ending, Meta, SCHEMA};
use sagelock_domain::regions;

use crate::drive::{Ended, Port, run};
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
    /// Further accounts, and the role to assume in each.
    pub(crate) members: Option<(&'a str, Vec<AccountId>)>,
}

/// A connection, and what is in scope.
pub(crate) struct Session {
    pub(crate) port: Rc<Port>,
    pub(crate) account: AccountId,
    /// Further accounts that are looked at.
    pub(crate) members: Vec<AccountId>,
    /// The caller's own ARN, where STS was asked.
    pub(crate) caller: Option<String>,
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

    fn replay(folder: &Path, wanted: &Wanted<'_>) -> Result<Self, Failure> {
        let (meta, recording) = load_recording(folder).map_err(|error| {
            Failure::usage(error)
                .hint("a recording is a folder that `sagelock audit --record DIR` wrote")
        })?;
        let regions = if wanted.regions.is_empty() {
            meta.regions
        } else {
            if let Some(region) = wanted
                .regions
                .iter()
                .find(|one| !meta.regions.contains(one))
            {
                let held: Vec<&str> = meta.regions.iter().map(Region::as_str).collect();
                let error = anyhow!("the recording does not hold region `{region}`");
                return Err(Failure::usage(error).hint(format!("it holds {}", held.join(", "))));
            }
            wanted.regions.clone()
        };
        Ok(Self {
            port: Rc::new(Port::Replay(recording)),
            account: meta.account,
            members: Vec::new(),
            caller: None,
            regions,
            regions_gap: None,
            regions_off: Vec::new(),
            simulated: meta
                .simulated
                .then(|| "this was recorded from an endpoint override".to_owned()),
            replays_interrupted: meta.ending == Some(Ending::Interrupted),
            started_at: meta.started_at,
            // A retry cannot change what was recorded.
            limits: Limits {
                rate: Rate::Max,
                deadline: Duration::ZERO,
                ..Limits::default()
            },
            calls: Calls::default(),
        })
    }

    async fn connect(wanted: &Wanted<'_>) -> Result<Self, Failure> {
        let started_at = Timestamp::now();
        check_regions(&wanted.regions)?;
        let options = Options {
            profile: wanted.profile.clone(),
            region: wanted.regions.first().cloned(),
            simulated: wanted.simulated.clone(),
        };
        let mut aws = Aws::connect(options).await.map_err(no_credentials)?;
        let mut members = Vec::new();
        if let Some((role, accounts)) = &wanted.members {
            for account in accounts {
                aws.assume(account, role).await;
                members.push(account.clone());
            }
        }
        let simulated = aws
            .endpoint_override()
            .map(|url| format!("{url} answers in AWS's place"));
        let rate = wanted.rate.unwrap_or(match simulated {
            Some(_) => Rate::Max,
            None => Rate::Default,
        });
        let limits = Limits {
            rate,
            deadline: wanted.deadline,
            ..Limits::default()
        };
        let home = wanted
            .regions
            .first()
            .cloned()
            .or_else(|| aws.default_region());
        let home = home.unwrap_or_else(|| Region::new("us-east-1"));
        let default_region = aws.default_region();
        let port = Rc::new(Port::Aws(Box::new(aws), None));
        let nobody = Address {
            account: AccountId::new(""),
            region: home,
        };
        let asked = vec![
            (nobody.clone(), Call::from(input::GetCallerIdentity {})),
            (
                nobody.clone(),
                Call::from(input::DescribeRegions { all_regions: true }),
            ),
        ];
        let mut driver = Driver::new(Batch::new(asked), limits);
        if run(&mut driver, &port, |_| {}).await == Ended::Interrupted {
            return Err(Failure::new(
                Exit::Incomplete,
                anyhow!("interrupted before anything was read"),
            ));
        }
        let (batch, calls) = driver.finish();
        let mut answers = batch.into_answers().into_iter();
        let identity = answers.next().unwrap_or_else(|| Err(unanswered()));
        let identity = identity.map_err(|error| not_identified(&error))?;
        let identity = input::GetCallerIdentity::view(&identity)
            .map_err(|error| Failure::new(Exit::Credentials, error))?
            .get_caller_identity_result;
        let mut session = Self {
            port,
            account: identity.account,
            members,
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
        let answer = answers.next().unwrap_or_else(|| Err(unanswered()));
        session.choose_regions(answer, default_region)?;
        session.record(wanted)?;
        Ok(session)
    }

    /// The regions that were named, or all that the account has. Those that are off are left out
    /// and are no gap, unless one of them was named.
    fn choose_regions(
        &mut self,
        answer: Result<Reply, CallError>,
        default_region: Option<Region>,
    ) -> Result<(), Failure> {
        let listed = answer.and_then(|reply| {
            input::DescribeRegions::view(&reply).map_err(|malformed| CallError {
                kind: CallErrorKind::NotJson,
                code: "MalformedReply".to_owned(),
                message: malformed.to_string(),
            })
        });
        match listed {
            Ok(view) => {
                let items = view.region_info.item;
                let is_off = |status: &Option<String>| status.as_deref() == Some("not-opted-in");
                let of = |off: bool| -> Vec<Region> {
                    items
                        .iter()
                        .filter(|item| is_off(&item.opt_in_status) == off)
                        .map(|item| item.region_name.clone())
                        .collect()
                };
                let (on, off) = (of(false), of(true));
                if self.regions.is_empty() {
                    self.regions = on;
                    self.regions_off = off;
                } else {
                    if let Some(region) = self.regions.iter().find(|region| off.contains(region)) {
                        let account = &self.account;
                        let error =
                            anyhow!("region `{region}` is not enabled in account {account}");
                        return Err(Failure::usage(error)
                            .hint("enable it (account:EnableRegion), or leave it out"));
                    }
                    if let Some(region) = self
                        .regions
                        .iter()
                        .find(|region| !on.contains(region) && !regions::is_known(region))
                    {
                        return Err(no_such_region(region));
                    }
                }
            }
            Err(error) => {
                if let Some(region) = self
                    .regions
                    .iter()
                    .find(|region| !regions::is_known(region))
                {
                    return Err(no_such_region(region));
                }
                if self.regions.is_empty() {
                    let Some(region) = default_region else {
                        let told = anyhow!(error).context("cannot list the account's regions");
                        return Err(Failure::new(Exit::Incomplete, told)
                            .hint("name them with `--region`, or allow ec2:DescribeRegions"));
                    };
                    self.regions_gap = Some(Gap {
                        call: sagelock_domain::call::Op::DescribeRegions,
                        account: self.account.clone(),
                        region: region.clone(),
                        reason: error.kind.gap(),
                        subject: String::new(),
                        said: error.to_string(),
                    });
                    self.regions = vec![region];
                }
            }
        }
        self.regions.sort();
        self.regions.dedup();
        Ok(())
    }

    /// Begins a recording, now that it is known of what.
    fn record(&mut self, wanted: &Wanted<'_>) -> Result<(), Failure> {
        let Some(folder) = wanted.record else {
            return Ok(());
        };
        let meta = Meta {
            schema: SCHEMA.to_owned(),
            account: self.account.clone(),
            regions: self.regions.clone(),
            simulated: self.simulated.is_some(),
            started_at: self.started_at,
            // What stands there if nobody lives to say otherwise.
            ending: Some(Ending::Interrupted),
        };
        let recorder = Recorder::create(folder, &meta).map_err(Failure::usage)?;
        if let Some(Port::Aws(_, slot)) = Rc::get_mut(&mut self.port) {
            *slot = Some(recorder);
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

fn unanswered() -> CallError {
    CallError {
        kind: CallErrorKind::Interrupted,
        code: "Interrupted".to_owned(),
        message: String::new(),
    }
}

/// A name that cannot be a region's is refused before anything is asked.
fn check_regions(wanted: &[Region]) -> Result<(), Failure> {
    match wanted.iter().find(|region| !region.has_shape()) {
        Some(region) => Err(no_such_region(region)),
        None => Ok(()),
    }
}

fn no_such_region(region: &Region) -> Failure {
    let failure = Failure::usage(anyhow!("there is no region `{region}`"));
    match regions::close_to(region.as_str()).as_slice() {
        [] => failure,
        close => failure.hint(format!("did you mean {}?", close.join(" or "))),
    }
}

fn no_credentials(error: ConnectError) -> Failure {
    let hint = match &error {
        ConnectError::NoCredentials { .. } => {
            "set AWS_PROFILE or `--profile`, run `aws sso login`, or try `--offline` on a recording"
        }
        ConnectError::BadCredentials { .. } => {
            "log in again (`aws sso login`), or check the profile's role and source"
        }
    };
    Failure::new(Exit::Credentials, error).hint(hint)
}

fn not_identified(error: &CallError) -> Failure {
    let told = anyhow!("{error}").context("cannot find out whose credentials these are");
    let hint = match error.kind {
        CallErrorKind::Credentials => "the credentials are wrong or have expired: log in again",
        CallErrorKind::AccessDenied
        | CallErrorKind::NotFound
        | CallErrorKind::Throttled
        | CallErrorKind::Unavailable
        | CallErrorKind::NotJson
        | CallErrorKind::Refused
        | CallErrorKind::Interrupted
        | CallErrorKind::NotRecorded => {
            "is STS reachable from here? see AWS_ENDPOINT_URL and the proxy"
        }
    };
    Failure::new(Exit::Credentials, told).hint(hint)
}
