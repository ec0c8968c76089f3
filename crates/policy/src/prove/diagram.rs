//! Decision diagrams over variables of several values: every truth over them has one node, so that
//! what is never so is the node `NO`.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};

use super::budget::Budget;

/// A truth over the variables.
pub(super) type Node = u32;

/// Never.
pub(super) const NO: Node = 0;
/// Always.
pub(super) const YES: Node = 1;

/// Which variable is asked; the lower are asked first.
pub(super) type Variable = u32;

/// What a node asks, and where its children stand, one for each value of the variable.
#[derive(Clone, Copy, Debug)]
struct Choice {
    variable: Variable,
    start: u32,
    count: u32,
}

/// Truths that were made, each once.
#[derive(Debug)]
pub(super) struct Diagram<'a> {
    /// From node 2 on.
    choices: Vec<Choice>,
    children: Vec<Node>,
    /// The last node that was made of a hash, and before each node the one before of the same hash.
    hasher: RandomState,
    made: HashMap<u64, Node>,
    before: Vec<Node>,
    both: HashMap<(Node, Node), Node>,
    contrary: HashMap<Node, Node>,
    budget: &'a Budget,
    is_spent: bool,
}

/// What one entry of a table takes, in bytes, about.
const ENTRY: usize = 32;

impl<'a> Diagram<'a> {
    /// One that costs at most what a budget has.
    pub(super) fn new(budget: &'a Budget) -> Self {
        Self {
            choices: Vec::new(),
            children: Vec::new(),
            hasher: RandomState::default(),
            made: HashMap::new(),
            before: Vec::new(),
            both: HashMap::new(),
            contrary: HashMap::new(),
            budget,
            is_spent: false,
        }
    }

    /// More was needed than there may be: what was made since means nothing.
    pub(super) fn is_spent(&self) -> bool {
        self.is_spent || self.budget.is_spent()
    }

    /// Takes steps; false where there are no more.
    fn spend(&mut self, steps: usize) -> bool {
        let bytes = self.children.len() * size_of::<Node>()
            + (self.choices.len() * 2 + self.both.len() + self.contrary.len()) * ENTRY;
        if !self.budget.spend(steps) || bytes > self.budget.bytes_max() {
            self.is_spent = true;
        }
        !self.is_spent
    }

    /// One truth for each value of a variable. The children ask later variables only, or are put in
    /// order.
    pub(super) fn choose(&mut self, variable: Variable, children: &[Node]) -> Node {
        let is_in_order = children
            .iter()
            .all(|child| self.variable(*child).is_none_or(|later| later > variable));
        if is_in_order {
            return self.make(variable, children);
        }
        let mut any = NO;
        for (value, child) in children.iter().enumerate() {
            let is_value: Vec<Node> = (0..children.len())
                .map(|one| if one == value { YES } else { NO })
                .collect();
            let is_value = self.make(variable, &is_value);
            let here = self.and(is_value, *child);
            any = self.or(any, here);
        }
        any
    }

    fn make(&mut self, variable: Variable, children: &[Node]) -> Node {
        if let Some(first) = children.first()
            && children.iter().all(|child| child == first)
        {
            return *first;
        }
        let hash = self.hasher.hash_one((variable, children));
        let last = self.made.get(&hash).copied().unwrap_or(NO);
        let mut known = last;
        while known != NO {
            if self.variable(known) == Some(variable) && self.children(known) == children {
                return known;
            }
            known = self.before.get(known as usize - 2).copied().unwrap_or(NO);
        }
        if !self.spend(children.len()) {
            return NO;
        }
        let (Ok(start), Ok(count), Ok(node)) = (
            u32::try_from(self.children.len()),
            u32::try_from(children.len()),
            Node::try_from(self.choices.len() + 2),
        ) else {
            self.is_spent = true;
            return NO;
        };
        self.children.extend_from_slice(children);
        self.choices.push(Choice {
            variable,
            start,
            count,
        });
        self.before.push(last);
        self.made.insert(hash, node);
        node
    }

