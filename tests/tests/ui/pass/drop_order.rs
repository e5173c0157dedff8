//! Arguments are dropped as those of any `async fn`: when the body has ended, the last one first.

use std::{cell::RefCell, future::ready, sync::Mutex};

use tethered::{JoinError, serverless_handler};

struct Loud<'a>(u8, &'a RefCell<Vec<u8>>);

impl Drop for Loud<'_> {
    fn drop(&mut self) {
        self.1.borrow_mut().push(self.0);
    }
}

#[expect(dead_code)]
struct Pair<'a>(Loud<'a>, Loud<'a>);

#[serverless_handler]
async fn handler(
    a: Loud<'_>,
    Pair(b, _): Pair<'_>,
    _: Loud<'_>,
    _e: Loud<'_>,
) -> Result<(), JoinError> {
    ready(()).await;
    a.1.borrow_mut().push(0);
    drop(b);
    Ok(())
}

/// The guard in the last expression is dropped before the argument that it borrows.
#[serverless_handler]
async fn borrowed(last: Mutex<u8>) -> Result<u8, JoinError> {
    Ok(*last.lock().expect("no panic"))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), JoinError> {
    let log = RefCell::new(vec![]);
    handler(
        Loud(1, &log),
        Pair(Loud(2, &log), Loud(3, &log)),
        Loud(4, &log),
        Loud(5, &log),
    )
    .await?;
    assert_eq!(log.take(), [0, 2, 5, 4, 3, 1]);
    borrowed(Mutex::new(1)).await.map(drop)
}
