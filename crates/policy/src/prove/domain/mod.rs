//! The values of a key that matter: every value that a key can have decides as one of these does.

mod index;
mod measure;
mod text;

use std::collections::{HashMap, HashSet};

pub(in crate::prove) use index::Index;

use super::prover::Prover;
use super::universe::{self, Form};
use crate::context::{Value, is_list};
use crate::document::{Base, Condition, Expected};
use crate::evaluate::{Evaluation, Truth, condition};
use crate::global;
use crate::pattern::{Filled, Pattern, Piece};
use crate::request::Request;

/// It says which role a session is of, with its path.
const PRINCIPAL: &str = "aws:principalarn";
/// More sets of values than this are not looked at.
const LISTED_MAX: usize = 8;
/// A key of which more values matter is not followed.
const VALUES_MAX: usize = 500;

/// What is known of a key beforehand.
#[derive(Clone, Debug, Default)]
pub(super) struct Limit {
    /// The request has it.
    pub(super) is_there: bool,
    /// Texts that it does not have: these, what begins with one of them and a slash, and ARNs of such
    /// accounts.
    pub(super) without: Vec<Box<str>>,
    /// A list has one of these.
    pub(super) has_one_of: Option<&'static [&'static str]>,
    /// It is one of these, where there are any.
    pub(super) only: Vec<Box<str>>,
    /// It begins so.
    pub(super) prefix: Option<Box<str>>,
}

/// What is known of keys, in lower case.
pub(super) type Limits = HashMap<Box<str>, Limit>;

/// A key, and the values of it that matter; `None` is that it is absent.
#[derive(Debug)]
pub(super) struct Domain {
    /// As it is written.
    pub(super) name: Box<str>,
    pub(super) values: Vec<Option<Value>>,
    /// There is no such list: what is compared with the key may be so or not.
    pub(super) is_rough: bool,
}

