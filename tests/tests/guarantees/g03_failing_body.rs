use std::panic::AssertUnwindSafe;

use super::*;
use tethered::{JoinError, serverless_handler, spawn_tracked};

#[derive(Debug)]
#[allow(dead_code, reason = "shown by Debug")]
enum AppError {
    Mine,
    Join(JoinError),
}

impl From<JoinError> for AppError {
    fn from(error: JoinError) -> Self {
        Self::Join(error)
    }
}

#[tokio::test(start_paused = true)]
async fn its_tasks_are_joined_and_its_error_is_returned() {
    #[serverless_handler]
    async fn handler(journal: Journal) -> Result<(), AppError> {
        spawn_tracked!(name = "fails", journal.clone().fail("fails", 50));
        spawn_tracked!(journal.clone().work("sibling", 100));
        Err(AppError::Mine)
    }

    let journal = Journal::new();
    let (result, report, told) = invoke(handler(journal.clone())).await;
    assert!(matches!(result, Err(AppError::Mine)));
    assert_eq!(journal.lines(), ["fails at 50", "sibling at 100"]);
    assert_eq!(told, ["fails"], "to the hook and the log");
    assert_eq!((report.failed(), report.cancelled()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_panic_resumes_after_the_join() {
    #[serverless_handler]
    async fn handler(journal: Journal) -> Result<(), AppError> {
        spawn_tracked!(journal.clone().fail("fails", 50));
        spawn_tracked!(journal.clone().work("sibling", 100));
        journal.write("panic");
        std::panic::panic_any("the body's payload");
    }

    let journal = Journal::new();
    let handling = tokio::spawn(AssertUnwindSafe(handler(journal.clone())).0);
    let payload = handling.await.unwrap_err().into_panic();
    assert_eq!(*payload.downcast::<&str>().unwrap(), "the body's payload");
    assert_eq!(
        journal.lines(),
        ["panic at 0", "fails at 50", "sibling at 100"]
    );
}
