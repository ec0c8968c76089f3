//! Where a service answers.

use std::net::IpAddr;

use aws_config::SdkConfig;
use aws_types::service_config::ServiceConfigKey;
use sagelock_domain::call::{CallError, CallErrorKind, Service};
use sagelock_domain::ids::{BucketName, Partition, Region};

/// Those that are asked.
pub(crate) const SERVICES: [Service; 7] = [
    Service::SageMaker,
    Service::Kms,
    Service::Sts,
    Service::Ec2,
    Service::Organizations,
    Service::S3,
    Service::Iam,
];

/// The address of a service in a region.
///
/// An override counts first: `AWS_ENDPOINT_URL_<SERVICE>` or the profile's `services` section,
/// then `AWS_ENDPOINT_URL` or the profile's `endpoint_url` (AWS SDKs and Tools Reference Guide,
/// "Service-specific endpoints").
///
/// # Errors
/// The region is not of a region's shape: no signed request goes to a host made of it.
pub(crate) fn endpoint(
    sdk: &SdkConfig,
    service: Service,
    region: &Region,
) -> Result<String, CallError> {
    match overridden(sdk, service) {
        Some(url) => Ok(url),
        None => public(service, region, sdk.use_fips().unwrap_or(false)),
    }
}

/// Where a bucket answers, and whether its name stands in the host.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BucketHost {
    pub(crate) url: String,
    pub(crate) is_virtual: bool,
}

/// The address of a bucket in a region: a host of its own (S3 User Guide, "Virtual hosting of
/// general purpose buckets"), but in the path where its name has a full stop, which the wildcard of
/// S3's certificate does not match, and behind an override, whose host is one.
///
/// # Errors
/// As of [`endpoint`].
pub(crate) fn bucket_host(
    sdk: &SdkConfig,
    bucket: &BucketName,
    region: &Region,
) -> Result<BucketHost, CallError> {
    let url = endpoint(sdk, Service::S3, region)?;
    if overridden(sdk, Service::S3).is_some() {
        let is_virtual = false;
        return Ok(BucketHost { url, is_virtual });
    }
    Ok(public_host(url, bucket))
}

fn public_host(url: String, bucket: &BucketName) -> BucketHost {
    if bucket.as_str().contains('.') {
        return BucketHost {
            url,
            is_virtual: false,
        };
    }
    BucketHost {
        url: url.replacen("https://", &format!("https://{bucket}."), 1),
        is_virtual: true,
    }
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

/// The override under which something on this machine answers for every service.
pub(crate) fn simulation(sdk: &SdkConfig) -> Option<String> {
    let of = |service| overridden(sdk, service).filter(|url| is_loopback(url));
    let urls: Option<Vec<String>> = SERVICES.into_iter().map(of).collect();
    urls?.into_iter().next()
}

/// Whether an address is of this machine. A name other than `localhost` is resolved by others.
pub(crate) fn is_loopback(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let authority = rest.get(..end).unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let host = match host.strip_prefix('[') {
        Some(inner) => inner.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    let is_local = |address: IpAddr| address.is_loopback();
    host.eq_ignore_ascii_case("localhost") || host.parse().is_ok_and(is_local)
}

/// Botocore's `serviceId`, from which the names of the overrides follow.
fn service_id(service: Service) -> &'static str {
    match service {
        Service::SageMaker => "SageMaker",
        Service::Kms => "KMS",
        Service::Sts => "STS",
        Service::Ec2 => "EC2",
        Service::Organizations => "Organizations",
        Service::S3 => "S3",
        Service::Iam => "IAM",
    }
}

/// The name a service signs under.
pub(crate) fn signing_name(service: Service) -> &'static str {
    service.prefix()
}

fn public(service: Service, region: &Region, fips: bool) -> Result<String, CallError> {
    if !region.has_shape() {
        return Err(CallError {
            kind: CallErrorKind::Refused,
            code: "Region".to_owned(),
            message: format!("`{region}` is not the name of a region, so nothing was sent"),
        });
    }
    let suffix = Partition::domain_of(region);
    let fips = if fips { "-fips" } else { "" };
    // Botocore, `endpointPrefix` of each service and its endpoint rules.
    Ok(match service {
        Service::SageMaker => format!("https://api{fips}.sagemaker.{region}.{suffix}"),
        Service::Kms => format!("https://kms{fips}.{region}.{suffix}"),
        Service::Sts => format!("https://sts{fips}.{region}.{suffix}"),
        Service::Ec2 => format!("https://ec2{fips}.{region}.{suffix}"),
        Service::Organizations => format!("https://organizations{fips}.{region}.{suffix}"),
        Service::S3 => format!("https://s3{fips}.{region}.{suffix}"),
        // Botocore, `endpoints.json`, iam: one for each partition.
        Service::Iam if suffix == "amazonaws.com" && region.as_str().starts_with("us-gov-") => {
            format!("https://iam.us-gov.{suffix}")
        }
        Service::Iam if suffix == "amazonaws.com" => format!("https://iam{fips}.{suffix}"),
        Service::Iam => format!("https://iam.{region}.{suffix}"),
    })
}

