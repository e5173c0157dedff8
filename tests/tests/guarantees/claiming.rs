//! Whose a failure is.

use std::future::poll_fn;

use super::*;
use tethered::{JoinError, Tracked, serverless_handler, spawn_tracked, wait_until};

async fn poll_once<T>(handle: &mut Tracked<T>) -> bool {
    poll_fn(|cx| std::task::Poll::Ready(std::pin::Pin::new(&mut *handle).poll(cx).is_ready())).await
}

#[tokio::test(start_paused = true)]
async fn an_awaited_failure_is_the_callers() {
    #[serverless_handler]
    async fn handler(journal: Journal) -> Result<(), JoinError> {
        let error = spawn_tracked!(journal.clone().fail("x", 10))
            .await
            .unwrap_err();
        assert_eq!(error.into_source().unwrap().to_string(), "x");
        let late = spawn_tracked!(journal.fail("y", 10));
        sleep(ms(50)).await;
        late.await.unwrap_err();
        Ok(())
    }

    let (result, report, told) = invoke(handler(Journal::new())).await;
    result.unwrap();
    assert_eq!(report.failed(), 2);
    assert_eq!(told, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn one_whose_handle_was_never_polled_is_the_joins() {
    #[serverless_handler]
    async fn handler(journal: Journal) -> Result<Tracked<()>, JoinError> {
        Ok(spawn_tracked!(name = "kept", journal.fail("x", 10)))
    }

    let error = handler(Journal::new()).await.map(drop).unwrap_err();
    assert_eq!(error.first().name(), "kept");
}

#[tokio::test(start_paused = true)]
async fn one_given_up_before_it_yields_comes_back() {
    #[serverless_handler]
    async fn handler(journal: Journal, wait: u64) -> Result<(), JoinError> {
        let mut handle = spawn_tracked!(name = "given up", journal.clone().fail("x", 10));
        assert!(!poll_once(&mut handle).await);
        // Dropped before the task fails, or after.
        sleep(ms(wait)).await;
        drop(handle);
        Ok(())
    }

    for wait in [0, 50] {
        let error = handler(Journal::new(), wait).await.unwrap_err();
        assert_eq!(error.first().name(), "given up");
    }
}

#[tokio::test(start_paused = true)]
async fn the_join_does_not_see_what_a_sibling_awaits() {
    #[serverless_handler]
    async fn handler(journal: Journal) -> Result<(), JoinError> {
        let fails = spawn_tracked!(journal.clone().fail("x", 10));
        spawn_tracked!(async move {
            assert!(fails.await.is_err());
            journal.work("sibling", 100).await;
        });
        Ok(())
    }

    let journal = Journal::new();
    handler(journal.clone()).await.unwrap();
    assert_eq!(journal.lines(), ["x at 10", "sibling at 110"]);
}

#[tokio::test(start_paused = true)]
async fn an_early_return_over_polled_handles_loses_nothing() {
    #[serverless_handler]
    async fn handler(journal: Journal) -> Result<(), Error> {
        let a = spawn_tracked!(name = "a", journal.clone().fail("a", 10));
        let b = spawn_tracked!(name = "b", journal.clone().fail("b", 20));
        tokio::try_join!(a, b)?;
        Ok(())
    }

    let (result, report, told) = invoke(handler(Journal::new())).await;
    assert!(result.unwrap_err().to_string().starts_with("a ("));
    assert_eq!(
        told,
        ["b"],
        "the body's error is returned, the other is logged"
    );
    assert_eq!(report.failed(), 2);
}

#[tokio::test(start_paused = true)]
async fn after_the_join_a_handle_still_knows() {
    #[serverless_handler]
    async fn handler(
        journal: Journal,
        out: tokio::sync::oneshot::Sender<Tracked<()>>,
    ) -> Result<(), JoinError> {
        let _ = out.send(spawn_tracked!(name = "kept", journal.fail("x", 10)));
        Ok(())
    }

    let (out, handle) = tokio::sync::oneshot::channel();
    handler(Journal::new(), out).await.unwrap_err();
    let error = handle.await.unwrap().await.unwrap_err();
    assert_eq!(error.name(), "kept");
    assert!(error.into_source().is_none(), "the join has it");
}

#[tokio::test(start_paused = true)]
async fn an_error_is_found_by_its_type() {
    #[derive(Debug, PartialEq)]
    struct Mine(u8);
    impl std::fmt::Display for Mine {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            write!(f, "mine {}", self.0)
        }
    }
    impl std::error::Error for Mine {}

    #[serverless_handler]
    async fn handler() -> Result<(), JoinError> {
        let error = spawn_tracked!(async { Err::<(), _>(Mine(3)) })
            .await
            .unwrap_err();
        let error = error.downcast::<std::fmt::Error>().unwrap_err();
        assert_eq!(
            std::error::Error::source(&error).unwrap().to_string(),
            "mine 3"
        );
        assert_eq!(error.downcast::<Mine>().unwrap(), Mine(3));
        Ok(())
    }

    handler().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn one_that_comes_back_during_the_join_cancels_the_rest() {
    #[serverless_handler]
    async fn handler(journal: Journal) -> Result<(), JoinError> {
        let mut fails = spawn_tracked!(name = "fails", journal.clone().fail("fails", 10));
        spawn_tracked!(journal.clone().hang("sibling"));
        spawn_tracked!(async move {
            assert!(!poll_once(&mut fails).await);
            sleep(ms(100)).await;
            drop(fails);
        });
        Ok(())
    }

    let journal = Journal::new();
    let error = handler(journal.clone()).await.unwrap_err();
    assert_eq!(error.first().name(), "fails");
    assert_eq!(journal.lines(), ["fails at 10", "sibling stopped at 100"]);
}

#[tokio::test(start_paused = true)]
async fn one_that_was_taken_late_cancels_nothing() {
    #[serverless_handler]
    async fn handler(journal: Journal) -> Result<(), JoinError> {
        let fails = spawn_tracked!(journal.clone().fail("x", 10));
        sleep(ms(50)).await;
        fails.await.unwrap_err();
        spawn_tracked!(journal.work("sibling", 100));
        Ok(())
    }

    let journal = Journal::new();
    handler(journal.clone()).await.unwrap();
    assert_eq!(journal.lines(), ["x at 10", "sibling at 150"]);
}

#[tokio::test(start_paused = true)]
async fn one_given_up_after_the_join_is_logged() {
    #[serverless_handler]
    async fn handler(journal: Journal) -> Result<(), JoinError> {
        let mut fails = spawn_tracked!(name = "given up", journal.fail("x", 10));
        wait_until!(async move {
            assert!(!poll_once(&mut fails).await);
            sleep(ms(100)).await;
            drop(fails);
        });
        Ok(())
    }

    let (result, _, told) = invoke(handler(Journal::new())).await;
    result.unwrap();
    assert_eq!(told, ["given up"]);
}
