//! What is right to say of the seeded estate, derived from the seeder's parameters alone. Nothing
//! of the product is used here.

use std::collections::BTreeMap;

use serde_json::Value;

/// What the user decided.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Settings {
    /// Nothing.
    Defaults,
    /// See [`STRICT`].
    Strict,
}

/// A strict organisation's `sagelock.toml`.
pub(crate) const STRICT: &str = r#"
serverless = "requires_key"
regulated = ["restricted"]

[tags]
required = ["owner"]
required_on_keys = ["owner"]

[keys]
alias_pattern = "prod-.*"
endpoints_max = 1000000
users = ["arn:aws:iam::*:role/Deployer"]

[isolation]
audits = "prove"

[superseded]
keep_days = 0
"#;

/// Verdict and reason, by rule and subject.
pub(crate) type Labels = BTreeMap<(String, String), (&'static str, &'static str)>;

type Label = (&'static str, &'static str);

/// What a reference to a key comes to.
enum Key<'a> {
    None,
    Aws,
    Gone,
    Customer(&'a Value),
}

struct Estate<'a> {
    estate: &'a Value,
    settings: Settings,
}

/// The labels of an estate.
pub(crate) fn labels(estate: &Value, settings: Settings) -> Labels {
    let estate = Estate { estate, settings };
    let mut labels = Labels::new();
    let mut say = |rule: &str, arn: &Value, label: Label| {
        let subject = arn.as_str().expect("an ARN").to_owned();
        let before = labels.insert((rule.to_owned(), subject), label);
        assert!(before.is_none(), "a label stands once");
    };
    for endpoint in array(estate.estate, "endpoints") {
        let config = estate.config(text(endpoint, "config")).expect("seeded");
        let arn = &endpoint["arn"];
        say("EP-001", arn, estate.ep_001(endpoint, config));
        say("EP-003", arn, estate.ep_003(config));
        say("EP-004", arn, estate.ep_004(config));
        say("EP-005", arn, estate.ep_005(config));
        say("EP-006", arn, estate.ep_006(config));
        say("EP-007", arn, estate.ep_007(config));
        // moto does not list the monitoring schedules, which may use the key; nobody bears a tenant's tag.
        for (rule, label) in [
            ("EP-008", ("unknown", "malformed_reply")),
            ("EP-009", ("unknown", "tenant_untagged")),
        ] {
            say(rule, arn, estate.among_all(config, label));
        }
        say("EP-010", arn, estate.ep_010(endpoint, config));
        say("EP-011", arn, estate.ep_011(endpoint, config));
        say("EP-012", arn, ep_012(config));
    }
    for config in array(estate.estate, "configs") {
        if !is_deleted(config) {
            say("EP-002", &config["arn"], estate.ep_002(config));
        }
    }
    for (name, key) in estate.estate["keys"].as_object().expect("keys") {
        // moto does not know a key of another account by its ARN, so it is no subject.
        if name == "member" || name == "stranger" {
            continue;
        }
        let arn = &key["arn"];
        say("KEY-001", arn, key_001(key));
        for (rule, label) in by_policy(name) {
            say(rule, arn, label);
        }
        // The recording that is judged under strict settings was made without them.
        let users = ("unknown", "not_recorded");
        say(
            "KEY-003",
            arn,
            if estate.is_strict() {
                users
            } else {
                NOT_CONFIGURED
            },
        );
        say("KEY-006", arn, estate.key_006(key));
        say("KEY-007", arn, estate.key_007(name, key));
        say("KEY-009", arn, key_009(name));
    }
    labels
}

