use tethered::no_detach;

async fn work() {}

async fn fetch(id: u64) -> Result<u64, std::io::Error> {
    Ok(id)
}

#[no_detach]
async fn helper(ids: &[u64]) -> Result<(), std::io::Error> {
    let mut tasks = Vec::new();
    for id in ids {
        tasks.push(tokio::spawn(work()));
        fetch(*id).await?;
    }
    for task in tasks {
        task.await.unwrap();
    }
    Ok(())
}

fn main() {}
