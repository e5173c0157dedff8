//! Callbacks: the three models, their order, their failures, and who waits for them. Time is paused
//! but where threads take it.

mod failures;
mod langchain;
mod models;
mod order;
mod stress;
mod variable;
mod waiting;

use std::{
    future::pending,
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant, SystemTime},
};

use tethered::{
    BoxError, Callbacks, Invocation, JoinError, TaskError, TaskErrorKind, await_all_callbacks,
    callbacks::{AsyncCallbackHandler, CallbackError},
    serverless_handler, spawn_tracked,
};
use tethered_tests::journal::{Journal, invoke, invoke_as, ms};
use tokio::time::sleep;

type Set = Arc<Callbacks<&'static str>>;

/// A set in the background, with `handlers`.
fn set(handlers: impl FnOnce(&mut Callbacks<&'static str>)) -> Set {
    let mut callbacks = Callbacks::new().unwrap().background(true);
    handlers(&mut callbacks);
    Arc::new(callbacks)
}

/// The same, blocking.
fn blocking_set(handlers: impl FnOnce(&mut Callbacks<&'static str>)) -> Set {
    let mut callbacks = Callbacks::new().unwrap().background(false);
    handlers(&mut callbacks);
    Arc::new(callbacks)
}

/// Notes each event, `millis` after its turn has come.
fn slow(
    journal: &Journal,
    who: &'static str,
    millis: u64,
) -> impl AsyncCallbackHandler<&'static str> + use<> {
    let journal = journal.clone();
    move |event: Arc<&'static str>| {
        let journal = journal.clone();
        async move {
            sleep(ms(millis)).await;
            journal.write(&format!("{who} {event}"));
        }
    }
}

/// What `who` has noted, without the time.
fn seen(journal: &Journal, who: &str) -> Vec<String> {
    let lines = journal.lines();
    let own = lines.iter().filter_map(|line| {
        let (what, _) = line.split_once(" at ")?;
        what.strip_prefix(who)?.strip_prefix(' ')
    });
    own.map(str::to_owned).collect()
}
