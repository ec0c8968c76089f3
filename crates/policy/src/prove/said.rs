//! What conditions say of who asks.

use super::automaton::{self, Set, Step, Steps, glob, literal};
use crate::document::{Document, Expected};
use crate::pattern::{Pattern, Piece};

/// What is said, of all documents together.
#[derive(Default)]
pub(super) struct Said {
    /// Of its ARN.
    pub(super) patterns: Vec<Steps>,
    /// The accounts that they write out.
    pub(super) accounts: Vec<String>,
    /// Of the names of services.
    pub(super) services: Vec<Steps>,
    /// Names that they match.
    pub(super) service_names: Vec<String>,
}

impl Said {
    pub(super) fn hear(&mut self, document: &Document, partition: &str) {
        let conditions = document.statements.iter().flat_map(|one| &one.conditions);
        for condition in conditions {
            let is_folded = condition.operator.base == crate::document::Base::StringIgnoreCase;
            for expected in &condition.expected {
                let steps = match &*condition.key {
                    "aws:principalarn" => self.of_arn(expected),
                    "aws:principalaccount" | "kms:calleraccount" => self.of_account(expected),
                    "aws:username" => of_user(expected, partition),
                    "aws:principalservicename" | "aws:principalservicenameslist" => {
                        self.of_service(expected, is_folded);
                        None
                    }
                    _ => None,
                };
                self.patterns.extend(steps.map(|steps| {
                    if is_folded {
                        automaton::fold(steps)
                    } else {
                        steps
                    }
                }));
            }
        }
    }

    fn of_service(&mut self, expected: &Expected, is_folded: bool) {
        let Expected::Text(pattern) = expected else {
            return;
        };
        let pieces = opened(pattern.pieces());
        let steps = glob(&pieces, Set::Any);
        self.services.push(if is_folded {
            automaton::fold(steps)
        } else {
            steps
        });
        // Regional names of services have a Region where a wildcard stands, most often.
        let name = pieces.iter().map(|piece| match piece {
            Piece::Text(text) => text.to_lowercase(),
            Piece::Run => "eu-west-1".to_owned(),
            Piece::One => "a".to_owned(),
            Piece::Variable(_) => String::new(),
        });
        self.service_names.push(name.collect());
    }

    fn of_account(&mut self, expected: &Expected) -> Option<Steps> {
        let Expected::Text(pattern) = expected else {
            return None;
        };
        if let [Piece::Text(account)] = pattern.pieces() {
            self.accounts.push(account.to_string());
        }
        let pieces = opened(pattern.pieces());
        Some(automaton::of_account(&glob(&pieces, Set::NoColon)))
    }

    fn of_arn(&mut self, expected: &Expected) -> Option<Steps> {
        match expected {
            Expected::Text(pattern) | Expected::FilledArn(pattern) => {
                if let [Piece::Text(text), ..] = pattern.pieces() {
                    self.accounts
                        .extend(text.split(':').nth(4).map(ToOwned::to_owned));
                }
                Some(glob(&opened(pattern.pieces()), Set::Any))
            }
            Expected::Arn(fields) => {
                let [.., account, _] = &**fields;
                if let [Piece::Text(account)] = account.pieces() {
                    self.accounts.push(account.to_string());
                }
                let fields = fields
                    .each_ref()
                    .map(|field| Pattern::of(opened(field.pieces())));
                automaton::arn(&fields)
            }
            Expected::Number(_)
            | Expected::Date(_)
            | Expected::Boolean(_)
            | Expected::Binary(_)
            | Expected::Address(_)
            | Expected::Disputed(_)
            | Expected::Unreadable(_) => None,
        }
    }
}

/// A variable may be anything.
fn opened(pieces: &[Piece]) -> Vec<Piece> {
    pieces.iter().map(Piece::opened).collect()
}

/// ARNs of users of a name.
fn of_user(expected: &Expected, partition: &str) -> Option<Steps> {
    let Expected::Text(pattern) = expected else {
        return None;
    };
    let name = glob(&opened(pattern.pieces()), Set::Name);
    let mut steps = literal(&format!("arn:{partition}:iam::"));
    steps.extend([Step::One(Set::Digit); 12]);
    steps.extend(literal(":user/"));
    // With a path or without: what stands before the name ends with a slash.
    steps.push(Step::Run(Set::Path));
    steps.extend(name);
    Some(steps)
}
