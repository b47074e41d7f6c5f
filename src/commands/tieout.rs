//! Both systems side by side: what the ledger knows of Stripe, what NetSuite shows, and the
//! statements made of the two.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::accounting::Policy;
use crate::accounting::balance_transaction::Class;
use crate::accounting::chart::{Chart, Role};
use crate::accounting::day::batch_name;
use crate::accounting::opening::OPENING;
use crate::accounting::seat::Sources;
use crate::commands::balance::Balances;
use crate::commands::books;
use crate::commands::others::{Others, accounts_compared};
use crate::commands::placed::Placed;
use crate::commands::session::Session;
use crate::commands::siblings;
use crate::ids::{ExternalId, InternalId};
use crate::ledger::{Ledger, LedgerError, RecordRow};
use crate::money::{Amount, Currency};
use crate::netsuite::client::Client;
use crate::netsuite::readback::{Posted, Reader};
use crate::reconcile::bridge::{Beginning, LedgerBalances, bridge};
use crate::reconcile::fees::fees;
use crate::reconcile::movement::{self, Held, Movement, Past};
use crate::reconcile::opening::Start;
use crate::reconcile::payouts::{PayoutLeg, payouts};
use crate::reconcile::rollforward::rollforward;
use crate::reconcile::{Item, Statement, TieOut};
use crate::stripe::objects::{Account, BalanceTransaction, Payout};

/// The version of the tie-out's JSON.
const SCHEMA_VERSION: u32 = 1;

