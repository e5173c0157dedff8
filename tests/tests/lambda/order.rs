//! The order on the wire, seen from the API.

use serde_json::json;
use tethered_examples::recorder::Mark;
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
            let nexts = function.api.count(Ask::Next);
            function.api.event(&id, &json!(scenario), LONG);
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

/// The environment variable and the path are those of a container image that has SnapStart.
#[tokio::test]
async fn the_snapshot_is_taken_after_the_extension_and_before_the_first_event() {
    let env = [("AWS_LAMBDA_INITIALIZATION_TYPE", "snap-start")];
    let function = start_with("run", &env, |_| ()).await;
    function.api.event("restored", &json!("answers"), LONG);
    let answer = function.api.answer("restored").await;
    let next = function.api.next(2).await;
    assert_in_order(&function, &answer, &next).await;
    let asked = |ask| {
        let calls = function.api.calls();
        calls.iter().position(|call| call.ask == ask).unwrap()
    };
    assert!(asked(Ask::Register) < asked(Ask::Restore));
    assert!(asked(Ask::Restore) < asked(Ask::Next));
}

#[tokio::test]
async fn a_rejected_response_changes_nothing_and_is_said() {
    for status in [400, 403, 410, 413, 500, 503] {
        let function = start_with("run", &[], |api| {
            api.reply(Ask::Response, Reply::Status(status));
        })
        .await;
        function.api.event("rejected", &json!("answers"), LONG);
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
    function.api.event("failed", &json!("answers"), LONG);
    let answer = function.api.answer("failed").await;
    // Four tasks, each with its start and its end.
    let all = |record: &[Mark]| (record.len() == 8).then(|| record.to_vec());
    let record = function.until(all).await;
    let after = record.iter().find(|mark| mark.name == "after_response");
    assert!(after.unwrap().at > answer.at);
    assert_eq!(function.api.count(Ask::Next), 1);
    let (status, log) = function.ended().await;
    assert_eq!(status.code(), Some(1));
    let line = "the loop over the Runtime API has ended: client error (SendRequest): \
                connection closed before message completed";
    assert!(log.contains(line), "{log}");
}
