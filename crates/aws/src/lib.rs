//! How a call reaches AWS: credentials, endpoints, signing and one HTTP exchange.
//!
//! This is the only crate that names the AWS SDK for Rust. Credentials, profiles, SSO, instance
//! metadata, web identity, assumed roles and regions come from the official `aws-config`; every
//! call goes through one generic signed exchange on the official orchestrator, so that a reply
//! stays whole and a new operation costs one row of a table. A connection performs reads; writes are made
//! by a [`Writer`] only:
//!
//! ```
//! use sagelock_aws::Aws;
//! use sagelock_domain::call::Call;
//! use sagelock_domain::collect::Address;
//!
//! async fn perform(aws: &Aws, at: &Address, call: &Call) -> bool {
//!     aws.perform(at, call).await.is_ok()
//! }
//! ```
//!
//! ```compile_fail,E0308
//! use sagelock_aws::Aws;
//! use sagelock_domain::call::write::WriteCall;
//! use sagelock_domain::collect::Address;
//!
//! async fn perform(aws: &Aws, at: &Address, call: &WriteCall) -> bool {
//!     aws.perform(at, call).await.is_ok()
//! }
//! ```
//!
//! A recorder takes none either:
//!
//! ```compile_fail,E0308
//! use sagelock_aws::Recorder;
//! use sagelock_domain::call::write::WriteCall;
//! use sagelock_domain::call::{CallError, Reply};
//! use sagelock_domain::collect::Address;
//!
//! fn record(recorder: &Recorder, at: &Address, call: &WriteCall, said: &Result<Reply, CallError>) {
//!     recorder.add(at, call, said, jiff::Timestamp::UNIX_EPOCH);
//! }
//! ```

mod client;
mod connect;
mod endpoint;
mod exchange;
mod member;
mod record;
mod wire;
mod writer;

pub use client::Aws;
pub use connect::{ConnectError, Options, Simulated};
pub use member::Membership;
pub use record::{RecordError, Recorder, load_recording};
pub use writer::Writer;
