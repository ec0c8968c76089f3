//! The roles of the simulated organisation: those that models run as, and those of the tenants.

use serde_json::json;

use super::builder::Builder;
use super::demo_teams::TEAMS;
use super::roles::{allow, of_its_tag, role};
use crate::world::World;

/// Makes the roles of every account. A tenant's role may use keys that bear the tenant's tag; the
/// one of delta in one account may use any.
pub(super) fn make(world: &mut World, tenants: &[&str]) {
    for team in TEAMS {
        let mut builder = Builder::new(world, team.account, "us-east-1");
        for application in team.applications {
            let name = format!("exec-{application}");
            let service = json!({ "Service": "sagemaker.amazonaws.com" });
            role(&mut builder, &name, &service, None);
            allow(
                &mut builder,
                &name,
                "serve",
                &json!([{
                    "Effect": "Allow", "Resource": "*",
                    "Action": ["s3:GetObject", "s3:PutObject", "logs:*", "cloudwatch:PutMetricData",
                        "ecr:GetAuthorizationToken", "ecr:BatchGetImage"],
                }]),
            );
        }
        let account = json!({ "AWS": format!("arn:aws:iam::{}:root", team.account) });
        for tenant in tenants {
            let name = format!("ml-{tenant}");
            role(&mut builder, &name, &account, Some(tenant));
            let is_wide = *tenant == "delta" && team.name == "health";
            let statements = if is_wide {
                json!([{ "Effect": "Allow", "Action": "kms:*", "Resource": "*" }])
            } else {
                of_its_tag()
            };
            allow(&mut builder, &name, "keys", &statements);
        }
    }
}
