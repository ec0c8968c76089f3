//! Faults: what goes wrong, where, how often. A plan is data, in code or in TOML.

mod limit;
mod pattern;

use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;

pub use limit::Limit;
pub(crate) use pattern::matches;

use crate::service::Service;
use crate::table::Operation;
use crate::world::{Ctx, Random};

/// A plan of faults.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Plan {
    /// Where chance begins.
    pub seed: u64,
    /// What goes wrong; the first that strikes counts, and beside it the first that delays.
    #[serde(rename = "fault")]
    pub faults: Vec<Fault>,
    /// Rates beyond which a call is throttled.
    #[serde(rename = "limit")]
    pub limits: Vec<Limit>,
    /// What was made is not seen at once.
    pub stale: Vec<Stale>,
    #[serde(skip)]
    random: Option<Random>,
    /// Calls that went beyond a limit.
    #[serde(skip)]
    throttled: u64,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            seed: 1,
            faults: Vec::new(),
            limits: Vec::new(),
            stale: Vec::new(),
            random: None,
            throttled: 0,
        }
    }
}

/// One fault.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "FaultText")]
pub struct Fault {
    /// Where.
    pub scope: Scope,
    /// Of the calls that are meant, the share that it strikes, from 0 to 1.
    pub share: f64,
    /// The first so many calls are left alone.
    pub skip: u64,
    /// It strikes so often, and then no more.
    pub times: Option<u64>,
    /// What it does.
    pub effect: Effect,
    met: u64,
    struck: u64,
}

/// The calls that are meant: patterns in which `*` stands for anything.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Scope {
    /// `sagemaker:Describe*`; none means every call.
    pub calls: Option<String>,
    /// An account.
    pub account: Option<String>,
    /// A region.
    pub region: Option<String>,
    /// What the call is about: a name, an id or an ARN, as the call writes it.
    pub resource: Option<String>,
}

/// What a fault does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// The service asks for less.
    Throttle,
    /// The service fails.
    Fail {
        /// With this status, 500 to 599.
        status: u16,
    },
    /// The caller may not.
    Deny {
        /// Which kind of policy says so.
        because: Because,
    },
    /// No answer comes.
    TimeOut,
    /// The connection is closed before the call is made.
    Reset,
    /// The call is made, and the connection closed before the answer.
    ReplyLost,
    /// The answer comes late, whatever it is.
    Slow {
        /// By so much.
        milliseconds: u64,
    },
    /// The answer ends in the middle.
    Truncate,
    /// Something that is not AWS answers.
    NotAws,
}

/// The kind of policy that denies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Because {
    /// No identity policy allows it.
    #[default]
    Identity,
    /// No resource policy allows it.
    Resource,
    /// A service control policy denies it.
    Scp,
}

impl Because {
    /// IAM User Guide, "Access denied error messages".
    pub(crate) fn words(self, subject: &str, operation: &str, ctx: &Ctx) -> String {
        let action = format!("{}:{operation}", ctx.service.prefix());
        let resource = if subject.is_empty() { "*" } else { subject };
        match self {
            Self::Identity => format!(
                "on resource: {resource} because no identity-based policy allows the {action} action"
            ),
            Self::Resource => format!(
                "on resource: {resource} because no resource-based policy allows the {action} action"
            ),
            Self::Scp => {
                format!("on resource: {resource} with an explicit deny in a service control policy")
            }
        }
    }
}

/// Eventual consistency: what was made is not seen for a while.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stale {
    /// The reading calls that do not see it, `sagemaker:Describe*`.
    #[serde(default)]
    pub calls: Option<String>,
    /// For so long, in the world's seconds.
    pub seconds: u64,
}

