//! `sagelock audit --estimate`.

use sagelock_domain::call::Op;
use sagelock_domain::drive::Rate;
use sagelock_domain::estimate::{Estimate, Expected, estimate};
use serde_json::json;

use super::{is_json, print};
use crate::exit::{Exit, Failure};
use crate::report::Format;
use crate::session::Wanted;

/// What a region is assumed to hold, where nobody says.
const ASSUMED: Expected = Expected {
    endpoints: 50,
    configs: 200,
    keys: 10,
    buckets: 5,
    artifacts: 50,
    prefixes: 5,
};
/// More than any region holds.
const MOST: u64 = 1_000_000_000;
/// The regions that an account has without opting in (AWS Account Management Reference Guide,
/// "Enable or disable AWS Regions in your account").
const DEFAULT_REGIONS: u64 = 17;

/// `--assume`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Assumed(Expected);

/// Reads `--assume`.
pub(super) fn expected(text: &str) -> Result<Assumed, String> {
    let numbers: Result<Vec<u64>, _> = text.split(',').map(|part| part.trim().parse()).collect();
    match numbers.as_deref() {
        Ok(all) if all.iter().any(|number| *number > MOST) => Err(format!(
            "each number is for one region, and must be at most {MOST}"
        )),
        Ok([endpoints, configs, keys, more @ ..]) if more.len() <= 3 => Ok(Assumed(Expected {
            endpoints: *endpoints,
            configs: *configs,
            keys: *keys,
            buckets: more.first().copied().unwrap_or(ASSUMED.buckets),
            // One model for each endpoint, with one artifact.
            artifacts: more.get(1).copied().unwrap_or(*endpoints),
            prefixes: more.get(2).copied().unwrap_or(ASSUMED.prefixes),
        })),
        Ok(_) | Err(_) => Err(
            "expected three to six whole numbers: endpoints, configurations, keys, buckets, artifacts, prefixes"
                .to_owned(),
        ),
    }
}

/// Prints what an audit will cost.
pub(super) fn run(
    wanted: &Wanted<'_>,
    assumed: Option<Assumed>,
    format: Option<Format>,
) -> Result<Exit, Failure> {
    let mut regions = wanted.regions.len() as u64;
    let mut expected = assumed.map_or(ASSUMED, |assumed| assumed.0);
    let mut basis = "assumed; say otherwise with --assume and --region";
    if let Some(folder) = wanted.offline {
        let (meta, recording) = sagelock_aws::load_recording(folder).map_err(Failure::usage)?;
        regions = meta.regions.len() as u64;
        let per_region = |op: Op| recording.count(op).div_ceil(regions.max(1));
        expected = Expected {
            endpoints: per_region(Op::DescribeEndpoint),
            configs: per_region(Op::DescribeEndpointConfig),
            keys: per_region(Op::DescribeKey),
            buckets: per_region(Op::GetBucketEncryption),
            artifacts: per_region(Op::HeadObject),
            prefixes: per_region(Op::ListObjectsV2),
        };
        basis = "as the recording holds, averaged over its regions";
    }
    if regions == 0 {
        regions = DEFAULT_REGIONS;
    }
    let rate = wanted.rate.unwrap_or(Rate::Default);
    let estimate = estimate(regions, expected, rate);
    let text = if is_json(format)? {
        as_json(regions, expected, &estimate, basis)
    } else {
        as_text(regions, expected, &estimate, basis)
    };
    print(|out| writeln!(out, "{text}"))?;
    Ok(Exit::Clean)
}

fn minutes(estimate: &Estimate) -> Option<f64> {
    estimate.seconds.map(|seconds| seconds / 60.0)
}

/// An upper bound in cents: never less than what it bounds.
fn rounded_up(dollars: f64) -> f64 {
    (dollars * 100.0).ceil() / 100.0
}

fn as_json(regions: u64, expected: Expected, estimate: &Estimate, basis: &str) -> String {
    let calls: serde_json::Map<String, serde_json::Value> = estimate
        .calls
        .iter()
        .map(|(op, count)| (op.name().to_owned(), json!(count)))
        .collect();
    let document = json!({
        "schema": "sagelock.estimate/1",
        "regions": regions,
        "per_region": {
            "endpoints": expected.endpoints,
            "configurations": expected.configs,
            "keys": expected.keys,
            "buckets": expected.buckets,
            "artifacts": expected.artifacts,
            "prefixes": expected.prefixes,
        },
        "basis": basis,
        "calls": calls,
        "calls_total": estimate.calls.values().sum::<u64>(),
        "minutes": minutes(estimate),
        "dollars_max": estimate.dollars,
    });
    format!("{document:#}")
}

fn as_text(regions: u64, expected: Expected, estimate: &Estimate, basis: &str) -> String {
    let Expected {
        endpoints,
        configs,
        keys,
        buckets,
        artifacts,
        prefixes,
    } = expected;
    let time = match minutes(estimate) {
        Some(minutes) => format!("about {minutes:.1} minutes"),
        None => "as fast as answers come".to_owned(),
    };
    let total: u64 = estimate.calls.values().sum();
    let dollars = rounded_up(estimate.dollars);
    let plural = if regions == 1 { "region" } else { "regions" };
    let each = format!(
        "{endpoints} endpoints, {configs} configurations, {keys} keys, {buckets} buckets, {artifacts} artifacts and {prefixes} prefixes"
    );
    let mut lines = vec![
        format!("{regions} {plural} of one account with {each} each"),
        format!("({basis})"),
        format!("{total} calls, {time}, at most {dollars:.2} US dollars (requests of KMS and S3)"),
        String::new(),
    ];
    let counted = estimate.calls.iter().filter(|(_, count)| **count > 0);
    lines.extend(counted.map(|(op, count)| format!("{count:>9}  {}", op.name())));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upper_bound_is_rounded_up() {
        for (dollars, shown) in [
            (0.0, "0.00"),
            (0.000_18, "0.01"),
            (0.021, "0.03"),
            (1.0, "1.00"),
        ] {
            assert_eq!(format!("{:.2}", rounded_up(dollars)), shown, "{dollars}");
        }
    }
}
