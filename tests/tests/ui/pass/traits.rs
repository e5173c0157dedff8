//! Methods of traits: with a default, and in an `impl`.
#![deny(warnings, clippy::pedantic)]

use tethered::{JoinError, serverless_handler};

trait Handler {
    fn count(&self) -> u8;

    async fn handle(&self, event: u8) -> Result<u8, JoinError>;

    #[serverless_handler]
    async fn twice(&self, event: u8) -> Result<u8, JoinError> {
        Ok(self.handle(event).await? + self.handle(event).await?)
    }
}

impl Handler for u8 {
    fn count(&self) -> u8 {
        *self
    }

    #[serverless_handler]
    async fn handle(&self, event: u8) -> Result<u8, JoinError> {
        Ok(self.count() + event)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    assert_eq!(1.twice(2).await.ok(), Some(6));
}
