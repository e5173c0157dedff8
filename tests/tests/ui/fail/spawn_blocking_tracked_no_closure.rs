use tethered::{JoinError, serverless_handler, spawn_blocking_tracked};

fn resize() {}

#[serverless_handler]
async fn handler() -> Result<(), JoinError> {
    spawn_blocking_tracked!(resize());
    Ok(())
}

fn main() {
    drop(handler());
}
