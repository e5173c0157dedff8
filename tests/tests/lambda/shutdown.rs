//! SIGTERM.

use std::time::{Duration, Instant};

use serde_json::json;
use tethered_examples::recorder::Mark;
use tethered_tests::runtime_api::Ask;

use crate::{LONG, start, start_with};

#[tokio::test]
async fn an_idle_function_exits_at_once() {
    for (mode, workers) in [("run", "1"), ("concurrent", "4")] {
        let env = [("AWS_LAMBDA_MAX_CONCURRENCY", workers)];
        let function = start_with(mode, &env, |_| ()).await;
        function.api.next(workers.parse().unwrap()).await;
        let started = Instant::now();
        function.terminate().await;
        let (status, log) = function.ended().await;
        assert_eq!(status.code(), Some(0), "{log}");
        assert!(
            started.elapsed() < Duration::from_millis(200),
            "{:?}",
            started.elapsed()
        );
        assert!(!log.contains("shut down with work left"), "{log}");
    }
}

#[tokio::test]
async fn running_work_ends_within_the_budget_and_no_more_is_taken() {
    let function = start("run").await;
    function.api.event("last", &json!("answers"), LONG);
    function.api.event("never-taken", &json!("answers"), LONG);
    let answer = function.api.answer("last").await;
    function.terminate().await;
    // In the middle of its keep-alive tasks.
    let done = function.until_done("last", "wait_until").await;
    assert!(done.at > answer.at);
    assert_eq!(function.api.delivered("never-taken"), None);
    let (status, log) = function.ended().await;
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(!log.contains("shut down with work left"), "{log}");
}

#[tokio::test]
async fn what_is_left_is_told_aborted_and_named() {
    for scenario in ["hangs", "lingers", "blocks"] {
        let function = start("run").await;
        function.api.event("left", &json!(scenario), LONG);
        let (begins, saves) = match scenario {
            "hangs" => ("tracked saves", true),
            "lingers" => ("saves", true),
            _ => ("blocks", false),
        };
        // An event that is still on its way is no work yet.
        let begun = |record: &[Mark]| record.iter().find(|mark| mark.name == begins).map(drop);
        function.until(begun).await;
        let started = Instant::now();
        function.terminate().await;
        if saves {
            function.until_done("left", begins).await;
        }
        let (status, log) = function.ended().await;
        let took = started.elapsed();
        assert_eq!(status.code(), Some(0), "{log}");
        let limit = Duration::from_millis(390)..Duration::from_millis(500);
        assert!(limit.contains(&took), "{took:?}");
        let task = match scenario {
            "hangs" => "hanging task (",
            "lingers" => "lingering task (",
            _ => "blocking task (",
        };
        let line = log
            .lines()
            .find(|line| line.contains("shut down with work left after 400ms"));
        let line = line.unwrap_or_else(|| panic!("{log}"));
        assert!(
            line.contains(task) && line.contains("invocation left"),
            "{line}"
        );
    }
}

#[tokio::test]
async fn without_it_nothing_is_registered() {
    let function = start("without shutdown").await;
    function.api.next(1).await;
    assert!(
        function
            .api
            .calls()
            .iter()
            .all(|call| call.ask == Ask::Next)
    );
    function.terminate().await;
    let (status, _) = function.ended().await;
    assert_eq!(status.code(), None, "ended by the signal");
}
