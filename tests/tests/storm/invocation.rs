//! One invocation of the storm, from its opening to the comparison of the two accounts.

use std::{
    panic::AssertUnwindSafe,
    sync::{Arc, atomic::Ordering},
    time::{Duration, SystemTime},
};

use fastrand::Rng;
use futures_util::FutureExt as _;
use tethered::{Invocation, KeepAlive, Report, TaskKind, TaskOutcome};

use crate::{
    acts::Place,
    handlers,
    ledger::{Entry, Fate, Ledger, Reader},
};

/// Longer than any invocation takes.
const HANGS: Duration = Duration::from_secs(30);

/// Runs an invocation until its host would be told that it is over.
pub(crate) async fn run(index: u64, mut rng: Rng, strict: bool) -> Arc<Ledger> {
    let ledger = Ledger::new(index, strict);
    let (of_errors, of_report) = (Arc::clone(&ledger), Arc::clone(&ledger));
    let mut invocation = Invocation::new()
        .on_error(move |error| of_errors.read(error, Reader::Hook))
        .on_report(move |report| *Ledger::lock(&of_report.report) = Some(report))
        .keep_alive(match rng.u8(0..8) {
            0 => KeepAlive::Join,
            1 => KeepAlive::JoinAndFail,
            _ => KeepAlive::AnswerFirst,
        });
    let bounded = rng.u8(0..10) < 4;
    if bounded {
        let margin = Duration::from_micros(rng.u64(0..40_000));
        let left = Duration::from_micros(rng.u64(0..60_000));
        invocation = invocation
            .deadline(SystemTime::now() + margin + left)
            .margin(margin);
    }
    let place = Place {
        ledger: Arc::clone(&ledger),
        number: 0,
        home: 0,
        depth: 0,
        keep_alive: false,
        bounded,
    };
    let dropped_after = (rng.u8(0..10) == 0).then(|| Duration::from_micros(rng.u64(0..30_000)));
    let running = invocation.run(handlers::call(&place, &mut rng));
    drop(place);
    let running = async {
        if let Some(time) = dropped_after {
            return tokio::time::timeout(time, running).await.is_ok();
        }
        running.await;
        true
    };
    // A body's panic resumes here.
    let running = AssertUnwindSafe(running).catch_unwind();
    let mut running = Box::pin(running);
    let Ok(result) = tokio::time::timeout(HANGS, &mut running).await else {
        let what = format!("it hangs: {:#?}", ledger.entries());
        ledger.violation(what);
        // Its drop may panic.
        std::mem::forget(running);
        return ledger;
    };
    if Ledger::lock(&ledger.report).is_some() {
        ledger.ended.store(true, Ordering::SeqCst);
        ledger.stopped(|_| true);
    } else if dropped_after.is_none() {
        ledger.violation("there was no report");
    } else if let Ok(true) = result {
        ledger.violation("it returned without a report");
    }
    read_handles(&ledger).await;
    ledger
}

/// Half of the handles that nobody has taken are awaited after the invocation, when each must have
/// its answer; all are dropped.
async fn read_handles(ledger: &Ledger) {
    let over = ledger.ended.load(Ordering::SeqCst);
    let handles = std::mem::take(&mut *Ledger::lock(&ledger.handles));
    for (number, handle) in handles.into_iter().step_by(2) {
        let result = if over {
            tokio::time::timeout(HANGS, handle).await.ok()
        } else {
            handle.now_or_never()
        };
        match result {
            Some(Err(error)) => ledger.read(&error, Reader::Handle),
            None if over => ledger.violation(format!("the handle of task {number} yields nothing")),
            Some(Ok(())) | None => {}
        }
    }
}

