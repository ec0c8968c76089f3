//! The buckets and artifacts that live endpoints use. A bucket is asked about once by each account
//! that uses it: what it may see of a bucket is its own affair, and so the same whoever comes
//! first. An artifact is asked about once in each cell; what lies under a prefix is listed there first.

use std::collections::{BTreeMap, BTreeSet};

use super::answer::existing;
use super::{Address, Answer};
use crate::call::{Call, Op, input, view};
use crate::fact::{Gap, Read};
use crate::ids::{AccountId, BucketName, KeyRef, Partition, Place, Region};
use crate::inventory::{
    BucketFacts, Cell, CellId, Encryption, MOST_OBJECTS, ObjectFacts, ObjectName, PlaceKind,
    PrefixFacts, Storage,
};
use crate::rules::{Data, needs};
use crate::settings::{ModelArtifacts, Settings};

/// What of S3 is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StorageReading {
    /// The buckets that outputs without a key are written to.
    pub outputs: bool,
    /// The artifacts of models.
    pub artifacts: Option<ModelArtifacts>,
}

impl StorageReading {
    /// What the rules that are on need.
    #[must_use]
    pub fn of(settings: &Settings) -> Self {
        Self {
            outputs: needs(settings, Data::Outputs),
            artifacts: needs(settings, Data::Artifacts).then_some(settings.model_artifacts),
        }
    }
}

/// What of a bucket a question is about.
#[derive(Clone, Debug)]
enum About {
    /// The bucket itself.
    Bucket,
    /// An object.
    Object(String),
    /// What lies under a prefix.
    Prefix(String),
}

/// A question about S3.
#[derive(Clone, Debug)]
pub(super) struct BucketAsk {
    cell: CellId,
    bucket: BucketName,
    about: About,
    /// Where it is asked: first where the endpoint is, then where the bucket is.
    region: Region,
    has_moved: bool,
}

impl BucketAsk {
    /// The call that asks it, and where.
    pub(super) fn call(&self) -> (Address, Call) {
        let address = Address {
            account: self.cell.account.clone(),
            region: self.region.clone(),
        };
        let bucket = self.bucket.clone();
        let call = match self.about.clone() {
            About::Bucket => input::GetBucketEncryption { bucket }.into(),
            About::Object(key) => input::HeadObject { bucket, key }.into(),
            About::Prefix(prefix) => input::ListObjectsV2 {
                bucket,
                prefix,
                max_keys: MOST_OBJECTS,
            }
            .into(),
        };
        (address, call)
    }

    /// What it is about, for a gap.
    pub(super) fn subject(&self) -> String {
        match &self.about {
            About::Bucket => format!("s3://{}", self.bucket),
            About::Object(name) | About::Prefix(name) => format!("s3://{}/{name}", self.bucket),
        }
    }

    /// The same question where the answer says that the bucket is: once, and in no other partition,
    /// whose hosts the credentials are not for.
    fn elsewhere(&self, answer: &Answer) -> Option<Self> {
        let told = answer.result.as_ref().err()?.error.moved_to()?;
        let same = Partition::of_region(&told) == Partition::of_region(&self.cell.region);
        (same && !self.has_moved && told != self.region).then(|| Self {
            region: told,
            has_moved: true,
            ..self.clone()
        })
    }

    fn malformed(&self, call: Op) -> Gap {
        Gap::malformed(call, &self.cell.account, &self.region, &self.subject())
    }
}

type Outcome = super::answer::Outcome<BucketAsk>;

/// What a cell waits for.
#[derive(Debug, Default)]
struct Wanted {
    buckets: BTreeSet<BucketName>,
    objects: BTreeMap<ObjectName, Read<Option<ObjectFacts>>>,
    prefixes: BTreeMap<ObjectName, Read<Option<PrefixFacts>>>,
    /// The objects that were asked about.
    asked: BTreeSet<ObjectName>,
    /// Questions without an answer.
    open: usize,
    /// The keys that buckets and objects name.
    keys: BTreeSet<(CellId, String)>,
}

type BucketId = (AccountId, BucketName);

/// What is known about buckets, and what is still asked.
#[derive(Debug)]
pub(super) struct BucketBook {
    reading: StorageReading,
    buckets: BTreeMap<BucketId, Read<Option<BucketFacts>>>,
    /// The cells that wait for each bucket that was asked about.
    waiting: BTreeMap<BucketId, Vec<CellId>>,
    cells: BTreeMap<CellId, Wanted>,
    /// The keys that buckets and objects name, of all cells.
    named: BTreeSet<(CellId, String)>,
}

