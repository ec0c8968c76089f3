//! Checkers: what must be true of a world, whoever acted in it. Each is a named invariant that
//! looks at the ledger and at what is there, and says what breaks it.

mod orphans;
mod refusals;
mod serving;

use std::fmt;

use jiff::Timestamp;

use crate::world::World;

/// An invariant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Invariant {
    /// An endpoint that was serving is serving, until somebody deletes it.
    ServingStaysServing,
    /// What an endpoint, an alias or a tag refers to is there.
    NothingOrphaned,
    /// No call that AWS would refuse succeeded.
    RefusedIsRefused,
}

impl Invariant {
    /// Every invariant.
    pub const ALL: [Self; 3] = [
        Self::ServingStaysServing,
        Self::NothingOrphaned,
        Self::RefusedIsRefused,
    ];

    /// What breaks it in a world; empty where it holds.
    #[must_use]
    pub fn broken_by(self, world: &World) -> Vec<Broken> {
        match self {
            Self::ServingStaysServing => serving::broken(world),
            Self::NothingOrphaned => orphans::broken(world),
            Self::RefusedIsRefused => refusals::broken(world),
        }
    }
}

/// How an invariant is broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Which.
    pub invariant: Invariant,
    /// When, where a moment can be named.
    pub at: Option<Timestamp>,
    /// In which account and region, and of what.
    pub subject: String,
    /// How.
    pub says: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}: {}", self.invariant, self.subject, self.says)
    }
}

/// Everything that is broken in a world.
#[must_use]
pub fn broken(world: &World) -> Vec<Broken> {
    Invariant::ALL
        .into_iter()
        .flat_map(|invariant| invariant.broken_by(world))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::ApiError;
    use crate::service::Service;
    use crate::table::find;
    use crate::world::Ctx;
    use serde_json::json;

    type Calls = Vec<(&'static str, serde_json::Value)>;

    fn ctx() -> Ctx {
        Ctx::root(Service::SageMaker, "111122223333", "eu-west-1")
    }

    fn called(world: &mut World, operation: &str, input: serde_json::Value, refused: bool) {
        let row = find(Service::SageMaker, operation).expect("simulated");
        let code = refused.then(|| ApiError::invalid("").code);
        let at = world.now();
        world.ledger_mut().called(at, &ctx(), row, input, code);
    }

    fn endpoint(world: &mut World, status: Option<&'static str>, serving: bool) {
        let at = world.now();
        world
            .ledger_mut()
            .endpoint(at, &ctx(), "e", status, serving);
    }

    #[test]
    fn an_endpoint_that_stops_by_itself_is_seen() {
        let mut world = World::new(Timestamp::UNIX_EPOCH, 1);
        endpoint(&mut world, Some("InService"), true);
        endpoint(&mut world, Some("Updating"), true);
        assert!(Invariant::ServingStaysServing.broken_by(&world).is_empty());
        endpoint(&mut world, Some("Failed"), false);
        assert_eq!(Invariant::ServingStaysServing.broken_by(&world).len(), 1);
        let mut world = World::new(Timestamp::UNIX_EPOCH, 1);
        endpoint(&mut world, Some("InService"), true);
        endpoint(&mut world, Some("Deleting"), false);
        called(
            &mut world,
            "DeleteEndpoint",
            json!({ "EndpointName": "e" }),
            false,
        );
        endpoint(&mut world, None, false);
        assert!(Invariant::ServingStaysServing.broken_by(&world).is_empty());
    }

    #[test]
    fn a_call_that_should_have_been_refused_is_seen() {
        let model = || json!({ "ModelName": "m" });
        let config = |model: &str| {
            json!({ "EndpointConfigName": "c",
                "ProductionVariants": [{ "VariantName": "v", "ModelName": model }] })
        };
        let update = || json!({ "EndpointName": "e", "EndpointConfigName": "c" });
        let cases: Vec<(&str, Calls, usize)> = vec![
            (
                "all is well",
                vec![
                    ("CreateModel", model()),
                    ("CreateEndpointConfig", config("m")),
                ],
                0,
            ),
            (
                "twice",
                vec![("CreateModel", model()), ("CreateModel", model())],
                1,
            ),
            (
                "no such model",
                vec![("CreateEndpointConfig", config("n"))],
                1,
            ),
            (
                "no such configuration",
                vec![("DeleteEndpointConfig", config("m"))],
                1,
            ),
            (
                "no such endpoint",
                vec![
                    ("CreateModel", model()),
                    ("CreateEndpointConfig", config("m")),
                    ("UpdateEndpoint", update()),
                ],
                1,
            ),
        ];
        for (name, calls, expected) in cases {
            let mut world = World::new(Timestamp::UNIX_EPOCH, 1);
            for (operation, input) in calls {
                called(&mut world, operation, input, false);
            }
            let found = Invariant::RefusedIsRefused.broken_by(&world);
            assert_eq!(found.len(), expected, "{name}: {found:?}");
        }
        let mut world = World::new(Timestamp::UNIX_EPOCH, 1);
        called(&mut world, "CreateModel", model(), false);
        called(&mut world, "CreateEndpointConfig", config("m"), false);
        endpoint(&mut world, Some("InService"), true);
        endpoint(&mut world, Some("Updating"), true);
        endpoint(&mut world, Some("Updating"), true);
        called(&mut world, "UpdateEndpoint", update(), false);
        let found = Invariant::RefusedIsRefused.broken_by(&world);
        assert_eq!(found.len(), 1, "it was updating already: {found:?}");
    }
}
