use std::{future::ready, rc::Rc};

use tethered::{JoinError, serverless_handler, wait_until};

#[serverless_handler]
async fn handler() -> Result<(), JoinError> {
    wait_until!(async {
        let shared = Rc::new(5);
        ready(()).await;
        drop(shared);
    });
    Ok(())
}

fn main() {
    drop(handler());
}
