//! `#[async_trait]` expands first; arguments keep their names for `host`.
#![deny(warnings, clippy::pedantic)]

use std::time::SystemTime;

use async_trait::async_trait;
use tethered::{Drain, Host, JoinError, serverless_handler};

struct Context;

impl Host for Context {
    fn deadline(&self) -> Option<SystemTime> {
        None
    }

    fn keep_alive(&self, drain: Drain) -> Result<(), Drain> {
        Err(drain)
    }
}

#[async_trait]
trait Handler: Send + Sync {
    async fn handle(&self, list: Vec<u8>, event: (u8, Context)) -> Result<usize, JoinError>;

    #[serverless_handler(on_error = log)]
    async fn nothing(&self) {}
}

#[async_trait]
impl Handler for Context {
    #[serverless_handler(host = context)]
    async fn handle(
        &self,
        mut list: Vec<u8>,
        (number, context): (u8, Context),
    ) -> Result<usize, JoinError> {
        list.push(number);
        self.nothing().await;
        Ok(list.len() + usize::from(context.deadline().is_some()))
    }
}

fn assert_send<T: Send>(value: T) -> T {
    value
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let handler: Box<dyn Handler> = Box::new(Context);
    assert_eq!(
        assert_send(handler.handle(vec![1], (2, Context)))
            .await
            .ok(),
        Some(2)
    );
}
