use tethered::no_detach;

async fn work() {}

#[no_detach]
async fn helper() {
    tokio::task::spawn_local(work());
    let local = tokio::task::LocalSet::new();
    local.spawn_local(work());
}

fn main() {}
