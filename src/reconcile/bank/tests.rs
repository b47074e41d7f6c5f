//! Which line is which payout's, and above all when nobody can say.

use std::ops::RangeInclusive;

use proptest::prelude::*;

use super::*;
use crate::money::{Amount, Currency};

fn day(text: &str) -> NaiveDate {
    format!("2026-{text}").parse().unwrap()
}

fn october() -> RangeInclusive<NaiveDate> {
    day("10-01")..=day("10-31")
}

fn payout(id: &str, minor: i64, arrival: &str) -> Sent {
    Sent {
        id: format!("po_000000{id}"),
        amount: Amount::new(minor, Currency::USD),
        arrival: day(arrival),
        status: "paid".into(),
        returned: None,
        trace: None,
        descriptor: None,
    }
}

fn line(id: &str, minor: i64, booked: &str, words: &str) -> Line {
    let amount = Amount::new(minor, Currency::USD);
    Line { id: id.into(), account: 0, booked: day(booked), amount, words: words.into() }
}

fn account(currency: &str, payouts: &[&str], to: &str) -> Account {
    Account {
        name: currency.to_lowercase(),
        currency: currency.parse().unwrap(),
        payouts: payouts.iter().map(|code| code.parse().unwrap()).collect(),
        stretches: vec![(day("09-01"), day(to))],
    }
}

fn side(sent: &[Sent], lines: Vec<Line>) -> BankSide {
    let accounts = vec![account("USD", &["USD"], "11-30")];
    let texts = vec!["STRIPE".into()];
    BankSide { days: 3, texts, accounts, lines, pairs: Vec::new() }.of_payouts(sent)
}

/// Payout or line, state, what the bank should have and what it has.
fn shown(sent: &[Sent], side: &BankSide) -> Vec<(String, &'static str, i64, i64)> {
    let row = |row: &Row| {
        let name = match (row.payout, row.line) {
            (Some(payout), _) => sent[payout].id.trim_start_matches("po_000000").to_owned(),
            (None, Some(line)) => side.lines[line].id.clone(),
            (None, None) => unreachable!("a row is of a payout or of a line"),
        };
        let name = if row.is_back { name + "-back" } else { name };
        (name, row.state.word(), row.expected().minor(), row.in_bank.minor())
    };
    rows(sent, side, &october()).iter().filter(|row| !row.is_old).map(row).collect()
}

fn is(sent: &[Sent], lines: Vec<Line>, expected: &[(&str, &str, i64, i64)]) {
    let side = side(sent, lines);
    let expected: Vec<_> = expected
        .iter()
        .map(|(name, state, should, has)| ((*name).to_owned(), *state, *should, *has))
        .collect();
    assert_eq!(shown(sent, &side), expected);
}

/// The usual month: a line a day late, one with no words of Stripe's, and one that is not Stripe's.
#[test]
fn amount_and_day_find_the_line_of_a_payout() {
    let sent =
        [payout("a", 9_680, "10-02"), payout("b", 5_000, "10-05"), payout("c", -700, "10-07")];
    let lines = vec![
        line("1", 9_680, "10-05", "STRIPE TRANSFER"),
        line("2", 5_000, "10-05", "TRANSFER"),
        line("3", -700, "10-07", "Stripe debit"),
        line("4", 700, "10-07", "A customer"),
        line("5", -240_000, "10-01", "RENT"),
    ];
    is(
        &sent,
        lines,
        &[("a", "ties", 9_680, 9_680), ("b", "ties", 5_000, 5_000), ("c", "ties", -700, -700)],
    );
}

/// Two payouts of one amount and one line: to take the nearer one would be to guess.
#[test]
fn what_fits_several_is_ambiguous_unless_every_day_fits() {
    let sent = [payout("a", 9_680, "10-05"), payout("b", 9_680, "10-06")];
    let one = line("1", 9_680, "10-06", "STRIPE");
    let ambiguous =
        [("a", "ambiguous", 9_680, 0), ("b", "ambiguous", 9_680, 0), ("1", "ambiguous", 0, 9_680)];
    is(&sent, vec![one.clone()], &ambiguous);
    let two = vec![line("0", 9_680, "10-05", "STRIPE"), one.clone()];
    is(&sent, two, &[("a", "ties", 9_680, 9_680), ("b", "ties", 9_680, 9_680)]);
    // Further apart than the tolerance they do not meet.
    let sent = [payout("a", 9_680, "10-05"), payout("b", 9_680, "10-13")];
    let lines = vec![line("0", 9_680, "10-07", "STRIPE"), line("1", 9_680, "10-14", "STRIPE")];
    is(&sent, lines, &[("a", "ties", 9_680, 9_680), ("b", "ties", 9_680, 9_680)]);
}

