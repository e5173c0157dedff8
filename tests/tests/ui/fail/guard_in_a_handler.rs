use tethered::{JoinError, serverless_handler};

async fn work(id: u64) {
    println!("{id}");
}

#[serverless_handler]
async fn handler(id: u64) -> Result<u64, JoinError> {
    tokio::spawn(work(id));
    work(id);
    Ok(id)
}

fn main() {}
