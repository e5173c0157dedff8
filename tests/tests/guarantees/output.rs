//! What handlers return, and `scope`.

use super::*;
use tethered::{JoinError, scope, serverless_handler, spawn_tracked};

#[tokio::test(start_paused = true)]
async fn scope_is_the_attribute_without_the_attribute() {
    let journal = Journal::new();
    let work = journal.clone();
    let value = scope(async |scope| {
        scope.spawn(work.clone().work("a", 10)).unwrap();
        spawn_tracked!(work.work("b", 20));
        scope.len()
    })
    .await
    .unwrap();
    assert_eq!(
        (value, journal.lines()),
        (2, vec!["a at 10".into(), "b at 20".into()])
    );

    let error = scope(async |_| drop(spawn_tracked!(async { Err::<(), _>("fails") })))
        .await
        .unwrap_err();
    assert_eq!(error.to_string().split(": ").last(), Some("fails"));
}

#[tokio::test]
async fn scope_is_send_where_its_closure_is() {
    let sum = tokio::spawn(async {
        let (a, b) = (2, 3);
        scope(async |_| a + b).await.unwrap()
    });
    assert_eq!(sum.await.unwrap(), 5);
}

#[tokio::test(start_paused = true)]
async fn on_error_log_returns_the_value_as_it_is() {
    #[serverless_handler(on_error = log)]
    async fn plain() -> u8 {
        spawn_tracked!(name = "fails", async { Err::<(), _>("fails") });
        7
    }

    #[serverless_handler(on_error = log)]
    async fn result() -> Result<u8, String> {
        spawn_tracked!(name = "fails", async { Err::<(), _>("fails") });
        Ok(8)
    }

    let (value, _, told) = invoke(plain()).await;
    assert_eq!((value, told), (7, vec!["fails".to_owned()]));
    let (value, _, told) = invoke(result()).await;
    assert_eq!((value, told), (Ok(8), vec!["fails".to_owned()]));
}

#[tokio::test(start_paused = true)]
async fn a_join_error_is_written_out_up_to_ten() {
    #[serverless_handler(join = join_all)]
    async fn handler() -> Result<(), JoinError> {
        for number in 0..13 {
            spawn_tracked!(name = format!("task {number}"), async move {
                Err::<(), _>(number.to_string())
            });
        }
        Ok(())
    }

    let error = handler().await.unwrap_err();
    let text = error.to_string();
    assert_eq!(text.matches("; task").count(), 9);
    assert!(text.ends_with("; and 3 more"), "{text}");
    assert_eq!(error.iter().count(), 13);
    let source = std::error::Error::source(&error).unwrap();
    assert!(source.to_string().starts_with("task 0 ("));
}

/// Fails with a tracked task's error, as the type that the handler returns.
macro_rules! handlers_that_fail {
    ($($name:ident -> $error:ty),* $(,)?) => {
        $(
            #[serverless_handler]
            async fn $name() -> Result<(), $error> {
                spawn_tracked!(name = "fails", async { Err::<(), _>("why") });
                Ok(())
            }
        )*
    };
}

#[derive(Debug, thiserror::Error)]
enum AppError {
    #[error("a task: {0}")]
    Join(#[from] JoinError),
}

handlers_that_fail! {
    boxed -> Box<dyn std::error::Error + Send + Sync>,
    local -> Box<dyn std::error::Error>,
    with_anyhow -> anyhow::Error,
    with_eyre -> eyre::Report,
    with_lambda -> lambda_runtime::Error,
    with_diagnostic -> lambda_runtime::Diagnostic,
    with_an_enum -> AppError,
}

#[tokio::test(start_paused = true)]
async fn the_errors_that_people_use_hold_a_join_error() {
    let texts = [
        boxed().await.unwrap_err().to_string(),
        local().await.unwrap_err().to_string(),
        with_anyhow().await.unwrap_err().to_string(),
        with_eyre().await.unwrap_err().to_string(),
        with_lambda().await.unwrap_err().to_string(),
        with_diagnostic().await.unwrap_err().error_message,
        with_an_enum().await.unwrap_err().to_string(),
    ];
    for text in texts {
        assert!(
            text.contains("fails (") && text.ends_with(": why"),
            "{text}"
        );
    }
    let error = with_anyhow().await.unwrap_err();
    assert!(error.downcast_ref::<JoinError>().is_some());
}
