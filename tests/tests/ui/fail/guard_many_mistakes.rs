use tethered::no_detach;

async fn work() {}

async fn fetch(id: u64) -> Result<u64, std::io::Error> {
    Ok(id)
}

#[no_detach]
async fn helper() -> Result<u64, std::io::Error> {
    tokio::spawn(work());
    work();
    let task = tokio::spawn(work());
    let id = fetch(1).await?;
    drop(task);
    std::thread::spawn(|| ());
    let _ = fetch(2);
    Ok(id)
}

fn main() {}
