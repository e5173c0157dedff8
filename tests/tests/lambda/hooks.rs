//! What runs after the tasks and before the next event.

use std::time::Duration;

use serde_json::json;
use tethered_examples::recorder::Mark;
use tethered_tests::runtime_api::Ask;

use crate::{LONG, start};

#[tokio::test]
async fn it_runs_between_the_tasks_and_next() {
    let function = start("hook").await;
    for (count, scenario) in ["answers", "fails", "panics"].iter().enumerate() {
        let id = count.to_string();
        function.api.event(&id, &json!(scenario), LONG);
        function.api.answer(&id).await;
        let next = function.api.next(count + 2).await;
        let record = function.record().await;
        let hooks: Vec<_> = record
            .iter()
            .filter(|mark| mark.name == "drained")
            .collect();
        assert_eq!(hooks.len(), count + 1);
        assert!(function.done(&id, "wait_until").await.at < hooks[count].at);
        assert!(function.done(&id, "after_response").await.at < hooks[count].at);
        assert!(hooks[count].at < next.at);
    }
}

#[tokio::test]
async fn one_that_is_rare_runs_first_and_last() {
    let function = start("rare hook").await;
    for id in ["a", "b", "c"] {
        function.api.event(id, &json!("answers"), LONG);
        function.api.answer(id).await;
    }
    function.api.next(4).await;
    let hooks = |record: &[Mark]| record.iter().filter(|mark| mark.name == "drained").count();
    assert_eq!(hooks(&function.record().await), 1);
    function.terminate().await;
    function
        .until(|record| (hooks(record) == 2).then_some(()))
        .await;
    let (status, log) = function.ended().await;
    assert_eq!(status.code(), Some(0), "{log}");
}

#[tokio::test]
async fn one_that_hangs_or_panics_is_said_and_holds_nothing_up() {
    for (mode, line) in [
        ("slow hook", "the `on_drained` hook was stopped after 2"),
        ("panicking hook", "the host's on_drained hook panicked"),
    ] {
        let function = start(mode).await;
        for (count, id) in ["a", "b"].iter().enumerate() {
            function.api.event(id, &json!("answers"), LONG);
            let answer = function.api.answer(id).await;
            assert_eq!(answer.ask, Ask::Response);
            function.api.next(count + 2).await;
        }
        let log = function.killed().await;
        assert_eq!(log.matches(line).count(), 2, "{log}");
    }
    // Nor beyond Lambda's deadline.
    let function = start("slow hook").await;
    function
        .api
        .event("late", &json!("lingers"), Duration::from_millis(500));
    function.api.answer("late").await;
    let next = function.api.next(2).await;
    let took = next.at.ms_since(function.api.delivered("late").unwrap());
    // Its own 200 ms would have ended at 675.
    assert!(took < 600.0, "{took}");
}
