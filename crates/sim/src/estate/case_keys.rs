//! The keys of the estate of every case, and the references to them.

use jiff::SignedDuration;
use serde_json::{Map, Value, json};

use super::builder::{Builder, shared_with};
use crate::kms::State;
use crate::world::World;

/// The account and region of the estate, and the others that it touches.
pub const ACCOUNT: &str = "111122223333";
/// The region.
pub const REGION: &str = "eu-west-1";
pub(super) const MEMBER: &str = "222233334444";
pub(super) const OTHER_REGION: &str = "us-east-1";
const STRANGER: &str = "999988887777";
const NEVER_MADE: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";

/// A reference to a key: which, in which form, as which text.
#[derive(Clone, Debug)]
pub(super) struct Reference {
    pub(super) key: &'static str,
    pub(super) form: &'static str,
    pub(super) text: Option<String>,
}

impl Reference {
    pub(super) fn show(&self) -> Value {
        json!({ "key": self.key, "form": self.form, "text": self.text })
    }
}

/// Name, arguments, aliases, rotation, account and region of a key.
struct Row {
    name: &'static str,
    input: Value,
    aliases: &'static [&'static str],
    rotates: bool,
    account: &'static str,
    region: &'static str,
}

fn rows() -> Vec<Row> {
    let owned = json!([{ "TagKey": "owner", "TagValue": "ml" }]);
    let rsa = json!({ "KeySpec": "RSA_2048", "KeyUsage": "ENCRYPT_DECRYPT" });
    let signing = json!({ "KeySpec": "RSA_2048", "KeyUsage": "SIGN_VERIFY" });
    let hmac = json!({ "KeySpec": "HMAC_256", "KeyUsage": "GENERATE_VERIFY_MAC" });
    let here = |name, input, aliases, rotates| Row {
        name,
        input,
        aliases,
        rotates,
        account: ACCOUNT,
        region: REGION,
    };
    let there = |name, input, rotates, account, region| Row {
        name,
        input,
        aliases: &[],
        rotates,
        account,
        region,
    };
    let shared = |owner: &str| json!({ "Policy": shared_with(owner, ACCOUNT) });
    vec![
        here("good", json!({ "Tags": owned }), &["alias/prod-good"], true),
        here("plain", json!({}), &[], false),
        here(
            "misnamed",
            json!({ "Tags": owned }),
            &["alias/misnamed"],
            true,
        ),
        here(
            "disabled",
            json!({ "Tags": owned }),
            &["alias/prod-disabled"],
            true,
        ),
        here("leaving", json!({}), &["alias/prod-leaving"], true),
        here("leaving-too", json!({}), &[], true),
        here("gone", json!({}), &["alias/prod-gone"], true),
        here("unaliased", json!({}), &["alias/taken-away"], false),
        here("rsa", rsa, &[], false),
        here("signing", signing, &[], false),
        here("hmac", hmac, &["alias/prod-hmac"], false),
        here("imported", json!({ "Origin": "EXTERNAL" }), &[], false),
        here(
            "multi",
            json!({ "MultiRegion": true, "Tags": owned }),
            &["alias/prod-multi"],
            true,
        ),
        here("expiring", json!({ "Origin": "EXTERNAL" }), &[], false),
        here("lasting", json!({ "Origin": "EXTERNAL" }), &[], false),
        here("hsm", json!({}), &[], false),
        here("store", json!({}), &[], false),
        there("elsewhere", json!({}), false, ACCOUNT, OTHER_REGION),
        there("shared", shared(MEMBER), true, MEMBER, REGION),
        there("closed", json!({}), false, MEMBER, REGION),
        there("stranger", shared(STRANGER), false, STRANGER, REGION),
    ]
}

/// Makes a key what no simulated call does: its material is imported, or in a custom key store.
/// Its origin, where that changed.
fn shape(world: &mut World, name: &str, id: &str) -> Option<String> {
    let now = world.now();
    let soon = now.saturating_add(SignedDuration::from_hours(24 * 24)).ok();
    let key = world.kms_mut(ACCOUNT, REGION).key_mut(id)?;
    match name {
        "expiring" => {
            key.state = State::Enabled;
            key.valid_to = soon;
        }
        "lasting" => key.state = State::Enabled,
        "hsm" => "AWS_CLOUDHSM".clone_into(&mut key.origin),
        "store" => "EXTERNAL_KEY_STORE".clone_into(&mut key.origin),
        _ => return None,
    }
    Some(key.origin.clone())
}

/// Makes the keys, writes down what they are, and gives every reference there is to them.
pub(super) fn make_keys(world: &mut World, keys: &mut Map<String, Value>) -> Vec<Reference> {
    let mut references = vec![
        Reference {
            key: "none",
            form: "absent",
            text: None,
        },
        Reference {
            key: "none",
            form: "empty",
            text: Some(String::new()),
        },
        Reference {
            key: "aws",
            form: "alias",
            text: Some("alias/aws/ebs".to_owned()),
        },
    ];
    let mut of = |key: &'static str, form: &'static str, text: String| {
        references.push(Reference {
            key,
            form,
            text: Some(text),
        });
    };
    for row in rows() {
        let Row {
            name,
            input,
            aliases,
            rotates,
            account,
            region,
        } = row;
        let arn = Builder::new(world, account, region).key(&input, aliases, rotates);
        let id = arn.rsplit('/').next().unwrap_or_default().to_owned();
        let origin = shape(world, name, &id);
        let text = |field: &str, default: &str| {
            input
                .get(field)
                .and_then(Value::as_str)
                .unwrap_or(default)
                .to_owned()
        };
        keys.insert(
            name.to_owned(),
            json!({
                "arn": arn, "account": account, "region": region, "rotation": rotates,
                "aliases": aliases, "owned": input.get("Tags").is_some(),
                "spec": text("KeySpec", "SYMMETRIC_DEFAULT"),
                "usage": text("KeyUsage", "ENCRYPT_DECRYPT"),
                "origin": origin.unwrap_or_else(|| text("Origin", "AWS_KMS")),
            }),
        );
        of(name, "arn", arn);
        if account == ACCOUNT && region == REGION {
            of(name, "id", id);
        }
        for alias in aliases {
            of(name, "alias", (*alias).to_owned());
            of(
                name,
                "alias ARN",
                format!("arn:aws:kms:{region}:{account}:{alias}"),
            );
        }
    }
    of("never", "id", NEVER_MADE.to_owned());
    of("never", "alias", "alias/never-made".to_owned());
    of("never", "not a key", "not-a-key".to_owned());
    // What DescribeKey of a reserved alias makes: a key that AWS manages.
    let made = Builder::new(world, ACCOUNT, REGION)
        .kms("DescribeKey", &json!({ "KeyId": "alias/aws/ebs" }));
    let arn = made.pointer("/KeyMetadata/Arn").and_then(Value::as_str);
    of("aws", "arn", arn.unwrap_or_default().to_owned());
    references
}