/// Everything that was posted, as NetSuite shows it now.
pub(super) struct ReadBack {
    pub(super) policy: Policy,
    pub(super) rows: BTreeMap<ExternalId, RecordRow>,
    pub(super) observed: HashMap<InternalId, Posted>,
    pub(super) others: Others,
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
        let others = reader.posted_by_others(&accounts_compared(&policy.chart), &observed).await?;
        let makers = others.iter().map(|entry| entry.internal_id.clone()).collect();
        let makers = siblings::makers(session, &makers)?;
        Ok(Self {
            others: Others::new(others, makers),
            policy,
            rows: rows.into_iter().map(|row| (row.external_id.clone(), row)).collect(),
            observed: observed.into_iter().map(|p| (p.internal_id.clone(), p)).collect(),
        })
    }

    /// Every statement of the account.
    pub(super) fn statements(&self, session: &Session, ledger: &Ledger) -> anyhow::Result<TieOut> {
        let payouts_seen = payouts_of(ledger)?;
        let placed = Placed::new(&self.rows, &self.policy.masters.naming, ledger, &payouts_seen)?;
        let movements = self.movements(session, ledger, &placed)?;
        let of_the_books: Vec<Movement> =
            movements.iter().filter(|movement| movement.past.is_none()).cloned().collect();
        let stripe = Balances::load(session, ledger)?;
        let mut currencies = movement::currencies(&movements);
        currencies.extend(self.others.currencies());
        let mut statements = Vec::new();
        for currency in currencies {
            let start = stripe.start(session, currency, &movements);
            let later = stripe.later(currency, &movements);
            let reported = stripe.reported(currency);
            let beginning = Beginning {
                on_their_way: placed.on_their_way(currency, &self.policy),
                ..self.beginning(currency, &start, &movements)
            };
            // What is older is in the balance with which the books begin.
            let start = Start { amount: beginning.balance, ..start };
            statements.push(rollforward(currency, &of_the_books, &start, later, reported));
            statements.push(bridge(currency, &movements, self.balances(currency), beginning));
            statements.push(payouts(currency, &self.payout_legs(&payouts_seen)));
            let (booked, by_others) = self.whole(currency, &Role::FEES);
            statements.push(fees(currency, &movements, booked, by_others));
        }
        statements.extend(self.receivables_accounts());
        statements.extend(self.receivables(session, ledger)?);
        statements.sort_by_key(statement_order);
        Ok(TieOut {
            schema_version: SCHEMA_VERSION,
            stripe_account: session.settings.stripe.account.to_string(),
            netsuite_account: session.settings.netsuite.account.clone(),
            company: ledger
                .view::<Account>(session.settings.stripe.account.as_str())?
                .and_then(|account| account.display_name().map(str::to_owned)),
            zone: session.settings.stripe.zone,
            known: stripe.known(&movements),
            as_of: session.clock.now(),
            statements,
            payouts: self.payout_legs(&payouts_seen),
        })
    }

    /// Every balance transaction, with what the books hold because of it.
    fn movements(
        &self,
        session: &Session,
        ledger: &Ledger,
        placed: &Placed,
    ) -> anyhow::Result<Vec<Movement>> {
        let zone = session.settings.stripe.zone;
        let sources = Sources::default().with_straddling(ledger.straddling()?);
        let mut movements = Vec::new();
        ledger.for_each_view::<BalanceTransaction, LedgerError>("balance_transaction", |bt| {
            if !bt.is_of_payments() {
                return Ok(());
            }
            let class = sources.class(&bt, &self.policy);
            let is_fee = matches!(class, Class::Line(role) if role.is_fee());
            let movement = Movement {
                id: bt.id.to_string(),
                created: bt.created,
                date: bt.created.date_in(zone),
                category: bt.category().to_owned(),
                gross: bt.amount(),
                fee: bt.fee(),
                net: bt.net(),
                charged: if is_fee { bt.fee() - bt.amount() } else { bt.fee() },
                held: placed.held(&bt, class),
                is_charged: placed.is_charged(&bt),
                past: None,
            };
            let past = self.policy.is_past(bt.created).then(|| placed.past(&bt, &self.policy));
            movements.push(match past {
                Some(past) => older(movement, past),
                None => movement,
            });
            Ok(())
        })?;
        Ok(movements)
    }

    /// The balance with which the books begin; nothing where they begin with the account.
    fn beginning(&self, currency: Currency, start: &Start, movements: &[Movement]) -> Beginning {
        let Some(first_day) = self.policy.start else {
            return Beginning { balance: start.amount, is_booked: true, on_their_way: Vec::new() };
        };
        let older = movement::of(movements, currency).filter(|movement| movement.past.is_some());
        let balance = older.fold(start.amount, |sum, movement| sum + movement.net);
        let id = batch_name(OPENING, &self.policy.account, currency, first_day);
        let row = self.rows.get(&self.policy.masters.naming.outside(&id));
        let is_booked = row.is_some_and(|row| row.internal_id.is_some());
        Beginning { balance, is_booked, on_their_way: Vec::new() }
    }

    /// What undeposited funds and the Stripe balance account hold in a settlement currency.
    fn balances(&self, currency: Currency) -> LedgerBalances {
        let (undeposited_funds, mut by_others) = self.whole(currency, &[Role::UndepositedFunds]);
        let (stripe_balance, more) = self.whole(currency, &[Role::StripeBalance(currency)]);
        by_others.extend(more);
        LedgerBalances { undeposited_funds, stripe_balance, by_others }
    }

    /// The whole balance of accounts, and what of it this ledger did not post.
    fn whole(&self, currency: Currency, roles: &[Role]) -> (Amount, Vec<Item>) {
        let accounts = accounts(&self.policy.chart, roles);
        let by_others = self.others.items(&accounts, currency);
        (self.sum(currency, roles) + self.others.total(&accounts, currency), by_others)
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
                let base = line.base_debit - line.base_credit;
                total += match row.desired.as_ref().and_then(|record| record.settles) {
                    _ if posted.currency == currency => line.foreign,
                    // Neither currency is the ledger's own: it is what it settled as.
                    Some(settled) if base.currency() != currency => settled,
                    // A record of another currency settles in base currency, by its exchange rate.
                    _ => base,
                };
            }
        }
        total
    }

    fn payout_legs(&self, payouts: &HashMap<String, Payout>) -> Vec<PayoutLeg> {
        let is_past = |payout: &&Payout| self.policy.is_older(payout.arrival_date.utc_date());
        let mut legs: Vec<PayoutLeg> = payouts
            .values()
            .filter(|payout| !is_past(payout))
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
}

/// Statements of one kind stand together, in the order in which they explain one another.
fn statement_order(statement: &Statement) -> (Currency, usize) {
    let names = ["rollforward", "bridge", "payouts", "fees", "receivables", "receivables_account"];
    let place = names.iter().position(|name| *name == statement.name).unwrap_or(names.len());
    (statement.currency, place)
}

pub(super) fn accounts(chart: &Chart, roles: &[Role]) -> BTreeSet<InternalId> {
    roles.iter().filter_map(|role| chart.account(*role).ok().cloned()).collect()
}

/// The currency in which a record changes the Stripe balance.
fn settlement(row: &RecordRow, posted: &Posted) -> Currency {
    let settles = row.desired.as_ref().and_then(|record| record.settles);
    settles.map_or(posted.currency, Amount::currency)
}

/// A movement that is older than the books: its fee is in other books.
fn older(movement: Movement, past: Past) -> Movement {
    Movement {
        charged: Amount::zero(movement.net.currency()),
        held: Held::Cleared,
        is_charged: true,
        past: Some(past),
        ..movement
    }
}

fn payouts_of(ledger: &Ledger) -> anyhow::Result<HashMap<String, Payout>> {
    let mut payouts = HashMap::new();
    ledger.for_each_view::<Payout, LedgerError>("payout", |payout| {
        payouts.insert(payout.id.to_string(), payout);
        Ok(())
    })?;
    Ok(payouts)
}
