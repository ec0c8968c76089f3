//! Whether a role may do something with an object, or with the key that it is under.

use sagelock_policy::Document;
use sagelock_policy::access::On;

use super::requests::{Asking, Told, Who, check, told};
use super::{Answer, Check, Step};
use crate::ids::{KeyRef, Partition, Place, Region};
use crate::inventory::{Control, Resolved};
use crate::why::Why;

/// A place in S3 as a policy names it; `None` for what is no bucket.
fn arn_of(asking: &Asking<'_>, uri: &str, more: &str) -> Option<String> {
    let partition = Partition::of_region(&asking.cell.id.region);
    match Place::read(uri) {
        Place::Bucket(bucket, key) => {
            let slash = if more.is_empty() || key.is_empty() || key.ends_with('/') {
                ""
            } else {
                "/"
            };
            Some(format!(
                "arn:{}:s3:::{bucket}/{key}{slash}{more}",
                partition.as_str()
            ))
        }
        Place::AccessPoint | Place::Other => None,
    }
}

/// Objects have names of their own: a policy that allows no name that we make up may allow theirs.
const ANY_OBJECT: &str = "object";

pub(super) fn of_object(
    asking: &Asking<'_>,
    (step, role, action): (Step, &Who<'_>, &'static str),
    uri: &str,
    is_many: bool,
) -> Check {
    let Some(arn) = arn_of(asking, uri, if is_many { ANY_OBJECT } else { "" }) else {
        let answer = Answer::unknown(Why::NoBucket(uri.to_owned()));
        return check(step, Some(role), Some(action), uri, answer);
    };
    let answer = of_arn(asking, (role, action), &arn, &[]);
    let answer = answer.unless_blocked(|block| {
        if is_many {
            Answer::unknown(Why::ObjectNames {
                uri: uri.to_owned(),
                denied: block.says,
            })
        } else {
            Answer::Blocked(block)
        }
    });
    check(step, Some(role), Some(action), &arn, answer)
}

/// Whether the role may do something with a bucket or an object, whosever it is.
pub(super) fn of_arn(
    asking: &Asking<'_>,
    (role, action): (&Who<'_>, &'static str),
    arn: &str,
    more: &[(&'static str, &str)],
) -> Answer {
    let mut tells = vec![told("aws:RequestedRegion", asking.cell.id.region.as_str())];
    tells.extend(more.iter().map(|(key, value)| told(key, value)));
    let account = &asking.cell.id.account;
    let ask = |rcp: Option<&[Vec<Document>]>| {
        let on = On::Resource {
            arn,
            account: account.as_str(),
            may_have_policy: true,
            rcp,
        };
        asking.answer(role, action, on, &tells, &[])
    };
    let rcp = asking.reader.controls(Control::Resource, account);
    // Whose bucket it is, S3 does not say: what only a policy of this account denies may be allowed.
    ask(rcp.as_deref()).unless_blocked(|block| match ask(Some(&[])) {
        Answer::Blocked(block) => Answer::Blocked(block),
        Answer::Passed | Answer::Spare(_) | Answer::Unknown(_) | Answer::Noted(_) => {
            Answer::unknown(Why::BucketOwner {
                account: account.clone(),
                denied: block.says,
            })
        }
    })
}

/// A key that S3 uses for the role (S3 User Guide, "Using server-side encryption with AWS KMS keys").
pub(super) fn of_key(
    asking: &Asking<'_>,
    (step, role, action): (Step, &Who<'_>, &'static str),
    reference: &KeyRef,
    region: &Region,
) -> Option<Check> {
    let not_read = |answer| check(step, Some(role), Some(action), reference.as_str(), answer);
    let key = match asking.resolved(reference, region) {
        // `aws/s3` lets everybody of the account use it through S3 (KMS Developer Guide, "AWS managed
        // keys").
        Some(Resolved::AwsManagedAlias) if reference.as_str().ends_with("alias/aws/s3") => {
            return None;
        }
        Some(Resolved::NotFound | Resolved::OtherPartition) => {
            let says = "KMS does not know the key";
            let answer = if step == Step::Write {
                cannot_write(says)
            } else {
                Answer::blocked(says)
            };
            return Some(not_read(answer));
        }
        Some(Resolved::Key(arn)) => asking.keys.by_arn.get(arn),
        Some(Resolved::AwsManagedAlias) | None => None,
    };
    let Some(key) = key else {
        let answer = Answer::unknown(Why::KeyUnread(reference.clone()));
        return Some(not_read(answer));
    };
    let asked = asking.reader.key(key);
    let host = format!("s3.{region}.amazonaws.com");
    let on = On::Key {
        key: &asked,
        via: Some(&host),
    };
    let answer = asking.answer(role, action, on, &Told::new(), &[]);
    let answer = answer.unless_blocked(|block| {
        if step == Step::Write {
            cannot_write(&block.says)
        } else {
            Answer::Blocked(block)
        }
    });
    Some(check(
        step,
        Some(role),
        Some(action),
        key.arn.as_str(),
        answer,
    ))
}

pub(super) fn cannot_write(says: &str) -> Answer {
    Answer::Noted(format!(
        "the endpoint comes up, and cannot write its output: {says}"
    ))
}
