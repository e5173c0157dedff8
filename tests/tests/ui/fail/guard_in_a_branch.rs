use tethered::no_detach;

async fn work() {}

#[no_detach]
async fn helper(id: u64) {
    if id == 0 {
        tokio::spawn(work());
    } else if let 1 = id {
        let _ = tokio::spawn(work());
    }
    match id {
        0 => drop(tokio::spawn(work())),
        1 => {
            tokio::spawn(work());
        }
        _ => work().await,
    }
}

fn main() {}
