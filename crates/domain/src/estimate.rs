//! What an audit will cost, before it makes a call.

use std::collections::BTreeMap;

use crate::call::{Op, Service};
use crate::drive::{Rate, rate_of};

/// What a region is expected to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expected {
    /// Endpoints in each region.
    pub endpoints: u64,
    /// Endpoint configurations in each region.
    pub configs: u64,
    /// Distinct keys in each region.
    pub keys: u64,
    /// Distinct buckets that endpoints of a region write to without naming a key.
    pub buckets: u64,
    /// Distinct model artifacts of the endpoints of a region.
    pub artifacts: u64,
    /// Distinct prefixes that models load everything under; the objects there count as artifacts.
    pub prefixes: u64,
}

/// What an audit will cost.
#[derive(Clone, Debug, PartialEq)]
pub struct Estimate {
    /// Calls, by operation.
    pub calls: BTreeMap<Op, u64>,
    /// Seconds at the rate that is allowed; none where the rate has no limit.
    pub seconds: Option<f64>,
    /// US dollars.
    pub dollars: f64,
}

/// AWS KMS pricing: 0.03 US dollars for each 10,000 requests, beyond the 20,000 a month that
/// are free. The free ones are not counted here, so this is the most it can be. SageMaker's
/// control plane is free of charge.
const DOLLARS_PER_KMS_REQUEST: f64 = 0.03 / 10_000.0;
/// Amazon S3 pricing, "Requests & data retrievals", S3 Standard, "GET, SELECT, and all other
/// requests" in us-east-1: 0.0004 US dollars for each 1,000 requests.
const DOLLARS_PER_S3_REQUEST: f64 = 0.0004 / 1_000.0;
/// The same page, "PUT, COPY, POST, LIST requests": 0.005 US dollars for each 1,000 requests.
const DOLLARS_PER_S3_LIST: f64 = 0.005 / 1_000.0;

/// What auditing so many regions of one account will cost.
#[must_use]
#[expect(
    clippy::cast_precision_loss,
    reason = "calls are counted in millions at the most"
)]
pub fn estimate(regions: u64, expected: Expected, rate: Rate) -> Estimate {
    let pages = |items: u64| items.div_ceil(100).max(1);
    let Expected {
        endpoints,
        configs,
        keys,
        buckets,
        artifacts,
        prefixes,
    } = expected;
    let per_region = [
        (Op::ListEndpoints, pages(endpoints)),
        (Op::ListEndpointConfigs, pages(configs)),
        (Op::ListMonitoringSchedules, 1),
        (Op::DescribeEndpoint, endpoints),
        (Op::DescribeEndpointConfig, configs),
        (Op::ListTags, endpoints + configs),
        (Op::DescribeModel, endpoints),
        (Op::ListAliases, u64::from(keys > 0)),
        (Op::DescribeKey, keys),
        (Op::GetKeyRotationStatus, keys),
        (Op::ListResourceTags, keys),
        (Op::GetKeyPolicy, keys),
        (Op::ListGrants, keys),
        (Op::GetBucketEncryption, buckets),
        (Op::HeadObject, artifacts),
        (Op::ListObjectsV2, prefixes),
    ];
    let mut calls = BTreeMap::from([(Op::GetCallerIdentity, 1), (Op::DescribeRegions, 1)]);
    for (op, count) in per_region {
        calls.insert(op, count * regions);
    }
    let of = |service: Service, calls: &BTreeMap<Op, u64>| -> u64 {
        calls
            .iter()
            .filter(|(op, _)| op.row().service == service)
            .map(|(_, count)| count)
            .sum()
    };
    let lists = prefixes * regions;
    let dollars = of(Service::Kms, &calls) as f64 * DOLLARS_PER_KMS_REQUEST
        + (of(Service::S3, &calls) - lists) as f64 * DOLLARS_PER_S3_REQUEST
        + lists as f64 * DOLLARS_PER_S3_LIST;
    // Every operation of every region has a bucket of its own, and they are asked at the same time.
    let seconds = per_region
        .into_iter()
        .map(|(op, count)| count as f64 / rate_of(rate, op.row().service));
    let seconds = (rate != Rate::Max).then(|| seconds.fold(0.0, f64::max));
    Estimate {
        calls,
        seconds,
        dollars,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_estimate_counts_every_call() {
        let expected = Expected {
            endpoints: 300,
            configs: 1000,
            keys: 20,
            buckets: 5,
            artifacts: 40,
            prefixes: 3,
        };
        let estimate = estimate(1, expected, Rate::Default);
        assert_eq!(estimate.calls[&Op::ListEndpointConfigs], 10);
        assert_eq!(estimate.calls[&Op::ListTags], 1300);
        assert_eq!(estimate.calls[&Op::GetBucketEncryption], 5);
        assert_eq!(estimate.calls[&Op::HeadObject], 40);
        assert_eq!(estimate.calls[&Op::ListObjectsV2], 3);
        let seconds = estimate.seconds.unwrap();
        assert!((129.0..131.0).contains(&seconds), "{seconds}: of ListTags");
        assert!(estimate.dollars < 0.01);
    }
}
