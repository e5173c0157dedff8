use tethered::{JoinError, serverless_handler};

#[serverless_handler(timeout = "0s")]
async fn zero() -> Result<(), JoinError> {
    Ok(())
}

#[serverless_handler(timeout = "a while")]
async fn nonsense() -> Result<(), JoinError> {
    Ok(())
}

#[serverless_handler(timeout = 5)]
async fn number() -> Result<(), JoinError> {
    Ok(())
}

fn main() {
    drop((zero(), nonsense(), number()));
}
