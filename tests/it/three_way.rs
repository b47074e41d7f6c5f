//! Stripe, NetSuite and the bank over companies in which anything can happen: what the embedded bank booked
//! ties, and each thing that is done to a statement is found as what it is, and nothing else is.

use chrono::{Days, NaiveDate};
use tieout::bank::Format;
use tieout::commands::close::add_statements;
use tieout::config::BankSettings;
use tieout::ledger::BankFile;
use tieout::money::{Amount, Currency};
use tieout::reconcile::bank::{Row, State, rows};
use tieout::reconcile::close::sheet::{Proof, Weight};
use tieout::reconcile::close::{Facts, Nothing, Report};
use tieout::sandbox::bank::{Format as Written, Line, Statement, statement};
use tieout::sandbox::company::CompanySpec;

use crate::bank::read_as;
use crate::close::{Collected, facts_of, months};
use crate::rehearsal::{Posted, post};
use crate::support::cli::{Sandbox, Tieout};

const COMPANIES: u64 = 3;
const CHARGES: usize = 30;
const CURRENCIES: [&str; 6] = ["USD", "EUR", "GBP", "JPY", "CAD", "CHF"];

fn settings() -> BankSettings {
    BankSettings { days: 3, text: vec!["STRIPE".into()], accounts: Vec::new() }
}

/// Puts a statement into the ledger as a bank would send it; gives the numbers of what it came to.
fn import(posted: &mut Posted, statement: &Statement, seed: u64) -> Vec<i64> {
    let (written, format) = [
        (Written::Camt053, Format::Camt053),
        (Written::Mt940, Format::Mt940),
        (Written::Bai2, Format::Bai2),
        (Written::Ofx, Format::Ofx),
        (Written::Csv, Format::Csv),
    ][usize::try_from(seed % 5).expect("small")];
    let mut found = read_as(&statement.write(written), statement.currency, Some(format));
    if format == Format::Csv {
        // A CSV does not say which days it has.
        (found[0].first_day, found[0].last_day) = (statement.first_day, statement.last_day);
    }
    let file = BankFile { name: "statement".into(), sha256: String::new(), format };
    let taken = posted.house.ledger.put_statements(&file, &found, None).expect("it is kept");
    taken.iter().map(|one| one.statement).collect()
}

fn forget(posted: &mut Posted, ids: Vec<i64>) {
    for id in ids {
        let lines = posted.house.ledger.forget_statement(id, "a test", None).expect("forgotten");
        assert!(lines.is_some());
    }
    let left = posted.house.ledger.bank_lines(day("2000-01-01"), day("2100-01-01"));
    assert_eq!(left.expect("lines"), []);
}

async fn with_bank(posted: &Posted, period: &str) -> Facts {
    let mut facts = facts_of(posted, period).await;
    add_statements(&mut facts, &posted.house.ledger, &settings()).expect("statements are read");
    facts
}

fn rows_of(facts: &Facts) -> Vec<Row> {
    let days = facts.period.first_day..=facts.period.last_day;
    rows(&facts.sent(), facts.bank.as_ref().expect("a statement"), &days)
}

fn bank_proofs(facts: &Facts) -> Vec<Proof> {
    Report::Bank.write(facts, &mut Nothing)
}

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

fn life(posted: &Posted) -> (NaiveDate, NaiveDate) {
    let last = posted.company.now.utc_date().pred_opt().expect("a day");
    (posted.company.start.utc_date(), last)
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .expect("a runtime")
}

