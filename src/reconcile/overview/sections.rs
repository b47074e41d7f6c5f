//! The overview's sections: how each account ended, what differs, who signed; then each currency from
//! Stripe's side, from the books to Stripe, and what is open.

use std::borrow::Cow;

use super::position::{Position, is_made};
use super::{Account, End, Overview, Standing};
use crate::money::{Amount, Currency};
use crate::reconcile::close::brief::{Open, Sides};
use crate::reconcile::close::sheet::{Cell, Column, Head, Proof, STATEMENT, Term, Writer};
use crate::reconcile::statement::BY_OTHERS;

const ACCOUNT: Column = Column::text("account", "Account");

const ACCOUNTS: [Column; 5] = [
    ACCOUNT,
    Column::text("state", "State"),
    Column::count("exceptions", "Need a person"),
    Column::number("exit_code", "Exit code"),
    Column::text("report", "Its own report"),
];

const FAILED: [Column; 3] =
    [ACCOUNT, Column::text("why", "Why there is no close"), Column::text("fix", "What to do")];

const DIFFERENCES: [Column; 4] = [
    ACCOUNT,
    Column::text("proof", "Proof"),
    Column::text("currency", "Currency"),
    Column::text("difference", "Difference"),
];

const BALANCES: [Column; 7] = [
    ACCOUNT,
    Column::amount("opening", "Opening"),
    Column::amount("activity", "Activity"),
    Column::amount("payouts", "Payouts"),
    Column::amount("closing", "Closing"),
    Column::amount("reported", "By Stripe"),
    Column::amount("difference", "Difference"),
];

const BRIDGES: [Column; 7] = [
    ACCOUNT,
    Column::amount("netsuite", "By NetSuite"),
    Column::amount("others", "Of others"),
    Column::amount("before", "Before the start"),
    Column::amount("timing", "Timing"),
    Column::amount("closing", "By Stripe's movements"),
    Column::amount("difference", "Difference"),
];

const OPEN: [Column; 4] = [
    ACCOUNT,
    Column::count("count", "Items"),
    Column::amount("amount", "Amount"),
    Column::number("oldest", "Oldest, in days"),
];

const EXCEPTIONS: [Column; 5] = [
    ACCOUNT,
    Column::text("class", "Class"),
    Column::count("asking", "Need a person"),
    Column::count("accepted", "Accepted for now"),
    Column::number("oldest", "Oldest, in days"),
];

const SIGNED: [Column; 4] = [
    ACCOUNT,
    Column::text("preparer", "Prepared"),
    Column::text("reviewer", "Reviewed"),
    Column::text("locked", "Locked"),
];

pub(super) fn write(overview: &Overview, out: &mut Writer) {
    out.list(&Head::new("overview-accounts", "Accounts", &ACCOUNTS), ended(overview));
    let failed = overview.accounts.iter().filter_map(|account| match &account.end {
        End::Failed { why, fix } => {
            let fix = Cell::or_empty(fix.as_deref(), Cell::text);
            Some(vec![Cell::text(&account.name), Cell::text(why), fix])
        }
        End::Closed { .. } => None,
    });
    out.list(&Head::new("overview-failed", "Without a close", &FAILED), failed);
    let proofs = own_proofs(overview);
    out.list(
        &Head::new("overview-differences", "What differs", &DIFFERENCES),
        differences(overview, &proofs),
    );
    for currency in overview.currencies() {
        let positions = super::position::of(&overview.accounts, currency);
        balances(overview, currency, out);
        bridges(overview, &positions, currency, out);
        for position in &positions {
            bridge(position, out);
        }
        open(overview, &positions, currency, out);
    }
    out.list(
        &Head::new("overview-exceptions", "Exceptions", &EXCEPTIONS),
        overview.accounts.iter().flat_map(exceptions),
    );
    out.list(
        &Head::new("overview-signed", "Signatures", &SIGNED),
        overview.accounts.iter().filter_map(signed),
    );
    out.proofs.extend(
        proofs.into_iter().map(|(account, proof)| Proof {
            title: format!("{account}: {}", proof.title),
            ..proof
        }),
    );
}

fn ended(overview: &Overview) -> impl Iterator<Item = Vec<Cell<'_>>> {
    overview.accounts.iter().enumerate().map(|(place, account)| {
        let report = match &account.end {
            End::Closed { report, .. } => Cell::text(report),
            End::Failed { .. } => Cell::Empty,
        };
        vec![
            Cell::text(&account.name),
            Cell::text(overview.state(place).word()),
            Cell::or_empty(account.brief(), |brief| Cell::count(brief.asking())),
            Cell::Count(account.exit_code.into()),
            report,
        ]
    })
}

