//! Events whose answer acknowledges them.

use std::time::Duration;

use serde_json::json;
use tethered_tests::runtime_api::Ask;

use crate::{LONG, assert_is, bus, queue, start};

#[tokio::test]
async fn what_an_answer_would_acknowledge_is_done_before_it() {
    for mode in ["run", "layer", "bare handler"] {
        let function = start(mode).await;
        function.api.event("bus", &bus("answers"), LONG);
        let answer = function.api.answer("bus").await;
        assert_is(&answer, Ask::Response, "answer");
        for name in ["tracked", "blocking", "wait_until", "after_response"] {
            assert!(
                function.done("bus", name).await.at < answer.began,
                "{mode} {name}"
            );
        }
    }
}

#[tokio::test]
async fn a_keep_alive_failure_fails_it_there_and_nowhere_else() {
    for mode in ["run", "layer", "bare handler", "answer first"] {
        let function = start(mode).await;
        function
            .api
            .event("direct", &json!("loses-a-keep-alive-task"), LONG);
        let answer = function.api.answer("direct").await;
        assert_is(&answer, Ask::Response, "answer");

        function
            .api
            .event("bus", &bus("loses-a-keep-alive-task"), LONG);
        let answer = function.api.answer("bus").await;
        if mode == "answer first" {
            assert_is(&answer, Ask::Response, "answer");
        } else {
            assert_is(&answer, Ask::Error, "keep-alive task (");
            assert_is(&answer, Ask::Error, "no mail");
        }
        function.api.next(3).await;
        let log = function.killed().await;
        let failures = log
            .matches("a task did not complete: keep-alive task")
            .count();
        assert_eq!(
            failures,
            if mode == "answer first" { 2 } else { 1 },
            "{log}"
        );
        let told = log.matches("hook: keep-alive task").count();
        assert_eq!(
            told,
            if ["run", "layer"].contains(&mode) {
                0
            } else {
                failures
            },
            "{log}"
        );
    }
}

#[tokio::test]
async fn a_batch_names_its_failed_records() {
    let function = start("run").await;
    let bodies = ["ships", "fails", "panics", "loses a task", "ships", "hangs"];
    function
        .api
        .event("batch", &queue(&bodies), Duration::from_secs(1));
    let answer = function.api.answer("batch").await;
    let failures = r#"{"batchItemFailures":[{"itemIdentifier":"2"},{"itemIdentifier":"3"},{"itemIdentifier":"4"},{"itemIdentifier":"6"}]}"#;
    assert_is(&answer, Ask::Response, failures);

    function.api.event("whole", &queue(&["ships"]), LONG);
    let answer = function.api.answer("whole").await;
    assert_is(&answer, Ask::Response, r#"{"batchItemFailures":[]}"#);
    assert!(function.done("whole", "record").await.at < answer.began);

    let log = function.killed().await;
    for failure in [
        "record 2 is to be",
        "no table",
        "no room",
        "no mail",
        "record 6 is to be",
    ] {
        assert!(log.contains(failure), "{failure} not in {log}");
    }
}
