//! What a payout is made of, by kind and one by one; both sum to the payout.

use std::collections::BTreeMap;

use crate::explain::inputs::Inputs;
use crate::explain::value::{Makeup, MakeupRow, Member};
use crate::explain::words;
use crate::money::{Amount, Currency};
use crate::stripe::objects::BalanceTransaction;

/// `None` while Stripe has not said what it is made of.
pub(super) fn makeup(
    inputs: &Inputs,
    currency: Currency,
    mut members: Vec<&BalanceTransaction>,
) -> Option<Makeup> {
    if members.is_empty() {
        return None;
    }
    members.sort_by_key(|member| (member.created, member.id.clone()));
    let zero = Amount::zero(currency);
    let empty = |label: &str| MakeupRow {
        label: label.to_owned(),
        count: 0,
        gross: zero,
        fee: zero,
        net: zero,
    };
    let mut rows: BTreeMap<String, MakeupRow> = BTreeMap::new();
    let mut total = empty("Total");
    // A member in another currency is an exception of its own and has no place in a sum.
    for member in members.iter().filter(|member| member.currency == currency) {
        let label = words::capital(&words::movement(member));
        let row = rows.entry(label.clone()).or_insert_with(|| empty(&label));
        for row in [row, &mut total] {
            row.count += 1;
            row.gross += member.amount();
            row.fee += member.fee();
            row.net += member.net();
        }
    }
    let members = members.into_iter().map(|member| Member {
        date: inputs.day(member.created),
        id: member.id.to_string(),
        source: member.source.clone(),
        label: words::movement(member),
        gross: member.amount(),
        fee: member.fee(),
        net: member.net(),
    });
    let members = members.collect();
    let mut rows: Vec<MakeupRow> = rows.into_values().collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.gross));
    Some(Makeup { rows, total, members })
}