    fn choice(&self, node: Node) -> Option<Choice> {
        self.choices.get((node as usize).checked_sub(2)?).copied()
    }

    fn variable(&self, node: Node) -> Option<Variable> {
        self.choice(node).map(|choice| choice.variable)
    }

    /// What is left of a truth under each value of its variable.
    fn children(&self, node: Node) -> &[Node] {
        let children = self.choice(node).and_then(|choice| {
            let start = choice.start as usize;
            self.children.get(start..start + choice.count as usize)
        });
        children.unwrap_or_default()
    }

    /// What is left of a truth under one value of a variable that is asked first.
    fn under(&self, node: Node, variable: Variable, value: usize) -> Node {
        match self.choice(node) {
            Some(choice) if choice.variable == variable => {
                self.children(node).get(value).copied().unwrap_or(NO)
            }
            Some(_) | None => node,
        }
    }

    pub(super) fn not(&mut self, node: Node) -> Node {
        match node {
            NO => return YES,
            YES => return NO,
            _ => {}
        }
        if let Some(found) = self.contrary.get(&node) {
            return *found;
        }
        let Some(choice) = self.choice(node) else {
            return NO;
        };
        if !self.spend(choice.count as usize) {
            return NO;
        }
        let children: Vec<Node> = self.children(node).to_vec();
        let children: Vec<Node> = children.into_iter().map(|child| self.not(child)).collect();
        let found = self.make(choice.variable, &children);
        self.contrary.insert(node, found);
        self.contrary.insert(found, node);
        found
    }

    pub(super) fn and(&mut self, one: Node, other: Node) -> Node {
        if one == other || other == YES || one == NO {
            return one;
        }
        if one == YES || other == NO {
            return other;
        }
        if self.is_spent() {
            return NO;
        }
        let key = (one.min(other), one.max(other));
        if let Some(found) = self.both.get(&key) {
            return *found;
        }
        let (Some(first), Some(second)) = (self.choice(one), self.choice(other)) else {
            return NO;
        };
        let top = if first.variable <= second.variable {
            first
        } else {
            second
        };
        if !self.spend(top.count as usize) {
            return NO;
        }
        let children: Vec<Node> = (0..top.count as usize)
            .map(|value| {
                let left = self.under(one, top.variable, value);
                let right = self.under(other, top.variable, value);
                self.and(left, right)
            })
            .collect();
        let found = self.make(top.variable, &children);
        self.both.insert(key, found);
        found
    }

    pub(super) fn or(&mut self, one: Node, other: Node) -> Node {
        let one = self.not(one);
        let other = self.not(other);
        let neither = self.and(one, other);
        self.not(neither)
    }

    /// Where a truth holds whatever the variables from one on are.
    pub(super) fn whatever(&mut self, node: Node, from: Variable) -> Node {
        let mut known = HashMap::new();
        self.whatever_of(node, from, &mut known)
    }

    fn whatever_of(&mut self, node: Node, from: Variable, known: &mut HashMap<Node, Node>) -> Node {
        let Some(choice) = self.choice(node) else {
            return node;
        };
        // They are asked last: a node that asks one is not the same for all its values.
        if choice.variable >= from {
            return NO;
        }
        if let Some(found) = known.get(&node) {
            return *found;
        }
        let children: Vec<Node> = self.children(node).to_vec();
        let children: Vec<Node> = children
            .into_iter()
            .map(|child| self.whatever_of(child, from, known))
            .collect();
        let found = self.make(choice.variable, &children);
        known.insert(node, found);
        found
    }

    /// Values under which a truth holds: of each variable that matters, which. The earlier values are
    /// preferred.
    pub(super) fn path(&self, node: Node) -> Option<Vec<(Variable, usize)>> {
        let mut path = Vec::new();
        let mut node = node;
        while let Some(choice) = self.choice(node) {
            let children = self.children(node).iter().enumerate();
            let (value, child) = children.into_iter().find(|(_, child)| **child != NO)?;
            path.push((choice.variable, value));
            node = *child;
        }
        (node == YES).then_some(path)
    }

