use tethered::{JoinError, serverless_handler, spawn_blocking_tracked};

#[serverless_handler]
async fn handler() -> Result<(), JoinError> {
    spawn_blocking_tracked!(|| 5);
    Ok(())
}

fn main() {
    drop(handler());
}
