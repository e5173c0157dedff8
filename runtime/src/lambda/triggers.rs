//! Which events are acknowledged by their answer, told from their shape.

use std::iter;

use crate::KeepAlive;

/// What becomes of the keep-alive tasks of an invocation with this payload.
///
/// The shapes are those of the events that Lambda documents for each service. The payload is read
/// by its keys alone, as far as the first that tells, since its own reader comes later.
pub(super) fn keep_alive(payload: &[u8]) -> KeepAlive {
    if is_acknowledged(payload) {
        KeepAlive::JoinAndFail
    } else {
        KeepAlive::AnswerFirst
    }
}

fn is_acknowledged(payload: &[u8]) -> bool {
    // The keys of a batch's first record count as well, whether it is in `Records`, or the event
    // itself is the batch, as EventBridge Pipes hand it over.
    let is_batch = payload.trim_ascii_start().starts_with(b"[");
    let mut level = if is_batch { 2 } else { 1 };
    for (depth, key, value) in keys(payload) {
        match (depth, key) {
            (1, b"Records") if value.starts_with(b"[") => level = 3,
            // API Gateway, function URLs, load balancers.
            (1, b"requestContext" | b"httpMethod" | b"routeKey") => return false,
            // EventBridge, schedules included; CloudWatch Logs.
            (1, b"detail-type" | b"awslogs") => return true,
            // SQS, SNS, S3, DynamoDB, Kinesis, Kafka and others. CloudFront's records are requests,
            // and have none.
            (_, b"eventSource" | b"EventSource") if depth == level => {
                return value.starts_with(b"\"aws:");
            }
            _ => {}
        }
    }
    false
}

/// The keys of a JSON text, in order, with their depth and what comes after their colon. Of what is
/// no JSON it yields anything, and ends.
fn keys(json: &[u8]) -> impl Iterator<Item = (usize, &[u8], &[u8])> {
    let (mut rest, mut depth) = (json, 0_usize);
    iter::from_fn(move || {
        loop {
            let (&byte, after) = rest.split_first()?;
            rest = after;
            match byte {
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth = depth.saturating_sub(1),
                b'"' => {
                    let end = string_end(rest)?;
                    let (string, after) = rest.split_at(end);
                    rest = &after[1..];
                    if let Some(value) = rest.trim_ascii_start().strip_prefix(b":") {
                        return Some((depth, string, value.trim_ascii_start()));
                    }
                }
                _ => {}
            }
        }
    })
}

/// Where the string that begins here ends.
fn string_end(json: &[u8]) -> Option<usize> {
    let mut escaped = false;
    json.iter().position(|&byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    })
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
            r#"{"order":[[{"eventSource":"aws:sqs"}]],"note":"\"eventSource\":\"aws:sqs\""}"#,
            r#"["detail-type", "eventSource"]"#,
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
