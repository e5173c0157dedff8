//! The functions of the generated crate: `NN` is the number of one, `KK` a constant that varies.

pub(crate) const FUNCTIONS: [&str; 8] = [
    r#"
pub async fn summarize_NN(store: &Store, customers: &[u64]) -> Result<Summary, Error> {
    let mut summary = Summary::default();
    for (index, customer) in customers.iter().enumerate() {
        let orders = store.orders(*customer, KK).await?;
        if orders.is_empty() {
            debug!(customer, "no orders");
            continue;
        }
        for order in &orders {
            let cents = total(&order.lines);
            summary.count += 1;
            summary.cents += cents;
            for line in &order.lines {
                *summary.by_sku.entry(line.sku.clone()).or_insert(0) += u64::from(line.quantity);
            }
        }
        summary.messages.push(format!("{index}: {} orders of {customer}", orders.len()));
        if summary.cents > KK000 {
            break;
        }
    }
    info!(count = summary.count, cents = summary.cents, "summarized");
    Ok(summary)
}
"#,
    r#"
pub async fn change_status_NN(store: &Store, id: u64, to: Status) -> Result<Order, Error> {
    let mut order = store.order(id).await?;
    check(&order)?;
    let note = match (order.status, to) {
        (Status::Open, Status::Paid) => format!("paid {} cents", total(&order.lines)),
        (Status::Paid, Status::Sent) => {
            let key = format!("shipment/{id}/KK");
            let previous = store.put(&key, order.customer.to_string()).await?;
            match previous {
                Some(previous) => format!("sent again after {previous}"),
                None => "sent".to_owned(),
            }
        }
        (Status::Cancelled, _) => {
            return Err(Error::Invalid { field: "status", why: format!("{id} is cancelled") });
        }
        (from, Status::Cancelled) if from != Status::Sent => {
            store.delete(&format!("reservation/{id}")).await?;
            String::from("cancelled")
        }
        (from, to) => {
            warn!(id, ?from, ?to, "not a step");
            return Err(Error::Invalid { field: "status", why: format!("{from:?} to {to:?}") });
        }
    };
    order.status = to;
    order.note = Some(note);
    Ok(order)
}
"#,
    r#"
pub async fn handle_order_NN(store: Store, id: u64) -> Result<String, Error> {
    let started = Instant::now();
    let order = store.order(id).await?;
    check(&order)?;
    spawn_tracked!(audit(order.id, format!("read by KK of {}", order.customer)));
    let cents = total(&order.lines);
    if cents > KK00 {
        let address = format!("{}@example.com", order.customer);
        spawn_tracked!(name = "mail", notify(address, format!("{cents} cents")));
    }
    let copy = store.clone();
    let lines = order.lines.clone();
    spawn_tracked!(async move {
        for line in lines {
            let key = format!("stock/{}", line.sku);
            copy.put(&key, line.quantity.to_string()).await?;
        }
        Ok::<_, Error>(())
    });
    let tags: Vec<String> = order.tags.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let receipt = format!("{}: {cents} [{}]", order.id, tags.join(", "));
    info!(id, elapsed = ?started.elapsed(), "handled");
    Ok(receipt)
}
"#,
    r#"
pub async fn retried_NN(store: &Store, key: &str, value: &str) -> Result<usize, Error> {
    const ATTEMPTS: usize = KK;
    let mut pause = Duration::from_millis(10);
    let mut attempt = 0;
    let number: usize = value.trim().parse()?;
    loop {
        attempt += 1;
        let put = timeout(store.timeout, store.put(key, format!("{value}/{attempt}"))).await;
        match put {
            Ok(Ok(Some(previous))) => {
                debug!(key, previous, "replaced");
                return Ok(attempt + previous.len());
            }
            Ok(Ok(None)) => break,
            Ok(Err(error)) if attempt >= ATTEMPTS => return Err(error),
            Ok(Err(error)) => warn!(%error, attempt, "trying again"),
            Err(_) if attempt >= ATTEMPTS => return Err(Error::TimedOut),
            Err(elapsed) => warn!(%elapsed, attempt, "too slow"),
        }
        sleep(pause).await;
        pause = (pause * 2).min(Duration::from_secs(1));
    }
    Ok(number.saturating_sub(attempt))
}
"#,
    r#"
pub async fn group_NN(store: &Store, customer: u64) -> Result<BTreeMap<Status, Vec<u64>>, Error> {
    let orders = store.orders(customer, KK0).await?;
    let mut groups: BTreeMap<Status, Vec<u64>> = BTreeMap::new();
    let mut seen = HashSet::new();
    for order in orders {
        let Some(first) = order.lines.first() else {
            debug!(order.id, "empty");
            continue;
        };
        if !seen.insert(first.sku.clone()) {
            continue;
        }
        let noted = order.note.as_deref().map(str::trim).filter(|note| !note.is_empty());
        if let Some(note) = noted {
            audit(order.id, note.to_uppercase()).await?;
        }
        groups.entry(order.status).or_default().push(order.id);
    }
    for ids in groups.values_mut() {
        ids.sort_unstable();
        ids.dedup();
        ids.retain(|id| id % KK != 1);
    }
    let largest = groups.iter().max_by_key(|(_, ids)| ids.len());
    info!(customer, seen = seen.len(), ?largest, "grouped");
    Ok(groups)
}
"#,
    r#"
pub async fn parse_and_store_NN(store: &Store, text: &str) -> Result<Vec<Line>, Error> {
    let mut lines = Vec::with_capacity(KK);
    for (number, row) in text.lines().enumerate() {
        let row = row.trim();
        if row.is_empty() || row.starts_with('#') {
            continue;
        }
        let mut cells = row.split(';').map(str::trim);
        let sku = cells.next().ok_or_else(|| Error::NotFound(format!("sku in {number}")))?;
        let quantity = cells.next().unwrap_or("KK").parse()?;
        let cents = match cells.next() {
            Some(cell) => cell.parse::<u64>()? * 100,
            None => 0,
        };
        lines.push(Line { sku: sku.to_owned(), quantity, cents });
    }
    lines.sort_by(|a, b| b.cents.cmp(&a.cents).then_with(|| a.sku.cmp(&b.sku)));
    for line in lines.iter().filter(|line| line.cents > 0) {
        let key = format!("price/{}", line.sku);
        if store.put(&key, line.cents.to_string()).await?.is_some() {
            info!(sku = line.sku, "changed");
        }
    }
    Ok(lines)
}
"#,
    r#"
pub async fn handle_batch_NN(store: Store, ids: Vec<u64>) -> Result<Summary, Error> {
    let mut summary = Summary::default();
    let mut tasks = Vec::new();
    for chunk in ids.chunks(KK) {
        let (store, chunk) = (store.clone(), chunk.to_vec());
        tasks.push(spawn_tracked!(async move {
            let mut cents = 0;
            for id in chunk {
                cents += total(&store.order(id).await?.lines);
            }
            Ok::<_, Error>(cents)
        }));
    }
    for task in tasks {
        match task.await {
            Ok(cents) => summary.cents += cents,
            Err(error) => summary.messages.push(format!("chunk: {error}")),
        }
        summary.count += 1;
    }
    if summary.messages.len() > KK {
        warn!(failed = summary.messages.len(), "many chunks failed");
        return Err(Error::Task(summary.messages.join("; ")));
    }
    spawn_tracked!(audit(KK, format!("batch of {}", ids.len())));
    Ok(summary)
}
"#,
    r#"
pub async fn compare_NN(store: &Store, left: u64, right: u64) -> Result<Option<String>, Error> {
    let (a, b) = tokio::try_join!(store.order(left), store.order(right))?;
    let other = store.clone();
    let more = tokio::spawn(async move { other.orders(left, KK).await }).await??;
    let skus: HashMap<&str, u32> = a.lines.iter().map(|l| (l.sku.as_str(), l.quantity)).collect();
    let mut differences = Vec::new();
    for line in &b.lines {
        match skus.get(line.sku.as_str()) {
            Some(quantity) if *quantity == line.quantity => {}
            Some(quantity) => differences.push(format!("{}: {quantity}/{}", line.sku, line.quantity)),
            None => differences.push(format!("{}: only in {right}", line.sku)),
        }
    }
    let closest = more.iter().map(|order| total(&order.lines)).min();
    debug!(left, right, ?closest, "compared");
    if differences.is_empty() && closest.is_none() {
        return Ok(None);
    }
    let text = differences.join("\n");
    let sent = notify(format!("{}@example.com", a.customer), text.clone()).await?;
    Ok((sent > KK).then_some(text))
}
"#,
];
