//! The set of tasks tracked for one invocation.

use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use slab::Slab;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::{
    context,
    error::{ScopeClosed, TaskError},
    host::KeepAlive,
    log,
    outcome::Outcome,
    rt::Instant,
    spawn,
    state::{Group, Phase, Stage, State},
    tracked::Tracked,
};

/// A cheap handle to the set of tasks tracked for one invocation.
///
/// Scopes nest: a handler that is called inside another one has its own. The process has one
/// [root](Scope::root) scope, for tasks that are started outside of any invocation.
#[derive(Clone)]
pub struct Scope(pub(crate) Arc<Inner>);

/// When to stop tasks, and how long they may take to stop by themselves.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline {
    pub(crate) at: Instant,
    pub(crate) grace: Duration,
}

impl Deadline {
    pub(crate) fn nearest(a: Option<Self>, b: Option<Self>) -> Option<Self> {
        match (a, b) {
            (Some(a), Some(b)) => Some(if b.at < a.at { b } else { a }),
            (a, b) => a.or(b),
        }
    }
}

/// A host's error hook.
pub(crate) type Hook = Arc<dyn Fn(&TaskError) + Send + Sync>;

/// What a scope is made from. It is kept until the first tracked task needs the scope.
#[derive(Default)]
pub(crate) struct Plan {
    pub(crate) parent: Option<Scope>,
    /// For tracked tasks.
    pub(crate) deadline: Option<Deadline>,
    /// For keep-alive tasks.
    pub(crate) host_deadline: Option<Deadline>,
    pub(crate) limit: Option<usize>,
    /// A host has opened the invocation, this scope or one around it.
    pub(crate) hosted: bool,
    /// What an outermost handler does with its keep-alive tasks.
    pub(crate) mode: KeepAlive,
    pub(crate) on_error: Option<Hook>,
    /// This scope makes a report of its own.
    pub(crate) reports: bool,
    pub(crate) kind: ScopeKind,
}

/// Who opened a scope.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum ScopeKind {
    #[default]
    Handler,
    /// A host.
    Invocation,
    Root,
}

pub(crate) struct Inner {
    pub(crate) id: u64,
    pub(crate) opened: Instant,
    pub(crate) plan: Plan,
    /// Rows are kept, for this scope's report or for one around it.
    pub(crate) rows: bool,
    state: Mutex<State>,
    /// A group became empty, a failure came to the join, the scope closed.
    pub(crate) changed: Notify,
    registered: usize,
}

/// Every scope of the process that may have tasks, for [`drain`](crate::drain).
static OPEN: Mutex<Slab<Weak<Inner>>> = Mutex::new(Slab::new());

fn open_scopes() -> MutexGuard<'static, Slab<Weak<Inner>>> {
    OPEN.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Drop for Inner {
    fn drop(&mut self) {
        open_scopes().remove(self.registered);
    }
}

