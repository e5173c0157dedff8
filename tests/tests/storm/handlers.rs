//! The handlers of the storm: the attribute with every combination of its options.

use std::time::Duration;

use fastrand::Rng;
use tethered::{JoinError, TaskErrorKind, serverless_handler};

use crate::{
    acts::{Place, body},
    ledger::{Ledger, Reader, StormError},
    watched::BoxFuture,
};

/// The error of a handler.
enum HandlerError {
    Own(StormError),
    Join(JoinError),
}

impl From<StormError> for HandlerError {
    fn from(error: StormError) -> Self {
        Self::Own(error)
    }
}

impl From<JoinError> for HandlerError {
    fn from(error: JoinError) -> Self {
        Self::Join(error)
    }
}

type Answer = Result<(), HandlerError>;

/// The options that are values.
struct Values {
    timeout: Duration,
    most: usize,
}

macro_rules! handlers {
    ($($name:ident($($option:tt)*))*) => { $(
        #[serverless_handler(timeout = values.timeout, max_concurrent = values.most, $($option)*)]
        async fn $name(values: Values, place: Place, rng: Rng) -> Answer {
            let _ = &values;
            Ok(body(place, rng).await?)
        }
    )* };
}

handlers! {
    try_finish()
    try_abort(on_drop = abort)
    all_finish(join = join_all)
    all_abort(join = join_all, on_drop = abort)
    logged_finish(on_error = log)
    logged_abort(on_error = log, on_drop = abort)
    logged_all(on_error = log, join = join_all)
    logged_all_abort(on_error = log, join = join_all, on_drop = abort)
}

#[serverless_handler]
async fn default(place: Place, rng: Rng) -> Answer {
    Ok(body(place, rng).await?)
}

async fn scoped(place: Place, rng: Rng) -> Answer {
    let answer = tethered::scope(async |_: &_| body(place, rng).await).await;
    Ok(answer??)
}

/// Calls one of the handlers and notes the failures that it returns. What it tracks has ended then.
pub(crate) fn call(place: &Place, rng: &mut Rng) -> BoxFuture<()> {
    let inside = Place {
        home: place.ledger.home(),
        // Its tracked tasks hold its own return, whoever has called it.
        keep_alive: false,
        ..place.clone()
    };
    let values = Values {
        timeout: match rng.u8(0..4) {
            0 => Duration::from_micros(rng.u64(0..40_000)),
            _ => Duration::MAX,
        },
        most: match rng.u8(0..3) {
            0 => rng.usize(1..4),
            _ => usize::MAX,
        },
    };
    let (at, seed) = (inside.clone(), rng.fork());
    let answer: BoxFuture<Answer> = match rng.u8(0..12) {
        0..2 => Box::pin(try_finish(values, at, seed)),
        2 => Box::pin(try_abort(values, at, seed)),
        3 => Box::pin(all_finish(values, at, seed)),
        4 => Box::pin(all_abort(values, at, seed)),
        5 => Box::pin(logged_finish(values, at, seed)),
        6 => Box::pin(logged_abort(values, at, seed)),
        7 => Box::pin(logged_all(values, at, seed)),
        8 => Box::pin(logged_all_abort(values, at, seed)),
        9 => Box::pin(scoped(at, seed)),
        _ => Box::pin(default(at, seed)),
    };
    Box::pin(async move {
        read(&inside.ledger, answer.await);
        check_joined(&inside);
    })
}

/// A handler inside of another, or inside of a task; some are dropped on their way.
pub(crate) async fn nested(place: &Place, rng: &mut Rng) {
    let inside = Place {
        depth: place.depth + 1,
        ..place.clone()
    };
    let call = call(&inside, rng);
    if rng.u8(0..6) == 0 {
        let time = Duration::from_micros(rng.u64(0..10_000));
        let _ = tokio::time::timeout(time, call).await;
    } else {
        call.await;
    }
}

/// Notes the failures that a handler returned.
fn read(ledger: &Ledger, answer: Answer) {
    let error = match answer {
        Ok(()) => return,
        Err(HandlerError::Own(error)) => return drop(error),
        Err(HandlerError::Join(error)) => error,
    };
    for failure in error.iter() {
        ledger.read(failure, Reader::Join);
    }
    if error
        .cancelled()
        .any(|error| error.kind() != TaskErrorKind::Cancelled)
    {
        ledger.violation(format!("something else among the cancelled: {error:?}"));
    }
}

/// A handler has returned, so what it tracked has stopped.
fn check_joined(place: &Place) {
    place
        .ledger
        .stopped(|entry| entry.home == place.home && !entry.keep_alive);
}
