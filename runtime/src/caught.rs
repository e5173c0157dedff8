//! Code of the user's, the host's or a subscriber's, whose panic must not take the account of a
//! task with it.

use std::{
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    pin::Pin,
    task::{Context, Poll},
    thread,
};

/// Runs `f` and catches its panic. What `f` leaves half done is not looked at again.
pub(crate) fn caught<R>(f: impl FnOnce() -> R) -> thread::Result<R> {
    catch_unwind(AssertUnwindSafe(f))
}

/// The same where nobody wants the panic's payload. It is leaked, since its drop may panic too.
pub(crate) fn attempt<R>(f: impl FnOnce() -> R) -> Option<R> {
    caught(f).map_err(std::mem::forget).ok()
}

/// Polls the future in `slot`, which is empty once it has ended, in whichever way.
pub(crate) fn poll<F: Future>(
    mut slot: Pin<&mut Option<F>>,
    cx: &mut Context<'_>,
) -> Poll<thread::Result<F::Output>> {
    let polled = caught(|| match slot.as_mut().as_pin_mut() {
        Some(future) => future.poll(cx),
        None => Poll::Pending,
    });
    let ended = match polled {
        Ok(Poll::Pending) => return Poll::Pending,
        Ok(Poll::Ready(output)) => Ok(output),
        Err(payload) => Err(payload),
    };
    let emptied = empty(slot);
    Poll::Ready(ended.and_then(|output| emptied.map(|()| output)))
}

/// Drops the future in `slot`.
pub(crate) fn empty<F>(mut slot: Pin<&mut Option<F>>) -> thread::Result<()> {
    caught(|| slot.set(None))
}

/// Lets a caught panic of a drop go on, but not where that would abort the process.
pub(crate) fn rethrow(dropped: thread::Result<()>) {
    if let Err(payload) = dropped
        && !thread::panicking()
    {
        resume_unwind(payload);
    }
}
