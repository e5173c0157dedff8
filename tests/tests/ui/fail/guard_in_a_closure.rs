use tethered::no_detach;

async fn work() {}

#[no_detach]
fn helper(ids: &[u64]) {
    ids.iter().for_each(|_| {
        tokio::spawn(work());
    });
    let start = || drop(tokio::spawn(work()));
    start();
}

fn main() {}
