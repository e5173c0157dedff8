use tethered::no_detach;

async fn work() {}

#[no_detach]
async fn helper(id: u64) {
    let task = tokio::spawn(work());
    if id == 0 {
        return;
    }
    task.await.unwrap();
}

fn main() {}
