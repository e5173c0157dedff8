//! A handler written by the user's own macro, with names from in and outside of it.
#![deny(warnings, clippy::pedantic)]

use tethered::{JoinError, serverless_handler};

macro_rules! handler {
    ($name:ident, $event:ident: $ty:ty, $_unused:ident, ($($pat:tt)*) => $body:expr) => {
        #[serverless_handler(timeout = limit)]
        async fn $name(limit: std::time::Duration, $event: $ty, $_unused: u8, ($($pat)*): (u8, u8)) -> Result<u8, JoinError> {
            let body = $body;
            Ok(body + u8::from(limit.is_zero()))
        }
    };
}

handler!(add, event: u8, _unused, (a, mut b) => {
    b += event;
    a + b
});

#[tokio::main(flavor = "current_thread")]
async fn main() {
    assert_eq!(
        add(std::time::Duration::from_secs(5), 1, 0, (2, 3))
            .await
            .ok(),
        Some(6)
    );
}
