//! The set of tasks tracked for one invocation.

use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, Weak,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use slab::Slab;
use tokio_util::sync::CancellationToken;

use crate::{
    asked::{QUEUES, ROWS},
    context,
    error::{ScopeClosed, TaskError},
    executor::RunQueue,
    host::KeepAlive,
    log,
    outcome::Outcome,
    rt::{self, Instant, MaybeSend},
    slot::Facts,
    spawn,
    state::{Group, Phase, State, given},
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
    // Once, not in each of those who plan.
    #[inline(never)]
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
#[expect(clippy::struct_excessive_bools, reason = "independent facts")]
pub(crate) struct Plan {
    pub(crate) parent: Option<Scope>,
    /// For tracked tasks.
    pub(crate) deadline: Option<Deadline>,
    /// For keep-alive tasks.
    pub(crate) host_deadline: Option<Deadline>,
    pub(crate) limit: Option<usize>,
    /// Its tracked tasks are polled by its handler.
    pub(crate) in_task: bool,
    /// A host has opened the invocation, this scope or one around it.
    pub(crate) hosted: bool,
    /// What an outermost handler does with its keep-alive tasks.
    pub(crate) mode: KeepAlive,
    pub(crate) on_error: Option<Hook>,
    /// This scope makes a report of its own.
    pub(crate) reports: bool,
    pub(crate) kind: ScopeKind,
    /// What the code that opens the scope is to `parent`.
    pub(crate) within: Option<Group>,
    /// The task of `parent` that opens the scope; `None` for its body.
    pub(crate) caller: Option<(u32, u32)>,
    /// It is opened by code that outlived its scope, and takes no tasks.
    pub(crate) refuses: bool,
    /// It is opened inside a callback.
    pub(crate) callback: bool,
}

/// The scope around the running code.
pub(crate) struct Around {
    pub(crate) scope: Scope,
    /// As what the running code counts there; `None` if it was given up, or the scope is closed.
    pub(crate) within: Option<Group>,
    /// The running task, if it is one of that scope's.
    pub(crate) caller: Option<(u32, u32)>,
    /// The running code is a callback, or was started by one.
    pub(crate) callback: bool,
}

impl Around {
    pub(crate) fn here() -> Option<Self> {
        let (scope, task) = context::current()?;
        let mut callback = scope.0.plan.callback || context::is_handling();
        let within = {
            let mut state = scope.lock();
            let phase = state.phase;
            let entry = task.map(|(key, sequence)| state.task(key, sequence));
            match entry {
                Some(entry) => entry.map(|entry| {
                    callback |= entry.facts.has(Facts::CALLBACK);
                    entry.group
                }),
                None if phase == Phase::Open => Some(Group::Tracked),
                None => (phase < Phase::Closed).then_some(Group::KeepAlive),
            }
        };
        Some(Self {
            scope,
            within,
            caller: task,
            callback,
        })
    }
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
    /// A tracked task starts at once, and holds the handler's return.
    pub(crate) is_plain: bool,
    /// The way to who polls the tasks.
    pub(crate) queue: OnceLock<RunQueue>,
    /// Some task is to be stopped at once: each asks, before it runs on, whether it is one.
    pub(crate) stopping: AtomicBool,
    /// What was emitted in this invocation.
    #[cfg(feature = "callbacks")]
    pub(crate) callbacks: crate::callbacks::Ledger,
    registered: usize,
}

/// Every scope of the process that may have tasks, for [`drain`](crate::drain); none where one
/// invocation cannot wait for another.
static OPEN: Mutex<Slab<Weak<Inner>>> = Mutex::new(Slab::new());

fn open_scopes() -> MutexGuard<'static, Slab<Weak<Inner>>> {
    rt::lock(&OPEN)
}

impl Drop for Inner {
    fn drop(&mut self) {
        if rt::WAITS_FOR_OTHERS {
            open_scopes().remove(self.registered);
        }
        // One after the other: a long chain of parents must not end on the stack.
        let mut parent = self.plan.parent.take();
        while let Some(Scope(inner)) = parent {
            parent = Arc::into_inner(inner).and_then(|mut inner| inner.plan.parent.take());
        }
    }
}

