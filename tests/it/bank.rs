//! Bank statements from the embedded bank to the ledger, in every format.

use chrono::NaiveDate;
use tieout::bank::{Amounts, CsvMapping, DatePattern, Format, Given, Statement, read};
use tieout::money::Currency;
use tieout::sandbox::bank::{Format as Written, account, statement};
use tieout::sandbox::company::{Company, CompanySpec, generate};

use crate::support::cli::{Sandbox, Tieout};

const FORMATS: [(Written, Format); 5] = [
    (Written::Csv, Format::Csv),
    (Written::Ofx, Format::Ofx),
    (Written::Camt053, Format::Camt053),
    (Written::Bai2, Format::Bai2),
    (Written::Mt940, Format::Mt940),
];

/// What the embedded bank's CSV means.
fn mapping(currency: Currency) -> CsvMapping {
    CsvMapping {
        account: account(currency),
        currency,
        skip_lines: 0,
        separator: b',',
        date: "Date".into(),
        date_format: DatePattern::new("YYYY-MM-DD").expect("a pattern"),
        value_date: None,
        amounts: Amounts::Signed { column: "Amount".into(), reversed: false },
        decimal: '.',
        currency_column: None,
        account_column: None,
        balance: Some("Balance".into()),
        id: None,
        references: vec!["Reference".into()],
        text: vec!["Description".into()],
    }
}

/// The statements of a file of the embedded bank.
pub fn read_as(text: &str, currency: Currency, format: Option<Format>) -> Vec<Statement> {
    let mapping = mapping(currency);
    let given = Given { format, csv: Some(&mapping), ..Given::default() };
    read(text.as_bytes(), given).unwrap_or_else(|wrong| panic!("{wrong}\n{text}")).1
}

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

/// The first and the last day of a company's life.
fn life(company: &Company) -> (NaiveDate, NaiveDate) {
    (company.start.utc_date(), company.now.utc_date())
}

/// The same month must come to the same lines whichever format the bank offers, in yen as in dollars.
#[test]
fn every_format_brings_what_the_bank_booked() {
    for seed in 1..=4 {
        let company = generate(&CompanySpec::everything(60, seed));
        let (first, last) = life(&company);
        for currency in ["USD", "EUR", "JPY"].map(|code| code.parse().expect("a currency")) {
            let booked = statement(&company, currency, first, last);
            for (written, format) in FORMATS {
                let text = booked.write(written);
                let found = read_as(&text, currency, None);
                let told = read_as(&text, currency, Some(format));
                assert_eq!(found, told, "seed {seed}: {format:?} is not told from its content");
                let lines = found.iter().flat_map(|one| &one.lines).map(|line| &line.entry);
                let found: Vec<_> =
                    lines.clone().map(|entry| (entry.booked, entry.amount)).collect();
                let expected: Vec<_> =
                    booked.lines.iter().map(|line| (line.booked, line.amount)).collect();
                assert_eq!(found, expected, "seed {seed}: {format:?} in {currency}");
                for (entry, line) in lines.zip(&booked.lines) {
                    let words = format!("{} {}", entry.references.join(" "), entry.text);
                    let reference = line.reference.as_deref().unwrap_or_default();
                    assert!(words.contains(&line.text) && words.contains(reference), "{words}");
                }
            }
        }
    }
}

/// A month and the year that holds it must agree on each line, or an overlap counts it twice.
#[test]
fn a_line_has_one_id_on_every_statement_that_has_it() {
    let company = generate(&CompanySpec::demo());
    let (first, last) = life(&company);
    for (written, format) in FORMATS {
        let ids = |from: NaiveDate, to: NaiveDate| -> Vec<String> {
            let text = statement(&company, Currency::USD, from, to).write(written);
            let found = read_as(&text, Currency::USD, Some(format)).into_iter();
            found.flat_map(|one| one.lines).map(|line| line.id).collect()
        };
        let (all, part) = (ids(first, last), ids(day("2026-08-03"), day("2026-08-28")));
        assert!(part.len() > 3, "{format:?}: {part:?}");
        assert!(part.iter().all(|id| all.contains(id)), "{format:?}");
    }
}

/// A line or a balance that somebody changes in the file would make a difference go away.
fn a_change_is_found(path: &std::path::Path, tieout: &Tieout) {
    for (change, back, words) in [
        (
            "UPDATE bank_line SET content = replace(content, 'STRIPE', 'STRYPE')",
            "UPDATE bank_line SET content = replace(content, 'STRYPE', 'STRIPE')",
            "(august.xml) is not as it was imported",
        ),
        (
            "UPDATE bank_line SET minor = minor + 1",
            "UPDATE bank_line SET minor = minor - 1",
            "another day or amount",
        ),
        (
            "UPDATE bank_statement SET closing = closing + 1 WHERE closing IS NOT NULL",
            "UPDATE bank_statement SET closing = closing - 1 WHERE closing IS NOT NULL",
            "(august.xml) is not as it was imported",
        ),
        (
            "INSERT INTO bank_pair SELECT id, 'po_1', NULL, 0 FROM bank_line LIMIT 1",
            "DELETE FROM bank_pair",
            "does not know which payout",
        ),
    ] {
        let run = |sql: &str| {
            let ledger = rusqlite::Connection::open(path).expect("the ledger");
            assert!(ledger.execute(sql, []).expect("a change") > 0, "{sql}");
        };
        run(change);
        let ran = tieout.run(&["ledger", "check"]);
        assert!(ran.code == 6 && ran.stderr.contains(words), "{change}: {ran:?}");
        run(back);
        assert_eq!(tieout.run(&["ledger", "check"]).code, 0, "{back}");
    }
}

