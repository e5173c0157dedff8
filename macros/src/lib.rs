//! The attribute of `tethered`, which re-exports it: depend on `tethered`, not on this crate.
//!
//! The phases are files: `args`, `item` and `shape` parse, `model` is what they lead to, `check`
//! says what cannot be a handler, `expand` and `arguments` write the function. Below this file
//! everything is `proc_macro2`.

mod args;
mod arguments;
mod attribute;
mod check;
mod errors;
mod expand;
mod guard;
mod item;
mod model;
mod no_detach;
mod shape;
#[cfg(test)]
mod tests;

use proc_macro::TokenStream;

/// Makes an `async fn` a handler: the tasks that it starts with `spawn_tracked!` are joined before
/// it returns, those that it starts with `wait_until!` before its invocation ends.
///
/// ```
/// use tethered::{serverless_handler, spawn_tracked, wait_until};
/// # type Error = Box<dyn std::error::Error + Send + Sync>;
/// # struct Order { id: u64 }
/// # async fn increment_counter(id: u64) -> Result<(), Error> { Ok(()) }
/// # async fn record_analytics(id: u64) -> Result<(), Error> { Ok(()) }
/// # async fn charge(order: Order) -> Result<String, Error> { Ok("receipt".into()) }
///
/// #[serverless_handler(timeout = "5s")]
/// async fn handler(order: Order) -> Result<String, Error> {
///     spawn_tracked!(increment_counter(order.id)); // joined before the handler returns
///     wait_until!(record_analytics(order.id)); // outlives the response, not the invocation
///     charge(order).await
/// }
/// ```
///
/// # Options
///
/// Each at most once, in any order.
///
/// | option | value | default |
/// |---|---|---|
/// | `join` | `try_join_all`: the first failure cancels the tracked tasks still running, waits until they have stopped, and is returned; siblings may stop half-way. `join_all`: every task runs to its end and all failures are returned | `try_join_all` |
/// | `timeout` | a `Duration` expression, or a literal such as `"5s"` or `"250ms"`; bounds the body and the tracked tasks, not keep-alive ones, which have the host's deadline | none (the host's deadline still holds) |
/// | `host` | an expression over the arguments that is a `Host`, such as `host = event.context`; asked once for its deadline and for keeping the invocation alive, both before the body, which may consume the argument | the host that opened the invocation, if any |
/// | `on_error` | `fail`: a task's failure becomes the handler's `Err`. `log`: the handler's value is returned as it is; the only one possible where it returns no `Result` | `fail` |
/// | `on_drop` | `finish`: tasks of a dropped handler move up to the enclosing scope. `abort`: they are aborted | `finish` |
/// | `max_concurrent` | most tasks of this invocation that run at once, a `usize`; the rest wait unstarted, first come first served, and awaiting the handle of one that waits starts it | no limit |
/// | `executor` | `spawn`: tracked tasks run in parallel on the runtime. `in_task`: the handler polls them itself; implies `on_drop = abort`, see [below](#which-executor) | `spawn` |
/// | `crate` | path of the runtime crate | `::tethered` |
///
/// Expressions are evaluated once, in each call of the handler, before its body. They see the
/// arguments by their names; a name inside a pattern is a reference there, as in
/// `host = context` for `Event { payload, context }: Event`.
///
/// # What is guaranteed
///
/// - **Return**: the body runs to its end, whatever becomes of its tasks; then they are joined,
///   those included that were started meanwhile.
/// - **Error**: a body that fails cancels nothing. Its tasks are joined and its error is returned;
///   failures of tasks go to the report and the log. Where the body succeeds, they are the
///   handler's error: it returns `Result<T, E>` where `E: From<JoinError>`.
/// - **Panic**: a body that panics has its tasks joined, then the panic resumes. A panic in a task
///   is a failure of that task.
/// - **Deadline**: the nearest of `timeout`, the host's deadline less its margin, and an enclosing
///   scope's. When it comes, the cancellation token fires; tasks have a grace period (half the
///   margin, 50 ms where there is no host) to stop by themselves; then they are aborted, and the
///   handler returns an error that names each unfinished task. One that has already passed gives
///   `TimedOut` without polling the body. With `on_error = log` it never cancels the body.
/// - **Cancellation**: a handler that is dropped before it has returned leaves its tasks to the
///   enclosing scope (`on_drop = finish`) or aborts them (`on_drop = abort`, `executor = in_task`).
///
/// # Which executor
///
/// Under `executor = spawn` tracked tasks run in parallel on tokio's runtime, whether or not the
/// handler is polled. The first two of a scope are tasks of tokio's. Further ones are polled by
/// *carriers*, a few tasks of tokio's for all of them. So a tracked task that is polled a few times
/// costs less than `tokio::spawn`, and one that computes or blocks holds up no other while the runtime
/// has a thread left (but for the one that tokio keeps for the thread that computes, as ever). What
/// tells it from a task of tokio's own: `tokio::task::id()`, the runtime's metrics and tokio's console
/// show carriers; a turn of a carrier has one cooperative budget, and ends when that is spent; and
/// where a runtime is shut down while a task blocks its thread, tasks that wait may be dropped when
/// that has ended, not before.
///
/// Under `in_task` the handler polls them in its own future, as `FuturesUnordered` does, and no task
/// of the runtime is made. Choose it for a handler whose tasks wait, for the network or a timer, and
/// hardly compute:
///
/// ```
/// use tethered::{serverless_handler, spawn_tracked};
/// # type Error = Box<dyn std::error::Error + Send + Sync>;
/// # async fn search(shard: u8) -> Result<usize, Error> { Ok(usize::from(shard)) }
///
/// #[serverless_handler(executor = in_task, timeout = "2s")]
/// async fn handler(shards: Vec<u8>) -> Result<usize, Error> {
///     let mut searches = Vec::new();
///     for shard in shards {
///         searches.push(spawn_tracked!(search(shard)));
///     }
///     let mut found = 0;
///     for search in searches {
///         found += search.await?;
///     }
///     Ok(found)
/// }
/// ```
///
/// Stay with `spawn` where tasks compute, and where a side effect has to be whole though the client
/// is gone. What is guaranteed above holds for both. What cannot hold under `in_task`:
/// - **Parallelism.** The body and its tasks take turns on one thread. One that computes or blocks
///   holds up all others, their cancellation and the deadline, which come between polls; such work
///   goes into `spawn_blocking_tracked!`, which has a thread of its own.
/// - **A start at once.** A task is first polled when the body waits or ends. Tasks advance only
///   while the handler is polled: they stand still while its caller does something else, such as
///   the code in another branch of a `select!` loop.
/// - **A body that is left alone.** A woken task wakes the handler, whose body is polled first: what
///   it awaits has to bear being polled early, as in every `select!`.
/// - **`on_drop = finish`.** Nobody polls the tasks of a dropped handler, so `on_drop = abort` is
///   implied, for its keep-alive tasks too: the futures of the others are dropped with its own.
/// - **Tasks that tools see.** `tokio::task::id()`, task-locals and the runtime's metrics are the
///   handler's, and the body and its tasks share one cooperative budget of tokio's. The handler
///   yields after at most 61 polls of its tasks, however many are ready.
///
/// It is about the handler's tracked tasks only. Keep-alive tasks and those that they start are
/// spawned, so that they outlive the response; a handler or `tethered::scope` inside has its own
/// executor, `spawn` unless its attribute says otherwise.
///
/// # Where it goes
///
/// On an `async fn`: free, generic, a method with any `self`, in an `impl` or a trait `impl`, with
/// patterns as arguments, returning any type. The function keeps its name, visibility, generics,
/// arguments, return type, `Send`-ness and attributes. Arguments are dropped when the body ends,
/// before the join.
///
/// With other attributes:
/// - `#[async_trait]` goes on the `impl`, this one on its methods.
/// - `#[tokio::main]` and `#[tokio::test]` go above or below.
/// - `#[tracing::instrument]` above covers the body only; below, the join too, and there a pattern
///   among the arguments is called `__arg0`.
/// - `#[axum::debug_handler]`, `#[cfg_attr(..)]`, lints and docs go anywhere.
///
/// The form of this attribute is that of structured concurrency elsewhere: Trio's nurseries,
/// Kotlin's `coroutineScope` and Swift's task groups also end only when what they started has.
#[proc_macro_attribute]
pub fn serverless_handler(args: TokenStream, item: TokenStream) -> TokenStream {
    attribute::serverless_handler(args.into(), item.into()).into()
}

/// Gives helper code the compile-time checks of [`macro@serverless_handler`], and changes nothing
/// else: detached spawns and futures that nobody awaits are errors.
///
/// It goes on a function, or on an `impl` block for all of its functions. What it finds, with which
/// words, and what is beyond it, is on the page "What the compiler catches" of `tethered`.
///
/// ```
/// use tethered::{no_detach, spawn_tracked};
/// # async fn audit(_: u32) {}
///
/// #[no_detach]
/// fn started(event: u32) {
///     spawn_tracked!(audit(event)); // `tokio::spawn(audit(event));` does not compile here
/// }
/// ```
///
/// ```compile_fail
/// # async fn audit(_: u32) {}
/// #[tethered::no_detach]
/// fn started(event: u32) {
///     tokio::spawn(audit(event));
/// }
/// ```
///
/// Its one option is `crate`, the path of the runtime crate. The checks cost time at compile time
/// and nothing at run time: no code of theirs is generated.
#[proc_macro_attribute]
pub fn no_detach(args: TokenStream, item: TokenStream) -> TokenStream {
    no_detach::no_detach(args.into(), item.into()).into()
}
