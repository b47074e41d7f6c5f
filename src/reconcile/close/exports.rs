//! For other programs: balances and items in the shape that account-reconciliation tools import, and
//! balance transactions under the column names of Stripe's own reports.

use super::age::days;
use super::facts::{Balance, Facts};
use super::open_items::Subjects;
use super::others::Others;
use super::sheet::{Cell, Column, Head, Writer};
use crate::calendar::second;
use crate::ids::InternalId;
use crate::money::Amount;

const BALANCES: [Column; 6] = [
    Column::text("account", "Account"),
    Column::text("period", "Period"),
    Column::text("currency", "Currency"),
    Column::amount("gl_balance", "GL balance"),
    Column::amount("subledger_balance", "Subledger balance"),
    Column::amount("difference", "Difference"),
];

const ITEMS: [Column; 9] = [
    Column::text("account", "Account"),
    Column::text("period", "Period"),
    Column::text("currency", "Currency"),
    Column::id("item_id", "Item"),
    Column::date("date", "Date"),
    Column::text("description", "Description"),
    Column::text("class", "Class"),
    Column::amount("amount", "Amount"),
    Column::number("age", "Age in days"),
];

/// The names and the order of Stripe's `payout_reconciliation.itemized.5`, as far as the ledger has
/// the columns.
const TRANSACTIONS: [Column; 11] = [
    Column::id("automatic_payout_id", "Automatic payout"),
    Column::date("automatic_payout_effective_at", "Payout arrives"),
    Column::id("balance_transaction_id", "Balance transaction"),
    Column::text("created_utc", "Created, UTC"),
    Column::text("created", "Created"),
    Column::date("available_on", "Available"),
    Column::text("currency", "Currency"),
    Column::amount("gross", "Gross"),
    Column::amount("fee", "Fee"),
    Column::amount("net", "Net"),
    Column::text("reporting_category", "Category"),
];

const SOURCE: Column = Column::id("source_id", "Of");

pub(super) fn balances(facts: &Facts, out: &mut Writer) {
    for currency in facts.currencies() {
        let money = facts.money();
        let fees = facts.fee_accounts();
        let mut rows = Vec::new();
        let on = |accounts: &[&InternalId], side: fn(&Balance) -> Amount| {
            let others = Others::new(facts, accounts.to_vec(), currency, facts.up_to_end()).sum();
            facts.on(accounts, currency, side) + others
        };
        let mut row = |name: String, gl: Amount, subledger: Amount| {
            if gl.is_zero() && subledger.is_zero() {
                return;
            }
            let names = [name, facts.period.name.clone(), currency.to_string()].map(Cell::text);
            let amounts = [gl, subledger, gl - subledger].map(Cell::Amount);
            rows.push([names.to_vec(), amounts.to_vec()].concat());
        };
        let stripe = super::bridge::stripe_balance(facts, currency);
        let observed: fn(&Balance) -> Amount = Balance::observed_at_end;
        let expected: fn(&Balance) -> Amount = Balance::expected_at_end;
        row(names(facts, &money), on(&money, observed), stripe);
        let receivable = facts.receivable();
        let foreign = Others::new(facts, receivable.clone(), currency, facts.up_to_end()).sum();
        let open = facts.documents.iter().filter(|document| document.open.currency() == currency);
        let open = open.fold(foreign, |sum, document| sum + document.open);
        row(names(facts, &receivable), on(&receivable, observed), open);
        row(names(facts, &fees), on(&fees, observed), on(&fees, expected));
        let title = format!("Balances, {currency}");
        out.list(&Head::new(format!("balances-{currency}"), title, &BALANCES).of(currency), rows);
    }
}

pub(super) fn items(facts: &Facts, out: &mut Writer) {
    let account = names(facts, &facts.money());
    let subjects = Subjects::of(facts);
    for currency in facts.currencies() {
        let rows = subjects.between(facts, currency).map(|item| {
            vec![
                Cell::text(&account),
                Cell::text(&facts.period.name),
                Cell::text(currency.code()),
                Cell::id(item.id),
                Cell::Date(item.date),
                Cell::text(item.what.to_string()),
                Cell::text(item.class.word()),
                Cell::Amount(item.amount),
                Cell::Count(days(item.date, facts.period.last_day)),
            ]
        });
        let title = format!("Items between the ledger and Stripe, {currency}");
        out.list(&Head::new(format!("items-{currency}"), title, &ITEMS).of(currency), rows);
    }
}

pub(super) fn transactions(facts: &Facts, out: &mut Writer) {
    let columns = [&TRANSACTIONS[..], &[SOURCE]].concat();
    for currency in facts.currencies() {
        let code = currency.code().to_ascii_lowercase();
        let rows = facts.moved(currency).map(|movement| transaction(facts, &code, movement));
        let title = format!("Balance transactions, {currency}");
        let head = Head::new(format!("transactions-{currency}"), title, &columns).of(currency);
        out.list(&head, rows);
    }
}

fn transaction<'a>(
    facts: &'a Facts,
    currency: &'a str,
    movement: &'a super::facts::Movement,
) -> Vec<Cell<'a>> {
    let payout = facts.payout(movement.payout).filter(|payout| payout.is_automatic);
    let utc = second(movement.created.utc().naive_utc());
    vec![
        Cell::or_empty(payout, |payout| Cell::id(&payout.id)),
        Cell::or_empty(payout, |payout| Cell::Date(payout.arrival)),
        Cell::id(&*movement.id),
        Cell::text(utc),
        Cell::text(facts.local_second(movement.created)),
        Cell::Date(movement.available_on.utc_date()),
        Cell::text(currency),
        Cell::Amount(movement.gross()),
        Cell::Amount(movement.fee()),
        Cell::Amount(movement.net()),
        Cell::text(facts.category(movement)),
        Cell::or_empty(movement.source.as_deref(), Cell::id),
    ]
}

fn names(facts: &Facts, accounts: &[&InternalId]) -> String {
    let mut names: Vec<&str> = accounts.iter().map(|account| facts.account(account)).collect();
    names.sort_unstable();
    names.join(" + ")
}
