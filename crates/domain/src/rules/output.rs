//! A place in S3 that an endpoint writes to: is it under a customer managed key?
//!
//! EP-003, EP-004 and EP-005 ask it of data capture, asynchronous results, core dumps and
//! monitoring reports.

use super::subject::{Found, find_key};
use super::verdict::{Evidence, Judgement, Reason, reasons};
use crate::fact::Source;
use crate::ids::KeyRef;
use crate::inventory::{CellId, Keys, Output};

reasons! {
    Pass OUTPUT_CUSTOMER_KEY "customer_managed_key": "the output is written under a customer managed key"; ""
    Fail OUTPUT_AWS_MANAGED "aws_managed": "the output is written under a key that AWS manages"; "name a customer managed key for this output in a new configuration"
    Fail OUTPUT_KEY_NOT_FOUND "key_not_found": "KMS does not know the key that the output is to be written under"; "name a key that exists in a new configuration"
    Unknown BUCKET_NOT_READ "bucket_encryption_not_read": "no key is named, so the bucket's default encryption decides, and this release does not read it"; "name a customer managed key for this output, or look at the bucket's default encryption"
}

/// The reasons an output is judged by.
pub(super) const OUTPUT_REASONS: &[&Reason] = &[
    &OUTPUT_CUSTOMER_KEY,
    &OUTPUT_AWS_MANAGED,
    &OUTPUT_KEY_NOT_FOUND,
    &BUCKET_NOT_READ,
];

/// Judges one output. `field` is AWS's name of the field that holds the key.
pub(super) fn judge_output(
    output: &Output,
    what: &str,
    field: &'static str,
    source: &Source,
    cell: &CellId,
    keys: &Keys,
) -> Judgement {
    let place = output.uri.as_deref().unwrap_or("an unnamed place");
    let spelled = output.key.as_ref().map_or("absent", KeyRef::as_str);
    let judgement = match &output.key {
        None => Judgement::new(&BUCKET_NOT_READ).saying(format!(
            "{what} to {place} names no key; the bucket's default encryption decides and was not read"
        )),
        Some(reference) => {
            let (key, evidence) = find_key(keys, cell, reference);
            let judgement = match key {
                Found::Customer(..) => Judgement::new(&OUTPUT_CUSTOMER_KEY)
                    .saying(format!("{what} to {place} is under a customer managed key")),
                Found::Aws => Judgement::new(&OUTPUT_AWS_MANAGED)
                    .saying(format!("{what} to {place} is under {reference}, which AWS manages")),
                Found::NotFound => Judgement::new(&OUTPUT_KEY_NOT_FOUND).saying(format!(
                    "{what} to {place} is under {reference}, which KMS does not know"
                )),
                Found::Unknown(why) => why.judge(),
            };
            evidence.into_iter().rev().fold(judgement, Judgement::given).about_key(spelled)
        }
    };
    judgement.given(Evidence::new(field, spelled, source))
}
