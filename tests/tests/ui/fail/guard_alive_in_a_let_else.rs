use tethered::no_detach;

async fn work() {}

#[no_detach]
async fn helper(id: Option<u64>) -> u64 {
    let task = tokio::spawn(work());
    let Some(id) = id else { return 0 };
    task.await.unwrap();
    id
}

fn main() {}
