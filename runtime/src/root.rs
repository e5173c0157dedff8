//! Waiting for everything that is tracked in the process.

use std::mem;

use crate::{
    context,
    error::DrainError,
    report::Report,
    rt::Instant,
    scope::Scope,
    state::{Phase, State},
};

/// Waits until no tracked task is left in this process: those of the root scope, and those of
/// every invocation, bounded by their deadlines. Tasks that are started while draining are waited
/// for too; root tasks have no deadline, so one that never ends is waited for without end.
/// On Cloudflare Workers, where no request can wait for another one's work, it waits for the root
/// scope alone.
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
    // A scope that has no tasks and is joined is about to hand over its account.
    let quiet = |state: &mut State| state.is_idle() && state.phase != Phase::Joined;
    let counts = loop {
        let mut scopes = Scope::all();
        scopes.retain(|scope| !quiet(&mut scope.lock_seldom()));
        for scope in &scopes {
            // The deadlines of what the root scope has adopted have nobody else to see to them.
            scope.enforce(&quiet).await;
        }
        let mut state = root.lock_seldom();
        if scopes.is_empty() && quiet(&mut state) {
            break mem::take(&mut state.counts);
        }
    };
    Ok(Report {
        id: root.0.id,
        elapsed: started.elapsed(),
        counts,
        tasks: Vec::new(),
    })
}
