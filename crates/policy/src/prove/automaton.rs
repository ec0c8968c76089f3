//! Patterns side by side: texts that show every way in which they can match together.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};

use super::budget::Budget;
pub(in crate::prove) use super::set::Set;
use crate::pattern::{Pattern, Piece};

/// A step of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::prove) enum Step {
    Char(char),
    /// A character or its other case.
    Fold(char),
    One(Set),
    /// Any number of them, none included.
    Run(Set),
}

impl Step {
    fn takes(self, c: char) -> bool {
        match self {
            Self::Char(own) => own == c,
            Self::Fold(own) => c.to_lowercase().eq(own.to_lowercase()),
            Self::One(set) | Self::Run(set) => set.has(c),
        }
    }
}

/// What a text has to be, from its beginning to its end.
pub(in crate::prove) type Steps = Vec<Step>;

/// The steps of a text as it is.
pub(in crate::prove) fn literal(text: &str) -> Steps {
    text.chars().map(Step::Char).collect()
}

/// The steps of pieces without variables.
pub(in crate::prove) fn glob(pieces: &[Piece], set: Set) -> Steps {
    let mut steps = Steps::new();
    for piece in pieces {
        match piece {
            Piece::Text(text) => steps.extend(text.chars().map(Step::Char)),
            Piece::Run => steps.push(Step::Run(set)),
            Piece::One => steps.push(Step::One(set)),
            Piece::Variable(_) => {}
        }
    }
    steps
}

/// The same, in either case.
pub(in crate::prove) fn fold(steps: Steps) -> Steps {
    let fold = |step| match step {
        Step::Char(c) => Step::Fold(c),
        Step::Fold(_) | Step::One(_) | Step::Run(_) => step,
    };
    steps.into_iter().map(fold).collect()
}

/// The steps of an ARN's fields: a wildcard stays in its field, but in the last. The first is `arn`
/// itself, or nothing matches.
pub(in crate::prove) fn arn(fields: &[Pattern; 6]) -> Option<Steps> {
    let [first, rest @ ..] = fields;
    let mut steps = literal("arn");
    if !crate::pattern::matches(first.fixed()?, "arn") {
        return None;
    }
    for (index, field) in rest.iter().enumerate() {
        let set = if index == 4 { Set::Any } else { Set::NoColon };
        steps.push(Step::Char(':'));
        steps.extend(glob(field.fixed()?, set));
    }
    Some(steps)
}

/// ARNs of an account.
pub(in crate::prove) fn of_account(account: &[Step]) -> Steps {
    let mut steps = literal("arn");
    for _ in 0..3 {
        steps.push(Step::Char(':'));
        steps.push(Step::Run(Set::NoColon));
    }
    steps.push(Step::Char(':'));
    steps.extend(account);
    steps.push(Step::Char(':'));
    steps.push(Step::Run(Set::Any));
    steps
}

/// How far a text has come in each of the patterns, one bit for each place in one of them.
type Reached = Box<[u64]>;

/// Patterns, matched at once.
struct Patterns {
    /// One after the other; the end of a pattern is a place of its own, which takes nothing.
    steps: Vec<Option<Step>>,
    starts: Vec<usize>,
    ends: Vec<usize>,
}

impl Patterns {
    fn new(patterns: &[Steps]) -> Self {
        let mut steps = Vec::new();
        let mut starts = Vec::new();
        let mut ends = Vec::new();
        for pattern in patterns {
            starts.push(steps.len());
            steps.extend(pattern.iter().copied().map(Some));
            ends.push(steps.len());
            steps.push(None);
        }
        Self {
            steps,
            starts,
            ends,
        }
    }

    fn step(&self, at: usize) -> Option<Step> {
        self.steps.get(at).copied().flatten()
    }

