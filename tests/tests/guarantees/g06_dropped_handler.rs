use super::*;
use tethered::{Scope, after_response, serverless_handler, spawn_tracked, wait_until};
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

#[tokio::test(start_paused = true)]
async fn abort_drops_what_waits_for_the_response_at_once() {
    #[serverless_handler(on_drop = abort)]
    async fn handler(journal: Journal) -> Result<(), Error> {
        after_response!(journal.work("never started", 10));
        pending().await
    }

    let journal = Journal::new();
    let answering = async {
        timeout(ms(10), handler(journal.clone())).await.unwrap_err();
        assert_eq!(Scope::current().len(), 0);
    };
    let ((), report, _) = invoke(answering).await;
    assert_eq!(journal.lines(), [""; 0]);
    assert_eq!(report.cancelled(), 1);
}

#[tokio::test(start_paused = true)]
async fn abort_stops_what_the_body_starts_when_it_is_dropped() {
    struct SpawnsWhenDropped(Journal);
    impl Drop for SpawnsWhenDropped {
        fn drop(&mut self) {
            spawn_tracked!(self.0.clone().work("from drop", 10));
        }
    }

    #[serverless_handler(on_drop = abort)]
    async fn handler(journal: Journal) -> Result<(), Error> {
        let _guard = SpawnsWhenDropped(journal);
        spawn_tracked!(pending::<()>());
        pending().await
    }

    let journal = Journal::new();
    let handling = handler(journal.clone());
    let (_, report, _) = invoke(async { timeout(ms(10), handling).await.unwrap_err() }).await;
    assert_eq!(journal.lines(), [""; 0]);
    assert_eq!(report.cancelled(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_invocation_moves_its_tasks_to_the_one_around() {
    let journal = Journal::new();
    let work = journal.clone();
    let answering = async {
        let inner = Invocation::new().run(async move {
            wait_until!(work.clone().work("keep-alive", 100));
            after_response!(work.work("after", 50));
            pending::<()>().await;
        });
        timeout(ms(10), inner).await.unwrap_err();
    };
    let ((), report, _) = invoke(answering).await;
    assert_eq!(journal.lines(), ["after at 60", "keep-alive at 100"]);
    assert_eq!(report.completed(), 2);
}

#[tokio::test(start_paused = true)]
async fn dropped_after_its_join_it_still_tells_what_failed() {
    #[serverless_handler]
    async fn handler(journal: Journal) -> Result<(), Error> {
        spawn_tracked!(name = "fails", journal.clone().fail("fails", 5));
        wait_until!(journal.clone().work("keep-alive", 100));
        Ok(())
    }

    let journal = Journal::new();
    let handling = handler(journal.clone());
    let host = Invocation::new().keep_alive(tethered::KeepAlive::Join);
    let answering = async { timeout(ms(50), handling).await.unwrap_err() };
    let (_, report, told) = invoke_as(host, answering).await;
    assert_eq!(told, ["fails"]);
    assert_eq!((report.failed(), report.completed()), (1, 1));
    assert_eq!(journal.lines(), ["fails at 5", "keep-alive at 100"]);
}
