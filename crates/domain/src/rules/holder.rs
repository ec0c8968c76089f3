//! Who holds a configuration: an endpoint that runs it, one that moves to it, or nobody.

use crate::fact::{Fact, Gap};
use crate::inventory::{Cell, Config};

/// Who holds a configuration.
pub(super) enum Holder {
    /// A live endpoint runs it.
    Current(String),
    /// A live endpoint is moving to it.
    Pending(String),
    /// Nobody.
    None,
}

/// Who holds a configuration; unknown where an endpoint that could not be read might.
pub(super) fn holder(cell: &Cell, config: &Config) -> Fact<Holder> {
    let mut gap: Option<&Gap> = cell.endpoints_gap.as_ref();
    let mut pending = None;
    for endpoint in cell
        .endpoints
        .values()
        .filter(|endpoint| endpoint.status().is_live())
    {
        match &endpoint.described.fact {
            Fact::Unknown(why) => gap = gap.or(Some(why)),
            Fact::Known(None) => {}
            Fact::Known(Some(facts)) => {
                let name = endpoint.name.to_string();
                if facts.config.as_ref() == Some(&config.name) {
                    return Fact::Known(Holder::Current(name));
                }
                if facts.pending.as_ref() == Some(&config.name) {
                    pending = Some(name);
                }
            }
        }
    }
    match (pending, gap) {
        (Some(endpoint), _) => Fact::Known(Holder::Pending(endpoint)),
        (None, Some(gap)) => Fact::Unknown(gap.clone()),
        (None, None) => Fact::Known(Holder::None),
    }
}
