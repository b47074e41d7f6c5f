//! Stripe's own balance at the end of a pull, and what a roll-forward needs to know beside it.

use std::collections::BTreeSet;
use std::sync::Arc;

use tokio::sync::mpsc;

use crate::calendar::{UnixTime, Window, Zone, start_of_day};
use crate::commands::session::Session;
use crate::ledger::{Ledger, LedgerError};
use crate::money::{Amount, Currency};
use crate::reconcile::Item;
use crate::reconcile::movement::Movement;
use crate::reconcile::opening::{Later, Opening, Reading, Start};
use crate::stripe::client::Client;
use crate::stripe::crawl::{BATCHES_WAITING_MAX, Event, Walk, crawl};
use crate::stripe::objects::{self, Balance, BalanceTransaction};
use crate::stripe::resource::Resource;

/// The names among the ledger's references.
const READING: &str = "balance_reading";
const OPENING: &str = "opening_balance";

/// Notes when the balance was read, what moved since the pulled window, and, at the first pull, the
/// opening balance.
pub(super) async fn note(
    session: &Session,
    client: &Arc<Client>,
    ledger: &mut Ledger,
    window: Window,
) -> anyhow::Result<()> {
    let as_of = session.clock.now();
    let after = match Window::new(window.until, as_of) {
        Ok(rest) => moved_in(session, client, rest).await?,
        Err(_) => Vec::new(),
    };
    let reading = Reading { as_of, until: window.until, after };
    ledger.put_reference(READING, &serde_json::to_string(&reading)?)?;
    if begins_with_the_account(session) || ledger.reference(OPENING)?.is_some() {
        return Ok(());
    }
    let Some(balance) = ledger.view::<Balance>("balance")? else { return Ok(()) };
    let opening = derive(ledger, window.since, &reading, &balance)?;
    ledger.put_reference(OPENING, &serde_json::to_string(&opening)?)?;
    Ok(())
}

/// Keeps what the balance held when the books began, once that is known. Older movements that were
/// pulled with their payouts do not matter: only what moved between the opening and the first day.
pub(super) fn keep_balance_at_start(session: &Session, ledger: &mut Ledger) -> anyhow::Result<()> {
    let settings = &session.settings.stripe;
    let Some(day) = settings.start_date else { return Ok(()) };
    let Some(text) = ledger.reference(OPENING)? else { return Ok(()) };
    let opening: Opening = serde_json::from_str(&text)?;
    let first = start_of_day(day, settings.zone);
    if ledger.balance_at_start()?.is_some() || opening.since > first {
        return Ok(());
    }
    let mut amounts = opening.amounts;
    ledger.for_each_view::<BalanceTransaction, LedgerError>("balance_transaction", |bt| {
        if bt.is_of_payments() && bt.created >= opening.since && bt.created < first {
            *amounts.entry(bt.currency).or_insert_with(|| Amount::zero(bt.currency)) += bt.net();
        }
        Ok(())
    })?;
    ledger.put_balance_at_start(&amounts)?;
    Ok(())
}

/// Without a start date the books begin where the account did.
fn begins_with_the_account(session: &Session) -> bool {
    session.settings.stripe.start_date.is_none()
}

fn derive(
    ledger: &Ledger,
    since: UnixTime,
    reading: &Reading,
    balance: &Balance,
) -> anyhow::Result<Opening> {
    let mut movements: Vec<(UnixTime, Amount)> = Vec::new();
    ledger.for_each_view::<BalanceTransaction, LedgerError>("balance_transaction", |bt| {
        if bt.is_of_payments() {
            movements.push((bt.created, bt.net()));
        }
        Ok(())
    })?;
    let currencies: BTreeSet<Currency> =
        balance.available.iter().chain(&balance.pending).map(|part| part.currency).collect();
    Ok(Opening::derive(
        since,
        reading,
        |currency| balance.total(currency),
        movements.into_iter(),
        currencies.into_iter(),
    ))
}

/// The movements of a window that is not stored: Stripe's lists may still gain some in it.
async fn moved_in(
    session: &Session,
    client: &Arc<Client>,
    window: Window,
) -> anyhow::Result<Vec<Later>> {
    let (feed, fed) = mpsc::unbounded_channel();
    feed.send(Walk::windows(Resource::BalanceTransactions, vec![window]))?;
    drop(feed);
    let (sink, mut source) = mpsc::channel(BATCHES_WAITING_MAX);
    let crawling = async move {
        let sink = sink;
        crawl(client, fed, &sink).await
    };
    let zone = session.settings.stripe.zone;
    let reading = async {
        let mut later = Vec::new();
        while let Some(event) = source.recv().await {
            let Event::Batch(batch) = event else { continue };
            for object in &batch.objects {
                let bt: BalanceTransaction = objects::read(object.json.as_bytes())?;
                if bt.is_of_payments() {
                    let item = Item {
                        date: bt.created.date_in(zone),
                        id: bt.id.to_string(),
                        label: bt.category().to_owned(),
                        amount: bt.net(),
                    };
                    later.push(Later { created: bt.created, item });
                }
            }
        }
        Ok::<_, anyhow::Error>(later)
    };
    let (crawled, later) = tokio::join!(crawling, reading);
    let later = later?;
    crawled?;
    Ok(later)
}

