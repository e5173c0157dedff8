//! **Nothing that a handler starts may outlive its invocation unseen.**
//!
//! A serverless host (AWS Lambda, Cloudflare Workers, Vercel, Cloud Run) freezes or kills the
//! process when the invocation ends. Work that was started and not awaited then runs in some later
//! invocation, half, or never, and nothing says so. Tethered is an attribute and four macros that
//! make this impossible to write by accident:
//!
//! ```
//! use tethered::{serverless_handler, spawn_tracked, wait_until};
//! # type Error = Box<dyn std::error::Error + Send + Sync>;
//! # #[derive(Clone)] struct Order { id: u64 }
//! # async fn increment_db_counter(_: u64) -> Result<(), Error> { Ok(()) }
//! # async fn record_analytics(_: Order) -> Result<(), Error> { Ok(()) }
//! # async fn charge(_: Order) -> Result<(), Error> { Ok(()) }
//!
//! #[serverless_handler]
//! async fn handler(order: Order) -> Result<(), Error> {
//!     spawn_tracked!(increment_db_counter(order.id));  // runs at once, joined before the handler returns
//!     wait_until!(record_analytics(order.clone()));    // runs at once, outlives the response, not the invocation
//!     charge(order).await
//! }
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> { handler(Order { id: 1 }).await }
//! ```
//!
//! | macro | starts | holds | a failure goes to |
//! |---|---|---|---|
//! | [`spawn_tracked!`] | now, in parallel | the handler's return | the handle if it is awaited, else the handler's `Err` |
//! | [`spawn_blocking_tracked!`] | now, on a blocking thread | the handler's return | the same |
//! | [`wait_until!`] | now, in parallel | the invocation, not the response | the handle if it is awaited, else the log, the report and the host's error hook |
//! | [`after_response!`] | when the response has been sent | the invocation, not the response | the same |
//!
//! They work in the handler, in any function that it calls, and inside other tracked tasks. Each
//! returns a [`Tracked`] handle, which may be awaited or dropped.
//!
//! # What a handler does with its tasks
//! Its body runs to its end; then its tracked tasks are joined as `try_join_all` does: the first
//! failure, in time, cancels the rest, waits until they have stopped, and is returned.
//! **Siblings of a failure may therefore stop half-way**; where that must not be, write
//! `#[serverless_handler(join = join_all)]`, under which every task runs to its end and all
//! failures are returned. [`serverless_handler`] has the other options.
//!
//! # What does not compile
//! A detached spawn, or a future that nobody awaits, in a handler or in what it calls:
//! `tokio::spawn(audit(event));` is an error that says what to write. [`no_detach`] gives the same
//! checks to any function, and [`allow_detached!`] lets one expression through.
//! [What the compiler catches](what_the_compiler_catches) has each class and the limits.
//!
//! # Hosts
//! A host opens an [`Invocation`] around the handler: with the feature `lambda`, `tethered::lambda`
//! does so for AWS Lambda; with `workers`, the contexts of Cloudflare Workers are hosts
//! (`tethered::workers`). Without one, keep-alive tasks are joined before the handler returns:
//! slower, never lost. [`Host`] is the seam for platforms whose context is an argument.
//!
//! # Callbacks
//! With the feature `callbacks`, `tethered::callbacks` runs the handlers of events inline, as tracked
//! tasks, or on threads: each sees its events in order, and none is lost.
//!
//! # Failures
//! A failure that has no other place to go is a `tracing` event, and where no subscriber was ever
//! set, a line on stderr. Every task ends in exactly one [`TaskOutcome`], and
//! spawned = completed + failed + panicked + cancelled + timed out, always, but under
//! `panic = "abort"` and SIGKILL, which leave no process to count in.
//!
//! # Cost
//! A handler that tracks nothing allocates nothing; one that does, a scope, and for each task once, as
//! `tokio::spawn` does. Timers are only made where there is a deadline or a `timeout`, and
//! need a runtime with time enabled, as `#[tokio::main]` makes it.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]

mod adopt;
mod asked;
mod caught;
mod claim;
mod context;
mod drain;
mod error;
mod executor;
mod fail;
mod failures;
mod finish;
mod guard;
mod handler;
mod host;
mod invocation;
mod join;
mod join_error;
mod log;
mod more;
mod outcome;
mod pending;
mod queue;
mod report;
mod reserve;
mod rest;
mod root;
mod rt;
mod run;
mod scope;
mod scoped;
mod site;
mod slot;
mod spawn;
mod state;
mod stop;
mod task;
mod tracked;
mod verdict;
mod watch;

#[cfg(feature = "callbacks")]
pub mod callbacks;
#[cfg(feature = "lambda")]
pub mod lambda;

#[cfg(feature = "callbacks")]
#[doc = include_str!("../docs/coming-from-langchain.md")]
pub mod coming_from_langchain {}

#[cfg(feature = "workers")]
pub mod workers;

