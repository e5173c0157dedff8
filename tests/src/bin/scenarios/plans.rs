//! Goes through a plan.

use std::{io, thread, time::Duration};

use lambda_runtime::Error;
use tethered::{after_response, spawn_blocking_tracked, spawn_tracked, wait_until};
use tethered_examples::recorder::{Pen, Phase};
use tethered_tests::plan::{End, Kind, Plan, Task};
use tokio::time::sleep;

pub(crate) fn go_through(pen: &Pen, plan: Plan) -> Result<&'static str, Error> {
    for task in plan.tasks {
        start(pen.clone(), task);
    }
    match plan.end {
        End::Answers => Ok("answer"),
        End::Fails => Err("planned".into()),
        End::Panics => panic!("planned"),
    }
}

fn start(pen: Pen, task: Task) {
    match task.kind {
        Kind::Tracked => drop(spawn_tracked!(work(pen, task))),
        Kind::Blocking => drop(spawn_blocking_tracked!(move || block(&pen, &task))),
        Kind::WaitUntil => drop(wait_until!(work(pen, task))),
        Kind::AfterResponse => drop(after_response!(work(pen, task))),
    }
}

async fn work(pen: Pen, task: Task) -> io::Result<()> {
    pen.write(&task.name, Phase::Started).await?;
    sleep(Duration::from_millis(task.millis)).await;
    pen.write(&task.name, Phase::Done).await?;
    for child in task.children {
        start(pen.clone(), child);
    }
    Ok(())
}

fn block(pen: &Pen, task: &Task) -> io::Result<()> {
    pen.write_blocking(&task.name, Phase::Started)?;
    thread::sleep(Duration::from_millis(task.millis));
    pen.write_blocking(&task.name, Phase::Done)
}
