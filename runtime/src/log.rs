//! Where a failure goes that has no other place: the host's hook and the log.

use std::{
    collections::HashSet,
    panic::Location,
    sync::{Mutex, PoisonError},
};

use tracing::{dispatcher::get_default, subscriber::NoSubscriber};

use crate::{caught::attempt, error::TaskError, rt::print_error, scope::Scope, site::Site};

/// A subscriber gets an event; where there is none, stderr or the console gets a line. A value
/// whose `Display` panics, and a subscriber that does, cost what they would have said.
macro_rules! say {
    ($level:ident { $($field:ident = $value:expr),* } $($message:tt)+) => {
        attempt(|| {
            if get_default(|subscriber| subscriber.is::<NoSubscriber>()) {
                print_error(&format!("tethered: {}", format_args!($($message)+)));
            } else {
                tracing::$level!($($field = %$value,)* $($message)+);
            }
        });
    };
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
    say!(
        error { task = error.name(), location = error.location(), kind = error.kind() }
        "a task did not complete: {error}"
    );
}

/// A task was started outside of any invocation; said once for each place.
pub(crate) fn outside(name: Option<&str>, site: &Site) {
    static SAID: Mutex<Option<HashSet<&'static Location<'static>>>> = Mutex::new(None);

    let first = {
        let mut said = SAID.lock().unwrap_or_else(PoisonError::into_inner);
        said.get_or_insert_default().insert(site.location())
    };
    if first {
        let (name, location) = (name.unwrap_or(site.text()), site.location());
        say!(
            warn { task = name, location = location }
            "`{name}` ({location}) was started outside of any invocation: \
             only `tethered::drain()` waits for it"
        );
    }
}

/// A task was started by code that outlived its scope.
pub(crate) fn refused(error: &TaskError) {
    let (name, location) = (error.name(), error.location());
    say!(
        warn { task = name, location = location }
        "`{name}` ({location}) was started after its invocation had ended: it does not run"
    );
}

/// Keep-alive tasks are joined before the response; said once.
pub(crate) fn joins_keep_alive() {
    static SAID: std::sync::Once = std::sync::Once::new();

    SAID.call_once(|| {
        tracing::debug!(
            "the host cannot keep an invocation alive after its response: \
             keep-alive tasks are joined before the handler returns"
        );
    });
}

/// A hook of the host panicked, which is no failure of the invocation.
pub(crate) fn hook_panicked(which: &str) {
    say!(error {} "the host's {which} hook panicked");
}
