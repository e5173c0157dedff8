use tethered::no_detach;

async fn work() {}

#[no_detach]
async fn helper() {
    tokio::select! {
        biased;
        () = work() => {
            tokio::spawn(work());
        }
        () = async { drop(work()); } => drop(tokio::spawn(work())),
    }
}

fn main() {}
