use tethered::no_detach;

async fn work() {}

#[no_detach]
async fn helper(ids: &[u64]) {
    for id in ids {
        let task = tokio::spawn(work());
        if *id == 0 {
            break;
        }
        task.await.unwrap();
    }
}

fn main() {}