    fn set(&self, reached: &mut Reached, at: usize) {
        let mut at = at;
        loop {
            if let Some(word) = reached.get_mut(at / 64) {
                *word |= 1 << (at % 64);
            }
            // A run may be empty.
            match self.step(at) {
                Some(Step::Run(_)) => at += 1,
                Some(_) | None => return,
            }
        }
    }

    fn start(&self) -> Reached {
        let mut reached = vec![0; self.steps.len().div_ceil(64)].into();
        for start in &self.starts {
            self.set(&mut reached, *start);
        }
        reached
    }

    fn after(&self, reached: &Reached, c: char) -> Reached {
        let mut next: Reached = vec![0; reached.len()].into();
        for (word_at, word) in reached.iter().enumerate() {
            let mut word = *word;
            while word != 0 {
                let at = word_at * 64 + word.trailing_zeros() as usize;
                word &= word - 1;
                match self.step(at) {
                    Some(step @ Step::Run(_)) if step.takes(c) => self.set(&mut next, at),
                    Some(step) if step.takes(c) => self.set(&mut next, at + 1),
                    Some(_) | None => {}
                }
            }
        }
        next
    }

    fn read(&self, text: &str) -> Reached {
        text.chars()
            .fold(self.start(), |reached, c| self.after(&reached, c))
    }

    fn accepted(&self, reached: &Reached) -> Box<[bool]> {
        let has = |at: &usize| {
            reached
                .get(at / 64)
                .is_some_and(|word| word >> (at % 64) & 1 == 1)
        };
        self.ends.iter().map(has).collect()
    }

    /// Whether a text is what one of them says; of none, any text is.
    fn takes(&self, text: &str) -> bool {
        self.starts.is_empty() || self.accepted(&self.read(text)).contains(&true)
    }

    /// One character for each way in which characters can differ here.
    fn alphabet(&self) -> Vec<char> {
        let written = self.steps.iter().flatten().filter_map(|step| match step {
            Step::Char(c) => Some(vec![*c]),
            Step::Fold(c) => Some(c.to_lowercase().chain(c.to_uppercase()).collect()),
            Step::One(_) | Step::Run(_) => None,
        });
        let mut alphabet: Vec<char> = written.flatten().collect();
        alphabet.sort_unstable();
        alphabet.dedup();
        let written = alphabet.clone();
        let mut kinds = Vec::new();
        let others = ('a'..='z').chain('0'..='9').chain('A'..='Z');
        for c in others.chain("-_./:+=,@ #é".chars()) {
            let kind = Set::ALL.map(|set| set.has(c));
            if written.binary_search(&c).is_err() && !kinds.contains(&kind) {
                kinds.push(kind);
                alphabet.push(c);
            }
        }
        // What nobody wrote comes first: a witness is not made of what is there by chance.
        alphabet.rotate_left(written.len());
        alphabet
    }
}

/// Texts that a grammar accepts, up to `each` of every way in which the patterns match; `None` where
/// finding them costs more than there is. Where one of `examples` will do, it is taken.
pub(in crate::prove) fn texts(
    patterns: &[Steps],
    grammar: &[Steps],
    examples: &[String],
    each: usize,
    budget: &Budget,
) -> Option<Vec<String>> {
    // Whole texts are ways of their own, each: only the others have to be walked through.
    let words: HashSet<String> = patterns.iter().filter_map(as_text).collect();
    let open = patterns.iter().filter(|steps| as_text(steps).is_none());
    let open: Vec<Steps> = open.cloned().collect();
    let walk = Walk {
        patterns: &open,
        grammar,
        examples,
        words: &words,
    };
    if !budget.spend(words.len()) {
        return None;
    }
    let (mut found, is_whole) = walk.texts(each, budget)?;
    if !is_whole {
        let nothing = HashSet::new();
        let walk = Walk {
            patterns,
            words: &nothing,
            ..walk
        };
        return Some(walk.texts(each, budget)?.0);
    }
    let grammar = Patterns::new(grammar);
    let mut words: Vec<String> = words.into_iter().collect();
    words.sort();
    found.extend(words.into_iter().filter(|text| grammar.takes(text)));
    Some(found)
}

