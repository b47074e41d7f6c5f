//! Deliberate breaks: each is put into books that tie, one at a time, and must appear in the right
//! report, in the right class, with the right amount; nothing else may.
//!
//! What each report then says that it did not say before is kept in `breaks.txt`, to be read by a person;
//! `TIEOUT_REWRITE=1` writes it. That the bridge is off by just what the general ledger is off by is held
//! against NetSuite's own trial balance.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tieout::calendar::{Clock, FixedClock};
use tieout::commands::close::{Balances, Inputs, gather, of_month};
use tieout::ledger::{Ledger, RecordRow};
use tieout::netsuite::record::{Body, RecordKind};
use tieout::netsuite::references::References;
use tieout::reconcile::close::sheet::{Cell, Row, Weight};
use tieout::reconcile::close::{Facts, Report, proofs};
use tieout::sandbox::company::{CompanySpec, generate};
use tieout::sandbox::netsuite::{Kind, NetSuite, Setup};

use crate::close::{Collected, amount};
use crate::support::cli::quick_folder;
use crate::support::house::{BASE, House, InProcess, Key, NOW, number, policy, prepare};
use crate::support::page::assert_file;

/// The month that is broken, and the one after it.
const MONTH: &str = "2026-09";
const NEXT_DAY: &str = "2026-10-05";

/// Books that tie, as files that can be copied.
struct Books {
    folder: tempfile::TempDir,
    key: Key,
    clock: Arc<dyn Clock>,
    rows: Vec<RecordRow>,
}

impl Books {
    async fn new() -> Self {
        let clock: Arc<dyn Clock> = Arc::new(FixedClock(NOW));
        let (key, folder) = (Key::new(), quick_folder());
        let netsuite = opened(folder.path(), &key, &clock);
        let client = key.client(Arc::new(InProcess(netsuite.router())), BASE, &clock, 4);
        prepare(&generate(&CompanySpec::demo()), folder.path(), &client, &clock).await;
        let mut house = House::open(folder.path(), client, Arc::clone(&clock)).await;
        let changes = house.plan().changes;
        let pushed = house.send(&changes).await;
        assert!(pushed.failed.is_empty() && pushed.in_doubt.is_empty(), "{:?}", pushed.failed);
        let rows = house.ledger.records().unwrap();
        Self { folder, key, clock, rows }
    }

    /// A copy that can be broken.
    fn copied(&self) -> Scene<'_> {
        let folder = quick_folder();
        for name in ["netsuite.db", "tieout.db"] {
            std::fs::copy(self.folder.path().join(name), folder.path().join(name)).unwrap();
        }
        let netsuite = opened(folder.path(), &self.key, &self.clock);
        Scene { books: self, netsuite, folder }
    }
}

fn opened(folder: &Path, key: &Key, clock: &Arc<dyn Clock>) -> NetSuite {
    let mut setup = Setup::demo().with_client(key.setup.clone());
    setup.concurrency = 50;
    let netsuite = NetSuite::open(Some(&folder.join("netsuite.db")), &setup).unwrap();
    netsuite.set_clock(Arc::clone(clock));
    netsuite
}

struct Scene<'a> {
    books: &'a Books,
    netsuite: NetSuite,
    folder: tempfile::TempDir,
}

impl Scene<'_> {
    /// The last record up to the month's end that fits.
    fn pick(&self, fits: impl Fn(&RecordRow, &Body) -> bool) -> &RecordRow {
        let day = |row: &RecordRow| {
            let header = row.posted.as_ref().and_then(Body::header);
            header.map(|header| header.tran_date.to_string()).filter(|day| day.as_str() < "2026-10")
        };
        let fits = |row: &&RecordRow| {
            day(row).is_some() && row.posted.as_ref().is_some_and(|body| fits(row, body))
        };
        let last = self.books.rows.iter().filter(fits).max_by_key(|row| day(row));
        last.expect("the demo company has one")
    }

    fn of(&self, kind: RecordKind) -> &RecordRow {
        self.pick(|row, body| row.kind == kind && is_usd(body))
    }

    /// Nothing refers to it: it can be deleted.
    fn is_lone(&self, row: &RecordRow) -> bool {
        let needs = |other: &RecordRow| {
            other.posted.as_ref().is_some_and(|body| body.needs().contains(&row.external_id))
        };
        !self.books.rows.iter().any(needs)
    }

    fn lone(&self, kind: RecordKind) -> &RecordRow {
        self.pick(|row, body| row.kind == kind && is_usd(body) && self.is_lone(row))
    }

    fn edit(&self, kind: Kind, row: &RecordRow, patch: &str) {
        let patched = self.netsuite.edit(kind, id_of(row), patch);
        patched.unwrap_or_else(|refusal| panic!("{}: {refusal}", row.external_id));
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("tieout.db")
    }

    async fn facts(&self) -> Facts {
        let Books { key, clock, .. } = self.books;
        let client = key.client(Arc::new(InProcess(self.netsuite.router())), BASE, clock, 4);
        let references = References::fetch(&client).await.unwrap();
        let ledger = Ledger::open_existing(&self.path(), Arc::clone(clock)).unwrap();
        let policy = policy(&references);
        gather(Inputs {
            ledger: &ledger,
            policy: &policy,
            references: &references,
            client: Some(&client),
            netsuite_account: "TSTDRV_DEMO".into(),
            period: of_month(MONTH.parse().unwrap(), policy.zone).unwrap(),
            balances: Balances::of(&ledger, false, clock.now()).unwrap(),
            read_at: clock.now(),
            made_by: "tieout".into(),
        })
        .await
        .unwrap()
    }
}

