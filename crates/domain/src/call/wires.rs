//! How each service's requests travel.

use super::Wire;

/// SageMaker speaks JSON 1.1 (botocore, sagemaker/2017-07-24, metadata).
pub(super) const SAGEMAKER: Wire = Wire::Json {
    prefix: "SageMaker",
};
/// KMS speaks JSON 1.1 (botocore, kms/2014-11-01, metadata).
pub(super) const KMS: Wire = Wire::Json {
    prefix: "TrentService",
};
/// Organizations speaks JSON 1.1 (botocore, organizations/2016-11-28, metadata).
pub(super) const ORGANIZATIONS: Wire = Wire::Json {
    prefix: "AWSOrganizationsV20161128",
};
/// STS speaks the Query protocol (botocore, sts/2011-06-15, metadata).
pub(super) const STS: Wire = Wire::Query {
    version: "2011-06-15",
};
/// IAM speaks the Query protocol (botocore, iam/2010-05-08, metadata).
pub(super) const IAM: Wire = Wire::Query {
    version: "2010-05-08",
};
/// EC2 speaks its own flavour of it (botocore, ec2/2016-11-15, metadata).
pub(super) const EC2: Wire = Wire::Query {
    version: "2016-11-15",
};