/// What the accounts' own reports prove. A bridge that stands in the overview itself is not said twice.
fn own_proofs(overview: &Overview) -> Vec<(&str, Proof)> {
    let shared: Vec<(usize, Currency)> = overview
        .positions()
        .filter(Position::is_shared)
        .flat_map(|own| own.members.into_iter().map(move |place| (place, own.currency)))
        .collect();
    let mut all = Vec::new();
    for (place, account) in overview.accounts.iter().enumerate() {
        let Some(brief) = account.brief() else { continue };
        let is_said = |proof: &&Proof| {
            let is_bridge = proof.section == format!("bridge-{}", proof.currency);
            is_bridge && !shared.contains(&(place, proof.currency))
        };
        let own = brief.proofs.iter().filter(|proof| !is_said(proof)).cloned();
        all.extend(own.map(|proof| (account.name.as_str(), proof)));
    }
    all
}

fn differences<'a>(
    overview: &'a Overview,
    proofs: &[(&str, Proof)],
) -> impl Iterator<Item = Vec<Cell<'static>>> + use<'a> {
    let own = proofs.iter().map(|(account, proof)| ((*account).to_owned(), proof.clone()));
    let bridges = overview.positions().map(|own| (own.name.clone(), own.proof()));
    let mut all: Vec<(String, Proof)> = own.chain(bridges).collect();
    all.retain(|(_, proof)| !proof.difference.is_zero());
    all.into_iter().map(|(account, proof)| {
        let amount = proof.difference.to_string();
        [account, proof.title, proof.currency.to_string(), amount].map(Cell::text).to_vec()
    })
}

/// The accounts that have a currency.
fn having(
    overview: &Overview,
    currency: Currency,
) -> impl Iterator<Item = (usize, &Account, &Sides)> {
    overview.accounts.iter().enumerate().filter_map(move |(place, account)| {
        Some((place, account, account.brief()?.currencies.get(&currency)?))
    })
}

fn balances(overview: &Overview, currency: Currency, out: &mut Writer) {
    let silent: Vec<&str> = having(overview, currency)
        .filter(|(.., own)| own.reported.is_none() && !own.is_empty())
        .map(|(_, account, _)| account.name.as_str())
        .collect();
    let note = (!silent.is_empty()).then(|| {
        let names = silent.join(", ");
        format!("Stripe's own balance is not known of {names}: the last two columns are without.")
    });
    let rows = having(overview, currency).filter(|(.., own)| !own.is_empty());
    let rows = rows.map(|(_, account, own)| {
        let amounts = [own.opening, own.activity, own.payouts, own.closing()].map(Cell::Amount);
        let mut row = vec![Cell::text(&account.name)];
        row.extend(amounts);
        row.push(Cell::or_empty(own.reported, Cell::Amount));
        row.push(Cell::or_empty(own.reported, |reported| Cell::Amount(reported - own.closing())));
        row
    });
    let title = format!("Stripe balances, {currency}");
    let head = Head::new(format!("overview-balances-{currency}"), title, &BALANCES);
    out.list(&head.of(currency).noted(note), rows);
}

fn bridges(overview: &Overview, positions: &[Position], currency: Currency, out: &mut Writer) {
    let rows = positions.iter().map(|own| {
        let timing = own.timing().values().fold(Amount::zero(currency), |sum, (_, a)| sum + *a);
        let amounts = [
            own.netsuite_balance(),
            -own.by_others(),
            own.before(),
            timing,
            own.stripe(),
            own.difference(),
        ];
        let mut row = vec![Cell::text(&own.name)];
        row.extend(amounts.map(Cell::Amount));
        row
    });
    let shared = positions.iter().filter(|own| own.is_shared());
    let mut notes: Vec<String> = shared
        .map(|own| {
            format!("One account of NetSuite has one balance: {} is said together.", own.name)
        })
        .collect();
    for own in positions {
        let makers = own.makers.iter();
        let makers: Vec<&str> = makers.map(|maker| &*overview.accounts[*maker].name).collect();
        if !makers.is_empty() {
            notes.push(format!(
                "Among the records of others on the accounts of {} are those of {}.",
                own.name,
                makers.join(", ")
            ));
        }
    }
    let note = (!notes.is_empty()).then(|| notes.join(" "));
    let title = format!("From the general ledger to the Stripe balances, {currency}");
    let head = Head::new(format!("overview-bridges-{currency}"), title, &BRIDGES);
    out.list(&head.of(currency).noted(note), rows);
}

