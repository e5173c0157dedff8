//! With `on_error = log` a handler returns anything, also what no expression can name.
#![deny(warnings, clippy::pedantic)]

use std::future::{pending, ready};

use tethered::serverless_handler;

#[serverless_handler(on_error = log)]
async fn never() -> ! {
    loop {
        pending::<()>().await;
    }
}

#[serverless_handler(on_error = log)]
async fn nothing() {
    ready(()).await;
}

#[serverless_handler(on_error = log)]
async fn boxed(text: &str) -> Box<dyn Fn(&str) -> usize> {
    let len = text.len();
    Box::new(move |text| len + text.len())
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    nothing().await;
    assert_eq!(boxed("a").await("b"), 2);
    drop(never());
}
