//! A simulated AWS: what would AWS do?
//!
//! A [`World`] holds accounts, regions and what is in them. It is a function of its arguments:
//! time is told to it, chance is seeded, nothing is read or written. Two faces lead into it: the
//! calls of the product ([`face`]) and the bytes of AWS's protocols ([`wire`]), which share no
//! code with the product's own encoder, so that one mistake cannot hide in both.

mod account;
mod answer;
mod authority;
pub mod check;
mod ec2;
pub mod estate;
pub mod face;
pub mod fault;
pub mod iam;
mod input;
pub mod kms;
mod organizations;
mod page;
mod runtime;
mod s3;
pub mod sagemaker;
mod service;
pub mod table;
mod tagging;
pub mod wire;
mod world;

pub use answer::{ApiError, Body};
pub use input::Input;
pub use service::Service;
pub use world::{
    Account, Answer, Caller, Cell, Ctx, DEFAULT_ACCOUNT, Entry, Happening, Ledger, LocalStorage,
    OperationId, Outcome, Tallies, Tally, World, partition,
};
