//! Estates: worlds with something in them, made through the operations that a customer has.

mod builder;
mod case_keys;
pub mod cases;
mod demo;

pub use demo::demo;

pub(crate) use builder::trusting_role;
