//! What tasks and handlers do: a few steps drawn from a seed, then an end.

use std::{sync::Arc, thread, time::Duration};

use fastrand::Rng;
use futures_util::FutureExt as _;
use tethered::{
    Scope, TaskKind, Tracked, after_response, spawn_blocking_tracked, spawn_tracked, wait_until,
};

use crate::{
    handlers,
    ledger::{Fate, Ledger, Reader, StormError},
    quiet,
    watched::{Bomb, BoxFuture, Guard, Outcome, Watched},
};

/// How deep tasks and handlers nest.
const DEPTH: u8 = 5;

/// Where a task stands.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) ledger: Arc<Ledger>,
    /// Its number; that of a handler's body is the number of the task that called it.
    pub(crate) number: usize,
    /// The innermost handler.
    pub(crate) home: u32,
    pub(crate) depth: u8,
    /// Started by a keep-alive task.
    pub(crate) keep_alive: bool,
    /// A deadline ends whatever waits for ever.
    pub(crate) bounded: bool,
}

/// The steps of a task or a handler's body.
pub(crate) async fn act(place: Place, mut rng: Rng) -> Outcome {
    let mut kept = Vec::new();
    let mut bomb = None;
    let steps = if place.depth == 0 { 32 } else { 7 };
    for _ in 0..rng.u8(0..steps) {
        match rng.u8(0..100) {
            0..20 => tokio::task::yield_now().await,
            20..35 => tokio::time::sleep(some_time(&place, &mut rng)).await,
            35..75 => {
                if let Some(handle) = start(&place, &mut rng) {
                    deal_with(handle, &place, &mut rng, &mut kept).await;
                }
            }
            75..83 if place.depth < DEPTH => {
                handlers::nested(&place, &mut rng).await;
            }
            83..89 => await_another(&place, &mut rng).await,
            89..92 => abort_another(&place, &mut rng),
            92..96 => {
                let token = Scope::current().cancellation_token();
                let time = some_time(&place, &mut rng);
                let _ = tokio::time::timeout(time, token.cancelled()).await;
            }
            96..98 => bomb = Some(Bomb(place.number)),
            _ if place.bounded && place.number > 0 => std::future::pending().await,
            _ => {}
        }
    }
    for (number, handle) in kept {
        finish(number, handle, &place, &mut rng).await;
    }
    if rng.u8(0..3) == 0 {
        // Before there is a value to return, which rustc would leak (rust-lang/rust#47949).
        drop(bomb);
    } else {
        std::mem::forget(bomb);
    }
    end(&place, &mut rng)
}

fn end(place: &Place, rng: &mut Rng) -> Outcome {
    match rng.u8(0..100) {
        0..75 => Ok(()),
        75..92 => Err(StormError {
            number: place.number,
            _ledger: Arc::clone(&place.ledger),
        }),
        _ => std::panic::panic_any(format!("storm panic {}", place.number)),
    }
}

fn some_time(place: &Place, rng: &mut Rng) -> Duration {
    // Where the clock is real, every one of them is waited for.
    let most = if place.ledger.strict { 60_000 } else { 3_000 };
    Duration::from_micros(rng.u64(0..most))
}

/// Starts a task with one of the macros, unless there are enough.
fn start(place: &Place, rng: &mut Rng) -> Option<(usize, Tracked<()>)> {
    if place.depth == DEPTH {
        return None;
    }
    let kind = match rng.u8(0..100) {
        0..60 => TaskKind::Spawn,
        60..63 => TaskKind::Blocking,
        63..83 => TaskKind::WaitUntil,
        _ => TaskKind::AfterResponse,
    };
    let keep_alive =
        place.keep_alive || matches!(kind, TaskKind::WaitUntil | TaskKind::AfterResponse);
    let named = kind == TaskKind::Blocking || rng.u8(0..4) > 0;
    let number = place.ledger.number(kind, place.home, keep_alive, named)?;
    let inside = Place {
        number,
        depth: place.depth + 1,
        keep_alive,
        ..place.clone()
    };
    let guard = Guard::new(&place.ledger, number);
    let timeout = (rng.u8(0..100) < 15).then(|| some_time(place, rng));
    let (handle, refused) = quiet::refuses(|| {
        let mut rng = rng.fork();
        if kind == TaskKind::Blocking {
            let timeout = timeout.unwrap_or(Duration::MAX);
            let name = format!("task {number}");
            let closure = move || block(&inside, guard, &mut rng);
            return spawn_blocking_tracked!(name = name, timeout = timeout, closure);
        }
        spawn(
            kind,
            named,
            timeout,
            number,
            Watched::new(Box::pin(act(inside, rng)), guard),
        )
    });
    if refused {
        place
            .ledger
            .update(number, |entry| entry.fate = Fate::Refused);
        return None;
    }
    Some((number, handle))
}

