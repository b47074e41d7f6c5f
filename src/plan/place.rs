//! Which posting period a new record falls in.
//!
//! The period is always sent: NetSuite, left to itself, may choose another one by a preference. A
//! record that belongs to a closed or locked period moves to the first day of the first open period
//! after it, and its memo says where it came from; or it waits, when the policy says so.

use chrono::NaiveDate;

use crate::accounting::policy::ClosedPeriod;
use crate::calendar::{PeriodState, PostingPeriod};
use crate::netsuite::record::{Body, Header};

/// Stands in the memo of a record that moved to a later period, before the day it belongs to.
pub const MOVED_FROM: &str = "Original date:";

/// The day that a record belongs to, where its memo says that it was moved.
pub fn original_date(memo: &str) -> Option<NaiveDate> {
    let (_, after) = memo.split_once(MOVED_FROM)?;
    after.trim_start().get(..10)?.parse().ok()
}

/// Why a record has no period.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoPeriod {
    #[error("NetSuite has no posting period for {0}")]
    Missing(NaiveDate),
    #[error("the posting period {0} is {1} and no later one is open")]
    NoneOpen(String, &'static str),
    #[error("the posting period {0} is {1}, and the policy is to wait until it is opened")]
    Blocked(String, &'static str),
}

/// Whether a record moves accounts receivable, so that an A/R lock stops it.
pub fn is_receivable(body: &Body) -> bool {
    match body {
        Body::Invoice(_)
        | Body::CreditMemo(_)
        | Body::CustomerPayment(_)
        | Body::CustomerRefund(_) => true,
        Body::JournalEntry(journal) => journal.lines.iter().any(|line| line.entity.is_some()),
        _ => false,
    }
}

/// Fills in the posting period, moving the date when it must and may.
///
/// # Errors
/// When no period holds the date, none at or after it takes the record, or it has to wait.
pub fn place(
    header: &mut Header,
    receivable: bool,
    periods: &[PostingPeriod],
    closed_period: ClosedPeriod,
) -> Result<(), NoPeriod> {
    let date = header.tran_date;
    let own = periods.iter().find(|period| period.contains(date)).ok_or(NoPeriod::Missing(date))?;
    if own.state.takes(receivable) {
        header.posting_period = Some(own.id.clone());
        return Ok(());
    }
    if closed_period == ClosedPeriod::Block {
        return Err(NoPeriod::Blocked(own.name.clone(), state_word(own.state)));
    }
    let next = periods
        .iter()
        .filter(|period| period.state.takes(receivable) && period.first_day > date)
        .min_by_key(|period| period.first_day)
        .ok_or_else(|| NoPeriod::NoneOpen(own.name.clone(), state_word(own.state)))?;
    header.tran_date = next.first_day;
    header.posting_period = Some(next.id.clone());
    header.memo = format!("{} {MOVED_FROM} {date}", header.memo);
    Ok(())
}

/// A period's state in words.
pub const fn state_word(state: PeriodState) -> &'static str {
    match state {
        PeriodState::Open => "open",
        PeriodState::ReceivablesLocked => "locked for receivables",
        PeriodState::Locked => "locked",
        PeriodState::Closed => "closed",
        PeriodState::LockedHere => "locked in these books",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{ExternalId, InternalId};

    fn period(id: &str, first: &str, last: &str, state: PeriodState) -> PostingPeriod {
        PostingPeriod {
            id: InternalId::new(id),
            name: format!("period {id}"),
            first_day: first.parse().unwrap(),
            last_day: last.parse().unwrap(),
            state,
        }
    }

    fn header(date: &str) -> Header {
        Header {
            external_id: ExternalId::new("in_1").unwrap(),
            memo: "Stripe: in_1".into(),
            tran_date: date.parse().unwrap(),
            posting_period: None,
            currency: InternalId::new("1"),
            exchange_rate: None,
            subsidiary: None,
            extras: crate::netsuite::extras::Extras::default(),
        }
    }

    fn periods() -> [PostingPeriod; 3] {
        [
            period("9", "2026-11-01", "2026-11-30", PeriodState::Open),
            period("7", "2026-09-01", "2026-09-30", PeriodState::Closed),
            period("8", "2026-10-01", "2026-10-31", PeriodState::ReceivablesLocked),
        ]
    }

    #[test]
    fn a_record_of_a_closed_month_moves_to_the_first_open_day_and_says_so() {
        let periods = periods();
        let next = ClosedPeriod::NextOpen;
        let mut moved = header("2026-09-17");
        place(&mut moved, true, &periods, next).unwrap();
        assert_eq!(moved.tran_date.to_string(), "2026-11-01");
        assert_eq!(moved.posting_period, Some(InternalId::new("9")));
        assert_eq!(moved.memo, "Stripe: in_1 Original date: 2026-09-17");
        assert_eq!(original_date(&moved.memo), "2026-09-17".parse().ok());
        assert_eq!(original_date("Stripe: in_1"), None);

        let mut kept = header("2026-11-17");
        place(&mut kept, true, &periods, next).unwrap();
        assert_eq!(kept.tran_date.to_string(), "2026-11-17");
        assert!(place(&mut header("2026-12-01"), true, &periods, next).is_err());
        assert!(place(&mut header("2026-10-05"), true, &periods[1..], next).is_err());
    }

    #[test]
    fn a_lock_on_receivables_stops_invoices_and_not_deposits() {
        let mut deposit = header("2026-09-17");
        place(&mut deposit, false, &periods(), ClosedPeriod::NextOpen).unwrap();
        assert_eq!(deposit.tran_date.to_string(), "2026-10-01");
        let mut invoice = header("2026-09-17");
        place(&mut invoice, true, &periods(), ClosedPeriod::NextOpen).unwrap();
        assert_eq!(invoice.tran_date.to_string(), "2026-11-01");
    }

    #[test]
    fn a_company_that_never_moves_dates_gets_them_blocked_instead() {
        let mut invoice = header("2026-10-05");
        let error = place(&mut invoice, true, &periods(), ClosedPeriod::Block).unwrap_err();
        assert!(error.to_string().contains("locked for receivables"), "{error}");
        assert_eq!(invoice, header("2026-10-05"), "a blocked record is left as it was");
    }
}
