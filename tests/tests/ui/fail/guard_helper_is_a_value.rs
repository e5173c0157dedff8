use tethered::no_detach;

async fn work() {}

fn kick(_: &u64) {
    tokio::spawn(work());
}

#[no_detach]
async fn helper(ids: &[u64]) {
    ids.iter().for_each(kick);
    work().await;
}

fn main() {}
