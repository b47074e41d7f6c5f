//! The facts of a ledger in a ledger of their own, for other books: what was posted stays behind.

use std::path::Path;
use std::sync::Arc;

use super::{Ledger, LedgerError};
use crate::accounting::question::{Hit, Question, Sought};

/// What is of one pair of books: what was derived for them, sent to them, read from them. Rows that name
/// others come before these.
const OF_BOOKS: [&str; 17] = [
    "unsent",
    "write_back",
    "attempt",
    "batch",
    "batch_member",
    "noted_drift",
    "record_case",
    "record",
    "exception",
    "straddler",
    "dirty",
    "dirty_day",
    "dirty_summary",
    "sent_plan",
    "reading",
    "journal",
    "run",
];

/// What is known of Stripe and of the bank, what people said of it, and what NetSuite answered about
/// customers and items of the company's own.
#[cfg(test)]
const KEPT: [&str; 29] = [
    "answer",
    "api_version",
    "bank_line",
    "bank_pair",
    "bank_statement",
    "bank_statement_line",
    "coverage",
    "dictionary",
    "exception_care",
    "exception_note",
    "fact_count",
    "link",
    "linked",
    "meta",
    "movement",
    "named",
    "object",
    "object_revision",
    "parent",
    "payout_listing",
    "payout_member",
    "pending",
    "period_lock",
    "pull",
    "record_version",
    "reference",
    "request",
    "wanted",
    "watch",
];

impl Ledger {
    /// Every record of the company's own that NetSuite has named, and as what it was sought.
    pub fn all_hits(&self) -> Result<Vec<(Sought, Hit)>, LedgerError> {
        let sql = "SELECT question || char(10) || hits FROM answer ORDER BY question";
        let mut found = Vec::new();
        for text in self.all_texts(sql)? {
            let (question, hits) = text.split_once('\n').expect("the query puts one between them");
            let unreadable =
                |cause| LedgerError::Unreadable { external_id: question.to_owned(), cause };
            let asked: Question = serde_json::from_str(question).map_err(unreadable)?;
            let hits: Vec<Hit> = serde_json::from_str(hits).map_err(unreadable)?;
            found.extend(hits.into_iter().map(|hit| (asked.sought, hit)));
        }
        Ok(found)
    }

    /// Copies the facts, as they are at one moment, into a new ledger at `to` that is of the NetSuite
    /// account `netsuite` and has posted nothing. `forget` names the references that are of these books.
    /// Nothing of this ledger is changed.
    pub fn copy_facts(
        &self,
        to: &Path,
        netsuite: &str,
        forget: &[&str],
    ) -> Result<(), LedgerError> {
        self.backup(to)?;
        let mut copy = Self::open_existing(to, Arc::clone(&self.clock))?;
        copy.in_transaction(|tx| {
            for table in OF_BOOKS {
                tx.execute(&format!("DELETE FROM {table}"), [])?;
            }
            for name in forget {
                tx.execute("DELETE FROM reference WHERE name = ?1", [name])?;
            }
            tx.execute("UPDATE meta SET value = ?1 WHERE name = 'netsuite_account'", [netsuite])?;
            // Whoever opens it next gives it an id of its own: a plan of the one is never taken for a plan
            // of the other.
            tx.execute(
                "DELETE FROM meta WHERE name IN ('ledger', 'production_confirmed', 'journal_head')",
                [],
            )?;
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::{FixedClock, UnixTime};
    use crate::ledger::Identity;

    fn ledger(path: &Path) -> Ledger {
        let identity = Identity {
            stripe_account: "acct_1".into(),
            livemode: true,
            netsuite_account: "1234567".into(),
        };
        Ledger::open(path, &identity, Arc::new(FixedClock(UnixTime(1_772_000_000)))).unwrap()
    }

    /// A table that nobody thought of would bring what was posted for real into a rehearsal, which
    /// would then plan nothing and show books that are not there.
    #[test]
    fn every_table_is_either_facts_or_of_the_books() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = ledger(&folder.path().join("tieout.db"));
        let sql = "SELECT name FROM sqlite_master WHERE type = 'table'";
        for table in ledger.all_texts(sql).unwrap() {
            let known = [&OF_BOOKS[..], &KEPT[..]].concat();
            assert!(known.contains(&table.as_str()), "is {table} facts, or of the books?");
        }
    }

    /// The first push into production asks for a typed name: a copy must not carry that over, and a
    /// plan of the copy must not be one of the original.
    #[test]
    fn a_copy_is_of_other_books_and_has_confirmed_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let [real, copy] = ["tieout.db", "copy.db"].map(|name| folder.path().join(name));
        let mut original = ledger(&real);
        original.confirm_production("1234567").unwrap();
        original.put_reference("modes", "{}").unwrap();
        original.put_reference("balance_reading", "{}").unwrap();
        let run = original.start_run("push", "{}").unwrap();
        original.finish_run(run, 0, "").unwrap();
        original.copy_facts(&copy, "REHEARSAL_1234567", &["modes"]).unwrap();
        let copy = Ledger::open_existing(&copy, Arc::clone(&original.clock)).unwrap();
        copy.check_accounts("acct_1", "REHEARSAL_1234567").unwrap();
        assert!(copy.check_accounts("acct_1", "1234567").is_err());
        assert_ne!(copy.id(), original.id());
        assert!(!copy.production_confirmed().unwrap() && copy.livemode().unwrap());
        assert_eq!(copy.check_journal().unwrap(), 0);
        assert_eq!(copy.reference("modes").unwrap(), None);
        assert!(copy.reference("balance_reading").unwrap().is_some());
        assert!(original.production_confirmed().unwrap());
    }
}
