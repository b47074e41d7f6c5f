//! A record as NetSuite shows it, or as it would if it is as it was posted.

use crate::accounting::posting::Posting;
use crate::money::{Amount, Currency};
use crate::netsuite::readback::{GlLine, Posted};
use crate::netsuite::record::Body;
use crate::reconcile::close::books::{Seen, SeenLine};

pub(super) fn seen_of(posted: &Posted) -> Seen {
    let line = |line: &GlLine| SeenLine {
        account: line.account.clone(),
        base_debit: line.base_debit,
        base_credit: line.base_credit,
        foreign: line.foreign,
    };
    Seen {
        date: posted.tran_date,
        period: posted.period.clone(),
        is_voided: posted.is_voided,
        is_posting: posted.is_posting,
        lines: posted.gl.iter().map(line).collect(),
    }
}

/// What NetSuite would show of a record that is as it was posted. Amounts in base currency are known of
/// records in base currency alone.
pub(super) fn as_posted(body: &Body, lines: &[Posting], base: Currency) -> Seen {
    let header = body.header().expect("a posting record has a header");
    let line = |posting: &Posting| {
        let zero = Amount::zero(base);
        let is_base = posting.amount.currency() == base;
        let own = if is_base { posting.amount } else { zero };
        SeenLine {
            account: posting.account.clone(),
            base_debit: if own.is_negative() { zero } else { own },
            base_credit: if own.is_negative() { -own } else { zero },
            foreign: posting.amount,
        }
    };
    Seen {
        date: header.tran_date,
        period: header.posting_period.clone(),
        is_voided: false,
        is_posting: true,
        lines: lines.iter().map(line).collect(),
    }
}
