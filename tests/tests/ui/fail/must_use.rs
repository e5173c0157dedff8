#![deny(unused_must_use)]

use tethered::{JoinError, serverless_handler};

#[must_use = "a receipt is needed"]
#[serverless_handler]
async fn handler() -> Result<(), JoinError> {
    Ok(())
}

#[tokio::main]
async fn main() {
    handler();
    handler().await;
}
