use tethered::{JoinError, serverless_handler};

#[serverless_handler(host = contxt)]
async fn handler(context: u8) -> Result<Receipt, JoinError> {
    Ok(context)
}

fn main() {
    drop(handler(1));
}
