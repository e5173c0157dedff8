use tethered::no_detach;
use tokio::task::JoinSet;

async fn work() {}

#[no_detach]
async fn helper() {
    let mut set = JoinSet::new();
    set.spawn(work());
    set.spawn(work());
}

fn main() {}
