use tethered::{JoinError, serverless_handler};

#[serverless_handler(timeout = seconds * 2)]
async fn handler(seconds: u64) -> Result<(), JoinError> {
    Ok(())
}

fn main() {
    drop(handler(1));
}
