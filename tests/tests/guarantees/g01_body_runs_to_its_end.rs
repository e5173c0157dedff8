use super::*;
use tethered::{serverless_handler, spawn_tracked};

#[tokio::test(start_paused = true)]
async fn no_failure_of_a_task_cancels_the_body() {
    #[serverless_handler]
    async fn handler(journal: Journal) -> Result<(), Error> {
        spawn_tracked!(journal.clone().fail("task", 10));
        spawn_tracked!(async { panic!("task") });
        journal.work("body", 100).await;
        Ok(())
    }

    let journal = Journal::new();
    let error = handler(journal.clone()).await.unwrap_err();
    assert_eq!(journal.lines(), ["task at 10", "body at 100"]);
    assert!(error.to_string().contains("panicked"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn cancelling_starts_at_the_join() {
    #[serverless_handler]
    async fn handler(journal: Journal) -> Result<(), Error> {
        spawn_tracked!(journal.clone().fail("first", 10));
        spawn_tracked!(journal.clone().work("sibling", 50));
        spawn_tracked!(journal.clone().work("late sibling", 150));
        journal.work("body", 100).await;
        Ok(())
    }

    let journal = Journal::new();
    handler(journal.clone()).await.unwrap_err();
    assert_eq!(
        journal.lines(),
        [
            "first at 10",
            "sibling at 50",
            "body at 100",
            "late sibling stopped at 100"
        ]
    );
}
