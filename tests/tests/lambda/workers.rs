//! Several invocations at once, as on Managed Instances.

use serde_json::json;
use tethered_tests::{function::Function, runtime_api::Ask};

use crate::{LONG, assert_is, start_with};

async fn start(mode: &str, workers: &str) -> Function {
    start_with(mode, &[("AWS_LAMBDA_MAX_CONCURRENCY", workers)], |_| ()).await
}

#[tokio::test]
async fn invocations_run_beside_each_other_and_none_waits_for_another() {
    let function = start("concurrent", "4").await;
    function
        .api
        .event("slow", &json!("lingers"), std::time::Duration::from_secs(2));
    for id in ["a", "b", "c"] {
        function.api.event(id, &json!("answers"), LONG);
    }
    for id in ["a", "b", "c"] {
        let answer = function.api.answer(id).await;
        assert_is(&answer, Ask::Response, "answer");
    }
    function.api.answer("slow").await;
    // Failures and deadlines stay with their own.
    for id in ["a", "b", "c"] {
        for name in ["tracked", "blocking", "wait_until", "after_response"] {
            function.until_done(id, name).await;
        }
    }
}

/// `answers` leaves two keep-alive tasks; two may overlap.
#[tokio::test]
async fn background_work_overlaps_the_next_invocation_up_to_its_number() {
    let function = start("concurrent", "2").await;
    for id in ["a", "b", "c"] {
        function.api.event(id, &json!("answers"), LONG);
    }
    let first = {
        let (a, b) = (
            function.api.answer("a").await,
            function.api.answer("b").await,
        );
        if a.at < b.at { a } else { b }
    };
    // The first worker is let go at once: its two tasks fill the room.
    let third = function.api.next(3).await;
    let background = function.api.answer("c").await;
    let done = function.until_done(&first.request_id, "wait_until").await;
    assert!(third.at < done.at, "it did not wait for its tasks");
    // The second one is held until there is room.
    let fourth = function.api.next(4).await;
    assert!(
        fourth.at.ms_since(first.at) > 40.0,
        "{}",
        fourth.at.ms_since(first.at)
    );
    drop(background);
}

#[tokio::test]
async fn a_drain_holds_its_worker_no_longer_than_its_cap() {
    let function = start("capped", "2").await;
    function.api.event("lingers", &json!("lingers"), LONG);
    let answer = function.api.answer("lingers").await;
    let next = function.api.next(3).await;
    let held = next.at.ms_since(answer.at);
    assert!((290.0..1_000.0).contains(&held), "{held}");
    function.done("lingers", "saves").await;
    let log = function.killed().await;
    assert!(
        log.contains("lingering task (") && log.contains("timed out"),
        "{log}"
    );
}