fn is_usd(body: &Body) -> bool {
    body.header().is_some_and(|header| header.currency.as_str() == "1")
}

fn id_of(row: &RecordRow) -> i64 {
    number(row.internal_id.as_ref().unwrap())
}

/// What the reports say: proofs that fail, and every line of theirs.
fn said(facts: &Facts) -> BTreeSet<String> {
    let mut said = BTreeSet::new();
    for (report, proof) in proofs(facts) {
        if !proof.difference.is_zero() {
            said.insert(format!(
                "{} is off by {}: {}",
                report.word(),
                proof.difference,
                proof.title
            ));
        }
    }
    let reports = [
        Report::Bridge,
        Report::Payouts,
        Report::OpenItems,
        Report::Ar,
        Report::Fees,
        Report::Cutoff,
        Report::Disputes,
        Report::Refunds,
        Report::CustomerBalance,
        Report::Tax,
    ];
    for report in reports {
        for (head, rows) in Collected::of(facts, report).sections {
            for row in rows.iter().filter(|row| row.weight == Weight::Item) {
                said.insert(format!("{}: {}", head.key, words(row)));
            }
        }
    }
    said
}

fn words(row: &Row) -> String {
    let cell = |cell: &Cell| match cell {
        Cell::Empty => None,
        Cell::Text(text) | Cell::Id(text) => Some(text.to_string()),
        Cell::Date(date) => Some(date.to_string()),
        Cell::Count(count) => Some(count.to_string()),
        Cell::Amount(amount) => Some(amount.to_string()),
    };
    row.cells.iter().filter_map(cell).collect::<Vec<_>>().join(" | ")
}

/// What undeposited funds and the Stripe balance accounts come to in base currency, by NetSuite itself.
fn money(scene: &Scene) -> i64 {
    let is_money = |number: &str| number == "1200" || number.starts_with("105");
    let lines = scene.netsuite.trial_balance().unwrap().into_iter();
    lines.filter(|line| is_money(&line.account_number)).map(|line| line.debit - line.credit).sum()
}

/// Of the base currency, in which every break is: the bridge's own difference and what others posted
/// are what the general ledger has too much, but for what the ledger of Stripe's facts lost.
fn the_bridge_is_off_by_what_the_ledger_is(name: &str, scene: &Scene, facts: &Facts, before: i64) {
    let off = proofs(facts)
        .into_iter()
        .filter(|(report, proof)| *report == Report::Bridge && proof.section == "bridge-USD");
    let off: i64 = off.map(|(_, proof)| proof.difference.minor()).sum();
    let others = Collected::of(facts, Report::Bridge);
    let others: i64 = others
        .rows("bridge-USD-others")
        .iter()
        .filter(|row| row.weight == Weight::Item)
        .map(amount)
        .sum();
    let is_of_the_ledger = name.contains("never posted") || name.contains("in the ledger");
    let is_later = name.contains("next");
    if !is_of_the_ledger && !is_later {
        assert_eq!(money(scene) - before, others - off, "{name}");
    }
}

/// The embedded company's accounts, by NetSuite's ids.
const BANK: &str = "101";
const STRIPE_BALANCE: &str = "106";
const AR: &str = "111";
const UF: &str = "112";
const REVENUE: &str = "119";
const FEES: &str = "123";
const BAD_DEBT: &str = "130";

