//! What the proofs of one question share.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::automaton::Steps;
use super::budget::Budget;
use super::universe::Form;
use crate::document::{Document, Statement};
use crate::request::Stack;

/// Texts that show every way in which patterns match together; `None` where finding them cost too much.
type Texts = Option<Rc<[String]>>;

/// Patterns, side by side: how many texts are wanted of each way, of which form.
type Asked = (Form, usize, Vec<Steps>);

/// How many answers about texts are kept.
const KEPT: usize = 4096;

/// Makes the proofs of one question: they have one budget, and what one found out serves the others.
#[derive(Debug, Default)]
pub struct Prover {
    pub(super) budget: Budget,
    texts: RefCell<HashMap<Asked, Texts>>,
    /// ARNs of those whom patterns tell apart.
    people: RefCell<HashMap<Vec<Steps>, Texts>>,
}

impl Prover {
    /// With a budget.
    #[must_use]
    pub fn new(budget: Budget) -> Self {
        Self {
            budget,
            texts: RefCell::default(),
            people: RefCell::default(),
        }
    }

    /// Whether nothing is left for another proof.
    #[must_use]
    pub fn is_spent(&self) -> bool {
        self.budget.left() == 0
    }

    /// How many steps are left.
    #[must_use]
    pub const fn left(&self) -> u64 {
        self.budget.left()
    }

    /// Another proof begins: to read its documents is a part of what it costs. False where nothing is left.
    pub(super) fn begins(&self, stacks: &[&Stack]) -> bool {
        self.budget.begin();
        self.budget
            .spend(stacks.iter().map(|stack| weight(stack)).sum())
    }

    /// A proof has to be followed: what its documents ask is sorted by key.
    pub(super) fn is_followed(&self, stacks: &[&Stack]) {
        let conditions = stacks.iter().flat_map(|stack| statements(stack));
        let conditions = conditions.flat_map(|one| &one.conditions);
        let asked = conditions.map(|one| PER_KEY + one.expected.len());
        self.budget.spend(asked.sum());
    }

    /// The ARNs of those whom patterns tell apart, found once.
    pub(super) fn people(
        &self,
        patterns: Vec<Steps>,
        find: impl FnOnce(&[Steps]) -> Option<Vec<String>>,
    ) -> Texts {
        if let Some(known) = self.people.borrow().get(&patterns) {
            return known.clone();
        }
        let found: Texts = find(&patterns).map(Into::into);
        self.people.borrow_mut().insert(patterns, found.clone());
        found
    }

    /// The texts of patterns, found once.
    pub(super) fn texts(
        &self,
        asked: Asked,
        find: impl FnOnce(&[Steps]) -> Option<Vec<String>>,
    ) -> Texts {
        if let Some(known) = self.texts.borrow().get(&asked) {
            return known.clone();
        }
        let found: Texts = find(&asked.2).map(Into::into);
        let mut texts = self.texts.borrow_mut();
        if texts.len() == KEPT {
            texts.clear();
        }
        texts.insert(asked, found.clone());
        found
    }
}

/// Steps that it takes to sort one condition by its key.
const PER_KEY: usize = 8;

fn statements(stack: &Stack) -> impl Iterator<Item = &Statement> {
    stack.documents().flat_map(Document::statements)
}

/// What it costs to read the documents of a stack, in steps.
fn weight(stack: &Stack) -> usize {
    let grants = stack.grants.len();
    let statements = statements(stack).map(|statement| {
        let principals = statement.principals.iter();
        let named: usize = principals.map(|principals| principals.list.len()).sum();
        let expected = statement
            .conditions
            .iter()
            .map(|one| 1 + one.expected.len() / 4);
        2 + named / 2 + expected.sum::<usize>()
    });
    grants + statements.sum::<usize>()
}