impl Scope {
    fn means(&self, ctx: &Ctx, row: &Operation, subject: &str) -> bool {
        let is = |pattern: &Option<String>, text: &str| {
            pattern
                .as_deref()
                .is_none_or(|pattern| matches(pattern, text))
        };
        let names = |pattern: &String| called(pattern, row.service, row.name);
        self.calls.as_ref().is_none_or(names)
            && is(&self.account, &ctx.account)
            && is(&self.region, &ctx.region)
            && is(&self.resource, subject)
    }
}

/// Whether a pattern like `kms:Describe*` means an operation.
fn called(pattern: &str, service: Service, operation: &str) -> bool {
    match pattern.split_once(':') {
        None => matches(pattern, operation),
        Some((of, name)) => matches(of, service.prefix()) && matches(name, operation),
    }
}

impl Fault {
    /// A fault that strikes every call.
    #[must_use]
    pub fn new(calls: &str, effect: Effect) -> Self {
        let scope = Scope {
            calls: Some(calls.to_owned()),
            ..Scope::default()
        };
        Self {
            scope,
            share: 1.0,
            skip: 0,
            times: None,
            effect,
            met: 0,
            struck: 0,
        }
    }

    /// Strikes a share of the calls.
    #[must_use]
    pub fn share(mut self, share: f64) -> Self {
        self.share = share;
        self
    }
}

impl Fault {
    /// How long it delays, where that is what it does.
    fn delay(&self) -> Option<Duration> {
        if let Effect::Slow { milliseconds } = self.effect {
            Some(Duration::from_millis(milliseconds))
        } else {
            None
        }
    }
}

/// What strikes one call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Struck {
    /// What is done to it, if anything.
    pub(crate) effect: Option<Effect>,
    /// How long its answer is held back, whatever it says.
    pub(crate) delay: Duration,
}

impl Plan {
    /// A plan of these faults.
    #[must_use]
    pub fn of(seed: u64, faults: Vec<Fault>) -> Self {
        Self {
            seed,
            faults,
            ..Self::default()
        }
    }

    /// The same, with what was made unseen for a while.
    #[must_use]
    pub fn with_stale(mut self, stale: Stale) -> Self {
        self.stale.push(stale);
        self
    }

    /// What strikes a call. A delay goes with anything else, as a way that is long does: a call
    /// that is slow can be throttled as well.
    pub(crate) fn strike(
        &mut self,
        ctx: &Ctx,
        row: &Operation,
        subject: &str,
        now: Timestamp,
    ) -> Struck {
        let seed = self.seed;
        let random = self.random.get_or_insert_with(|| Random::new(seed));
        let (mut delay, mut effect) = (None, None);
        for fault in &mut self.faults {
            let delays = fault.delay();
            let is_taken = match delays {
                Some(_) => delay.is_some(),
                None => effect.is_some(),
            };
            if is_taken || !fault.scope.means(ctx, row, subject) {
                continue;
            }
            fault.met += 1;
            let spent = fault.times.is_some_and(|times| fault.struck >= times);
            if fault.met <= fault.skip || spent || random.share() >= fault.share {
                continue;
            }
            fault.struck += 1;
            match delays {
                Some(_) => delay = delays,
                None => effect = Some(fault.effect),
            }
        }
        let delay = delay.unwrap_or_default();
        for limit in &mut self.limits {
            let is_meant = called(&limit.calls, row.service, row.name);
            if effect.is_none() && is_meant && !limit.admits(ctx, row.name, now) {
                self.throttled += 1;
                effect = Some(Effect::Throttle);
            }
        }
        Struck { effect, delay }
    }

    /// The patterns of calls that mean no operation there is: a name that is misspelled.
    #[must_use]
    pub fn meaningless(&self) -> Vec<&str> {
        let of_faults = self.faults.iter().filter_map(|f| f.scope.calls.as_deref());
        let of_limits = self.limits.iter().map(|limit| limit.calls.as_str());
        let of_stale = self.stale.iter().filter_map(|s| s.calls.as_deref());
        let means_one = |pattern: &str| {
            Service::ALL.iter().any(|service| {
                crate::table::of(*service)
                    .iter()
                    .any(|row| called(pattern, *service, row.name))
            })
        };
        of_faults
            .chain(of_limits)
            .chain(of_stale)
            .filter(|pattern| !means_one(pattern))
            .collect()
    }

