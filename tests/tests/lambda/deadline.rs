//! The deadline, as its header tells it.

use std::time::Duration;

use serde_json::json;
use tethered_examples::recorder::Phase;
use tethered_tests::runtime_api::Ask;

use crate::{LONG, assert_in_order, assert_is, start};

#[tokio::test]
async fn an_absurd_header_is_said_once_and_loses_nothing() {
    for header in ["0", "1", "600000", "99999999999999", "18446744073709551615"] {
        let function = start("run").await;
        for (count, id) in ["first", "second"].iter().enumerate() {
            function.api.event_until(id, &json!("answers"), header);
            let answer = function.api.answer(id).await;
            assert_is(&answer, Ask::Response, "answer");
            let next = function.api.next(count + 2).await;
            assert_in_order(&function, &answer, &next).await;
        }
        let log = function.killed().await;
        let line = format!("`Lambda-Runtime-Deadline-Ms: {header}` is no deadline");
        assert_eq!(log.matches(&line).count(), 1, "{log}");
    }
}

#[tokio::test]
async fn a_deadline_that_has_passed_is_answered_at_once() {
    let function = start("run").await;
    let now = std::time::SystemTime::now();
    let past = now - Duration::from_secs(5);
    let past = past
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_millis();
    function
        .api
        .event_until("late", &json!("answers"), &past.to_string());
    let answer = function.api.answer("late").await;
    assert_is(
        &answer,
        Ask::Error,
        "handler (tests/src/bin/scenarios/main.rs:",
    );
    assert!(function.record().await.is_empty(), "the body was polled");
    function.api.event("in-time", &json!("answers"), LONG);
    function.api.answer("in-time").await;
}

#[tokio::test]
async fn a_header_that_is_no_number_ends_the_function_with_what_happened() {
    let function = start("run").await;
    function.api.event_until("odd", &json!("answers"), "soon");
    let (status, log) = function.ended().await;
    assert_eq!(status.code(), Some(1));
    assert!(
        log.contains("the Runtime API has ended: invalid digit found in string"),
        "{log}"
    );
}

#[tokio::test]
async fn margin_and_grace_are_the_builders() {
    let function = start("wide margin").await;
    function
        .api
        .event("wide", &json!("hangs"), Duration::from_millis(1_500));
    let answer = function.api.answer("wide").await;
    assert_is(&answer, Ask::Error, "hanging task (");
    let delivered = function.api.delivered("wide").unwrap();
    let told = function
        .at("wide", "tracked saves", Phase::Done)
        .await
        .unwrap();
    let (told, answered) = (told.at.ms_since(delivered), answer.at.ms_since(delivered));
    // 1,500 - 600, then 100 until they are aborted.
    assert!((870.0..990.0).contains(&told), "{told}");
    assert!((970.0..1_150.0).contains(&answered), "{answered}");
}
