//! Callbacks in three execution models, in the background or blocking, never lost.
//!
//! A callback is inversion of control: who calls whom, not how. How is said for each handler of a
//! set of [`Callbacks`]:
//!
//! | model | runs | for |
//! |---|---|---|
//! | [`on_inline`](Callbacks::on_inline) | on the caller, which stands still, in order | decoupling only |
//! | [`on_async`](Callbacks::on_async) | as a tracked task, side by side | waiting: traces over the network |
//! | [`on_thread`](Callbacks::on_thread) | as a tracked task on a blocking thread, in parallel | code that blocks or computes |
//!
//! ```
//! use std::sync::Arc;
//! use tethered::{Callbacks, serverless_handler};
//!
//! # type Error = Box<dyn std::error::Error + Send + Sync>;
//! # async fn send(_: &Event) -> Result<(), Error> { Ok(()) }
//! # fn append_to_a_file(_: &Event) -> Result<(), Error> { Ok(()) }
//! #[derive(Debug, PartialEq)]
//! enum Event { Start, Token, End }
//!
//! #[serverless_handler]
//! async fn handler(callbacks: Arc<Callbacks<Event>>) -> Result<(), Error> {
//!     callbacks.emit(Event::Start).await?;   // returns at once
//!     callbacks.emit(Event::End).await?;
//!     callbacks.flush().await?;              // only where the code that follows needs them done
//!     Ok(())
//! }
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
//! let mut callbacks = Callbacks::new()?;
//! callbacks.on_inline("print", |event: &Event| println!("{event:?}"));
//! callbacks
//!     .on_async("tracer", |event: Arc<Event>| async move { send(&event).await })
//!     .ignore(|event| *event == Event::Token);
//! callbacks.on_thread("archive", |event: &Event| append_to_a_file(event)).raise();
//! handler(Arc::new(callbacks)).await
//! # }
//! ```
//!
//! # Order
//! One handler sees the events of an invocation one at a time, in the order in which they were
//! emitted: a start before its end, in the background and on threads too. Different handlers do not
//! wait for each other, and neither do invocations. Handlers may emit; what an inline handler emits
//! reaches inline handlers once they all have seen the event before, and failures of that go to
//! the log.
//!
//! # What happens on
//! - **an error or a panic** of a handler: it sees its later events, and the others see theirs. By
//!   default it goes to the log, the report and the host's error hook. With
//!   [`raise`](Handler::raise) it is the caller's: of the [`emit`](Callbacks::emit) or
//!   [`flush`](Callbacks::flush) that waits, else of the `#[serverless_handler]`.
//! - **a failure elsewhere**: under `try_join_all` a failing task cancels the other tracked tasks,
//!   but no callback.
//! - **a hang**: the others go on, and its own later events wait behind it. The deadline ends it and
//!   them, and names the handler in the error of the `#[serverless_handler]`.
//! - **`max_concurrent`**: callbacks neither wait for it nor count in it, so that one which hangs
//!   takes no room. Each handler has at most one event at a time.
//!
//! Each event of each asynchronous or threaded handler is a tracked task: it holds the handler's
//! return, and ends in exactly one outcome. Where tracing must not hold the response, make it a
//! [`keep_alive`](Handler::keep_alive) handler. Outside of any invocation it belongs to the root
//! scope.
//!
//! # Cost
//! An emit to a set without handlers takes fewer than 20 instructions. Each asynchronous handler
//! costs what a tracked task does, within 200; `.ci/callbacks.sh` counts both. The event is
//! allocated once and shared.
//!
//! [Coming from LangChain](crate::coming_from_langchain) maps its names to these.

mod deliver;
mod error;
mod handler;
mod here;
mod inline;
mod label;
mod lane;
mod ledger;
mod raised;
mod set;
mod variable;
mod wait;

pub(crate) use self::ledger::Ledger;
pub use self::{
    error::CallbackError,
    handler::{AsyncCallbackHandler, CallbackHandler, Handler},
    set::Callbacks,
    variable::VariableError,
    wait::{Emit, await_all_callbacks},
};
