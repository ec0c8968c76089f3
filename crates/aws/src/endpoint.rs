//! Where a service answers.

use aws_config::SdkConfig;
use aws_types::service_config::ServiceConfigKey;
use sagelock_domain::call::Service;
use sagelock_domain::ids::Region;

/// The address of a service in a region.
///
/// An override counts first: `AWS_ENDPOINT_URL_<SERVICE>` or the profile's `services` section,
/// then `AWS_ENDPOINT_URL` or the profile's `endpoint_url` (AWS SDKs and Tools Reference Guide,
/// "Service-specific endpoints").
pub(crate) fn endpoint(sdk: &SdkConfig, service: Service, region: &Region) -> String {
    overridden(sdk, service)
        .unwrap_or_else(|| public(service, region, sdk.use_fips().unwrap_or(false)))
}

/// The override of a service's address, where there is one.
pub(crate) fn overridden(sdk: &SdkConfig, service: Service) -> Option<String> {
    let key = ServiceConfigKey::builder()
        .service_id(service_id(service))
        .env("AWS_ENDPOINT_URL")
        .profile("endpoint_url")
        .build()
        .ok();
    let specific = key.and_then(|key| sdk.service_config()?.load_config(key));
    specific.or_else(|| sdk.endpoint_url().map(ToOwned::to_owned))
}

/// Botocore's `serviceId`, from which the names of the overrides follow.
fn service_id(service: Service) -> &'static str {
    match service {
        Service::SageMaker => "SageMaker",
        Service::Kms => "KMS",
        Service::Sts => "STS",
        Service::Ec2 => "EC2",
        Service::Organizations => "Organizations",
    }
}

/// The name a service signs under.
pub(crate) fn signing_name(service: Service) -> &'static str {
    service.prefix()
}

fn public(service: Service, region: &Region, fips: bool) -> String {
    let suffix = dns_suffix(region);
    let fips = if fips { "-fips" } else { "" };
    // Botocore, `endpointPrefix` of each service and its endpoint rules.
    match service {
        Service::SageMaker => format!("https://api{fips}.sagemaker.{region}.{suffix}"),
        Service::Kms => format!("https://kms{fips}.{region}.{suffix}"),
        Service::Sts => format!("https://sts{fips}.{region}.{suffix}"),
        Service::Ec2 => format!("https://ec2{fips}.{region}.{suffix}"),
        Service::Organizations => format!("https://organizations{fips}.{region}.{suffix}"),
    }
}

/// The domain of a partition (botocore, `partitions.json`, `dnsSuffix`).
fn dns_suffix(region: &Region) -> &'static str {
    let name = region.as_str();
    if name.starts_with("cn-") {
        "amazonaws.com.cn"
    } else if name.starts_with("us-isob-") {
        "sc2s.sgov.gov"
    } else if name.starts_with("us-isof-") {
        "csp.hci.ic.gov"
    } else if name.starts_with("eu-isoe-") {
        "cloud.adc-e.uk"
    } else if name.starts_with("us-iso-") {
        "c2s.ic.gov"
    } else if name.starts_with("eusc-") {
        "amazonaws.eu"
    } else {
        "amazonaws.com"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_answer_where_aws_says() {
        let cases = [
            (
                Service::SageMaker,
                "eu-west-1",
                false,
                "https://api.sagemaker.eu-west-1.amazonaws.com",
            ),
            (
                Service::SageMaker,
                "us-east-1",
                true,
                "https://api-fips.sagemaker.us-east-1.amazonaws.com",
            ),
            (
                Service::Kms,
                "cn-north-1",
                false,
                "https://kms.cn-north-1.amazonaws.com.cn",
            ),
            (
                Service::Kms,
                "us-gov-west-1",
                true,
                "https://kms-fips.us-gov-west-1.amazonaws.com",
            ),
            (
                Service::Organizations,
                "us-east-1",
                false,
                "https://organizations.us-east-1.amazonaws.com",
            ),
        ];
        for (service, region, fips, expected) in cases {
            assert_eq!(public(service, &Region::new(region), fips), expected);
        }
    }
}
