use tethered::{JoinError, serverless_handler, spawn_tracked};

#[serverless_handler]
async fn handler() -> Result<(), JoinError> {
    spawn_tracked!(5);
    Ok(())
}

fn main() {
    drop(handler());
}
