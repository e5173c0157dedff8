//! `host = …`

use std::{
    sync::{Mutex, atomic::Ordering},
    time::SystemTime,
};

use super::*;
use tethered::{
    Host, JoinError, KeepAlive, Verdict, serverless_handler, spawn_tracked, wait_until,
};
use tethered_tests::platform::{Platform, take_drain};

/// The body consumes the argument that is the host.
#[serverless_handler(host = platform)]
async fn handler(platform: Platform, journal: Journal) -> Result<(), JoinError> {
    drop(platform);
    spawn_tracked!(journal.clone().work("tracked", 100));
    wait_until!(name = "fails", journal.clone().fail("keep-alive", 300));
    tethered::after_response!(journal.clone().work("after", 50));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_host_that_can_answers_first() {
    let platform = Platform::default();
    let (asked, drains) = (platform.asked.clone(), platform.drains.clone());
    let journal = Journal::new();
    handler(platform, journal.clone()).await.unwrap();
    journal.write("answer");
    assert_eq!(asked.load(Ordering::SeqCst), 101, "each once");
    take_drain(&drains).await;
    assert_eq!(
        journal.lines(),
        [
            "tracked at 100",
            "answer at 100",
            "after at 150",
            "keep-alive at 300"
        ]
    );
    assert_eq!(journal.now(), 300);
}

#[tokio::test(start_paused = true)]
async fn one_that_cannot_has_them_joined() {
    for platform in [
        Platform {
            refuses: true,
            ..Platform::default()
        },
        Platform {
            mode: KeepAlive::Join,
            ..Platform::default()
        },
    ] {
        let journal = Journal::new();
        handler(platform, journal.clone()).await.unwrap();
        assert_eq!(
            journal.lines(),
            ["tracked at 100", "after at 150", "keep-alive at 300"]
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_acknowledged_trigger_fails_with_them() {
    let platform = Platform {
        mode: KeepAlive::JoinAndFail,
        ..Platform::default()
    };
    let error = handler(platform, Journal::new()).await.unwrap_err();
    assert_eq!(error.first().name(), "fails");
}

#[tokio::test(start_paused = true)]
async fn its_deadline_holds() {
    #[serverless_handler(host = &platform)]
    async fn handler(platform: Platform) -> Result<(), JoinError> {
        let _ = platform;
        pending().await
    }

    let journal = Journal::new();
    let deadline = Some(SystemTime::now() + ms(1_000));
    let platform = Platform {
        deadline,
        ..Platform::default()
    };
    handler(platform).await.unwrap_err();
    assert!((900..=950).contains(&journal.now()), "{}", journal.now());
}

#[tokio::test(start_paused = true)]
async fn inside_an_open_invocation_only_its_deadline_counts() {
    let platform = Platform::default();
    let asked = platform.asked.clone();
    let journal = Journal::new();
    let (result, report, told) = invoke(handler(platform, journal.clone())).await;
    result.unwrap();
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    assert_eq!((report.spawned(), told), (3, vec!["fails".to_owned()]));
}

#[tokio::test(start_paused = true)]
async fn tasks_of_a_dropped_handler_stay_in_its_drain() {
    #[serverless_handler(host = platform)]
    async fn handler(platform: Platform, journal: Journal) -> Result<(), JoinError> {
        let _ = platform;
        spawn_tracked!(journal.work("tracked", 100));
        pending().await
    }

    let platform = Platform::default();
    let drains = platform.drains.clone();
    let journal = Journal::new();
    let handling = handler(platform, journal.clone());
    tokio::time::timeout(ms(10), handling).await.unwrap_err();
    take_drain(&drains).await;
    assert_eq!(journal.lines(), ["tracked at 100"]);
}

#[test]
fn a_host_is_one_by_reference_and_shared() {
    fn host<H: Host>(host: &H) -> KeepAlive {
        host.keep_alive_mode()
    }

    let platform = Platform {
        mode: KeepAlive::Join,
        ..Platform::default()
    };
    assert_eq!(host(&&platform), KeepAlive::Join);
    assert_eq!(host(&Arc::new(platform)), KeepAlive::Join);
}

#[tokio::test(start_paused = true)]
async fn its_deadline_holds_for_keep_alive_tasks_in_an_open_invocation() {
    #[serverless_handler(host = platform)]
    async fn handler(platform: Platform, journal: Journal) -> Result<(), JoinError> {
        drop(platform);
        wait_until!(name = "hangs", async move {
            assert!(tethered::Scope::current().deadline().is_some());
            journal.hang("keep-alive").await;
        });
        Ok(())
    }

    let platform = Platform {
        deadline: Some(SystemTime::now() + ms(10_000)),
        ..Platform::default()
    };
    let journal = Journal::new();
    let handling = invoke(handler(platform, journal.clone()));
    let handling = tokio::time::timeout(ms(60_000), handling);
    let (result, report, told) = handling.await.expect("it ends");
    result.unwrap();
    assert_eq!((report.timed_out(), told), (1, vec!["hangs".to_owned()]));
    assert_eq!(journal.lines().len(), 1, "it was stopped");
}

#[tokio::test(start_paused = true)]
async fn a_drain_that_is_polled_late_gives_its_tasks_their_time() {
    #[serverless_handler(host = platform)]
    async fn handler(platform: Platform, journal: Journal) -> Result<(), JoinError> {
        drop(platform);
        wait_until!(journal.hang("keep-alive"));
        Ok(())
    }

    let platform = Platform {
        deadline: Some(SystemTime::now() + ms(1_000)),
        ..Platform::default()
    };
    let drains = platform.drains.clone();
    let journal = Journal::new();
    handler(platform, journal.clone()).await.unwrap();
    sleep(ms(5_000)).await;
    take_drain(&drains).await;
    assert_eq!(journal.lines(), ["keep-alive stopped at 5050"]);
}

#[tokio::test(start_paused = true)]
async fn its_budget_runs_from_the_response() {
    #[serverless_handler(host = platform)]
    async fn handler(platform: Platform, journal: Journal) -> Result<(), JoinError> {
        drop(platform);
        wait_until!(journal.clone().hang("keep-alive"));
        wait_until!(inner(journal.clone()));
        spawn_tracked!(journal.work("tracked", 5_000));
        Ok(())
    }

    /// Its keep-alive task is drained with those around it.
    #[serverless_handler]
    async fn inner(journal: Journal) -> Result<(), JoinError> {
        wait_until!(journal.hang("inner"));
        Ok(())
    }

    let platform = Platform {
        budget: Some(ms(1_000)),
        ..Platform::default()
    };
    let drains = platform.drains.clone();
    let journal = Journal::new();
    handler(platform, journal.clone()).await.unwrap();
    let drain = tokio::time::timeout(ms(60_000), take_drain(&drains));
    drain.await.expect("it ends");
    let mut lines = journal.lines();
    lines[1..].sort();
    assert_eq!(
        lines,
        [
            "tracked at 5000",
            "inner stopped at 5950",
            "keep-alive stopped at 5950"
        ]
    );
}

/// The one verdict that a platform was given.
async fn verdict(platform: &Mutex<Vec<Verdict>>) -> Result<(), String> {
    let verdict = platform.lock().unwrap().pop().unwrap();
    tokio::time::timeout(ms(60_000), verdict)
        .await
        .expect("it is told")
}

fn acknowledged() -> Platform {
    Platform {
        mode: KeepAlive::JoinAndFail,
        ..Platform::default()
    }
}

#[tokio::test(start_paused = true)]
async fn an_acknowledged_trigger_is_told_of_its_tasks() {
    let platform = acknowledged();
    let verdicts = platform.verdicts.clone();
    handler(platform, Journal::new()).await.unwrap_err();
    let told = verdict(&verdicts).await.unwrap_err();
    assert!(told.starts_with("fails (tests/"), "{told}");
}

#[tokio::test(start_paused = true)]
async fn an_acknowledged_trigger_is_told_of_what_went_to_the_log() {
    #[serverless_handler(host = platform, on_error = log)]
    async fn handler(platform: Platform, journal: Journal) {
        drop(platform);
        spawn_tracked!(name = "logged", journal.fail("tracked", 100));
    }

    let platform = acknowledged();
    let verdicts = platform.verdicts.clone();
    handler(platform, Journal::new()).await;
    let told = verdict(&verdicts).await.unwrap_err();
    assert!(told.starts_with("logged (tests/"), "{told}");
}

#[tokio::test(start_paused = true)]
async fn an_acknowledged_trigger_is_told_of_its_handler() {
    #[serverless_handler(host = platform)]
    async fn ends(platform: Platform, how: &str) -> Result<(), Error> {
        let _ = platform;
        match how {
            "well" => Ok(()),
            "failed" => Err("on purpose".into()),
            "panicked" => panic!("on purpose"),
            _ => pending().await,
        }
    }

    for (how, expected) in [
        ("well", Ok(())),
        ("failed", Err("`ends` returned an error".to_owned())),
        ("panicked", Err("the handler did not return".to_owned())),
        ("dropped", Err("the handler did not return".to_owned())),
    ] {
        let platform = acknowledged();
        let verdicts = platform.verdicts.clone();
        let handling = tokio::time::timeout(ms(10), ends(platform, how));
        let _ = tokio::spawn(handling).await;
        assert_eq!(verdict(&verdicts).await, expected, "{how}");
    }
}
