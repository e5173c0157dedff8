//! What the snippets call.

use std::{convert::Infallible, time::Duration};

pub(super) type Error = Box<dyn std::error::Error + Send + Sync>;
pub(super) type Result<T = (), E = Error> = std::result::Result<T, E>;

pub(super) const SOON: Duration = Duration::from_millis(1);

pub(super) async fn work() {}

pub(super) async fn fetch(id: u64) -> Result<u64> {
    Ok(id)
}

pub(super) async fn store(_: u64) -> Result {
    Ok(())
}

pub(super) async fn audit(text: &str) -> usize {
    text.len()
}

pub(super) async fn parse(text: String) -> Result<u64, std::num::ParseIntError> {
    text.parse()
}

pub(super) fn check(ok: bool) -> Result {
    if ok { Ok(()) } else { Err("bad".into()) }
}

pub(super) fn never_fails() -> Result<u64, Infallible> {
    Ok(1)
}
