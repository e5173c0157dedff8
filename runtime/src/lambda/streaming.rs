//! A streamed response, whose stream belongs to its invocation.

use std::{
    fmt::Debug,
    future::poll_fn,
    pin::{Pin, pin},
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use futures_core::Stream;
use lambda_runtime::Error;
use tokio::sync::mpsc;

use crate::{
    site::Site,
    spawn::{Options, wait_until},
};

/// An item of the stream; `None` at its end.
type Chunk = Option<Result<Bytes, Error>>;

/// Polls `stream` in a keep-alive task, and yields what comes out.
///
/// `lambda_runtime` polls a response's stream in a task of its own, outside of the invocation. In a
/// keep-alive task, what the stream starts belongs to the invocation, the drain waits for its end,
/// and it is stopped at the deadline. One chunk is made ahead.
pub(super) fn relay<S, D, E>(mut stream: S) -> Relayed
where
    S: Stream<Item = Result<D, E>> + Unpin + Send + 'static,
    D: Into<Bytes> + Send,
    E: Into<Error> + Send + Debug,
{
    static SITE: Site = Site::new("response stream");

    let (sender, chunks) = mpsc::channel(1);
    let task = wait_until(Options::new(&SITE), async move {
        loop {
            let chunk = {
                let mut gone = pin!(sender.closed());
                let next = poll_fn(|cx| {
                    // Nobody reads it any more: the client has gone away.
                    if gone.as_mut().poll(cx).is_ready() {
                        return Poll::Ready(None);
                    }
                    let item = ready!(Pin::new(&mut stream).poll_next(cx));
                    Poll::Ready(Some(item.map(|item| match item {
                        Ok(data) => Ok(data.into()),
                        Err(error) => Err(error.into()),
                    })))
                });
                next.await
            };
            let Some(chunk) = chunk else { return };
            let is_last = chunk.is_none();
            if sender.send(chunk).await.is_err() || is_last {
                return;
            }
        }
    });
    drop(task);
    Relayed(Some(chunks))
}

/// The stream that `lambda_runtime` gets. `None`: it has ended.
pub(super) struct Relayed(Option<mpsc::Receiver<Chunk>>);

impl Stream for Relayed {
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(chunks) = &mut self.0 else {
            return Poll::Ready(None);
        };
        let item = match ready!(chunks.poll_recv(cx)) {
            Some(Some(item)) => return Poll::Ready(Some(item)),
            Some(None) => None,
            // A body that just stops would look whole to the client.
            None => Some(Err("the response stream was stopped before its end".into())),
        };
        self.0 = None;
        Poll::Ready(item)
    }
}
