//! The condition context of a request.

/// What a key is in a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// One value.
    One(Box<str>),
    /// The values of a key that may have several.
    List(Box<[Box<str>]>),
    /// It may be there or not; nobody could say.
    Unknown,
}

/// What a request tells of its condition keys. A key that is not here is absent from the request.
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// In the order of their keys.
    entries: Vec<Entry>,
    /// The hashes of the keys, in the same order.
    hashes: Vec<u64>,
}

#[derive(Clone, Debug)]
struct Entry {
    /// In lower case.
    key: Box<str>,
    /// As it was written.
    name: Box<str>,
    value: Found,
}

/// What is found under a key.
#[derive(Clone, Debug)]
pub(crate) enum Found {
    One(Box<str>),
    List(Box<[Box<str>]>),
    Unknown,
    /// Two names that differ in case only: which of them counts is not defined (IAM User Guide,
    /// "IAM JSON policy elements: Condition", on `aws:PrincipalTag`).
    Twice,
}

impl Context {
    /// A context of these keys. Their case does not matter.
    pub fn new(values: impl IntoIterator<Item = (String, Value)>) -> Self {
        let mut entries: Vec<Entry> = values
            .into_iter()
            .filter_map(|(name, value)| {
                let value = match value {
                    Value::One(text) => Found::One(text),
                    // No value is no key.
                    Value::List(list) if list.is_empty() => return None,
                    Value::List(list) => Found::List(list),
                    Value::Unknown => Found::Unknown,
                };
                Some(Entry {
                    key: name.to_lowercase().into(),
                    name: name.into(),
                    value,
                })
            })
            .collect();
        entries.sort_by(|a, b| a.key.cmp(&b.key));
        entries.dedup_by(|second, first| {
            let same = second.key == first.key;
            if same {
                first.value = Found::Twice;
            }
            same
        });
        let hashes = entries.iter().map(|entry| hash(&entry.key)).collect();
        Self { entries, hashes }
    }

    /// What is under a key in lower case.
    pub(crate) fn get(&self, key: &str) -> Option<&Found> {
        self.get_hashed(hash(key), key)
    }

    /// The same, where the key's hash is known. A request has a dozen keys: to look through their
    /// hashes is faster than any search among their names.
    pub(crate) fn get_hashed(&self, hash: u64, key: &str) -> Option<&Found> {
        self.hashes
            .iter()
            .zip(&self.entries)
            .find(|(there, entry)| **there == hash && *entry.key == *key)
            .map(|(_, entry)| &entry.value)
    }

    /// The one value of a key, where it has one.
    pub(crate) fn one(&self, key: &str) -> Option<&str> {
        match self.get(key)? {
            Found::One(text) => Some(text),
            Found::List(list) => match &**list {
                [only] => Some(only),
                _ => None,
            },
            Found::Unknown | Found::Twice => None,
        }
    }

    /// Keys that begin with a prefix in lower case: what follows it, as it was written.
    pub(crate) fn under<'a>(
        &'a self,
        prefix: &'a str,
    ) -> impl Iterator<Item = (&'a str, &'a Found)> {
        self.entries
            .iter()
            .filter(move |entry| entry.key.starts_with(prefix))
            .map(move |entry| {
                (
                    entry.name.get(prefix.len()..).unwrap_or_default(),
                    &entry.value,
                )
            })
    }
}

/// FNV-1a. Keys are compared as well, so that nothing depends on it.
pub(crate) fn hash(key: &str) -> u64 {
    key.bytes().fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
    })
}

/// Keys that may have several values, so that a condition needs `ForAnyValue` or `ForAllValues`
/// (Service Authorization Reference, condition keys of AWS KMS and Amazon SageMaker AI, type
/// `ArrayOf…`; IAM User Guide, "AWS global condition context keys").
const LISTS: [&str; 19] = [
    "aws:calledvia",
    "aws:principalorgpaths",
    "aws:principalservicenameslist",
    "aws:resourceorgpaths",
    "aws:sourceorgpaths",
    "aws:tagkeys",
    "kms:encryptioncontextkeys",
    "kms:grantoperations",
    "kms:resourcealiases",
    "sagemaker:domainsharingoutputkmskey",
    "sagemaker:imagearns",
    "sagemaker:instancetypes",
    "sagemaker:modelarn",
    "sagemaker:outputkmskey",
    "sagemaker:searchvisibilitycondition",
    "sagemaker:sharedmodelarns",
    "sagemaker:vpcsecuritygroupids",
    "sagemaker:vpcsubnets",
    "sagemaker:networkinterfaceids",
];

/// Whether a key, in lower case, may have several values.
pub(crate) fn is_list(key: &str) -> bool {
    LISTS.contains(&key)
}
