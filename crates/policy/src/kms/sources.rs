//! What an ARN in `aws:SourceArn` may look like: most name a Region and an account or an account alone, and those
//! of these services may lack the account (Service Authorization Reference, "Resource types defined by …", of
//! every service; a test holds the lists against it).

/// Services that have resources whose ARNs name neither a Region nor an account.
pub const NO_PLACE: [&str; 13] = [
    "s3",
    "artifact",
    "aws-marketplace",
    "codecatalyst",
    "controlcatalog",
    "forecast",
    "identitystore",
    "mapcredits",
    "personalize",
    "route53",
    "signin",
    "sso",
    "vendor-insights",
];

/// Services that AWS shows as service principals in key policies, whose names are long enough that a neighbour is a
/// typing error (KMS Developer Guide, "AWS services integrated with AWS KMS", and the key policies of their guides).
pub(crate) const PRINCIPALS: [&str; 35] = [
    "airflow",
    "apigateway",
    "athena",
    "autoscaling",
    "backup",
    "bedrock",
    "cloudformation",
    "cloudfront",
    "cloudtrail",
    "cloudwatch",
    "codebuild",
    "codepipeline",
    "comprehend",
    "config",
    "connect",
    "databrew",
    "dynamodb",
    "ecs-tasks",
    "elasticfilesystem",
    "elasticmapreduce",
    "events",
    "firehose",
    "guardduty",
    "kinesis",
    "lambda",
    "redshift",
    "sagemaker",
    "scheduler",
    "secretsmanager",
    "securityhub",
    "states",
    "storagegateway",
    "timestream",
    "transfer",
    "workspaces",
];

/// Services that have resources whose ARNs name a Region and no account.
pub const NO_ACCOUNT: [&str; 20] = [
    "apigateway",
    "artifact",
    "aws-marketplace",
    "bedrock",
    "controltower",
    "dataexchange",
    "devicefarm",
    "ec2",
    "elasticbeanstalk",
    "events",
    "gamelift",
    "geo-maps",
    "geo-places",
    "geo-routes",
    "health",
    "iq",
    "iq-permission",
    "managedblockchain",
    "partnercentral",
    "signin",
];
