use std::pin::Pin;

use super::*;
use futures_util::poll;
use tethered::{
    JoinError, KeepAlive, Scope, after_response, serverless_handler, spawn_tracked, wait_until,
};
use tokio::{sync::oneshot, time::timeout};

#[tokio::test(start_paused = true)]
async fn they_hold_the_invocation_not_the_response() {
    #[serverless_handler]
    async fn handler(journal: Journal) -> Result<(), Error> {
        spawn_tracked!(journal.clone().work("tracked", 100));
        wait_until!(name = "fails", journal.clone().fail("fails", 300));
        wait_until!(name = "panics", async { panic!("keep-alive") });
        after_response!(journal.clone().work("after", 50));
        Ok(())
    }

    let journal = Journal::new();
    let answering = async {
        handler(journal.clone()).await.unwrap();
        sleep(ms(20)).await;
        journal.write("response");
    };
    let ((), report, told) = invoke(answering).await;
    assert_eq!(
        journal.lines(),
        [
            "tracked at 100",
            "response at 120",
            "after at 170",
            "fails at 300"
        ]
    );
    assert_eq!(journal.now(), 300, "drained before `run` ends");
    assert_eq!(told, ["panics", "fails"]);
    assert_eq!((report.failed(), report.panicked()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn after_response_starts_after_an_error_and_after_a_panic() {
    #[serverless_handler]
    async fn handler(journal: Journal, panics: bool) -> Result<(), Error> {
        after_response!(journal.clone().work("after", 10));
        sleep(ms(100)).await;
        journal.write("answer");
        assert!(!panics, "the handler panics");
        Err("the handler fails".into())
    }

    let journal = Journal::new();
    let (result, ..) = invoke(handler(journal.clone(), false)).await;
    result.unwrap_err();
    assert_eq!(journal.lines(), ["answer at 100", "after at 110"]);

    let journal = Journal::new();
    let invocation = tokio::spawn(Invocation::new().run(handler(journal.clone(), true)));
    assert!(invocation.await.unwrap_err().is_panic());
    assert_eq!(journal.lines(), ["answer at 100", "after at 110"]);
}

#[tokio::test(start_paused = true)]
async fn once_the_response_is_out_after_response_starts_at_once() {
    #[serverless_handler]
    async fn handler(journal: Journal) -> Result<(), Error> {
        wait_until!(async move {
            sleep(ms(100)).await;
            after_response!(journal.work("after", 10));
        });
        Ok(())
    }

    let journal = Journal::new();
    invoke(handler(journal.clone())).await.0.unwrap();
    assert_eq!(journal.lines(), ["after at 110"]);
}

#[tokio::test(start_paused = true)]
async fn without_a_host_they_are_joined_before_the_return() {
    #[serverless_handler]
    async fn handler(journal: Journal) -> Result<(), Error> {
        spawn_tracked!(journal.clone().work("tracked", 100));
        wait_until!(journal.clone().work("keep-alive", 200));
        wait_until!(async { Err::<(), _>("not the handler's") });
        after_response!(journal.clone().work("after", 50));
        journal.work("body", 20).await;
        Ok(())
    }

    let journal = Journal::new();
    handler(journal.clone()).await.unwrap();
    assert_eq!(
        journal.lines(),
        [
            "body at 20",
            "tracked at 100",
            "after at 150",
            "keep-alive at 200"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn where_the_host_joins_they_come_before_the_answer() {
    #[serverless_handler]
    async fn handler(journal: Journal) -> Result<(), JoinError> {
        wait_until!(name = "fails", journal.clone().fail("keep-alive", 200));
        after_response!(journal.clone().work("after", 50));
        Ok(())
    }

    for (mode, fails) in [(KeepAlive::Join, false), (KeepAlive::JoinAndFail, true)] {
        let journal = Journal::new();
        let answering = async {
            let result = handler(journal.clone()).await;
            journal.write("answer");
            result
        };
        let host = Invocation::new().keep_alive(mode);
        let (result, report, told) = invoke_as(host, answering).await;
        assert_eq!(
            journal.lines(),
            ["after at 50", "keep-alive at 200", "answer at 200"]
        );
        assert_eq!(report.failed(), 1);
        if fails {
            assert_eq!(result.unwrap_err().first().name(), "fails");
            assert_eq!(told, [""; 0]);
        } else {
            result.unwrap();
            assert_eq!(told, ["fails"]);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn those_of_a_nested_handler_go_to_the_scope_around() {
    #[serverless_handler]
    async fn inner(journal: Journal) -> Result<(), JoinError> {
        wait_until!(name = "inner's", journal.clone().fail("inner's", 100));
        Ok(())
    }

    #[serverless_handler]
    async fn outer(journal: Journal) -> Result<(), JoinError> {
        inner(journal.clone()).await?;
        assert_eq!(Scope::current().len(), 1);
        journal.write("inner returned");
        Ok(())
    }

    let journal = Journal::new();
    outer(journal.clone()).await.unwrap();
    assert_eq!(journal.lines(), ["inner returned at 0", "inner's at 100"]);

    // Under an acknowledged trigger their failure is the outermost handler's.
    let journal = Journal::new();
    let host = Invocation::new().keep_alive(KeepAlive::JoinAndFail);
    let (result, _, told) = invoke_as(host, outer(journal.clone())).await;
    assert_eq!(result.unwrap_err().first().name(), "inner's");
    assert_eq!(journal.lines(), ["inner returned at 0", "inner's at 100"]);
    assert_eq!(told, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn what_a_keep_alive_task_starts_is_one_too() {
    #[serverless_handler]
    async fn handler(journal: Journal) -> Result<(), Error> {
        wait_until!(async move {
            spawn_tracked!(name = "child", journal.clone().fail("child", 100));
            spawn_tracked!(async move {
                spawn_tracked!(journal.work("grandchild", 200));
            });
        });
        tokio::task::yield_now().await;
        Ok(())
    }

    let journal = Journal::new();
    let answering = async {
        handler(journal.clone()).await.unwrap();
        journal.write("response");
    };
    let ((), _, told) = invoke(answering).await;
    assert_eq!(
        journal.lines(),
        ["response at 0", "child at 100", "grandchild at 200"]
    );
    assert_eq!(told, ["child"]);
}

#[tokio::test(start_paused = true)]
async fn awaiting_an_after_response_task_before_the_response_starts_it() {
    #[serverless_handler]
    async fn handler(journal: Journal) -> Result<(), Error> {
        after_response!(journal.work("early", 10)).await?;
        Ok(())
    }

    let journal = Journal::new();
    invoke(handler(journal.clone())).await.0.unwrap();
    assert_eq!(journal.lines(), ["early at 10"]);
}

#[tokio::test(start_paused = true)]
async fn a_keep_alive_task_that_awaits_one_waits_for_the_response() {
    #[serverless_handler]
    async fn handler(journal: Journal) -> Result<(), Error> {
        let after = after_response!(journal.clone().work("after", 10));
        wait_until!(after);
        journal.work("body", 100).await;
        Ok(())
    }

    let journal = Journal::new();
    invoke(handler(journal.clone())).await.0.unwrap();
    assert_eq!(journal.lines(), ["body at 100", "after at 110"]);
}

#[tokio::test(start_paused = true)]
async fn awaited_by_the_body_it_starts_whoever_polled_its_handle_before() {
    #[serverless_handler]
    async fn handler(journal: Journal) -> Result<(), Error> {
        let (out, handle) = oneshot::channel();
        wait_until!(async move {
            let mut after = after_response!(journal.work("early", 10));
            assert!(poll!(&mut after).is_pending());
            let _ = out.send(after);
        });
        handle.await?.await?;
        Ok(())
    }

    let journal = Journal::new();
    let handling = timeout(ms(60_000), invoke(handler(journal.clone())));
    handling.await.expect("it starts").0.unwrap();
    assert_eq!(journal.lines(), ["early at 10"]);
}

#[tokio::test(start_paused = true)]
async fn in_a_nested_handler_too_it_starts_at_once_when_the_response_is_out() {
    #[serverless_handler]
    async fn nested(journal: Journal) -> Result<(), JoinError> {
        let (out, started) = oneshot::channel();
        after_response!(async move {
            journal.write("after");
            let _ = out.send(());
        });
        started.await.unwrap();
        Ok(())
    }

    #[serverless_handler]
    async fn handler(journal: Journal) -> Result<(), JoinError> {
        wait_until!(async move {
            sleep(ms(100)).await;
            nested(journal).await
        });
        Ok(())
    }

    let journal = Journal::new();
    let handling = timeout(ms(60_000), invoke(handler(journal.clone())));
    handling.await.expect("no deadlock").0.unwrap();
    assert_eq!(journal.lines(), ["after at 100"]);
}

#[tokio::test(start_paused = true)]
async fn a_long_chain_of_handlers_each_in_a_task_of_the_last_one_ends() {
    #[serverless_handler]
    async fn link(left: u32) -> Result<(), JoinError> {
        wait_until!(next(left));
        Ok(())
    }

    fn next(left: u32) -> Pin<Box<dyn Future<Output = Result<(), JoinError>> + Send>> {
        Box::pin(async move {
            if left > 0 {
                link(left - 1).await?;
            }
            Ok(())
        })
    }

    let (result, report, _) = invoke(link(10_000)).await;
    result.unwrap();
    assert_eq!(report.completed(), 10_001);
}