impl BucketBook {
    pub(super) fn new() -> Self {
        Self {
            reading: StorageReading::of(&Settings::default()),
            buckets: BTreeMap::new(),
            waiting: BTreeMap::new(),
            cells: BTreeMap::new(),
            named: BTreeSet::new(),
        }
    }

    pub(super) fn set_reading(&mut self, reading: StorageReading) {
        self.reading = reading;
    }

    /// Whether a cell's places were taken up.
    pub(super) fn has_begun(&self, cell: &CellId) -> bool {
        self.cells.contains_key(cell)
    }

    /// The keys that a cell's places name, once all of its places are known.
    pub(super) fn settled(&self, cell: &CellId) -> Option<&BTreeSet<(CellId, String)>> {
        let wanted = self.cells.get(cell)?;
        (wanted.open == 0).then_some(&wanted.keys)
    }

    /// Takes up the places of a cell of which all else is known.
    pub(super) fn want(&mut self, cell: &Cell) -> Outcome {
        let mut outcome = Outcome::default();
        let mut wanted = Wanted::default();
        let mut prefixes = BTreeSet::new();
        for used in cell.place_uses() {
            let Place::Bucket(bucket, key) = Place::read(used.uri) else {
                continue;
            };
            match (used.kind, self.reading.artifacts) {
                (PlaceKind::Output, _) if self.reading.outputs => wanted.buckets.insert(bucket),
                (PlaceKind::Output, _) | (_, None) => false,
                (PlaceKind::Object, Some(ModelArtifacts::Object)) if !key.is_empty() => {
                    wanted.asked.insert((bucket, key))
                }
                (PlaceKind::Prefix, Some(ModelArtifacts::Object)) => {
                    prefixes.insert((bucket.clone(), key));
                    wanted.buckets.insert(bucket)
                }
                (PlaceKind::Object | PlaceKind::Prefix | PlaceKind::Manifest, Some(_)) => {
                    wanted.buckets.insert(bucket)
                }
            };
        }
        let ask = |bucket: BucketName, about: About| BucketAsk {
            cell: cell.id.clone(),
            bucket,
            about,
            region: cell.id.region.clone(),
            has_moved: false,
        };
        for bucket in &wanted.buckets {
            let id = (cell.id.account.clone(), bucket.clone());
            if let Some(read) = self.buckets.get(&id) {
                let key = read.fact.known().and_then(Option::as_ref);
                let key = key.and_then(|facts| reference(&cell.id, &facts.region, &facts.default));
                wanted
                    .keys
                    .extend(key.map(|(of, key)| (of, key.as_str().to_owned())));
                continue;
            }
            let waiting = self.waiting.entry(id).or_default();
            if waiting.is_empty() {
                outcome.asks.push(ask(bucket.clone(), About::Bucket));
            }
            waiting.push(cell.id.clone());
            wanted.open += 1;
        }
        wanted.open += wanted.asked.len() + prefixes.len();
        let objects = wanted.asked.iter().cloned();
        let objects = objects.map(|(bucket, key)| ask(bucket, About::Object(key)));
        outcome.asks.extend(objects);
        let prefixes = prefixes.into_iter();
        let prefixes = prefixes.map(|(bucket, prefix)| ask(bucket, About::Prefix(prefix)));
        outcome.asks.extend(prefixes);
        self.cells.insert(cell.id.clone(), wanted);
        outcome
    }

    /// Takes an answer.
    pub(super) fn on_answer(&mut self, ask: &BucketAsk, answer: Answer) -> Outcome {
        let mut outcome = Outcome::default();
        if let Some(again) = ask.elsewhere(&answer) {
            outcome.asks.push(again);
            return outcome;
        }
        match ask.about.clone() {
            About::Bucket => self.on_bucket(ask, answer, &mut outcome),
            About::Object(key) => self.on_object(ask, key, answer, &mut outcome),
            About::Prefix(prefix) => self.on_prefix(ask, prefix, answer, &mut outcome),
        }
        outcome
    }

