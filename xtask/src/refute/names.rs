//! Who and what there is in a stack, in a partition.

/// The account of the key.
pub(super) const OWN: &str = "111122223333";
/// An account outside.
pub(super) const FOREIGN: &str = "444455556666";
pub(super) const ORGANIZATION: &str = "o-aaaaaaaaaa";
/// IAM User Guide, "IAM identifiers": the unique id of a role.
pub(super) const ROLE_ID: &str = "AROAEXAMPLEIDOFAROLE1";
pub(super) const ALIAS: &str = "alias/team-red";

/// The names of a partition.
#[derive(Clone, Copy, Debug)]
pub(super) struct Names {
    pub(super) partition: &'static str,
    pub(super) region: &'static str,
    /// Of the names of services in `kms:ViaService`.
    pub(super) suffix: &'static str,
}

impl Names {
    pub(super) fn of(partition: &str) -> Self {
        match partition {
            "aws-cn" => Self {
                partition: "aws-cn",
                region: "cn-north-1",
                suffix: "amazonaws.com.cn",
            },
            "aws-us-gov" => Self {
                partition: "aws-us-gov",
                region: "us-gov-west-1",
                suffix: "amazonaws.com",
            },
            "aws-eusc" => Self {
                partition: "aws-eusc",
                region: "eusc-de-east-1",
                suffix: "amazonaws.eu",
            },
            _ => Self {
                partition: "aws",
                region: "eu-west-1",
                suffix: "amazonaws.com",
            },
        }
    }

    pub(super) fn key(self) -> String {
        self.key_named("1234abcd-12ab-34cd-56ef-1234567890ab")
    }

    pub(super) fn other_key(self) -> String {
        self.key_named("99999999-12ab-34cd-56ef-1234567890ab")
    }

    pub(super) fn alias(self) -> String {
        let (partition, region) = (self.partition, self.region);
        format!("arn:{partition}:kms:{region}:{OWN}:alias/other")
    }

    fn key_named(self, id: &str) -> String {
        let (partition, region) = (self.partition, self.region);
        format!("arn:{partition}:kms:{region}:{OWN}:key/{id}")
    }

    /// An ARN of IAM: `root`, `user/alice`.
    pub(super) fn iam(self, account: &str, name: &str) -> String {
        format!("arn:{}:iam::{account}:{name}", self.partition)
    }

    /// An ARN of STS: `assumed-role/Reader/s1`.
    pub(super) fn sts(self, account: &str, name: &str) -> String {
        format!("arn:{}:sts::{account}:{name}", self.partition)
    }

    pub(super) fn via(self, service: &str) -> String {
        format!("{service}.{}.{}", self.region, self.suffix)
    }

    /// The name of a service without its domain: `.amazonaws.com`, or that of the partition.
    pub(super) fn of_service(self, host: &str) -> Option<&str> {
        let bare = host.strip_suffix(".amazonaws.com");
        bare.or_else(|| host.strip_suffix(self.suffix)?.strip_suffix('.'))
    }

    /// What services work for, with a Region and an account, one of them or none (Service Authorization
    /// Reference: CloudTrail, CloudFront, API Gateway, Route 53, S3).
    pub(super) fn sources(self, account: &str) -> [String; 5] {
        let (partition, region) = (self.partition, self.region);
        [
            self.trail(account),
            format!("arn:{partition}:cloudfront::{account}:distribution/E1"),
            format!("arn:{partition}:apigateway:{region}::/restapis/a"),
            format!("arn:{partition}:route53:::hostedzone/Z1"),
            format!("arn:{partition}:s3:::bucket"),
        ]
    }

    pub(super) fn trail(self, account: &str) -> String {
        let (partition, region) = (self.partition, self.region);
        format!("arn:{partition}:cloudtrail:{region}:{account}:trail/main")
    }

    /// The ARN of who is asked about, by the level of its factor.
    pub(super) fn caller(self, level: &str) -> String {
        match level {
            "role-path" => self.iam(OWN, "role/team/a/Reader"),
            "user" => self.iam(OWN, "user/alice"),
            "root" => self.iam(OWN, "root"),
            "service-linked" => self.iam(
                OWN,
                "role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling",
            ),
            "foreign-role" => self.iam(FOREIGN, "role/Ext"),
            "foreign-user" => self.iam(FOREIGN, "user/bob"),
            _ => self.iam(OWN, "role/Reader"),
        }
    }
}

/// Whose account is none of the key's.
pub(super) fn is_foreign(arn: &str) -> bool {
    arn.split(':').nth(4).is_some_and(|account| account != OWN)
}