    /// The variables that a truth asks.
    pub(super) fn asked(&self, node: Node) -> Vec<Variable> {
        let mut seen = HashSet::new();
        let mut asked = std::collections::BTreeSet::new();
        let mut left = vec![node];
        while let Some(node) = left.pop() {
            if let Some(choice) = self.choice(node)
                && seen.insert(node)
            {
                asked.insert(choice.variable);
                left.extend(self.children(node));
            }
        }
        asked.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A truth as its table, over three variables of three values.
    fn table(diagram: &Diagram<'_>, node: Node) -> Vec<bool> {
        let mut table = Vec::new();
        for first in 0..3 {
            for second in 0..3 {
                for third in 0..3 {
                    let values = [first, second, third];
                    let mut at = node;
                    while let Some(choice) = diagram.choice(at) {
                        at = diagram.children(at)[values[choice.variable as usize]];
                    }
                    table.push(at == YES);
                }
            }
        }
        table
    }

    fn leaf(diagram: &mut Diagram<'_>, (variable, set): (u32, u8)) -> Node {
        let children = [0, 1, 2].map(|value| Node::from(set >> value & 1));
        diagram.choose(variable, &children)
    }

    proptest::proptest! {
        #[test]
        fn truths_are_what_their_tables_say(
            leaves in proptest::collection::vec((0_u32..3, 0_u8..8), 4),
        ) {
            let budget = Budget::new(8_000_000, 1 << 20);
            let mut diagram = Diagram::new(&budget);
            let [a, b, c, d] = [0, 1, 2, 3].map(|index: usize| leaf(&mut diagram, leaves[index]));
            let tables = [a, b, c, d].map(|node| table(&diagram, node));
            let one = diagram.and(a, b);
            let other = diagram.not(c);
            let other = diagram.and(other, d);
            let all = diagram.or(one, other);
            let wanted: Vec<bool> = (0..27)
                .map(|at| (tables[0][at] && tables[1][at]) || (!tables[2][at] && tables[3][at]))
                .collect();
            proptest::prop_assert_eq!(table(&diagram, all), wanted.clone());
            // The same truth is the same node, however it came about.
            let mut again = NO;
            for (at, is) in wanted.iter().enumerate() {
                if *is {
                    let values = [at / 9, at / 3 % 3, at % 3];
                    let mut cube = YES;
                    for (variable, value) in (0_u32..).zip(values) {
                        let one = leaf(&mut diagram, (variable, 1 << value));
                        cube = diagram.and(cube, one);
                    }
                    again = diagram.or(again, cube);
                }
            }
            proptest::prop_assert_eq!(again, all);
            proptest::prop_assert_eq!(diagram.path(all).is_some(), wanted.contains(&true));
            // Whatever the last variable is.
            let definite = diagram.whatever(all, 2);
            let expected: Vec<bool> = (0..27)
                .map(|at| (0..3).all(|third| wanted[at / 3 * 3 + third]))
                .collect();
            proptest::prop_assert_eq!(table(&diagram, definite), expected);
            // Out of order.
            let children = [all, a, d];
            let chosen = diagram.choose(1, &children);
            let parts = children.map(|node| table(&diagram, node));
            let expected: Vec<bool> = (0..27).map(|at| parts[at / 3 % 3][at]).collect();
            proptest::prop_assert_eq!(table(&diagram, chosen), expected);
        }
    }

    #[test]
    fn a_truth_that_is_too_large_is_told() {
        let budget = Budget::new(160, 1 << 20);
        let mut diagram = Diagram::new(&budget);
        let mut all = NO;
        for variable in 0..8 {
            let one = diagram.choose(variable, &[NO, YES]);
            let other = diagram.choose(variable + 8, &[NO, YES]);
            let both = diagram.and(one, other);
            all = diagram.or(all, both);
        }
        assert!(diagram.is_spent());
    }
}
