//! How are we doing? Every number that is shown is made here, with its definition, its unit and
//! the share that is not known.

mod posture;

use std::fmt;

use serde::Serialize;

pub use posture::{Posture, Verdicts};

/// What a number means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Definition {
    /// Its stable id.
    pub id: &'static str,
    /// What it is called.
    pub title: &'static str,
    /// How it is made.
    pub definition: &'static str,
    /// What it is counted in.
    pub unit: &'static str,
}

/// A share, and how much of the whole is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kpi {
    definition: &'static Definition,
    part: u64,
    whole: u64,
    unknown: u64,
}

impl Kpi {
    fn new(definition: &'static Definition, part: u64, whole: u64, unknown: u64) -> Self {
        Self {
            definition,
            part,
            whole,
            unknown,
        }
    }

    /// What it means.
    #[must_use]
    pub fn definition(&self) -> &'static Definition {
        self.definition
    }

    /// The share of the whole in hundredths, `55.2 %`; `–` where there is nothing to have a share
    /// of.
    #[must_use]
    pub fn percent(&self) -> String {
        percent(self.part, self.whole)
    }

    /// The share of the whole that is not known.
    #[must_use]
    pub fn unknown_percent(&self) -> String {
        percent(self.unknown, self.whole)
    }

    /// The share in eighths, for a picture; none where there is nothing.
    #[must_use]
    pub fn eighths(&self) -> Option<u8> {
        let eighths = (self.part * 8).checked_div(self.whole)?;
        u8::try_from(eighths.min(8)).ok()
    }

    /// For other programs.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::json!({
            "id": self.definition.id,
            "part": self.part,
            "whole": self.whole,
            "unknown": self.unknown,
            "share": share(self.part, self.whole),
            "unknown_share": share(self.unknown, self.whole),
        })
    }
}

impl fmt::Display for Kpi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} of {} ({}), {} not known",
            self.part,
            self.whole,
            self.percent(),
            self.unknown_percent()
        )
    }
}

/// Rounded down to a tenth of a percent: what is not whole never looks whole.
fn percent(part: u64, whole: u64) -> String {
    match (part * 1000).checked_div(whole) {
        Some(thousandths) => format!("{}.{} %", thousandths / 10, thousandths % 10),
        None => "–".to_owned(),
    }
}

fn share(part: u64, whole: u64) -> Option<f64> {
    let thousandths = u32::try_from((part * 1000).checked_div(whole)?).ok()?;
    Some(f64::from(thousandths) / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHARE: Definition = Definition {
        id: "x",
        title: "x",
        definition: "x",
        unit: "x",
    };

    #[test]
    fn a_share_is_rounded_down_and_says_what_is_not_known() {
        let kpi = |part, whole, unknown| Kpi::new(&SHARE, part, whole, unknown);
        assert_eq!(
            kpi(2, 3, 1).to_string(),
            "2 of 3 (66.6 %), 33.3 % not known"
        );
        assert_eq!(kpi(0, 0, 0).percent(), "–");
        assert_eq!(kpi(1999, 2000, 0).percent(), "99.9 %");
        assert_eq!(kpi(7, 7, 0).eighths(), Some(8));
        assert_eq!(kpi(0, 0, 0).to_json()["share"], serde_json::Value::Null);
    }
}
