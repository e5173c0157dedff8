//! An argument that only an option mentions is used.
#![deny(warnings, clippy::pedantic)]

use std::time::Duration;

use tethered::{JoinError, serverless_handler};

struct Event {
    limit: Duration,
    most: usize,
}

#[serverless_handler(timeout = limit)]
async fn by_name(limit: Duration) -> Result<u8, JoinError> {
    std::future::ready(Ok(1)).await
}

#[serverless_handler(timeout = *limit, max_concurrent = *most)]
async fn by_pattern(Event { limit, most }: Event) -> Result<u8, JoinError> {
    std::future::ready(Ok(2)).await
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let limit = Duration::from_secs(5);
    assert_eq!(by_name(limit).await.ok(), Some(1));
    assert_eq!(by_pattern(Event { limit, most: 3 }).await.ok(), Some(2));
}
