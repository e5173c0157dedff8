use tethered::no_detach;

async fn work() {}

#[no_detach]
async fn helper() {
    let _ = work();
    let _ = async { println!("never") };
}

fn main() {}
