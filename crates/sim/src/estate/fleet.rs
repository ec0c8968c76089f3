//! A simulated organisation of any size: as many accounts, regions and endpoints as are asked
//! for, each endpoint with a configuration of its own.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::builder::{Builder, tag_list, url};
use super::demo_teams::pick;
pub use super::fleet_organization::Account;
use super::fleet_organization::{accounts, make};
use super::fleet_roles;
use crate::world::{Random, World};

/// The management account, from which everything is read. It is the first account.
pub const MANAGEMENT: &str = super::demo::MANAGEMENT;
/// The role in every account that trusts the management account.
pub const ROLE: &str = "sagelock-audit";
/// The regions, in the order in which they are taken. Every account has them (Account Management
/// Reference Guide, "Region availability").
pub const REGIONS: &[&str] = &[
    "eu-west-1",
    "us-east-1",
    "eu-central-1",
    "us-west-2",
    "ap-southeast-1",
    "ap-northeast-1",
    "eu-west-2",
    "us-east-2",
    "ap-south-1",
    "ca-central-1",
    "eu-north-1",
    "eu-west-3",
    "ap-southeast-2",
    "ap-northeast-2",
    "sa-east-1",
    "us-west-1",
    "ap-northeast-3",
];
/// The days over which the endpoints came into being.
const HISTORY_DAYS: u64 = 90;

/// How large a fleet is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Accounts that are open, the management account included.
    pub accounts: usize,
    /// Regions in which each has endpoints.
    pub regions: usize,
    /// Endpoints in each account and region.
    pub endpoints: usize,
    /// Roles in each account, beside those that models run as and the one that reads.
    pub roles: usize,
}

/// A fleet.
#[derive(Debug)]
pub struct Fleet {
    /// The world that it is in.
    pub world: World,
    /// Its accounts, those that were closed last.
    pub accounts: Vec<Account>,
    /// Its regions.
    pub regions: Vec<&'static str>,
    /// Endpoints that there are.
    pub endpoints: usize,
    /// Calls that were refused while it was made; there should be none.
    pub refused: u64,
}

impl Fleet {
    /// The accounts that are open, as Cloud Custodian's c7n-org reads them (c7n-org, "Config file
    /// generation"): id, name, role, regions and tags.
    #[must_use]
    pub fn accounts_file(&self) -> String {
        use std::fmt::Write as _;
        let mut text = "accounts:\n".to_owned();
        for account in self.accounts.iter().filter(|account| !account.suspended) {
            let (id, name, role) = (&account.id, &account.name, account.role());
            let (path, team) = (account.path.join("/"), account.team);
            let regions = self.regions.join(", ");
            let _ = write!(
                text,
                "- account_id: '{id}'\n  name: {name}\n  role: {role}\n  regions: [{regions}]\n  \
                 tags:\n  - path:/{path}\n  - team:{team}\n",
            );
        }
        text
    }
}

/// A fleet, as it is now. The same seed makes the same one.
#[must_use]
pub fn fleet(now: Timestamp, seed: u64, size: Size) -> Fleet {
    let begun = now
        .saturating_sub(SignedDuration::from_hours(24 * HISTORY_DAYS.cast_signed()))
        .unwrap_or(now);
    let mut world = World::new(begun, seed);
    // Nobody looks at how a world of this size was made.
    world.keep_lines(0);
    let regions: Vec<&str> = REGIONS.iter().take(size.regions).copied().collect();
    let accounts = accounts(size.accounts);
    let organization = make(&mut world, &accounts);
    for account in accounts.iter().filter(|account| !account.suspended) {
        fleet_roles::make(&mut world, account, size.roles);
    }
    let central = central_keys(&mut world, &accounts, &regions, &organization);
    let mut cells: Vec<Cell> = Vec::new();
    for account in accounts.iter().filter(|account| !account.suspended) {
        for (region, central) in regions.iter().zip(&central) {
            cells.push(Cell::make(&mut world, account, region, central));
        }
    }
    let endpoints = cells.len() * size.endpoints;
    let seconds = (HISTORY_DAYS - 1) * 24 * 3600;
    let step = Duration::from_secs(seconds)
        .checked_div(u32::try_from(endpoints).unwrap_or(u32::MAX))
        .unwrap_or_default();
    let mut dice = Random::new(seed ^ 0x666C_6565_7400_0000);
    for index in 0..size.endpoints {
        for cell in &cells {
            cell.deploy(&mut world, &mut dice, index);
            world.advance(step);
        }
    }
    for cell in &cells {
        cell.grow_old(&mut world);
    }
    fleet_roles::guard(&mut world);
    world.advance_to(now);
    let refused = world.ledger().tallies().total().refused;
    world.ledger_mut().count_anew();
    Fleet {
        world,
        accounts,
        regions,
        endpoints,
        refused,
    }
}

