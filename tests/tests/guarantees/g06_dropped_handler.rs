use super::*;
use tethered::{after_response, serverless_handler, spawn_tracked, wait_until};
use tokio::time::timeout;

#[tokio::test(start_paused = true)]
async fn finish_moves_the_tasks_up() {
    #[serverless_handler]
    async fn handler(journal: Journal) -> Result<(), Error> {
        spawn_tracked!(journal.clone().work("tracked", 100));
        spawn_tracked!(name = "fails", journal.clone().fail("fails", 150));
        wait_until!(journal.clone().work("keep-alive", 200));
        after_response!(journal.clone().work("after", 50));
        journal.hang("body").await;
        Ok(())
    }

    let journal = Journal::new();
    let handling = handler(journal.clone());
    let answering = async {
        timeout(ms(10), handling).await.unwrap_err();
        journal.write("response");
    };
    let ((), report, told) = invoke(answering).await;
    assert_eq!(
        journal.lines(),
        [
            "body stopped at 10",
            "response at 10",
            "after at 60",
            "tracked at 100",
            "fails at 150",
            "keep-alive at 200"
        ]
    );
    assert_eq!(told, ["fails"], "to hook and log");
    assert_eq!((report.completed(), report.failed()), (3, 1));
    assert_eq!(journal.now(), 200);
}

#[tokio::test(start_paused = true)]
async fn abort_stops_them_and_the_scope_around_waits_for_that() {
    #[serverless_handler(on_drop = abort)]
    async fn handler(journal: Journal) -> Result<(), Error> {
        spawn_tracked!(journal.clone().hang("tracked"));
        wait_until!(journal.clone().hang("keep-alive"));
        after_response!(journal.clone().hang("never started"));
        journal.hang("body").await;
        Ok(())
    }

    let journal = Journal::new();
    let handling = handler(journal.clone());
    let answering = async { timeout(ms(10), handling).await.unwrap_err() };
    let (_, report, _) = invoke(answering).await;
    let mut lines = journal.lines();
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            "body stopped at 10",
            "keep-alive stopped at 10",
            "tracked stopped at 10"
        ]
    );
    assert_eq!(report.cancelled(), 3);
}

#[tokio::test(start_paused = true)]
async fn dropped_during_the_join_is_no_different() {
    #[serverless_handler]
    async fn handler(journal: Journal) -> Result<(), Error> {
        spawn_tracked!(journal.clone().work("tracked", 100));
        Ok(())
    }

    let journal = Journal::new();
    let handling = handler(journal.clone());
    let (_, report, _) = invoke(async { timeout(ms(10), handling).await.unwrap_err() }).await;
    assert_eq!(journal.lines(), ["tracked at 100"]);
    assert_eq!(report.completed(), 1);
}

#[tokio::test(start_paused = true)]
async fn one_that_has_returned_aborts_nothing() {
    #[serverless_handler(on_drop = abort)]
    async fn handler(journal: Journal) -> Result<(), Error> {
        wait_until!(journal.clone().work("keep-alive", 100));
        Ok(())
    }

    let journal = Journal::new();
    invoke(handler(journal.clone())).await.0.unwrap();
    assert_eq!(journal.lines(), ["keep-alive at 100"]);
}
