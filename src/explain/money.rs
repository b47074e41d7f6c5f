//! Where the money is: each change of the Stripe balance, the payout that took it to the bank, and
//! its share of the records that carry it with others.

use crate::accounting::balance_transaction::Class;
use crate::accounting::deposit::record_of;
use crate::accounting::posting::Posting;
use crate::accounting::{Case, Exception, PayoutCase, Record, Rule, share};
use crate::explain::chapter::{Teller, named};
use crate::explain::value::{Entry, Movement, Share, Standing};
use crate::explain::words;
use crate::ids::ExternalId;
use crate::netsuite::record::{Body, Deposit};
use crate::stripe::objects::BalanceTransaction;

/// Tells of one change of the balance.
pub(super) fn movement(teller: &Teller, movement: &BalanceTransaction) -> Movement {
    let inputs = teller.inputs;
    let payout = inputs.payouts.get(movement.id.as_str()).cloned();
    let mut told = Movement {
        id: movement.id.to_string(),
        date: inputs.day(movement.created),
        gross: movement.amount(),
        fee: movement.fee(),
        net: movement.net(),
        payout: payout.clone(),
        text: vec![moved(teller, movement)],
        shares: Vec::new(),
        is_banked: false,
    };
    by_day(teller, movement, &mut told);
    match &payout {
        None => told.text.push(waiting(teller, movement)),
        Some(id) => by_payout(teller, movement, id, &mut told),
    }
    told
}

fn moved(teller: &Teller, movement: &BalanceTransaction) -> String {
    let day = teller.inputs.day(movement.created);
    let id = &movement.id;
    let (net, fee) = (movement.net(), movement.fee());
    let verb = if net.is_negative() { "took" } else { "added" };
    let place = if net.is_negative() { "from" } else { "to" };
    let gross = movement.amount().abs();
    let fee = match (fee.is_zero(), fee.is_negative(), movement.amount().is_negative()) {
        (true, ..) => String::new(),
        (_, false, false) => format!(": {gross} less a fee of {fee}"),
        (_, false, true) => format!(": {gross} and a fee of {fee}"),
        (_, true, false) => format!(": {gross} and a fee of {} given back", -fee),
        (_, true, true) => format!(": {gross} less a fee of {} given back", -fee),
    };
    let rate = movement.exchange_rate.as_deref();
    let rate = rate.map(|rate| format!(", at Stripe's rate of {rate}")).unwrap_or_default();
    let what = words::capital(&words::movement(movement));
    let net = net.abs();
    format!("{what}, {day}: {id} {verb} {net} {place} the Stripe balance{fee}{rate}.")
}

fn waiting(teller: &Teller, movement: &BalanceTransaction) -> String {
    let available = movement.available_on.utc_date();
    let today = teller.inputs.day(teller.inputs.now);
    if teller.class(movement) == Class::Payout {
        return "It is a payout itself.".into();
    }
    if available > today {
        format!("It waits for a payout; Stripe makes it available on {available}.")
    } else {
        "It waits for a payout.".into()
    }
}

/// What the books of the day carry of it.
fn by_day(teller: &Teller, movement: &BalanceTransaction, told: &mut Movement) {
    let Some(policy) = teller.inputs.policy else { return };
    let holds = |record: &&&Record| {
        record.sources.iter().any(|source| source.as_str() == movement.id.as_str())
    };
    let mut records: Vec<&&Record> = teller.records.values().filter(holds).collect();
    records.sort_by_key(|record| record.rule);
    for record in records {
        let (postings, what) = match record.rule {
            // All of the record is its own, and told as one.
            Rule::MovementCharged => (None, "what it charges"),
            Rule::DayCharged | Rule::PayoutCharged => {
                (share::in_charges(movement, &teller.sources(movement), policy), "what it charges")
            }
            Rule::DaySwept => {
                (share::in_sweep(movement, policy), "it into the Stripe balance account")
            }
            _ => continue,
        };
        let verb = if record.rule == Rule::DaySwept { "takes" } else { "books" };
        told.text.push(carried_by(teller, record.external_id(), verb, what));
        add(teller, told, record.external_id(), postings);
    }
}

