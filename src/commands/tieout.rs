//! Both systems side by side: what the ledger knows of Stripe, what NetSuite shows, and the
//! statements made of the two.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::accounting::Policy;
use crate::accounting::balance_transaction::Class;
use crate::accounting::chart::{Chart, Role};
use crate::accounting::policy::{
    CreditNotes, CustomerBalance, NegativeInvoices, Options, Uncollectible, UnpaidOnCancel,
};
use crate::commands::books;
use crate::commands::placed::Placed;
use crate::commands::session::Session;
use crate::ids::{ExternalId, InternalId};
use crate::ledger::{Ledger, LedgerError, RecordRow};
use crate::money::{Amount, Currency};
use crate::netsuite::client::Client;
use crate::netsuite::readback::{Posted, Reader};
use crate::reconcile::bridge::{LedgerBalances, bridge};
use crate::reconcile::fees::fees;
use crate::reconcile::movement::{self, Movement};
use crate::reconcile::payouts::{PayoutLeg, payouts};
use crate::reconcile::receivables::{InvoiceLeg, receivables};
use crate::reconcile::rollforward::rollforward;
use crate::reconcile::{Statement, TieOut};
use crate::stripe::objects::{self, Balance, BalanceTransaction, Invoice, InvoiceStatus, Payout};

/// The version of the tie-out's JSON.
const SCHEMA_VERSION: u32 = 1;

/// Everything that was posted, as NetSuite shows it now.
pub(super) struct ReadBack {
    policy: Policy,
    rows: BTreeMap<ExternalId, RecordRow>,
    observed: HashMap<InternalId, Posted>,
}

impl ReadBack {
    /// Reads every posted record back.
    pub(super) async fn read(
        session: &Session,
        ledger: &mut Ledger,
        client: &Client,
    ) -> anyhow::Result<Self> {
        let references = books::fetch(client, ledger).await?;
        let policy = books::policy(&session.settings, &references)?;
        let rows = ledger.records()?;
        let ids: Vec<InternalId> = rows
            .iter()
            .filter(|row| row.kind.is_transaction())
            .filter_map(|row| row.internal_id.clone())
            .collect();
        let reader =
            Reader { client, references: &references, base_currency: policy.books.base_currency };
        let observed = reader.posted(&ids).await?;
        Ok(Self {
            policy,
            rows: rows.into_iter().map(|row| (row.external_id.clone(), row)).collect(),
            observed: observed.into_iter().map(|p| (p.internal_id.clone(), p)).collect(),
        })
    }

    /// Every statement of the account.
    pub(super) fn statements(&self, session: &Session, ledger: &Ledger) -> anyhow::Result<TieOut> {
        let payouts_seen = payouts_of(ledger)?;
        let movements = self.movements(session, ledger, &payouts_seen)?;
        let reported: Option<Balance> = ledger.view("balance")?;
        let is_whole = session.settings.stripe.start_date.is_none();
        let mut statements = Vec::new();
        for currency in movement::currencies(&movements) {
            let total = movement::of(&movements, currency)
                .fold(Amount::zero(currency), |sum, movement| sum + movement.net);
            let reported = reported.as_ref().map(|balance| balance.total(currency));
            // Where the ledger does not reach back to the account's beginning, the balance before
            // it is what Stripe reports less what is known.
            let opening = match reported {
                Some(reported) if !is_whole => reported - total,
                _ => Amount::zero(currency),
            };
            statements.push(rollforward(currency, &movements, opening, reported));
            statements.push(bridge(currency, &movements, self.balances(currency)));
            statements.push(payouts(currency, &self.payout_legs(&payouts_seen)));
            statements.push(fees(currency, &movements, self.booked_fees(currency)));
        }
        statements.extend(self.receivables(session, ledger)?);
        statements.sort_by_key(statement_order);
        Ok(TieOut {
            schema_version: SCHEMA_VERSION,
            stripe_account: session.settings.stripe.account.to_string(),
            netsuite_account: session.settings.netsuite.account.clone(),
            zone: session.settings.stripe.zone.name().into(),
            as_of: session.clock.now(),
            statements,
        })
    }

