//! A task's future, under watch from its making to its drop.

use std::{
    pin::Pin,
    sync::{Arc, atomic::Ordering},
    task::{Context, Poll},
};

use crate::ledger::{Fate, Ledger, StormError};

pub(crate) type Outcome = Result<(), StormError>;
pub(crate) type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Tells the ledger how a task's own code ended.
pub(crate) struct Guard {
    ledger: Arc<Ledger>,
    number: usize,
    pub(crate) fate: Fate,
}

impl Guard {
    pub(crate) fn new(ledger: &Arc<Ledger>, number: usize) -> Self {
        Self {
            ledger: Arc::clone(ledger),
            number,
            fate: Fate::Stopped,
        }
    }

    pub(crate) fn returned(&mut self, outcome: &Outcome) {
        self.fate = match outcome {
            Ok(()) => Fate::Returned,
            Err(_) => Fate::Failed,
        };
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let fate = self.fate;
        self.ledger.update(self.number, |entry| entry.fate = fate);
    }
}

pub(crate) struct Watched {
    /// `None` once it is dropped.
    future: Option<BoxFuture<Outcome>>,
    guard: Guard,
}

impl Watched {
    pub(crate) fn new(future: BoxFuture<Outcome>, guard: Guard) -> Self {
        Self {
            future: Some(future),
            guard,
        }
    }
}

impl Future for Watched {
    type Output = Outcome;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Outcome> {
        let this = &mut *self;
        if this.guard.ledger.ended.load(Ordering::SeqCst) {
            let number = this.guard.number;
            this.guard.ledger.update(number, |entry| entry.late = true);
        }
        // In case that the poll panics.
        this.guard.fate = Fate::Panicked;
        let future = this.future.as_mut().expect("dropped with this");
        let polled = future.as_mut().poll(cx);
        this.guard.fate = Fate::Stopped;
        if let Poll::Ready(outcome) = &polled {
            this.guard.returned(outcome);
        }
        polled
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        // In case that the future's drop panics.
        let fate = std::mem::replace(&mut self.guard.fate, Fate::Panicked);
        self.future = None;
        self.guard.fate = fate;
    }
}

/// Panics when it is dropped, unless a panic is under way.
pub(crate) struct Bomb(pub(crate) usize);

impl Drop for Bomb {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            std::panic::panic_any(format!("storm panic {}", self.0));
        }
    }
}
