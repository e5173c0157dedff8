use futures_util::stream::FuturesUnordered;
use tethered::no_detach;

async fn work() {}

#[no_detach]
async fn helper() {
    let futures = FuturesUnordered::new();
    futures.push(work());
    futures.push(work());
}

fn main() {}
