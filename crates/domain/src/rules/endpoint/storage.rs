//! A bucket or an object in S3: is it under a customer managed key?

use crate::fact::{Fact, Source};
use crate::ids::{BucketName, KeyRef, Place, Region};
use crate::inventory::{BucketFacts, Cell, CellId, Encryption, Keys, ObjectFacts};
use crate::rules::subject::{Found, find_key, key_unknown};
use crate::rules::verdict::{Evidence, Judgement, Reason, reasons};
use crate::why::Why;

reasons! {
    Pass BUCKET_DEFAULT_CMK "bucket_default_cmk": "no key is named, and the default encryption of the bucket is under a customer managed key"; ""
    Fail BUCKET_DEFAULT_NOT_CMK "bucket_default_not_cmk": "no key is named, and the default encryption of the bucket is not under a customer managed key"; "give the bucket a default encryption under a customer managed key (s3:PutEncryptionConfiguration); what lies there already keeps the encryption it was written with, so copy it over itself"
    Fail BUCKET_KEY_NOT_FOUND "bucket_default_key_not_found": "KMS does not know the key of the bucket's default encryption"; "give the bucket a default encryption under a customer managed key that exists (s3:PutEncryptionConfiguration)"
    Unknown BUCKET_NOT_READ "bucket_encryption_not_read": "the bucket's default encryption decides, and it was not asked about"; "run again"
    Unknown BUCKET_NOT_FOUND "bucket_not_found": "the bucket does not exist, so nothing tells how what is written there will be encrypted"; "create the bucket with a default encryption under a customer managed key, or name another place"
    Unknown ACCESS_POINT "access_point_not_followed": "an access point stands in place of a bucket, and its bucket is not looked up"; "look at the default encryption of the access point's bucket, or name the bucket itself"
    Unknown PLACE_NOT_READ "place_not_read": "the place is no bucket that can be asked about"; "see what the message names"
    Unknown ENCRYPTION_UNKNOWN "encryption_unknown": "S3 names an encryption that this release does not know"; "update sagelock"
}

/// The reasons of whatever a bucket's default encryption decides.
pub(super) const BUCKET_REASONS: &[&Reason] = &[
    &BUCKET_DEFAULT_CMK,
    &BUCKET_DEFAULT_NOT_CMK,
    &BUCKET_KEY_NOT_FOUND,
    &BUCKET_NOT_READ,
    &BUCKET_NOT_FOUND,
    &ACCESS_POINT,
    &PLACE_NOT_READ,
    &ENCRYPTION_UNKNOWN,
];

/// What an encryption comes to.
pub(super) enum Kept<'a> {
    /// A customer managed key.
    Customer,
    /// None, S3's own keys, or `aws/s3`: said in words.
    NotCustomer(String),
    /// A key that KMS does not know.
    NotFound(&'a KeyRef),
    /// A key that could not be read.
    Key(Why),
    /// An encryption that is newer than this release.
    Other(&'a str),
}

/// Where something in S3 is: whose endpoint uses it, and the region of its bucket.
pub(super) struct Spot<'a> {
    pub(super) cell: &'a CellId,
    pub(super) region: &'a Region,
    pub(super) source: &'a Source,
}

/// Which key an encryption is under, and the facts that say so.
pub(super) fn kept<'a>(
    encryption: &'a Encryption,
    field: &'static str,
    spot: &Spot<'_>,
    keys: &'a Keys,
) -> (Kept<'a>, Vec<Evidence>) {
    let mut chain = vec![Evidence::new(field, encryption.as_str(), spot.source)];
    let not_customer = |words: &str| Kept::NotCustomer(words.to_owned());
    let kept = match encryption {
        Encryption::None => not_customer("not encrypted by S3"),
        Encryption::S3 => not_customer("under keys of S3's own (SSE-S3)"),
        Encryption::Customer => not_customer("under a key that the customer brings (SSE-C)"),
        Encryption::Kms(None) => not_customer("under aws/s3, which AWS manages"),
        Encryption::Other(name) => Kept::Other(name),
        Encryption::Kms(Some(reference)) => {
            let of = CellId {
                account: spot.cell.account.clone(),
                region: spot.region.clone(),
            };
            let (found, evidence) = find_key(keys, &of, reference);
            chain.push(Evidence::new(KEY_FIELD, reference.as_str(), spot.source));
            chain.extend(evidence);
            match found {
                Found::Customer(..) => Kept::Customer,
                Found::Aws => Kept::NotCustomer(format!("under {reference}, which AWS manages")),
                Found::NotFound => Kept::NotFound(reference),
                Found::Unknown(why) => Kept::Key(why),
            }
        }
    };
    (kept, chain)
}

