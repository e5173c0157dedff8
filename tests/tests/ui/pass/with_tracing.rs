//! `#[tracing::instrument]` above and below, with its options about arguments and results.
#![deny(warnings, clippy::pedantic)]

use tethered::{JoinError, serverless_handler};

#[tracing::instrument(skip(secret), fields(len = secret.len()), ret, err)]
#[serverless_handler]
async fn above(event: u8, secret: String) -> Result<u8, JoinError> {
    below(event, secret).await
}

#[serverless_handler(timeout = "5s")]
#[tracing::instrument(skip(secret), fields(len = secret.len()), ret, err)]
async fn below(event: u8, secret: String) -> Result<u8, JoinError> {
    drop(secret);
    Ok(event)
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    assert_eq!(above(1, String::new()).await.ok(), Some(1));
}