/// What a value of a key is held against.
pub(super) enum Test<'a> {
    Condition(&'a Condition),
    /// One of these, in any case.
    Within(&'a [Box<str>]),
    Exactly(&'a str),
    Like(&'a str),
}

impl Test<'_> {
    /// Where it stands: what is tested twice says nothing new.
    fn place(&self) -> (u8, usize, usize) {
        match self {
            Self::Condition(condition) => (0, std::ptr::from_ref(*condition).addr(), 0),
            Self::Within(list) => (1, list.as_ptr().addr(), list.len()),
            Self::Exactly(text) => (2, text.as_ptr().addr(), text.len()),
            Self::Like(text) => (3, text.as_ptr().addr(), text.len()),
        }
    }

    /// How many texts a value is held against.
    fn cost(&self) -> usize {
        match self {
            Self::Condition(condition) => condition.expected.len(),
            Self::Within(list) => list.len(),
            Self::Exactly(_) | Self::Like(_) => 1,
        }
    }
}

/// The documents that tell values apart, and what is known.
pub(super) struct Ground<'a, 'i> {
    pub(super) index: &'i Index<'a>,
    /// With what is known of it, and nothing that is tried.
    pub(super) request: &'a Request,
    pub(super) limits: &'a Limits,
    /// Nothing is taken for granted of keys but their types.
    pub(super) is_loose: bool,
    pub(super) prover: &'a Prover,
}

impl<'a> Ground<'a, '_> {
    fn evaluation(&self) -> Evaluation<'a> {
        Evaluation::bare(self.request)
    }

    fn is_free(&self, key: &str) -> bool {
        self.request.context.is_not_told(key)
    }

    fn form(&self, key: &str) -> Form {
        if self.is_loose {
            Form::loose(key)
        } else {
            Form::of(key, &self.request.caller)
        }
    }

    fn spend(&self, steps: usize) -> bool {
        self.prover.budget.spend(steps)
    }

    fn tests(&self, key: &str) -> Vec<Test<'a>> {
        let conditions = self.index.conditions(key).iter();
        let mut tests: Vec<Test<'a>> = conditions.copied().map(Test::Condition).collect();
        let of_grants = [
            "kms:grantoperations",
            "aws:sourcearn",
            "kms:grantconstraintsourcearn",
        ];
        if !key.starts_with("kms:encryptioncontext") && !of_grants.contains(&key) {
            return tests;
        }
        for grant in self.index.grants() {
            match key {
                "kms:grantoperations" => tests.push(Test::Within(&grant.operations)),
                "aws:sourcearn" => tests.extend(grant.source.as_deref().map(Test::Like)),
                "kms:grantconstraintsourcearn" => {
                    tests.extend(grant.source.as_deref().map(Test::Exactly));
                }
                _ => {}
            }
            let pairs = [&grant.context_equals, &grant.context_subset];
            for (name, value) in pairs.into_iter().flatten().flatten() {
                if let Some(tail) = key.strip_prefix("kms:encryptioncontext:")
                    && tail == name.to_lowercase()
                {
                    tests.push(Test::Exactly(value));
                }
                if key == "kms:encryptioncontextkeys" {
                    tests.push(Test::Exactly(name));
                }
            }
        }
        tests
    }

    /// Keys that are compared with a key through a variable that is all of the pattern, this one
    /// included, in the order of their names.
    fn company(&self, key: &str) -> Vec<Box<str>> {
        let mut company: Vec<Box<str>> = vec![key.into()];
        let mut at = 0;
        while let Some(one) = company.get(at).cloned() {
            at += 1;
            for other in self.index.links(&one) {
                if self.is_free(other) && !company.iter().any(|one| **one == *other) {
                    company.push(other.into());
                }
            }
        }
        company.sort();
        company
    }

    /// The values of a key that matter.
    pub(super) fn domain(&self, key: &str, name: &str) -> Domain {
        let none = Limit::default();
        let limit = self.limits.get(key).unwrap_or(&none);
        // Whom a policy names by it is asked of the request, and not of the key.
        if key == PRINCIPAL {
            return Domain {
                name: name.into(),
                values: Vec::new(),
                is_rough: true,
            };
        }
        // A key that AWS has not is in no request.
        if !self.is_loose && global::meant(key).is_some() {
            return Domain {
                name: name.into(),
                values: vec![None],
                is_rough: false,
            };
        }
        // The age of a grant is compared with it.
        let is_time = matches!(key, "aws:currenttime" | "aws:epochtime");
        if is_time && self.index.grants().any(|grant| grant.created.is_some()) {
            return Domain {
                name: name.into(),
                values: Vec::new(),
                is_rough: true,
            };
        }
        let company = self.company(key);
        let mut tests: Vec<Test<'a>> = company.iter().flat_map(|one| self.tests(one)).collect();
        let mut places = HashSet::new();
        tests.retain(|test| places.insert(test.place()));
        let mut domain = Domain {
            name: name.into(),
            values: Vec::new(),
            is_rough: false,
        };
        let forms: Vec<Form> = company.iter().map(|one| self.form(one)).collect();
        let form = self.form(key);
        let is_alone = forms.iter().all(|one| *one == form);
        let families = families(&tests);
        let values = match families.as_slice() {
            _ if !is_alone && !matches!(form, Form::Text | Form::Tag | Form::TagValue) => None,
            [] | [Family::Text] => Some(text::values(self, &tests, &company, form)),
            [Family::Measure] if company.len() == 1 => Some(measure::values(self, &tests, form)),
            _ => None,
        };
        let Some(Some(mut values)) = values else {
            domain.is_rough = true;
            return domain;
        };
        // What it can only be, it can be, whatever it is compared as.
        for text in &limit.only {
            if !values.iter().any(|value| **value == **text) {
                values.push(text.to_string());
            }
        }
        values.retain(|value| is_within(limit, value));
        let may_merge = company.len() == 1 && !self.index.is_variable(key);
        if may_merge && !self.merge(&tests, limit, &mut values) {
            domain.is_rough = true;
            return domain;
        }
        if values.len() > VALUES_MAX {
            domain.is_rough = true;
            return domain;
        }
        if !limit.is_there && !universe::is_always_there(key, self.request) {
            domain.values.push(None);
        }
        let is_list = is_list(key);
        let may_be_list = is_list || (!universe::is_single(key) && has_quantity(&tests));
        if !is_list {
            let single = values
                .iter()
                .map(|text| Some(Value::One(text.as_str().into())));
            domain.values.extend(single);
        }
        if may_be_list {
            let Some(lists) = lists(&values, limit).filter(|lists| self.spend(lists.len())) else {
                domain.is_rough = true;
                return domain;
            };
            domain.values.extend(lists.into_iter().map(Some));
        }
        domain
    }

    /// Of values that no test tells apart, the first; false where telling them apart costs more than there
    /// is.
    fn merge(&self, tests: &[Test<'a>], limit: &Limit, values: &mut Vec<String>) -> bool {
        let cost: usize = tests.iter().map(Test::cost).sum();
        if !self.spend(cost.saturating_mul(values.len())) {
            return false;
        }
        let mut seen: HashSet<(bool, Vec<Truth>)> = HashSet::new();
        values.retain(|value| {
            let signature: Vec<Truth> = tests.iter().map(|test| self.is(test, value)).collect();
            let is_empty = value.is_empty();
            // Whether it is one of those that a list must have tells it apart as well.
            let wanted = limit.has_one_of.unwrap_or_default();
            is_empty || seen.insert((wanted.contains(&value.as_str()), signature))
        });
        true
    }

    fn is(&self, test: &Test<'_>, value: &str) -> Truth {
        let mut evaluation = self.evaluation();
        match test {
            Test::Condition(one) => condition::is_expected(&mut evaluation, one, value),
            Test::Within(list) => {
                let lower = value.to_ascii_lowercase();
                Truth::of(list.iter().any(|one| **one == *lower))
            }
            Test::Exactly(one) => Truth::of(*one == value),
            Test::Like(pattern) => Truth::of(crate::evaluate::is_like(pattern, value)),
        }
    }

    /// The pieces of a pattern whose variables are known; `None` where one is not, or has no value.
    fn filled(&self, pattern: &Pattern) -> Option<Vec<Piece>> {
        match self.evaluation().fill(pattern) {
            Filled::Pieces(pieces) => Some(pieces),
            Filled::Nothing { .. } | Filled::Unknown(_) => None,
        }
    }

    /// Whether the values that matter say nothing about a condition: it compares two keys, neither of
    /// which is known, other than for being equal.
    pub(super) fn is_beyond(&self, condition: &Condition) -> bool {
        let is_free = self.is_free(&condition.key);
        condition.expected.iter().any(|expected| {
            if let Some(variable) = bare(expected) {
                let is_list = is_list(&condition.key) || is_list(variable);
                return is_free && self.is_free(variable) && is_list;
            }
            let free = expected
                .variables()
                .filter(|variable| self.is_free(variable))
                .count();
            free > 1 || (free == 1 && is_free)
        })
    }
}

