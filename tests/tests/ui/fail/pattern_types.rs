use tethered::{JoinError, serverless_handler};

#[serverless_handler]
async fn handler((a, b, c): (u8, u8)) -> Result<u8, JoinError> {
    Ok(a)
}

fn main() {
    drop(handler((1, 2)));
}
