//! What an invocation has emitted, through whichever set.

use std::sync::{Arc, Mutex, MutexGuard, Weak};

use super::lane::Lane;
use crate::{rt, scope::Scope};

/// Tells a set of callbacks from others, while it is there.
pub(super) type SetId = Arc<()>;

/// A lane for each handler of a set.
pub(super) type Lanes = Arc<[Arc<Lane>]>;

/// The lanes of each set that was used in an invocation.
#[derive(Default)]
pub(crate) struct Ledger(Mutex<Vec<(Weak<()>, Lanes)>>);

impl Ledger {
    fn lock(&self) -> MutexGuard<'_, Vec<(Weak<()>, Lanes)>> {
        rt::lock(&self.0)
    }

    /// The lanes of one set; none if it has not emitted here.
    pub(super) fn of(&self, set: &SetId) -> Lanes {
        let sets = self.lock();
        let own = sets.iter().find(|(id, _)| id.as_ptr() == Arc::as_ptr(set));
        own.map_or_else(Lanes::default, |(_, lanes)| Arc::clone(lanes))
    }

    /// The same, as many as the set has handlers.
    pub(super) fn open(&self, set: &SetId, handlers: usize, invocation: &Scope) -> Lanes {
        let lanes = self.of(set);
        if lanes.len() == handlers {
            return lanes;
        }
        let mut sets = self.lock();
        let own = sets
            .iter()
            .position(|(id, _)| id.as_ptr() == Arc::as_ptr(set));
        // Asked once more, under the lock; a set may have got handlers since it last emitted.
        let mut lanes = own.map_or_else(Vec::new, |own| sets.swap_remove(own).1.to_vec());
        lanes.resize_with(handlers.max(lanes.len()), || {
            Arc::new(Lane::new(invocation))
        });
        let lanes = Lanes::from(lanes);
        // The root scope's ledger lives as long as the process, and sets may come and go.
        let is_gone = |(id, lanes): &mut (Weak<()>, Lanes)| {
            id.strong_count() == 0 && lanes.iter().all(|lane| lane.is_idle())
        };
        let gone: Vec<_> = sets.extract_if(.., is_gone).collect();
        sets.push((Arc::downgrade(set), Arc::clone(&lanes)));
        drop(sets);
        // Its handles look into their scopes.
        drop(gone);
        lanes
    }

    pub(super) fn all(&self) -> Vec<Lanes> {
        let sets = self.lock();
        sets.iter().map(|(_, lanes)| Arc::clone(lanes)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_that_is_gone_leaves_nothing_behind() {
        let (ledger, kept) = (Ledger::default(), SetId::default());
        ledger.open(&kept, 1, &Scope::root());
        for _ in 0..100 {
            ledger.open(&SetId::default(), 1, &Scope::root());
        }
        assert_eq!(ledger.all().len(), 2, "the one that is there, and the last");
        let lanes = ledger.of(&kept);
        let more = ledger.open(&kept, 2, &Scope::root());
        assert!(Arc::ptr_eq(&lanes[0], &more[0]) && more.len() == 2);
    }
}