/// What the page says must be true of what the page shows.
#[test]
fn the_examples_of_the_page_are_read() {
    let page = include_str!("../../docs/bank.md");
    let block = |start: &str| {
        let rest = page.split(start).nth(1).expect("a block");
        rest.split("```").next().expect("its end").to_owned()
    };
    let (settings, csv) = (block("```toml\n"), block("This reads\n\n```\n"));
    let template = tieout::config::template::TEXT;
    let text =
        template.replace("text = [\"STRIPE\"]\n", &format!("text = [\"STRIPE\"]\n{settings}"));
    let path = std::path::Path::new("tieout.toml");
    let settings = tieout::config::parse(&text, path, &tieout::config::Overrides::default())
        .expect("settings");
    let mapping = settings.bank.accounts[0].csv.as_ref();
    let given = Given { csv: mapping, ..Given::default() };
    let (_, found) = read(csv.as_bytes(), given).expect("a statement");
    let minor: Vec<i64> = found[0].lines.iter().map(|line| line.entry.amount.minor()).collect();
    assert_eq!(
        (minor, found[0].opening.map(tieout::money::Amount::minor)),
        (vec![9_680, -240_000], Some(1_000_000))
    );
}

/// A setting that is commented out in the template must work when it is not.
#[test]
fn the_bank_account_of_the_template_can_be_taken_as_it_stands() {
    let text = tieout::config::template::TEXT;
    let start = text.find("# [[bank.accounts]]").expect("the account");
    let end = start + text[start..].find("\n\n").expect("its end");
    // Of three ways to write amounts one is taken.
    let others = ["# sign", "# direction", "# debit", "# credit"];
    let lines = text[start..end].lines();
    let own = lines.filter(|line| !others.iter().any(|other| line.starts_with(other)));
    let own: String = own.map(|line| line.trim_start_matches("# ").to_owned() + "\n").collect();
    let all = format!("{}{own}{}", &text[..start], &text[end..]);
    let path = std::path::Path::new("tieout.toml");
    let settings = tieout::config::parse(&all, path, &tieout::config::Overrides::default());
    let account = settings.expect("settings").bank.accounts.remove(0);
    assert_eq!(account.numbers, ["DE89370400440532013000"]);
    assert!(account.csv.is_some_and(|csv| csv.skip_lines == 4));
}

/// What a person types: import, import again, overlap, look, take back.
#[test]
fn statements_are_imported_once_and_can_be_taken_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let _sandbox = Sandbox::start(folder.path());
    let tieout = Tieout::new(folder.path());
    let run = |arguments: &[&str]| {
        let ran = tieout.run(arguments);
        assert_eq!(ran.code, 0, "{arguments:?}\n{}\n{}", ran.stdout, ran.stderr);
        ran.stdout
    };
    run(&["pull", "--since", "2026-06-01"]);
    let write = |name: &str, format: &str, period: &str| {
        let text = run(&["sandbox", "statement", "--format", format, "--period", period]);
        std::fs::write(folder.path().join(name), text).expect("the statement is written");
    };
    write("august.xml", "camt053", "2026-08");
    write("september.sta", "mt940", "2026-09");
    let json = |arguments: &[&str]| -> serde_json::Value {
        let text = run(&[arguments, &["--output", "json"]].concat());
        serde_json::from_str(&text).expect("JSON")
    };
    let first = json(&["bank", "import", "august.xml", "september.sta", "--by", "Ada"]);
    let lines = |imported: &serde_json::Value, place: usize| {
        imported["imported"][place]["new_lines"].as_u64()
    };
    assert!(lines(&first, 0) > Some(5) && lines(&first, 1) > Some(5), "{first:#}");
    assert_eq!(first["imported"][0]["account"], "usd");
    let again = json(&["bank", "import", "september.sta", "august.xml"]);
    assert_eq!((lines(&again, 0), lines(&again, 1)), (Some(0), Some(0)));

    let listed = run(&["bank", "list"]);
    assert!(listed.contains("august.xml") && listed.contains("2026-09-30"), "{listed}");
    let listed = json(&["bank", "list", "--period", "2026-09"]);
    let count = listed["lines"].as_array().map(Vec::len);
    assert_eq!(count.map(|count| count as u64), lines(&first, 1));

    // The same days in another format would count each line twice.
    write("september.csv", "csv", "2026-09");
    let ran = tieout.run(&["bank", "import", "september.csv", "--bank", "usd"]);
    assert!(ran.code == 7 && ran.stderr.contains("bank forget 2"), "{ran:?}");
    run(&["bank", "forget", "2", "--reason", "The bank's CSV is what we keep."]);
    let csv = json(&["bank", "import", "september.csv", "--bank", "usd"]);
    assert_eq!(lines(&csv, 0), lines(&first, 1));
    run(&["ledger", "check"]);
    a_change_is_found(&folder.path().join("tieout.db"), &tieout);

    for (name, content, code, words) in [
        (
            "cut.xml",
            &std::fs::read_to_string(folder.path().join("august.xml")).expect("text")[..2_000],
            64,
            "the file ends",
        ),
        ("other.csv", "A,B\n1,2\n", 64, "no column `Date`"),
        (
            "other.sta",
            ":20:X\n:25:OTHER\n:60F:C260901USD1,\n:62F:C260930USD1,\n",
            64,
            "no number of bank.accounts",
        ),
    ] {
        std::fs::write(folder.path().join(name), content).expect("written");
        let ran = tieout.run(&["bank", "import", name, "--bank", "usd"]);
        assert!(ran.code == code && ran.stderr.contains(words), "{name}: {ran:?}");
        assert!(ran.stderr.contains(name), "the file is not named: {ran:?}");
    }
}
