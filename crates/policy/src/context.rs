//! The condition context of a request.

use std::fmt;

use crate::kms;

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

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(text) => f.write_str(text),
            Self::List(list) => write!(f, "[{}]", list.join(", ")),
            Self::Unknown => f.write_str("?"),
        }
    }
}

/// What a request tells of its condition keys. A key that is not here is absent from the request.
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// In the order of their keys.
    entries: Vec<Entry>,
    /// Of what is not here nobody knows whether the request has it.
    is_open: bool,
    /// But of keys that begin so, in lower case, all there are is told.
    whole: Vec<Box<str>>,
    /// And requests of this action of KMS, in lower case, have no keys of KMS but its own.
    action: Option<Box<str>>,
}

#[derive(Clone, Debug)]
struct Entry {
    /// In lower case.
    key: Box<str>,
    /// As it was written.
    name: Box<str>,
    /// `None`: it is not there, and that is known.
    value: Option<Found>,
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
                    value: Some(value),
                })
            })
            .collect();
        entries.sort_by(|a, b| a.key.cmp(&b.key));
        entries.dedup_by(|second, first| {
            let same = second.key == first.key;
            if same {
                first.value = Some(Found::Twice);
            }
            same
        });
        Self {
            entries,
            is_open: false,
            whole: Vec::new(),
            action: None,
        }
    }

    /// A context of which these keys are known, `None` being known to be absent, and no other.
    pub(crate) fn open(told: impl IntoIterator<Item = (String, Option<Value>)>) -> Self {
        let mut context = Self {
            entries: Vec::new(),
            is_open: true,
            whole: Vec::new(),
            action: None,
        };
        for (name, value) in told {
            let key = name.to_lowercase();
            let twice = context
                .entries
                .iter_mut()
                .find(|entry| *entry.key == *key && *entry.name != *name);
            match twice {
                Some(entry) => entry.value = Some(Found::Twice),
                None => context.tell(&name, value),
            }
        }
        context
    }

    /// A context of these keys and no others, `None` being known to be absent.
    pub(crate) fn whole(told: impl IntoIterator<Item = (String, Option<Value>)>) -> Self {
        Self {
            is_open: false,
            ..Self::open(told)
        }
    }

    /// Tells what a key is; `None` is that it is absent.
    pub(crate) fn tell(&mut self, name: &str, value: Option<Value>) {
        let value = match value {
            Some(Value::One(text)) => Some(Found::One(text)),
            Some(Value::List(list)) if list.is_empty() => None,
            Some(Value::List(list)) => Some(Found::List(list)),
            Some(Value::Unknown) => Some(Found::Unknown),
            None => None,
        };
        let key: Box<str> = name.to_lowercase().into();
        match self.entries.binary_search_by(|entry| entry.key.cmp(&key)) {
            Ok(at) => {
                if let Some(entry) = self.entries.get_mut(at) {
                    entry.value = value;
                }
            }
            Err(at) => self.entries.insert(
                at,
                Entry {
                    key,
                    name: name.into(),
                    value,
                },
            ),
        }
    }

    /// Of keys that begin so, in lower case, all there are was told.
    pub(crate) fn close(&mut self, prefix: &str) {
        self.whole.push(prefix.into());
    }

    /// Requests of an action of KMS have its condition keys only.
    pub(crate) fn of_action(&mut self, name: &str) {
        self.action = Some(name.into());
    }

    /// Whether it is known to be absent, where it is not told.
    fn is_whole(&self, key: &str) -> bool {
        let is_of_kms =
            key.starts_with("kms:") || key.starts_with("aws:requesttag/") || key == "aws:tagkeys";
        let is_other = |action: &str| is_of_kms && !kms::may_have(action, key);
        self.whole.iter().any(|prefix| key.starts_with(&**prefix))
            || self.action.as_deref().is_some_and(is_other)
    }

    /// Whether it is told what a key, in lower case, is, be it absent.
    pub(crate) fn is_told(&self, key: &str) -> bool {
        self.entries.iter().any(|entry| *entry.key == *key)
    }

    /// Whether nobody knows what a key, in lower case, is.
    pub(crate) fn is_not_told(&self, key: &str) -> bool {
        matches!(self.get(key), Some(Found::Unknown))
    }

    /// The values of a key, in lower case, where they are known.
    pub(crate) fn known(&self, key: &str) -> Option<&[Box<str>]> {
        match self.get(key)? {
            Found::One(text) => Some(std::slice::from_ref(text)),
            Found::List(list) => Some(list),
            Found::Unknown | Found::Twice => None,
        }
    }

    /// Keys and what they are known to be, in the order of their names.
    pub(crate) fn told(&self) -> impl Iterator<Item = (&str, Option<Value>)> {
        self.entries.iter().map(|entry| {
            let value = match &entry.value {
                Some(Found::One(text)) => Some(Value::One(text.clone())),
                Some(Found::List(list)) => Some(Value::List(list.clone())),
                Some(Found::Unknown | Found::Twice) => Some(Value::Unknown),
                None => None,
            };
            (&*entry.name, value)
        })
    }

    /// What is under a key in lower case. A request has a dozen keys, most of another length: to look
    /// at each is faster than to search among them.
    pub(crate) fn get(&self, key: &str) -> Option<&Found> {
        match self.entries.iter().find(|entry| *entry.key == *key) {
            Some(entry) => entry.value.as_ref(),
            None => (self.is_open && !self.is_whole(key)).then_some(&Found::Unknown),
        }
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
            .filter_map(move |entry| {
                let tail = entry.name.get(prefix.len()..).unwrap_or_default();
                Some((tail, entry.value.as_ref()?))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn one(name: &str, text: &str) -> (String, Option<Value>) {
        (name.to_owned(), Some(Value::One(text.into())))
    }

    fn list(texts: &[&str]) -> Value {
        Value::List(texts.iter().map(|text| (*text).into()).collect())
    }

    fn shown(context: &Context, key: &str) -> String {
        match context.get(key) {
            None => "absent".to_owned(),
            Some(found) => format!("{found:?}"),
        }
    }

    #[test]
    fn what_is_not_told_is_absent_of_a_whole_context_only() {
        let told = [one("aws:A", "a"), ("aws:B".to_owned(), None)];
        let whole = Context::whole(told.clone());
        let open = Context::open(told);
        for context in [&whole, &open] {
            assert_eq!(context.one("aws:a"), Some("a"));
            assert_eq!(shown(context, "aws:b"), "absent");
            assert!(context.is_told("aws:a") && context.is_told("aws:b"));
            assert!(!context.is_told("aws:c"));
            assert!(!context.is_not_told("aws:a") && !context.is_not_told("aws:b"));
        }
        assert_eq!(shown(&whole, "aws:c"), "absent");
        assert_eq!(shown(&open, "aws:c"), "Unknown");
        assert!(open.is_not_told("aws:c") && !whole.is_not_told("aws:c"));
    }

    #[test]
    fn of_a_closed_prefix_all_there_are_is_told() {
        let mut context = Context::open([one("aws:PrincipalTag/Team", "ml")]);
        context.close("aws:principaltag/");
        assert_eq!(context.one("aws:principaltag/team"), Some("ml"));
        assert_eq!(shown(&context, "aws:principaltag/other"), "absent");
        assert_eq!(shown(&context, "aws:principalarn"), "Unknown");
        let under: Vec<&str> = context
            .under("aws:principaltag/")
            .map(|(tail, _)| tail)
            .collect();
        assert_eq!(under, ["Team"]);
    }

    #[test]
    fn two_names_that_differ_in_case_are_one_key_that_is_not_defined() {
        let tags = [
            one("aws:PrincipalTag/team", "a"),
            one("aws:PrincipalTag/Team", "b"),
        ];
        let context = Context::open(tags.clone());
        assert_eq!(shown(&context, "aws:principaltag/team"), "Twice");
        assert_eq!(context.known("aws:principaltag/team"), None);
        let tags = tags
            .into_iter()
            .map(|(name, value)| (name, value.expect("a value")));
        let context = Context::new(tags);
        assert_eq!(shown(&context, "aws:principaltag/team"), "Twice");
        // The same name told again is another value.
        let context = Context::open([one("aws:A", "a"), one("aws:A", "b")]);
        assert_eq!(context.one("aws:a"), Some("b"));
    }

    #[test]
    fn a_list_without_values_is_no_key() {
        let mut context = Context::new([("aws:TagKeys".to_owned(), list(&[]))]);
        assert_eq!(shown(&context, "aws:tagkeys"), "absent");
        assert!(!context.is_told("aws:tagkeys"));
        context.tell("aws:TagKeys", Some(list(&[])));
        assert_eq!(shown(&context, "aws:tagkeys"), "absent");
        assert!(context.is_told("aws:tagkeys"));
        context.tell("aws:TagKeys", Some(list(&["a", "b"])));
        let known = context.known("aws:tagkeys").expect("known");
        assert_eq!(known, ["a".into(), "b".into()]);
        assert_eq!(context.one("aws:tagkeys"), None);
        context.tell("aws:TagKeys", Some(list(&["a"])));
        assert_eq!(context.one("aws:tagkeys"), Some("a"));
    }

    #[test]
    fn what_is_told_is_told_again_in_order_and_can_be_shown() {
        let context = Context::open([
            one("aws:B", "b"),
            ("aws:C".to_owned(), Some(Value::Unknown)),
            ("aws:D".to_owned(), None),
            ("aws:A".to_owned(), Some(list(&["x", "y"]))),
        ]);
        let told = context.told().map(|(name, value)| match value {
            Some(value) => format!("{name}={value}"),
            None => format!("{name} absent"),
        });
        let told: Vec<String> = told.collect();
        assert_eq!(told, ["aws:A=[x, y]", "aws:B=b", "aws:C=?", "aws:D absent"]);
    }
}