/// A line that is on the statement twice must not be hidden by the one that is right.
#[test]
fn a_line_that_is_there_twice_is_a_difference_of_its_amount() {
    let sent = [payout("a", 9_680, "10-05")];
    let lines = vec![line("1", 9_680, "10-05", "STRIPE"), line("2", 9_680, "10-05", "STRIPE")];
    is(
        &sent,
        lines,
        &[("a", "ambiguous", 9_680, 0), ("1", "ambiguous", 0, 9_680), ("2", "ambiguous", 0, 9_680)],
    );
}

/// The trace id says which, whatever day the bank booked it on and however it cuts words.
#[test]
fn a_reference_is_stronger_than_a_day() {
    let traced =
        |id: &str, trace: &str| Sent { trace: Some(trace.into()), ..payout(id, 9_680, "10-05") };
    let sent = [traced("a", "TRACE-0001"), traced("b", "TRACE-0002")];
    let lines = vec![
        line("1", 9_680, "10-20", "STRIPE TRA CE0001"),
        line("2", 9_690, "10-05", "STRIPE TRACE-0002"),
    ];
    is(&sent, lines, &[("a", "ties", 9_680, 9_680), ("b", "amount differs", 9_680, 9_690)]);
}

/// A payout and a line of Stripe's that are alone with one another differ; two of each are not paired.
#[test]
fn another_amount_is_a_difference_where_nothing_else_can_be_meant() {
    let sent = [payout("a", 9_680, "10-05")];
    let lines = vec![line("1", 9_660, "10-05", "STRIPE")];
    is(&sent, lines, &[("a", "amount differs", 9_680, 9_660)]);
    let sent = [payout("a", 9_680, "10-05"), payout("b", 5_000, "10-05")];
    let lines = vec![line("1", 9_660, "10-05", "STRIPE"), line("2", 4_000, "10-05", "STRIPE")];
    is(
        &sent,
        lines,
        &[
            ("a", "not in the bank", 9_680, 0),
            ("b", "not in the bank", 5_000, 0),
            ("1", "in the bank only", 0, 9_660),
            ("2", "in the bank only", 0, 4_000),
        ],
    );
}

/// Nobody says whether a payout that failed was in the bank before: both ways or none.
#[test]
fn a_failed_payout_goes_out_and_back_or_was_never_there() {
    let failed = Sent {
        status: "failed".into(),
        returned: Some(day("10-08")),
        ..payout("a", 9_680, "10-05")
    };
    let cancelled = Sent { status: "canceled".into(), ..payout("b", 100, "10-05") };
    let sent = [failed, cancelled];
    let (out, back) = (line("1", 9_680, "10-05", "STRIPE"), line("2", -9_680, "10-09", "STRIPE"));
    let there = [("a", "ties", 9_680, 9_680), ("a-back", "ties", -9_680, -9_680)];
    is(&sent, vec![out.clone(), back], &there);
    is(&sent, vec![], &[("a", "never reached the bank", 0, 0)]);
    let half = [("a", "ties", 9_680, 9_680), ("a-back", "not in the bank", -9_680, 0)];
    is(&sent, vec![out], &half);
}

/// The payout that was sent in place of one that never arrived must not be confused with it.
#[test]
fn a_payout_that_was_never_there_takes_no_line() {
    let failed = Sent {
        status: "failed".into(),
        returned: Some(day("10-05")),
        ..payout("a", 9_680, "10-06")
    };
    let sent = [failed, payout("b", 9_680, "10-07")];
    let lines = vec![line("1", 9_680, "10-08", "STRIPE")];
    is(&sent, lines, &[("a", "never reached the bank", 0, 0), ("b", "ties", 9_680, 9_680)]);
}

/// Timing is no error: what is late at the period's end, what came from the one before, what came early.
#[test]
fn the_ends_of_a_period_are_timing() {
    let sent = [
        payout("a", 100, "09-30"),
        payout("b", 200, "10-30"),
        payout("c", 300, "10-29"),
        payout("d", 400, "11-02"),
        payout("e", 500, "09-29"),
    ];
    let lines = vec![
        line("1", 100, "10-01", "STRIPE"),
        line("2", 200, "11-03", "STRIPE"),
        line("4", 400, "10-30", "STRIPE"),
        line("5", 500, "09-29", "STRIPE"),
    ];
    is(
        &sent,
        lines,
        &[
            ("a", "ties", 100, 100),
            ("c", "not in the bank yet", 0, 0),
            ("b", "not in the bank yet", 0, 0),
            ("d", "ties", 400, 400),
        ],
    );
}

/// A month is not wrong because half of its statement was not imported.
#[test]
fn days_without_a_statement_are_told_apart_from_days_without_a_line() {
    let sent = [payout("a", 100, "10-05"), payout("b", 200, "10-19"), payout("c", 300, "10-26")];
    let mut side = side(&sent, vec![line("1", 100, "10-05", "STRIPE")]);
    side.accounts[0].stretches = vec![(day("10-01"), day("10-20"))];
    let states: Vec<&str> = shown(&sent, &side).iter().map(|row| row.1).collect();
    assert_eq!(states, ["ties", "not in the bank yet", "no statement"]);
    side.accounts[0].stretches = vec![(day("10-01"), day("10-31"))];
    let states: Vec<&str> = shown(&sent, &side).iter().map(|row| row.1).collect();
    assert_eq!(states, ["ties", "not in the bank", "not in the bank"]);
}

