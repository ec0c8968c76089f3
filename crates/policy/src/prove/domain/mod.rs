//! The values of a key that matter: every value that a key can have decides as one of these does.

mod measure;
mod text;

use std::collections::{HashMap, HashSet};

use super::universe::{self, Form};
use crate::context::{Value, is_list};
use crate::document::{Base, Condition, Document, Expected, Statement};
use crate::evaluate::{Evaluation, Truth, condition};
use crate::pattern::{Filled, Pattern, Piece};
use crate::request::{Grant, Request, Stack};

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

/// The documents that tell values apart, and what is known.
pub(super) struct Ground<'a> {
    pub(super) stacks: &'a [&'a Stack],
    /// With what is known of it, and nothing that is tried.
    pub(super) request: &'a Request,
    pub(super) limits: &'a Limits,
}

impl<'a> Ground<'a> {
    fn evaluation(&self) -> Evaluation<'a> {
        Evaluation::bare(self.request)
    }

    fn is_free(&self, key: &str) -> bool {
        self.request.context.is_not_told(key)
    }

    fn statements(&self) -> impl Iterator<Item = &'a Statement> {
        self.stacks
            .iter()
            .flat_map(|stack| stack.documents())
            .flat_map(Document::statements)
    }

    fn grants(&self) -> impl Iterator<Item = &'a Grant> {
        self.stacks.iter().flat_map(|stack| &stack.grants)
    }

    fn tests(&self, key: &str) -> Vec<Test<'a>> {
        let conditions = self.statements().flat_map(|one| &one.conditions);
        let mut tests: Vec<Test<'a>> = conditions
            .filter(|condition| *condition.key == *key)
            .map(Test::Condition)
            .collect();
        for grant in self.grants() {
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
            for condition in self.statements().flat_map(|one| &one.conditions) {
                for variable in condition.expected.iter().filter_map(bare) {
                    let other: &str = if condition.key == one {
                        variable
                    } else if *variable == *one {
                        &condition.key
                    } else {
                        continue;
                    };
                    if self.is_free(other) && !company.iter().any(|one| **one == *other) {
                        company.push(other.into());
                    }
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
        let company = self.company(key);
        let tests: Vec<Test<'a>> = company.iter().flat_map(|one| self.tests(one)).collect();
        let mut domain = Domain {
            name: name.into(),
            values: Vec::new(),
            is_rough: false,
        };
        let forms: Vec<Form> = company.iter().map(|one| Form::of(one)).collect();
        let form = Form::of(key);
        let is_alone = forms.iter().all(|one| *one == form);
        let families = families(&tests);
        let values = match families.as_slice() {
            _ if !is_alone && form != Form::Text && form != Form::Tag => None,
            [] | [Family::Text] => Some(text::values(self, &tests, &company, form)),
            [Family::Measure] if company.len() == 1 => Some(measure::values(&tests, form)),
            _ => None,
        };
        let Some(Some(mut values)) = values else {
            domain.is_rough = true;
            return domain;
        };
        values.retain(|value| is_within(limit, value));
        if company.len() == 1 && !self.is_variable(key) {
            self.merge(&tests, limit, &mut values);
        }
        if values.len() > VALUES_MAX {
            domain.is_rough = true;
            return domain;
        }
        if !limit.is_there && !universe::is_always_there(key) {
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
            let Some(lists) = lists(&values, limit) else {
                domain.is_rough = true;
                return domain;
            };
            domain.values.extend(lists.into_iter().map(Some));
        }
        domain
    }

    /// Whether a pattern has a key as a variable.
    fn is_variable(&self, key: &str) -> bool {
        self.statements().any(|statement| {
            let resources = statement.resources.list.iter().flat_map(Pattern::variables);
            let expected = statement.conditions.iter().flat_map(|one| &one.expected);
            resources
                .chain(expected.flat_map(Expected::variables))
                .any(|variable| variable == key)
        })
    }

    /// Of values that no test tells apart, the first.
    fn merge(&self, tests: &[Test<'a>], limit: &Limit, values: &mut Vec<String>) {
        let mut seen: HashSet<(bool, Vec<Truth>)> = HashSet::new();
        values.retain(|value| {
            let signature: Vec<Truth> = tests.iter().map(|test| self.is(test, value)).collect();
            let is_empty = value.is_empty();
            // Whether it is one of those that a list must have tells it apart as well.
            let wanted = limit.has_one_of.unwrap_or_default();
            is_empty || seen.insert((wanted.contains(&value.as_str()), signature))
        });
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
                .into_iter()
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
    is_one
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
