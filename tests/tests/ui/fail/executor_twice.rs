use tethered::{JoinError, serverless_handler};

#[serverless_handler(executor = in_task, executor = spawn)]
async fn handler() -> Result<(), JoinError> {
    Ok(())
}

fn main() {
    drop(handler());
}
