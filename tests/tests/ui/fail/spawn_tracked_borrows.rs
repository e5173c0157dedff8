use tethered::{JoinError, serverless_handler, spawn_tracked};

async fn audit(event: &str) {
    println!("{event}");
}

#[serverless_handler]
async fn handler(event: String) -> Result<(), JoinError> {
    spawn_tracked!(audit(&event));
    Ok(())
}

fn main() {
    drop(handler(String::new()));
}
