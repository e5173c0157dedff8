//! `spawn` is the default, and goes with either `on_drop`.
#![deny(warnings, clippy::pedantic)]

use tethered::{JoinError, serverless_handler, spawn_tracked};

#[serverless_handler(executor = spawn, on_drop = finish)]
async fn finish() -> Result<(), JoinError> {
    spawn_tracked!(async {});
    Ok(())
}

#[serverless_handler(on_drop = abort, executor = spawn)]
async fn abort() -> Result<(), JoinError> {
    spawn_tracked!(async {});
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    assert!(finish().await.is_ok());
    assert!(abort().await.is_ok());
}
