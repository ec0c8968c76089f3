//! What is right to say of the estate of every case, derived from its parameters alone. Nothing
//! of the product is used here.

mod keys;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::SHARED_MAX;
use keys::{by_policy, key_001, key_009};

type Label = (&'static str, &'static str);

/// What a reference to a key comes to, two weeks after everything was deployed.
enum Key<'a> {
    None,
    Aws,
    Gone,
    Denied,
    Customer(&'a str),
}

struct Estate<'a> {
    all: &'a Value,
    strict: bool,
    configs: BTreeMap<&'a str, &'a Value>,
}

/// Verdict and reason, by rule and subject.
pub(crate) fn labels(estate: &Value, strict: bool) -> BTreeMap<(String, String), (String, String)> {
    let configs = array(estate, "configs");
    let configs = configs.iter().map(|config| (text(config, "name"), config));
    let estate = Estate {
        all: estate,
        strict,
        configs: configs.collect(),
    };
    let mut labels = BTreeMap::new();
    let mut say = |rule: &str, arn: &Value, (verdict, reason): Label| {
        let id = (rule.to_owned(), arn.as_str().expect("an ARN").to_owned());
        let label = (verdict.to_owned(), reason.to_owned());
        assert!(labels.insert(id, label).is_none(), "a label stands once");
    };
    for endpoint in array(estate.all, "endpoints") {
        for rule in [
            "EP-001", "EP-003", "EP-004", "EP-005", "EP-006", "EP-007", "EP-008", "EP-009",
            "EP-010", "EP-011", "EP-012",
        ] {
            say(rule, &endpoint["arn"], estate.of_endpoint(rule, endpoint));
        }
    }
    let holders = estate.holders();
    for config in estate.configs.values().filter(|config| !is_deleted(config)) {
        say("EP-002", &config["arn"], estate.ep_002(config, &holders));
    }
    for (name, key) in estate.all["keys"].as_object().expect("keys") {
        if name == "gone" {
            continue;
        }
        let arn = &key["arn"];
        say("KEY-001", arn, key_001(name, key));
        for (rule, label) in by_policy(name, strict) {
            say(rule, arn, label);
        }
        say("KEY-006", arn, estate.key_006(name, key));
        say("KEY-007", arn, estate.key_007(name, key));
        say("KEY-009", arn, key_009(name));
    }
    let named = &estate.all["configs"]
        .as_array()
        .expect("configs")
        .iter()
        .find(|config| config["reference"]["key"] == "aws" && config["reference"]["form"] == "arn")
        .expect("a configuration names AWS's key by its ARN")["reference"]["text"];
    let managed = ("not_applicable", "aws_managed");
    for aws in [named, &estate.all["storage"]["aws_key"]] {
        say("KEY-001", aws, managed);
        for (rule, _) in by_policy("plain", strict) {
            say(rule, aws, managed);
        }
        say("KEY-006", aws, estate.when_configured(managed));
        say("KEY-007", aws, estate.when_configured(managed));
        say("KEY-009", aws, managed);
    }
    labels
}

/// Of labels, the worst, and of equal ones the first.
fn worst(labels: impl IntoIterator<Item = Label>) -> Label {
    let weight = |label: &Label| {
        ["not_applicable", "pass", "unknown", "fail"]
            .iter()
            .position(|verdict| *verdict == label.0)
    };
    let mut labels = labels.into_iter();
    let first = labels.next().expect("a label");
    labels.fold(first, |worst, label| {
        if weight(&label) > weight(&worst) {
            label
        } else {
            worst
        }
    })
}

