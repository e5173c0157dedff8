use tethered::{JoinError, serverless_handler, spawn_blocking_tracked};

#[serverless_handler]
async fn handler(event: String) -> Result<(), JoinError> {
    spawn_blocking_tracked!(|| println!("{event}"));
    Ok(())
}

fn main() {
    drop(handler(String::new()));
}
