//! What the run is waiting for, to be said if it does not end.

use std::cell::RefCell;

#[derive(Default)]
pub(crate) struct Progress(RefCell<String>);

impl Progress {
    pub(crate) fn waiting_for(&self, what: String) {
        *self.0.borrow_mut() = what;
    }

    pub(crate) fn current(&self) -> String {
        self.0.borrow().clone()
    }
}