impl<'a> Estate<'a> {
    fn key(reference: &'a Value) -> Key<'a> {
        let by_alias = text(reference, "form").contains("alias");
        match text(reference, "key") {
            "none" => Key::None,
            "aws" => Key::Aws,
            "gone" | "never" => Key::Gone,
            "unaliased" if by_alias => Key::Gone,
            "closed" => Key::Denied,
            name => Key::Customer(name),
        }
    }

    /// Whether SageMaker could encrypt a volume with it when the endpoint was made. The alias
    /// that is gone was there then, and the key that is gone too.
    fn was_deployed(config: &Value) -> bool {
        !matches!(
            text(&config["reference"], "key"),
            "rsa" | "signing" | "hmac" | "imported" | "elsewhere" | "closed" | "never"
        )
    }

    fn of_endpoint(&self, rule: &str, endpoint: &'a Value) -> Label {
        let current = self.configs[text(endpoint, "config")];
        if !Self::was_deployed(current) {
            return ("not_applicable", "not_live");
        }
        if rule == "EP-011" {
            return self.ep_011(endpoint, current);
        }
        if matches!(rule, "EP-008" | "EP-009" | "EP-010") && !self.strict {
            return ("not_applicable", "not_configured");
        }
        let pending = endpoint["pending"].as_str().map(|name| self.configs[name]);
        let reads = |config: &'a Value| !matches!(Self::key(&config["reference"]), Key::Denied);
        let reads_all = reads(current) && pending.is_none_or(reads);
        let judge = |config: &'a Value| {
            if is_deleted(config) {
                return ("unknown", "config_deleted");
            }
            match rule {
                "EP-008" | "EP-009" => match Self::key(&config["reference"]) {
                    Key::None | Key::Aws | Key::Gone => ("not_applicable", "no_customer_key"),
                    Key::Denied => ("unknown", "access_denied"),
                    Key::Customer(name) if rule == "EP-008" && self.is_shared(name) => {
                        ("fail", "shared_by_too_many")
                    }
                    // What some models load may not be read: it may be under any key.
                    Key::Customer(_) if rule == "EP-008" => ("unknown", "access_denied"),
                    // No tag names a tenant; that some key is not known is said before.
                    Key::Customer(_) if !reads_all => ("unknown", "access_denied"),
                    Key::Customer(_) => ("unknown", "tenant_untagged"),
                },
                "EP-001" => self.volume(config, Self::class(endpoint, config)),
                "EP-003"
                    if text(config, "outputs").contains("capture")
                        && text(config, "outputs") != "capture off" =>
                {
                    Self::output(config)
                }
                "EP-003" => ("not_applicable", "no_data_capture"),
                "EP-004" if text(config, "outputs") == "async" => Self::output(config),
                "EP-004" => ("not_applicable", "no_async_output"),
                "EP-005" if Self::dumps(config) => Self::output(config),
                "EP-005" => ("not_applicable", "no_core_dump_or_monitoring"),
                "EP-006" => Self::ep_006(config),
                "EP-007" => Self::ep_007(config),
                "EP-010" => ep_010(endpoint, config),
                "EP-012" => artifacts(config),
                other => panic!("no label for {other}"),
            }
        };
        let schedule = match (rule, endpoint["schedule"].as_str()) {
            ("EP-005", Some("")) => Some(("pass", "bucket_default_cmk")),
            ("EP-005", Some("alias/aws/s3")) => Some(("fail", "aws_managed")),
            ("EP-005", Some(_)) => Some(("pass", "customer_managed_key")),
            _ => None,
        };
        let configs = std::iter::once(judge(current)).chain(pending.map(judge));
        worst(configs.chain(schedule))
    }

