//! How a handler ended, for a host whose platform does not look at what it returns.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures_channel::oneshot::{self, Receiver};

use crate::{caught::attempt, join_error::JoinError, site::Site};

/// How a handler ended, for a [`Host`](crate::Host) that has to tell its platform.
///
/// # Errors
/// A text that names the tasks that did not complete. Where the handler itself returned an error,
/// panicked or was dropped, it says that.
#[derive(Debug)]
pub struct Verdict(Receiver<Told>);

type Told = Result<(), String>;

/// The handler's end of a [`Verdict`]. Dropped, it tells that the handler did not return.
pub(crate) struct Sender(oneshot::Sender<Told>);

impl Verdict {
    pub(crate) fn new() -> (Sender, Self) {
        let (sender, verdict) = oneshot::channel();
        (Sender(sender), Self(verdict))
    }
}

impl Future for Verdict {
    type Output = Told;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Told> {
        let told = ready!(Pin::new(&mut self.0).poll(cx));
        Poll::Ready(told.unwrap_or_else(|_| Err("the handler did not return".to_owned())))
    }
}

impl Sender {
    /// `failed`: the handler returned an error of its own.
    pub(crate) fn tell(self, handler: &Site, error: Option<&JoinError>, failed: bool) {
        let name = handler.text();
        let told = match error {
            // It may hold the user's errors.
            Some(error) => Err(attempt(|| error.to_string())
                .unwrap_or_else(|| format!("a task of `{name}` did not complete"))),
            None if failed => Err(format!("`{name}` returned an error")),
            None => Ok(()),
        };
        // A host that does not want to know has dropped its end.
        let _ = self.0.send(told);
    }
}
