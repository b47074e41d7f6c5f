//! A list of accounts as CSV: what NetSuite exports by hand (Lists > Accounting > Accounts).
//!
//! It has numbers, names, types and the currencies of bank accounts. What it lacks (rates, periods,
//! subsidiaries, internal ids) `chart` assumes and says.

use super::chart::{Chart, ChartAccount, ChartError};

/// The type as a page of NetSuite shows it, and as its interfaces call it.
const TYPES: [(&str, &str); 20] = [
    ("bank", "Bank"),
    ("accounts receivable", "AcctRec"),
    ("other current asset", "OthCurrAsset"),
    ("fixed asset", "FixedAsset"),
    ("other asset", "OthAsset"),
    ("unbilled receivable", "UnbilledRec"),
    ("deferred expense", "DeferExpense"),
    ("accounts payable", "AcctPay"),
    ("credit card", "CredCard"),
    ("other current liability", "OthCurrLiab"),
    ("long term liability", "LongTermLiab"),
    ("deferred revenue", "DeferRevenue"),
    ("equity", "Equity"),
    ("income", "Income"),
    ("cost of goods sold", "COGS"),
    ("expense", "Expense"),
    ("other income", "OthIncome"),
    ("other expense", "OthExpense"),
    ("non posting", "NonPosting"),
    ("statistical", "Stat"),
];

/// The names that a column goes by.
const NUMBER: [&str; 4] = ["number", "account number", "acctnumber", "acct number"];
const NAME: [&str; 4] = ["name", "account name", "account", "display name"];
const TYPE: [&str; 3] = ["type", "account type", "accttype"];
const CURRENCY: [&str; 1] = ["currency"];

/// Internal ids count from here: a number of an account that is taken for an id points at nothing.
const FIRST_ID: i64 = 900_001;

pub(super) fn read(text: &str) -> Result<Chart, ChartError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let wrong = |line: u64, message: String| ChartError::Csv { line, message };
    let headers = reader.headers().map_err(|cause| wrong(1, cause.to_string()))?.clone();
    let place = |names: &[&str]| {
        headers.iter().position(|own| names.contains(&own.trim().to_ascii_lowercase().as_str()))
    };
    let column = |names: &[&str]| {
        place(names).ok_or_else(|| {
            let name = names[0];
            wrong(1, format!("there is no column `{name}`\nhint: the first line names the columns: number,name,type,currency"))
        })
    };
    let (number, name, kind) = (column(&NUMBER)?, column(&NAME)?, column(&TYPE)?);
    let currency = place(&CURRENCY);
    let mut accounts: Vec<ChartAccount> = Vec::new();
    for row in reader.records() {
        let row = row.map_err(|cause| wrong(0, cause.to_string()))?;
        let line = row.position().map_or(0, csv::Position::line);
        let cell = |place: usize| row.get(place).unwrap_or_default().trim();
        if row.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        if cell(number).is_empty() && cell(name).is_empty() {
            return Err(wrong(line, "the account has neither a number nor a name".into()));
        }
        if accounts.iter().any(|own| !own.number.is_empty() && own.number == cell(number)) {
            return Err(wrong(line, format!("the number {} is there twice", cell(number))));
        }
        let kind = kind_of(cell(kind)).ok_or_else(|| {
            let known: Vec<&str> = TYPES.iter().map(|(shown, _)| *shown).collect();
            wrong(
                line,
                format!(
                    "`{}` is no type of account\nhint: the types are {}",
                    cell(kind),
                    known.join(", ")
                ),
            )
        })?;
        let only = currency.map(cell).filter(|code| !code.is_empty() && holds_one(kind));
        let only = only.map(|code| {
            code.parse().map_err(|_| wrong(line, format!("`{code}` is no currency such as USD")))
        });
        accounts.push(ChartAccount {
            id: FIRST_ID + i64::try_from(accounts.len()).expect("a few thousand accounts"),
            number: cell(number).into(),
            name: cell(name).into(),
            kind: kind.into(),
            special: None,
            currency: only.transpose()?,
        });
    }
    Ok(Chart::new(String::new(), accounts))
}

fn kind_of(text: &str) -> Option<&'static str> {
    let folded = text.to_ascii_lowercase();
    let found =
        TYPES.iter().find(|(shown, own)| *shown == folded || own.eq_ignore_ascii_case(text));
    found.map(|(_, own)| *own)
}

/// Whether accounts of a type hold one currency.
fn holds_one(kind: &str) -> bool {
    matches!(kind, "Bank" | "CredCard")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_export_is_read_as_netsuite_words_it_and_what_is_no_account_is_named_by_its_line() {
        let chart = read("\u{feff}Account Number,Account,Account Type,Currency\n1000,\"Cash, EUR\",Bank,EUR\n4000,Sales,income,USD\n").unwrap();
        let first = &chart.accounts[0];
        assert_eq!((first.name.as_str(), first.kind.as_str()), ("Cash, EUR", "Bank"));
        assert_eq!(chart.accounts[1].kind, "Income");
        for (text, words) in [
            ("number,name\n1,a\n", "no column `type`"),
            ("number,name,type\n1,a,Bank\n2,b,Money\n", "line 3: `Money` is no type"),
            ("number,name,type\n1,a,Bank\n1,b,Bank\n", "line 3: the number 1 is there twice"),
            ("number,name,type,currency\n1,a,Bank,Euro\n", "line 2: `Euro` is no currency"),
        ] {
            let message = read(text).err().unwrap().to_string();
            assert!(message.contains(words), "{words}: {message}");
        }
    }
}
