use tethered::no_detach;

async fn work() {}

#[no_detach]
async fn helper(fast: bool) {
    let _task = if fast {
        tokio::spawn(work())
    } else {
        tokio::spawn(async {})
    };
    let _task = match fast {
        true => tokio::spawn(work()),
        false => return,
    };
    let _task = {
        println!("now");
        tokio::spawn(work())
    };
}

fn main() {}
