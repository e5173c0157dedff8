//! Which names start work of their own. One table, for every layer.

/// What a spawner is given.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Takes {
    Future,
    Closure,
}

/// What a spawner gives back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Gives {
    /// Something that can be awaited or joined.
    Handle,
    /// Nothing: a call is detached work, wherever it stands.
    Nothing,
}

#[derive(Debug)]
pub(super) struct Spawner {
    pub(super) path: &'static str,
    pub(super) takes: Takes,
    pub(super) gives: Gives,
}

const fn row(path: &'static str, takes: Takes, gives: Gives) -> Spawner {
    Spawner { path, takes, gives }
}

use Gives::{Handle, Nothing};
use Takes::{Closure, Future};

/// Functions, by the path under which their crate has them. `tests/tests/guard_rows.rs` sees to it
/// that each is tried against the real crate.
pub(super) const SPAWNERS: &[Spawner] = &[
    row("tokio::spawn", Future, Handle),
    row("tokio::task::spawn", Future, Handle),
    row("tokio::task::spawn_blocking", Closure, Handle),
    row("tokio::task::spawn_local", Future, Handle),
    row("std::thread::spawn", Closure, Handle),
    row("async_std::task::spawn", Future, Handle),
    row("async_std::task::spawn_blocking", Closure, Handle),
    row("async_std::task::spawn_local", Future, Handle),
    row("smol::spawn", Future, Handle),
    row("smol::unblock", Closure, Handle),
    row("async_global_executor::spawn", Future, Handle),
    row("async_global_executor::spawn_blocking", Closure, Handle),
    row("async_global_executor::spawn_local", Future, Handle),
    row("rayon::spawn", Closure, Nothing),
    row("rayon::spawn_fifo", Closure, Nothing),
    row("rayon::spawn_broadcast", Closure, Nothing),
    row("wasm_bindgen_futures::spawn_local", Future, Nothing),
];

/// Methods that start what they are given, for the words; their result's type is the proof.
pub(super) const METHODS: &[(&str, Takes)] = &[
    ("spawn", Future),
    ("spawn_on", Future),
    ("spawn_local", Future),
    ("spawn_local_on", Future),
    ("spawn_pinned", Future),
    ("spawn_blocking", Closure),
    ("spawn_blocking_on", Closure),
    ("spawn_with_handle", Future),
    ("spawn_local_with_handle", Future),
];

/// Methods that let go of the task that they are called on.
pub(super) const LETTING_GO: &[&str] = &["detach", "detach_all", "forget"];

/// Traits of `futures` whose methods start a future and give nothing back.
pub(super) const SPAWN_TRAITS: &[&str] = &[
    "futures::task::SpawnExt",
    "futures::task::LocalSpawnExt",
    "futures_util::task::SpawnExt",
    "futures_util::task::LocalSpawnExt",
];

/// Functions that end a value.
pub(super) const ENDS: &[&str] = &[
    "drop",
    "std::mem::drop",
    "core::mem::drop",
    "std::mem::forget",
    "core::mem::forget",
];

/// Collections that are futures' or tasks' own, whatever crate they come from.
pub(super) const COLLECTIONS: &[&str] = &[
    "FuturesUnordered",
    "FuturesOrdered",
    "FuturesUnorderedBounded",
];

/// Words without which a file names no spawner.
pub(super) const WORDS: &[&str] = &[
    "spawn(",
    "spawn ",
    "spawn;",
    "spawn,",
    "spawn}",
    "spawn)",
    "spawn_blocking",
    "spawn_local",
    "spawn_fifo",
    "spawn_broadcast",
    "spawn_pinned",
    "SpawnExt",
    "unblock",
    "detach",
];

pub(super) fn function(path: &str) -> Option<&'static Spawner> {
    SPAWNERS.iter().find(|spawner| spawner.path == path)
}