/// moto gives a key the default policy, and but for one nobody has created a grant.
fn by_policy(name: &str) -> [(&'static str, Label); 4] {
    if name == "open" {
        return [
            ("KEY-002", ("fail", "public")),
            ("KEY-004", ("fail", "administers_and_uses")),
            ("KEY-005", ("fail", "only_deletable")),
            ("KEY-010", ("fail", "grants_wide")),
        ];
    }
    let separated = if name == "narrow" {
        ("pass", "separated")
    } else {
        ("fail", "left_to_account")
    };
    [
        ("KEY-002", ("pass", "nobody_outside")),
        ("KEY-004", separated),
        ("KEY-005", ("pass", "root_can_change_it")),
        ("KEY-010", ("pass", "no_grants")),
    ]
}

const NOT_CONFIGURED: Label = ("not_applicable", "not_configured");
const CONFIG_DELETED: Label = ("unknown", "config_deleted");

impl Estate<'_> {
    fn config(&self, name: &str) -> Option<&Value> {
        array(self.estate, "configs")
            .iter()
            .find(|config| text(config, "name") == name)
    }

    fn key(&self, reference: &Value) -> Key<'_> {
        match reference["key"].as_str() {
            None => Key::None,
            Some("aws-alias") => Key::Aws,
            // On AWS the two foreign keys could be read if their policies allowed it. moto looks
            // for a key in the caller's account only and says that it does not exist.
            Some("gone" | "member" | "stranger") => Key::Gone,
            Some(name) => Key::Customer(&self.estate["keys"][name]),
        }
    }

    fn is_strict(&self) -> bool {
        self.settings == Settings::Strict
    }

    /// The label of a configuration's volume for data that is or is not regulated.
    fn volume(&self, config: &Value, data_class: &str) -> Label {
        let regulated = self.is_strict() && data_class == "restricted";
        let on: Vec<&str> = array(config, "placement")
            .iter()
            .map(|on| on.as_str().expect("a type"))
            .collect();
        let has = |some: &[&str]| on.iter().any(|one| some.contains(one));
        let ebs = has(&["ml.m5.large", "ml.c5.large", "ml.inf1.xlarge"]);
        let local = has(&[
            "ml.g4dn.xlarge",
            "ml.c5d.large",
            "ml.m5d.large",
            "ml.r5d.large",
        ]);
        let serverless = has(&["serverless"]);
        let key = self.key(&config["reference"]);
        if ebs || (serverless && self.is_strict()) {
            match key {
                Key::None => return ("fail", "no_key"),
                Key::Aws => return ("fail", "aws_managed"),
                Key::Gone => return ("fail", "key_not_found"),
                Key::Customer(_) => {}
            }
            return match (ebs, local, regulated) {
                (_, true, true) => ("fail", "regulated_local_nvme"),
                (_, false, true) if serverless => ("fail", "regulated_serverless"),
                (false, _, _) => ("pass", "cmk_serverless"),
                (true, true, false) => ("pass", "cmk_partial_local_nvme"),
                (true, false, _) => ("pass", "customer_managed_key"),
            };
        }
        match (local, regulated, key) {
            (true, true, _) => ("fail", "regulated_local_nvme"),
            (true, false, Key::None) => ("not_applicable", "local_nvme_no_key"),
            (true, false, _) => ("not_applicable", "local_nvme_key_does_not_cover"),
            (false, _, _) => ("not_applicable", "serverless_image_only"),
        }
    }

    fn ep_001(&self, endpoint: &Value, config: &Value) -> Label {
        if is_deleted(config) {
            return CONFIG_DELETED;
        }
        self.volume(config, class_served(endpoint, config))
    }

    fn ep_002(&self, config: &Value) -> Label {
        let name = text(config, "name");
        let attached = array(self.estate, "endpoints")
            .iter()
            .any(|endpoint| text(endpoint, "config") == name);
        if attached {
            return ("not_applicable", "attached");
        }
        match self.volume(config, data_class(config).unwrap_or("sensitive")) {
            ("fail", _) if self.is_strict() => ("fail", "unattached"),
            // Made a moment ago, so within the seven days.
            ("fail", _) => ("not_applicable", "within_retention"),
            other => other,
        }
    }

    /// An output whose key is that of the configuration's outputs. Without a key the bucket's
    /// default decides.
    fn output(&self, config: &Value) -> Label {
        match self.key(&config["output_reference"]) {
            Key::None => bucket(text(config, "place")),
            Key::Aws => ("fail", "aws_managed"),
            Key::Gone => ("fail", "key_not_found"),
            Key::Customer(_) => ("pass", "customer_managed_key"),
        }
    }

    fn ep_003(&self, config: &Value) -> Label {
        match text(config, "outputs") {
            _ if is_deleted(config) => CONFIG_DELETED,
            "capture" | "capture and dump" => self.output(config),
            _ => ("not_applicable", "no_data_capture"),
        }
    }

    fn ep_004(&self, config: &Value) -> Label {
        match text(config, "outputs") {
            _ if is_deleted(config) => CONFIG_DELETED,
            "async" => self.output(config),
            _ => ("not_applicable", "no_async_output"),
        }
    }

    /// moto answers ListMonitoringSchedules with a page of its web server, so whether a schedule writes somewhere is
    /// not known. Only a core dump that is already wrong is worse.
    fn ep_005(&self, config: &Value) -> Label {
        let dumps = text(config, "outputs").contains("dump")
            && array(config, "placement")
                .iter()
                .any(|on| on != "serverless");
        if is_deleted(config) {
            return CONFIG_DELETED;
        }
        match self.output(config) {
            of_dump @ ("fail" | "unknown", _) if dumps => of_dump,
            _ => ("unknown", "malformed_reply"),
        }
    }

    fn ep_006(&self, config: &Value) -> Label {
        if is_deleted(config) {
            return CONFIG_DELETED;
        }
        let Key::Customer(key) = self.key(&config["reference"]) else {
            return ("not_applicable", "no_customer_key");
        };
        match (text(key, "state"), text(key, "usage"), text(key, "spec")) {
            ("Disabled", _, _) => ("fail", "key_disabled"),
            ("PendingDeletion", _, _) => ("fail", "key_pending_deletion"),
            (_, "SIGN_VERIFY" | "GENERATE_VERIFY_MAC", _) => ("fail", "key_wrong_usage"),
            (_, _, "RSA_2048") => ("fail", "key_not_symmetric"),
            // The key without material too: on AWS it is PendingImport, moto calls it Enabled.
            _ => ("pass", "key_usable"),
        }
    }

    fn ep_007(&self, config: &Value) -> Label {
        if is_deleted(config) {
            return CONFIG_DELETED;
        }
        match self.key(&config["reference"]) {
            Key::Customer(key) if key["region"] != self.estate["region"] => {
                ("fail", "key_other_region")
            }
            Key::Customer(_) => ("pass", "own_account"),
            Key::None | Key::Aws | Key::Gone => ("not_applicable", "no_customer_key"),
        }
    }

    /// What is said of a live endpoint with a customer's key among all.
    fn among_all(&self, config: &Value, label: Label) -> Label {
        if !self.is_strict() {
            return NOT_CONFIGURED;
        }
        if is_deleted(config) {
            return CONFIG_DELETED;
        }
        match self.key(&config["reference"]) {
            // What is not known of the schedules of this region says nothing of a key of another one; what
            // is not known of outputs does.
            Key::Customer(key)
                if key["region"] != self.estate["region"] && label.1 == "malformed_reply" =>
            {
                ("unknown", "uses_not_all_known")
            }
            Key::Customer(_) => label,
            Key::None | Key::Aws | Key::Gone => ("not_applicable", "no_customer_key"),
        }
    }

    fn ep_010(&self, endpoint: &Value, config: &Value) -> Label {
        let owned = |of: &Value| of["tags"].get("owner").is_some();
        match (self.is_strict(), is_deleted(config)) {
            (false, _) => NOT_CONFIGURED,
            (true, true) => CONFIG_DELETED,
            (true, false) if owned(endpoint) && owned(config) => ("pass", "tags_present"),
            (true, false) => ("fail", "tag_missing"),
        }
    }

    fn ep_011(&self, endpoint: &Value, config: &Value) -> Label {
        if is_deleted(config) {
            return CONFIG_DELETED;
        }
        let Some(old) = config["tags"]["sagelock:supersedes"].as_str() else {
            return ("not_applicable", "no_recorded_switch");
        };
        let Some(old) = self.config(old).filter(|old| !is_deleted(old)) else {
            return ("pass", "superseded_deleted");
        };
        if self.volume(old, class_served(endpoint, config)).0 != "fail" {
            return ("pass", "superseded_compliant");
        }
        let in_use = array(self.estate, "endpoints")
            .iter()
            .any(|endpoint| endpoint["config"] == old["name"]);
        match (in_use, self.is_strict()) {
            (true, _) => ("not_applicable", "superseded_in_use"),
            (false, true) => ("fail", "superseded_not_deleted"),
            // The endpoint was made a moment ago, so the seven days have not passed.
            (false, false) => ("not_applicable", "within_retention"),
        }
    }

    fn key_006(&self, key: &Value) -> Label {
        match (self.is_strict(), key["tags"].get("owner").is_some()) {
            (false, _) => ("not_applicable", "not_configured"),
            (true, true) => ("pass", "tags_present"),
            (true, false) => ("fail", "tag_missing"),
        }
    }

    fn key_007(&self, name: &str, key: &Value) -> Label {
        let aliases = array(key, "aliases");
        let named = |prefix: &str| {
            aliases
                .iter()
                .any(|alias| alias.as_str().is_some_and(|text| text.starts_with(prefix)))
        };
        match self.is_strict() {
            false => ("not_applicable", "not_configured"),
            // moto calls AWS's own key CUSTOMER, so that its only alias, `alias/aws/s3`, is held
            // against it. On AWS the rule would not apply to it.
            true if name == "aws" => ("fail", "alias_does_not_match"),
            true if aliases.is_empty() => ("fail", "no_alias"),
            true if named("alias/prod-") => ("pass", "alias_matches"),
            true => ("fail", "alias_does_not_match"),
        }
    }
}

