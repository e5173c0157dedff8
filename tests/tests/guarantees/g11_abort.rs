use std::sync::mpsc::channel;

use super::*;
use tethered::{Scope, TaskErrorKind, after_response, serverless_handler, spawn_tracked};

#[tokio::test(start_paused = true)]
async fn an_aborted_task_is_cancelled_and_no_failure() {
    #[serverless_handler]
    async fn handler(journal: Journal) -> Result<(), Error> {
        let hangs = spawn_tracked!(journal.clone().hang("hangs"));
        let sibling = spawn_tracked!(journal.clone().work("sibling", 100));
        sleep(ms(10)).await;
        hangs.abort();
        assert_ne!(hangs.id(), sibling.id());
        let error = hangs.await.unwrap_err();
        assert_eq!(error.kind(), TaskErrorKind::Cancelled);
        after_response!(journal.hang("never started")).abort();
        Ok(())
    }

    let journal = Journal::new();
    let (result, report, told) = invoke(handler(journal.clone())).await;
    result.unwrap();
    assert_eq!(journal.lines(), ["hangs stopped at 10", "sibling at 100"]);
    assert_eq!((report.completed(), report.cancelled()), (1, 2));
    assert_eq!(told, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn its_token_fires() {
    #[serverless_handler]
    async fn handler() -> Result<(), Error> {
        let (token, told) = tokio::sync::oneshot::channel();
        let task = spawn_tracked!(async {
            token.send(Scope::current().cancellation_token()).unwrap();
            pending::<()>().await;
        });
        let other =
            spawn_tracked!(async { tethered::Value(Scope::current().cancellation_token()) });
        let (token, other) = (told.await?, other.await?);
        assert!(!token.is_cancelled());
        task.abort();
        assert!(token.is_cancelled());
        assert!(!other.is_cancelled() && !Scope::current().cancellation_token().is_cancelled());
        Ok(())
    }

    handler().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_token_asked_for_afterwards_has_fired() {
    #[serverless_handler]
    async fn handler() -> Result<(), Error> {
        let (runs, running) = channel();
        let (go, told) = channel();
        let task = tethered::spawn_blocking_tracked!(move || {
            runs.send(())?;
            told.recv()?;
            let token = Scope::current().cancellation_token();
            Ok::<_, Error>(token.is_cancelled())
        });
        // On its thread, where it cannot be stopped.
        running.recv()?;
        task.abort();
        go.send(())?;
        assert!(task.await?);
        Ok(())
    }

    handler().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn one_that_has_ended_keeps_its_outcome() {
    #[serverless_handler]
    async fn handler() -> Result<u8, Error> {
        let task = spawn_tracked!(async { tethered::Value(3) });
        sleep(ms(1)).await;
        assert!(task.is_finished());
        task.abort();
        Ok(task.await?)
    }

    let (result, report, _) = invoke(handler()).await;
    assert_eq!(result.unwrap(), 3);
    assert_eq!((report.completed(), report.cancelled()), (1, 0));
}
