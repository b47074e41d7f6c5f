//! Movements with their JSON, for who needs all of them: one thread reads the file, another unpacks what
//! was read and visits it. A month may have a million, and either takes about as long as the other.

use std::ops::Range;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::{panic, thread};

use rusqlite::Row;

use super::movements::flat;
use super::objects::unpacked_bytes;
use super::{FlatMovement, Ledger, LedgerError};
use crate::calendar::UnixTime;

/// Movements that are handed on at once.
const ROWS: usize = 512;
/// Pages that are read before the first of them was visited.
const AHEAD: usize = 4;
/// Where the packed JSON is among the columns.
const RAW: usize = 11;

/// Some movements as the file has them.
#[derive(Default)]
struct Page {
    texts: String,
    packed: Vec<u8>,
    rows: Vec<Kept>,
}

/// A movement of a page: numbers, and where its texts and its packed JSON are.
struct Kept {
    created: UnixTime,
    available_on: UnixTime,
    amounts: [i64; 3],
    id: Range<usize>,
    currency: Range<usize>,
    kind: Range<usize>,
    category: Range<usize>,
    source: Option<Range<usize>>,
    payout: Option<Range<usize>>,
    packed: Range<usize>,
}

impl Ledger {
    /// Visits every movement, in the order in which they came, on another thread. Its JSON is unpacked
    /// when the second argument is called.
    pub fn for_each_movement_and_json<E: From<LedgerError> + Send>(
        &self,
        mut visit: impl FnMut(&FlatMovement, &dyn Fn() -> Result<Vec<u8>, LedgerError>) -> Result<(), E>
        + Send,
    ) -> Result<(), E> {
        let (read, pages) = sync_channel::<Page>(AHEAD);
        let (packer, path) = (Arc::clone(&self.packer), &self.path);
        thread::scope(|scope| {
            let visitor = scope.spawn(move || -> Result<(), E> {
                for page in pages {
                    for row in &page.rows {
                        let json = || {
                            unpacked_bytes(&packer, &page.packed[row.packed.clone()], RAW)
                                .map_err(|cause| LedgerError::sqlite(path, cause))
                        };
                        visit(&page.movement(row), &json)?;
                    }
                }
                Ok(())
            });
            let ended = self.read_pages(&read);
            drop(read);
            visitor.join().unwrap_or_else(|cause| panic::resume_unwind(cause))?;
            ended.map_err(|error| self.fail(error).into())
        })
    }

    /// Hands on page after page, until the end or until nobody takes them any more.
    fn read_pages(&self, to: &SyncSender<Page>) -> rusqlite::Result<()> {
        let mut statement = self.connection.prepare_cached(
            "SELECT o.id, o.created, m.available_on, m.currency, m.type, m.category, m.amount,
                    m.fee, m.net, m.source, p.payout, o.raw
             FROM movement m JOIN object o USING (seq)
             LEFT JOIN payout_member p ON p.balance_transaction = o.id",
        )?;
        let mut rows = statement.query([])?;
        let mut page = Page::default();
        while let Some(row) = rows.next()? {
            page.take(row)?;
            if page.rows.len() == ROWS && to.send(std::mem::take(&mut page)).is_err() {
                return Ok(());
            }
        }
        // Who does not take the last page has ended with an error of his own.
        let _taken = to.send(page);
        Ok(())
    }
}

impl Page {
    fn take(&mut self, row: &Row) -> rusqlite::Result<()> {
        let own = flat(row)?;
        let packed = row.get_ref(RAW)?.as_blob()?;
        let start = self.packed.len();
        self.packed.extend_from_slice(packed);
        let kept = Kept {
            created: own.created,
            available_on: own.available_on,
            amounts: [own.amount, own.fee, own.net],
            id: self.text(own.id),
            currency: self.text(own.currency),
            kind: self.text(own.kind),
            category: self.text(own.category),
            source: own.source.map(|text| self.text(text)),
            payout: own.payout.map(|text| self.text(text)),
            packed: start..self.packed.len(),
        };
        self.rows.push(kept);
        Ok(())
    }

    fn text(&mut self, text: &str) -> Range<usize> {
        let start = self.texts.len();
        self.texts.push_str(text);
        start..self.texts.len()
    }

    fn movement(&self, row: &Kept) -> FlatMovement<'_> {
        let text = |place: &Range<usize>| &self.texts[place.clone()];
        let [amount, fee, net] = row.amounts;
        FlatMovement {
            id: text(&row.id),
            created: row.created,
            available_on: row.available_on,
            currency: text(&row.currency),
            kind: text(&row.kind),
            category: text(&row.category),
            amount,
            fee,
            net,
            source: row.source.as_ref().map(text),
            payout: row.payout.as_ref().map(text),
        }
    }
}
