//! An API that misbehaves.

use serde_json::json;
use tethered_tests::runtime_api::{Ask, Reply};

use crate::{LONG, assert_is, start_with};

#[tokio::test]
async fn no_event_ends_the_function_with_what_happened() {
    for reply in [Reply::Status(400), Reply::Status(500), Reply::Close] {
        let function = start_with("run", &[], |api| api.reply(Ask::Next, reply)).await;
        let (status, log) = function.ended().await;
        assert_eq!(status.code(), Some(1), "{log}");
        let line = if reply == Reply::Close {
            "the Runtime API has ended: client error (SendRequest): connection closed before \
             message completed"
        } else {
            "the Runtime API has ended: its answer to GET /next was no event"
        };
        assert!(log.contains(line), "{log}");
    }
}

#[tokio::test]
async fn an_extension_that_cannot_register_is_done_without() {
    for reply in [
        Reply::Status(403),
        Reply::Status(500),
        Reply::Close,
        Reply::Never,
    ] {
        let function = start_with("run", &[], |api| api.reply(Ask::Register, reply)).await;
        function.api.event("first", &json!("answers"), LONG);
        let answer = function.api.answer("first").await;
        assert_is(&answer, Ask::Response, "answer");
        function.api.next(2).await;
        function.terminate().await;
        let (status, log) = function.ended().await;
        assert_eq!(status.code(), Some(0), "{log}");
        assert_eq!(
            log.matches("running without a shutdown").count(),
            1,
            "{log}"
        );
    }
}

#[tokio::test]
async fn the_extension_has_no_events_and_is_ready_before_the_first_one() {
    let function = start_with("run", &[], |_| ()).await;
    function.api.next(1).await;
    let calls = function.api.calls();
    assert_is(&calls[0], Ask::Register, r#"{"events":[]}"#);
    function
        .api
        .wait(|calls| {
            calls
                .iter()
                .find(|call| call.ask == Ask::ExtensionNext)
                .map(drop)
        })
        .await;
}
