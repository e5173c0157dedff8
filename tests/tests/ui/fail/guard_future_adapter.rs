use futures_util::FutureExt as _;
use tethered::no_detach;

async fn work() {}

#[no_detach]
async fn helper() {
    let _ = work().map(|()| 1).boxed();
    let _ = Some(work());
}

fn main() {}
