use std::thread;

use tethered::no_detach;

#[no_detach]
fn helper() -> std::io::Result<()> {
    thread::Builder::new().spawn(|| println!("work"))?;
    thread::Builder::new().spawn(|| println!("work")).unwrap();
    let _ = thread::Builder::new().name("a".into()).spawn(|| ());
    Ok(())
}

fn main() {}
