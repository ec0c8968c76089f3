//! What is foretold of a deployment is what becomes of it.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails where something is not there"
)]

#[path = "../calls/mod.rs"]
mod calls;
#[path = "../collected/mod.rs"]
mod collected;
mod deployment;
mod facts;
mod patch;
mod prefix;
mod unread;