/// A bank that booked every payout must make no work for anybody, in any month and currency.
#[test]
fn what_the_bank_booked_ties() {
    for seed in 1..=COMPANIES {
        runtime().block_on(async {
            let spec = CompanySpec::everything(CHARGES, seed);
            let mut posted =
                post(&spec).await.unwrap_or_else(|wrong| panic!("seed {seed}: {wrong}"));
            let (first, last) = life(&posted);
            for code in CURRENCIES {
                let currency: Currency = code.parse().expect("a currency");
                let booked = statement(&posted.company, currency, first, last);
                import(&mut posted, &booked, seed);
            }
            let mut tied = 0;
            for period in months(&posted.company, posted.house.policy.zone) {
                let facts = with_bank(&posted, &period).await;
                for proof in bank_proofs(&facts) {
                    assert!(proof.difference.is_zero(), "seed {seed}, {period}: {proof:?}");
                }
                for row in rows_of(&facts) {
                    let is_one_of_twins = row.state == State::Ambiguous;
                    assert!(
                        !row.state.is_wrong() || is_one_of_twins,
                        "seed {seed}, {period}: {row:?}"
                    );
                    tied += usize::from(row.state == State::Ties);
                }
                foots(&facts);
                let kept = serde_json::to_string(&facts).expect("JSON");
                let again: Facts = serde_json::from_str(&kept).expect("facts");
                assert_eq!(again, facts, "a reading gives other facts");
            }
            assert!(tied > 10, "seed {seed}: {tied} rows tie");
        });
    }
}

/// The table's sums are the proof's, and what differs by state adds up to the difference.
fn foots(facts: &Facts) {
    let report = Collected::of(facts, Report::Bank);
    for proof in bank_proofs(facts) {
        let currency = proof.currency;
        let total = |key: &str, column: &str| report.figure(key, column, Weight::Total);
        let (table, states) = (format!("bank-rows-{currency}"), format!("bank-states-{currency}"));
        let (own, behind) = (format!("bank-{currency}"), format!("bank-behind-{currency}"));
        assert_eq!(total(&table, "difference"), proof.difference.minor());
        assert_eq!(total(&states, "difference"), proof.difference.minor());
        assert_eq!(total(&behind, "expected"), total(&own, "amount"));
        assert_eq!(total(&table, "bank"), report.figure(&own, "amount", Weight::Observed));
        assert_eq!(total(&table, "netsuite"), total(&states, "netsuite"));
    }
}

/// Who a row is of, and where it stands.
fn standing(facts: &Facts, row: &Row) -> (String, State) {
    let payout = row.payout.map(|payout| facts.payouts[payout].id.clone());
    let way = if row.is_back { " back" } else { "" };
    let line = row.line.map(|line| facts.bank.as_ref().expect("a bank").lines[line].id.clone());
    (payout.map_or_else(|| line.unwrap_or_default(), |id| id + way), row.state)
}

/// Lines of payouts that nothing else can be taken for: their amounts stand once.
fn victims(statement: &Statement, period: &str) -> Vec<Line> {
    let count = |amount: Amount| {
        statement
            .lines
            .iter()
            .filter(|line| line.amount.minor().abs() == amount.minor().abs())
            .count()
    };
    let in_the_middle = |line: &&Line| {
        let day = line.booked.format("%d").to_string();
        line.booked.to_string().starts_with(period) && ("04".."16").contains(&day.as_str())
    };
    let all = statement.lines.iter().filter(|line| line.payout.is_some());
    all.filter(in_the_middle).filter(|line| count(line.amount) == 1).cloned().collect()
}

enum Break {
    Drop,
    Double,
    Change,
    LittleLater,
    MuchLater,
}

impl Break {
    const ALL: [Self; 5] =
        [Self::Drop, Self::Double, Self::Change, Self::LittleLater, Self::MuchLater];

    fn apply(&self, statement: &mut Statement, victim: &Line) {
        let place = statement.lines.iter().position(|line| line == victim).expect("the line");
        let later = |days: u64| victim.booked.checked_add_days(Days::new(days)).expect("a day");
        match self {
            Self::Drop => {
                statement.lines.remove(place);
            }
            Self::Double => statement.lines.insert(place, victim.clone()),
            Self::Change => statement.lines[place].amount += Amount::new(100, statement.currency),
            // A weekend may be between: two days are at most two bank days.
            Self::LittleLater => statement.lines[place].booked = later(2),
            Self::MuchLater => statement.lines[place].booked = later(12),
        }
        statement.lines.sort_by_key(|line| line.booked);
    }

