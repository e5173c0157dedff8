use tethered::{JoinError, serverless_handler, wait_until};

async fn audit(event: &str) {
    println!("{event}");
}

#[serverless_handler]
async fn handler(event: String) -> Result<(), JoinError> {
    wait_until!(audit(&event));
    Ok(())
}

fn main() {
    drop(handler(String::new()));
}
