use tethered::{JoinError, serverless_handler};

#[serverless_handler(timout = "5s")]
async fn nearly() -> Result<(), JoinError> {
    Ok(())
}

#[serverless_handler(retries = 3)]
async fn unknown() -> Result<(), JoinError> {
    Ok(())
}

#[serverless_handler("5s")]
async fn unnamed() -> Result<(), JoinError> {
    Ok(())
}

fn main() {
    drop((nearly(), unknown(), unnamed()));
}
