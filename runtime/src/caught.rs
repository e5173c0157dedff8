//! Code of the user's, the host's or a subscriber's, whose panic must not take the account of a
//! task with it.

#[cfg(panic = "unwind")]
use std::sync::{Mutex, PoisonError};
use std::{
    any::Any,
    pin::Pin,
    task::{Context, Poll},
    thread,
};

/// What was caught of a panic.
///
/// In a lock that is never contended: it makes the payload `Sync`, as an error has to be. Boxed, since
/// what may have panicked yields room for it.
#[cfg(panic = "unwind")]
pub(crate) struct Payload(Box<Mutex<Box<dyn Any + Send>>>);

#[cfg(panic = "unwind")]
impl Payload {
    #[cold]
    fn new(payload: Box<dyn Any + Send>) -> Self {
        Self(Box::new(Mutex::new(payload)))
    }

    pub(crate) fn into_inner(self) -> Box<dyn Any + Send> {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets the panic go on.
    pub(crate) fn resume(self) -> ! {
        std::panic::resume_unwind(self.into_inner())
    }

    /// What the panic said.
    pub(crate) fn text(&self) -> Option<String> {
        let payload = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let text = payload.downcast_ref::<&str>();
        let text = text.map(|text| (*text).to_owned());
        text.or_else(|| payload.downcast_ref::<String>().cloned())
    }
}

/// Nothing, where a panic ends the process: what is done with one is no part of the program.
#[cfg(not(panic = "unwind"))]
pub(crate) enum Payload {}

#[cfg(not(panic = "unwind"))]
impl Payload {
    pub(crate) fn into_inner(self) -> Box<dyn Any + Send> {
        match self {}
    }

    pub(crate) fn resume(self) -> ! {
        match self {}
    }

    pub(crate) fn text(&self) -> Option<String> {
        match *self {}
    }
}

/// What code yields whose panic is caught.
pub(crate) type Caught<R> = Result<R, Payload>;

/// Runs `f` and catches its panic. What `f` leaves half done is not looked at again.
pub(crate) fn caught<R>(f: impl FnOnce() -> R) -> Caught<R> {
    #[cfg(panic = "unwind")]
    return std::panic::catch_unwind(std::panic::AssertUnwindSafe(f)).map_err(Payload::new);
    #[cfg(not(panic = "unwind"))]
    Ok(f())
}

/// The same where nobody wants the panic's payload. It is leaked, since its drop may panic too.
pub(crate) fn attempt<R>(f: impl FnOnce() -> R) -> Option<R> {
    caught(f).map_err(std::mem::forget).ok()
}

/// Polls the future in `slot`, which is empty once it has ended, in whichever way.
pub(crate) fn poll<F: Future>(
    mut slot: Pin<&mut Option<F>>,
    cx: &mut Context<'_>,
) -> Poll<Caught<F::Output>> {
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
pub(crate) fn empty<F>(mut slot: Pin<&mut Option<F>>) -> Caught<()> {
    caught(|| slot.set(None))
}

/// Lets a caught panic of a drop go on, but not where that would abort the process.
pub(crate) fn rethrow(dropped: Caught<()>) {
    if let Err(payload) = dropped
        && !thread::panicking()
    {
        payload.resume();
    }
}
