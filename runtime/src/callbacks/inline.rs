//! Handlers that run on the caller, one after the other.

use std::{cell::RefCell, collections::VecDeque, sync::Arc};

use super::handler::{Handler, Model};
use crate::{
    caught::caught,
    context::handling,
    error::{Cause, TaskError, TaskErrorKind},
    log,
    rt::Instant,
    scope::Scope,
};

type Nested = VecDeque<Box<dyn FnOnce()>>;

thread_local! {
    /// What inline handlers of this thread have emitted; `None` where none runs.
    static NESTED: RefCell<Option<Nested>> = const { RefCell::new(None) };
}

/// Ends the round of this thread, on a panic too: the drop of an event is the user's code.
struct Round;

impl Drop for Round {
    fn drop(&mut self) {
        drop(NESTED.take());
    }
}

/// Gives `event` to the inline handlers; the failures of those with `raise`.
///
/// What such a handler emits is seen when all have seen the event before: each handler has them
/// in their order. It has no caller any more, so its failures go to the log.
pub(super) fn run<E: Send + Sync + 'static>(
    handlers: &[Arc<Handler<E>>],
    event: &Arc<E>,
    scope: &Scope,
) -> Vec<TaskError> {
    let is_inline = |handler: &&Arc<Handler<E>>| matches!(handler.model, Model::Inline(_));
    let mut inline = handlers.iter().filter(is_inline).peekable();
    if inline.peek().is_none() {
        return Vec::new();
    }
    let running = NESTED.with_borrow(Option::is_some);
    if running {
        let inline: Vec<_> = inline.map(Arc::clone).collect();
        let (event, scope) = (Arc::clone(event), scope.clone());
        let nested = Box::new(move || {
            for handler in &inline {
                if let Some(error) = handle(handler, &event) {
                    log::failure(&scope, &error);
                }
            }
        });
        NESTED.with_borrow_mut(|round| round.get_or_insert_default().push_back(nested));
        return Vec::new();
    }
    NESTED.set(Some(Nested::new()));
    let _round = Round;
    let mut raised = Vec::new();
    for handler in inline {
        match handle(handler, event) {
            Some(error) if handler.raise => raised.push(error),
            Some(error) => log::failure(scope, &error),
            None => {}
        }
    }
    while let Some(nested) = NESTED.with_borrow_mut(|round| round.as_mut()?.pop_front()) {
        nested();
    }
    raised
}

fn handle<E: 'static>(handler: &Handler<E>, event: &E) -> Option<TaskError> {
    let Model::Inline(inline) = &handler.model else {
        return None;
    };
    if handler.ignores(event) {
        return None;
    }
    let started = Instant::now();
    let (kind, cause) = match caught(|| handling(|| inline.handle(event))) {
        Ok(Ok(())) => return None,
        Ok(Err(error)) => (TaskErrorKind::Failed, Cause::Error(error)),
        Err(payload) => (TaskErrorKind::Panicked, Cause::Panic(payload)),
    };
    Some(handler.label.error(kind, started.elapsed(), cause))
}
