//! The event source mapping: what stands between a queue and a function on AWS.
//!
//! It receives a batch, invokes the function with it, and deletes what the answer acknowledges: all
//! but the `batchItemFailures`, and nothing where the function fails. The rest becomes visible again.
//! <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html>

use std::{collections::HashSet, error::Error, time::Duration};

use aws_sdk_sqs::{
    Client,
    types::{
        DeleteMessageBatchRequestEntry, Message, MessageSystemAttributeName, QueueAttributeName,
    },
};
use serde_json::{Value, json};
use tethered_examples::local_lambda::{Answer, LocalLambda, Outcome};

type BoxError = Box<dyn Error + Send + Sync>;

pub(crate) struct Mapping<'a> {
    pub(crate) client: &'a Client,
    pub(crate) queue: &'a str,
    /// The function's timeout.
    pub(crate) timeout: Duration,
}

/// One batch and what became of it.
pub(crate) struct Batch {
    pub(crate) size: usize,
    pub(crate) failed: usize,
    pub(crate) answer: Answer,
}

impl Mapping<'_> {
    /// The next batch, `None` where no message is visible for a second.
    pub(crate) async fn next(&self, lambda: &mut LocalLambda) -> Result<Option<Batch>, BoxError> {
        let received = self.client.receive_message().queue_url(self.queue);
        let received = received
            .max_number_of_messages(10)
            .wait_time_seconds(1)
            .message_system_attribute_names(MessageSystemAttributeName::All)
            .send()
            .await?;
        let messages = received.messages();
        if messages.is_empty() {
            return Ok(None);
        }
        let records: Vec<_> = messages.iter().map(record).collect();
        let event = json!({ "Records": records });
        let answer = lambda.invoke(event, self.timeout).await?;
        let failed = failures(&answer.outcome, messages)?;
        let mut delete = self.client.delete_message_batch().queue_url(self.queue);
        for message in messages {
            let id = message.message_id().unwrap_or_default();
            if !failed.contains(id) {
                let handle = message.receipt_handle().unwrap_or_default();
                let entry = DeleteMessageBatchRequestEntry::builder().id(id);
                delete = delete.entries(entry.receipt_handle(handle).build()?);
            }
        }
        // A request without entries is refused.
        if delete.get_entries().is_some() {
            let deleted = delete.send().await?;
            if let Some(entry) = deleted.failed().first() {
                return Err(format!("a message was not deleted: {entry:?}").into());
            }
        }
        Ok(Some(Batch {
            size: messages.len(),
            failed: failed.len(),
            answer,
        }))
    }

    /// How many messages are in the queue, the invisible ones included.
    pub(crate) async fn left(&self) -> Result<u32, BoxError> {
        let counts = [
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
        ];
        let request = self.client.get_queue_attributes().queue_url(self.queue);
        let answer = request.set_attribute_names(Some(counts.to_vec())).send();
        let answer = answer.await?;
        let count = |name| -> Result<u32, BoxError> {
            let count = answer.attributes().and_then(|counts| counts.get(name));
            Ok(count.ok_or("a queue without its count")?.parse()?)
        };
        Ok(count(&counts[0])? + count(&counts[1])?)
    }
}

/// The message as Lambda hands it over.
fn record(message: &Message) -> Value {
    let attributes = message.attributes().into_iter().flatten();
    let attributes: serde_json::Map<_, _> = attributes
        .map(|(name, value)| (name.as_str().to_owned(), json!(value)))
        .collect();
    json!({
        "messageId": message.message_id(),
        "receiptHandle": message.receipt_handle(),
        "body": message.body(),
        "md5OfBody": message.md5_of_body(),
        "attributes": attributes,
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:eu-central-1:123456789012:parcels",
        "awsRegion": "eu-central-1",
    })
}

/// The ids of the messages that are not acknowledged.
fn failures(outcome: &Outcome, messages: &[Message]) -> Result<HashSet<String>, BoxError> {
    let sent: HashSet<_> = messages.iter().filter_map(Message::message_id).collect();
    let Outcome::Response(answer) = outcome else {
        return Ok(sent.into_iter().map(str::to_owned).collect());
    };
    let failures = answer["batchItemFailures"].as_array();
    let failures = failures.ok_or("an answer without its failures")?;
    let id = |failure: &Value| failure["itemIdentifier"].as_str().map(str::to_owned);
    let failed: Option<HashSet<_>> = failures.iter().map(id).collect();
    let failed = failed.ok_or("a failure without its message")?;
    match failed.iter().find(|id| !sent.contains(id.as_str())) {
        Some(id) => Err(format!("{id} was not in the batch").into()),
        None => Ok(failed),
    }
}