#[doc = include_str!("../docs/what-the-compiler-catches.md")]
pub mod what_the_compiler_catches {}

#[doc(hidden)]
pub mod __private {
    pub use std::time::Duration;

    pub use crate::guard::*;

    pub use crate::{
        guard::{
            By, Handed, Joined, Kept, Never, Type, TypeOf, any, by, collection, diverge, handed,
            joined, kept, never,
        },
        handler::{Handler, OnError, fail, log},
        run::{Run, run},
        site::Site,
        spawn::{Options, after_response, spawn_blocking_tracked, spawn_tracked, wait_until},
    };
}

pub use tethered_macros::{no_detach, serverless_handler};

#[cfg(feature = "callbacks")]
pub use self::callbacks::{Callbacks, await_all_callbacks};
pub use self::{
    drain::Drain,
    error::{DrainError, ScopeClosed, TaskError, TaskErrorKind},
    handler::HandlerOutput,
    host::{Host, KeepAlive},
    invocation::Invocation,
    join_error::JoinError,
    outcome::{BoxError, Outcome, TaskKind, TaskOutcome, Value},
    report::{Report, TaskReport},
    root::drain,
    rt::Instant,
    scope::Scope,
    scoped::scope,
    tracked::{TaskId, Tracked},
    verdict::Verdict,
};

/// Starts a future now, in parallel, as a task that the handler joins before it returns.
///
/// ```
/// # use std::time::Duration;
/// # use tethered::spawn_tracked;
/// # async fn audit(_: u32) -> Result<(), std::io::Error> { Ok(()) }
/// # #[tethered::serverless_handler]
/// # async fn handler(event: u32) -> Result<(), tethered::JoinError> {
/// spawn_tracked!(audit(event));
/// spawn_tracked!(name = "audit", timeout = Duration::from_secs(2), audit(event));
/// # Ok(()) }
/// # #[tokio::main(flavor = "current_thread")] async fn main() { handler(1).await.unwrap() }
/// ```
///
/// Options, before the future, in any order: `name`, an `impl Into<Cow<'static, str>>`, by default
/// the expression's text cut at 40 characters; `timeout`, a [`Duration`](std::time::Duration) from
/// its start, after which the future is dropped.
///
/// The future's output is an [`Outcome`]. The macro returns a [`Tracked`] handle, which may be
/// dropped without effect.
///
/// # What happens on
/// - **an error or a panic**: it belongs to the handle if that is awaited; else the join returns it
///   as the handler's error, and under `try_join_all` cancels the other tracked tasks first.
/// - **its timeout**: it is `TimedOut`, a failure as any other.
/// - **cancellation**: the [token](Scope::cancellation_token) that code inside the task can ask for
///   fires, then the future is dropped.
/// - **the deadline**: the token fires; a grace period later the task is aborted, and named in the
///   handler's error.
///
/// Inside a keep-alive task it starts a keep-alive task. Outside of any invocation the task belongs
/// to the [root scope](Scope::root), and a warning names its place once.
///
/// # Panics
/// Outside of a tokio runtime, as `tokio::spawn` does.
#[macro_export]
macro_rules! spawn_tracked {
    ($option:ident = $($rest:tt)*) => { $crate::__with_options!(spawn_tracked $option = $($rest)*) };
    ($task:expr $(,)?) => { $crate::__private::spawn_tracked($crate::__options!($task), $task) };
    () => { $crate::__with_options!(spawn_tracked) };
}

/// Runs a closure now, on a blocking thread, as a task that the handler joins before it returns.
///
/// It is [`spawn_tracked!`] for code that blocks: the same options, outcomes, and handle.
///
/// ```
/// # use tethered::spawn_blocking_tracked;
/// # fn compress(_: Vec<u8>) -> Result<(), std::io::Error> { Ok(()) }
/// # #[tethered::serverless_handler]
/// # async fn handler(body: Vec<u8>) -> Result<(), tethered::JoinError> {
/// spawn_blocking_tracked!(move || compress(body));
/// # Ok(()) }
/// # #[tokio::main(flavor = "current_thread")] async fn main() { handler(vec![]).await.unwrap() }
/// ```
///
/// A closure that runs cannot be stopped. Under cancellation the join waits for it, at most until
/// the deadline; at the deadline, or its `timeout`, it is `TimedOut`, named as unfinished, and not
/// waited for, and its later end is ignored. One that asks
/// [`Scope::current().cancellation_token()`](Scope::cancellation_token) can stop by itself in time.
#[macro_export]
macro_rules! spawn_blocking_tracked {
    ($option:ident = $($rest:tt)*) => { $crate::__with_options!(spawn_blocking_tracked $option = $($rest)*) };
    ($task:expr $(,)?) => { $crate::__private::spawn_blocking_tracked($crate::__options!($task), $task) };
    () => { $crate::__with_options!(spawn_blocking_tracked) };
}

