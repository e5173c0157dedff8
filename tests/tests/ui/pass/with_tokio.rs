//! `#[tokio::main]` and `#[tokio::test]` above and below.
#![deny(warnings, clippy::pedantic)]

use tethered::{JoinError, serverless_handler};

#[tokio::main(flavor = "current_thread")]
#[serverless_handler(timeout = "5s")]
async fn above(event: String) -> Result<String, JoinError> {
    Ok(event)
}

#[serverless_handler(on_error = log)]
#[tokio::main(flavor = "current_thread")]
async fn below() {}

#[tokio::test]
#[serverless_handler]
async fn test_above() -> Result<(), JoinError> {
    Ok(())
}

#[serverless_handler(on_error = log)]
#[tokio::test]
async fn test_below() {}

#[tokio::main(flavor = "current_thread")]
#[serverless_handler(on_error = log)]
async fn main() {
    let blocking = tokio::task::spawn_blocking(|| (above("a".to_owned()).ok(), below()));
    assert_eq!(
        blocking.await.expect("no panic"),
        (Some("a".to_owned()), ())
    );
}
