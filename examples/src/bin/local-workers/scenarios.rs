//! Situation 2, "answer first, then go on", and what the platform's own call does not have.

use std::{
    io::Result,
    thread,
    time::{Duration, Instant},
};

use crate::{
    http::{self, Answer, Client},
    scenario::{Row, Scenario, World},
};

pub(crate) fn all(world: &World) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    let whole_limit = WholeLimit::begin(world)?;
    for scenario in good().into_iter().chain(bad()).chain(events()) {
        rows.push(scenario.run(world)?);
    }
    rows.push(gone(world)?);
    rows.extend(leaked(world)?);
    rows.push(whole_limit.end(world));
    // They reset the instance.
    rows.extend(panics(world)?);
    Ok(rows)
}

/// What goes on as long as the platform lets it, beside all others.
struct WholeLimit {
    scenario: Scenario,
    answer: Answer,
    answered: Instant,
}

impl WholeLimit {
    const LIMIT: Duration = Duration::from_secs(30);

    fn begin(world: &World) -> Result<Self> {
        let scenario = Scenario {
            effects: vec![("in time", 1), ("told", 1)],
            never: Some(("too late", 1600)),
            ..Scenario::new("keep-alive for the whole 30 s", "whole-limit")
        };
        let answer = http::get(world.workerd.address(scenario.worker), &scenario.path)?;
        Ok(Self {
            scenario,
            answer,
            answered: Instant::now(),
        })
    }

    fn end(self, world: &World) -> Row {
        thread::sleep(Self::LIMIT.saturating_sub(self.answered.elapsed()));
        let mut row = self.scenario.judge(world, Some(&self.answer));
        let told = world.recorder.last("/whole-limit/told");
        let after = told.map(|told| told.saturating_duration_since(self.answered));
        let margin = Duration::from_millis(200);
        if !after.is_some_and(|after| after < Self::LIMIT && after + margin > Self::LIMIT) {
            row.wrong.push(format!("told after {after:?}"));
        }
        // It is aborted between the two.
        let named = |when| world.workerd.says(&["too long (", "timed out after", when]);
        if !named("29.9s") && !named("30.0s") {
            row.wrong.push("not named on the console".to_owned());
        }
        row
    }
}

fn good() -> Vec<Scenario> {
    vec![
        Scenario {
            worker: "bare",
            never: Some(("done", 1500)),
            ..Scenario::new("floating, without Tethered: lost", "floating")
        },
        Scenario::new("wait_until! of what ends at once", "at-once"),
        Scenario {
            body: "0 timers",
            ..Scenario::new("… and has set no timer", "timers")
        },
        Scenario {
            effects: vec![("done", 1)],
            ..Scenario::new("wait_until! of 1 s", "answer-first")
        },
        Scenario {
            answer: (1000, 1100),
            effects: vec![("done", 1)],
            ..Scenario::new("spawn_tracked! of 1 s", "awaited")
        },
        Scenario {
            answer: (0, 1000),
            effects: vec![("done", 1000)],
            ..Scenario::new("1,000 × wait_until! of 500 ms", "thousand")
        },
        Scenario {
            effects: vec![("outer", 1), ("kept", 1), ("tracked", 1)],
            ..Scenario::new("nested in a keep-alive task", "nested")
        },
        Scenario {
            effects: vec![("body", 1), ("after", 1)],
            ..Scenario::new("after_response!", "after-response")
        },
        Scenario {
            effects: vec![("kept", 1)],
            ..Scenario::new("in a Durable Object", "object")
        },
        Scenario {
            body: " ended",
            answer: (100, 300),
            effects: vec![("done", 1)],
            console: &["outside of any invocation"],
            ..Scenario::new("outside of any handler, drain()", "drained")
        },
        Scenario {
            worker: "example",
            path: "/".to_owned(),
            run: String::new(),
            effects: vec![("counted", 1), ("measured", 1)],
            ..Scenario::new("the example's page", "")
        },
        Scenario {
            body: "at most 2 at once",
            answer: (60, 300),
            effects: vec![("done", 6)],
            ..Scenario::new("max_concurrent = 2", "max-concurrent")
        },
        Scenario {
            body: "4 = [1, 1, 1, 1] Cancelled Completed Failed TimedOut",
            ..Scenario::new("Report", "report")
        },
    ]
}