/// The payout that it is part of, and the deposit or journal that takes that to the bank.
fn by_payout(teller: &Teller, movement: &BalanceTransaction, id: &str, told: &mut Movement) {
    let carrier = carrier(teller, id);
    // Stripe lists a payout's own movement among its members.
    let own = carrier.and_then(|case| case.payout.balance_transaction.as_ref());
    if own == Some(&movement.id) {
        told.text.push(format!("It is payout {id} itself."));
        return;
    }
    told.text.push(paid_out(teller, id, carrier));
    let Some(policy) = teller.inputs.policy else { return };
    if let Some((case, deposits)) = deposits_of(teller, id) {
        let own = record_of(teller.class(movement), movement, &case.sources).ok();
        let own = own.map(|id| policy.masters.naming.outside(&id));
        let holds = |deposit: &&Deposit| {
            let mut lines = deposit.payments.iter();
            own.is_some() && lines.any(|line| line.record.external() == own.as_ref())
        };
        // Of a payout that was split, a fee is on whichever part has its line.
        let Some(deposit) = deposits.iter().find(holds).or(deposits.first()) else { return };
        let postings = share::in_deposit(movement, case, &deposit.account, policy);
        let what = if holds(&deposit) { own.as_ref() } else { None };
        told.text.push(on_deposit(teller, movement, case, deposit, what));
        add(teller, told, &deposit.header.external_id, postings);
    } else if let Some(journal) = journal_of(teller, id) {
        let what = "the payout from the Stripe balance account to the bank";
        told.text.push(carried_by(teller, &journal, "takes", what));
        add(teller, told, &journal, share::in_transfer(movement, policy));
    } else {
        told.text.extend(held_back(teller, id));
        return;
    }
    told.is_banked = told.shares.last().is_some_and(|share| {
        let standing = teller.state(&share.record).standing;
        matches!(standing, Standing::Posted | Standing::Verified | Standing::Drifted)
    });
}

fn add(teller: &Teller, told: &mut Movement, record: &ExternalId, postings: Option<Vec<Posting>>) {
    if let Some(postings) = postings {
        let entries = net(teller, postings);
        told.shares.push(Share { record: record.clone(), title: title(teller, record), entries });
    }
}

fn title(teller: &Teller, id: &ExternalId) -> String {
    let kind = teller.records.get(id).map(|record| record.kind().title().to_lowercase());
    kind.map_or_else(|| id.to_string(), |kind| format!("{kind} {id}"))
}

/// `Journal entry fees-… (NetSuite 12) books what it charges.`
fn carried_by(teller: &Teller, id: &ExternalId, verb: &str, what: &str) -> String {
    let state = teller.state(id);
    let name = named(&words::capital(&title(teller, id)), &state);
    let verb = if is_there(state.standing) { verb } else { &format!("will {}", bare(verb)) };
    let rest = if is_well(state.standing) { String::new() } else { format!(" {}", state.text) };
    format!("{name} {verb} {what}.{rest}")
}

/// `takes` without its ending, for `will take`.
fn bare(verb: &str) -> &str {
    match verb {
        "carries" => "carry",
        verb => verb.strip_suffix('s').unwrap_or(verb),
    }
}

fn is_there(standing: Standing) -> bool {
    !matches!(standing, Standing::Blocked | Standing::Desired | Standing::Failed)
}

fn is_well(standing: Standing) -> bool {
    matches!(standing, Standing::Verified | Standing::Posted)
}

/// The payout's case, if it is among those given.
fn carrier<'a>(teller: &Teller<'a>, payout: &str) -> Option<&'a PayoutCase> {
    teller.inputs.given.iter().find_map(|given| match &given.case {
        Case::Payout(case) if case.payout.id.as_str() == payout => Some(case.as_ref()),
        _ => None,
    })
}

