//! Which events are acknowledged by their answer, told from their shape.

use std::{cell::Cell, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use crate::KeepAlive;

/// What becomes of the keep-alive tasks of an invocation with this payload.
///
/// The shapes are those of the events that Lambda documents for each service. Reading stops as soon
/// as they are told apart, mostly at the first key.
pub(super) fn keep_alive(payload: &[u8]) -> KeepAlive {
    let acknowledged = Cell::new(false);
    let mut json = serde_json::Deserializer::from_slice(payload);
    // What is no JSON at all, or is left half-read on purpose, is told by the flag.
    let _ = Shape(&acknowledged, Level::Event).deserialize(&mut json);
    if acknowledged.get() {
        KeepAlive::JoinAndFail
    } else {
        KeepAlive::AnswerFirst
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Level {
    Event,
    /// The first of a batch: SQS, SNS, S3, DynamoDB, Kinesis and others name their source in it,
    /// CloudFront does not, whose events are requests.
    Record,
}

/// A value whose keys tell whether its answer acknowledges it.
#[derive(Clone, Copy)]
struct Shape<'a>(&'a Cell<bool>, Level);

#[derive(Deserialize)]
#[serde(field_identifier)]
enum Key {
    Records,
    #[serde(rename = "eventSource", alias = "EventSource")]
    Source,
    /// EventBridge, schedules included.
    #[serde(rename = "detail-type")]
    DetailType,
    /// CloudWatch Logs.
    #[serde(rename = "awslogs")]
    Logs,
    /// API Gateway, function URLs, load balancers.
    #[serde(rename = "requestContext", alias = "httpMethod", alias = "routeKey")]
    Request,
    #[serde(other)]
    Other,
}

impl<'de> DeserializeSeed<'de> for Shape<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Shape<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an event")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self(acknowledged, level) = self;
        while let Some(key) = map.next_key()? {
            match key {
                Key::Records if level == Level::Event => {
                    return map.next_value_seed(Self(acknowledged, Level::Record));
                }
                Key::Source => {
                    acknowledged.set(map.next_value::<&str>()?.starts_with("aws:"));
                    return Ok(());
                }
                Key::DetailType | Key::Logs if level == Level::Event => {
                    acknowledged.set(true);
                    return Ok(());
                }
                Key::Request if level == Level::Event => return Ok(()),
                _ => map.next_value::<IgnoredAny>().map(drop)?,
            }
        }
        Ok(())
    }

    /// A batch: of `Records`, or as EventBridge Pipes hand it over.
    fn visit_seq<A: SeqAccess<'de>>(self, mut records: A) -> Result<(), A::Error> {
        records
            .next_element_seed(Self(self.0, Level::Record))
            .map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_told_apart_by_their_shape() {
        for acknowledged in [
            r#"{"Records":[{"messageId":"1","body":"{}","eventSource":"aws:sqs"},{"#,
            r#"{"Records":[{"EventSource":"aws:sns","Sns":{}}]}"#,
            r#"{"Records":[{"eventVersion":"2.1","eventSource":"aws:s3"}]}"#,
            r#"{"Records":[{"dynamodb":{"Keys":{}},"eventSource":"aws:dynamodb"}]}"#,
            r#"{"Records":[{"kinesis":{"data":"a"},"eventSource":"aws:kinesis"}]}"#,
            r#"{"version":"0","id":"1","detail-type":"Scheduled Event","source":"aws.events"}"#,
            r#"{"awslogs":{"data":"H4sI"}}"#,
            r#"{"eventSource":"aws:kafka","records":{}}"#,
            r#"[{"messageId":"1","eventSource":"aws:sqs"}]"#,
        ] {
            assert_eq!(
                keep_alive(acknowledged.as_bytes()),
                KeepAlive::JoinAndFail,
                "{acknowledged}"
            );
        }
        for answered in [
            r#"{"version":"2.0","routeKey":"GET /","detail-type":"no"}"#,
            r#"{"resource":"/","httpMethod":"GET","Records":[{"eventSource":"aws:sqs"}]}"#,
            r#"{"requestContext":{"elb":{}},"httpMethod":"GET"}"#,
            r#"{"Records":[{"cf":{"request":{}}}]}"#,
            r#"{"Records":[]}"#,
            r#"{"Records":"none"}"#,
            r#"{"eventSource":7}"#,
            r#"{"order":{"detail-type":"inner","eventSource":"aws:sqs"}}"#,
            r#"["plain"]"#,
            r#""plain""#,
            "null",
            "",
            "\u{0}\u{ff}",
        ] {
            assert_eq!(
                keep_alive(answered.as_bytes()),
                KeepAlive::AnswerFirst,
                "{answered}"
            );
        }
    }
}
