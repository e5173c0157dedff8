//! Where a failure goes that has no other place: the host's hook and the log.

use std::{
    fmt,
    panic::Location,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use tracing::{Dispatch, Level, dispatcher::get_default, field::display, subscriber::NoSubscriber};

use crate::{
    caught::attempt,
    error::{TaskError, TaskErrorKind},
    rt::{lock, print_error},
    scope::Scope,
};

/// What a message is about, as the fields of an event.
#[derive(Clone, Copy, Default)]
struct About<'a> {
    task: Option<&'a str>,
    location: Option<&'a Location<'static>>,
    kind: Option<TaskErrorKind>,
}

impl<'a> About<'a> {
    fn task(name: &'a str, location: &'a Location<'static>) -> Self {
        Self {
            task: Some(name),
            location: Some(location),
            kind: None,
        }
    }
}

/// A subscriber gets an event; where there is none, stderr gets a line. A value whose `Display`
/// panics, a subscriber that does, and a stderr that is gone cost what they would have said.
///
/// One place for each level: an event's code is larger than that of what says it.
fn say(level: Level, about: About<'_>, message: fmt::Arguments<'_>) {
    attempt(|| {
        if get_default(Dispatch::is::<NoSubscriber>) {
            return print_error(&format!("tethered: {message}"));
        }
        let task = about.task.map(display);
        let location = about.location.map(display);
        let kind = about.kind.map(display);
        if level == Level::ERROR {
            tracing::error!(task, location, kind, "{message}");
        } else {
            tracing::warn!(task, location, kind, "{message}");
        }
    });
}

/// Tells the hook of the host that opened the invocation, and the log.
pub(crate) fn failure(scope: &Scope, error: &TaskError) {
    let mut next = Some(scope);
    while let Some(Scope(scope)) = next {
        if let Some(hook) = &scope.plan.on_error {
            if attempt(|| hook(error)).is_none() {
                hook_panicked("error");
            }
            break;
        }
        next = scope.plan.parent.as_ref();
    }
    let about = About {
        kind: Some(error.kind()),
        ..About::task(error.name(), error.location())
    };
    say(
        Level::ERROR,
        about,
        format_args!("a task did not complete: {error}"),
    );
}

/// A task was started outside of any invocation; said once for each place.
pub(crate) fn outside(name: &str, location: &'static Location<'static>) {
    // As many as there are such places in the source, which are few.
    static SAID: Mutex<Vec<&'static Location<'static>>> = Mutex::new(Vec::new());

    {
        let mut said = lock(&SAID);
        if said.contains(&location) {
            return;
        }
        said.push(location);
    }
    let about = About::task(name, location);
    say(
        Level::WARN,
        about,
        format_args!(
            "`{name}` ({location}) was started outside of any invocation: \
             only `tethered::drain()` waits for it"
        ),
    );
}

/// A task was started by code that outlived its scope.
pub(crate) fn refused(error: &TaskError) {
    let (name, location) = (error.name(), error.location());
    let about = About::task(name, location);
    say(
        Level::WARN,
        about,
        format_args!(
            "`{name}` ({location}) was started after its invocation had ended: it does not run"
        ),
    );
}

/// Keep-alive tasks are joined before the response; said once.
pub(crate) fn joins_keep_alive() {
    static SAID: AtomicBool = AtomicBool::new(false);

    // Relaxed: nothing follows from it.
    if SAID.swap(true, Ordering::Relaxed) {
        return;
    }
    attempt(|| {
        tracing::debug!(
            "the host cannot keep an invocation alive after its response: \
             keep-alive tasks are joined before the handler returns"
        );
    });
}

/// Something of the platform's that somebody should know of.
#[cfg(feature = "lambda")]
pub(crate) fn warn(message: fmt::Arguments<'_>) {
    say(Level::WARN, About::default(), message);
}

/// A hook of the host panicked, which is no failure of the invocation.
pub(crate) fn hook_panicked(which: &str) {
    let message = format_args!("the host's {which} hook panicked");
    say(Level::ERROR, About::default(), message);
}
