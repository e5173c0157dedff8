//! `executor = in_task`: what holds although the handler polls its tasks itself. How it polls them
//! is in `in_task_polling.rs`.

use super::*;
use tethered::{
    JoinError, Scope, TaskErrorKind, Value, after_response, serverless_handler,
    spawn_blocking_tracked, spawn_tracked, wait_until,
};
use tokio::time::timeout;

#[tokio::test(start_paused = true)]
async fn no_task_of_the_runtime_is_made() {
    #[serverless_handler(executor = in_task)]
    async fn handler() -> Result<(), JoinError> {
        for _ in 0..10 {
            spawn_tracked!(async {
                spawn_tracked!(sleep(ms(10)));
                sleep(ms(10)).await;
            });
        }
        sleep(ms(5)).await;
        assert_eq!((Scope::current().len(), tasks_of_the_runtime()), (20, 0));
        Ok(())
    }

    handler().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn tasks_advance_while_the_body_waits_for_something_else() {
    #[serverless_handler(executor = in_task)]
    async fn handler(journal: Journal) -> Result<(), JoinError> {
        spawn_tracked!(journal.clone().work("task", 10));
        journal.work("body", 20).await;
        Ok(())
    }

    let journal = Journal::new();
    handler(journal.clone()).await.unwrap();
    assert_eq!(journal.lines(), ["task at 10", "body at 20"]);
}

fn start_three(journal: &Journal) {
    spawn_tracked!(journal.clone().work("first", 10));
    spawn_tracked!(name = "fails", journal.clone().fail("fails", 20));
    spawn_tracked!(journal.clone().work("sibling", 30));
}

#[tokio::test(start_paused = true)]
async fn the_first_failure_cancels_the_rest_and_is_returned() {
    #[serverless_handler(executor = in_task)]
    async fn handler(journal: Journal) -> Result<(), JoinError> {
        start_three(&journal);
        Ok(())
    }

    let journal = Journal::new();
    let (result, report, told) = invoke(handler(journal.clone())).await;
    let error = result.unwrap_err();
    assert_eq!(
        (error.first().name(), error.cancelled().count()),
        ("fails", 1)
    );
    assert_eq!(
        journal.lines(),
        ["first at 10", "fails at 20", "sibling stopped at 20"]
    );
    assert_eq!(
        (report.completed(), report.failed(), report.cancelled()),
        (1, 1, 1)
    );
    assert_eq!(told, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn under_join_all_every_task_runs_to_its_end() {
    #[serverless_handler(executor = in_task, join = join_all)]
    async fn handler(journal: Journal) -> Result<(), JoinError> {
        start_three(&journal);
        spawn_tracked!(name = "panics", async { panic!("as it should") });
        Ok(())
    }

    let journal = Journal::new();
    let (result, report, _) = invoke(handler(journal.clone())).await;
    let error = result.unwrap_err();
    let mut failures: Vec<_> = error
        .iter()
        .map(|error| (error.name(), error.kind()))
        .collect();
    failures.sort_unstable_by_key(|&(name, _)| name);
    assert_eq!(
        failures,
        [
            ("fails", TaskErrorKind::Failed),
            ("panics", TaskErrorKind::Panicked)
        ]
    );
    assert_eq!(
        journal.lines(),
        ["first at 10", "fails at 20", "sibling at 30"]
    );
    assert_eq!(report.spawned(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_handle_gives_the_value_or_the_error() {
    #[serverless_handler(executor = in_task)]
    async fn handler() -> Result<u8, Error> {
        let late = spawn_tracked!(async {
            sleep(ms(10)).await;
            Value(3)
        });
        let fails = spawn_tracked!(async { Err::<(), _>("no".to_owned()) });
        let panics = spawn_tracked!(async { panic!("as it should") });
        assert_eq!(late.await?, 3);
        let error = fails.await.unwrap_err();
        assert_eq!(error.into_source().expect("its error").to_string(), "no");
        assert_eq!(panics.await.unwrap_err().kind(), TaskErrorKind::Panicked);
        Ok(spawn_tracked!(async { Value(5) }).await?)
    }

    assert_eq!(handler().await.unwrap(), 5);
}

#[tokio::test(start_paused = true)]
async fn one_that_is_aborted_is_cancelled_and_its_future_dropped() {
    #[serverless_handler(executor = in_task)]
    async fn handler(journal: Journal) -> Result<(), JoinError> {
        let waits = spawn_tracked!(journal.clone().hang("waits"));
        sleep(ms(10)).await;
        waits.abort();
        assert_eq!(waits.await.unwrap_err().kind(), TaskErrorKind::Cancelled);
        let fresh = spawn_tracked!(journal.clone().hang("never started"));
        fresh.abort();
        assert_eq!(fresh.await.unwrap_err().kind(), TaskErrorKind::Cancelled);
        journal.work("body", 10).await;
        Ok(())
    }

    let journal = Journal::new();
    let (result, report, _) = invoke(handler(journal.clone())).await;
    result.unwrap();
    assert_eq!(journal.lines(), ["waits stopped at 10", "body at 20"]);
    assert_eq!(report.cancelled(), 2);
}

#[tokio::test(start_paused = true)]
async fn the_deadline_names_what_hangs() {
    #[serverless_handler(executor = in_task, timeout = "100ms")]
    async fn handler(journal: Journal) -> Result<(), JoinError> {
        spawn_tracked!(name = "hangs", journal.hang("task"));
        Ok(())
    }

    let journal = Journal::new();
    let (result, report, _) = invoke(handler(journal.clone())).await;
    let error = result.unwrap_err();
    let unfinished: Vec<_> = error.unfinished().map(tethered::TaskError::name).collect();
    assert_eq!(unfinished, ["hangs"]);
    assert_eq!(journal.lines(), ["task stopped at 150"]);
    assert_eq!(report.timed_out(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_task_has_its_own_timeout() {
    #[serverless_handler(executor = in_task)]
    async fn handler(journal: Journal) -> Result<(), JoinError> {
        let late = spawn_tracked!(timeout = ms(30), journal.clone().hang("late"));
        assert_eq!(late.await.unwrap_err().kind(), TaskErrorKind::TimedOut);
        Ok(())
    }

    let journal = Journal::new();
    handler(journal.clone()).await.unwrap();
    assert_eq!(journal.lines(), ["late stopped at 30"]);
}

#[tokio::test(start_paused = true)]
async fn keep_alive_tasks_are_spawned_and_outlive_the_response() {
    #[serverless_handler(executor = in_task)]
    async fn handler(journal: Journal) -> Result<(), JoinError> {
        wait_until!(journal.clone().work("keep-alive", 100));
        after_response!(journal.clone().work("after", 50));
        spawn_tracked!(journal.work("tracked", 10));
        assert_eq!(tasks_of_the_runtime(), 1);
        Ok(())
    }

    let journal = Journal::new();
    let answering = async {
        handler(journal.clone()).await.unwrap();
        journal.write("response");
    };
    let ((), report, _) = invoke(answering).await;
    assert_eq!(
        journal.lines(),
        [
            "tracked at 10",
            "response at 10",
            "after at 60",
            "keep-alive at 100"
        ]
    );
    assert_eq!(report.completed(), 3);
}

#[tokio::test(start_paused = true)]
async fn the_child_of_a_keep_alive_task_is_one() {
    #[serverless_handler(executor = in_task)]
    async fn handler(journal: Journal) -> Result<(), JoinError> {
        wait_until!(async {
            spawn_tracked!(journal.work("child", 100));
        });
        sleep(ms(10)).await;
        assert_eq!((Scope::current().len(), tasks_of_the_runtime()), (1, 1));
        Ok(())
    }

    let journal = Journal::new();
    let answering = async {
        handler(journal.clone()).await.unwrap();
        journal.write("response");
    };
    invoke(answering).await;
    assert_eq!(journal.lines(), ["response at 10", "child at 100"]);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_handler_cancels_them_and_nothing_moves_up() {
    #[serverless_handler(executor = in_task)]
    async fn handler(journal: Journal) -> Result<(), JoinError> {
        let child = journal.clone();
        spawn_tracked!(async {
            spawn_tracked!(child.clone().hang("child"));
            child.hang("task").await;
        });
        journal.hang("body").await;
        Ok(())
    }

    let journal = Journal::new();
    let answering = async {
        let handling = handler(journal.clone());
        timeout(ms(10), handling).await.unwrap_err();
        assert!(Scope::current().is_empty());
        journal.write("dropped");
    };
    let ((), report, told) = invoke(answering).await;
    assert_eq!(
        journal.lines(),
        [
            "body stopped at 10",
            "task stopped at 10",
            "child stopped at 10",
            "dropped at 10"
        ]
    );
    assert_eq!((report.spawned(), report.cancelled()), (2, 2));
    assert_eq!(told, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_handler_aborts_its_keep_alive_tasks_too() {
    #[serverless_handler(executor = in_task)]
    async fn handler(journal: Journal) -> Result<(), JoinError> {
        wait_until!(journal.clone().work("keep-alive", 100));
        after_response!(journal.work("never started", 10));
        pending().await
    }

    let journal = Journal::new();
    let handling = handler(journal.clone());
    let (_, report, _) = invoke(async { timeout(ms(10), handling).await.unwrap_err() }).await;
    assert_eq!(journal.lines(), ["keep-alive stopped at 10"]);
    assert_eq!(report.cancelled(), 2);
}

/// Starts a task when it is dropped.
struct Spawns(Journal);

impl Drop for Spawns {
    fn drop(&mut self) {
        spawn_tracked!(self.0.clone().hang("never started"));
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_dropped_body_starts_is_cancelled() {
    #[serverless_handler(executor = in_task)]
    async fn handler(journal: Journal, others: usize) -> Result<(), JoinError> {
        let _spawns = Spawns(journal.clone());
        for _ in 0..others {
            spawn_tracked!(pending::<()>());
        }
        pending().await
    }

    for others in [0, 1] {
        let journal = Journal::new();
        let handling = timeout(ms(10), handler(journal.clone(), others));
        let invocation = invoke(async { handling.await.unwrap_err() });
        let (_, report, _) = timeout(ms(60_000), invocation).await.expect("it drains");
        assert_eq!(journal.lines(), [""; 0]);
        assert_eq!(report.cancelled(), others as u64 + 1);
    }
}

#[tokio::test(start_paused = true)]
async fn the_limit_holds() {
    #[serverless_handler(executor = in_task, max_concurrent = 2)]
    async fn handler(journal: Journal) -> Result<(), JoinError> {
        for what in ["a", "b", "c", "d", "e"] {
            spawn_tracked!(journal.clone().work(what, 100));
        }
        Ok(())
    }

    let journal = Journal::new();
    handler(journal.clone()).await.unwrap();
    assert_eq!(
        journal.lines(),
        ["a at 100", "b at 100", "c at 200", "d at 200", "e at 300"]
    );
}

#[tokio::test(start_paused = true)]
async fn awaiting_one_that_waits_for_the_limit_starts_it() {
    #[serverless_handler(executor = in_task, max_concurrent = 1)]
    async fn handler() -> Result<u8, Error> {
        let outer = spawn_tracked!(async {
            let inner = spawn_tracked!(async { Value(tasks_of_the_runtime()) });
            inner.await.map(|tasks| 5 + tasks)
        });
        Ok(u8::try_from(outer.await?)?)
    }

    assert_eq!(handler().await.unwrap(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_blocking_task_runs_on_its_thread_and_is_joined() {
    #[serverless_handler(executor = in_task)]
    async fn handler(journal: Journal) -> Result<(), Error> {
        let this = std::thread::current().id();
        let task = spawn_blocking_tracked!(move || Value(std::thread::current().id() != this));
        assert!(task.await?);
        spawn_blocking_tracked!(move || {
            std::thread::sleep(ms(20));
            journal.write("blocking");
        });
        Ok(())
    }

    let journal = Journal::new();
    handler(journal.clone()).await.unwrap();
    assert_eq!(journal.lines(), ["blocking at 0"]);
}
