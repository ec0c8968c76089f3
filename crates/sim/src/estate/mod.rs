//! Estates: worlds with something in them, made through the operations that a customer has.

mod builder;
mod case_keys;
mod case_storage;
pub mod cases;
pub mod demo;
mod demo_keys;
mod demo_roles;
mod demo_storage;
mod demo_teams;
pub mod fleet;
mod fleet_organization;
mod fleet_roles;
mod roles;

pub(crate) use builder::trusting_role;
