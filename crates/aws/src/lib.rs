//! How a call reaches AWS: credentials, endpoints, signing and one HTTP exchange.
//!
//! This is the only crate that names the AWS SDK for Rust. Credentials, profiles, SSO, instance
//! metadata, web identity, assumed roles and regions come from the official `aws-config`; every
//! call goes through one generic signed exchange on the official orchestrator, so that a reply
//! stays whole and a new operation costs one row of a table.

mod client;
mod connect;
mod endpoint;
mod exchange;
mod member;
mod record;
mod wire;

pub use client::Aws;
pub use connect::{ConnectError, Options, Simulated};
pub use member::Membership;
pub use record::{RecordError, Recorder, load_recording};
