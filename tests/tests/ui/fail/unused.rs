//! The user's own lints are at the user's own tokens.
#![deny(unused)]

use tethered::{JoinError, serverless_handler};

#[serverless_handler]
async fn handler(event: u8, mut list: Vec<u8>, (a, _): (u8, u8)) -> Result<(), JoinError> {
    let late = list.len();
    Ok(())
}

fn main() {
    drop(handler(1, vec![], (1, 2)));
}
