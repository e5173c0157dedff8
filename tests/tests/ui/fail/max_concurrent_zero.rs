use tethered::{JoinError, serverless_handler};

#[serverless_handler(max_concurrent = 0)]
async fn handler() -> Result<(), JoinError> {
    Ok(())
}

fn main() {
    drop(handler());
}
