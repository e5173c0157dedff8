//! What callbacks cost their caller: an experiment that people run with LangChain, and the three
//! execution models side by side.
//!
//! ```sh
//! cargo run -p tethered-examples --bin callbacks
//! ```
//!
//! Exits with 0 if each time is what the documentation says.

use std::{
    process::ExitCode,
    sync::{Arc, Mutex},
    thread::{self, ThreadId},
    time::{Duration, Instant},
};

use tethered::{
    BoxError, Callbacks, JoinError, await_all_callbacks, callbacks::VariableError,
    serverless_handler,
};
use tokio::time::sleep;

/// What a chain tells its handlers.
#[derive(Clone, Copy, PartialEq)]
enum Event {
    ChainStart,
    ChainEnd,
}

/// How long `handle_chain_end` takes.
const CHAIN_END: Duration = Duration::from_secs(2);

/// How long each of the three handlers of a model takes.
const STEP: Duration = Duration::from_millis(200);

/// How much longer something may take on a busy machine.
const SLACK: Duration = Duration::from_millis(150);

#[derive(Clone, Copy, PartialEq)]
enum Mode {
    Background,
    Awaited,
    Blocking,
}

#[tokio::main]
async fn main() -> Result<ExitCode, BoxError> {
    let mut passed = true;

    println!(
        "A chain whose handle_chain_end takes {} ms\n",
        CHAIN_END.as_millis()
    );
    println!("{:<44}{:>10}{:>10}", "in ms", "invoke", "in all");
    for (mode, what) in [
        (Mode::Background, "in the background"),
        (Mode::Awaited, "in the background, await_all_callbacks()"),
        (Mode::Blocking, "blocking"),
    ] {
        let (invoke, all) = chain(mode).await?;
        println!("{what:<44}{:>10.1}{:>10.0}", ms(invoke), ms(all));
        let expected = if mode == Mode::Blocking {
            CHAIN_END
        } else {
            Duration::ZERO
        };
        passed &= is_about(invoke, expected) && is_about(all, CHAIN_END);
    }

    println!("\nThree handlers of {} ms\n", STEP.as_millis());
    println!(
        "{:<14}{:<22}{:<14}{:<12}{:>9}{:>9}{:>10}",
        "model", "thread", "the caller", "handlers", "emit", "joined", "blocking"
    );
    for (model, on, caller, handlers, joined) in [
        (
            Model::Inline,
            "the caller's",
            "stands still",
            "in turn",
            3 * STEP,
        ),
        (Model::Async, "the runtime's", "goes on", "concurrent", STEP),
        (
            Model::Thread,
            "one of its own each",
            "goes on",
            "parallel",
            STEP,
        ),
    ] {
        let mut background = three(model, true).await?;
        if model != Model::Inline {
            // The shortest of some: the machine may have had something else to do.
            for _ in 0..2 {
                let again = three(model, true).await?;
                if again.emit < background.emit {
                    background = again;
                }
            }
        }
        let blocking = three(model, false).await?;
        println!(
            "{:<14}{on:<22}{caller:<14}{handlers:<12}{:>9.2}{:>9.0}{:>10.0}",
            model.name(),
            ms(background.emit),
            ms(background.joined),
            ms(blocking.emit),
        );
        let emit = if model == Model::Inline {
            joined
        } else {
            Duration::ZERO
        };
        passed &= is_about(background.emit, emit)
            && is_about(background.joined, joined)
            && is_about(blocking.emit, joined)
            && background.threads_are_right(model)
            && (model == Model::Inline || background.emit < Duration::from_millis(1));
    }
    println!(
        "\n{}",
        if passed {
            "✔ Each time and thread is as documented, an emit in the background under 1 ms."
        } else {
            "✘ A time or a thread is not as documented."
        }
    );
    Ok(if passed {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

fn is_about(took: Duration, expected: Duration) -> bool {
    (expected..expected + SLACK).contains(&took)
}

/// How long the chain took, and how long the handler around it.
async fn chain(mode: Mode) -> Result<(Duration, Duration), BoxError> {
    let mut callbacks = Callbacks::new()?.background(mode != Mode::Blocking);
    callbacks.on_async("handle_chain_end", |event: Arc<Event>| async move {
        if *event == Event::ChainEnd {
            sleep(CHAIN_END).await;
        }
    });
    let started = Instant::now();
    let invoke = run_chain(callbacks, mode).await?;
    Ok((invoke, started.elapsed()))
}

#[serverless_handler]
async fn run_chain(callbacks: Callbacks<Event>, mode: Mode) -> Result<Duration, BoxError> {
    let started = Instant::now();
    callbacks.emit(Event::ChainStart).await?;
    callbacks.emit(Event::ChainEnd).await?;
    let invoke = started.elapsed();
    if mode == Mode::Awaited {
        await_all_callbacks().await?;
    }
    Ok(invoke)
}

#[derive(Clone, Copy, PartialEq)]
enum Model {
    Inline,
    Async,
    Thread,
}

impl Model {
    fn name(self) -> &'static str {
        match self {
            Self::Inline => "on_inline",
            Self::Async => "on_async",
            Self::Thread => "on_thread",
        }
    }
}

type Threads = Arc<Mutex<Vec<ThreadId>>>;

struct Run {
    emit: Duration,
    joined: Duration,
    caller: ThreadId,
    handlers: Vec<ThreadId>,
}

impl Run {
    fn threads_are_right(&self, model: Model) -> bool {
        let elsewhere = self
            .handlers
            .iter()
            .filter(|thread| **thread != self.caller);
        let mut distinct = self.handlers.clone();
        distinct.sort_unstable_by_key(|thread| format!("{thread:?}"));
        distinct.dedup();
        match model {
            Model::Inline => elsewhere.count() == 0,
            // Whichever of its threads is free.
            Model::Async => self.handlers.len() == 3,
            Model::Thread => elsewhere.count() == 3 && distinct.len() == 3,
        }
    }
}

/// One event for three handlers of `model`.
async fn three(model: Model, background: bool) -> Result<Run, BoxError> {
    let threads = Threads::default();
    let callbacks = handlers(model, &threads)?.background(background);
    let started = Instant::now();
    let (emit, caller) = emit_one(callbacks).await?;
    let joined = started.elapsed();
    let handlers = threads
        .lock()
        .map_err(|_| "a handler has panicked")?
        .clone();
    Ok(Run {
        emit,
        joined,
        caller,
        handlers,
    })
}

#[serverless_handler]
async fn emit_one(callbacks: Callbacks<Event>) -> Result<(Duration, ThreadId), JoinError> {
    let (started, caller) = (Instant::now(), thread::current().id());
    callbacks
        .emit(Event::ChainEnd)
        .await
        .expect("no handler raises");
    Ok((started.elapsed(), caller))
}

fn handlers(model: Model, threads: &Threads) -> Result<Callbacks<Event>, VariableError> {
    let mut callbacks = Callbacks::new()?;
    for name in ["first", "second", "third"] {
        let threads = threads.clone();
        let note = move || {
            if let Ok(mut threads) = threads.lock() {
                threads.push(thread::current().id());
            }
        };
        let blocks = {
            let note = note.clone();
            move |_: &Event| {
                note();
                thread::sleep(STEP);
            }
        };
        match model {
            Model::Inline => callbacks.on_inline(name, blocks),
            Model::Thread => callbacks.on_thread(name, blocks),
            Model::Async => callbacks.on_async(name, move |_: Arc<Event>| {
                let note = note.clone();
                async move {
                    note();
                    sleep(STEP).await;
                }
            }),
        };
    }
    Ok(callbacks)
}
