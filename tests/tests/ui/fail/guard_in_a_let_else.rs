use tethered::no_detach;

async fn work() {}

#[no_detach]
async fn helper(id: Option<u64>) -> u64 {
    let Some(id) = id else {
        tokio::spawn(work());
        return 0;
    };
    work().await;
    id
}

fn main() {}
