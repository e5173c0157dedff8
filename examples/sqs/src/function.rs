//! The function: a task for each message of the batch, and an answer that names those that failed.

use std::{future::pending, time::Duration};

use aws_lambda_events::sqs::{SqsEvent, SqsMessage};
use lambda_runtime::{Context, Error, LambdaEvent, service_fn};
use tethered::{
    lambda::{BatchResponse, partial_batch},
    serverless_handler, spawn_tracked, wait_until,
};
use tethered_examples::recorder::{Pen, Phase};
use tokio::time::sleep;

use crate::parcel::{Fate, Parcel};

#[tokio::main]
pub(crate) async fn run() -> Result<(), Error> {
    tethered::lambda::run(service_fn(handler)).await
}

#[serverless_handler]
async fn handler(event: LambdaEvent<SqsEvent>) -> Result<BatchResponse, Error> {
    let LambdaEvent { payload, context } = event;
    let id = |message: &SqsMessage| message.message_id.clone().unwrap_or_default();
    let ship = |message| ship(context.clone(), message);
    Ok(partial_batch(payload.records, id, ship).await)
}

async fn ship(context: Context, message: SqsMessage) -> Result<(), Error> {
    let parcel: Parcel = serde_json::from_str(message.body.as_deref().unwrap_or_default())?;
    let nth = message.attributes.get("ApproximateReceiveCount");
    let nth: u32 = nth.ok_or("a message without its count")?.parse()?;
    let effects = Effects {
        pen: Pen::from_env(&context.request_id)?,
        of: format!("{} {nth}", parcel.number),
    };
    // What goes wrong does so the first time.
    let fate = if nth == 1 { parcel.fate } else { Fate::Ships };

    spawn_tracked!(
        effects
            .clone()
            .happens("count", 10, fate == Fate::LosesItsCount)
    );
    sleep(Duration::from_millis(20)).await;
    match fate {
        Fate::HasNoRoom => return Err("no room".into()),
        Fate::Panics => panic!("the parcel falls"),
        _ => {}
    }
    wait_until!(
        effects
            .clone()
            .happens("mail", 60, fate == Fate::LosesItsMail)
    );
    if fate == Fate::Hangs {
        pending::<()>().await;
    }
    effects.happens("ship", 20, false).await
}

/// The side effects of one delivery, as the recorder hears of them.
#[derive(Clone)]
struct Effects {
    pen: Pen,
    of: String,
}

impl Effects {
    async fn happens(self, what: &'static str, millis: u64, fails: bool) -> Result<(), Error> {
        let name = format!("{what} {}", self.of);
        self.pen.write(&name, Phase::Started).await?;
        sleep(Duration::from_millis(millis)).await;
        if fails {
            return Err(format!("no {what}").into());
        }
        Ok(self.pen.write(&name, Phase::Done).await?)
    }
}
