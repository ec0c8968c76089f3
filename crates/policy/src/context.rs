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
        Self { entries }
    }

    /// What is under a key in lower case. A request has a dozen keys, most of another length: to look
    /// at each is faster than to search among them.
    pub(crate) fn get(&self, key: &str) -> Option<&Found> {
        let entry = self.entries.iter().find(|entry| *entry.key == *key)?;
        Some(&entry.value)
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
