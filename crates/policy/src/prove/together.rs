//! What the keys of one request say of one another: a request that contradicts itself is nobody's.

use crate::context::Value;
use crate::document::{Instant, Who};
use crate::request::{Caller, Request};

/// A key, as AWS writes it, that contradicts another one of a request (IAM User Guide, "AWS global condition
/// context keys"; KMS Developer Guide, "Condition keys for AWS KMS").
pub(super) fn contradiction(request: &Request) -> Option<&'static str> {
    let told = Told(request);
    let rules: [(&'static str, bool); 7] = [
        ("aws:userid", told.is_its_session()),
        ("kms:EncryptionContextKeys", told.has_its_keys()),
        ("aws:CalledVia", told.is_called_by_its_first_and_last()),
        ("aws:MultiFactorAuthAge", told.has_an_age_with_its_factor()),
        ("kms:RequestAlias", told.has_an_alias_of_the_key()),
        ("aws:EpochTime", told.has_one_time()),
        (
            "aws:PrincipalOrgPaths",
            told.has_paths_of_its_organisations(),
        ),
    ];
    rules
        .into_iter()
        .find(|(_, holds)| !holds)
        .map(|(key, _)| key)
}

/// The same request where keys that follow from others say what follows.
pub(super) fn mended(request: &Request) -> Request {
    let mut mended = request.clone();
    let told = Told(request);
    if let (Caller::Identity(identity), Some((_, name))) = (&mut mended.caller, told.id())
        && let Who::Session(_, session) = &mut identity.who
    {
        *session = name.into();
    }
    let list = |texts: Vec<Box<str>>| Some(Value::List(texts.into()));
    if let Some(named) = told.told_of("kms:encryptioncontextkeys") {
        let pairs: Vec<(Box<str>, Option<Value>)> = told.pairs().collect();
        let is_absent = |name: &str| {
            pairs
                .iter()
                .any(|(one, value)| **one == *name && value.is_none())
        };
        let mut texts: Vec<Box<str>> = named
            .iter()
            .filter(|one| !is_absent(one))
            .cloned()
            .collect();
        for (name, value) in &pairs {
            if value.is_some() && !texts.contains(name) {
                texts.push(name.clone());
            }
        }
        mended
            .context
            .tell("kms:EncryptionContextKeys", list(texts));
    }
    for whose in ["Principal", "Resource", "Source"] {
        let (id, paths) = (format!("aws:{whose}OrgID"), format!("aws:{whose}OrgPaths"));
        let (Some(id), Some(all)) = (
            told.one(&id.to_lowercase()),
            told.told_of(&paths.to_lowercase()),
        ) else {
            continue;
        };
        let texts = all.iter().map(|path| {
            let rest = path.split_once('/').map_or("r-other/", |(_, rest)| rest);
            format!("{id}/{rest}").into()
        });
        mended.context.tell(&paths, list(texts.collect()));
    }
    if let Some(all) = told.told_of("aws:calledvia") {
        let ends = [
            ("aws:CalledViaFirst", all.first()),
            ("aws:CalledViaLast", all.last()),
        ];
        for (key, end) in ends {
            if request.context.is_told(&key.to_lowercase()) {
                mended
                    .context
                    .tell(key, end.map(|one| Value::One(one.clone())));
            }
        }
    }
    mended
}

struct Told<'a>(&'a Request);

/// What is told of a key.
enum Is<'a> {
    NotTold,
    Absent,
    Values(&'a [Box<str>]),
}