/// What is written to a place without a key.
fn bucket(place: &str) -> Label {
    match place {
        "s3://out-good" | "s3://out-dsse" | "s3://out-id" | "s3://out-alias" | "s3://out.dots" => {
            ("pass", "bucket_default_cmk")
        }
        "s3://out-s3" | "s3://out-none" | "s3://out-managed" | "s3://out-managed-alias" => {
            ("fail", "bucket_default_not_cmk")
        }
        "s3://out-gone" => ("fail", "bucket_default_key_not_found"),
        "s3://out-never-made" => ("unknown", "bucket_not_found"),
        _ => ("unknown", "access_point_not_followed"),
    }
}

/// What the model of a configuration loads.
fn ep_012(config: &Value) -> Label {
    if is_deleted(config) {
        return CONFIG_DELETED;
    }
    match config["model"].as_u64() {
        Some(0) => ("not_applicable", "no_artifact_in_s3"),
        Some(1 | 4) => ("pass", "artifact_customer_managed_key"),
        Some(2 | 3) => ("fail", "artifact_not_cmk"),
        Some(5) => ("fail", "bucket_default_not_cmk"),
        Some(6) => ("unknown", "artifact_not_found"),
        Some(7) => ("fail", "artifact_key_not_found"),
        // One of its two containers loads from somewhere else than S3.
        Some(8) => ("unknown", "place_not_read"),
        // Only an ARN says whose key it is.
        Some(9) => ("unknown", "artifact_key_not_known_here"),
        other => panic!("no label for {other:?}"),
    }
}

