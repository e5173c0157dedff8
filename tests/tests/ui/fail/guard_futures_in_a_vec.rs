use tethered::no_detach;

async fn work() {}

#[no_detach]
async fn helper() {
    let mut futures = Vec::new();
    for _ in 0..3 {
        futures.push(work());
    }
}

fn main() {}
