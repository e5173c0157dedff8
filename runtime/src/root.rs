//! Waiting for everything that is tracked in the process.

use std::mem;

use crate::{context, error::DrainError, report::Report, rt::Instant, scope::Scope};

/// Waits until no tracked task is left in this process: those of the root scope, and those of
/// every invocation, bounded by their deadlines. Tasks that are started while draining are waited
/// for too; root tasks have no deadline, so one that never ends is waited for without end.
///
/// Call it before `main` returns. The report counts the tasks of the root scope and of the
/// invocations that have ended since the last call.
///
/// # Errors
/// [`DrainError`], at once, from inside an invocation or a tracked task, which would wait for
/// itself.
///
/// # Cancel safety
/// Cancel safe: it only waits.
pub async fn drain() -> Result<Report, DrainError> {
    if !context::is_outside() {
        return Err(DrainError(()));
    }
    let started = Instant::now();
    let root = Scope::root();
    loop {
        let mut scopes = Scope::all();
        scopes.retain(|scope| !scope.lock().is_idle());
        if scopes.is_empty() {
            break;
        }
        for scope in scopes {
            scope.until(|state| state.is_idle().then_some(())).await;
        }
    }
    let mut state = root.lock();
    Ok(Report {
        id: root.0.id,
        elapsed: started.elapsed(),
        counts: mem::take(&mut state.counts),
        tasks: Vec::new(),
    })
}
