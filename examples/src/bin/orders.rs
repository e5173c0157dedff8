//! The shop as a function with Tethered: no side effect outlives its invocation.
//!
//! Read it beside `orders-bare.rs`, which does the same with bare `tokio::spawn`.

use aws_lambda_events::sqs::{SqsEvent, SqsMessage};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::{Value, json};
use tethered::{
    after_response, lambda::partial_batch, serverless_handler, spawn_blocking_tracked,
    spawn_tracked, wait_until,
};
use tethered_examples::orders::{
    Command, Customer, Order, OrderEvent, Product, Route, Shipment, Shop, api_reply,
};

#[tokio::main]
async fn main() -> Result<(), Error> {
    tethered::lambda::run(service_fn(handler)).await
}

#[serverless_handler]
async fn handler(event: LambdaEvent<OrderEvent>) -> Result<Value, Error> {
    let shop = Shop::open(&event.context)?;
    match event.payload {
        OrderEvent::Api(request) => api_reply(match Route::of(&request)? {
            Route::Place(order) => place(shop, order).await,
            Route::View(id) => view(shop, id).await,
            Route::Cancel(id, customer) => cancel(shop, id, customer).await,
            Route::Invoice(id) => invoice(shop, id).await,
            Route::Import(products) => import(shop, products).await,
        }),
        OrderEvent::Queue(batch) => ship_all(shop, batch).await,
        OrderEvent::Plain(command) => run(shop, command).await,
    }
}

async fn place(shop: Shop, order: Order) -> Result<(i64, Value), Error> {
    let id = order.order_id;
    spawn_tracked!(shop.bump_counter("orders_placed"));
    spawn_tracked!(shop.write_audit(&id, "placed"));
    for item in &order.items {
        spawn_tracked!(shop.take_from_stock(&item.sku));
    }
    wait_until!(tell_partner(shop.clone(), id.clone()));
    after_response!(shop.record_analytics(&id));
    shop.charge(&id).await?;
    Ok((201, json!({ "orderId": id })))
}

async fn tell_partner(shop: Shop, order: String) -> Result<(), Error> {
    shop.send_webhook(&order).await?;
    spawn_tracked!(shop.log_delivery(&order));
    Ok(())
}

async fn view(shop: Shop, id: String) -> Result<(i64, Value), Error> {
    spawn_tracked!(shop.bump_counter("orders_viewed"));
    after_response!(shop.warm_cache(&id));
    let status = shop.find_order(&id).await?;
    Ok((200, json!({ "orderId": id, "status": status })))
}

/// A refund may not stop half-way because the points could not be taken back: `join_all`.
#[serverless_handler(join = join_all)]
async fn cancel(shop: Shop, id: String, customer: Customer) -> Result<(i64, Value), Error> {
    spawn_tracked!(shop.refund(&id));
    spawn_tracked!(shop.revoke_points(&id, customer.loyalty_account.as_deref()));
    spawn_tracked!(shop.write_audit(&id, "cancelled"));
    wait_until!(shop.send_mail(&id));
    shop.mark_cancelled(&id).await?;
    Ok((200, json!({ "orderId": id, "status": "cancelled" })))
}

async fn invoice(shop: Shop, id: String) -> Result<(i64, Value), Error> {
    wait_until!(shop.archive_invoice(&id));
    let number = shop.number_invoice(&id).await?;
    spawn_blocking_tracked!(move || shop.draw_invoice(&id));
    Ok((201, json!({ "invoice": number })))
}

/// A scope of its own, so that a failed task becomes this route's reply and not the whole
/// invocation's error.
#[serverless_handler]
async fn import(shop: Shop, products: Vec<Product>) -> Result<(i64, Value), Error> {
    shop.lock_catalogue().await?;
    for product in &products {
        spawn_tracked!(shop.write_product(&product.sku));
    }
    let all_priced = products.iter().all(|product| product.price_cents > 0);
    spawn_tracked!(name = "search-index", shop.refresh_search_index(all_priced));
    Ok((200, json!({ "imported": products.len() })))
}

async fn ship_all(shop: Shop, batch: SqsEvent) -> Result<Value, Error> {
    let id = |message: &SqsMessage| message.message_id.clone().unwrap_or_default();
    let process = |message| ship(shop.clone(), message);
    let answer = partial_batch(batch.records, id, process).await;
    Ok(serde_json::to_value(answer)?)
}

async fn ship(shop: Shop, message: SqsMessage) -> Result<(), Error> {
    let shipment = Shipment::of(&message)?;
    spawn_tracked!(shop.bump_counter(&format!("shipments {}", shipment.order_id)));
    spawn_tracked!(shop.write_audit(&shipment.order_id, "shipped"));
    shop.reserve_room(&shipment).await?;
    wait_until!(hand_over(shop, shipment.order_id));
    Ok(())
}

async fn hand_over(shop: Shop, order: String) -> Result<(), Error> {
    shop.notify_warehouse(&order).await?;
    spawn_tracked!(async move {
        shop.schedule_pickup(&order).await?;
        spawn_tracked!(shop.print_label(&order));
        Ok::<(), Error>(())
    });
    Ok(())
}

async fn run(shop: Shop, command: Command) -> Result<Value, Error> {
    match command {
        Command::NightlyReport { date, regions } => {
            shop.close_day(&date).await?;
            for region in &regions {
                spawn_tracked!(shop.roll_up(region));
            }
            wait_until!(publish(shop.clone(), date.clone()));
            let receipt = json!({ "report": date, "regions": regions.len() });
            spawn_blocking_tracked!(move || shop.pack_report(&date));
            Ok(receipt)
        }
        Command::Reconcile {
            ledger,
            booked_cents,
            banked_cents,
        } => {
            spawn_tracked!(shop.write_audit(&ledger, "reconciled"));
            wait_until!(shop.page_on_call(&ledger));
            if booked_cents != banked_cents {
                return Err(
                    format!("{ledger}: booked {booked_cents}, banked {banked_cents}").into(),
                );
            }
            Ok(json!({ "ledger": ledger }))
        }
    }
}

async fn publish(shop: Shop, date: String) -> Result<(), Error> {
    shop.upload_report(&date).await?;
    spawn_tracked!(shop.announce_report(&date));
    Ok(())
}