/// A break, and what it is called.
type Break = (&'static str, fn(&Scene));

const JOURNAL: &str = r#"{"tranDate":"2026-09-15","memo":"by hand","line":{"items":[
    {"account":{"id":"DEBIT"},"debit":50,
        "entity":{"id":"CUSTOMER"}},
    {"account":{"id":"CREDIT"},"credit":50,"entity":{"id":"CUSTOMER"}}]}}"#;

fn by_hand(scene: &Scene, debit: &str, credit: &str) {
    let customer = scene.books.rows.iter().find(|row| row.kind == RecordKind::Customer).unwrap();
    let journal = JOURNAL.replace("DEBIT", debit).replace("CREDIT", credit);
    let journal = journal.replace("CUSTOMER", &id_of(customer).to_string());
    scene.netsuite.create(Kind::JournalEntry, &journal).unwrap();
}

/// The fees of a deposit on an account that is not for fees.
fn fees_elsewhere(scene: &Scene) {
    let row = scene.pick(|_, body| {
        matches!(body, Body::Deposit(own) if !own.cashback.is_empty()) && is_usd(body)
    });
    let Some(Body::Deposit(body)) = &row.posted else { panic!("picked above") };
    let lines = body.cashback.iter().enumerate().map(|(place, own)| {
        let account = if place == 0 { BAD_DEBT } else { own.account.as_str() };
        format!(r#"{{"account":{{"id":"{account}"}},"amount":{}}}"#, own.amount.to_decimal())
    });
    let lines: Vec<String> = lines.collect();
    let patch = format!(r#"{{"cashback":{{"items":[{}]}}}}"#, lines.join(","));
    scene.edit(Kind::Deposit, row, &patch);
}

#[tokio::test]
async fn each_break_is_in_its_report_with_its_amount_and_nothing_else_is() {
    let books = Books::new().await;
    let whole = books.copied();
    let before = said(&whole.facts().await);
    let off: Vec<&String> = before.iter().filter(|line| line.contains("is off by")).collect();
    assert!(off.is_empty(), "nothing was broken yet: {off:#?}");
    let money_before = money(&whole);
    let mut page = String::new();
    for (number, (name, break_it)) in BREAKS.iter().enumerate() {
        let scene = books.copied();
        eprintln!("{name}");
        break_it(&scene);
        let facts = scene.facts().await;
        the_bridge_is_off_by_what_the_ledger_is(name, &scene, &facts, money_before);
        let after = said(&facts);
        writeln!(page, "{}. {name}", number + 1).unwrap();
        for line in before.difference(&after) {
            writeln!(page, "   - {line}").unwrap();
        }
        for line in after.difference(&before) {
            writeln!(page, "   + {line}").unwrap();
        }
        assert!(after != before, "{name}: nobody would know");
        page.push('\n');
    }
    assert_file("tests/it/breaks.txt", &page);
}

const BREAKS: [Break; 22] = [
    ("A deposit was deleted.", |scene| {
        let row = scene.of(RecordKind::Deposit);
        scene.netsuite.delete(Kind::Deposit, id_of(row)).unwrap();
    }),
    ("A deposit was entered a second time, by hand.", |scene| {
        let row = scene.of(RecordKind::Deposit);
        let Some(Body::Deposit(body)) = &row.posted else { panic!("a deposit") };
        let deposit = format!(
            r#"{{"tranDate":"{}","account":{{"id":"{}"}},
                "other":{{"items":[{{"account":{{"id":"{UF}"}},"amount":50}}]}}}}"#,
            body.header.tran_date, body.account
        );
        scene.netsuite.create(Kind::Deposit, &deposit).unwrap();
    }),
    ("A deposit went to the next month.", |scene| {
        let patch = format!(r#"{{"tranDate":"{NEXT_DAY}","postingPeriod":{{"id":"334"}}}}"#);
        scene.edit(Kind::Deposit, scene.of(RecordKind::Deposit), &patch);
    }),
    ("A deposit went to another day of the month.", |scene| {
        scene.edit(Kind::Deposit, scene.of(RecordKind::Deposit), r#"{"tranDate":"2026-09-15"}"#);
    }),
    ("A payment went to the next posting period.", |scene| {
        let row = scene.of(RecordKind::CustomerPayment);
        scene.edit(Kind::CustomerPayment, row, r#"{"postingPeriod":{"id":"334"}}"#);
    }),
    ("A payment that is not deposited was deleted.", |scene| {
        let row = scene.lone(RecordKind::CustomerPayment);
        scene.netsuite.delete(Kind::CustomerPayment, id_of(row)).unwrap();
    }),
    ("A payment went straight to the bank.", |scene| {
        let row = scene.lone(RecordKind::CustomerPayment);
        scene.edit(Kind::CustomerPayment, row, r#"{"account":{"id":"101"}}"#);
    }),
    ("A payment was taken from its invoice.", |scene| {
        let row = scene.pick(|row, body| {
            let is_applied = matches!(body, Body::CustomerPayment(own) if !own.apply.is_empty());
            row.kind == RecordKind::CustomerPayment && is_applied && is_usd(body)
        });
        scene.edit(Kind::CustomerPayment, row, r#"{"apply":{"items":[]}}"#);
    }),
    ("A refund was entered a second time, by hand.", |scene| {
        by_hand(scene, AR, UF);
    }),
    ("A refund went to the next posting period.", |scene| {
        let row = scene.of(RecordKind::CustomerRefund);
        scene.edit(Kind::CustomerRefund, row, r#"{"postingPeriod":{"id":"334"}}"#);
    }),
    ("An invoice was voided.", |scene| {
        let row = scene.lone(RecordKind::Invoice);
        scene.netsuite.void(Kind::Invoice, id_of(row)).unwrap();
    }),
    ("The amount of an invoice was edited.", |scene| {
        let row = scene.lone(RecordKind::Invoice);
        let Some(Body::Invoice(invoice)) = &row.posted else { panic!("an invoice") };
        let item = invoice.lines[0].item.external().unwrap().to_string();
        let line = format!(r#"{{"item":{{"externalId":"{item}"}},"amount":1234}}"#);
        scene.edit(Kind::Invoice, row, &format!(r#"{{"item":{{"items":[{line}]}}}}"#));
    }),
    ("An invoice went to the month before.", |scene| {
        let row = scene.lone(RecordKind::Invoice);
        scene.edit(Kind::Invoice, row, r#"{"tranDate":"2026-08-31","postingPeriod":{"id":"332"}}"#);
    }),
    ("A credit memo went to the next month.", |scene| {
        let patch = format!(r#"{{"tranDate":"{NEXT_DAY}","postingPeriod":{{"id":"334"}}}}"#);
        scene.edit(Kind::CreditMemo, scene.of(RecordKind::CreditMemo), &patch);
    }),
    ("Fees of a deposit went to another account.", |scene| fees_elsewhere(scene)),
    ("Stripe's fees were booked a second time, by hand.", |scene| by_hand(scene, FEES, UF)),
    ("Somebody corrected receivables against revenue.", |scene| by_hand(scene, REVENUE, AR)),
    ("Somebody moved money out of the Stripe balance account.", |scene| {
        by_hand(scene, BANK, STRIPE_BALANCE);
    }),
    ("A journal waits for approval.", |scene| {
        let row = scene.pick(|row, _| row.kind == RecordKind::JournalEntry);
        scene.edit(Kind::JournalEntry, row, r#"{"approved":false}"#);
    }),
    ("A payment was never posted.", |scene| {
        let row = scene.lone(RecordKind::CustomerPayment);
        scene.netsuite.delete(Kind::CustomerPayment, id_of(row)).unwrap();
        let ledger = rusqlite::Connection::open(scene.path()).unwrap();
        let forget = "UPDATE record SET internal_id = NULL, posted = NULL, state = 'planned'
                      WHERE external_id = ?1";
        assert_eq!(ledger.execute(forget, [row.external_id.as_str()]).unwrap(), 1);
    }),
    ("A balance transaction is missing in the ledger.", |scene| {
        let row = scene.lone(RecordKind::CustomerPayment);
        let movement = row.desired.as_ref().unwrap().sources.last().unwrap();
        let ledger = rusqlite::Connection::open(scene.path()).unwrap();
        for table in ["movement", "object"] {
            let forget = format!("DELETE FROM {table} WHERE id = ?1");
            let _rows = ledger.execute(&forget, [movement.as_str()]);
        }
    }),
    ("A payment in a foreign currency got another rate.", |scene| {
        let row = scene.pick(|row, body| {
            let rate = body.header().and_then(|header| header.exchange_rate.as_ref());
            row.kind == RecordKind::CustomerPayment && rate.is_some() && scene.is_lone(row)
        });
        scene.edit(Kind::CustomerPayment, row, r#"{"exchangeRate":1.5}"#);
    }),
];