impl Scope {
    pub(crate) fn open(plan: Plan) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);

        // Its opener may have been given up since it was planned.
        let is_over = |parent: &Self| {
            let mut state = parent.lock();
            let caller = plan.caller;
            state.phase == Phase::Closed
                || caller.is_some_and(|(key, sequence)| state.task(key, sequence).is_none())
        };
        let late = plan.kind == ScopeKind::Handler && plan.parent.as_ref().is_some_and(is_over);
        let rows = plan.reports || plan.parent.as_ref().is_some_and(|parent| parent.0.rows);
        let phase = if plan.refuses || late {
            Phase::Closed
        } else {
            Phase::Open
        };
        let opened = Instant::now();
        let mut open = rt::WAITS_FOR_OTHERS.then(open_scopes);
        let scope = Self(Arc::new(Inner {
            // Relaxed: an identity needs no order.
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            opened,
            is_plain: plan.limit.is_none() && plan.kind != ScopeKind::Root,
            queue: if plan.in_task && QUEUES.is_set() {
                RunQueue::new(None).into()
            } else {
                OnceLock::new()
            },
            rows,
            state: Mutex::new(State::new(opened, phase, plan.kind == ScopeKind::Root)),
            plan,
            stopping: AtomicBool::new(false),
            #[cfg(feature = "callbacks")]
            callbacks: crate::callbacks::Ledger::default(),
            registered: open.as_ref().map_or(0, |open| open.vacant_key()),
        }));
        if let Some(open) = &mut open {
            open.insert(Arc::downgrade(&scope.0));
        }
        scope
    }

    /// The innermost scope of the running code: its handler's, or that of the task in which it
    /// runs; outside of any invocation, the root scope.
    ///
    /// The scope goes with the thread while a handler or a task is polled: what a nested `block_on`
    /// polls there runs in it too, and a task that `tokio::spawn` detaches does not.
    #[must_use]
    pub fn current() -> Self {
        context::scope().unwrap_or_else(Self::root)
    }

    /// The scope of tasks that are started outside of any invocation. It never closes, and
    /// [`drain`](crate::drain) waits for it.
    #[must_use]
    pub fn root() -> Self {
        Self::the_root().clone()
    }

    pub(crate) fn the_root() -> &'static Self {
        static ROOT: OnceLock<Scope> = OnceLock::new();

        ROOT.get_or_init(|| {
            Self::open(Plan {
                kind: ScopeKind::Root,
                ..Plan::default()
            })
        })
    }

    /// Whether rows are kept, for this scope's report or for one around it.
    pub(crate) fn keeps_rows(&self) -> bool {
        ROWS.is_set() && self.0.rows
    }

    /// Whether both are handles of one scope.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    pub(crate) fn is_root(&self) -> bool {
        self.0.plan.kind == ScopeKind::Root
    }

    /// Every scope that may have tasks, and that can be waited for from here.
    pub(crate) fn all() -> Vec<Self> {
        if !rt::WAITS_FOR_OTHERS {
            return vec![Self::root()];
        }
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
        F: Future + MaybeSend + 'static,
        F::Output: Outcome<Value = T>,
        T: MaybeSend + 'static,
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
        let mut state = self.lock_seldom();
        let Some((key, sequence)) = task else {
            return state.token(Group::Tracked).clone();
        };
        let Some(group) = state.task(key, sequence).map(|slot| slot.group) else {
            let ended = CancellationToken::new();
            ended.cancel();
            return ended;
        };
        let of_group = state.token(group).clone();
        let slot = &mut state.slots[key as usize];
        let aborted = slot.facts.has(Facts::ABORTED);
        let make = || given(of_group.child_token(), aborted);
        let token = slot.extra().token.get_or_insert_with(make);
        token.get().clone()
    }

    /// When this scope's tracked tasks are cancelled; called inside a keep-alive task of this
    /// scope, when keep-alive tasks are. `None`: never.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        let group = self.current_task().and_then(|(key, sequence)| {
            let mut state = self.lock_seldom();
            state.task(key, sequence).map(|entry| entry.group)
        });
        let deadline = match group {
            Some(Group::KeepAlive) => self.host_deadline(),
            Some(Group::Tracked | Group::Callback) | None => self.0.plan.deadline,
        };
        deadline.map(|deadline| deadline.at)
    }

    /// When keep-alive tasks are cancelled.
    pub(crate) fn host_deadline(&self) -> Option<Deadline> {
        Deadline::nearest(self.0.plan.host_deadline, self.lock_seldom().more.over)
    }

    /// How many tasks have no outcome yet, those of ended handlers inside this scope included.
    #[must_use]
    pub fn len(&self) -> usize {
        let live = self.lock_seldom().live();
        let adopted = self.adopted().map(|child| child.scope.len());
        live + adopted.sum::<usize>()
    }

    /// Whether every task has its outcome.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The names and places of this scope's tasks that have no outcome yet.
    #[cfg(feature = "lambda")]
    pub(crate) fn unfinished(&self) -> Vec<String> {
        let state = self.lock_seldom();
        let tasks = state.tasks();
        tasks
            .map(|(_, task)| format!("{} ({})", task.name(), task.location()))
            .collect()
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        rt::lock(&self.0.state)
    }

    /// The same where it is seldom taken: a call, instead of its code in each of some forty places.
    #[inline(never)]
    pub(crate) fn lock_seldom(&self) -> MutexGuard<'_, State> {
        self.lock()
    }

    /// The running task, if it is one of this scope's.
    pub(crate) fn current_task(&self) -> Option<(u32, u32)> {
        context::task()
            .filter(|task| task.scope.is(self))
            .map(|task| (task.key, task.sequence))
    }

    /// Tells everybody who waits for a change.
    pub(crate) fn notify(&self) {
        let (joiner, observed) = {
            let mut state = self.lock();
            (state.joiner.take(), !state.more.observers.is_empty())
        };
        if observed {
            self.wake_observers();
        }
        if let Some(joiner) = joiner {
            joiner.wake();
        }
    }

    /// Tells those of them who do not join.
    #[inline(never)]
    pub(crate) fn wake_observers(&self) {
        let mut wakers = Vec::new();
        if let Some(more) = self.lock_seldom().more.get() {
            for (_, waker) in &mut more.observers {
                wakers.extend(waker.take());
            }
        }
        for waker in wakers {
            waker.wake();
        }
    }

    /// Nobody joins from here on: failures kept for the join go to the log instead.
    pub(crate) fn end_join(&self) {
        let unread = {
            let mut state = self.lock_seldom();
            state.phase = state.phase.max(Phase::Joined);
            let keep = self.0.plan.mode == KeepAlive::JoinAndFail;
            let groups: &[Group] = if keep { Group::JOINED } else { Group::ALL };
            state.take_failures(groups)
        };
        for error in &unread {
            log::failure(self, error);
        }
    }

    /// Whether the response that the running code belongs to is out.
    pub(crate) fn is_released(&self) -> bool {
        let mut scope = self;
        loop {
            if scope.lock_seldom().released {
                return true;
            }
            match &scope.0.plan.parent {
                Some(parent) => scope = parent,
                None => return false,
            }
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
