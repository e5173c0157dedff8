//! An `async unsafe fn` stays one.
#![allow(unsafe_code)]

use tethered::{JoinError, serverless_handler};

/// # Safety
///
/// `event` is not null.
#[serverless_handler]
async unsafe fn handler(event: *const u8) -> Result<u8, JoinError> {
    Ok(unsafe { *event })
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    assert_eq!(unsafe { handler(&1) }.await.ok(), Some(1));
}
