//! Who holds a configuration: an endpoint that runs it, one that moves to it, or nobody.

use crate::fact::{Fact, Gap};
use crate::inventory::{Cell, Config, Endpoint};

/// Who holds a configuration.
pub(super) enum Holder<'a> {
    /// A live endpoint runs it.
    Current(String),
    /// Live endpoints are moving to it.
    Pending(Vec<&'a Endpoint>),
    /// Nobody.
    None,
}

/// Who holds a configuration; unknown where an endpoint that could not be read might.
pub(super) fn holder<'a>(cell: &'a Cell, config: &Config) -> Fact<Holder<'a>> {
    let mut gap: Option<&Gap> = cell.endpoints_gap.as_ref();
    let mut pending = Vec::new();
    for endpoint in cell
        .endpoints
        .values()
        .filter(|endpoint| endpoint.status().is_live())
    {
        match &endpoint.described.fact {
            Fact::Unknown(why) => gap = gap.or(Some(why)),
            Fact::Known(None) => {}
            Fact::Known(Some(facts)) => {
                if facts.config.as_ref() == Some(&config.name) {
                    return Fact::Known(Holder::Current(endpoint.name.to_string()));
                }
                if facts.pending.as_ref() == Some(&config.name) {
                    pending.push(endpoint);
                }
            }
        }
    }
    match (pending.is_empty(), gap) {
        (false, _) => Fact::Known(Holder::Pending(pending)),
        (true, Some(gap)) => Fact::Unknown(gap.clone().into()),
        (true, None) => Fact::Known(Holder::None),
    }
}
