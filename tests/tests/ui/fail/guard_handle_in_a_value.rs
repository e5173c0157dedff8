use tethered::no_detach;

async fn work() {}

#[no_detach]
async fn helper(wanted: bool) {
    let _ = (1, tokio::spawn(work()));
    let _pair = [tokio::spawn(work()), tokio::spawn(work())];
    let _ = Some(tokio::spawn(work()));
    let _maybe = wanted.then(|| tokio::spawn(work()));
    let _ = Ok::<_, ()>(tokio::spawn(work()));
    let _ = vec![tokio::spawn(work())];
}

fn main() {}
