//! The recorder of side effects, as a process of its own. See `tethered_examples::recorder`.
//!
//! It prints its address and records until its stdin ends.

use std::{io, process, thread};

use tethered_examples::recorder;
use tokio::net::TcpListener;

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    thread::spawn(|| {
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        process::exit(0);
    });
    recorder::serve(listener).await
}