/// AWS's name of the field that holds a bucket's or an object's key.
const KEY_FIELD: &str = "KMSMasterKeyID";

/// The judgement that an encryption of an unknown name commands.
pub(super) fn unknown_encryption(what: &str, name: &str) -> Judgement {
    Judgement::new(&ENCRYPTION_UNKNOWN).saying(format!("{what}: S3 names the encryption `{name}`"))
}

/// What a text names in S3, or the judgement that nobody can be asked about it.
pub(super) fn bucket_of(what: &str, uri: &str) -> Result<(BucketName, String), Box<Judgement>> {
    match Place::read(uri) {
        Place::Bucket(bucket, key) => Ok((bucket, key)),
        Place::AccessPoint => Err(Box::new(Judgement::new(&ACCESS_POINT).saying(format!(
            "{what}: {uri} is an access point, and its bucket is not looked up"
        )))),
        Place::Other => Err(Box::new(Judgement::new(&PLACE_NOT_READ).saying(format!(
            "{what}: {uri} is no bucket that can be asked about"
        )))),
    }
}

/// Judges what a bucket's default encryption decides, at a place that was written down.
pub(super) fn judge_place(what: &str, uri: Option<&str>, cell: &Cell, keys: &Keys) -> Judgement {
    let Some(uri) = uri else {
        return Judgement::new(&PLACE_NOT_READ).saying(format!("{what}: no place is named"));
    };
    match bucket_of(what, uri) {
        Ok((bucket, _)) => judge_default(what, &bucket, cell, keys),
        Err(judgement) => *judgement,
    }
}

/// Judges what a bucket's default encryption decides.
pub(super) fn judge_default(
    what: &str,
    bucket: &BucketName,
    cell: &Cell,
    keys: &Keys,
) -> Judgement {
    let Some(read) = cell.storage.buckets.get(bucket) else {
        return Judgement::new(&BUCKET_NOT_READ).saying(format!(
            "{what}: the default encryption of s3://{bucket} was not asked about"
        ));
    };
    let named = Evidence::new("Bucket", format!("s3://{bucket}"), &read.source);
    match &read.fact {
        Fact::Unknown(gap) => Judgement::unknown(gap),
        Fact::Known(None) => Judgement::new(&BUCKET_NOT_FOUND)
            .saying(format!("{what}: s3://{bucket} does not exist")),
        Fact::Known(Some(facts)) => by_default(what, bucket, facts, &read.source, cell, keys),
    }
    .given(named)
}

fn by_default(
    what: &str,
    bucket: &BucketName,
    facts: &BucketFacts,
    source: &Source,
    cell: &Cell,
    keys: &Keys,
) -> Judgement {
    let spot = Spot {
        cell: &cell.id,
        region: &facts.region,
        source,
    };
    let (kept, chain) = kept(&facts.default, "SSEAlgorithm", &spot, keys);
    let judgement = match kept {
        Kept::Customer => Judgement::new(&BUCKET_DEFAULT_CMK).saying(format!(
            "{what}: the default encryption of s3://{bucket} is under a customer managed key"
        )),
        Kept::NotCustomer(words) => Judgement::new(&BUCKET_DEFAULT_NOT_CMK).saying(format!(
            "{what}: the default encryption of s3://{bucket} is {words}"
        )),
        Kept::NotFound(key) => Judgement::new(&BUCKET_KEY_NOT_FOUND).saying(format!(
            "{what}: the default encryption of s3://{bucket} is under {key}, which KMS does not know"
        )),
        Kept::Key(why) => key_unknown(&why),
        Kept::Other(name) => unknown_encryption(what, name),
    };
    with_chain(judgement, chain, facts.default.key())
}

/// A judgement with the facts behind it, about the key that they name.
pub(super) fn with_chain(
    judgement: Judgement,
    chain: Vec<Evidence>,
    key: Option<&KeyRef>,
) -> Judgement {
    let judgement = chain.into_iter().rev().fold(judgement, Judgement::given);
    match key {
        Some(key) => judgement.about_key(key.as_str()),
        None => judgement,
    }
}

/// How an object is encrypted, and where that was found out.
pub(super) fn spot_of<'a>(facts: &'a ObjectFacts, source: &'a Source, cell: &'a Cell) -> Spot<'a> {
    Spot {
        cell: &cell.id,
        region: &facts.region,
        source,
    }
}