/// What the roll-forwards are held against.
pub struct Balances {
    reported: Option<Balance>,
    reading: Option<Reading>,
    opening: Option<Opening>,
}

impl Balances {
    pub(super) fn load(session: &Session, ledger: &Ledger) -> anyhow::Result<Self> {
        Self::of(ledger, !begins_with_the_account(session), session.clock.now())
    }

    /// As `ledger` has them, for books that have a start or begin with the account.
    pub fn of(ledger: &Ledger, has_start: bool, now: UnixTime) -> anyhow::Result<Self> {
        let reported: Option<Balance> = ledger.view("balance")?;
        let read = ledger.reference(READING)?;
        let reading: Option<Reading> = read.map(|text| serde_json::from_str(&text)).transpose()?;
        let kept = ledger.reference(OPENING)?;
        let mut opening: Option<Opening> =
            kept.map(|text| serde_json::from_str(&text)).transpose()?;
        if !has_start {
            opening = None;
        } else if let (None, Some(balance)) = (&opening, &reported) {
            // An export has no pull that could have noted it.
            let none = Reading { as_of: now, until: now, after: Vec::new() };
            let reading = reading.as_ref().unwrap_or(&none);
            opening = Some(derive(ledger, UnixTime(i64::MIN), reading, balance)?);
        }
        Ok(Self { reported, reading, opening })
    }

    /// The first line of a roll-forward.
    pub(super) fn start(
        &self,
        session: &Session,
        currency: Currency,
        movements: &[Movement],
    ) -> Start {
        let zone = session.settings.stripe.zone;
        self.opening.as_ref().map_or_else(
            || Start::nothing(currency),
            |opening| opening.start(currency, movements, self.reading.as_ref(), zone),
        )
    }

    /// The same, from what had moved before the instant whose balance is known, taken off already.
    pub(super) fn start_after(&self, zone: Zone, currency: Currency, moved: Amount) -> Start {
        self.opening.as_ref().map_or_else(
            || Start::nothing(currency),
            |opening| opening.start_from(currency, moved, self.reading.as_ref(), zone),
        )
    }

    pub(super) fn opening_since(&self) -> Option<UnixTime> {
        self.opening.as_ref().map(|opening| opening.since)
    }

    pub(super) fn currencies(&self) -> impl Iterator<Item = Currency> {
        let reported = self.reported.iter();
        let parts = reported.flat_map(|balance| balance.available.iter().chain(&balance.pending));
        parts.map(|part| part.currency)
    }

    /// The ids of what a reading saw and the pull before it did not.
    pub(super) fn later_ids(&self) -> BTreeSet<String> {
        let after = self.reading.iter().flat_map(|reading| &reading.after);
        after.map(|later| later.item.id.clone()).collect()
    }

    /// What of that comes to in one currency, as far as it is not among the `known`.
    pub(super) fn later_sum(&self, currency: Currency, known: &BTreeSet<String>) -> Amount {
        let after = self.reading.iter().flat_map(|reading| &reading.after);
        after
            .map(|later| &later.item)
            .filter(|item| item.amount.currency() == currency && !known.contains(&item.id))
            .fold(Amount::zero(currency), |sum, item| sum + item.amount)
    }

    /// From the first movement to the end of what was pulled.
    pub(super) fn known(&self, movements: &[Movement]) -> Option<Window> {
        let first = movements.iter().map(|movement| movement.created).min()?;
        let last = movements.iter().map(|movement| movement.created).max()?;
        let until = self.reading.as_ref().map_or(last, |reading| reading.until.max(last));
        Some(Window { since: first, until })
    }

    pub(super) fn reported(&self, currency: Currency) -> Option<Amount> {
        self.reported.as_ref().map(|balance| balance.total(currency))
    }

    pub(super) fn later(&self, currency: Currency, movements: &[Movement]) -> Vec<Item> {
        let later = |reading: &Reading| reading.later_than_pulled(currency, movements);
        self.reading.as_ref().map(later).unwrap_or_default()
    }
}
