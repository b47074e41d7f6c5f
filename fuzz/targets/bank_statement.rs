//! A bank statement in any of the formats, told from its content and told by name.

use tieout::bank::{Amounts, CsvMapping, DatePattern, Format, Given, read};

pub fn run(bytes: &[u8]) {
    let mapping = CsvMapping {
        account: "DE89".into(),
        currency: "EUR".parse().unwrap(),
        skip_lines: 0,
        separator: b';',
        date: "Date".into(),
        date_format: DatePattern::new("DD.MM.YYYY").unwrap(),
        value_date: None,
        amounts: Amounts::Signed { column: "Amount".into(), reversed: false },
        decimal: ',',
        currency_column: None,
        account_column: None,
        balance: Some("Balance".into()),
        id: None,
        references: Vec::new(),
        text: vec!["Text".into()],
    };
    for format in Format::ALL.into_iter().map(Some).chain([None]) {
        match read(bytes, Given { format, csv: Some(&mapping), ..Given::default() }) {
            Ok((_, statements)) => {
                for statement in statements {
                    let sum: i64 =
                        statement.lines.iter().map(|line| line.entry.amount.minor()).sum();
                    if let (Some(opening), Some(closing)) = (statement.opening, statement.closing) {
                        assert_eq!(opening.minor() + sum, closing.minor(), "it does not add up");
                    }
                }
            }
            Err(wrong) => assert!(!wrong.cause.is_empty() && !wrong.fix.is_empty()),
        }
    }
}
