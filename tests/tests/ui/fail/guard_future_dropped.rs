use tethered::no_detach;

async fn work() {}

#[no_detach]
async fn helper() {
    drop(work());
    std::mem::forget(work());
}

fn main() {}
