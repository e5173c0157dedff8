use tethered::no_detach;

async fn work() {}

#[no_detach(strictly)]
async fn helper() {
    work().await;
}

fn main() {}