    /// The endpoint's own class, else the configuration's; an empty one is none.
    fn class(endpoint: &'a Value, config: &'a Value) -> &'a str {
        data_class(endpoint)
            .or_else(|| data_class(config))
            .unwrap_or("sensitive")
    }

    /// The label of a configuration's volume, for data of a class.
    fn volume(&self, config: &'a Value, class: &str) -> Label {
        let regulated = self.strict && class == "restricted";
        let on: Vec<&str> = array(config, "placement")
            .iter()
            .flat_map(|on| {
                on.as_str()
                    .expect("a type")
                    .trim_start_matches("shadow:")
                    .split('|')
            })
            .collect();
        let has = |some: &[&str]| on.iter().any(|one| some.contains(one));
        let ebs = has(&[
            "ml.m5.large",
            "ml.c6i.large",
            "ml.m7i.large",
            "ml.inf2.xlarge",
            "ml.c5.large",
        ]);
        let local = has(&[
            "ml.g4dn.xlarge",
            "ml.g5.xlarge",
            "ml.g5.2xlarge",
            "ml.p4d.24xlarge",
            "ml.g6.xlarge",
            "ml.m6gd.large",
        ]);
        let serverless = has(&["serverless"]);
        let key = Self::key(&config["reference"]);
        let mut labels = Vec::new();
        if ebs || (serverless && self.strict) {
            labels.push(match key {
                Key::None => ("fail", "no_key"),
                Key::Aws => ("fail", "aws_managed"),
                Key::Gone => ("fail", "key_not_found"),
                Key::Denied => ("unknown", "access_denied"),
                Key::Customer(_) if local => ("pass", "cmk_partial_local_nvme"),
                Key::Customer(_) if ebs => ("pass", "customer_managed_key"),
                Key::Customer(_) => ("pass", "cmk_serverless"),
            });
        }
        if local {
            labels.push(match (regulated, &Self::key(&config["reference"])) {
                (true, _) => ("fail", "regulated_local_nvme"),
                (false, Key::None) => ("not_applicable", "local_nvme_no_key"),
                (false, _) => ("not_applicable", "local_nvme_key_does_not_cover"),
            });
        }
        if serverless && regulated {
            labels.push(("fail", "regulated_serverless"));
        }
        if serverless && !self.strict {
            labels.push(("not_applicable", "serverless_image_only"));
        }
        worst(labels)
    }

    /// Whether more live endpoints use a key than may.
    fn is_shared(&self, key: &str) -> bool {
        let names = |config: &'a Value| {
            let name = Self::key(&config["reference"]);
            !is_deleted(config) && matches!(name, Key::Customer(name) if name == key)
        };
        let uses = |endpoint: &'a Value| {
            let current = self.configs[text(endpoint, "config")];
            let pending = endpoint["pending"].as_str().map(|name| self.configs[name]);
            let in_play = [Some(current), pending];
            Self::was_deployed(current) && in_play.into_iter().flatten().any(names)
        };
        // What is written without a key of its own, and what many models load, is under the good one.
        let all = array(self.all, "endpoints").iter().map(uses);
        key == "good" || all.filter(|uses| *uses).count() > SHARED_MAX
    }

    /// Which live endpoints run each configuration, and which are moving to it.
    fn holders(&self) -> BTreeMap<&'a str, (bool, Vec<&'a Value>)> {
        let mut holders: BTreeMap<&str, (bool, Vec<&Value>)> = BTreeMap::new();
        for endpoint in array(self.all, "endpoints") {
            let current = text(endpoint, "config");
            if !Self::was_deployed(self.configs[current]) {
                continue;
            }
            holders.entry(current).or_default().0 = true;
            if let Some(pending) = endpoint["pending"].as_str() {
                holders.entry(pending).or_default().1.push(endpoint);
            }
        }
        holders
    }

    fn ep_002(&self, config: &'a Value, holders: &BTreeMap<&str, (bool, Vec<&'a Value>)>) -> Label {
        let none = (false, Vec::new());
        let (run, moving) = holders.get(text(config, "name")).unwrap_or(&none);
        if *run {
            return ("not_applicable", "attached");
        }
        if let [endpoint] = moving.as_slice() {
            return match self.volume(config, Self::class(endpoint, config)) {
                ("fail", _) => ("fail", "pending"),
                other => other,
            };
        }
        // Everything is two weeks old, and nothing is kept longer than one.
        match self.volume(config, data_class(config).unwrap_or("sensitive")) {
            ("fail", _) => ("fail", "unattached"),
            other => other,
        }
    }

    fn output(config: &'a Value) -> Label {
        match Self::key(&config["output_reference"]) {
            Key::None => bucket(text(config, "place")),
            Key::Aws => ("fail", "aws_managed"),
            Key::Gone => ("fail", "key_not_found"),
            Key::Denied => ("unknown", "access_denied"),
            Key::Customer(_) => ("pass", "customer_managed_key"),
        }
    }

    fn dumps(config: &Value) -> bool {
        let on = array(config, "placement");
        text(config, "outputs").contains("dump") && on.iter().any(|on| on != "serverless")
    }

    fn ep_006(config: &'a Value) -> Label {
        match Self::key(&config["reference"]) {
            Key::None | Key::Aws | Key::Gone => ("not_applicable", "no_customer_key"),
            Key::Denied => ("unknown", "access_denied"),
            Key::Customer("disabled") => ("fail", "key_disabled"),
            Key::Customer("leaving" | "leaving-too") => ("fail", "key_pending_deletion"),
            Key::Customer("imported" | "store") => ("fail", "key_not_ready"),
            Key::Customer("expiring") => ("fail", "key_material_expiring"),
            Key::Customer("signing" | "hmac") => ("fail", "key_wrong_usage"),
            Key::Customer("rsa") => ("fail", "key_not_symmetric"),
            Key::Customer(_) => ("pass", "key_usable"),
        }
    }

    fn ep_007(config: &'a Value) -> Label {
        match Self::key(&config["reference"]) {
            Key::None | Key::Aws | Key::Gone => ("not_applicable", "no_customer_key"),
            // The ARN tells whose it is, although it may not be read.
            Key::Denied | Key::Customer("shared") => ("pass", "own_organization"),
            Key::Customer("elsewhere") => ("fail", "key_other_region"),
            Key::Customer("stranger") => ("fail", "outside_organization"),
            Key::Customer(_) => ("pass", "own_account"),
        }
    }

    fn ep_011(&self, endpoint: &'a Value, config: &'a Value) -> Label {
        if is_deleted(config) {
            return ("unknown", "config_deleted");
        }
        let Some(old) = config["tags"]["sagelock:supersedes"].as_str() else {
            return ("not_applicable", "no_recorded_switch");
        };
        let Some(old) = self.configs.get(old).filter(|old| !is_deleted(old)) else {
            return ("pass", "superseded_deleted");
        };
        match self.volume(old, Self::class(endpoint, config)) {
            ("fail", _) => {}
            unknown @ ("unknown", _) => return unknown,
            _ => return ("pass", "superseded_compliant"),
        }
        if self.holders().contains_key(text(old, "name")) {
            return ("not_applicable", "superseded_in_use");
        }
        ("fail", "superseded_not_deleted")
    }

    /// A rule of keys that asks for something only where it is configured.
    fn when_configured(&self, label: Label) -> Label {
        if self.strict {
            label
        } else {
            ("not_applicable", "not_configured")
        }
    }
}