/// The text that steps are, where there is one.
pub(in crate::prove) fn as_text(steps: &Steps) -> Option<String> {
    let characters = steps.iter().map(|step| match step {
        Step::Char(c) => Some(*c),
        Step::Fold(_) | Step::One(_) | Step::Run(_) => None,
    });
    characters.collect()
}

/// A walk through all texts, the shorter ones first.
#[derive(Clone, Copy)]
struct Walk<'a> {
    patterns: &'a [Steps],
    grammar: &'a [Steps],
    examples: &'a [String],
    /// Texts that are not wanted.
    words: &'a HashSet<String>,
}

impl Walk<'_> {
    /// What was found, and whether that is all: not, where a text that is not wanted stood for others.
    fn texts(self, each: usize, budget: &Budget) -> Option<(Vec<String>, bool)> {
        let Walk {
            patterns,
            grammar,
            examples,
            words: unwanted,
        } = self;
        let all: Vec<Steps> = patterns.iter().chain(grammar).cloned().collect();
        let all = Patterns::new(&all);
        let alphabet = all.alphabet();
        let is_in_grammar = |accepted: &[bool]| {
            grammar.is_empty()
                || accepted
                    .get(patterns.len()..)
                    .is_some_and(|grammar| grammar.contains(&true))
        };
        let mut found: BTreeMap<Box<[bool]>, Vec<String>> = BTreeMap::new();
        let mut skipped: BTreeSet<Box<[bool]>> = BTreeSet::new();
        let mut find = |accepted: &[bool], text: &str| {
            if !is_in_grammar(accepted) {
                return;
            }
            let shown = accepted.get(..patterns.len()).unwrap_or_default();
            if unwanted.contains(text) {
                skipped.insert(shown.into());
                return;
            }
            let texts = found.entry(shown.into()).or_default();
            if texts.len() < each && !texts.iter().any(|one| one == text) {
                texts.push(text.to_owned());
            }
        };
        for example in examples {
            find(&all.accepted(&all.read(example)), example);
        }
        let mut visits: HashMap<Reached, usize> = HashMap::new();
        let mut queue = VecDeque::from([(all.start(), String::new())]);
        let words = all.steps.len().div_ceil(64) + patterns.len() / 16;
        while let Some((reached, text)) = queue.pop_front() {
            let visited = visits.entry(reached.clone()).or_default();
            if *visited >= each {
                continue;
            }
            if !unwanted.contains(&text) {
                *visited += 1;
            }
            find(&all.accepted(&reached), &text);
            let places: usize = reached.iter().map(|word| word.count_ones() as usize).sum();
            if !budget.spend((places / 4 + words + 2) * alphabet.len()) {
                return None;
            }
            for c in &alphabet {
                let next = all.after(&reached, *c);
                // Nothing can match any more; that is one way, unless the grammar is lost too.
                if !grammar.is_empty() && is_lost(&all, &next, patterns.len()) {
                    continue;
                }
                if visits.get(&next).is_none_or(|visited| *visited < each) {
                    let mut text = text.clone();
                    text.push(*c);
                    queue.push_back((next, text));
                }
            }
        }
        let is_short = |way: &[bool]| found.get(way).is_none_or(|texts| texts.len() < each);
        let is_whole = !skipped.iter().any(|way| is_short(way));
        Some((found.into_values().flatten().collect(), is_whole))
    }
}

/// Whether a text is what one of them says; of none, any text is.
pub(in crate::prove) fn accepts(grammar: &[Steps], text: &str) -> bool {
    Patterns::new(grammar).takes(text)
}

/// Those texts that one of them says; of none, all are.
pub(in crate::prove) fn accepted(grammar: &[Steps], texts: Vec<String>) -> Vec<String> {
    let grammar = Patterns::new(grammar);
    let texts = texts.into_iter();
    texts.filter(|text| grammar.takes(text)).collect()
}

