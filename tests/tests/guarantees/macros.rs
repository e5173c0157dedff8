//! The four macros: their options, where they work, what they accept.

use std::convert::Infallible;

use super::*;
use tethered::{
    TaskErrorKind, Tracked, Value, serverless_handler, spawn_blocking_tracked, spawn_tracked,
    wait_until,
};

#[tokio::test(start_paused = true)]
async fn options_come_in_any_order_each_optional() {
    #[serverless_handler]
    async fn handler() -> Result<(), Error> {
        let owned = String::from("owned");
        for task in [
            spawn_tracked!(name = "a", timeout = ms(5), pending::<()>()),
            spawn_tracked!(timeout = ms(5), name = owned, pending::<()>()),
            spawn_tracked!(timeout = ms(5), pending::<()>(),),
            wait_until!(timeout = ms(5), name = "b", pending::<()>()),
        ] {
            assert_eq!(task.await.unwrap_err().kind(), TaskErrorKind::TimedOut);
        }
        let name = async { "a function of this name is no option" };
        spawn_tracked!(async { assert_ne!(name.await, "") });
        Ok(())
    }

    let (result, report, _) = invoke(handler()).await;
    result.unwrap();
    let names: Vec<_> = report.tasks().map(tethered::TaskReport::name).collect();
    assert_eq!(
        names,
        [
            "a",
            "owned",
            "pending::<()>()",
            "b",
            r#"async { assert_ne!(name.await, "") }"#
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_name_is_the_expression_cut_at_forty_characters() {
    async fn a_function_with_a_name_that_is_quite_long() {
        sleep(ms(1)).await;
    }

    #[serverless_handler(on_error = log)]
    async fn handler() {
        spawn_tracked!(a_function_with_a_name_that_is_quite_long());
    }

    let line = line!() - 3;
    let ((), report, _) = invoke(handler()).await;
    let row = report.tasks().next().unwrap();
    assert_eq!(row.name(), "a_function_with_a_name_that_is_quite_lon");
    assert_eq!((row.location().line(), row.location().column()), (line, 9));
}

#[tokio::test]
async fn a_blocking_closure_is_named_when_its_timeout_comes() {
    #[serverless_handler]
    async fn handler(stop: std::sync::mpsc::Receiver<()>) -> Result<(), tethered::JoinError> {
        let task = spawn_blocking_tracked!(timeout = ms(20), move || stop.recv());
        assert_eq!(task.await.unwrap_err().kind(), TaskErrorKind::TimedOut);
        Ok(())
    }

    let (stop, stopped) = std::sync::mpsc::channel();
    let (result, report, _) = invoke(handler(stopped)).await;
    result.unwrap();
    assert_eq!(report.timed_out(), 1);
    stop.send(()).unwrap();
}

#[tokio::test(start_paused = true)]
async fn every_kind_of_outcome_is_accepted() {
    #[serverless_handler]
    async fn handler() -> Result<(), Error> {
        let unit: Tracked<()> = spawn_tracked!(async {});
        let value: Tracked<u8> = spawn_tracked!(async { Value(1) });
        let result: Tracked<u8> = spawn_tracked!(async { Ok::<u8, std::io::Error>(1) });
        let text: Tracked<u8> = spawn_tracked!(async { Ok::<u8, &'static str>(1) });
        let boxed: Tracked<u8> = spawn_tracked!(async { Ok::<u8, Error>(1) });
        let blocking: Tracked<u8> = spawn_blocking_tracked!(|| Value(1));
        let loops = spawn_tracked!(async {
            loop {
                sleep(ms(1)).await;
            }
        });
        let never: Tracked<Infallible> = spawn_tracked!(pending::<Infallible>());
        tokio::try_join!(unit, value, result, text, boxed, blocking)?;
        loops.abort();
        never.abort();
        Ok(())
    }

    handler().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn they_work_in_any_function_that_the_handler_calls() {
    fn kick(journal: &Journal) {
        spawn_tracked!(journal.clone().work("kicked", 10));
    }

    #[serverless_handler]
    async fn handler(journal: Journal) -> Result<(), Error> {
        kick(&journal);
        Ok(())
    }

    let journal = Journal::new();
    handler(journal.clone()).await.unwrap();
    assert_eq!(journal.lines(), ["kicked at 10"]);
}
