//! Responses that are made while they are sent.

use std::time::Duration;

use serde_json::json;
use tethered_examples::recorder::{Mark, Phase};
use tethered_tests::runtime_api::{Ask, Reply};

use crate::{LONG, assert_is, start, start_with};

#[tokio::test]
async fn what_a_stream_starts_is_done_before_next() {
    for (mode, payload) in [("streams", json!("whole")), ("http streams", request())] {
        let function = start(mode).await;
        function.api.event("stream", &payload, LONG);
        let answer = function.api.answer("stream").await;
        let next = function.api.next(2).await;
        assert_eq!(answer.body.matches("chunk;").count(), 4, "{}", answer.body);
        // Sent as they are made: three pauses of 50 ms between the first and the last.
        let took = answer.at.ms_since(answer.began);
        assert!(took > 145.0, "{took}");
        for name in ["chunk 0", "chunk 1", "chunk 2", "chunk 3"] {
            let done = function.done("stream", name).await.at;
            assert!(done > answer.at && done < next.at, "{name}");
        }
        if mode == "streams" {
            assert!(function.done("stream", "tracked").await.at < answer.began);
            let after = function
                .at("stream", "after_response", Phase::Started)
                .await;
            assert!(after.unwrap().at > answer.at);
        }
    }
}

#[tokio::test]
async fn a_stream_that_fails_is_told_to_the_client() {
    for (scenario, trailer) in [
        ("fails", "Runtime.StreamError"),
        ("panics", "Runtime.StreamError"),
    ] {
        let function = start("streams").await;
        function.api.event("stream", &json!(scenario), LONG);
        let answer = function.api.answer("stream").await;
        let next = function.api.next(2).await;
        assert_eq!(answer.body.matches("chunk;").count(), 2, "{}", answer.body);
        assert!(answer.body.contains(trailer), "{}", answer.body);
        assert!(function.done("stream", "chunk 1").await.at < next.at);
        let log = function.killed().await;
        let said = log.contains("response stream (") && log.contains("the stream panics");
        assert_eq!(said, scenario == "panics", "{log}");
    }
}

#[tokio::test]
async fn a_stream_that_hangs_ends_at_the_deadline() {
    let function = start("streams").await;
    function
        .api
        .event("stream", &json!("hangs"), Duration::from_secs(1));
    let answer = function.api.answer("stream").await;
    function.api.next(2).await;
    assert!(
        answer.body.contains("Runtime.StreamError"),
        "{}",
        answer.body
    );
    let delivered = function.api.delivered("stream").unwrap();
    let took = answer.at.ms_since(delivered);
    assert!((900.0..1_000.0).contains(&took), "{took}");
    function.done("stream", "told").await;
    let log = function.killed().await;
    assert!(
        log.contains("response stream (") && log.contains("timed out"),
        "{log}"
    );
}

#[tokio::test]
async fn a_client_that_goes_away_ends_the_stream_and_loses_no_task() {
    let function = start_with("streams", &[], |api| {
        api.reply(Ask::Response, Reply::CloseAfter(3));
    })
    .await;
    function.api.event("stream", &json!("whole"), LONG);
    let answer = function.api.answer("stream").await;
    // The connection is gone, which ends `lambda_runtime`'s loop: after the drain.
    let all_done = |record: &[Mark]| {
        let chunks = record.iter().filter(|mark| mark.name.starts_with("chunk"));
        let (started, done): (Vec<_>, Vec<_>) =
            chunks.partition(|mark| mark.phase == Phase::Started);
        (!done.is_empty() && started.len() == done.len()).then_some(done.len())
    };
    let done = function.until(all_done).await;
    assert!((1..=4).contains(&done), "{done}");
    function.done("stream", "after_response").await;
    assert_eq!(answer.chunks.len(), 3);
    let (status, log) = function.ended().await;
    assert_eq!(status.code(), Some(1), "{log}");
}

#[tokio::test]
async fn a_page_of_lambda_http_is_answered_first() {
    let function = start("http").await;
    function.api.event("page", &request(), LONG);
    let answer = function.api.answer("page").await;
    let next = function.api.next(2).await;
    assert_is(&answer, Ask::Response, r#""body":"page""#);
    assert!(function.done("page", "tracked").await.at < answer.began);
    let wait_until = function.done("page", "wait_until").await.at;
    assert!(wait_until > answer.at && wait_until < next.at);
}

/// A request of an HTTP API.
fn request() -> serde_json::Value {
    json!({
        "version": "2.0", "routeKey": "$default", "rawPath": "/", "rawQueryString": "",
        "headers": {}, "isBase64Encoded": false,
        "requestContext": {
            "accountId": "1", "apiId": "a", "domainName": "d", "domainPrefix": "p",
            "http": { "method": "GET", "path": "/", "protocol": "HTTP/1.1",
                      "sourceIp": "127.0.0.1", "userAgent": "u" },
            "requestId": "r", "routeKey": "$default", "stage": "$default",
            "time": "01/Jan/2026:00:00:00 +0000", "timeEpoch": 0
        }
    })
}
