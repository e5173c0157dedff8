use tethered::{JoinError, serverless_handler, wait_until};

#[serverless_handler]
async fn handler() -> Result<(), JoinError> {
    wait_until!(5);
    Ok(())
}

fn main() {
    drop(handler());
}
