//! How the tasks of a scope are stopped, in stages, and by when.

use std::{
    future::poll_fn,
    pin::Pin,
    sync::{Arc, atomic::Ordering},
    task::{Context, Poll, Waker},
    time::Duration,
};

use crate::{
    fail::End,
    rt::{self, AbortHandle, Instant, Sleep, sleep_until},
    scope::{Deadline, Scope},
    state::{Adopted, Group, Pending, Stage, State, Token},
};

/// The least time that a runtime gets to drop what was aborted, however short the grace period.
const STOPPING: Duration = Duration::from_millis(10);

/// What is waited for.
pub(crate) type Done<'a> = &'a (dyn Fn(&mut State) -> bool + Send + Sync);

/// What a deadline leads to next.
struct Due {
    at: Instant,
    scope: Scope,
    group: Group,
    stage: Stage,
}

/// Waits until something is done, and holds the tasks to their deadlines meanwhile, those of adopted
/// scopes too: they are told, aborted a grace period later, and given up half a grace period after
/// that.
#[derive(Default)]
pub(crate) struct Enforcer(Option<(Instant, Pin<Box<Sleep>>)>);

/// Where a scope has the waker of who waits.
type Place<'a> = &'a dyn Fn(&mut State) -> &mut Option<Waker>;

impl Enforcer {
    /// For who joins, of which a scope has one.
    pub(crate) fn poll(&mut self, scope: &Scope, cx: &mut Context<'_>, done: Done<'_>) -> Poll<()> {
        self.poll_at(&|state| &mut state.joiner, scope, cx, done)
    }

    // Once, not in each of those who wait.
    #[inline(never)]
    fn poll_at(
        &mut self,
        place: Place<'_>,
        scope: &Scope,
        cx: &mut Context<'_>,
        done: Done<'_>,
    ) -> Poll<()> {
        loop {
            // A waker is cloned before the lock and dropped after it: it may be the user's code.
            let waker = cx.waker().clone();
            let _before;
            {
                let mut state = scope.lock();
                if done(&mut state) {
                    // What is left there would be the waker of who is done.
                    _before = place(&mut state).take();
                    return Poll::Ready(());
                }
                _before = place(&mut state).replace(waker);
            }
            let Some(due) = scope.due() else {
                self.0 = None;
                return Poll::Pending;
            };
            if self.0.as_ref().is_none_or(|(at, _)| *at != due.at) {
                self.0 = Some((due.at, Box::pin(sleep_until(due.at))));
            }
            if self.sleeps(cx) {
                return Poll::Pending;
            }
            self.0 = None;
            due.scope.stop(&[due.group], due.stage);
        }
    }

    /// Whether the time of what is due next is still to come.
    fn sleeps(&mut self, cx: &mut Context<'_>) -> bool {
        let sleep = self.0.as_mut();
        sleep.is_none_or(|(_, sleep)| sleep.as_mut().poll(cx).is_pending())
    }
}

/// [`Enforcer`] for who does not join.
pub(crate) struct Observer {
    pub(crate) scope: Scope,
    /// Its key among the scope's observers, once it has waited.
    key: Option<usize>,
    enforcer: Enforcer,
}

impl Observer {
    pub(crate) fn new(scope: Scope) -> Self {
        Self {
            scope,
            key: None,
            enforcer: Enforcer::default(),
        }
    }

    #[inline(never)]
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, done: Done<'_>) -> Poll<()> {
        let (key, waits) = {
            let mut state = self.scope.lock_seldom();
            if done(&mut state) {
                return Poll::Ready(());
            }
            let insert = || state.more.make().observers.insert(None);
            let key = *self.key.get_or_insert_with(insert);
            let waker = state.more.observers[key].as_ref();
            (key, waker.is_some_and(|waker| waker.will_wake(cx.waker())))
        };
        // Nothing has changed since it was polled last: it does not look at all that is adopted.
        if waits && self.enforcer.sleeps(cx) {
            return Poll::Pending;
        }
        let place: Place<'_> = &|state| &mut state.more.make().observers[key];
        self.enforcer.poll_at(place, &self.scope, cx, done)
    }
}

impl Drop for Observer {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            // Dropped after the lock: it may be the user's code.
            let _waker = self.scope.lock_seldom().more.make().observers.remove(key);
        }
    }
}

/// What there is to do once the lock is released.
enum Order {
    Tell(Arc<dyn Token>),
    /// What it wakes is dropped when the runtime gets to it: this does not wait.
    Wake(Waker),
    Abort(AbortHandle),
    /// Unstarted.
    Drop(Pending),
    GiveUp(u32, u32),
}