impl<'a> Told<'a> {
    fn get(&self, key: &str) -> Is<'a> {
        match self.0.context.known(key) {
            Some(values) => Is::Values(values),
            None if self.0.context.is_told(key) && !self.0.context.is_not_told(key) => Is::Absent,
            None => Is::NotTold,
        }
    }

    fn one(&self, key: &str) -> Option<&'a str> {
        match self.get(key) {
            Is::Values([one]) => Some(one),
            Is::Values(_) | Is::Absent | Is::NotTold => None,
        }
    }

    /// The unique id of a role, and the name of a session.
    fn id(&self) -> Option<(&'a str, &'a str)> {
        self.one("aws:userid")?.split_once(':')
    }

    /// IAM User Guide, "Principal key values": the id of a session ends with its name.
    fn is_its_session(&self) -> bool {
        match (&self.0.caller, self.id()) {
            (Caller::Identity(identity), Some((_, name))) => match &identity.who {
                Who::Session(_, session) => **session == *name,
                Who::Root | Who::User(_) | Who::Role(_) | Who::Federated(_) => true,
            },
            (Caller::Identity(_) | Caller::Service(_) | Caller::Anonymous, _) => true,
        }
    }

    /// What is told of an encryption context: its keys, and what they are.
    fn pairs(&self) -> impl Iterator<Item = (Box<str>, Option<Value>)> {
        let prefix = "kms:EncryptionContext:";
        self.0.context.told().filter_map(move |(name, value)| {
            let (head, tail) = (name.get(..prefix.len())?, name.get(prefix.len()..)?);
            let is_pair = head.eq_ignore_ascii_case(prefix) && !tail.is_empty();
            (is_pair && value != Some(Value::Unknown)).then(|| (tail.into(), value))
        })
    }

    /// The keys of an encryption context are those that it has.
    fn has_its_keys(&self) -> bool {
        let Some(named) = self.told_of("kms:encryptioncontextkeys") else {
            return true;
        };
        self.pairs()
            .all(|(name, value)| value.is_some() == named.contains(&name))
    }

    /// The values of a key; none of one that is absent, `None` of one that is not told.
    fn told_of(&self, key: &str) -> Option<&'a [Box<str>]> {
        match self.get(key) {
            Is::Values(values) => Some(values),
            Is::Absent => Some(&[]),
            Is::NotTold => None,
        }
    }

    fn is_called_by_its_first_and_last(&self) -> bool {
        let Some(all) = self.told_of("aws:calledvia") else {
            return true;
        };
        let is = |key: &str, end: Option<&Box<str>>| match self.get(key) {
            Is::NotTold => true,
            Is::Absent => end.is_none(),
            Is::Values(values) => values.first() == end,
        };
        is("aws:calledviafirst", all.first()) && is("aws:calledvialast", all.last())
    }

    fn has_an_age_with_its_factor(&self) -> bool {
        let is_there = matches!(self.get("aws:multifactorauthage"), Is::Values(_));
        let is_absent = match self.get("aws:multifactorauthpresent") {
            Is::NotTold => false,
            Is::Absent => true,
            Is::Values(values) => values.first().is_some_and(|one| **one == *"false"),
        };
        !(is_there && is_absent)
    }

    fn has_an_alias_of_the_key(&self) -> bool {
        let all = self.told_of("kms:resourcealiases");
        match (self.one("kms:requestalias"), all) {
            (Some(one), Some(all)) => all.iter().any(|alias| **alias == *one),
            (None, _) | (_, None) => true,
        }
    }

    fn has_one_time(&self) -> bool {
        let time = |key: &str| Instant::read(self.one(key)?).map(|time| time.seconds_after(0));
        match (time("aws:currenttime"), time("aws:epochtime")) {
            (Some(time), Some(epoch)) => time == epoch,
            (_, None) | (None, _) => true,
        }
    }

    /// AWS Organizations, "aws:PrincipalOrgPaths": a path begins with the id of the organisation.
    fn has_paths_of_its_organisations(&self) -> bool {
        ["principal", "resource", "source"].iter().all(|whose| {
            let paths = self.told_of(&format!("aws:{whose}orgpaths"));
            let id = match self.get(&format!("aws:{whose}orgid")) {
                Is::Values([one]) => Some(Some(&**one)),
                Is::Absent => Some(None),
                Is::Values(_) | Is::NotTold => None,
            };
            match (paths, id) {
                (Some(paths), Some(Some(id))) => paths.iter().all(|path| {
                    path.strip_prefix(id)
                        .is_some_and(|rest| rest.starts_with('/'))
                }),
                (Some(paths), Some(None)) => paths.is_empty(),
                (None, _) | (_, None) => true,
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(told: &[(&str, &str)]) -> Option<&'static str> {
        let told = told.iter().map(|(name, text)| {
            let value = match *text {
                "-" => None,
                "?" => Some(Value::Unknown),
                _ if text.contains(' ') => Some(Value::List(
                    text.split_whitespace().map(Into::into).collect(),
                )),
                _ => Some(Value::One((*text).into())),
            };
            ((*name).to_owned(), value)
        });
        let context = crate::context::Context::whole(told.collect::<Vec<_>>());
        let request = Request::new(Caller::Anonymous, "kms:Decrypt", "*", "1", context);
        contradiction(&request.expect("a request"))
    }

    #[test]
    fn what_cannot_stand_together_is_found_and_nothing_else() {
        let keys = "kms:EncryptionContextKeys";
        let team = "kms:EncryptionContext:team";
        for (told, expected) in [
            (vec![(keys, "team x"), (team, "red")], None),
            (vec![(keys, "x y"), (team, "red")], Some(keys)),
            (vec![(keys, "team x"), (team, "-")], Some(keys)),
            (vec![(keys, "-"), (team, "red")], Some(keys)),
            (vec![(keys, "team x"), (team, "?")], None),
            (vec![(team, "red")], None),
            (
                vec![("aws:CalledVia", "a b"), ("aws:CalledViaFirst", "a")],
                None,
            ),
            (
                vec![("aws:CalledVia", "a b"), ("aws:CalledViaLast", "a")],
                Some("aws:CalledVia"),
            ),
            (
                vec![("aws:CalledVia", "-"), ("aws:CalledViaFirst", "a")],
                Some("aws:CalledVia"),
            ),
            (
                vec![
                    ("aws:MultiFactorAuthAge", "1"),
                    ("aws:MultiFactorAuthPresent", "false"),
                ],
                Some("aws:MultiFactorAuthAge"),
            ),
            (
                vec![
                    ("aws:MultiFactorAuthAge", "1"),
                    ("aws:MultiFactorAuthPresent", "true"),
                ],
                None,
            ),
            (
                vec![
                    ("kms:RequestAlias", "alias/a"),
                    ("kms:ResourceAliases", "alias/b alias/c"),
                ],
                Some("kms:RequestAlias"),
            ),
            (
                vec![
                    ("kms:RequestAlias", "alias/a"),
                    ("kms:ResourceAliases", "?"),
                ],
                None,
            ),
            (
                vec![
                    ("aws:CurrentTime", "1970-01-01T00:00:05Z"),
                    ("aws:EpochTime", "5"),
                ],
                None,
            ),
            (
                vec![
                    ("aws:CurrentTime", "1970-01-01T00:00:05Z"),
                    ("aws:EpochTime", "6"),
                ],
                Some("aws:EpochTime"),
            ),
            (
                vec![
                    ("aws:PrincipalOrgPaths", "o-a/r-1/ o-a/r-1/ou-1/"),
                    ("aws:PrincipalOrgID", "o-a"),
                ],
                None,
            ),
            (
                vec![
                    ("aws:PrincipalOrgPaths", "o-a/r-1/ o-b/r-1/"),
                    ("aws:PrincipalOrgID", "o-a"),
                ],
                Some("aws:PrincipalOrgPaths"),
            ),
            (
                vec![("aws:SourceOrgPaths", "o-a/r-1/"), ("aws:SourceOrgID", "-")],
                Some("aws:PrincipalOrgPaths"),
            ),
        ] {
            assert_eq!(found(&told), expected, "{told:?}");
        }
    }
}