    fn on_bucket(&mut self, ask: &BucketAsk, answer: Answer, outcome: &mut Outcome) {
        let gap = || ask.malformed(Op::GetBucketEncryption);
        let (source, viewed) = answer.view::<view::GetBucketEncryption>(gap);
        let region = ask.region.clone();
        let read = match viewed {
            // S3 API, "Error responses": what was said of buckets before all of them had a default.
            Err(failure)
                if failure.error.code == "ServerSideEncryptionConfigurationNotFoundError" =>
            {
                let default = Encryption::None;
                Read::known(source, Some(BucketFacts { region, default }))
            }
            viewed => existing(source, viewed, &mut outcome.gaps, |view| {
                BucketFacts::read(view, region)
            }),
        };
        let facts = read.fact.known().and_then(Option::as_ref);
        let key = facts.and_then(|facts| reference(&ask.cell, &facts.region, &facts.default));
        let id = (ask.cell.account.clone(), ask.bucket.clone());
        for cell in self.waiting.remove(&id).unwrap_or_default() {
            self.answered(&cell, key.as_ref());
        }
        outcome
            .keys
            .extend(key.map(|(of, key)| (of, key, read.source)));
        self.buckets.insert(id, read);
    }

    fn on_object(&mut self, ask: &BucketAsk, key: String, answer: Answer, outcome: &mut Outcome) {
        let gap = || ask.malformed(Op::HeadObject);
        let (source, viewed) = answer.view::<view::HeadObject>(gap);
        let region = ask.region.clone();
        let read = existing(source, viewed, &mut outcome.gaps, |view| {
            ObjectFacts::read(&view, region)
        });
        let facts = read.fact.known().and_then(Option::as_ref);
        let named = facts.and_then(|facts| reference(&ask.cell, &facts.region, &facts.encryption));
        self.answered(&ask.cell, named.as_ref());
        outcome
            .keys
            .extend(named.map(|(of, key)| (of, key, read.source)));
        if let Some(wanted) = self.cells.get_mut(&ask.cell) {
            wanted.objects.insert((ask.bucket.clone(), key), read);
        }
    }

    /// What lies under a prefix is asked about where the list was found.
    fn on_prefix(
        &mut self,
        ask: &BucketAsk,
        prefix: String,
        answer: Answer,
        outcome: &mut Outcome,
    ) {
        let gap = || ask.malformed(Op::ListObjectsV2);
        let (source, viewed) = answer.view::<view::ListObjectsV2>(gap);
        let read = existing(source, viewed, &mut outcome.gaps, PrefixFacts::read);
        let facts = read.fact.known().and_then(Option::as_ref);
        if let Some(wanted) = self.cells.get_mut(&ask.cell) {
            for key in facts.into_iter().flat_map(|facts| &facts.keys) {
                if wanted.asked.insert((ask.bucket.clone(), key.clone())) {
                    wanted.open += 1;
                    outcome.asks.push(BucketAsk {
                        about: About::Object(key.clone()),
                        ..ask.clone()
                    });
                }
            }
            wanted.prefixes.insert((ask.bucket.clone(), prefix), read);
        }
        self.answered(&ask.cell, None);
    }

    fn answered(&mut self, cell: &CellId, key: Option<&(CellId, KeyRef)>) {
        if let Some(wanted) = self.cells.get_mut(cell) {
            wanted.open -= 1;
            let key = key.map(|(of, key)| (of.clone(), key.as_str().to_owned()));
            self.named.extend(key.clone());
            wanted.keys.extend(key);
        }
    }

    /// Whether a bucket or an object names a key so, which other cells may still ask about.
    pub(super) fn names(&self, reference: &(CellId, String)) -> bool {
        self.named.contains(reference)
    }

    /// What is known for a cell that is whole now.
    pub(super) fn close(&mut self, cell: &CellId) -> Storage {
        let Some(wanted) = self.cells.remove(cell) else {
            return Storage::default();
        };
        let of = |bucket: BucketName| {
            let id = (cell.account.clone(), bucket);
            let read = self.buckets.get(&id).cloned();
            read.map(|read| (id.1, read))
        };
        Storage {
            buckets: wanted.buckets.into_iter().filter_map(of).collect(),
            objects: wanted.objects,
            prefixes: wanted.prefixes,
        }
    }
}

/// The key that an encryption names, as written where the bucket is: an id or an alias means a key
/// of whoever writes (S3 API, `ServerSideEncryptionByDefault`, `KMSMasterKeyID`: "KMS resolves the
/// key within the requester's account"), which is the endpoint's account.
fn reference(cell: &CellId, region: &Region, encryption: &Encryption) -> Option<(CellId, KeyRef)> {
    let key = encryption.key()?.clone();
    let of = CellId {
        account: cell.account.clone(),
        region: region.clone(),
    };
    Some((of, key))
}