    /// What the victim's row says, how many rows there are more, and what the bank has too much.
    fn expected(&self, victim: &Line) -> (State, usize, i64) {
        let minor = victim.amount.minor();
        match self {
            Self::Drop => (State::Missing, 0, -minor),
            Self::Double => (State::Ambiguous, 2, minor),
            Self::Change => (State::Differs, 0, 100),
            Self::LittleLater => (State::Ties, 0, 0),
            // The trace id finds it on any day.
            Self::MuchLater if victim.reference.is_some() => (State::Ties, 0, 0),
            Self::MuchLater => (State::Missing, 1, 0),
        }
    }
}

/// A line that is lost, doubled, changed or late must show as just that.
#[test]
fn each_thing_that_is_done_to_a_statement_is_found_and_nothing_else() {
    let mut tried = 0;
    for seed in 1..=COMPANIES {
        runtime().block_on(async {
            let spec = CompanySpec::everything(CHARGES, seed);
            let mut posted =
                post(&spec).await.unwrap_or_else(|wrong| panic!("seed {seed}: {wrong}"));
            let (first, last) = life(&posted);
            for period in months(&posted.company, posted.house.policy.zone) {
                let whole = statement(&posted.company, Currency::USD, first, last);
                // One with Stripe's trace id and one without.
                let all = victims(&whole, &period);
                let traced = all.iter().find(|line| line.reference.is_some());
                let bare = all.iter().find(|line| line.reference.is_none());
                let id = import(&mut posted, &whole, seed);
                let untouched = with_bank(&posted, &period).await;
                forget(&mut posted, id);
                for victim in traced.into_iter().chain(bare) {
                    for broken in &Break::ALL {
                        let mut other = whole.clone();
                        broken.apply(&mut other, victim);
                        let id = import(&mut posted, &other, seed);
                        let mut facts = untouched.clone();
                        add_statements(&mut facts, &posted.house.ledger, &settings())
                            .expect("read");
                        forget(&mut posted, id);
                        println!("seed {seed}, {period}, {victim:?}");
                        is_found(&untouched, &facts, victim, broken);
                        tried += 1;
                    }
                }
            }
        });
    }
    assert!(tried >= 20, "only {tried} breaks were tried");
}

fn is_found(untouched: &Facts, facts: &Facts, victim: &Line, broken: &Break) {
    let payout = victim.payout.as_deref().expect("a payout's");
    let (state, more, minor) = broken.expected(victim);
    let difference: i64 = bank_proofs(facts).iter().map(|proof| proof.difference.minor()).sum();
    assert_eq!(difference, minor);
    let of = |facts: &Facts| -> Vec<(String, State)> {
        rows_of(facts).iter().map(|row| standing(facts, row)).collect()
    };
    let (before, after) = (of(untouched), of(facts));
    let is_victim = |row: &&(String, State)| row.0.starts_with(payout);
    assert_eq!(after.iter().find(is_victim).map(|row| row.1), Some(state));
    let others = |rows: &[(String, State)]| -> Vec<(String, State)> {
        rows.iter()
            .filter(|row| !row.0.starts_with(payout) && row.0.starts_with("po_"))
            .cloned()
            .collect()
    };
    assert_eq!(others(&before), others(&after), "another payout was touched");
    assert_eq!(after.len(), before.len() + more);
}

