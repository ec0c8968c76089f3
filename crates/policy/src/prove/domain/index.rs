//! What documents ask, by key.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::bare;
use crate::document::{Condition, Document, Expected, Statement};
use crate::pattern::Pattern;
use crate::prove::diagram::Variable;
use crate::prove::order::order;
use crate::request::{Grant, Request, Stack};

/// The documents that tell values apart, read once for all keys.
pub(in crate::prove) struct Index<'a> {
    stacks: &'a [&'a Stack],
    conditions: HashMap<&'a str, Vec<&'a Condition>>,
    /// Keys that are compared with one another through a variable that is all of the pattern.
    links: HashMap<&'a str, BTreeSet<&'a str>>,
    /// Keys that patterns have as variables.
    variables: HashSet<&'a str>,
    /// In which order keys are asked.
    order: HashMap<&'a str, Variable>,
}

impl<'a> Index<'a> {
    /// Of the documents, about a request: what it tells is not asked.
    pub(in crate::prove) fn new(stacks: &'a [&'a Stack], request: &Request) -> Self {
        let mut index = Self {
            stacks,
            conditions: HashMap::new(),
            links: HashMap::new(),
            variables: HashSet::new(),
            order: HashMap::new(),
        };
        let mut groups: BTreeSet<Vec<&'a str>> = BTreeSet::new();
        for statement in statements(stacks) {
            let resources = statement.resources.list.iter();
            let mut asked: BTreeSet<&'a str> = resources.flat_map(Pattern::variables).collect();
            index.variables.extend(asked.iter().copied());
            for condition in &statement.conditions {
                index
                    .conditions
                    .entry(&condition.key)
                    .or_default()
                    .push(condition);
                asked.insert(&condition.key);
                for expected in condition.expected.iter().filter(|one| one.has_variables()) {
                    asked.extend(expected.variables());
                    index.variables.extend(expected.variables());
                    if let Some(other) = bare(expected) {
                        index.links.entry(&condition.key).or_default().insert(other);
                        index.links.entry(other).or_default().insert(&condition.key);
                    }
                }
            }
            let free = asked
                .into_iter()
                .filter(|key| request.context.is_not_told(key));
            let free: Vec<&'a str> = free.collect();
            if !free.is_empty() {
                groups.insert(free);
            }
        }
        index.order = ordered(&groups);
        index
    }

    pub(super) fn statements(&self) -> impl Iterator<Item = &'a Statement> + use<'a> {
        statements(self.stacks)
    }

    pub(super) fn grants(&self) -> impl Iterator<Item = &'a Grant> + use<'a> {
        self.stacks.iter().flat_map(|stack| &stack.grants)
    }

    /// The conditions on a key.
    pub(super) fn conditions(&self, key: &str) -> &[&'a Condition] {
        self.conditions.get(key).map_or(&[], Vec::as_slice)
    }

    /// Keys that a key is compared with.
    pub(super) fn links(&self, key: &str) -> impl Iterator<Item = &'a str> + use<'_, 'a> {
        self.links.get(key).into_iter().flatten().copied()
    }

    /// Whether a pattern has a key as a variable.
    pub(super) fn is_variable(&self, key: &str) -> bool {
        self.variables.contains(key)
    }

    /// The place of a key in the order in which they are asked, and how many places there are.
    pub(in crate::prove) fn place(&self, key: &str) -> (Option<Variable>, usize) {
        (self.order.get(key).copied(), self.order.len())
    }
}

fn statements<'a>(stacks: &'a [&'a Stack]) -> impl Iterator<Item = &'a Statement> + use<'a> {
    stacks
        .iter()
        .flat_map(|stack| stack.documents())
        .flat_map(Document::statements)
}

fn ordered<'a>(groups: &BTreeSet<Vec<&'a str>>) -> HashMap<&'a str, Variable> {
    let mut members: BTreeMap<&'a str, usize> = BTreeMap::new();
    let groups: Vec<Vec<usize>> = groups
        .iter()
        .map(|group| {
            let group = group.iter().map(|key| {
                let next = members.len();
                *members.entry(key).or_insert(next)
            });
            group.collect()
        })
        .collect();
    let places = order(members.len(), &groups);
    let place = |member: usize| {
        let place = places.get(member).copied().unwrap_or(member);
        Variable::try_from(place).unwrap_or(Variable::MAX)
    };
    members
        .into_iter()
        .map(|(key, member)| (key, place(member)))
        .collect()
}

/// The expected values of a condition that name a variable, whole.
pub(super) fn is_folded(condition: &Condition) -> bool {
    condition.operator.base == crate::document::Base::StringIgnoreCase
        && condition
            .expected
            .iter()
            .any(|one: &Expected| bare(one).is_some())
}
