use tethered::{no_detach, spawn_tracked};

async fn work() {}

#[no_detach]
async fn helper() {
    spawn_tracked!(async {
        tokio::spawn(work());
        work();
    });
}

fn main() {}