    /// How often faults struck, and limits throttled.
    #[must_use]
    pub fn struck(&self) -> u64 {
        self.faults.iter().map(|fault| fault.struck).sum::<u64>() + self.throttled
    }

    /// How long what was made stays unseen by an operation.
    pub(crate) fn stale(&self, service: Service, operation: &str) -> Duration {
        let meant = |stale: &&Stale| {
            stale
                .calls
                .as_ref()
                .is_none_or(|pattern| called(pattern, service, operation))
        };
        let seconds = self.stale.iter().filter(meant).map(|stale| stale.seconds);
        Duration::from_secs(seconds.max().unwrap_or(0))
    }
}

/// A fault as a file writes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FaultText {
    effect: Kind,
    #[serde(default)]
    calls: Option<String>,
    #[serde(default)]
    account: Option<String>,
    #[serde(default)]
    region: Option<String>,
    #[serde(default)]
    resource: Option<String>,
    #[serde(default = "whole")]
    share: f64,
    #[serde(default)]
    skip: u64,
    #[serde(default)]
    times: Option<u64>,
    #[serde(default)]
    status: Option<u16>,
    #[serde(default)]
    milliseconds: Option<u64>,
    #[serde(default)]
    because: Option<Because>,
}

fn whole() -> f64 {
    1.0
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Throttle,
    Fail,
    Deny,
    TimeOut,
    Reset,
    ReplyLost,
    Slow,
    Truncate,
    NotAws,
}

impl TryFrom<FaultText> for Fault {
    type Error = String;

    fn try_from(text: FaultText) -> Result<Self, String> {
        if !(0.0..=1.0).contains(&text.share) {
            return Err(format!("`share` is from 0 to 1, not {}", text.share));
        }
        let status = text.status.unwrap_or(500);
        if !(500..600).contains(&status) {
            return Err(format!("`status` is from 500 to 599, not {status}"));
        }
        if text.times == Some(0) {
            return Err("`times = 0` never strikes; leave the fault out".to_owned());
        }
        let stray = match text.effect {
            Kind::Fail => text.milliseconds.map(|_| "milliseconds"),
            Kind::Slow => text.status.map(|_| "status"),
            Kind::Throttle
            | Kind::Deny
            | Kind::TimeOut
            | Kind::Reset
            | Kind::ReplyLost
            | Kind::Truncate
            | Kind::NotAws => text
                .status
                .map(|_| "status")
                .or(text.milliseconds.map(|_| "milliseconds")),
        };
        let is_deny = matches!(text.effect, Kind::Deny);
        let stray = stray.or(text.because.filter(|_| !is_deny).map(|_| "because"));
        if let Some(stray) = stray {
            return Err(format!("`{stray}` says nothing about this effect"));
        }
        let effect = match text.effect {
            Kind::Throttle => Effect::Throttle,
            Kind::Fail => Effect::Fail { status },
            Kind::Deny => Effect::Deny {
                because: text.because.unwrap_or_default(),
            },
            Kind::TimeOut => Effect::TimeOut,
            Kind::Reset => Effect::Reset,
            Kind::ReplyLost => Effect::ReplyLost,
            Kind::Slow => Effect::Slow {
                milliseconds: text.milliseconds.ok_or("`slow` needs `milliseconds`")?,
            },
            Kind::Truncate => Effect::Truncate,
            Kind::NotAws => Effect::NotAws,
        };
        Ok(Self {
            scope: Scope {
                calls: text.calls,
                account: text.account,
                region: text.region,
                resource: text.resource,
            },
            share: text.share,
            skip: text.skip,
            times: text.times,
            effect,
            met: 0,
            struck: 0,
        })
    }
}