#[cfg(test)]
mod tests {
    use aws_types::service_config::LoadServiceConfig;

    use super::*;

    /// Overrides of some services, as a profile's `services` section has them.
    #[derive(Debug)]
    struct Services(Vec<(&'static str, &'static str)>);

    impl LoadServiceConfig for Services {
        fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
            let mut all = self.0.iter();
            let found = all.find(|(service, _)| *service == key.service_id());
            found.map(|(_, url)| (*url).to_owned())
        }
    }

    /// Teams behind AWS PrivateLink override addresses as well: only what answers here for every service is none of AWS.
    #[test]
    fn what_answers_on_this_machine_for_every_service_is_simulated() {
        let (here, link) = (
            "http://127.0.0.1:4599",
            "https://vpce-1-sts.eu-west-1.vpce.amazonaws.com",
        );
        let of = |url: Option<&str>, services: &[(&'static str, &'static str)]| {
            let mut builder = SdkConfig::builder().service_config(Services(services.to_vec()));
            builder.set_endpoint_url(url.map(ToOwned::to_owned));
            simulation(&builder.build())
        };
        assert_eq!(of(None, &[]), None);
        assert_eq!(of(Some(here), &[]).as_deref(), Some(here));
        assert_eq!(of(Some(link), &[]), None);
        assert_eq!(of(None, &[("STS", link)]), None);
        assert_eq!(of(None, &[("STS", here)]), None);
        for service in SERVICES.map(service_id) {
            assert_eq!(of(Some(here), &[(service, link)]), None, "{service}");
            assert_eq!(of(Some(link), &[(service, here)]), None, "{service}");
        }
        let all = SERVICES.map(|service| (service_id(service), here));
        assert_eq!(of(Some(link), &all).as_deref(), Some(here));
    }

    #[test]
    fn only_this_machine_is_loopback() {
        for here in [
            "http://127.0.0.1:4599",
            "http://127.8.9.1/",
            "https://localhost:4566/path",
            "http://LOCALHOST",
            "http://[::1]:80",
        ] {
            assert!(is_loopback(here), "{here}");
        }
        for elsewhere in [
            "https://vpce-1a2b-3c4d.sts.eu-west-1.vpce.amazonaws.com",
            "https://sts.eu-west-1.amazonaws.com",
            "http://127.0.0.1.example.com",
            "http://localhost.example.com:80",
            "http://127.0.0.1@example.com/",
            "http://10.0.0.1",
            "http://[fe80::1]",
            "",
        ] {
            assert!(!is_loopback(elsewhere), "{elsewhere}");
        }
    }

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
            (
                Service::S3,
                "us-east-1",
                false,
                "https://s3.us-east-1.amazonaws.com",
            ),
            (
                Service::S3,
                "cn-north-1",
                false,
                "https://s3.cn-north-1.amazonaws.com.cn",
            ),
            (
                Service::S3,
                "us-gov-west-1",
                true,
                "https://s3-fips.us-gov-west-1.amazonaws.com",
            ),
        ];
        for (service, region, fips, expected) in cases {
            let url = public(service, &Region::new(region), fips);
            assert_eq!(url.as_deref(), Ok(expected));
        }
    }

    #[test]
    fn a_bucket_has_a_host_of_its_own_where_it_can() {
        for (bucket, expected) in [
            ("models", "https://models.s3.eu-west-1.amazonaws.com"),
            ("models.example", "https://s3.eu-west-1.amazonaws.com"),
        ] {
            let url = public(Service::S3, &Region::new("eu-west-1"), false).unwrap();
            let host = public_host(url, &bucket.parse().unwrap());
            assert_eq!(host.url, expected);
            assert_eq!(host.is_virtual, !bucket.contains('.'));
        }
    }

    #[test]
    fn no_host_is_made_of_what_is_no_region() {
        for text in [
            "",
            "x.evil.example/",
            "eu-west-1.evil.example",
            "evil.example#-x-1",
        ] {
            let refused = public(Service::Kms, &Region::new(text), false);
            assert_eq!(
                refused.map_err(|error| error.kind),
                Err(CallErrorKind::Refused),
                "{text}"
            );
        }
    }
}
