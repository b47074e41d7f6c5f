//! Parts of lines: how a share of an invoice falls on its lines and on the taxes of each.
//!
//! The parts of a line are its own amount, then each of its taxes. Lines in a row are one list of
//! parts, so that one split by largest remainder covers amounts and taxes alike.

use crate::money::Amount;
use crate::netsuite::record::{Decimal, ItemLine, LineTax};

/// Minor units of each part of the lines.
pub(super) fn weights(lines: &[ItemLine]) -> Vec<i64> {
    let parts = |line: &ItemLine| {
        let taxes = line.taxes.iter().map(|tax| tax.amount.minor()).collect::<Vec<_>>();
        std::iter::once(line.amount.minor()).chain(taxes)
    };
    lines.iter().flat_map(parts).collect()
}

/// The lines with other amounts, one for each part; lines of which nothing is left are left out.
pub(super) fn with_parts(lines: &[ItemLine], parts: &[Amount]) -> Vec<ItemLine> {
    let mut left = parts;
    let mut all = Vec::new();
    for line in lines {
        let (own, rest) = left.split_at(1);
        let (taxes, rest) = rest.split_at(line.taxes.len());
        left = rest;
        if own.iter().chain(taxes).any(|part| !part.is_zero()) {
            all.push(part_of(line, own[0], taxes));
        }
    }
    all
}

/// The lines, or each line's part of `amount` when that is less than they come to.
pub(super) fn prorated(lines: &[ItemLine], amount: Amount) -> Vec<ItemLine> {
    with_parts(lines, &amount.split(&weights(lines)))
}

/// The line with every amount changed in sign.
pub(super) fn turned(line: ItemLine) -> ItemLine {
    let negated = |decimal: &Decimal| {
        Decimal(match decimal.0.strip_prefix('-') {
            Some(positive) => positive.to_owned(),
            None => format!("-{}", decimal.0),
        })
    };
    let taxes = line.taxes.into_iter();
    let taxes = taxes.map(|tax| LineTax { basis: -tax.basis, amount: -tax.amount, ..tax });
    ItemLine {
        amount: -line.amount,
        rate: line.rate.as_ref().map(negated),
        taxes: taxes.collect(),
        ..line
    }
}

/// The line without an amount.
pub(super) fn emptied(line: ItemLine) -> ItemLine {
    let zero = Amount::zero(line.amount.currency());
    let rate = line.rate.as_ref().map(|_| Decimal(zero.to_decimal()));
    ItemLine { amount: zero, rate, taxes: Vec::new(), ..line }
}

fn part_of(line: &ItemLine, amount: Amount, taxes: &[Amount]) -> ItemLine {
    let taxes: Vec<LineTax> = line
        .taxes
        .iter()
        .zip(taxes)
        .map(|(tax, part)| tax_part(line, tax, amount, *part))
        .collect();
    if line.amount == amount {
        return ItemLine { taxes, ..line.clone() };
    }
    // A discount line has neither quantity nor rate; any other becomes one piece of the amount.
    let is_discount = line.quantity.is_none();
    ItemLine {
        quantity: (!is_discount).then(|| Decimal("1".into())),
        rate: (!is_discount).then(|| Decimal(amount.to_decimal())),
        amount,
        taxes,
        ..line.clone()
    }
}

/// A tax on a part of its line: the basis shrinks with the tax, or with the line where there is none.
fn tax_part(line: &ItemLine, tax: &LineTax, own: Amount, part: Amount) -> LineTax {
    let (whole, share) = if tax.amount.is_zero() { (line.amount, own) } else { (tax.amount, part) };
    let basis = if whole == share {
        tax.basis
    } else {
        tax.basis.split(&[share.minor(), (whole - share).minor()])[0]
    };
    LineTax { basis, amount: part, ..tax.clone() }
}
