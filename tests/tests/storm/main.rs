//! Ten thousand invocations of random tasks in random trouble: every task ends in exactly one
//! outcome, every failure is seen exactly once, nothing outlives its invocation, nothing hangs,
//! nothing leaks.
//!
//! The seed is printed; `TETHERED_SEED` sets it. Invocation 7 of the seed 100 is the first of the
//! seed 107: `TETHERED_SEED=107 TETHERED_INVOCATIONS=1` runs it alone.

mod acts;
mod handlers;
mod invocation;
mod ledger;
mod quiet;
mod watchdog;
mod watched;

use std::{
    env,
    fmt::Write as _,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use fastrand::Rng;
use tethered::Scope;
use tokio::{runtime::Builder, task::JoinSet};

use crate::{
    ledger::{Fate, Ledger},
    watchdog::Watchdog,
};

/// How many invocations there are, and how many of them at once.
const INVOCATIONS: u64 = 10_000;
const AT_ONCE: usize = 64;

/// The root scope is the process's, so the storms take turns.
static TURN: Mutex<()> = Mutex::new(());

#[test]
fn on_one_thread() {
    let mut builder = Builder::new_current_thread();
    storm("on_one_thread", builder.start_paused(true), true);
}

#[test]
fn on_two_threads() {
    let mut builder = Builder::new_multi_thread();
    storm("on_two_threads", builder.worker_threads(2), false);
}

fn storm(name: &str, builder: &mut Builder, strict: bool) {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    quiet::install();
    let seed = number("TETHERED_SEED").unwrap_or_else(|| fastrand::u64(..));
    let invocations = number("TETHERED_INVOCATIONS").unwrap_or(INVOCATIONS);
    println!("{name}: TETHERED_SEED={seed}");
    let watchdog = Watchdog::start(format!("{name}: TETHERED_SEED={seed}"));

    let runtime = builder.enable_all().build().expect("a runtime");
    let (ledgers, report) = runtime.block_on(async {
        let ledgers = rage(seed, invocations, strict, &watchdog).await;
        let report = tethered::drain().await.expect("no task calls it");
        assert!(Scope::root().is_empty(), "{:?}", Scope::root());
        (ledgers, report)
    });
    // Waits for the closures that were given up.
    drop(runtime);

    let entries = |ledger: &Arc<Ledger>| {
        let started = ledger
            .entries()
            .iter()
            .filter(|entry| entry.fate != Fate::Refused)
            .count();
        started as u64
    };
    let started: u64 = ledgers.iter().map(entries).sum();
    let mut violations = String::new();
    for ledger in &ledgers {
        // Left by the tasks of those that were dropped.
        Ledger::lock(&ledger.handles).clear();
        invocation::check(ledger);
        for violation in Ledger::lock(&ledger.violations).drain(..) {
            let _ = writeln!(violations, "invocation {}: {violation}", ledger.index);
        }
    }
    let left: Vec<_> = ledgers
        .iter()
        .map(|ledger| (ledger.index, Arc::downgrade(ledger)))
        .collect();
    drop(ledgers);
    for (index, _) in left.iter().filter(|(_, ledger)| ledger.strong_count() > 0) {
        let _ = writeln!(
            violations,
            "invocation {index}: its scope, or an error of it, has leaked"
        );
    }
    if report.spawned() != started {
        let counted = report.spawned();
        let _ = writeln!(
            violations,
            "{started} tasks were started, and {counted} are counted"
        );
    }
    println!("{name}: {started} tasks: {report:?}");
    assert!(
        violations.is_empty(),
        "{name}: TETHERED_SEED={seed}\n{violations}"
    );
}

fn number(variable: &str) -> Option<u64> {
    let value = env::var(variable).ok()?;
    Some(
        value
            .parse()
            .unwrap_or_else(|_| panic!("{variable} is a number")),
    )
}

/// Runs all invocations, [`AT_ONCE`] at a time.
async fn rage(seed: u64, invocations: u64, strict: bool, watchdog: &Watchdog) -> Vec<Arc<Ledger>> {
    let next = Arc::new(AtomicU64::new(0));
    let mut workers = JoinSet::new();
    for _ in 0..AT_ONCE {
        let (next, pulse) = (Arc::clone(&next), watchdog.pulse());
        workers.spawn(async move {
            let mut ledgers = Vec::new();
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                if index >= invocations {
                    return ledgers;
                }
                // Each has its own seed, whatever the others have drawn.
                let mut rng = Rng::with_seed(seed.wrapping_add(index));
                ledgers.push(invocation::run(index, rng.fork(), strict).await);
                pulse.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    workers.join_all().await.into_iter().flatten().collect()
}
