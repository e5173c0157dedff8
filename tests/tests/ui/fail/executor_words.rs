use tethered::{JoinError, serverless_handler};

#[serverless_handler(executor = inline)]
async fn unknown() -> Result<(), JoinError> {
    Ok(())
}

#[serverless_handler(executor = "in_task")]
async fn quoted() -> Result<(), JoinError> {
    Ok(())
}

fn main() {
    drop((unknown(), quoted()));
}
