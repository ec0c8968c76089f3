//! The simulated AWS over HTTP: strangers work against it, and the product's audit of it is the
//! same by every road.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on says so"
)]

mod among;
mod audits;
mod faults;
mod fleet;
#[path = "../../../sim/tests/truth/audit.rs"]
mod in_process;
mod isolation;
#[path = "../peers/script.rs"]
mod peer;
mod preflight;
mod profiles;
#[path = "../peers/python.rs"]
mod python;
#[path = "../peers/sim.rs"]
mod server;
mod strangers;
mod writes;
