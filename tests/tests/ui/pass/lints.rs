//! No lint sees the expansion.
#![deny(warnings, clippy::pedantic)]
#![forbid(unsafe_code)]

use std::sync::{Arc, Mutex};

use tethered::{Host, JoinError, serverless_handler};

#[serverless_handler]
async fn names(
    mut list: Vec<u8>,
    _unused: u8,
    _: String,
    number: &Mutex<u8>,
) -> Result<u8, JoinError> {
    use std::iter::once;
    const ONE: u8 = 1;
    list.extend(once(ONE));
    Ok(*number.lock().expect("no panic"))
}

#[serverless_handler(on_error = log)]
async fn one_expression() -> u8 {
    1
}

#[serverless_handler(on_error = log)]
async fn nothing() {}

#[serverless_handler(on_error = log, timeout = "90s", host = host)]
async fn diverges((host, mut list): (Arc<dyn Host + Send + Sync>, Vec<u8>)) {
    list.push(1);
    panic!("{:?} {list:?}", host.deadline())
}

fn main() {
    drop((
        names(vec![], 1, String::new(), &Mutex::new(1)),
        one_expression(),
        nothing(),
        diverges,
    ));
}
