//! Values that know their type only from where they go.

use std::{
    future::{Future, poll_fn},
    marker::PhantomData,
    sync::Arc,
    task::Poll,
};

use tethered::no_detach;
use tokio::sync::oneshot;

/// The output of an async block.
#[no_detach]
pub fn reconnect(inner: Arc<u8>) -> impl Future<Output = Result<(), String>> {
    async move {
        other(*inner).await?;
        Ok(())
    }
}
async fn other(_: u8) -> Result<(), String> {
    Ok(())
}

/// Built of nothing.
pub struct Connection<B>(PhantomData<B>);
impl<B: Default> Connection<B> {
    fn new() -> Self {
        Self(PhantomData)
    }
    fn set(&mut self) {}
}
/// What an async block builds.
#[no_detach]
pub fn handshake<B: Default>() -> impl Future<Output = Result<Connection<B>, ()>> {
    async move {
        let mut conn = Connection::new();
        conn.set();
        Ok(conn)
    }
}

/// The output of a closure.
#[no_detach]
pub fn without_shutdown(value: u8) -> impl Future<Output = Result<u8, String>> {
    let mut value = Some(value);
    poll_fn(move |_| Poll::Ready(Ok(value.take().expect("polled after completion"))))
}

/// Who waits.
pub enum Expectation {
    /// Another.
    External(oneshot::Sender<Result<u8, String>>),
    /// Nobody.
    Internal,
}
/// Arms that give each other's type.
#[no_detach]
pub fn send(this: Expectation, result: Result<u8, String>) {
    let _ = match this {
        Expectation::External(sender) => sender.send(result),
        Expectation::Internal => Ok(()),
    };
}
/// Branches that give each other's type.
#[no_detach]
pub fn send_if(sender: Option<oneshot::Sender<u8>>) {
    let _ = if let Some(sender) = sender {
        sender.send(1)
    } else {
        Ok(())
    };
}

/// Two values under `#[cfg]`.
#[no_detach]
pub fn settings(socket: u8) -> Result<u32, String> {
    #[cfg(not(target_family = "wasm"))]
    {
        let socket: u32 = socket.into();
        Ok(socket)
    }
    #[cfg(target_family = "wasm")]
    {
        Ok(socket)
    }
}