/// What leads from NetSuite to Stripe, term by term, and what a difference is made of.
fn bridge(own: &Position, out: &mut Writer) {
    let mut terms: Vec<Term> = own
        .netsuite
        .iter()
        .map(|(account, amount)| {
            Term::new(format!("{}, by NetSuite", own.account(account)), 0, *amount)
        })
        .collect();
    if !own.others.is_empty() {
        terms.push(Term::new(BY_OTHERS, own.others.len(), -own.by_others()));
    }
    if !own.before().is_zero() {
        terms.push(Term::new("From before the start of the books", 0, own.before()));
    }
    for (why, (count, amount)) in own.timing() {
        terms.push(Term::new(why.label(), count, amount));
    }
    let head = Head::new(own.key(), own.title(), &STATEMENT).of(own.currency);
    let observed = Some(("Stripe balance, from its movements", own.stripe()));
    let total = "Stripe balance, from the books";
    let difference = out.proof(&head.noted(own.unread()), terms, total, observed);
    explain(own, difference, out);
}

fn explain(own: &Position, difference: Amount, out: &mut Writer) {
    let errors = own.errors();
    if errors.is_empty() && difference.is_zero() {
        return;
    }
    let terms = errors.into_iter().map(|(what, (count, amount))| {
        Term::new(format!("Records {}", what.words()), count, amount)
    });
    let key = own.key().replacen("bridge", "difference", 1);
    let title = format!("What the difference is made of, {}, {}", own.name, own.currency);
    let head = Head::new(key, title, &STATEMENT).of(own.currency);
    out.proof(&head, terms.collect(), "Explained", Some(("Difference of the bridge", difference)));
}

fn open_row<'a>(name: impl Into<Cow<'a, str>>, open: Open) -> Vec<Cell<'a>> {
    let oldest = Cell::or_empty(open.oldest_days, Cell::Count);
    vec![Cell::text(name), Cell::count(open.count), Cell::Amount(open.amount), oldest]
}

/// As the accounts' own reports have them; a record of others that is one of these accounts' own is not
/// open, and one that is nobody's is so once.
fn open(overview: &Overview, positions: &[Position], currency: Currency, out: &mut Writer) {
    let mut rows = Vec::new();
    let mut notes = Vec::new();
    for (place, account, own) in having(overview, currency) {
        let Some(brief) = account.brief() else { continue };
        let mut shared = positions.iter().filter(|position| position.is_shared());
        let is_shared = shared.any(|position| position.members.contains(&place));
        let mut open = own.open;
        let mut left_out = Open::none(currency);
        for other in &own.others {
            if is_made(other, &overview.accounts) {
                left_out.add(other.date, -other.amount, brief.period.last_day);
            } else if !is_shared {
                open.add(other.date, -other.amount, brief.period.last_day);
            }
        }
        if open.count > 0 {
            rows.push(open_row(&account.name, open));
        }
        if left_out.count > 0 {
            notes.push(format!(
                "{}'s own report has {} more of {}: records of the other accounts here.",
                account.name, left_out.count, left_out.amount
            ));
        }
    }
    for position in positions.iter().filter(|own| own.is_shared() && !own.others.is_empty()) {
        let mut open = Open::none(currency);
        let last_day = position.last_day();
        for (date, amount) in position.others.values() {
            open.add(*date, -*amount, last_day);
        }
        rows.push(open_row(format!("{}, made by others", position.name), open));
    }
    let note = (!notes.is_empty()).then(|| notes.join(" "));
    let title = format!("Between the books and the Stripe balances, {currency}");
    let head = Head::new(format!("overview-open-{currency}"), title, &OPEN);
    out.list(&head.of(currency).noted(note), rows);
}

fn exceptions(account: &Account) -> impl Iterator<Item = Vec<Cell<'_>>> {
    let classes = account.brief().into_iter().flat_map(|brief| &brief.exceptions);
    classes.map(|(class, cared)| {
        vec![
            Cell::text(&account.name),
            Cell::text(class.to_string()),
            Cell::count(cared.asking),
            Cell::count(cared.accepted),
            Cell::or_empty(cared.oldest_days, Cell::Count),
        ]
    })
}

fn signed(account: &Account) -> Option<Vec<Cell<'_>>> {
    let Standing { is_locked, signed } = account.standing.as_ref()?;
    let by = |role: &str| {
        let own = signed.iter().find(|own| own.role == role);
        Cell::or_empty(own, |own| {
            let void = if own.is_void { ", void" } else { "" };
            Cell::text(format!("{}, {}{void}", own.by, own.day))
        })
    };
    let locked = Cell::text(if *is_locked { "locked" } else { "open" });
    Some(vec![Cell::text(&account.name), by("preparer"), by("reviewer"), locked])
}
