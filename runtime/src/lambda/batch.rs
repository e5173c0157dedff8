//! Batches whose records are acknowledged one by one.

use std::pin::Pin;

use serde::Serialize;

use crate::{
    BoxError, Invocation, KeepAlive, Outcome, Scope,
    handler::{Handler, fail},
    log,
    run::run,
    scope::Deadline,
    site::Site,
    spawn::{Options, spawn_tracked},
};

/// The answer to a batch of SQS, Kinesis or DynamoDB: which of its records are to be delivered
/// again.
///
/// Lambda reads it only where the event source mapping has
/// [`ReportBatchItemFailures`](https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-batchfailurereporting);
/// without it, any answer acknowledges the whole batch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchResponse {
    /// The failed ones, in the order of the batch.
    pub batch_item_failures: Vec<BatchItemFailure>,
}

/// One record that is to be delivered again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchItemFailure {
    /// The message id of SQS, the sequence number of Kinesis and DynamoDB.
    pub item_identifier: String,
}

/// Processes the records of a batch in parallel, a task for each, and answers with those that
/// failed.
///
/// A record fails if `process` does, by an error or a panic, if a task that it started does,
/// keep-alive ones included, or if it is not done in time: its deadline is a grace period before
/// the handler's, so that the answer can still say which records are done. What a record has
/// started is over when its part of the answer is known. Each failure is logged.
///
/// ```
/// # use tethered::{lambda::{BatchResponse, partial_batch}, serverless_handler};
/// # type Error = Box<dyn std::error::Error + Send + Sync>;
/// # #[derive(Default)] struct SqsMessage { message_id: Option<String> }
/// # struct SqsEvent { records: Vec<SqsMessage> }
/// # async fn ship(_: SqsMessage) -> Result<(), Error> { Ok(()) }
/// #[serverless_handler(max_concurrent = 10)]
/// async fn handler(event: SqsEvent) -> Result<BatchResponse, Error> {
///     let id = |message: &SqsMessage| message.message_id.clone().unwrap_or_default();
///     Ok(partial_batch(event.records, id, ship).await)
/// }
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// # let event = SqsEvent { records: vec![SqsMessage::default()] };
/// # assert_eq!(handler(event).await.unwrap(), BatchResponse::default());
/// # }
/// ```
///
/// Records of a FIFO queue or of a shard depend on each other's order: they do not belong here.
///
/// # Cancel safety
/// Where the future is dropped, the records that have been started stay tasks of the handler.
pub async fn partial_batch<R, F>(
    records: impl IntoIterator<Item = R>,
    id: impl Fn(&R) -> String,
    process: impl Fn(R) -> F,
) -> BatchResponse
where
    F: Future<Output: Outcome> + Send + 'static,
{
    static SITE: Site = Site::new("record");

    let start = |record: R| {
        let id = id(&record);
        let options = Options::new(&SITE).name(format!("record {id}"));
        (id, spawn_tracked(options, whole(&SITE, process(record))))
    };
    let tasks: Vec<_> = records.into_iter().map(start).collect();
    let mut response = BatchResponse::default();
    for (id, task) in tasks {
        if let Err(error) = task.await {
            log::warn(format_args!(
                "record {id} is to be delivered again: {error}"
            ));
            response.batch_item_failures.push(BatchItemFailure {
                item_identifier: id,
            });
        }
    }
    response
}

/// One record and all that it starts, as an invocation of its own.
async fn whole<F>(site: &'static Site, work: F) -> Result<(), BoxError>
where
    F: Future<Output: Outcome> + Send + 'static,
{
    let deadline = Scope::current().0.plan.deadline.map(|deadline| Deadline {
        at: deadline
            .at
            .checked_sub(deadline.grace)
            .unwrap_or(deadline.at),
        ..deadline
    });
    let body = async move { work.await.into_outcome().map(drop) };
    let record: Pin<Box<dyn Future<Output = _> + Send>> =
        Box::pin(run(Handler::new(fail(), site), body));
    Invocation::new()
        .keep_alive(KeepAlive::JoinAndFail)
        .within(deadline)
        .run(record)
        .await
}