/// The bank changed euros into dollars: the amount says nothing, and nothing is counted as a difference.
#[test]
fn a_payout_to_an_account_in_another_currency_is_told_apart() {
    let euro =
        Sent { amount: Amount::new(9_000, "EUR".parse().unwrap()), ..payout("a", 0, "10-05") };
    let sent = [euro, payout("b", 5_000, "10-06")];
    let lines = vec![line("1", 9_810, "10-05", "STRIPE"), line("2", 5_000, "10-06", "STRIPE")];
    let mut side = side(&sent, lines);
    side.accounts[0].payouts.push("EUR".parse().unwrap());
    let expected = [("b", "ties", 5_000, 5_000), ("a", "in another currency", 0, 0)];
    let expected = expected.map(|(name, state, should, has)| (name.to_owned(), state, should, has));
    let mut found = shown(&sent, &side);
    found.sort_by_key(|row| row.1 != "ties");
    assert_eq!(found, expected);
}

/// A person's word ends an ambiguity, and only that one.
#[test]
fn what_a_person_said_is_taken() {
    let sent = [payout("a", 9_680, "10-05"), payout("b", 9_680, "10-06")];
    let mut side =
        side(&sent, vec![line("1", 9_680, "10-07", "STRIPE"), line("2", 9_680, "10-07", "STRIPE")]);
    assert!(shown(&sent, &side).iter().all(|row| row.1 == "ambiguous"));
    side.pairs.push(("2".into(), sent[0].id.clone()));
    let found = rows(&sent, &side, &october());
    let of = |place: usize| (found[place].state, found[place].line, found[place].how);
    assert_eq!(of(0), (State::Ties, Some(1), Some(How::Decided)));
    assert_eq!(of(1), (State::Ties, Some(0), Some(How::Text)));
}

/// What is missing counts once, in the period in which its days ended.
#[test]
fn what_was_missing_before_is_shown_and_not_counted_again() {
    let sent = [payout("a", 100, "09-10"), payout("b", 200, "09-30")];
    let side = side(&sent, vec![]);
    let found = rows(&sent, &side, &october());
    let of =
        |place: usize| (found[place].state, found[place].is_old, found[place].expected().minor());
    assert_eq!(of(0), (State::Missing, true, 0));
    assert_eq!(of(1), (State::Missing, false, 200));
}

#[test]
fn bank_days_leave_weekends_out() {
    assert_eq!(bank_days_between(day("10-02"), day("10-05")), 1);
    assert_eq!(bank_days_between(day("10-05"), day("10-02")), 1);
    assert_eq!(bank_days_between(day("10-05"), day("10-05")), 0);
    assert_eq!(bank_days_after(day("10-02"), 3), day("10-07"));
    let whole = |_, _| false;
    let days =
        [(day("10-06"), day("10-07")), (day("10-01"), day("10-05")), (day("10-10"), day("10-12"))];
    let found = stretches(days, whole);
    assert_eq!(found, [(day("10-01"), day("10-07")), (day("10-10"), day("10-12"))]);
}

proptest! {
    /// Which file was imported first must not decide what a line is of; and no line pays two payouts.
    #[test]
    fn the_order_of_imports_changes_nothing(
        amounts in prop::collection::vec((1_i64..4, 1_u32..28, any::<bool>()), 1..12),
        lines in prop::collection::vec((1_i64..4, 1_u32..28, any::<bool>()), 0..12),
        seed in any::<u64>(),
    ) {
        let date = |day: u32| NaiveDate::from_ymd_opt(2026, 10, day).unwrap();
        let sent: Vec<Sent> = amounts.iter().enumerate().map(|(n, (minor, day, _))| Sent {
            arrival: date(*day),
            ..payout(&n.to_string(), *minor, "10-01")
        }).collect();
        let lines: Vec<Line> = lines.iter().enumerate().map(|(n, (minor, day, is_stripe))| Line {
            booked: date(*day),
            ..line(&n.to_string(), *minor, "10-01", if *is_stripe { "STRIPE" } else { "" })
        }).collect();
        let mut mixed = lines.clone();
        mixed.sort_by_key(|line| seed.wrapping_mul(line.id.len() as u64 + 7).wrapping_add(line.amount.minor().unsigned_abs().wrapping_mul(seed)));
        mixed.reverse();
        let (one, other) = (side(&sent, lines), side(&sent, mixed));
        prop_assert_eq!(&one, &other);
        let found = rows(&sent, &one, &october());
        let mut used: Vec<usize> = found.iter().filter_map(|row| row.line).collect();
        let count = used.len();
        used.sort_unstable();
        used.dedup();
        prop_assert_eq!(used.len(), count, "a line stands on two rows");
        for row in &found {
            if row.state == State::Ties {
                prop_assert_eq!(row.in_bank, row.amount);
            }
        }
    }
}
