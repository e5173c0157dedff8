//! A handler's future holds its body's future, the arguments on their way there, and little else.

#![allow(clippy::large_types_passed_by_value)]

use std::{future::ready, mem::size_of_val};

use tethered::{JoinError, serverless_handler};

const SIZE: usize = 1024;

async fn plain((a, b): ([u8; SIZE], [u8; SIZE]), c: [u8; SIZE]) -> Result<u8, JoinError> {
    ready(()).await;
    Ok(a[0] + b[0] + c[0])
}

#[serverless_handler]
async fn handler((a, b): ([u8; SIZE], [u8; SIZE]), c: [u8; SIZE]) -> Result<u8, JoinError> {
    ready(()).await;
    Ok(a[0] + b[0] + c[0])
}

fn main() {
    let plain = size_of_val(&plain(([1; SIZE], [1; SIZE]), [1; SIZE]));
    let handler = size_of_val(&handler(([1; SIZE], [1; SIZE]), [1; SIZE]));
    assert!(handler <= plain + 3 * SIZE + 512, "{handler} for {plain}");
}
