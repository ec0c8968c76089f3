//! What the proofs of one question share.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::automaton::Steps;
use super::budget::Budget;
use super::universe::Form;

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
}

impl Prover {
    /// With a budget.
    #[must_use]
    pub fn new(budget: Budget) -> Self {
        Self {
            budget,
            texts: RefCell::default(),
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