/// The key of a variable that is all of what is expected, compared as text.
fn bare(expected: &Expected) -> Option<&str> {
    let Expected::Text(pattern) = expected else {
        return None;
    };
    match pattern.pieces() {
        [Piece::Variable(variable)] => Some(&variable.key),
        _ => None,
    }
}

/// How values are compared.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Family {
    Text,
    /// Numbers, dates and addresses.
    Measure,
}

fn families(tests: &[Test<'_>]) -> Vec<Family> {
    let mut families: Vec<Family> = tests
        .iter()
        .filter_map(|test| match test {
            Test::Condition(condition) => match condition.operator.base {
                Base::Null => None,
                Base::Number(_) | Base::Date(_) | Base::Address => Some(Family::Measure),
                Base::String
                | Base::StringIgnoreCase
                | Base::StringLike
                | Base::Arn
                | Base::Boolean
                | Base::Binary => Some(Family::Text),
            },
            Test::Within(_) | Test::Exactly(_) | Test::Like(_) => Some(Family::Text),
        })
        .collect();
    families.sort_unstable();
    families.dedup();
    families
}

fn has_quantity(tests: &[Test<'_>]) -> bool {
    tests.iter().any(|test| match test {
        Test::Condition(one) => one.operator.quantity != crate::document::Quantity::One,
        Test::Within(_) | Test::Exactly(_) | Test::Like(_) => false,
    })
}

fn is_within(limit: &Limit, text: &str) -> bool {
    let is_one = limit.only.is_empty() || limit.only.iter().any(|one| **one == *text);
    let begins = limit
        .prefix
        .as_ref()
        .is_none_or(|prefix| text.starts_with(&**prefix));
    is_one
        && begins
        && !limit.without.iter().any(|one| {
            let under = text.strip_prefix(&**one);
            let account = crate::document::Arn::split(text).map(|arn| arn.account);
            under.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
                || account == Some(&**one)
        })
}

/// Every set of some texts but the empty one, the small ones first.
fn lists(texts: &[String], limit: &Limit) -> Option<Vec<Value>> {
    if texts.len() > LISTED_MAX {
        return None;
    }
    let mut sets: Vec<u32> = (1..1_u32 << texts.len()).collect();
    sets.sort_by_key(|set| set.count_ones());
    let lists = sets.into_iter().map(|set| {
        let chosen = texts.iter().enumerate();
        chosen
            .filter(|(index, _)| set >> index & 1 == 1)
            .map(|(_, text)| text.as_str().into())
            .collect::<Vec<Box<str>>>()
    });
    let wanted = |list: &Vec<Box<str>>| {
        limit
            .has_one_of
            .is_none_or(|wanted| list.iter().any(|one| wanted.contains(&&**one)))
    };
    Some(
        lists
            .filter(wanted)
            .map(|list| Value::List(list.into()))
            .collect(),
    )
}
