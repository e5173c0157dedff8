//! Futures that a macro makes of the crate's own types.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};
use tethered::no_detach;

struct Get;
macro_rules! operation {
    ($name:ident) => {
        impl Future for $name {
            type Output = ();
            fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
                Poll::Pending
            }
        }
    };
}
operation!(Get);
fn get() -> Get {
    Get
}

#[no_detach]
async fn handler() {
    let _ = get();
}

fn main() {}
