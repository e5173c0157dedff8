use std::{future::ready, rc::Rc};

use tethered::{JoinError, serverless_handler};

#[serverless_handler]
async fn handler(event: u8) -> Result<u8, JoinError> {
    let shared = Rc::new(event);
    ready(()).await;
    Ok(*shared)
}

fn assert_send<T: Send>(_: T) {}

fn main() {
    assert_send(handler(1));
}
