//! Core dumps and monitoring reports are written under a customer managed key.
//!
//! A core dump holds the memory of the serving process: whatever it was serving. A monitoring
//! schedule writes statistics and samples about the endpoint's data. The keys are each variant's
//! `CoreDumpConfig.KmsKeyId` and the schedule's `MonitoringOutputConfig.KmsKeyId`; the worst of
//! them counts. A schedule names its endpoint itself, in its list, or in the input of its job; where
//! none of these can be read, it may be any endpoint's. Where none is named, the bucket's default encryption decides.

use super::output::{judge_output, output_rule};
use crate::fact::Fact;
use crate::inventory::Schedule;
use crate::rules::subject::{EndpointView, worst};
use crate::rules::verdict::{Evidence, Judgement, reasons};
use crate::severity::Severity;

reasons! {
    NotApplicable NO_DUMPS "no_core_dump_or_monitoring": "the endpoint writes neither core dumps nor monitoring reports"; ""
}

output_rule! {
    id: "EP-005",
    title: "core dumps and monitoring output are written under a customer managed key",
    severity: Severity::Medium,
    source: "SageMaker API, ProductionVariant.CoreDumpConfig.KmsKeyId; MonitoringOutputConfig.KmsKeyId",
    compliance: &[
        "HIPAA 164.312(a)(2)(iv)",
        "GDPR Art. 32",
        "NIST 800-53 r5 SC-28(1)",
    ],
    needs: [
        ListMonitoringSchedules,
        DescribeMonitoringSchedule,
        DescribeDataQualityJobDefinition,
        DescribeModelQualityJobDefinition,
        DescribeModelBiasJobDefinition,
        DescribeModelExplainabilityJobDefinition
    ],
    nothing: &NO_DUMPS,
    file: include_str!("ep_005.rs"),
}

fn check(view: &EndpointView<'_>) -> Judgement {
    let dumps = view.each_config(|config, facts| {
        let source = &config.described.source;
        let of_variants = facts.variants.iter().filter_map(|variant| {
            let dump = variant.core_dump.as_ref()?;
            let what = format!("core dump of {}", variant.name);
            let field = "ProductionVariants.CoreDumpConfig.KmsKeyId";
            Some(judge_output(
                &dump.output,
                &what,
                field,
                source,
                view.cell,
                view.keys,
            ))
        });
        worst(of_variants).unwrap_or_else(|| Judgement::new(&NO_DUMPS))
    });
    if !view.endpoint.is_live() {
        return dumps;
    }
    let monitors = view
        .cell
        .schedules
        .values()
        .filter_map(|schedule| judge_schedule(view, schedule));
    let unlisted = view.cell.schedules_gap.iter().map(Judgement::unknown);
    worst(monitors.chain(unlisted))
        .into_iter()
        .fold(dumps, Judgement::join)
}

fn judge_schedule(view: &EndpointView<'_>, schedule: &Schedule) -> Option<Judgement> {
    let source = &schedule.output.source;
    let judgement = match (&schedule.endpoint, &schedule.output.fact) {
        // It was deleted, and so writes nothing.
        (_, Fact::Known(None)) => return None,
        (Fact::Known(endpoint), _) if endpoint.as_ref() != Some(&view.endpoint.name) => {
            return None;
        }
        // Whose it is cannot be known: it may be this endpoint's.
        (Fact::Unknown(gap), _) | (Fact::Known(_), Fact::Unknown(gap)) => Judgement::unknown(gap),
        (Fact::Known(_), Fact::Known(Some(output))) => {
            let what = format!("monitoring {}", schedule.name);
            let field = "MonitoringOutputConfig.KmsKeyId";
            judge_output(output, &what, field, source, view.cell, view.keys)
        }
    };
    Some(judgement.given(Evidence::new(
        "MonitoringScheduleName",
        &schedule.name,
        source,
    )))
}
