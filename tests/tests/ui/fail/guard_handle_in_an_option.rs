use tethered::no_detach;

async fn work() {}

#[no_detach]
async fn helper(id: Option<u64>) {
    id.map(|_| tokio::spawn(work()));
    let _task = id.map(|_| tokio::spawn(work()));
}

fn main() {}
