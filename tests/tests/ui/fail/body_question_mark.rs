use tethered::{JoinError, serverless_handler};

#[serverless_handler]
async fn handler(event: String) -> Result<usize, JoinError> {
    Ok(event.parse()?)
}

fn main() {
    drop(handler(String::new()));
}
