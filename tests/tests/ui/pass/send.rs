//! A handler is `Send` where its body is, and need not be.
#![deny(warnings, clippy::pedantic)]

use std::{future::ready, rc::Rc};

use tethered::{JoinError, serverless_handler};

#[serverless_handler]
async fn sent(event: String) -> Result<String, JoinError> {
    ready(()).await;
    Ok(event)
}

#[serverless_handler]
async fn local(event: Rc<str>) -> Result<Rc<str>, JoinError> {
    ready(()).await;
    Ok(event)
}

fn assert_send<T: Send>(value: T) -> T {
    value
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    assert!(assert_send(sent(String::new())).await.is_ok());
    assert!(local("".into()).await.is_ok());
}