fn spawn(
    kind: TaskKind,
    named: bool,
    timeout: Option<Duration>,
    number: usize,
    future: Watched,
) -> Tracked<()> {
    macro_rules! with_options {
        ($spawn:ident) => {
            match (named.then(|| format!("task {number}")), timeout) {
                (None, None) => $spawn!(future),
                (Some(name), None) => $spawn!(name = name, future),
                (None, Some(timeout)) => $spawn!(timeout = timeout, future),
                (Some(name), Some(timeout)) => $spawn!(name = name, timeout = timeout, future),
            }
        };
    }
    match kind {
        TaskKind::WaitUntil => with_options!(wait_until),
        TaskKind::AfterResponse => with_options!(after_response),
        TaskKind::Spawn | TaskKind::Blocking => with_options!(spawn_tracked),
    }
}

/// A blocking closure, which may outlive its deadline and spawn after it.
fn block(place: &Place, mut guard: Guard, rng: &mut Rng) -> Outcome {
    let _handle = start(place, rng);
    thread::sleep(Duration::from_micros(rng.u64(0..2_000)));
    if !place.ledger.strict && rng.u8(0..4) == 0 {
        thread::sleep(Duration::from_millis(20));
    }
    let _late = start(place, rng);
    guard.fate = Fate::Panicked;
    let outcome = end(place, rng);
    guard.returned(&outcome);
    outcome
}

/// What becomes of a handle at once: dropped, polled and dropped, awaited, aborted, or kept.
async fn deal_with(
    (number, mut handle): (usize, Tracked<()>),
    place: &Place,
    rng: &mut Rng,
    kept: &mut Vec<(usize, Tracked<()>)>,
) {
    match rng.u8(0..100) {
        0..25 => {}
        25..35 => {
            if let Some(Err(error)) = (&mut handle).now_or_never() {
                place.ledger.read(&error, Reader::Handle);
            }
        }
        35..50 => finish(number, handle, place, rng).await,
        50..58 => handle.abort(),
        58..80 => kept.push((number, handle)),
        _ => Ledger::lock(&place.ledger.handles).push((number, handle)),
    }
}

/// Ends the use of a handle: mostly by awaiting it, for a while or to its end.
async fn finish(number: usize, mut handle: Tracked<()>, place: &Place, rng: &mut Rng) {
    // A keep-alive task that waits for the response, while the response waits for it by way of a
    // third, waits for the deadline: nothing in between knows better.
    let waits_for_response =
        place.ledger.entries()[number - 1].kind == TaskKind::AfterResponse && !place.bounded;
    let result = match rng.u8(0..10) {
        0..2 => return,
        2..4 => {
            let time = some_time(place, rng);
            match tokio::time::timeout(time, &mut handle).await {
                Ok(result) => result,
                Err(_) => return,
            }
        }
        _ if waits_for_response => return,
        4 => {
            let _ = (&mut handle)
                .now_or_never()
                .map(|result| note(result, place));
            return handle.abort();
        }
        _ => handle.await,
    };
    note(result, place);
}

fn note(result: Result<(), tethered::TaskError>, place: &Place) {
    if let Err(error) = result {
        place.ledger.read(&error, Reader::Handle);
    }
}

/// Takes another task's handle that was left for all, but none that might wait for this one: who
/// waits always has the lower number.
fn another(place: &Place, rng: &mut Rng) -> Option<(usize, Tracked<()>)> {
    let mut handles = Ledger::lock(&place.ledger.handles);
    let candidates: Vec<_> = (0..handles.len())
        .filter(|&index| handles[index].0 > place.number)
        .collect();
    let index = rng.choice(candidates)?;
    Some(handles.swap_remove(index))
}

async fn await_another(place: &Place, rng: &mut Rng) {
    if let Some((number, handle)) = another(place, rng) {
        finish(number, handle, place, rng).await;
    }
}

fn abort_another(place: &Place, rng: &mut Rng) {
    if let Some((_, handle)) = another(place, rng) {
        handle.abort();
    }
}

/// A handler's body.
pub(crate) fn body(place: Place, rng: Rng) -> BoxFuture<Outcome> {
    Box::pin(act(place, rng))
}
