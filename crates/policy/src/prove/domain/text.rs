//! Texts.

use std::collections::HashSet;

use base64::Engine;

use super::{Form, Ground, Limit, Test, index};
use crate::document::{Condition, Expected, arn_fields};
use crate::pattern::{Pattern, Piece, Syntax, matches};
use crate::prove::automaton::{self, Set, Step, Steps};
use crate::prove::samples::Home;

/// A variable that is part of a pattern has at the most so many values that make it match.
const PARTS_MAX: usize = 64;

/// Texts that show every way in which the tests can come out together, `each` of every way; `None`
/// where there are too many.
pub(super) fn values(
    ground: &Ground<'_, '_>,
    tests: &[Test<'_>],
    company: &[Box<str>],
    form: Form,
) -> Option<Vec<String>> {
    let each = company.len();
    let listed = form.listed();
    if !listed.is_empty() {
        return Some(listed.iter().map(|text| (*text).to_owned()).collect());
    }
    let mut patterns = Vec::new();
    for test in tests {
        match test {
            Test::Condition(condition) => of_condition(ground, condition, &mut patterns),
            Test::Exactly(text) => patterns.push(automaton::literal(text)),
            Test::Like(text) => {
                let syntax = Syntax {
                    wildcards: true,
                    variables: false,
                };
                let fields = arn_fields(Pattern::read(text, syntax).pieces());
                patterns.extend(fields.and_then(|fields| automaton::arn(&fields)));
            }
            Test::Within(list) => {
                patterns.extend(
                    list.iter()
                        .map(|one| automaton::fold(automaton::literal(one))),
                );
            }
        }
    }
    // Keys that are compared with one another have the same texts, whatever tells one of them apart.
    let limits = company.iter().filter_map(|key| ground.limits.get(key));
    let limits: Vec<&Limit> = limits.collect();
    let only = limits.iter().flat_map(|limit| &limit.only);
    patterns.extend(only.map(|text| automaton::literal(text)));
    for prefix in limits.iter().filter_map(|limit| limit.prefix.as_ref()) {
        let mut begun = automaton::literal(prefix);
        begun.push(Step::Run(Set::Any));
        patterns.push(begun);
    }
    // What a key does not have is no sign of what else it may have.
    for text in limits.iter().flat_map(|limit| &limit.without) {
        patterns.push(automaton::literal(text));
        if !matches!(form, Form::Account | Form::Organization) {
            let mut under = automaton::literal(text);
            under.extend([Step::Char('/'), Step::Run(Set::Any)]);
            patterns.push(under);
            patterns.push(automaton::of_account(&automaton::literal(text)));
        }
    }
    for key in company {
        for literal in of_variables(ground, key)? {
            patterns.push(automaton::literal(&literal));
        }
    }
    patterns.sort();
    patterns.dedup();
    let home = Home::of(ground.request);
    let is_folded = tests.iter().any(|test| match test {
        Test::Condition(condition) => index::is_folded(condition),
        Test::Within(_) | Test::Exactly(_) | Test::Like(_) => false,
    });
    if is_folded {
        // Two keys that are compared without regard to case: texts that differ in case only are told apart.
        let words: Option<Vec<String>> = patterns.iter().map(as_word).collect();
        let grammar = form.grammar_beside(&patterns, home.partition());
        return Some(in_every_case(&words?, form, &grammar, each, home));
    }
    let literals: Option<Vec<String>> = patterns.iter().map(automaton::as_text).collect();
    if let Some(literals) = literals {
        let grammar = form.grammar_beside(&patterns, home.partition());
        return Some(plain(literals, form, &grammar, each, home));
    }
    let budget = &ground.prover.budget;
    let found = ground.prover.texts((form, each, patterns), |patterns| {
        let examples = form.examples(home);
        automaton::texts(
            patterns,
            &form.grammar_beside(patterns, home.partition()),
            &examples,
            each,
            budget,
        )
    });
    // Where one is none, another of the same way may be one.
    let found = found.filter(|texts| texts.iter().all(|text| form.has(text)))?;
    Some(with_empty(found.to_vec(), form))
}

/// What may be empty is told apart by that: to the set operators an empty text is no value.
fn with_empty(mut texts: Vec<String>, form: Form) -> Vec<String> {
    if matches!(form, Form::Tag | Form::TagValue) && !texts.iter().any(String::is_empty) {
        texts.push(String::new());
    }
    texts
}

/// The text that steps are, in some case.
fn as_word(steps: &Steps) -> Option<String> {
    steps
        .iter()
        .map(|step| match step {
            Step::Char(c) | Step::Fold(c) => Some(*c),
            Step::One(_) | Step::Run(_) => None,
        })
        .collect()
}

/// Of every text that is compared, and of `each` others: itself, and up to `each` more that differ from it in
/// case only and are none of those that are compared.
fn in_every_case(
    words: &[String],
    form: Form,
    grammar: &[Steps],
    each: usize,
    home: Home<'_>,
) -> Vec<String> {
    let folded: HashSet<String> = words.iter().map(|word| word.to_lowercase()).collect();
    let others = (0..)
        .map(|number| form.fresh(number, home))
        .filter(|text| !folded.contains(&text.to_lowercase()))
        .take(each);
    let mut texts: Vec<String> = Vec::new();
    for word in others.chain(words.iter().cloned()) {
        let more = cases(&word).filter(|text| !words.contains(text)).take(each);
        for text in [word.clone()].into_iter().chain(more) {
            if !texts.contains(&text) {
                texts.push(text);
            }
        }
    }
    texts.retain(|text| automaton::accepts(grammar, text) && form.has(text));
    with_empty(texts, form)
}

/// Letters, at the most, whose case is changed one by one.
const LETTERS: usize = 8;

/// A text with the case of some of its letters changed.
fn cases(text: &str) -> impl Iterator<Item = String> {
    let letters: Vec<char> = text.chars().collect();
    let places = letters.iter().enumerate();
    let places: Vec<usize> = places
        .filter(|(_, c)| other_case(**c).is_some())
        .map(|(place, _)| place)
        .take(LETTERS)
        .collect();
    (1_usize..1 << places.len()).map(move |set| {
        let mut changed = letters.clone();
        for (bit, place) in places.iter().enumerate() {
            if let Some(letter) = changed.get_mut(*place)
                && set >> bit & 1 == 1
                && let Some(other) = other_case(*letter)
            {
                *letter = other;
            }
        }
        changed.into_iter().collect()
    })
}

/// The other case of a letter that has one.
fn other_case(c: char) -> Option<char> {
    let mut upper = c.to_uppercase();
    let mut lower = c.to_lowercase();
    let one = if c.is_lowercase() {
        (upper.next()?, upper.next())
    } else {
        (lower.next()?, lower.next())
    };
    (one.1.is_none() && one.0 != c).then_some(one.0)
}

/// Where only whole texts are compared: each of them, and others.
fn plain(
    literals: Vec<String>,
    form: Form,
    grammar: &[Steps],
    each: usize,
    home: Home<'_>,
) -> Vec<String> {
    let mut texts: Vec<String> = (0..)
        .map(|number| form.fresh(number, home))
        .filter(|text| !literals.contains(text))
        .take(each)
        .collect();
    let literals = literals.into_iter().filter(|text| form.has(text));
    texts.extend(automaton::accepted(grammar, literals.collect()));
    with_empty(texts, form)
}

fn of_condition(ground: &Ground<'_, '_>, condition: &Condition, patterns: &mut Vec<Steps>) {
    use crate::document::Base;
    // Whether a key is there says nothing of what it is.
    if condition.operator.base == Base::Null {
        return;
    }
    for expected in &condition.expected {
        match expected {
            Expected::Text(pattern) => {
                // A variable that is compared whole tells texts apart by being equal to them; where it
                // has no value, its default is.
                let Some(pieces) = ground.filled(pattern) else {
                    let defaults = pattern.pieces().iter().filter_map(|piece| match piece {
                        Piece::Variable(variable) => variable.default.as_deref(),
                        Piece::Text(_) | Piece::Run | Piece::One => None,
                    });
                    patterns.extend(defaults.map(automaton::literal));
                    continue;
                };
                let steps = automaton::glob(&pieces, Set::Any);
                patterns.push(if condition.operator.base == Base::StringIgnoreCase {
                    automaton::fold(steps)
                } else {
                    steps
                });
            }
            Expected::Arn(fields) => {
                let filled: Option<Vec<Pattern>> = fields
                    .iter()
                    .map(|field| ground.filled(field).map(Pattern::of))
                    .collect();
                let fields = filled.and_then(|fields| <[Pattern; 6]>::try_from(fields).ok());
                patterns.extend(fields.and_then(|fields| automaton::arn(&fields)));
            }
            Expected::FilledArn(pattern) => {
                let pieces = ground.filled(pattern);
                let fields = pieces.and_then(|pieces| arn_fields(&pieces));
                patterns.extend(fields.and_then(|fields| automaton::arn(&fields)));
            }
            Expected::Boolean(is) => {
                patterns.push(automaton::fold(automaton::literal(&is.to_string())));
            }
            Expected::Binary(bytes) => {
                let text = base64::engine::general_purpose::STANDARD.encode(bytes);
                patterns.push(automaton::literal(&text));
            }
            Expected::Number(_)
            | Expected::Date(_)
            | Expected::Address(_)
            | Expected::Disputed(_)
            | Expected::Unreadable(_) => {}
        }
    }
}

/// The texts that a key must be for a pattern in which it is a variable to match what is known: the
/// resource, or the value of another key. `None` where there are too many.
fn of_variables(ground: &Ground<'_, '_>, key: &str) -> Option<Vec<String>> {
    let mut found = Vec::new();
    for statement in ground.index.statements() {
        for pattern in &statement.resources.list {
            parts(
                ground,
                pattern.pieces(),
                key,
                &ground.request.resource,
                &mut found,
            )?;
        }
        for condition in &statement.conditions {
            let context = &ground.request.context;
            let Some(values) = context.known(&condition.key) else {
                continue;
            };
            for value in values {
                for expected in &condition.expected {
                    match expected {
                        Expected::Text(pattern) | Expected::FilledArn(pattern) => {
                            parts(ground, pattern.pieces(), key, value, &mut found)?;
                        }
                        Expected::Arn(fields) => {
                            // Each field takes from its own; what the whole has is more than enough.
                            for field in fields.iter() {
                                let texts = value.splitn(6, ':');
                                for text in texts {
                                    parts(ground, field.pieces(), key, text, &mut found)?;
                                }
                            }
                        }
                        Expected::Number(_)
                        | Expected::Date(_)
                        | Expected::Boolean(_)
                        | Expected::Binary(_)
                        | Expected::Address(_)
                        | Expected::Disputed(_)
                        | Expected::Unreadable(_) => {}
                    }
                }
            }
        }
    }
    Some(found)
}

/// The parts of a text that a variable can be.
fn parts(
    ground: &Ground<'_, '_>,
    pieces: &[Piece],
    key: &str,
    text: &str,
    found: &mut Vec<String>,
) -> Option<()> {
    let is_own = |piece: &Piece| matches!(piece, Piece::Variable(one) if *one.key == *key);
    if !pieces.iter().any(is_own) {
        return Some(());
    }
    let ends: Vec<usize> = text
        .char_indices()
        .map(|(at, _)| at)
        .chain([text.len()])
        .collect();
    let mut tried = HashSet::new();
    for (index, begin) in ends.iter().enumerate() {
        for end in ends.iter().skip(index) {
            let part = text.get(*begin..*end).unwrap_or_default();
            if !tried.insert(part) {
                continue;
            }
            // What other variables are is left open: any text.
            let with: Vec<Piece> = pieces
                .iter()
                .map(|piece| match piece {
                    Piece::Variable(one) if *one.key == *key => Piece::Text(part.into()),
                    Piece::Variable(_) => {
                        let pattern = Pattern::of(vec![piece.clone()]);
                        let filled = ground.filled(&pattern);
                        filled
                            .and_then(|pieces| pieces.into_iter().next())
                            .unwrap_or(Piece::Run)
                    }
                    Piece::Text(_) | Piece::Run | Piece::One => piece.clone(),
                })
                .collect();
            if matches(&with, text) && !found.iter().any(|one| one == part) {
                found.push(part.to_owned());
                if found.len() > PARTS_MAX {
                    return None;
                }
            }
        }
    }
    Some(())
}
