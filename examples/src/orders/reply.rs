//! What the functions answer.

use aws_lambda_events::{
    apigw::ApiGatewayV2httpResponse,
    encodings::Body,
    http::{HeaderValue, header::CONTENT_TYPE},
    sqs::{BatchItemFailure, SqsBatchResponse},
};
use lambda_runtime::Error;
use serde_json::{Value, json};

/// The HTTP response for what a route came to: its status and body, or an error.
pub fn api_reply(result: Result<(i64, Value), Error>) -> Result<Value, Error> {
    let (status, body) =
        result.unwrap_or_else(|error| (502, json!({ "error": error.to_string() })));
    let mut response = ApiGatewayV2httpResponse::default();
    response.status_code = status;
    response.body = Some(Body::Text(body.to_string()));
    response
        .headers
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(serde_json::to_value(response)?)
}

/// The answer to a batch: the messages that the queue has to deliver again.
pub fn batch_reply(failed: Vec<String>) -> Result<Value, Error> {
    let mut response = SqsBatchResponse::default();
    response.batch_item_failures = failed
        .into_iter()
        .map(|message_id| {
            let mut failure = BatchItemFailure::default();
            failure.item_identifier = message_id;
            failure
        })
        .collect();
    Ok(serde_json::to_value(response)?)
}
