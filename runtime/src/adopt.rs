//! How a scope whose handler has ended is drained by another one, and how it closes.
//!
//! Of two scopes the inner one is always locked first.

use std::iter;

use crate::{
    host::KeepAlive,
    log,
    scope::{Deadline, Scope},
    state::{Adopted, Group, Phase, Stage},
};

impl Scope {
    /// The scopes that this one drains, one after the other: the lock is free while each is looked at.
    pub(crate) fn adopted(&self) -> impl Iterator<Item = Adopted> {
        let mut next = 0;
        iter::from_fn(move || self.adopted_from(&mut next))
    }

    /// The first of them from the key `next` on, which then comes after it.
    #[inline(never)]
    fn adopted_from(&self, next: &mut usize) -> Option<Adopted> {
        let state = self.lock_seldom();
        let adopted = &state.more.adopted;
        while *next < adopted.capacity() {
            *next += 1;
            if let Some(child) = adopted.get(*next - 1) {
                return Some(child.clone());
            }
        }
        None
    }

    /// Hands what is left to the scope around this one, which drains it.
    pub(crate) fn leave(&self) {
        let plan = &self.0.plan;
        let (mut target, mut within) = match &plan.parent {
            Some(parent) => (parent.clone(), plan.within.unwrap_or(Group::KeepAlive)),
            None => (Self::root(), Group::KeepAlive),
        };
        let (released, stages) = loop {
            let mut inner = self.lock_seldom();
            if inner.phase == Phase::Closed || inner.more.adopter.is_some() {
                return;
            }
            let mut outer = target.lock_seldom();
            let further = match (outer.phase, &outer.more.adopter) {
                (Phase::Closed, _) => Some(target.0.plan.parent.clone()),
                // Straight to who drains it, so that chains do not grow.
                (Phase::Joined, Some((adopter, _))) => Some(Some(adopter.clone())),
                _ => None,
            };
            if let Some(further) = further {
                if !outer.holds {
                    within = Group::KeepAlive;
                }
                drop((outer, inner));
                target = further.unwrap_or_else(Self::root);
                continue;
            }
            let key = outer.more.make().adopted.insert(Adopted {
                scope: self.clone(),
                within,
            });
            inner.more.make().adopter = Some((target.clone(), key));
            if within != Group::KeepAlive && outer.phase == Phase::Open && !inner.is_joinable() {
                inner.holds = true;
                outer.holders += 1;
            }
            let stages = Group::ALL.map(|group| outer.group(group.adopted(within)).stage);
            break (outer.released, stages);
        };
        // What has happened to the tasks there happens to the newcomers, but that they are given up:
        // they get the time to stop.
        for (&group, stage) in Group::ALL.iter().zip(stages) {
            if stage >= Stage::Told {
                self.stop(&[group], stage.min(Stage::Expired));
            }
        }
        if released {
            self.release();
        }
        if self.has_earlier_deadline_than(&target) {
            // Who drains there has a new deadline to see to.
            target.notify();
            target.start_drain();
        }
        self.settle();
    }

    fn has_earlier_deadline_than(&self, outer: &Self) -> bool {
        let (own, outer) = (&self.0.plan, &outer.0.plan);
        let earlier = |own: Option<Deadline>, outer: Option<Deadline>| {
            own.is_some_and(|own| outer.is_none_or(|outer| own.at < outer.at))
        };
        earlier(own.deadline, outer.host_deadline)
            || earlier(own.host_deadline, outer.host_deadline)
    }

    /// The last tracked task is over: those who adopted this scope may go on with their join.
    pub(crate) fn let_go(&self) {
        let mut scope = self.clone();
        loop {
            let adopter = {
                let mut state = scope.lock_seldom();
                if !state.holds || !state.is_joinable() {
                    return;
                }
                state.holds = false;
                let adopter = state.more.adopter.as_ref();
                adopter.map(|(adopter, _)| adopter.clone())
            };
            let Some(adopter) = adopter else { return };
            adopter.lock_seldom().holders -= 1;
            adopter.notify();
            scope = adopter;
        }
    }

    /// Closes the scope if it is joined and empty, and hands its account upwards; then the scope
    /// that drained it, if that was its last one, and so on.
    pub(crate) fn settle(&self) {
        let mut closing = Some(self.clone());
        while let Some(scope) = closing {
            closing = scope.close();
        }
    }

    /// Closes this scope if it can be; yields who drained it.
    fn close(&self) -> Option<Self> {
        loop {
            let mut state = self.lock_seldom();
            if state.phase != Phase::Joined || !state.is_idle() {
                return None;
            }
            let mut unread = state.take_failures(Group::ALL);
            // An outer handler's join wants them; the root scope has none.
            let kept = self.0.plan.mode == KeepAlive::JoinAndFail
                && (state.more.adopter.as_ref()).is_some_and(|(adopter, _)| !adopter.is_root());
            if !kept && !unread.is_empty() {
                // What there is to say is said before anybody can see that the scope has closed.
                drop(state);
                for error in &unread {
                    log::failure(self, error);
                }
                continue;
            }
            state.phase = Phase::Closed;
            let (adopter, key) = state
                .more
                .get()
                .and_then(|more| more.adopter.take())
                .unzip();
            let mut up = adopter.clone().or_else(|| self.0.plan.parent.clone());
            // Under both locks: nobody sees this scope closed and its account missing.
            loop {
                let outer = up.unwrap_or_else(Self::root);
                let mut account = outer.lock_seldom();
                if account.take_over(&mut state, key, &mut unread) {
                    if outer.keeps_rows() {
                        account.add_rows(&mut state, self.0.plan.reports);
                    }
                    break;
                }
                drop(account);
                let further = outer.0.plan.parent.clone();
                up = further;
            }
            drop(state);
            self.notify();
            self.dismiss();
            // Each waiter looks at all that is adopted, so they are not woken for each of many.
            let idle = adopter
                .as_ref()
                .filter(|adopter| adopter.lock_seldom().is_idle());
            if let Some(adopter) = idle {
                adopter.notify();
            }
            return adopter;
        }
    }
}
