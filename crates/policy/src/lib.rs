//! The language of AWS policies: read, matched and decided as IAM and AWS KMS do, in three values.
//!
//! A [`Request`] is decided by a [`Stack`] of documents. What a request does not tell is
//! [unknown](context::Value::Unknown), which is something else than absent; and what AWS does not
//! document is an [open question](evaluate::Open). Both make a decision unknown where it depends on
//! them, and never where it does not.

pub mod access;
pub mod case;
pub mod change;
pub mod context;
pub mod decide;
pub mod document;
pub mod evaluate;
mod global;
mod json;
pub mod kms;
pub mod lint;
mod pattern;
pub mod prove;
pub mod request;
pub mod spelling;
pub mod write;

pub use document::{Document, Effect, Kind, PARTITIONS, Partition, Statement};
pub use evaluate::{Answer, evaluate, explain, is_like as is_arn_like};
pub use json::{Malformed, Position};
pub use request::{Request, Stack};