/// What an accountant types at the month-end, with a bank and without one.
#[test]
fn the_three_way_table_is_made_from_imported_statements() {
    let folder = tempfile::tempdir().expect("a folder");
    let _sandbox = Sandbox::start(folder.path());
    let tieout = Tieout::new(folder.path());
    let run = |arguments: &[&str], code: i32| {
        let ran = tieout.run(arguments);
        assert_eq!(ran.code, code, "{arguments:?}\n{}\n{}", ran.stdout, ran.stderr);
        ran.stdout
    };
    run(&["run", "--since", "2026-06-01"], 0);
    let report = ["report", "bank", "--period", "2026-09"];
    let text = run(&report, 0);
    assert!(text.contains("No bank statement was imported"), "{text}");
    run(&["report", "close", "--period", "2026-09", "--out", "without"], 0);
    for (period, currency) in [
        ("2026-08", "USD"),
        ("2026-09", "USD"),
        ("2026-08", "EUR"),
        ("2026-09", "EUR"),
        ("2026-08", "GBP"),
        ("2026-09", "GBP"),
        ("2026-08", "JPY"),
        ("2026-09", "JPY"),
    ] {
        let text = run(&["sandbox", "statement", "--period", period, "--currency", currency], 0);
        let name = format!("{currency}-{period}.xml");
        std::fs::write(folder.path().join(&name), text).expect("written");
        run(&["bank", "import", &name], 0);
    }
    let text = run(&report, 0);
    assert!(
        text.contains("Stripe's lines on the bank statement") && text.contains("ties"),
        "{text}"
    );
    let text = run(&["report", "payouts", "--period", "2026-09", "--output", "csv"], 0);
    assert!(text.contains("2026-09-") && text.contains(" bl_"), "{text}");
    let text = run(&["bank", "match", "--period", "2026-09"], 0);
    assert!(text.contains("Ties:") && text.contains("po_") && text.contains("bl_"), "{text}");
    let first = || -> serde_json::Value {
        let text = run(&["bank", "match", "--period", "2026-09", "--output", "json"], 0);
        let all: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        all["matched"][0].clone()
    };
    let (found, word) =
        (first(), |value: &serde_json::Value| value.as_str().expect("a word").to_owned());
    let (line, payout) = (word(&found["line"]["id"]), word(&found["payout"]));
    run(&["bank", "pair", &line, &payout, "--by", "Ada"], 0);
    assert_eq!(first()["found_by"], "decided");
    run(&["ledger", "check"], 0);
    run(&["bank", "unpair", &line], 0);
    assert_eq!(first(), found);
    for (line, payout) in [("bl_0", &*payout), (&*line, "po_0")] {
        let ran = tieout.run(&["bank", "pair", line, payout]);
        assert!(ran.code == 64 && ran.stderr.contains("hint: `tieout bank"), "{ran:?}");
    }
    run(&["report", "close", "--period", "2026-09", "--out", "with"], 0);
    // What was kept before there was a bank is made again without one.
    let again = ["report", "close", "--period", "2026-09", "--as-read", "1", "--out", "again"];
    run(&again, 0);
    for name in ["bank.csv", "bank.json", "payouts.csv", "close.html"] {
        let read = |of: &str| std::fs::read(folder.path().join(of).join(name)).expect("a file");
        assert!(read("without") == read("again"), "{name} is not what it was");
        assert!(read("without") != read("with"), "{name} says nothing of the bank");
    }
    // The bank took something more than Stripe says.
    let path = folder.path().join("EUR-2026-09.xml");
    let text = std::fs::read_to_string(&path).expect("text");
    let line = text.lines().find(|line| line.contains("STRIPE")).expect("a line of Stripe's");
    let digits = line.split("\">").nth(1).and_then(|rest| rest.split('<').next()).expect("digits");
    let listed: serde_json::Value =
        serde_json::from_str(&run(&["bank", "list", "--output", "json"], 0)).expect("JSON");
    let statements = listed["statements"].as_array().expect("a list");
    let own =
        statements.iter().find(|one| one["file"] == "EUR-2026-09.xml").expect("the statement");
    run(&["bank", "forget", &own["statement"].to_string(), "--reason", "A test."], 0);
    let without: String =
        text.lines().filter(|own| *own != line).map(|own| own.to_owned() + "\n").collect();
    std::fs::write(&path, &without).expect("written");
    let ran = tieout.run(&["bank", "import", "EUR-2026-09.xml"]);
    assert!(
        ran.code == 64 && ran.stderr.contains("does not add up") && ran.stderr.contains(digits),
        "{ran:?}"
    );
}
