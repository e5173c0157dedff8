//! What the tests share.
#![allow(
    clippy::missing_panics_doc,
    clippy::must_use_candidate,
    clippy::new_without_default,
    reason = "helpers of tests, not an API"
)]

pub mod function;
pub mod journal;
pub mod plan;
pub mod platform;
pub mod runtime_api;
