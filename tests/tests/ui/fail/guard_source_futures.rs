//! Futures of the crate's own, however their `impl` is written.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};
use tethered::no_detach;

struct CallFuture<A>(A);
#[rustfmt::skip]
impl<A: Unpin> Future
    for CallFuture<A>
{
    type Output = ();
    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        Poll::Pending
    }
}
fn call() -> CallFuture<u8> {
    CallFuture(1)
}

mod jobs {
    pub(super) async fn kick() {
        tokio::spawn(async {});
    }
}

#[no_detach]
async fn handler() {
    let _ = call();
    jobs::kick();
}

fn main() {}
