use super::*;
use tethered::{serverless_handler, spawn_tracked, wait_until};

#[tokio::test(start_paused = true)]
async fn none_waits_for_anothers_tasks_or_sees_their_failures() {
    #[serverless_handler]
    async fn handler(journal: Journal, millis: u64, fails: bool) -> Result<(), Error> {
        spawn_tracked!(journal.clone().work("tracked", millis));
        wait_until!(journal.clone().work("keep-alive", millis * 2));
        if fails {
            spawn_tracked!(name = "fails", journal.fail("fails", millis / 2));
        }
        Ok(())
    }

    let (slow, fast) = (Journal::new(), Journal::new());
    let slow_one = tokio::spawn({
        let slow = slow.clone();
        async move {
            let (result, report, _) = invoke(handler(slow.clone(), 1_000, true)).await;
            (result.is_err(), report.spawned(), slow.now())
        }
    });
    let (result, report, told) = invoke(handler(fast.clone(), 10, false)).await;
    result.unwrap();
    assert_eq!((report.spawned(), fast.now()), (2, 20));
    assert_eq!(told, [""; 0]);
    assert_eq!(slow_one.await.unwrap(), (true, 3, 2_000));
}

#[tokio::test(start_paused = true)]
async fn one_inside_another_is_in_both_reports() {
    let nested = invoke(async {
        wait_until!(name = "nested", async {});
    });
    let (((), inner, _), outer, _) = invoke(nested).await;
    for report in [inner, outer] {
        let names: Vec<_> = report.tasks().map(tethered::TaskReport::name).collect();
        assert_eq!(names, ["nested"]);
        assert_eq!(report.completed(), 1);
    }
}