/// Starts a future now, in parallel, as a keep-alive task: it holds the invocation, not the
/// response.
///
/// ```
/// # use tethered::wait_until;
/// # async fn record_analytics() {}
/// # #[tethered::serverless_handler]
/// # async fn handler() -> Result<&'static str, tethered::JoinError> {
/// wait_until!(record_analytics());
/// Ok("answered before the analytics are recorded")
/// # }
/// # #[tokio::main(flavor = "current_thread")] async fn main() { handler().await.unwrap(); }
/// ```
///
/// Options and handle are those of [`spawn_tracked!`]. A failure that no handle claims goes to the
/// log, the report and the host's error hook, never to the response, but for acknowledged triggers
/// ([`KeepAlive::JoinAndFail`]). The failures of tracked tasks never cancel it, and the handler's
/// `timeout` does not bound it: it has the host's deadline, at which it is stopped and named.
///
/// Where the host cannot keep an invocation alive, it is joined before the handler returns.
#[macro_export]
macro_rules! wait_until {
    ($option:ident = $($rest:tt)*) => { $crate::__with_options!(wait_until $option = $($rest)*) };
    ($task:expr $(,)?) => { $crate::__private::wait_until($crate::__options!($task), $task) };
    () => { $crate::__with_options!(wait_until) };
}

/// Hands over a future that starts when the response has been sent: a keep-alive task that does
/// not compete with the answer.
///
/// ```
/// # use tethered::after_response;
/// # async fn warm_the_cache() {}
/// # #[tethered::serverless_handler]
/// # async fn handler() -> Result<(), tethered::JoinError> {
/// after_response!(warm_the_cache());
/// # Ok(()) }
/// # #[tokio::main(flavor = "current_thread")] async fn main() { handler().await.unwrap(); }
/// ```
///
/// It is [`wait_until!`] but for its start: when the host's [`run`](Invocation::run) future has
/// ended (an error answer is a response too, also after a panic); without a host, after body and
/// join; once the response is out, at once. Its `timeout` runs from there.
#[macro_export]
macro_rules! after_response {
    ($option:ident = $($rest:tt)*) => { $crate::__with_options!(after_response $option = $($rest)*) };
    ($task:expr $(,)?) => { $crate::__private::after_response($crate::__options!($task), $task) };
    () => { $crate::__with_options!(after_response) };
}

/// Lets one expression detach its work where [`serverless_handler`] or [`no_detach`] would not: it
/// evaluates to the expression.
///
/// ```
/// # async fn heartbeat() { std::future::pending().await }
/// # #[tethered::serverless_handler]
/// # async fn handler() -> Result<(), tethered::JoinError> {
/// tethered::allow_detached!(
///     reason = "the heartbeat belongs to the process, not to an invocation",
///     tokio::spawn(heartbeat())
/// );
/// # Ok(()) }
/// # #[tokio::main(flavor = "current_thread")] async fn main() { handler().await.unwrap() }
/// ```
///
/// The reason is for the next reader: it is required, and empty it is an error.
#[macro_export]
macro_rules! allow_detached {
    (reason = $reason:literal, $expr:expr $(,)?) => {{
        const _: () = ::core::assert!(
            !$reason.trim_ascii().is_empty(),
            "say why this may be detached: write `allow_detached!(reason = \"…\", …)`"
        );
        $expr
    }};
    ($($rest:tt)*) => {
        ::core::compile_error!(
            "say why this may be detached: write `allow_detached!(reason = \"…\", …)`"
        )
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __with_options {
    ($macro:ident name = $name:expr, timeout = $timeout:expr, $task:expr $(,)?) => {
        $crate::__private::$macro(
            $crate::__options!($task).name($name).timeout($timeout),
            $task,
        )
    };
    ($macro:ident timeout = $timeout:expr, name = $name:expr, $task:expr $(,)?) => {
        $crate::__private::$macro(
            $crate::__options!($task).name($name).timeout($timeout),
            $task,
        )
    };
    ($macro:ident name = $name:expr, $task:expr $(,)?) => {
        $crate::__private::$macro($crate::__options!($task).name($name), $task)
    };
    ($macro:ident timeout = $timeout:expr, $task:expr $(,)?) => {
        $crate::__private::$macro($crate::__options!($task).timeout($timeout), $task)
    };
    ($macro:ident $option:ident = $($rest:tt)*) => {
        ::core::compile_error!(::core::concat!(
            "the options of `",
            ::core::stringify!($macro),
            "!` are `name` and `timeout`, each at most once and before the task: write `",
            ::core::stringify!($macro),
            "!(name = \"audit\", timeout = Duration::from_secs(2), audit(event))`"
        ))
    };
    ($macro:ident) => {
        ::core::compile_error!(::core::concat!(
            "a task is missing: write `",
            ::core::stringify!($macro),
            "!(audit(event))`"
        ))
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __options {
    ($task:expr) => {
        $crate::__private::Options::new(
            const { &$crate::__private::Site::new(::core::stringify!($task)) },
        )
    };
}
