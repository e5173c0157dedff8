use tethered::no_detach;

async fn work() {}

#[no_detach]
async fn helper() -> Result<(), tokio::task::JoinError> {
    let a = tokio::spawn(work());
    let b = tokio::spawn(work());
    a.await?;
    b.await?;
    Ok(())
}

fn main() {}
