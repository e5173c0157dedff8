//! What the guard says.

use quote::ToTokens;
use syn::Expr;

use super::{
    print::print,
    spawners::{METHODS, Spawner, Takes},
};

/// How a value comes to be dropped.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum How {
    /// `e;`, `let _ = e`, `drop(e)`: here.
    Dropped,
    /// A name that nobody uses.
    Unused,
    /// Alive where the function may be left.
    Exit,
    /// Its handle is overwritten.
    Overwritten,
    /// There never was a handle, or it was let go.
    Nothing,
}

pub(super) const DROPPED: &str = "this work is dropped, not awaited: it is lost or detached";

pub(super) const DETACHED: &str =
    "this task is detached: the host may freeze the process before it finishes";

/// What a spawner known by name leaves behind.
pub(super) fn detached(how: How, spawner: &Spawner, task: &str) -> String {
    let what = match how {
        How::Exit => {
            "a task is still running where the function may be left: it is detached then, and the \
             host may freeze the process before it finishes"
        }
        How::Overwritten => {
            "the handle of a running task is overwritten here: the task is detached, and the host \
             may freeze the process before it finishes"
        }
        How::Dropped | How::Unused | How::Nothing => DETACHED,
    };
    format!("{what}\nhelp: `{}`", tracked(spawner.takes, task))
}

fn tracked(takes: Takes, task: &str) -> String {
    match takes {
        Takes::Future => format!("spawn_tracked!({task})"),
        Takes::Closure => format!("spawn_blocking_tracked!({task})"),
    }
}

/// What to write in place of an expression whose type turns out to be unfinished work.
pub(super) fn instead(expr: &Expr) -> String {
    if let Expr::MethodCall(call) = expr {
        let method = call.method.to_string();
        if let (Some((_, takes)), Some(task)) = (
            METHODS.iter().find(|(name, _)| *name == method),
            call.args.first(),
        ) {
            // `spawn_pinned(|| async { .. })`
            let (task, takes) = match task {
                Expr::Closure(closure) if matches!(*closure.body, Expr::Async(_)) => {
                    (&*closure.body, *takes)
                }
                Expr::Closure(_) => (task, Takes::Closure),
                task => (task, *takes),
            };
            return format!("`{}`", tracked(takes, &print(task.to_token_stream())));
        }
        if matches!(method.as_str(), "unwrap" | "expect" | "detach" | "forget") {
            return instead(&call.receiver);
        }
        // What is put into a collection.
        if let ("push" | "push_back" | "push_front", Some(task)) =
            (method.as_str(), call.args.first())
        {
            return instead(task);
        }
    }
    if let Expr::Call(call) = expr
        && let (Expr::Path(path), Some(task)) = (&*call.func, call.args.first())
        && let Some(last) = path.path.segments.last()
    {
        let name = last.ident.to_string();
        let takes = match name.as_str() {
            "spawn" if path.path.segments.iter().any(|s| s.ident == "thread") => {
                Some(Takes::Closure)
            }
            "spawn_blocking" | "unblock" => Some(Takes::Closure),
            "spawn" | "spawn_local" => Some(Takes::Future),
            _ => None,
        };
        if let Some(takes) = takes {
            return format!("`{}`", tracked(takes, &print(task.to_token_stream())));
        }
    }
    let text = print(expr.to_token_stream());
    format!("`spawn_tracked!({text})` or `{text}.await`")
}

/// The task that a spawner's call is given.
pub(super) fn task<'a>(args: impl IntoIterator<Item = &'a Expr>) -> String {
    args.into_iter()
        .next()
        .map_or_else(|| "…".into(), |task| print(task.to_token_stream()))
}