fn paid_out(teller: &Teller, id: &str, case: Option<&PayoutCase>) -> String {
    let Some(payout) = case.map(|case| &case.payout) else {
        return format!("It is part of payout {id}, which is not in the ledger.");
    };
    let day = payout.arrival_date.utc_date();
    let amount = payout.amount();
    match payout.status.as_str() {
        "paid" if amount.is_negative() => {
            format!("It is part of payout {id} of {amount}, which debited the bank on {day}.")
        }
        "paid" => {
            format!("It is part of payout {id} of {amount}, which reached the bank on {day}.")
        }
        "failed" | "canceled" => format!("It is part of payout {id} of {amount}, which came back."),
        _ if day < teller.inputs.day(teller.inputs.now) => {
            format!("It is part of payout {id} of {amount}, which was expected on {day}.")
        }
        _ => format!("It is part of payout {id} of {amount}, expected in the bank on {day}."),
    }
}

/// The deposits that a payout's members are on: the payout's own, or those of the next one.
fn deposits_of<'a>(teller: &Teller<'a>, payout: &str) -> Option<(&'a PayoutCase, Vec<Deposit>)> {
    teller.inputs.given.iter().find_map(|given| {
        let Case::Payout(case) = &given.case else { return None };
        let is_own = case.payout.id.as_str() == payout;
        let is_carried = case.carried.iter().any(|(other, _)| other.id.as_str() == payout);
        let bodies = given.derived.records.iter().map(|record| teller.body(record));
        let deposits: Vec<Deposit> = bodies
            .filter_map(|body| match body {
                Body::Deposit(deposit) => Some(deposit),
                _ => None,
            })
            .collect();
        let found = (is_own || is_carried) && !deposits.is_empty();
        found.then_some((case.as_ref(), deposits))
    })
}

/// The journal of a payout that is no deposit.
fn journal_of(teller: &Teller, payout: &str) -> Option<ExternalId> {
    let id = teller.record_of(payout)?;
    let record = teller.records.get(&id)?;
    matches!(record.body, Body::JournalEntry(_)).then_some(id)
}

/// Why a payout has no deposit.
fn held_back(teller: &Teller, payout: &str) -> Option<String> {
    let known = teller.inputs.exceptions.iter().map(|(exception, _)| exception);
    let own = teller.record_of(payout)?;
    let holds = |exception: &&Exception| exception.blocks.contains(&own);
    let exception = known.into_iter().find(holds)?;
    Some(format!("Its deposit is held back: {}: {}", exception.subject, exception.message))
}

fn on_deposit(
    teller: &Teller,
    movement: &BalanceTransaction,
    case: &PayoutCase,
    deposit: &Deposit,
    line: Option<&ExternalId>,
) -> String {
    let is_suspended = case.suspended.contains(&movement.id) || case.absent.contains(&movement.id);
    let what = match (line, teller.class(movement)) {
        _ if is_suspended => "it on the suspense account, to be reclassified".into(),
        (Some(record), _) => format!("it on the line {record}"),
        (None, Class::Line(_)) => format!("it on its line for {}", words::movement(movement)),
        (None, _) => "it on a line from the Stripe balance account".into(),
    };
    let mut text = carried_by(teller, &deposit.header.external_id, "carries", &what);
    let payout = teller.inputs.payouts.get(movement.id.as_str()).map_or("", String::as_str);
    if payout != case.payout.id.as_str() {
        let name = format!("journal entry {payout}");
        let state = teller.record_of(payout).map(|id| teller.state(&id));
        let name = state.map_or_else(|| name.clone(), |state| named(&name, &state));
        text += &format!(
            " The bank's side of that payout is {name}, against the Stripe balance account."
        );
    }
    text
}

/// Nets postings per account, in order of account name; zeros are left out.
pub(super) fn net(teller: &Teller, parts: Vec<Posting>) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    for part in parts {
        let known = entries.iter_mut().find(|entry| {
            entry.account == part.account && entry.amount.currency() == part.amount.currency()
        });
        match known {
            Some(entry) => entry.amount += part.amount,
            None => entries.push(teller.entry(part)),
        }
    }
    entries.retain(|entry| !entry.amount.is_zero());
    entries.sort_by(|a, b| (a.amount.currency(), &a.name).cmp(&(b.amount.currency(), &b.name)));
    entries
}
