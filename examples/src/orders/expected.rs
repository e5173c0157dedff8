//! Which side effects an event has to have: what the record is held against.

use lambda_runtime::Error;

use super::{Command, OrderEvent, Route, Shipment};

/// A side effect that an event has to have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// Its name in the record.
    pub name: String,
    /// What it holds in the function `orders`.
    pub holds: Holds,
}

/// What a side effect holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// The response: `spawn_tracked!`, `spawn_blocking_tracked!`.
    Response,
    /// The invocation: `wait_until!`, `after_response!`, and what they start.
    Invocation,
}

/// The side effects of an event, which depend on nothing else.
pub fn expected(event: &OrderEvent) -> Result<Vec<Expected>, Error> {
    let mut list = List::default();
    match event {
        OrderEvent::Api(request) => list.route(&Route::of(request)?),
        OrderEvent::Plain(command) => list.command(command),
        OrderEvent::Queue(batch) => {
            for message in &batch.records {
                list.shipment(&Shipment::of(message)?);
            }
        }
    }
    Ok(list.0)
}

#[derive(Default)]
struct List(Vec<Expected>);

impl List {
    fn route(&mut self, route: &Route) {
        match route {
            Route::Place(order) => {
                let id = &order.order_id;
                self.holds_response("counter orders_placed");
                self.holds_response(format!("audit {id} placed"));
                for item in &order.items {
                    self.holds_response(format!("stock {}", item.sku));
                }
                self.holds_invocation(format!("webhook {id}"));
                self.holds_invocation(format!("delivery-log {id}"));
                self.holds_invocation(format!("analytics {id}"));
            }
            Route::View(id) => {
                self.holds_response("counter orders_viewed");
                self.holds_invocation(format!("cache {id}"));
            }
            Route::Cancel(id, _) => {
                self.holds_response(format!("refund {id}"));
                self.holds_response(format!("points {id}"));
                self.holds_response(format!("audit {id} cancelled"));
                self.holds_invocation(format!("mail {id}"));
            }
            Route::Invoice(id) => {
                self.holds_response(format!("invoice {id}"));
                self.holds_invocation(format!("archive {id}"));
            }
            Route::Import(products) => {
                for product in products {
                    self.holds_response(format!("catalogue {}", product.sku));
                }
                self.holds_response("search-index");
            }
        }
    }

    fn command(&mut self, command: &Command) {
        match command {
            Command::NightlyReport { date, regions } => {
                for region in regions {
                    self.holds_response(format!("rollup {region}"));
                }
                self.holds_response(format!("pack {date}"));
                self.holds_invocation(format!("upload {date}"));
                self.holds_invocation(format!("announce {date}"));
            }
            Command::Reconcile { ledger, .. } => {
                self.holds_response(format!("audit {ledger} reconciled"));
                self.holds_invocation(format!("page {ledger}"));
            }
        }
    }

    fn shipment(&mut self, shipment: &Shipment) {
        let id = &shipment.order_id;
        self.holds_response(format!("counter shipments {id}"));
        self.holds_response(format!("audit {id} shipped"));
        if shipment.fits() {
            self.holds_invocation(format!("warehouse {id}"));
            self.holds_invocation(format!("pickup {id}"));
            self.holds_invocation(format!("label {id}"));
        }
    }

    fn holds_response(&mut self, name: impl Into<String>) {
        self.push(name.into(), Holds::Response);
    }

    fn holds_invocation(&mut self, name: impl Into<String>) {
        self.push(name.into(), Holds::Invocation);
    }

    fn push(&mut self, name: String, holds: Holds) {
        self.0.push(Expected { name, holds });
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::HashSet, fs, path::Path};

    use super::*;

    fn of(file: &str) -> Vec<Expected> {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("events");
        let text = fs::read_to_string(directory.join(file)).unwrap();
        expected(&serde_json::from_str(&text).unwrap()).unwrap()
    }

    fn names(file: &str, holds: Holds) -> Vec<String> {
        let all = of(file).into_iter();
        all.filter(|e| e.holds == holds).map(|e| e.name).collect()
    }

    #[test]
    fn an_order_has_one_for_each_item() {
        let file = "01-api-place-order.json";
        assert_eq!(
            names(file, Holds::Response),
            [
                "counter orders_placed",
                "audit A-1001 placed",
                "stock mug-blue",
                "stock tea-assam"
            ]
        );
        assert_eq!(
            names(file, Holds::Invocation),
            ["webhook A-1001", "delivery-log A-1001", "analytics A-1001"]
        );
    }

    #[test]
    fn a_shipment_without_room_is_not_handed_over() {
        let handed_over = names("07-sqs-one-has-no-room.json", Holds::Invocation);
        assert_eq!(
            handed_over,
            ["warehouse A-0995", "pickup A-0995", "label A-0995"]
        );
    }

    #[test]
    fn names_are_unique_within_every_event() {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("events");
        for entry in fs::read_dir(directory).unwrap() {
            let file = entry.unwrap().file_name().into_string().unwrap();
            let effects = of(&file);
            let names: HashSet<_> = effects.iter().map(|effect| &effect.name).collect();
            assert!(!names.is_empty(), "{file} has no side effects");
            assert_eq!(names.len(), effects.len(), "{file}");
        }
    }
}
