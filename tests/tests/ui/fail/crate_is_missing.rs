use tethered::{JoinError, serverless_handler};

#[serverless_handler(crate = ::elsewhere, timeout = "5s", join = join_all)]
async fn handler() -> Result<(), JoinError> {
    Ok(())
}

fn main() {
    drop(handler());
}