/// What is written to a place without a key.
fn bucket(place: &str) -> Label {
    match place {
        "s3://out-good" | "s3://out-alias" | "s3://out-elsewhere" | "s3://out-with.dot" => {
            ("pass", "bucket_default_cmk")
        }
        "s3://out-s3" | "s3://out-aws" => ("fail", "bucket_default_not_cmk"),
        "s3://out-gone" => ("fail", "bucket_default_key_not_found"),
        "s3://out-foreign" | "s3://out-closed" => ("unknown", "access_denied"),
        "s3://out-never" => ("unknown", "bucket_not_found"),
        "s3://Not_A_Bucket" => ("unknown", "place_not_read"),
        _ => ("unknown", "access_point_not_followed"),
    }
}

/// What a configuration's model loads.
fn artifacts(config: &Value) -> Label {
    match text(config, "model") {
        "model-0" => ("not_applicable", "no_artifact_in_s3"),
        "model-1" | "model-4" | "model-9" => ("pass", "artifact_customer_managed_key"),
        // Of two containers one loads what is older than its bucket's default.
        "model-2" | "model-3" | "model-8" => ("fail", "artifact_not_cmk"),
        "model-5" => ("fail", "bucket_default_not_cmk"),
        "model-6" => ("unknown", "artifact_not_found"),
        "model-7" => ("unknown", "access_denied"),
        other => panic!("no label for {other}"),
    }
}

fn ep_010(endpoint: &Value, config: &Value) -> Label {
    let owned = |of: &Value| of["tags"].get("owner").is_some();
    if owned(endpoint) && owned(config) {
        ("pass", "tags_present")
    } else {
        ("fail", "tag_missing")
    }
}

fn is_deleted(config: &Value) -> bool {
    config["deleted"] == true
}

fn data_class(of: &Value) -> Option<&str> {
    of["tags"]["data-class"]
        .as_str()
        .filter(|class| !class.is_empty())
}

fn text<'a>(of: &'a Value, field: &str) -> &'a str {
    of[field]
        .as_str()
        .unwrap_or_else(|| panic!("no {field} in {of}"))
}

fn array<'a>(of: &'a Value, field: &str) -> &'a [Value] {
    of[field].as_array().unwrap_or_else(|| panic!("no {field}"))
}
