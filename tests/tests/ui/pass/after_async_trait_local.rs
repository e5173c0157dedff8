//! `#[async_trait(?Send)]`, and another attribute between it and the handler's.
#![deny(warnings, clippy::pedantic)]

use std::rc::Rc;

use async_trait::async_trait;
use tethered::{JoinError, serverless_handler};

#[async_trait(?Send)]
trait Handler {
    async fn above(self: Rc<Self>, event: &str) -> Result<usize, JoinError>;
    async fn below(&self, event: &str) -> Result<usize, JoinError>;
}

#[async_trait(?Send)]
impl Handler for str {
    #[tracing::instrument]
    #[serverless_handler]
    async fn above(self: Rc<Self>, event: &str) -> Result<usize, JoinError> {
        self.below(event).await
    }

    #[serverless_handler]
    #[tracing::instrument]
    async fn below(&self, event: &str) -> Result<usize, JoinError> {
        Ok(self.len() + event.len())
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    assert_eq!(Rc::<str>::from("ab").above("c").await.ok(), Some(3));
}
