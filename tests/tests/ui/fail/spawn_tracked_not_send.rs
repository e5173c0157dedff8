use std::{future::ready, rc::Rc};

use tethered::{JoinError, serverless_handler, spawn_tracked};

#[serverless_handler]
async fn handler() -> Result<(), JoinError> {
    spawn_tracked!(async {
        let shared = Rc::new(5);
        ready(()).await;
        drop(shared);
    });
    Ok(())
}

fn main() {
    drop(handler());
}
