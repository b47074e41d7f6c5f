//! The money of balance transactions, without reading their JSON.

use rusqlite::{OptionalExtension, Row, params};

use super::objects::unpacked;
use super::{Ledger, LedgerError};
use crate::calendar::UnixTime;
use crate::money::{Amount, Currency};

/// What moved with one balance transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MovementRow {
    pub category: String,
    pub amount: Amount,
    pub fee: Amount,
    pub net: Amount,
    /// The payout that paid it out, as far as it is known.
    pub payout: Option<String>,
}

/// Every column of a balance transaction's row.
#[derive(Debug, Clone, Copy)]
pub struct FlatMovement<'a> {
    pub id: &'a str,
    pub created: UnixTime,
    pub available_on: UnixTime,
    pub currency: &'a str,
    pub kind: &'a str,
    pub category: &'a str,
    /// Integers in the smallest unit of the currency, as Stripe has them.
    pub amount: i64,
    pub fee: i64,
    pub net: i64,
    pub source: Option<&'a str>,
    pub payout: Option<&'a str>,
}

const COLUMNS: &str = "o.id, m.currency, ifnull(nullif(m.category, ''), m.type), m.amount, m.fee,
     m.net, p.payout
     FROM movement m JOIN object o USING (seq) LEFT JOIN payout_member p ON p.balance_transaction = o.id";

impl Ledger {
    /// The movement of a balance transaction.
    pub fn movement(&self, id: &str) -> Result<Option<MovementRow>, LedgerError> {
        let run = || -> rusqlite::Result<Option<(String, MovementRow)>> {
            let seq = self.seq_of(id)?;
            self.connection
                .prepare_cached(&format!("SELECT {COLUMNS} WHERE m.seq = ?1"))?
                .query_row([seq], movement)
                .optional()
        };
        Ok(run().map_err(|error| self.fail(error))?.map(|(_, row)| row))
    }

    /// What a payout paid out, its own row included, by id.
    pub fn movements_of_payout(
        &self,
        payout: &str,
    ) -> Result<Vec<(String, MovementRow)>, LedgerError> {
        let run = || -> rusqlite::Result<Vec<(String, MovementRow)>> {
            self.connection
                .prepare_cached(&format!(
                    "SELECT {COLUMNS} WHERE m.seq IN (
                       SELECT l.seq FROM payout_member n
                       JOIN link l ON l.target = key_of(n.balance_transaction) AND l.rel = 0
                       WHERE n.payout = ?1)
                     AND p.payout = ?1 ORDER BY o.id"
                ))?
                .query_map([payout], movement)?
                .collect()
        };
        run().map_err(|error| self.fail(error))
    }

    /// Every row of the view `stripe_balance_transaction`, in the order in which they came.
    pub fn for_each_flat_movement<E: From<LedgerError>>(
        &self,
        mut visit: impl FnMut(&FlatMovement) -> Result<(), E>,
    ) -> Result<(), E> {
        let wrap = |error| self.fail(error);
        let mut statement = self
            .connection
            .prepare_cached(
                "SELECT id, created, available_on, currency, type, category, amount, fee, net,
                        source, payout FROM stripe_balance_transaction",
            )
            .map_err(wrap)?;
        let mut rows = statement.query([]).map_err(wrap)?;
        while let Some(row) = rows.next().map_err(wrap)? {
            visit(&flat(row).map_err(wrap)?)?;
        }
        Ok(())
    }

    /// Every object with its id, kind, instant and JSON, in the order in which they came.
    pub fn for_each_flat_object<E: From<LedgerError>>(
        &self,
        mut visit: impl FnMut(&str, &str, UnixTime, &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let wrap = |error| self.fail(error);
        let mut statement = self
            .connection
            .prepare_cached("SELECT id, kind, created, raw FROM object ORDER BY seq")
            .map_err(wrap)?;
        let mut rows = statement.query([]).map_err(wrap)?;
        while let Some(row) = rows.next().map_err(wrap)? {
            let raw = unpacked(&self.packer, row, 3).map_err(wrap)?;
            let text = |column| row.get_ref(column).and_then(|text| Ok(text.as_str()?));
            let created = UnixTime(row.get(2).map_err(wrap)?);
            visit(text(0).map_err(wrap)?, text(1).map_err(wrap)?, created, &raw)?;
        }
        Ok(())
    }

    /// Every movement created from `first` to `last`, both included, oldest first.
    pub fn for_each_movement<E: From<LedgerError>>(
        &self,
        first: UnixTime,
        last: UnixTime,
        mut visit: impl FnMut(&str, &MovementRow) -> Result<(), E>,
    ) -> Result<(), E> {
        let wrap = |error| self.fail(error);
        let mut statement = self
            .connection
            .prepare_cached(&format!(
                "SELECT {COLUMNS} WHERE o.kind = 'balance_transaction'
                 AND o.created BETWEEN ?1 AND ?2 ORDER BY o.created, o.id"
            ))
            .map_err(wrap)?;
        let mut rows = statement.query(params![first.0, last.0]).map_err(wrap)?;
        while let Some(row) = rows.next().map_err(wrap)? {
            let (id, known) = movement(row).map_err(wrap)?;
            visit(&id, &known)?;
        }
        Ok(())
    }
}

pub(super) fn flat<'a>(row: &'a Row) -> rusqlite::Result<FlatMovement<'a>> {
    let text = |column| row.get_ref(column).and_then(|text| Ok(text.as_str()?));
    let optional = |column| row.get_ref(column).and_then(|text| Ok(text.as_str_or_null()?));
    Ok(FlatMovement {
        id: text(0)?,
        created: UnixTime(row.get(1)?),
        available_on: UnixTime(row.get(2)?),
        currency: text(3)?,
        kind: text(4)?,
        category: text(5)?,
        amount: row.get(6)?,
        fee: row.get(7)?,
        net: row.get(8)?,
        source: optional(9)?,
        payout: optional(10)?,
    })
}

fn movement(row: &Row) -> rusqlite::Result<(String, MovementRow)> {
    let code: String = row.get(1)?;
    let currency: Currency = code.parse().map_err(|cause| {
        rusqlite::Error::FromSqlConversionFailure(1, rusqlite::types::Type::Text, Box::new(cause))
    })?;
    let amount = |column| Ok::<_, rusqlite::Error>(Amount::new(row.get(column)?, currency));
    Ok((
        row.get(0)?,
        MovementRow {
            category: row.get(2)?,
            amount: amount(3)?,
            fee: amount(4)?,
            net: amount(5)?,
            payout: row.get(6)?,
        },
    ))
}
