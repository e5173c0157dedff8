use tethered::no_detach;

async fn work() {}

#[no_detach]
async fn helper(ids: &[u64]) {
    ids.iter().map(|_| tokio::spawn(work())).for_each(drop);
    let _ = ids.iter().map(|_| work());
}

fn main() {}