impl Scope {
    /// Raises the stage of `groups`, here and in adopted scopes, to `stage` at least.
    pub(crate) fn stop(&self, groups: &[Group], stage: Stage) {
        let mut orders = Vec::new();
        {
            let mut scope = self.lock_seldom();
            for &group in groups {
                scope.raise(group, stage, &mut orders);
            }
            if stage >= Stage::Aborted {
                self.0.stopping.store(true, Ordering::Relaxed);
            }
        }
        for order in orders {
            match order {
                Order::Tell(token) => token.cancel(),
                Order::Wake(stopper) => stopper.wake(),
                Order::Abort(abort) => abort.abort(),
                Order::Drop(pending) => drop(pending),
                // Never ordered where it does not.
                Order::GiveUp(key, sequence) if rt::GIVES_UP => {
                    self.abandon_opened_by(Some((key, sequence)));
                    self.fail(key, sequence, End::TimedOut);
                }
                Order::GiveUp(..) => {}
            }
        }
        // They have their own deadlines, no later than this scope's, by which they are given up: one
        // that was adopted a moment ago has only just been aborted.
        let stage = stage.min(Stage::Expired);
        for Adopted { scope, within } in self.adopted() {
            for group in Group::ALL {
                if groups.contains(&group.adopted(within)) {
                    scope.stop(&[*group], stage);
                }
            }
        }
    }

    /// Gives up the scopes that were opened by code which is given up: nobody polls their handlers
    /// any more, so nothing else would.
    fn abandon_opened_by(&self, caller: Option<(u32, u32)>) {
        for child in Self::all() {
            let plan = &child.0.plan;
            let is_parent = |parent: &Self| parent.is(self);
            if plan.caller == caller && plan.parent.as_ref().is_some_and(is_parent) {
                child.abandon();
            }
        }
    }

    fn abandon(&self) {
        self.abandon_opened_by(None);
        self.stop(Group::ALL, Stage::Abandoned);
        for Adopted { scope, .. } in self.adopted() {
            scope.abandon();
        }
        self.end_join();
        self.settle();
    }

    /// [`Observer`] as a future.
    pub(crate) async fn enforce(&self, done: Done<'_>) {
        let mut observer = Observer::new(self.clone());
        poll_fn(|cx| observer.poll(cx, done)).await;
    }

    /// What comes first, here or in an adopted scope.
    fn due(&self) -> Option<Due> {
        let mut first: Option<Due> = None;
        {
            let scope = self.lock();
            let plan = &self.0.plan;
            for &group in Group::ALL {
                let deadline = match group {
                    Group::Tracked | Group::Callback => plan.deadline,
                    Group::KeepAlive => Deadline::nearest(plan.host_deadline, scope.more.over),
                };
                let of_group = &scope.groups[group as usize];
                if let Some((at, stage)) = deadline.and_then(|deadline| of_group.next(deadline))
                    && first.as_ref().is_none_or(|first| at < first.at)
                {
                    first = Some(Due {
                        at,
                        scope: self.clone(),
                        group,
                        stage,
                    });
                }
            }
        }
        for Adopted { scope, .. } in self.adopted() {
            if let Some(due) = scope.due()
                && first.as_ref().is_none_or(|first| due.at < first.at)
            {
                first = Some(due);
            }
        }
        first
    }
}

impl crate::state::GroupState {
    /// When the deadline raises the stage, and to which. Each stage has its time from when the one
    /// before was really reached: a late wake-up takes no time from the tasks.
    fn next(&self, Deadline { at, grace }: Deadline) -> Option<(Instant, Stage)> {
        match self.stage {
            Stage::Running => Some((at, Stage::Told)),
            Stage::Told => Some((self.since + grace, Stage::Expired)),
            // They have been told: no grace.
            Stage::Aborted => Some((at, Stage::Expired)),
            Stage::Expired if rt::GIVES_UP => {
                Some((self.since + STOPPING.max(grace / 2), Stage::Abandoned))
            }
            Stage::Expired | Stage::Abandoned => None,
        }
    }
}

impl State {
    /// Raises the stage of `group` to `stage` at least, and orders what follows.
    fn raise(&mut self, group: Group, stage: Stage, orders: &mut Vec<Order>) {
        let raised = self.group(group);
        let before = raised.stage;
        if before >= stage {
            return;
        }
        raised.stage = stage;
        raised.since = Instant::now();
        if before < Stage::Told {
            orders.extend(raised.token.clone().map(Order::Tell));
        }
        if before < Stage::Aborted && stage >= Stage::Aborted {
            for (_, slot) in &mut self.slots {
                if slot.group == group {
                    orders.extend(slot.stopper.take().map(Order::Wake));
                    let extra = slot.extra.as_ref();
                    let abort = extra.and_then(|extra| extra.abort.clone());
                    orders.extend(abort.map(Order::Abort));
                }
            }
            let Self { slots, more, .. } = self;
            let queues = more
                .get()
                .map(|more| [&mut more.waiting, &mut more.deferred]);
            for queue in queues.into_iter().flatten() {
                queue.extract(
                    |waiting| slots[waiting.key as usize].group == group,
                    |pending| orders.push(Order::Drop(pending)),
                );
            }
        }
        if rt::GIVES_UP && stage == Stage::Abandoned {
            for (key, slot) in self.tasks() {
                if slot.group == group {
                    orders.push(Order::GiveUp(key, slot.sequence));
                }
            }
        }
    }
}
