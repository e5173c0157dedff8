//! Names that get their value after their `let`.

use tethered::no_detach;
use tokio::task::JoinHandle;

fn start() -> JoinHandle<()> {
    tokio::spawn(async {})
}
async fn step() -> Result<(), u32> {
    Ok(())
}

#[no_detach]
async fn handler() -> Result<(), u32> {
    let mut first = None;
    first = Some(start());
    let second;
    second = tokio::spawn(async {});
    let third;
    third = start();
    step().await?;
    third.await.unwrap();
    Ok(())
}

fn main() {}
