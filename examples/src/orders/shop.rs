//! The outside world as the handlers see it: a database, a queue, other people's services.
//!
//! Each call stands for a network call: it takes its time in a sleep, and tells the recorder when
//! it begins and when it is done.

use std::{pin::Pin, thread, time::Duration};

use lambda_runtime::{Context, Error};

use super::Shipment;
use crate::recorder::{Pen, Phase};

/// A side effect, not yet started.
pub type Effect = Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>;

/// The shop's connections, for one invocation.
#[derive(Clone, Debug)]
pub struct Shop {
    pen: Pen,
}

impl Shop {
    /// Connects for the invocation of `context`.
    pub fn open(context: &Context) -> Result<Self, Error> {
        let pen = Pen::from_env(&context.request_id)?;
        Ok(Self { pen })
    }

    /// Has the customer pay: awaited by both functions, as everything that an answer depends on.
    pub async fn charge(&self, _order: &str) -> Result<(), Error> {
        self.query(10).await
    }

    /// Reads an order's state.
    pub async fn find_order(&self, _order: &str) -> Result<&'static str, Error> {
        self.query(4).await?;
        Ok("placed")
    }

    /// Changes an order's state.
    pub async fn mark_cancelled(&self, _order: &str) -> Result<(), Error> {
        self.query(6).await
    }

    /// Gives an invoice its number.
    pub async fn number_invoice(&self, order: &str) -> Result<String, Error> {
        self.query(5).await?;
        Ok(format!("{order}-1"))
    }

    /// Sees to it that nobody else imports.
    pub async fn lock_catalogue(&self) -> Result<(), Error> {
        self.query(4).await
    }

    /// Closes a day, so that it can be added up.
    pub async fn close_day(&self, _date: &str) -> Result<(), Error> {
        self.query(8).await
    }

    /// Adds one to a counter in the database.
    #[must_use]
    pub fn bump_counter(&self, counter: &str) -> Effect {
        self.effect(format!("counter {counter}"), 12)
    }

    /// Writes a row of the audit table.
    #[must_use]
    pub fn write_audit(&self, subject: &str, what: &str) -> Effect {
        self.effect(format!("audit {subject} {what}"), 35)
    }

    /// Takes a product off the stock.
    #[must_use]
    pub fn take_from_stock(&self, sku: &str) -> Effect {
        self.effect(format!("stock {sku}"), 25)
    }

    /// Tells a partner of a new order.
    #[must_use]
    pub fn send_webhook(&self, order: &str) -> Effect {
        self.effect(format!("webhook {order}"), 180)
    }

    /// Notes that the partner was told.
    #[must_use]
    pub fn log_delivery(&self, order: &str) -> Effect {
        self.effect(format!("delivery-log {order}"), 20)
    }

    /// Sends an event to the analytics service.
    #[must_use]
    pub fn record_analytics(&self, subject: &str) -> Effect {
        self.effect(format!("analytics {subject}"), 90)
    }

    /// Puts an order into the cache.
    #[must_use]
    pub fn warm_cache(&self, order: &str) -> Effect {
        self.effect(format!("cache {order}"), 60)
    }

    /// Pays an order back.
    #[must_use]
    pub fn refund(&self, order: &str) -> Effect {
        self.effect(format!("refund {order}"), 150)
    }

    /// Takes loyalty points back; fails where there is no account.
    #[must_use]
    pub fn revoke_points(&self, order: &str, account: Option<&str>) -> Effect {
        let refusal = account.is_none().then_some("the customer has no account");
        self.effect_or(format!("points {order}"), 15, refusal)
    }

    /// Sends the customer a mail.
    #[must_use]
    pub fn send_mail(&self, order: &str) -> Effect {
        self.effect(format!("mail {order}"), 220)
    }

    /// Draws an invoice as PDF: work for a CPU, so it blocks its thread.
    pub fn draw_invoice(&self, order: &str) -> Result<(), Error> {
        self.blocking_effect(&format!("invoice {order}"), 60)
    }

    /// Stores an invoice.
    #[must_use]
    pub fn archive_invoice(&self, order: &str) -> Effect {
        self.effect(format!("archive {order}"), 140)
    }

    /// Writes a product into the catalogue.
    #[must_use]
    pub fn write_product(&self, sku: &str) -> Effect {
        self.effect(format!("catalogue {sku}"), 20)
    }

    /// Has the search service read the catalogue again; fails if a product has no price.
    #[must_use]
    pub fn refresh_search_index(&self, all_priced: bool) -> Effect {
        let refusal = (!all_priced).then_some("a product has no price");
        self.effect_or("search-index".to_owned(), 150, refusal)
    }

    /// Asks the warehouse whether it has room.
    pub async fn reserve_room(&self, shipment: &Shipment) -> Result<(), Error> {
        self.query(5).await?;
        if shipment.fits() {
            Ok(())
        } else {
            Err(format!("no room for {} parcels", shipment.parcels).into())
        }
    }

    /// Tells the warehouse of a shipment.
    #[must_use]
    pub fn notify_warehouse(&self, order: &str) -> Effect {
        self.effect(format!("warehouse {order}"), 110)
    }

    /// Has a shipment picked up.
    #[must_use]
    pub fn schedule_pickup(&self, order: &str) -> Effect {
        self.effect(format!("pickup {order}"), 60)
    }

    /// Prints a shipment's label.
    #[must_use]
    pub fn print_label(&self, order: &str) -> Effect {
        self.effect(format!("label {order}"), 25)
    }

    /// Adds up a region.
    #[must_use]
    pub fn roll_up(&self, region: &str) -> Effect {
        self.effect(format!("rollup {region}"), 45)
    }

    /// Packs a report: work for a CPU, so it blocks its thread.
    pub fn pack_report(&self, date: &str) -> Result<(), Error> {
        self.blocking_effect(&format!("pack {date}"), 80)
    }

    /// Uploads a report.
    #[must_use]
    pub fn upload_report(&self, date: &str) -> Effect {
        self.effect(format!("upload {date}"), 380)
    }

    /// Tells those who wait for a report.
    #[must_use]
    pub fn announce_report(&self, date: &str) -> Effect {
        self.effect(format!("announce {date}"), 30)
    }

    /// Wakes somebody up.
    #[must_use]
    pub fn page_on_call(&self, subject: &str) -> Effect {
        self.effect(format!("page {subject}"), 90)
    }

    /// A call that is awaited where it is made, and so needs no record.
    async fn query(&self, millis: u64) -> Result<(), Error> {
        tokio::time::sleep(Duration::from_millis(millis)).await;
        Ok(())
    }

    fn effect(&self, name: String, millis: u64) -> Effect {
        self.effect_or(name, millis, None)
    }

    fn effect_or(&self, name: String, millis: u64, refusal: Option<&'static str>) -> Effect {
        let pen = self.pen.clone();
        Box::pin(async move {
            pen.write(&name, Phase::Started).await?;
            tokio::time::sleep(Duration::from_millis(millis)).await;
            match refusal {
                None => Ok(pen.write(&name, Phase::Done).await?),
                Some(refusal) => {
                    pen.write(&name, Phase::Failed).await?;
                    Err(refusal.into())
                }
            }
        })
    }

    fn blocking_effect(&self, name: &str, millis: u64) -> Result<(), Error> {
        self.pen.write_blocking(name, Phase::Started)?;
        thread::sleep(Duration::from_millis(millis));
        self.pen.write_blocking(name, Phase::Done)?;
        Ok(())
    }
}
