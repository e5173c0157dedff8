//! The events that the functions take.

use aws_lambda_events::{
    apigw::ApiGatewayV2httpRequest,
    sqs::{SqsEvent, SqsMessage},
};
use lambda_runtime::Error;
use serde::Deserialize;

/// Everything that triggers the function, told apart by shape.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum OrderEvent {
    /// A batch of messages of the queue `shipments`.
    Queue(SqsEvent),
    /// A plain invocation, by a schedule or by hand.
    Plain(Command),
    /// A request to the HTTP API.
    Api(Box<ApiGatewayV2httpRequest>),
}

/// What a plain invocation asks for.
#[derive(Clone, Debug, Deserialize)]
#[serde(
    tag = "action",
    rename_all = "kebab-case",
    rename_all_fields = "camelCase"
)]
pub enum Command {
    /// Adds up the day and stores the report.
    NightlyReport {
        /// The day.
        date: String,
        /// The regions to add up, one after the other.
        regions: Vec<String>,
    },
    /// Compares a ledger with the bank; fails where they differ.
    Reconcile {
        /// Which ledger.
        ledger: String,
        /// What the ledger says.
        booked_cents: i64,
        /// What the bank says.
        banked_cents: i64,
    },
}

impl Command {
    /// Its name in an event.
    #[must_use]
    pub fn action(&self) -> &'static str {
        match self {
            Self::NightlyReport { .. } => "nightly-report",
            Self::Reconcile { .. } => "reconcile",
        }
    }
}

/// What a request to the HTTP API asks for.
#[derive(Clone, Debug)]
pub enum Route {
    /// `POST /orders`
    Place(Order),
    /// `GET /orders/{id}`
    View(String),
    /// `DELETE /orders/{id}`
    Cancel(String, Customer),
    /// `POST /orders/{id}/invoice`
    Invoice(String),
    /// `POST /catalogue`
    Import(Vec<Product>),
}

impl Route {
    /// Reads a request.
    pub fn of(request: &ApiGatewayV2httpRequest) -> Result<Self, Error> {
        let body = request.body.as_deref().unwrap_or("null");
        let id = || {
            let id = request.path_parameters.get("id").cloned();
            id.ok_or("the path has no `id`")
        };
        Ok(match request.route_key.as_deref().unwrap_or_default() {
            "POST /orders" => Self::Place(serde_json::from_str(body)?),
            "GET /orders/{id}" => Self::View(id()?),
            "DELETE /orders/{id}" => Self::Cancel(id()?, serde_json::from_str(body)?),
            "POST /orders/{id}/invoice" => Self::Invoice(id()?),
            "POST /catalogue" => Self::Import(serde_json::from_str(body)?),
            other => return Err(format!("there is no route `{other}`").into()),
        })
    }
}

/// A new order.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Order {
    /// Its number.
    pub order_id: String,
    /// What is ordered.
    pub items: Vec<Item>,
}

/// A line of an order.
#[derive(Clone, Debug, Deserialize)]
pub struct Item {
    /// Which product.
    pub sku: String,
}

/// Who cancels an order.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Customer {
    /// The account whose points are taken back; the loyalty service fails where there is none.
    pub loyalty_account: Option<String>,
}

/// A product of the catalogue.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Product {
    /// Which product.
    pub sku: String,
    /// Its price; the search index refuses products without one.
    pub price_cents: u32,
}

/// A message of the queue `shipments`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Shipment {
    /// Which order.
    pub order_id: String,
    /// How many parcels.
    pub parcels: u32,
}

impl Shipment {
    /// Reads a message.
    pub fn of(message: &SqsMessage) -> Result<Self, Error> {
        let body = message.body.as_deref().ok_or("the message has no body")?;
        Ok(serde_json::from_str(body)?)
    }

    /// Whether the warehouse has room for it.
    #[must_use]
    pub fn fits(&self) -> bool {
        self.parcels <= 100
    }
}
