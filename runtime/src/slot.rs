//! One tracked task, as its scope knows it, from when it is counted in until nobody asks for it.

use std::{borrow::Cow, panic::Location, sync::Arc, task::Waker};

use crate::{
    error::TaskError,
    outcome::TaskKind,
    rt::{AbortHandle, Kept},
    site::Site,
    state::{Group, Token},
};

/// Kept at 48 bytes, since there is one for every waiting task; what only some have is boxed.
pub(crate) struct Slot {
    /// Wakes the task to be stopped. Of one that waits: one that was never polled, or has ended,
    /// needs none.
    pub(crate) stopper: Option<Waker>,
    pub(crate) site: &'static Site,
    pub(crate) extra: Option<Box<Extra>>,
    /// Nanoseconds from the scope's opening.
    pub(crate) started: u64,
    /// Tells this task from others that had its key before.
    pub(crate) sequence: u32,
    pub(crate) kind: TaskKind,
    pub(crate) group: Group,
    pub(crate) facts: Facts,
}

/// Independent facts of a task, in one byte.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Facts(u8);

impl Facts {
    /// Handed to the runtime, so it counts against the limit.
    pub(crate) const RUNNING: u8 = 1;
    /// A handle was polled and has not been dropped.
    pub(crate) const CLAIMED: u8 = 2;
    /// Aborted through its handle.
    pub(crate) const ABORTED: u8 = 4;
    /// Its handle was dropped: nobody will ask for its value or its error.
    pub(crate) const ORPHAN: u8 = 8;
    /// A callback, or started by one.
    pub(crate) const CALLBACK: u8 = 16;
    /// Its failure goes to the log, never to the join.
    pub(crate) const LOGGED: u8 = 32;
    /// It has its outcome; what is left is what its handle, or the join, may ask for.
    pub(crate) const ENDED: u8 = 64;
    /// Somebody is about to say how it ends, and then ends it so: whoever comes later is ignored.
    pub(crate) const ENDING: u8 = 128;

    /// Of a task that is started at once.
    pub(crate) const STARTED: Self = Self(Self::RUNNING);

    /// Of a task whose handle was dropped, and that is not being ended.
    pub(crate) fn is_left_alone(self) -> bool {
        let others = Self::CLAIMED | Self::ABORTED | Self::ENDED | Self::ENDING;
        self.0 & (Self::ORPHAN | others) == Self::ORPHAN
    }

    pub(crate) fn has(self, fact: u8) -> bool {
        self.0 & fact != 0
    }

    pub(crate) fn set(&mut self, fact: u8, holds: bool) {
        self.0 = (self.0 & !fact) | (u8::from(holds) * fact);
    }
}

/// What only some tasks have.
#[derive(Default)]
pub(crate) struct Extra {
    pub(crate) name: Option<Cow<'static, str>>,
    /// Of a task that no macro started.
    pub(crate) location: Option<&'static Location<'static>>,
    /// Its own, fired when it is to stop.
    pub(crate) token: Option<Arc<dyn Token>>,
    /// Ends the wait for a blocking task at its `timeout`.
    pub(crate) timer: Option<AbortHandle>,
    /// Takes a blocking task out of the queue for a thread.
    pub(crate) abort: Option<AbortHandle>,
    /// Who awaits it.
    pub(crate) watcher: Option<Waker>,
    /// What it has yielded, for its handle.
    pub(crate) value: Option<Kept>,
    /// Why it did not complete, until that has found its reader.
    pub(crate) ended: Option<Ended>,
}

impl Slot {
    pub(crate) fn name(&self) -> Cow<'static, str> {
        let given = self.extra.as_ref().and_then(|extra| extra.name.clone());
        given.unwrap_or(Cow::Borrowed(self.site.text()))
    }

    pub(crate) fn location(&self) -> &'static Location<'static> {
        let given = self.extra.as_ref().and_then(|extra| extra.location);
        given.unwrap_or(self.site.location())
    }

    pub(crate) fn extra(&mut self) -> &mut Extra {
        self.extra.get_or_insert_default()
    }

    /// Why the task did not complete, if it has ended so and that is still to be read.
    pub(crate) fn ended(&mut self) -> Option<&mut Ended> {
        self.extra.as_mut()?.ended.as_mut()
    }
}

/// The end of a task that did not complete.
pub(crate) struct Ended {
    pub(crate) error: TaskError,
    /// Stopped with its group by a sibling's failure, not through its handle.
    pub(crate) stopped: bool,
    pub(crate) fate: Fate,
}

impl Ended {
    /// Whether the join wants it, apart from any handle.
    pub(crate) fn is_wanted(&self) -> bool {
        self.fate == Fate::Join || self.stopped
    }
}

/// Who reads an error that no handle claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// The join.
    Join,
    /// The log and the host's hook.
    Log,
    /// It has been read, or nobody needs to (a cancellation).
    Done,
}

#[cfg(test)]
mod tests {
    use super::Slot;

    #[test]
    fn a_slot_stays_small() {
        assert!(size_of::<Slot>() <= 48, "{}", size_of::<Slot>());
        assert_eq!(size_of::<Option<Slot>>(), size_of::<Slot>());
    }
}