fn key_001(key: &Value) -> Label {
    let rotates = text(key, "spec") == "SYMMETRIC_DEFAULT" && text(key, "origin") == "AWS_KMS";
    match (text(key, "state"), rotates, key["rotation"] == true) {
        ("PendingDeletion", _, _) => ("not_applicable", "key_pending_deletion"),
        ("Disabled", _, _) => ("not_applicable", "key_disabled"),
        (_, false, _) => ("not_applicable", "rotation_not_supported"),
        (_, true, true) => ("pass", "rotation_on"),
        (_, true, false) => ("fail", "rotation_off"),
    }
}

fn key_009(name: &str) -> Label {
    match name {
        "leaving" => ("fail", "pending_deletion_in_use"),
        // moto does not list the monitoring schedules, which may use the key.
        "leaving-unused" => ("unknown", "malformed_reply"),
        _ => ("pass", "not_pending_deletion"),
    }
}

/// The class of the data that an endpoint serves.
fn class_served<'a>(endpoint: &'a Value, config: &'a Value) -> &'a str {
    data_class(endpoint)
        .or_else(|| data_class(config))
        .unwrap_or("sensitive")
}

fn is_deleted(config: &Value) -> bool {
    config["deleted"] == true
}

fn data_class(of: &Value) -> Option<&str> {
    of["tags"]["data-class"].as_str()
}

fn text<'a>(of: &'a Value, field: &str) -> &'a str {
    of[field]
        .as_str()
        .unwrap_or_else(|| panic!("no {field} in {of}"))
}

fn array<'a>(of: &'a Value, field: &str) -> &'a [Value] {
    of[field].as_array().unwrap_or_else(|| panic!("no {field}"))
}
