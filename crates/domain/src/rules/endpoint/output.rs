//! A place in S3 that an endpoint writes to: is it under a customer managed key?
//!
//! EP-003, EP-004 and EP-005 ask it of data capture, asynchronous results, core dumps and
//! monitoring reports.

use super::storage::judge_place;
use crate::fact::Source;
use crate::ids::KeyRef;
use crate::inventory::{Cell, ConfigFacts, Keys, Output};
use crate::rules::subject::{EndpointView, Found, find_key, key_unknown, worst};
use crate::rules::verdict::{Evidence, Judgement, Reason, reasons};

reasons! {
    Pass OUTPUT_CUSTOMER_KEY "customer_managed_key": "the output is written under a customer managed key"; ""
    Fail OUTPUT_AWS_MANAGED "aws_managed": "the output is written under a key that AWS manages"; "name a customer managed key for this output in a new configuration"
    Fail OUTPUT_KEY_NOT_FOUND "key_not_found": "KMS does not know the key that the output is to be written under"; "name a key that exists in a new configuration"
}

/// The reasons an output is judged by, beside those of its bucket.
pub(super) const OUTPUT_REASONS: &[&Reason] = &[
    &OUTPUT_CUSTOMER_KEY,
    &OUTPUT_AWS_MANAGED,
    &OUTPUT_KEY_NOT_FOUND,
];

/// Declares a rule about what is written to S3: what such rules have in common, and what each has of its own.
macro_rules! output_rule {
    (
        id: $id:literal,
        title: $title:literal,
        severity: $severity:expr,
        source: $source:literal,
        compliance: $compliance:expr,
        needs: [$($op:ident),*],
        nothing: $nothing:expr,
        file: $file:expr,
    ) => {
        pub(in crate::rules) const RULE: $crate::rules::Rule = $crate::rules::Rule {
            id: $id,
            title: $title,
            severity: $severity,
            source: $source,
            compliance: $compliance,
            needs: &[
                $crate::call::Op::ListEndpoints,
                $crate::call::Op::DescribeEndpoint,
                $crate::call::Op::DescribeEndpointConfig,
                $($crate::call::Op::$op,)*
                $crate::call::Op::GetBucketEncryption,
                $crate::call::Op::ListAliases,
                $crate::call::Op::DescribeKey,
            ],
            data: &[$crate::rules::Data::Outputs],
            configured: $crate::rules::rule::always,
            reasons: &[
                $crate::rules::subject::LIVE_REASONS,
                $crate::rules::subject::CONFIG_REASONS,
                $crate::rules::subject::KEY_REASONS,
                &[$nothing],
                $crate::rules::endpoint::output::OUTPUT_REASONS,
                $crate::rules::endpoint::storage::BUCKET_REASONS,
            ],
            file: $file,
            check: $crate::rules::Check::Endpoint(check),
        };
    };
}
pub(super) use output_rule;

/// An output that a configuration may have.
pub(super) struct Written<'a> {
    /// In words.
    pub(super) what: &'static str,
    /// AWS's name of the field that holds its key.
    pub(super) field: &'static str,
    /// The output; or the field that shows that there is none, and its value.
    pub(super) output: Result<&'a Output, (&'static str, &'static str)>,
}

/// Judges an output of every configuration in play; `nothing` is the reason where there is none.
pub(super) fn each_output(
    view: &EndpointView<'_>,
    nothing: &'static Reason,
    written: impl Fn(&ConfigFacts) -> Written<'_>,
) -> Judgement {
    view.each_config(|config, facts| {
        let source = &config.described.source;
        let Written {
            what,
            field,
            output,
        } = written(facts);
        match output {
            Ok(output) => judge_output(output, what, field, source, view.cell, view.keys),
            Err((field, value)) => {
                Judgement::new(nothing).given(Evidence::new(field, value, source))
            }
        }
    })
}

/// Judges one output. `field` is AWS's name of the field that holds the key.
pub(super) fn judge_output(
    output: &Output,
    what: &str,
    field: &'static str,
    source: &Source,
    cell: &Cell,
    keys: &Keys,
) -> Judgement {
    let spelled = output.key.as_ref().map_or("absent", KeyRef::as_str);
    let judgement = match &output.key {
        None => judge_buckets(output, what, cell, keys),
        Some(reference) => {
            let place = output
                .uris
                .first()
                .map_or("an unnamed place", String::as_str);
            let (key, evidence) = find_key(keys, &cell.id, reference);
            let judgement = match key {
                Found::Customer(..) => Judgement::new(&OUTPUT_CUSTOMER_KEY)
                    .saying(format!("{what} to {place} is under a customer managed key")),
                Found::Aws => Judgement::new(&OUTPUT_AWS_MANAGED).saying(format!(
                    "{what} to {place} is under {reference}, which AWS manages"
                )),
                Found::NotFound => Judgement::new(&OUTPUT_KEY_NOT_FOUND).saying(format!(
                    "{what} to {place} is under {reference}, which KMS does not know"
                )),
                Found::Unknown(why) => key_unknown(&why),
            };
            evidence
                .into_iter()
                .rev()
                .fold(judgement, Judgement::given)
                .about_key(spelled)
        }
    };
    judgement.given(Evidence::new(field, spelled, source))
}

/// Without a key each bucket that is written to decides, and the worst counts.
fn judge_buckets(output: &Output, what: &str, cell: &Cell, keys: &Keys) -> Judgement {
    let each = output.uris.iter();
    worst(each.map(|uri| judge_place(what, Some(uri), cell, keys)))
        .unwrap_or_else(|| judge_place(what, None, cell, keys))
}