pub(super) const TENANTS: &[&str] = &["aurora", "borealis", "cirrus"];
const CLASSES: &[&str] = &[
    "restricted",
    "confidential",
    "internal",
    "internal",
    "public",
];
pub(super) const APPLICATIONS: &[&str] = &["scoring", "ranking", "embeddings"];
const PLACEMENTS: &[&[&str]] = &[
    &["ml.m5.large"],
    &["ml.m5.xlarge"],
    &["ml.c6i.xlarge"],
    &["ml.c6i.xlarge"],
    &["ml.r5.large"],
    &["ml.inf2.xlarge"],
    &["ml.g5.xlarge"],
    &["ml.g5.xlarge"],
    &["ml.m5.large", "ml.g4dn.xlarge"],
    &["serverless"],
];

/// The keys of the central account, by region: for everything, and for what is regulated.
fn central_keys(
    world: &mut World,
    accounts: &[Account],
    regions: &[&str],
    organization: &str,
) -> Vec<Vec<String>> {
    let owner = accounts
        .get(1)
        .filter(|account| !account.suspended)
        .map_or(MANAGEMENT, |account| account.id.as_str());
    let policy = json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Sid": "Owner", "Effect": "Allow", "Action": "kms:*", "Resource": "*",
            "Principal": { "AWS": format!("arn:aws:iam::{owner}:root") },
        }, {
            "Sid": "Organization", "Effect": "Allow", "Resource": "*", "Principal": { "AWS": "*" },
            "Action": ["kms:DescribeKey", "kms:CreateGrant", "kms:Decrypt",
                "kms:GenerateDataKey*", "kms:ReEncrypt*"],
            "Condition": { "StringEquals": { "aws:PrincipalOrgID": organization } },
        }],
    })
    .to_string();
    let key = |world: &mut World, region: &str, name: &str| {
        let tags = json!([{ "TagKey": "owner", "TagValue": "security" }]);
        let input = json!({ "Policy": policy, "Description": name, "Tags": tags });
        let alias = format!("alias/ml/{name}");
        Builder::new(world, owner, region).key(&input, &[&alias], true)
    };
    regions
        .iter()
        .map(|region| {
            ["central", "central-regulated"]
                .map(|name| key(world, region, name))
                .into()
        })
        .collect()
}

/// What is in one account and region.
struct Cell {
    account: String,
    team: &'static str,
    region: &'static str,
    /// The keys of its tenants.
    own: Vec<String>,
    /// A key that is disabled in the end.
    old: String,
    central: Vec<String>,
}

impl Cell {
    fn make(
        world: &mut World,
        account: &Account,
        region: &'static str,
        central: &[String],
    ) -> Self {
        let mut builder = Builder::new(world, &account.id, region);
        let mut own = Vec::new();
        for (number, tenant) in TENANTS.iter().enumerate() {
            let tags = json!([
                { "TagKey": "tenant", "TagValue": tenant },
                { "TagKey": "owner", "TagValue": account.team },
            ]);
            let input = json!({ "Description": format!("ML endpoints of {tenant}"), "Tags": tags });
            let alias = format!("alias/ml/{tenant}");
            own.push(builder.key(&input, &[&alias], number != 2));
        }
        let old = builder.key(&json!({}), &["alias/ml/old"], false);
        let bucket = format!("models-{}-{region}", account.id);
        builder.bucket(&bucket, Some("aws:kms"), own.first().map(String::as_str));
        for application in APPLICATIONS {
            let artifact = format!("{application}/model.tar.gz");
            builder.object(&bucket, &artifact, None, None);
            let loads = url(&format!("s3://{bucket}/{artifact}"));
            builder.model(application, &[loads]);
        }
        Self {
            account: account.id.clone(),
            team: account.team,
            region,
            own,
            old,
            central: central.to_vec(),
        }
    }

