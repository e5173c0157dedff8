use std::rc::Rc;

use tethered::{JoinError, serverless_handler, spawn_blocking_tracked};

#[serverless_handler]
async fn handler() -> Result<(), JoinError> {
    let shared = Rc::new(5);
    spawn_blocking_tracked!(move || drop(shared));
    Ok(())
}

fn main() {
    drop(handler());
}
