//! What sagelock knows and decides about customer managed keys on Amazon SageMaker endpoints.
//!
//! Everything here is synchronous and a function of its arguments: no clock, no file, no
//! environment, no network. `ARCHITECTURE.md` draws the rooms.

pub mod access;
pub mod assess;
pub mod audit;
pub mod call;
pub mod collect;
pub mod drive;
pub mod estimate;
pub mod fact;
pub mod few;
pub mod ids;
pub mod instance;
pub mod inventory;
pub mod isolation;
pub mod key_policy;
pub mod kpi;
pub mod permissions;
pub mod preflight;
pub mod recording;
pub mod redact;
pub mod regions;
pub mod rules;
pub mod settings;
pub mod severity;
pub mod why;
mod word;
