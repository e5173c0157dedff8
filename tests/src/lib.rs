//! What the tests share.

pub mod journal;
pub mod platform;
