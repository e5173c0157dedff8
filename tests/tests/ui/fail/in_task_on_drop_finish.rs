use tethered::{JoinError, serverless_handler};

#[serverless_handler(on_drop = finish, executor = in_task)]
async fn handler() -> Result<(), JoinError> {
    Ok(())
}

fn main() {
    drop(handler());
}
