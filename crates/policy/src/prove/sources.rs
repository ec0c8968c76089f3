//! What ARNs look like, and which ones without an account `aws:SourceArn` may be, as far as patterns can tell them
//! apart.

use super::automaton::{Set, Step, Steps, literal};
use crate::kms;

/// ARNs without an account: of each kind those of one service, and of the services that patterns name. To a pattern
/// that names none of them they are all alike.
pub(in crate::prove) fn without_account(patterns: &[Steps]) -> Vec<Steps> {
    let any = some(Set::Any);
    let region = some(Set::Label);
    let named: Vec<Named> = patterns.iter().map(|steps| Named::of(steps)).collect();
    let is_told = |service: &str| named.iter().any(|one| one.tells(service));
    let told = |list: &[&'static str]| -> Vec<&'static str> {
        let list = list.iter().copied().enumerate();
        let told = list.filter(|(place, service)| *place == 0 || is_told(service));
        told.map(|(_, service)| service).collect()
    };
    let no_place = told(&kms::NO_PLACE).into_iter();
    let no_place = no_place.map(|service| arn(&literal(service), &[], &[], &any));
    let no_account = told(&kms::NO_ACCOUNT).into_iter();
    let no_account = no_account.map(|service| arn(&literal(service), &region, &[], &any));
    no_place.chain(no_account).collect()
}

/// What a pattern writes out of the service of an ARN.
struct Named {
    /// All its characters, in lower case.
    text: String,
    /// The beginning of the service, where it writes no more of it.
    begins: Option<String>,
}

impl Named {
    fn of(steps: &[Step]) -> Self {
        let character = |step: &Step| match step {
            Step::Char(c) | Step::Fold(c) => Some(c.to_ascii_lowercase()),
            Step::One(_) | Step::Run(_) => None,
        };
        let first: String = steps.iter().map_while(character).collect();
        let mut fields = first.splitn(4, ':').skip(2);
        let begins = fields.next().filter(|_| fields.next().is_none());
        Self {
            text: steps.iter().filter_map(character).collect(),
            begins: begins
                .map(ToOwned::to_owned)
                .filter(|text| !text.is_empty()),
        }
    }

    fn tells(&self, service: &str) -> bool {
        let begins = self.begins.as_ref();
        self.text.contains(service) || begins.is_some_and(|text| service.starts_with(text))
    }
}

/// At least one character of a set.
pub(in crate::prove) fn some(set: Set) -> [Step; 2] {
    [Step::One(set), Step::Run(set)]
}

/// An ARN of any partition.
pub(in crate::prove) fn arn(
    service: &[Step],
    region: &[Step],
    account: &[Step],
    resource: &[Step],
) -> Steps {
    let mut steps = literal("arn:");
    steps.extend(some(Set::Label));
    for field in [service, region, account] {
        steps.push(Step::Char(':'));
        steps.extend(field);
    }
    steps.push(Step::Char(':'));
    steps.extend(resource);
    steps
}
