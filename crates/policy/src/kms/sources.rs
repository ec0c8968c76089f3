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