    /// The key of a new configuration, as it is written: of a hundred, so many each.
    fn key(&self, dice: &mut Random, tenant: usize) -> Option<String> {
        let own = self.own.get(tenant).cloned();
        match dice.roll(100) {
            0..40 => own,
            40..55 => TENANTS.get(tenant).map(|name| format!("alias/ml/{name}")),
            55..60 => own.and_then(|arn| arn.rsplit('/').next().map(ToOwned::to_owned)),
            60..72 => self.central.first().cloned(),
            72..75 => self.central.get(1).cloned(),
            75..83 => Some("alias/aws/ebs".to_owned()),
            83..86 => Some(self.old.clone()),
            _ => None,
        }
    }

    fn deploy(&self, world: &mut World, dice: &mut Random, index: usize) {
        let tenant = dice.roll(TENANTS.len());
        let tenant_name = pick(TENANTS, tenant).unwrap_or_default();
        let class = pick(CLASSES, dice.roll(CLASSES.len())).unwrap_or_default();
        let application = pick(APPLICATIONS, index).unwrap_or_default();
        let placement = pick(PLACEMENTS, dice.roll(PLACEMENTS.len())).unwrap_or_default();
        let key = self.key(dice, tenant);
        let captures = dice.roll(5) == 0;
        let is_tagged = dice.roll(12) != 0;
        let name = format!("{application}-{tenant_name}-{index:04}");
        let config = format!("{name}-v1");
        let mut tags = vec![("owner", self.team)];
        if is_tagged {
            tags.extend([("tenant", tenant_name), ("data-class", class)]);
        }
        let mut input = json!({
            "EndpointConfigName": config,
            "ProductionVariants": variants(application, placement),
            "Tags": tag_list(tags.iter().copied()),
        });
        if let (Some(key), Some(fields)) = (&key, input.as_object_mut()) {
            fields.insert("KmsKeyId".to_owned(), Value::from(key.as_str()));
        }
        if let (true, Some(fields)) = (captures, input.as_object_mut()) {
            let capture = self.capture(key.as_deref());
            fields.insert("DataCaptureConfig".to_owned(), capture);
        }
        let mut builder = Builder::new(world, &self.account, self.region);
        builder.sagemaker("CreateEndpointConfig", &input);
        tags.push(("cost-center", "machine-learning"));
        let input = json!({
            "EndpointName": name, "EndpointConfigName": config, "Tags": tag_list(tags),
        });
        builder.sagemaker("CreateEndpoint", &input);
    }

    fn capture(&self, key: Option<&str>) -> Value {
        let bucket = format!("{}-{}-ml", self.team, self.region);
        json!({
            "EnableCapture": true, "InitialSamplingPercentage": 20,
            "DestinationS3Uri": format!("s3://{bucket}/capture"),
            "KmsKeyId": key.unwrap_or("alias/aws/s3"),
            "CaptureOptions": [{ "CaptureMode": "Input" }, { "CaptureMode": "Output" }],
        })
    }

    /// What happened to its keys while its endpoints went on running.
    fn grow_old(&self, world: &mut World) {
        let mut builder = Builder::new(world, &self.account, self.region);
        builder.kms("DisableKey", &json!({ "KeyId": self.old }));
    }
}

fn variants(model: &str, placement: &[&str]) -> Value {
    placement
        .iter()
        .enumerate()
        .map(|(number, on)| {
            let mut variant = json!({ "VariantName": format!("v{number}"), "ModelName": model });
            let size = if *on == "serverless" {
                json!({ "ServerlessConfig": { "MemorySizeInMB": 2048, "MaxConcurrency": 5 } })
            } else {
                json!({ "InstanceType": on, "InitialInstanceCount": 1 })
            };
            if let (Some(fields), Value::Object(size)) = (variant.as_object_mut(), size) {
                fields.extend(size);
            }
            variant
        })
        .collect()
}
