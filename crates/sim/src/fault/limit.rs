//! Rates beyond which AWS throttles: a bucket for each account, region and API.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;

use crate::world::Ctx;

/// A limit.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "LimitText")]
pub struct Limit {
    /// The calls, `sagemaker:Describe*`.
    pub calls: String,
    /// So many a second, of the world's.
    pub per_second: f64,
    /// So many at once after a pause.
    pub burst: f64,
    buckets: BTreeMap<(String, String, &'static str), (f64, Timestamp)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LimitText {
    calls: String,
    per_second: f64,
    #[serde(default)]
    burst: Option<f64>,
}

impl TryFrom<LimitText> for Limit {
    type Error = String;

    fn try_from(text: LimitText) -> Result<Self, String> {
        let burst = text.burst.unwrap_or(text.per_second.max(1.0));
        if !(text.per_second > 0.0 && burst >= 1.0) {
            return Err("`per_second` is above 0, and `burst` at least 1".to_owned());
        }
        Ok(Self::new(&text.calls, text.per_second, burst))
    }
}

impl Limit {
    /// A limit.
    #[must_use]
    pub fn new(calls: &str, per_second: f64, burst: f64) -> Self {
        Self {
            calls: calls.to_owned(),
            per_second,
            burst,
            buckets: BTreeMap::new(),
        }
    }

    pub(super) fn admits(&mut self, ctx: &Ctx, operation: &'static str, now: Timestamp) -> bool {
        let id = (ctx.account.clone(), ctx.region.clone(), operation);
        let (tokens, at) = self.buckets.entry(id).or_insert((self.burst, now));
        let seconds = now.duration_since(*at).as_secs_f64().max(0.0);
        *tokens = (*tokens + seconds * self.per_second).min(self.burst);
        *at = now;
        if *tokens < 1.0 {
            return false;
        }
        *tokens -= 1.0;
        true
    }
}
