//! `callbacks nothing|spawn|emit EVENTS HANDLERS` emits that many events to that many asynchronous
//! handlers, or spawns as many tasks, and waits for them: for `.ci/callbacks.sh`, which counts its
//! instructions. Without arguments it does nothing.

use std::{env, hint::black_box, sync::Arc};

use tethered::{Callbacks, JoinError, serverless_handler, spawn_tracked};
use tokio::runtime::Builder;

#[serverless_handler]
async fn spawn(tasks: u64) -> Result<(), JoinError> {
    for _ in 0..tasks {
        spawn_tracked!(async {});
    }
    Ok(())
}

#[serverless_handler]
async fn emit(callbacks: Callbacks<u64>, events: u64) -> Result<(), JoinError> {
    for event in 0..events {
        let emitted = callbacks.emit(black_box(event)).await;
        emitted.expect("no handler raises");
    }
    Ok(())
}

fn main() {
    let mut args = env::args().skip(1);
    let (Some(how), Some(events), Some(handlers)) = (args.next(), args.next(), args.next()) else {
        return;
    };
    let events: u64 = events.parse().expect("a number of events");
    let handlers: u64 = handlers.parse().expect("a number of handlers");
    let mut callbacks = Callbacks::new().expect("the variable is not set");
    if how == "emit" {
        for _ in 0..handlers {
            callbacks.on_async("ready", |_: Arc<u64>| async {});
        }
    }
    let runtime = Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(async {
        match how.as_str() {
            "spawn" => spawn(events * handlers).await.expect("no task fails"),
            "nothing" | "emit" => emit(callbacks, events).await.expect("no task fails"),
            _ => panic!("`{how}` is neither `nothing`, `spawn` nor `emit`"),
        }
    });
}
