use tethered::no_detach;

async fn work() {}

async fn fetch(id: u64) -> Result<u64, std::io::Error> {
    Ok(id)
}

#[no_detach]
async fn helper() -> Result<u64, std::io::Error> {
    let task = tokio::spawn(work());
    let id = fetch(1).await?;
    task.await?;
    Ok(id)
}

fn main() {}