impl Scope {
    pub(crate) fn open(plan: Plan) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);

        let mut state = State::new();
        state.released = plan.kind == ScopeKind::Root;
        let rows = plan.reports || plan.parent.as_ref().is_some_and(|parent| parent.0.rows);
        Self(Arc::new_cyclic(|inner| Inner {
            // Relaxed: an identity needs no order.
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            opened: Instant::now(),
            plan,
            rows,
            state: Mutex::new(state),
            changed: Notify::new(),
            registered: open_scopes().insert(inner.clone()),
        }))
    }

    /// The innermost scope of the running code: its handler's, or that of the task in which it
    /// runs; outside of any invocation, the root scope.
    #[must_use]
    pub fn current() -> Self {
        context::scope().unwrap_or_else(Self::root)
    }

    /// The scope of tasks that are started outside of any invocation. It never closes, and
    /// [`drain`](crate::drain) waits for it.
    #[must_use]
    pub fn root() -> Self {
        static ROOT: OnceLock<Scope> = OnceLock::new();

        let open = || {
            Self::open(Plan {
                kind: ScopeKind::Root,
                ..Plan::default()
            })
        };
        ROOT.get_or_init(open).clone()
    }

    pub(crate) fn is_root(&self) -> bool {
        self.0.plan.kind == ScopeKind::Root
    }

    /// Every scope that may have tasks.
    pub(crate) fn all() -> Vec<Self> {
        let scopes = open_scopes();
        let scopes = scopes.iter().filter_map(|(_, scope)| scope.upgrade());
        scopes.map(Self).collect()
    }

    /// Starts `future` as a tracked task of this scope, named `task`, as
    /// [`spawn_tracked!`](crate::spawn_tracked) would inside it; after its handler has returned,
    /// as a keep-alive task.
    ///
    /// # Errors
    /// [`ScopeClosed`], with `future` in it, when the scope's invocation has ended or is being
    /// given up.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    #[track_caller]
    pub fn spawn<F, T>(&self, future: F) -> Result<Tracked<T>, ScopeClosed<F>>
    where
        F: Future + Send + 'static,
        F::Output: Outcome<Value = T>,
        T: Send + 'static,
    {
        spawn::in_scope(self, future)
    }

    /// Fires when this scope's tracked tasks are being cancelled, by a failure under
    /// `try_join_all` or by the deadline; called inside a task of this scope, when that task is.
    ///
    /// From the deadline on there is a grace period (half the host's margin, 50 ms without a host)
    /// before the tasks are aborted. A blocking closure cannot be aborted: polling
    /// [`is_cancelled`](CancellationToken::is_cancelled) is its way to stop in time.
    #[must_use]
    pub fn cancellation_token(&self) -> CancellationToken {
        let task = self.current_task();
        let mut state = self.lock();
        let Some((key, sequence)) = task else {
            return state.token(Group::Tracked);
        };
        let Some(group) = state.task(key, sequence).map(|entry| entry.group) else {
            let ended = CancellationToken::new();
            ended.cancel();
            return ended;
        };
        let group = state.token(group);
        let token = state.tokens.entry(sequence);
        token.or_insert_with(|| group.child_token()).clone()
    }

    /// When this scope's tracked tasks are cancelled; called inside a keep-alive task of this
    /// scope, when keep-alive tasks are. `None`: never.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        let group = self.current_task().and_then(|(key, sequence)| {
            let mut state = self.lock();
            state.task(key, sequence).map(|entry| entry.group)
        });
        let deadline = match group {
            Some(Group::KeepAlive) => self.0.plan.host_deadline,
            Some(Group::Tracked) | None => self.0.plan.deadline,
        };
        deadline.map(|deadline| deadline.at)
    }

    /// How many tasks have no outcome yet, those of ended handlers inside this scope included.
    #[must_use]
    pub fn len(&self) -> usize {
        let (live, adopted) = {
            let state = self.lock();
            (state.live(), state.adopted.clone())
        };
        live + adopted.iter().map(Self::len).sum::<usize>()
    }

    /// Whether every task has its outcome.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What the deadline of the tracked tasks stops: keep-alive tasks too, if it is the host's.
    pub(crate) fn due(&self) -> &'static [Group] {
        match (self.0.plan.deadline, self.0.plan.host_deadline) {
            (Some(deadline), Some(host)) if host.at <= deadline.at => Group::BOTH,
            _ => &[Group::Tracked],
        }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        // No code of the user's runs under the lock, so a poisoned one is still consistent.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The running task, if it is one of this scope's.
    pub(crate) fn current_task(&self) -> Option<(u32, u32)> {
        context::task()
            .filter(|task| Arc::ptr_eq(&task.scope.0, &self.0))
            .map(|task| (task.key, task.sequence))
    }

    /// Waits until `check` has an answer. It is asked again whenever the scope changes.
    pub(crate) async fn until<T>(&self, mut check: impl FnMut(&mut State) -> Option<T>) -> T {
        loop {
            // Made before the check: a change between the two is not missed.
            let changed = self.0.changed.notified();
            if let Some(answer) = check(&mut self.lock()) {
                return answer;
            }
            changed.await;
        }
    }

    /// Nobody joins from here on: failures kept for the join go to the log instead.
    pub(crate) fn end_join(&self) {
        let unread = {
            let mut state = self.lock();
            state.phase = state.phase.max(Phase::Joined);
            let keep = self.0.plan.mode == KeepAlive::JoinAndFail;
            let groups = if keep { &[Group::Tracked] } else { Group::BOTH };
            let unread = state.take_failures(groups);
            state.unkeep(groups);
            unread
        };
        for error in &unread {
            log::failure(self, error);
        }
    }

    /// Takes over the tasks of `child`, whose handler has ended, up to their end.
    pub(crate) fn adopt(&self, child: &Self) {
        let (released, stage) = {
            let mut inner = child.lock();
            if inner.phase == Phase::Closed || inner.adopter.is_some() {
                return;
            }
            let mut state = self.lock();
            if state.phase == Phase::Closed {
                drop((state, inner));
                return Self::root().adopt(child);
            }
            inner.adopter = Some(self.clone());
            state.adopted.push(child.clone());
            (state.released, state.group(Group::KeepAlive).stage)
        };
        // What has happened to this scope's keep-alive tasks happens to the newcomers.
        if stage >= Stage::Told {
            child.stop(Group::BOTH, stage);
        }
        if released {
            child.release();
        }
        child.settle();
    }

    /// Hands what is left to the scope around this one, which drains it.
    pub(crate) fn leave(&self) {
        match &self.0.plan.parent {
            Some(parent) => parent.adopt(self),
            None => Self::root().adopt(self),
        }
    }

    /// Closes the scope if it is joined and empty, and hands its account upwards.
    pub(crate) fn settle(&self) {
        let (up, handed_over) = loop {
            let mut state = self.lock();
            if state.phase != Phase::Joined || !state.is_idle() {
                return;
            }
            let mut unread = state.take_failures(Group::BOTH);
            state.unkeep(Group::BOTH);
            // An outer handler's join wants them; the root scope has none.
            let kept = self.0.plan.mode == KeepAlive::JoinAndFail
                && state.adopter.as_ref().is_some_and(|up| !up.is_root());
            if !kept && !unread.is_empty() {
                // What there is to say is said before anybody can see that the scope has closed.
                drop(state);
                for error in &unread {
                    log::failure(self, error);
                }
                continue;
            }
            state.phase = Phase::Closed;
            let adopter = state.adopter.take();
            let handed_over = adopter.is_some();
            let mut up = adopter.or_else(|| self.0.plan.parent.clone());
            // Under both locks, the inner scope's first as always: nobody sees this scope closed
            // and its account missing.
            let up = loop {
                let outer = up.take().unwrap_or_else(Self::root);
                // A report of this scope's own keeps the rows.
                let rows = outer.0.rows && !self.0.plan.reports;
                let taken = outer.lock().take_over(self, &mut state, &mut unread, rows);
                if taken {
                    break outer;
                }
                up.clone_from(&outer.0.plan.parent);
            };
            break (up, handed_over);
        };
        self.0.changed.notify_waiters();
        if handed_over {
            up.0.changed.notify_waiters();
            up.settle();
        }
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope")
            .field("id", &self.0.id)
            .field("len", &self.len())
            .finish()
    }
}