/// Compares the two accounts, once nothing runs any more.
pub(crate) fn check(ledger: &Ledger) {
    let report = Ledger::lock(&ledger.report).take();
    let entries = ledger.entries().clone();
    if let Some(report) = &report {
        check_counts(ledger, report, &entries);
    }
    let mut outcomes = vec![None; entries.len()];
    for row in report.iter().flat_map(Report::tasks) {
        let number = row
            .name()
            .strip_prefix("task ")
            .and_then(|n| n.parse::<usize>().ok());
        if let Some(number) = number
            && let Some(other) = outcomes[number - 1].replace(row.outcome())
        {
            let outcome = row.outcome();
            ledger.violation(format!(
                "task {number} has two rows: {other:?}, {outcome:?}"
            ));
        }
    }
    for (index, (entry, outcome)) in entries.iter().zip(outcomes).enumerate() {
        if let Err(what) = check_task(ledger, entry, outcome, report.is_some()) {
            let number = index + 1;
            ledger.violation(format!("task {number} ({outcome:?}) {what}: {entry:?}"));
        }
    }
}

fn check_counts(ledger: &Ledger, report: &Report, entries: &[Entry]) {
    let ended = [
        report.completed(),
        report.failed(),
        report.panicked(),
        report.cancelled(),
        report.timed_out(),
    ];
    let started = entries
        .iter()
        .filter(|entry| entry.fate != Fate::Refused)
        .count() as u64;
    let rows = report.tasks().count() as u64;
    let ends = ended.iter().sum::<u64>();
    let missing = started != ends && !(given_up_nearby(ledger, entries) && ends < started);
    if [report.spawned(), rows] != [ends; 2] || missing {
        ledger.violation(format!(
            "{started} tasks were started, the report has {rows} rows, {} spawned, \
             and {ended:?} completed, failed, panicked, cancelled, timed out",
            report.spawned()
        ));
    }
}

/// Where threads are late, a task may be given up that is in the middle of a handler of its own. What
/// that has started is in no report but the process's, which the storm compares at its end.
fn given_up_nearby(ledger: &Ledger, entries: &[Entry]) -> bool {
    !ledger.strict && entries.iter().any(|entry| entry.outlived)
}

/// Whether the outcome is the one that the task's own code saw, and its failure was read once.
fn check_task(
    ledger: &Ledger,
    entry: &Entry,
    outcome: Option<TaskOutcome>,
    reported: bool,
) -> Result<(), &'static str> {
    let refused = entry.fate == Fate::Refused;
    let elsewhere = given_up_nearby(ledger, &ledger.entries()) && outcome.is_none();
    if reported && entry.named && outcome.is_none() != refused && !elsewhere {
        return Err("was refused and has a row, or has none");
    }
    if entry.fate == Fate::Live {
        return Err("is still there");
    }
    // What cannot be stopped in time is given up, and ends later as it likes.
    let given_up = (entry.kind == TaskKind::Blocking || !ledger.strict)
        && match outcome {
            Some(outcome) => outcome == TaskOutcome::TimedOut,
            None => !refused,
        };
    let agrees = match outcome {
        None => true,
        Some(TaskOutcome::Completed) => entry.fate == Fate::Returned,
        Some(TaskOutcome::Failed) => entry.fate == Fate::Failed,
        Some(TaskOutcome::Panicked) => entry.fate == Fate::Panicked,
        Some(TaskOutcome::Cancelled) => entry.fate == Fate::Stopped,
        Some(TaskOutcome::TimedOut) => given_up || entry.fate == Fate::Stopped,
    };
    if !agrees {
        return Err("ended otherwise");
    }
    if (entry.late || entry.outlived) && !given_up && !refused {
        return Err("went on after its handler or its invocation had ended");
    }
    let failed = matches!(entry.fate, Fate::Failed | Fate::Panicked);
    let others = entry
        .timed_out
        .iter()
        .filter(|by| **by != Reader::Handle)
        .count();
    let read = match entry.causes[..] {
        [] => !failed || given_up,
        // The host is told at once of what nobody joins; somebody may ask the handle later.
        [_] | [Reader::Hook, Reader::Handle] => failed,
        _ => false,
    };
    if !read {
        return Err("failed and was not read once");
    }
    if others > 1 {
        return Err("was twice said to have timed out");
    }
    if outcome == Some(TaskOutcome::TimedOut) && entry.timed_out.is_empty() {
        return Err("timed out and nobody was told");
    }
    Ok(())
}
