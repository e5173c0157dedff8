use tethered::{JoinError, serverless_handler};

#[serverless_handler(executor = inline)]
async fn handler() -> Result<(), JoinError> {
    Ok(())
}

fn main() {
    drop(handler());
}
