use tethered::no_detach;

async fn work() {}

#[no_detach]
async fn helper(id: u64) {
    'outer: {
        let task = tokio::spawn(work());
        if id == 0 {
            break 'outer;
        }
        task.await.unwrap();
    }
}

fn main() {}