fn bad() -> Vec<Scenario> {
    vec![
        Scenario {
            effects: vec![("tried", 1), ("sibling", 1)],
            console: &[
                "send the mail",
                "failures.rs",
                "failed after",
                "no such address",
            ],
            ..Scenario::new("wait_until! fails", "rejected")
        },
        Scenario {
            status: 500,
            body: "charge (",
            effects: vec![("tried", 1), ("kept", 1)],
            console: &["charge (", "card declined"],
            ..Scenario::new("spawn_tracked! fails", "failed-task")
        },
        Scenario {
            status: 500,
            body: "ship (",
            answer: (100, 300),
            effects: vec![("tried", 2), ("sibling", 1)],
            ..Scenario::new("two fail, join = join_all", "join-all")
        },
        Scenario {
            effects: vec![("tried", 1)],
            console: &["count (", "counter is full"],
            ..Scenario::new("fails, on_error = log", "logged")
        },
        Scenario {
            status: 500,
            body: "out of stock",
            effects: vec![("tracked", 1), ("kept", 1)],
            ..Scenario::new("the handler fails", "handler-error")
        },
        Scenario {
            status: 500,
            body: "slow (",
            answer: (100, 300),
            effects: vec![("told", 1)],
            ..Scenario::new("timeout = \"100ms\", token", "timeout")
        },
        Scenario {
            body: "its time was over",
            answer: (100, 1000),
            console: &["moved up (", "timed out after"],
            ..Scenario::new("a handler inside is dropped, with its timeout", "moved-up")
        },
        Scenario {
            effects: vec![("in time", 1), ("told", 1)],
            never: Some(("too late", 2500)),
            console: &["too long (", "timed out after"],
            ..Scenario::new("keep-alive budget of 600 ms", "budget")
        },
    ]
}

fn events() -> Vec<Scenario> {
    let done = || vec![("tracked", 1), ("kept", 1)];
    let failed = |name: &'static [&'static str], scenario: Scenario| Scenario {
        effects: vec![("tracked", 1), ("kept", 1), ("tried", 1)],
        console: name,
        ..scenario
    };
    vec![
        Scenario {
            effects: done(),
            ..Scenario::event("scheduled", "scheduled", "ok", "ok")
        },
        failed(
            &["tidy (", "disk full"],
            Scenario::event(
                "scheduled, a task fails",
                "scheduled",
                "task fails",
                "exception",
            ),
        ),
        failed(
            &["tell (", "line busy"],
            Scenario::event(
                "scheduled, a keep-alive task fails",
                "scheduled",
                "keep-alive fails",
                "exception",
            ),
        ),
        Scenario {
            effects: done(),
            ..Scenario::event(
                "scheduled, it fails itself",
                "scheduled",
                "handler fails",
                "exception",
            )
        },
        Scenario {
            effects: done(),
            ..Scenario::event("queue", "queue", "ok", "ok")
        },
    ]
}

/// The client goes away while the handler waits.
fn gone(world: &World) -> Result<Row> {
    let mut client = Client::connect(world.workerd.address("scenarios"))?;
    client.send("/gone/gone")?;
    world
        .recorder
        .wait("/gone/started", 1, Duration::from_secs(5));
    drop(client);
    let scenario = Scenario {
        effects: vec![("started", 1), ("body", 1), ("tracked", 1), ("kept", 1)],
        ..Scenario::new("the client goes away", "gone")
    };
    Ok(scenario.judge(world, None))
}

/// A scope and a handle are kept from a request that has finished.
fn leaked(world: &World) -> Result<Vec<Row>> {
    let kept = Scenario {
        effects: vec![("tried", 1)],
        ..Scenario::new("scope and handle are kept", "leak")
    };
    let used = Scenario {
        body: "the scope is closed: its invocation has ended; of the first (",
        never: Some(("adopted", 100)),
        ..Scenario::new("… and used by another request", "leaked")
    };
    Ok(vec![kept.run(world)?, used.run(world)?])
}

fn panics(world: &World) -> Result<Vec<Row>> {
    let unwinding = Scenario {
        worker: "scenarios-unwind",
        path: "/panicking/unwinding".to_owned(),
        run: "unwinding".to_owned(),
        effects: vec![("tracked", 1), ("kept", 1)],
        console: &["divide (", "panicked after", "by zero"],
        ..Scenario::new("a task panics, panic=unwind", "")
    };
    let unwinding = unwinding.run(world)?;
    let failing = |worker: &str, title| {
        let path = format!("/queue?{worker}?keep-alive fails/queue-{worker}");
        let run = format!("queue-{worker}");
        let effects = vec![("tracked", 1), ("kept", 1), ("tried", 1)];
        let console = &["tell (", "line busy"];
        Scenario {
            path,
            run,
            effects,
            console,
            ..Scenario::event(title, "queue", "", "exception")
        }
    };
    let queue = failing("scenarios-unwind", "queue, a keep-alive task fails, unwind").run(world)?;
    // With panic=abort it resets the instance; what is asked next finds a fresh one.
    let aborting = failing("scenarios", "queue, a keep-alive task fails, abort").run(world)?;
    let fresh = Scenario {
        path: "/answer-first/after-queue".to_owned(),
        run: "after-queue".to_owned(),
        effects: vec![("done", 1)],
        ..Scenario::new("the request after it", "")
    };
    let fresh = fresh.run(world)?;
    let mut client = Client::connect(world.workerd.address("scenarios"))?;
    client.send("/panicking/aborting")?;
    thread::sleep(Duration::from_millis(300));
    drop(client);
    let next = http::get(
        world.workerd.address("scenarios"),
        "/answer-first/after-abort",
    )?;
    let after = Scenario {
        run: "after-abort".to_owned(),
        effects: vec![("done", 1)],
        console: &["by zero"],
        ..Scenario::new("the request after a panic, panic=abort", "")
    };
    let after = after.judge(world, Some(&next));
    Ok(vec![unwinding, queue, aborting, fresh, after])
}