    /// Every balance transaction, with what the books hold because of it.
    fn movements(
        &self,
        session: &Session,
        ledger: &Ledger,
        payouts: &HashMap<String, Payout>,
    ) -> anyhow::Result<Vec<Movement>> {
        let placed = Placed::new(&self.rows, &self.policy.masters.naming, ledger, payouts)?;
        let zone = session.settings.stripe.zone;
        let mut movements = Vec::new();
        ledger.for_each_object::<LedgerError>("balance_transaction", |raw| {
            let bt: BalanceTransaction = objects::read(raw)?;
            if bt.balance_type.as_deref().is_some_and(|kind| kind != "payments") {
                return Ok(());
            }
            let class = self.policy.class(&bt);
            let is_fee = matches!(class, Class::Line(role) if role.is_fee());
            let category = if bt.reporting_category.is_empty() {
                bt.kind.clone()
            } else {
                bt.reporting_category.clone()
            };
            movements.push(Movement {
                id: bt.id.to_string(),
                date: bt.created.date_in(zone),
                category,
                gross: bt.amount(),
                fee: bt.fee(),
                net: bt.net(),
                charged: if is_fee { bt.fee() - bt.amount() } else { bt.fee() },
                held: placed.held(&bt, class),
                is_charged: placed.is_charged(&bt),
            });
            Ok(())
        })?;
        Ok(movements)
    }

    /// What undeposited funds and the Stripe balance account hold in a settlement currency.
    fn balances(&self, currency: Currency) -> LedgerBalances {
        LedgerBalances {
            undeposited_funds: self.sum(currency, &[Role::UndepositedFunds]),
            stripe_balance: self.sum(currency, &[Role::StripeBalance(currency)]),
        }
    }

    fn booked_fees(&self, currency: Currency) -> Amount {
        self.sum(currency, &Role::FEES)
    }

    /// The balance of accounts from the records that settle in `currency`.
    fn sum(&self, currency: Currency, roles: &[Role]) -> Amount {
        let accounts = accounts(&self.policy.chart, roles);
        let mut total = Amount::zero(currency);
        for row in self.rows.values() {
            let Some(posted) = row.internal_id.as_ref().and_then(|id| self.observed.get(id)) else {
                continue;
            };
            if settlement(row, posted) != currency {
                continue;
            }
            for line in posted.gl.iter().filter(|line| accounts.contains(&line.account)) {
                // A record of another currency settles in base currency, by its exchange rate.
                total += if posted.currency == currency {
                    line.foreign
                } else {
                    line.base_debit - line.base_credit
                };
            }
        }
        total
    }

    fn payout_legs(&self, payouts: &HashMap<String, Payout>) -> Vec<PayoutLeg> {
        let mut legs: Vec<PayoutLeg> = payouts
            .values()
            .filter_map(|payout| {
                let id = self.policy.masters.naming.record_of(payout.id.as_str())?;
                let came_back = matches!(payout.status.as_str(), "failed" | "canceled");
                let zero = Amount::zero(payout.currency);
                let bank = accounts(&self.policy.chart, &[Role::Bank(payout.currency)]);
                let parts = (1..).map(|part: u32| id.with_suffix(&part.to_string()));
                let parts = parts.take_while(|part| self.rows.contains_key(part));
                let banked = [id.clone(), id.with_suffix("failed")]
                    .into_iter()
                    .chain(parts)
                    .collect::<Vec<_>>()
                    .iter()
                    .filter_map(|id| self.rows.get(id)?.internal_id.as_ref())
                    .filter_map(|id| self.observed.get(id))
                    .flat_map(|posted| &posted.gl)
                    .filter(|line| bank.contains(&line.account))
                    .fold(zero, |sum, line| sum + line.foreign);
                Some(PayoutLeg {
                    external_id: id,
                    arrival: payout.arrival_date.utc_date(),
                    expected: if came_back { zero } else { payout.amount() },
                    banked,
                    in_transit: matches!(payout.status.as_str(), "pending" | "in_transit"),
                })
            })
            .collect();
        legs.sort_by_key(|leg| (leg.arrival, leg.external_id.clone()));
        legs
    }

