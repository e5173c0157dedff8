//! Two thousand invocations with random mixes of tasks, each frozen for real when it has asked for
//! the next event: nothing is lost, nothing comes late, nothing comes twice.
//!
//! ```sh
//! cargo test -p tethered-tests --test freeze_storm
//! FREEZE_STORM_SEED=7 FREEZE_STORM_INVOCATIONS=200 cargo test -p tethered-tests --test freeze_storm
//! ```

use std::{collections::HashMap, env, io::Write, path::Path, thread, time::Duration};

use tethered_examples::{
    local_lambda::{Answer, LocalLambda, Outcome},
    recorder::{ADDRESS_VARIABLE, Mark, Phase, Recorder},
};
use tethered_tests::plan::{End, Kind, Plan, Task};
use tokio::runtime::Builder;

/// Side by side, each with a process of its own.
const ENVIRONMENTS: usize = 4;

/// Longer than any plan.
const TIMEOUT: Duration = Duration::from_secs(30);

#[test]
fn nothing_is_lost_late_or_twice() {
    let number = |name: &str| env::var(name).ok().and_then(|number| number.parse().ok());
    let invocations = number("FREEZE_STORM_INVOCATIONS").unwrap_or(2_000);
    let seed = number("FREEZE_STORM_SEED").unwrap_or_else(|| fastrand::u64(..));
    let mut random = fastrand::Rng::with_seed(seed);
    let plans: Vec<_> = (0..invocations)
        .map(|_| Plan::random(&mut random))
        .collect();
    let share = plans.len().div_ceil(ENVIRONMENTS);
    let effects: usize = thread::scope(|scope| {
        let started: Vec<_> = plans
            .chunks(share)
            .map(|plans| scope.spawn(move || go_through(plans, seed)))
            .collect();
        started.into_iter().map(|run| run.join().unwrap()).sum()
    });
    // Past the capture of the test runner: the figure is what this is for.
    let _ = writeln!(
        std::io::stderr(),
        "freeze storm: seed {seed}, {invocations} invocations under SIGSTOP in {ENVIRONMENTS} \
         environments, {effects} side effects: 0 lost, 0 late, 0 twice"
    );
}

/// Runs `plans` one after the other in an environment of their own; yields how many tasks they had.
fn go_through(plans: &[Plan], seed: u64) -> usize {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let recorder = Recorder::start(Path::new(env!("CARGO_BIN_EXE_recorder")))
            .await
            .unwrap();
        let mut lambda = LocalLambda::builder(Path::new(env!("CARGO_BIN_EXE_scenarios")))
            .env(ADDRESS_VARIABLE, recorder.address().to_string())
            .env("RUST_BACKTRACE", "0")
            .start()
            .await
            .unwrap();
        let mut answers = Vec::new();
        for plan in plans {
            let event = serde_json::to_value(plan).unwrap();
            answers.push(lambda.invoke(event, TIMEOUT).await.unwrap());
        }
        let record = recorder.record().await.unwrap();
        lambda.stop().await.unwrap();
        let mut marks: HashMap<_, Vec<_>> = HashMap::new();
        for mark in &record {
            marks
                .entry(mark.request_id.as_str())
                .or_default()
                .push(mark);
        }
        let judged = plans.iter().zip(&answers).map(|(plan, answer)| {
            let marks = marks.remove(answer.request_id.as_str()).unwrap_or_default();
            judge(plan, answer, &marks, seed)
        });
        judged.sum()
    })
}

fn judge(plan: &Plan, answer: &Answer, marks: &[&Mark], seed: u64) -> usize {
    let answered = matches!(answer.outcome, Outcome::Response(_));
    assert_eq!(
        answered,
        plan.end == End::Answers,
        "seed {seed}: {answer:?}"
    );
    let mut tasks = Vec::new();
    all(&plan.tasks, false, &mut tasks);
    for (task, is_kept_alive) in &tasks {
        let at = |phase| {
            let mut marks = marks
                .iter()
                .filter(|mark| mark.name == task.name && mark.phase == phase);
            let (mark, again) = (marks.next(), marks.next());
            assert!(
                again.is_none(),
                "seed {seed}: {} twice in {plan:?}",
                task.name
            );
            mark.unwrap_or_else(|| panic!("seed {seed}: {} lost in {plan:?}", task.name))
                .at
        };
        let (started, done) = (at(Phase::Started), at(Phase::Done));
        let times = answer.timeline;
        let in_time = if *is_kept_alive {
            done < times.next_polled
        } else {
            done < times.answered
        };
        assert!(in_time, "seed {seed}: {} late in {plan:?}", task.name);
        let begins = task.kind != Kind::AfterResponse || started > times.answered;
        assert!(begins, "seed {seed}: {} early in {plan:?}", task.name);
    }
    assert_eq!(marks.len(), 2 * tasks.len(), "seed {seed}: {plan:?}");
    tasks.len()
}

/// All tasks of a plan, and whether they hold only the invocation: as those that a keep-alive task
/// starts.
fn all<'a>(tasks: &'a [Task], within: bool, into: &mut Vec<(&'a Task, bool)>) {
    for task in tasks {
        let within = within || matches!(task.kind, Kind::WaitUntil | Kind::AfterResponse);
        into.push((task, within));
        all(&task.children, within, into);
    }
}
