//! The regions of our own account.

use anyhow::anyhow;
use sagelock_domain::call::{CallError, CallErrorKind, Op, Reply, input};
use sagelock_domain::fact::Gap;
use sagelock_domain::ids::Region;
use sagelock_domain::regions;

use super::Session;
use super::refusal::no_such_region;
use crate::exit::{Exit, Failure};

impl Session {
    /// The regions that were named, or all that the account has. Those that are off are left out
    /// and are no gap, unless one of them was named. Whether the account may have others.
    pub(super) fn choose_regions(
        &mut self,
        answer: Result<Reply, CallError>,
        default_region: Option<Region>,
    ) -> Result<bool, Failure> {
        let listed = answer.and_then(|reply| {
            input::DescribeRegions::view(&reply).map_err(|malformed| CallError {
                kind: CallErrorKind::NotJson,
                code: "MalformedReply".to_owned(),
                message: malformed.to_string(),
            })
        });
        let leaves_out = match listed {
            Ok(view) => {
                let (on, off) = view.enabled();
                if self.regions.is_empty() {
                    self.regions = on;
                    self.regions_off = off;
                    false
                } else {
                    if let Some(region) = self.regions.iter().find(|region| off.contains(region)) {
                        let account = &self.scope.account;
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
                    !on.iter().all(|region| self.regions.contains(region))
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
                        call: Op::DescribeRegions,
                        account: self.scope.account.clone(),
                        region: region.clone(),
                        reason: error.kind.gap(),
                        subject: String::new(),
                        said: error.to_string(),
                    });
                    self.regions = vec![region];
                }
                true
            }
        };
        self.regions.sort();
        self.regions.dedup();
        Ok(leaves_out)
    }
}