    fn receivables(&self, session: &Session, ledger: &Ledger) -> anyhow::Result<Vec<Statement>> {
        let reasons: HashMap<String, String> = ledger
            .open_exceptions()?
            .into_iter()
            .map(|stored| (stored.exception.subject, stored.exception.message))
            .collect();
        let options = session.settings.options;
        let keeps_open = options.uncollectible == Uncollectible::KeepOpen;
        let closes_abandoned = options.unpaid_on_cancel != UnpaidOnCancel::KeepOpen;
        let naming = &self.policy.masters.naming;
        let mut legs = Vec::new();
        ledger.for_each_object::<LedgerError>("invoice", |raw| {
            let invoice: Invoice = objects::read(raw)?;
            let Some(id) = naming.record_of(invoice.id.as_str()) else { return Ok(()) };
            if !invoice.is_finalized() || invoice.total().is_negative() {
                return Ok(());
            }
            let zero = Amount::zero(invoice.currency);
            let is_open = match invoice.status {
                InvoiceStatus::Open => !(closes_abandoned && invoice.is_no_longer_collected()),
                InvoiceStatus::Uncollectible => keeps_open,
                _ => false,
            };
            let row = self.rows.get(&id).and_then(|row| row.internal_id.as_ref());
            let unpaid = row.and_then(|id| self.observed.get(id)?.unpaid);
            legs.push(InvoiceLeg {
                explained: reasons
                    .get(invoice.id.as_str())
                    .cloned()
                    .or_else(|| booked_later(&invoice, options)),
                external_id: id,
                date: invoice.created.date_in(session.settings.stripe.zone),
                stripe_remaining: if is_open { invoice.amount_remaining() } else { zero },
                netsuite_remaining: unpaid.unwrap_or(zero),
            });
            Ok(())
        })?;
        let currencies: BTreeSet<Currency> =
            legs.iter().map(|leg| leg.stripe_remaining.currency()).collect();
        Ok(currencies.into_iter().map(|currency| receivables(currency, &legs)).collect())
    }
}

/// Statements of one kind stand together, in the order in which they explain one another.
fn statement_order(statement: &Statement) -> (Currency, usize) {
    let names = ["rollforward", "bridge", "payouts", "fees", "receivables"];
    let place = names.iter().position(|name| *name == statement.name).unwrap_or(names.len());
    (statement.currency, place)
}

fn accounts(chart: &Chart, roles: &[Role]) -> BTreeSet<InternalId> {
    roles.iter().filter_map(|role| chart.account(*role).ok().cloned()).collect()
}

/// The currency in which a record changes the Stripe balance.
fn settlement(row: &RecordRow, posted: &Posted) -> Currency {
    let settles = row.desired.as_ref().and_then(|record| record.settles);
    settles.map_or(posted.currency, Amount::currency)
}

/// Why policy leaves more of an open invoice open than Stripe does.
fn booked_later(invoice: &Invoice, options: Options) -> Option<String> {
    let waits = options.credit_notes == CreditNotes::AfterPayment;
    if waits && invoice.pre_payment_credit_notes().is_positive() {
        return Some("Its credit notes are booked when it is paid.".into());
    }
    let on_use = options.customer_balance == CustomerBalance::OnUse
        || options.negative_invoices == NegativeInvoices::ZeroLines;
    let used = invoice.ending_balance() - invoice.starting_balance();
    let is_open = invoice.status == InvoiceStatus::Open;
    (on_use && is_open && used.is_positive())
        .then(|| "What the customer's balance paid is booked when it is paid.".into())
}

fn payouts_of(ledger: &Ledger) -> anyhow::Result<HashMap<String, Payout>> {
    let mut payouts = HashMap::new();
    ledger.for_each_object::<LedgerError>("payout", |raw| {
        let payout: Payout = objects::read(raw)?;
        payouts.insert(payout.id.to_string(), payout);
        Ok(())
    })?;
    Ok(payouts)
}