/// Whether no pattern from one on can match any more.
fn is_lost(all: &Patterns, reached: &Reached, from: usize) -> bool {
    let first = all.starts.get(from).copied().unwrap_or_default();
    !reached.iter().enumerate().any(|(word_at, word)| {
        let above = first.saturating_sub(word_at * 64);
        above < 64 && word >> above != 0
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pattern::{Syntax, matches};

    const GLOB: Syntax = Syntax {
        wildcards: true,
        variables: false,
    };

    fn vector(patterns: &[Pattern], text: &str) -> Vec<bool> {
        let is = |pattern: &Pattern| matches(pattern.fixed().expect("no variables"), text);
        patterns.iter().map(is).collect()
    }

    proptest::proptest! {
        /// Whatever a text matches, one of the texts that were found matches the same.
        #[test]
        fn every_way_of_matching_is_shown(
            patterns in proptest::collection::vec("[ab:*?]{0,5}", 1..4),
            texts_by_chance in proptest::collection::vec("[ab:c]{0,8}", 20),
        ) {
            let patterns: Vec<Pattern> = patterns.iter().map(|p| Pattern::read(p, GLOB)).collect();
            let steps: Vec<Steps> = patterns
                .iter()
                .map(|pattern| glob(pattern.pieces(), Set::Any))
                .collect();
            let shown = texts(&steps, &[], &[], 2, &Budget::default()).expect("few patterns");
            let vectors: Vec<_> = shown.iter().map(|text| vector(&patterns, text)).collect();
            let mut distinct = shown.clone();
            distinct.sort();
            distinct.dedup();
            proptest::prop_assert_eq!(distinct.len(), shown.len());
            for text in &texts_by_chance {
                let wanted = vector(&patterns, text);
                let count = vectors.iter().filter(|one| **one == wanted).count();
                proptest::prop_assert!(count > 0, "{} {:?}", text, shown);
                let is_alone = count < 2;
                let is_other = is_alone && !shown.contains(text);
                proptest::prop_assert!(!is_other, "{} is another of its kind: {:?}", text, shown);
            }
        }
    }

    #[test]
    fn a_grammar_bounds_what_is_shown() {
        let grammar = vec![vec![Step::One(Set::Digit); 3]];
        let patterns = [
            literal("123"),
            glob(Pattern::read("*a*", GLOB).pieces(), Set::Any),
        ];
        let shown = texts(&patterns, &grammar, &[], 1, &Budget::default()).expect("few");
        assert_eq!(shown.len(), 2, "{shown:?}");
        assert!(shown.contains(&"123".to_owned()));
        assert!(shown.iter().all(|text| text.len() == 3));
    }

    #[test]
    fn case_is_folded_and_fields_end_at_colons() {
        let shown = texts(
            &[fold(literal("Ab")), literal("Ab")],
            &[],
            &[],
            1,
            &Budget::default(),
        )
        .expect("few");
        let other = shown.iter().filter(|text| text.eq_ignore_ascii_case("ab"));
        assert_eq!(other.count(), 2, "{shown:?}");
        let fields =
            crate::document::arn_fields(Pattern::read("arn:aws:iam::*:role/a", GLOB).pieces());
        let steps = arn(&fields.expect("an ARN")).expect("an ARN");
        let smuggled = literal("arn:aws:iam::1:x:role/a");
        let shown = texts(&[steps, smuggled], &[], &[], 1, &Budget::default()).expect("few");
        assert_eq!(shown.len(), 3, "{shown:?}");
    }

    #[test]
    fn too_many_ways_are_told() {
        let patterns: Vec<Steps> = ('a'..='t')
            .map(|c| vec![Step::Run(Set::Any), Step::Char(c), Step::Run(Set::Any)])
            .collect();
        let budget = Budget::new(800_000, 1 << 20);
        assert_eq!(texts(&patterns, &[], &[], 1, &budget), None);
    }
}
