//! Methods and functions whose names others have that return nothing.

use tethered::no_detach;
use tokio::{sync::mpsc::Sender, task::JoinHandle};

struct Db;
impl Db {
    async fn insert(&self, _: u32) {}
    async fn truncate(&self) {}
}
async fn select_users(_: u32) -> u32 {
    1
}
async fn channel(_: u32) -> u32 {
    1
}
fn write(_: u32) -> JoinHandle<()> {
    tokio::spawn(async {})
}
async fn step() -> Result<(), tokio::task::JoinError> {
    Ok(())
}

#[no_detach]
async fn handler(db: &Db, sender: &Sender<u32>) -> Result<(), tokio::task::JoinError> {
    db.insert(1);
    let _ = db.truncate();
    let _ = sender.reserve();
    let _rows = select_users(1);
    let _ = channel(1);
    let task = write(1);
    step().await?;
    task.await
}

fn main() {}
