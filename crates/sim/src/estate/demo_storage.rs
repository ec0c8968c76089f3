//! The buckets and artifacts of the simulated organisation.

use serde_json::Value;

use super::builder::{Builder, many, prefix, url};
use super::demo_keys::Keys;
use super::demo_teams::{TEAMS, Team};
use crate::world::World;

/// A team's bucket in a region.
pub(super) fn bucket(team: &Team, region: &str) -> String {
    format!("{}-{region}-ml", team.name)
}

/// Where the platform team keeps what it trains for others.
const PLATFORM: &str = "platform-eu-central-1-ml";

/// Makes every team's buckets, artifacts and models.
pub(super) fn make(world: &mut World, keys: &Keys, regions: &[&str]) {
    for (number, team) in TEAMS.iter().enumerate() {
        for (count, region) in regions.iter().enumerate() {
            let key = keys.arn(team.account, region, "outputs").cloned();
            let bucket = bucket(team, region);
            let mut builder = Builder::new(world, team.account, region);
            // Two in three have a key by default; of the others one has that of AWS.
            let (algorithm, default) = match (number + count) % 6 {
                0 | 1 | 3 | 4 => (Some("aws:kms"), key.as_deref()),
                2 => (None, None),
                _ => (Some("aws:kms"), None),
            };
            builder.bucket(&bucket, None, None);
            // This one is older than its bucket's default encryption.
            builder.object(&bucket, "models/old/model.tar.gz", None, None);
            builder.default_encryption(&bucket, algorithm, default);
            for application in team.applications {
                artifacts(&mut builder, &bucket, application, key.as_deref());
                builder.model(application, &loads(&bucket, application));
            }
        }
    }
}

fn artifacts(builder: &mut Builder<'_>, bucket: &str, application: &str, key: Option<&str>) {
    let name = format!("models/{application}/model.tar.gz");
    match application {
        "fraud-detector" | "triage" | "demand" => {
            builder.object(bucket, &name, Some("aws:kms"), key);
        }
        "chargeback" => builder.object(bucket, &name, Some("AES256"), None),
        "search-ranking" => {
            builder.object(bucket, "models/search-ranking/part-1", None, None);
        }
        // Cleaned up after the deployment.
        "vision-lab" => {}
        _ => builder.object(bucket, &name, None, None),
    }
}

/// What the containers of an application load.
fn loads(bucket: &str, application: &str) -> Vec<Value> {
    let own = format!("s3://{bucket}/models/{application}/model.tar.gz");
    match application {
        "moderation" => Vec::new(),
        "speech-notes" => vec![
            url(&own),
            url(&format!("s3://{bucket}/models/old/model.tar.gz")),
        ],
        "recommender" => vec![url(&format!(
            "s3://{PLATFORM}/models/embeddings/model.tar.gz"
        ))],
        "search-ranking" => vec![prefix(&format!("s3://{bucket}/models/search-ranking/"))],
        "llm-lab" => vec![many(&format!("s3://{bucket}/models/"))],
        _ => vec![url(&own)],
    }
}
