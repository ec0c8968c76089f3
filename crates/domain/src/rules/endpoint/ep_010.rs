//! Endpoint and configuration bear the tags that the organisation requires.
//!
//! Tags say whose an endpoint is, who pays for it and what data it holds; severities, reports
//! and cost depend on them. The required keys are listed under `tags.required`; where none are,
//! the rule is not applicable.

use crate::call::Op;
use crate::rules::rule::{Check, Rule};
use crate::rules::subject::{CONFIG_REASONS, EndpointView, LIVE_REASONS};
use crate::rules::verdict::{Evidence, Judgement, known, reasons};
use crate::severity::Severity;

reasons! {
    Pass TAGGED "tags_present": "the endpoint and its configuration bear every required tag"; ""
    Fail TAG_MISSING "tag_missing": "a required tag is missing or empty"; "add the tags (sagemaker:AddTags)"
    NotApplicable NOT_CONFIGURED "not_configured": "no tags are required; list them under `tags.required`"; ""
}

pub(in crate::rules) const RULE: Rule = Rule {
    id: "EP-010",
    title: "endpoint and configuration bear the required tags",
    severity: Severity::Low,
    source: "SageMaker API, ListTags",
    compliance: &["NIST 800-53 r5 CM-8", "ISO 27001:2022 A.5.9"],
    needs: &[
        Op::ListEndpoints,
        Op::DescribeEndpoint,
        Op::DescribeEndpointConfig,
        Op::ListTags,
    ],
    data: &[],
    configured: |settings| !settings.required_tags.is_empty(),
    reasons: &[
        LIVE_REASONS,
        CONFIG_REASONS,
        &[&TAGGED, &TAG_MISSING, &NOT_CONFIGURED],
    ],
    file: include_str!("ep_010.rs"),
    check: Check::Endpoint(check),
};

fn check(view: &EndpointView<'_>) -> Judgement {
    let required = &view.settings.required_tags;
    if required.is_empty() {
        return view.when_live(|_| Judgement::new(&NOT_CONFIGURED));
    }
    view.each_config(|config, _| {
        let mut missing = Vec::new();
        let mut evidence = Vec::new();
        for (what, read) in [
            ("endpoint", &view.endpoint.tags),
            ("configuration", &config.tags),
        ] {
            let tags = known!(&read.fact);
            let lacks = |key: &&String| tags.get(key).is_none_or(|value| value.trim().is_empty());
            let absent: Vec<&str> = required.iter().filter(lacks).map(String::as_str).collect();
            if !absent.is_empty() {
                missing.push(format!("the {what} lacks {}", absent.join(", ")));
            }
            let keys = tags.keys().collect::<Vec<_>>().join(", ");
            evidence.push(Evidence::new(
                "Tags",
                format!("{what}: {keys}"),
                &read.source,
            ));
        }
        let judgement = if missing.is_empty() {
            Judgement::new(&TAGGED)
        } else {
            Judgement::new(&TAG_MISSING).saying(missing.join("; "))
        };
        evidence.into_iter().rev().fold(judgement, Judgement::given)
    })
}
