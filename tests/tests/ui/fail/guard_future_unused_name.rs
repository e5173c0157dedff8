use tethered::no_detach;

async fn work() {}

#[no_detach]
async fn helper() {
    let _later = work();
    println!("done");
}

fn main() {}
