use tethered::{JoinError, serverless_handler, spawn_tracked, wait_until};

async fn audit() {}

#[serverless_handler]
async fn handler() -> Result<(), JoinError> {
    spawn_tracked!(nam = "audit", audit());
    wait_until!();
    spawn_tracked!(name = 5, audit());
    Ok(())
}

fn main() {
    drop(handler());
}
