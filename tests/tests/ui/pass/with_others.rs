//! `cfg`, docs, lints and `#[axum::debug_handler]`, on the function, in it and on its arguments.
#![deny(warnings, clippy::pedantic, missing_docs)]

use std::future::ready;

use axum::extract::Path;
use tethered::serverless_handler;

/// Documented.
#[cfg_attr(not(test), serverless_handler(on_error = log))]
#[cfg_attr(test, serverless_handler(no_option = 1))]
pub async fn handler(
    #[cfg(test)] (absent, _): (u8, u8),
    #[cfg(not(test))] (present, _): (u8, u8),
    #[expect(unused_variables, unused_mut)] mut unused: u8,
) -> u8 {
    #![allow(clippy::needless_return)]
    return present;
}

#[axum::debug_handler]
#[serverless_handler(on_error = log)]
async fn above(Path(event): Path<String>) -> String {
    ready(event).await
}

#[serverless_handler(on_error = log)]
#[axum::debug_handler]
async fn below(Path(event): Path<String>) -> String {
    ready(event).await
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    assert_eq!(handler((1, 2), 3).await, 1);
    assert_eq!(above(Path("a".into())).await, below(Path("a".into())).await);
}
