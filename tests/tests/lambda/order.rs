//! The order on the wire, seen from the API.

use serde_json::json;
use tethered_tests::runtime_api::{Ask, Reply};

use crate::{LONG, assert_in_order, assert_is, start, start_with};

#[tokio::test]
async fn tracked_before_the_post_the_rest_after_it_and_all_before_next() {
    for mode in ["run", "bare handler", "concurrent"] {
        let function = start(mode).await;
        for (count, scenario) in ["answers", "fails", "panics", "answers"].iter().enumerate() {
            if (mode, *scenario) == ("bare handler", "panics") {
                // Only the attribute joins before a panic goes on.
                continue;
            }
            let id = format!("{mode} {count}").replace(' ', "-");
            let nexts = function
                .api
                .calls()
                .iter()
                .filter(|call| call.ask == Ask::Next)
                .count();
            function.api.event(&id, json!(scenario), LONG);
            let answer = function.api.answer(&id).await;
            let next = function.api.next(nexts.max(1) + 1).await;
            assert_in_order(&function, &answer, &next).await;
            match *scenario {
                "answers" => assert_is(&answer, Ask::Response, "\"answer\""),
                "fails" => assert_is(&answer, Ask::Error, "the handler fails"),
                _ => assert_is(&answer, Ask::Error, "Lambda panicked: the handler panics"),
            }
        }
    }
}

#[tokio::test]
async fn a_rejected_response_changes_nothing_and_is_said() {
    for status in [400, 403, 410, 413, 500, 503] {
        let function = start_with("run", &[], |api| {
            api.reply(Ask::Response, Reply::Status(status));
        })
        .await;
        function.api.event("rejected", json!("answers"), LONG);
        let answer = function.api.answer("rejected").await;
        let next = function.api.next(2).await;
        assert_in_order(&function, &answer, &next).await;
        let log = function.killed().await;
        assert!(log.contains(&status.to_string()), "{log}");
    }
}

#[tokio::test]
async fn a_post_that_fails_ends_the_function_after_its_tasks() {
    let function = start_with("run", &[], |api| api.reply(Ask::Response, Reply::Close)).await;
    function.api.event("failed", json!("answers"), LONG);
    let answer = function.api.answer("failed").await;
    let done = function.api.wait(|_| None::<()>);
    let record = tokio::select! {
        () = done => unreachable!(),
        record = async {
            loop {
                let record = function.record().await;
                if record.iter().filter(|mark| mark.name == "after_response").count() == 2 {
                    return record;
                }
                tokio::task::yield_now().await;
            }
        } => record,
    };
    let after = record
        .iter()
        .find(|mark| mark.name == "after_response")
        .unwrap();
    assert!(after.at > answer.at);
    assert_eq!(
        record
            .iter()
            .filter(|mark| mark.phase == tethered_examples::recorder::Phase::Done)
            .count(),
        4
    );
    assert_eq!(
        function
            .api
            .calls()
            .iter()
            .filter(|call| call.ask == Ask::Next)
            .count(),
        1
    );
    let (status, log) = function.ended().await;
    assert_eq!(status.code(), Some(1));
    assert!(
        log.contains("failed to send request to Lambda Runtime API") || log.contains("Error"),
        "{log}"
    );
}
