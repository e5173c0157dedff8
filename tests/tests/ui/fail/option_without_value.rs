use tethered::{JoinError, serverless_handler};

#[serverless_handler(join_all)]
async fn word() -> Result<(), JoinError> {
    Ok(())
}

#[serverless_handler(timeout("5s"), host, on_error =)]
async fn name() -> Result<(), JoinError> {
    Ok(())
}

fn main() {
    drop((word(), name()));
}
