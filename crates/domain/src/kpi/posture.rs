//! The live endpoints at the time of an audit: under which key, and with which verdicts.

use serde::{Deserialize, Serialize};

use super::{Definition, Kpi};
use crate::rules::Verdict;

/// What was judged of one live endpoint.
#[derive(Clone, Copy, Debug)]
pub struct Verdicts {
    /// EP-001: is the storage volume under a customer managed key?
    pub volume: Verdict,
    /// EP-006: is that key usable? Not applicable where the rule is off.
    pub usable: Verdict,
    /// The worst of all rules that are on.
    pub worst: Verdict,
}

/// Live endpoints, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posture {
    /// All of them.
    pub live: u64,
    /// Under a customer managed key.
    pub under_cmk: u64,
    /// Of these, under one that is usable.
    pub under_usable_cmk: u64,
    /// Of these, under one of which that is not known.
    pub usable_unknown: u64,
    /// Under none, although there could be one.
    pub not_under_cmk: u64,
    /// Of which a key cannot cover the storage: local, or serverless.
    pub cannot_be: u64,
    /// Of which it is not known.
    pub unknown: u64,
    /// Without a fail and without an unknown.
    pub passing: u64,
    /// With a fail.
    pub failing: u64,
    /// Without a fail, with an unknown.
    pub passing_unknown: u64,
}

const UNDER_CMK: Definition = Definition {
    id: "share_under_cmk",
    title: "under a customer managed key",
    definition: "live endpoints whose storage volume is under a customer managed key (EP-001 \
                 passes), of all live endpoints",
    unit: "endpoints",
};
const UNDER_USABLE_CMK: Definition = Definition {
    id: "share_under_usable_cmk",
    title: "under a usable one",
    definition: "live endpoints whose storage volume is under a customer managed key that is \
                 usable (EP-001 and EP-006 pass), of all live endpoints",
    unit: "endpoints",
};
const NOT_UNDER_CMK: Definition = Definition {
    id: "share_not_under_cmk",
    title: "not under one",
    definition: "live endpoints whose storage volume could be under a customer managed key and is \
                 not (EP-001 fails), of all live endpoints",
    unit: "endpoints",
};
const CANNOT_BE: Definition = Definition {
    id: "share_cannot_be",
    title: "cannot be",
    definition: "live endpoints whose storage no key covers, local or serverless (EP-001 is not \
                 applicable), of all live endpoints",
    unit: "endpoints",
};
const PASS_RATE: Definition = Definition {
    id: "pass_rate",
    title: "pass rate",
    definition: "live endpoints without a fail and without an unknown, of all live endpoints",
    unit: "endpoints",
};

impl Posture {
    /// Counts a live endpoint.
    pub fn count(&mut self, verdicts: Verdicts) {
        self.live += 1;
        match verdicts.volume {
            Verdict::Pass => {
                self.under_cmk += 1;
                match verdicts.usable {
                    Verdict::Pass => self.under_usable_cmk += 1,
                    Verdict::Unknown | Verdict::NotApplicable => self.usable_unknown += 1,
                    Verdict::Fail => {}
                }
            }
            Verdict::Fail => self.not_under_cmk += 1,
            Verdict::NotApplicable => self.cannot_be += 1,
            Verdict::Unknown => self.unknown += 1,
        }
        match verdicts.worst {
            Verdict::Fail => self.failing += 1,
            Verdict::Unknown => self.passing_unknown += 1,
            Verdict::Pass | Verdict::NotApplicable => self.passing += 1,
        }
    }

    /// The share under a customer managed key.
    #[must_use]
    pub fn under_cmk(&self) -> Kpi {
        Kpi::new(&UNDER_CMK, self.under_cmk, self.live, self.unknown)
    }

    /// The share under a usable one.
    #[must_use]
    pub fn under_usable_cmk(&self) -> Kpi {
        let unknown = self.unknown + self.usable_unknown;
        Kpi::new(&UNDER_USABLE_CMK, self.under_usable_cmk, self.live, unknown)
    }

    /// The share that could be under one and is not.
    #[must_use]
    pub fn not_under_cmk(&self) -> Kpi {
        Kpi::new(&NOT_UNDER_CMK, self.not_under_cmk, self.live, self.unknown)
    }

    /// The share that cannot be under one.
    #[must_use]
    pub fn cannot_be(&self) -> Kpi {
        Kpi::new(&CANNOT_BE, self.cannot_be, self.live, self.unknown)
    }

    /// The share of live endpoints about which nothing is wrong and nothing unknown.
    #[must_use]
    pub fn pass_rate(&self) -> Kpi {
        Kpi::new(&PASS_RATE, self.passing, self.live, self.passing_unknown)
    }

    /// Every number of them. The share under a key, the share that is not, the share that cannot
    /// be and the share not known sum to one.
    #[must_use]
    pub fn kpis(&self) -> [Kpi; 5] {
        [
            self.under_cmk(),
            self.under_usable_cmk(),
            self.not_under_cmk(),
            self.cannot_be(),
            self.pass_rate(),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_sum_to_the_whole() {
        use Verdict::{Fail, NotApplicable, Pass, Unknown};
        let mut posture = Posture::default();
        for (volume, usable, worst) in [
            (Pass, Pass, Pass),
            (Pass, Fail, Fail),
            (Pass, Unknown, Unknown),
            (Fail, NotApplicable, Fail),
            (NotApplicable, NotApplicable, Pass),
            (Unknown, Unknown, Unknown),
        ] {
            posture.count(Verdicts {
                volume,
                usable,
                worst,
            });
        }
        let Posture {
            live,
            under_cmk,
            not_under_cmk,
            cannot_be,
            unknown,
            ..
        } = posture;
        assert_eq!(under_cmk + not_under_cmk + cannot_be + unknown, live);
        assert_eq!(
            posture.passing + posture.failing + posture.passing_unknown,
            live
        );
        let shown = posture.under_usable_cmk().to_string();
        assert_eq!(shown, "1 of 6 (16.6 %), 33.3 % not known");
        assert_eq!(
            posture.pass_rate().to_string(),
            "2 of 6 (33.3 %), 33.3 % not known"
        );
    }
}
