//! One statement in every format, what each format can get wrong, and bytes of anybody.

use proptest::prelude::*;

use super::*;
use crate::money::{Amount, Currency};

const OFX: &str = "OFXHEADER:100\nDATA:OFXSGML\n\n<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS>
<CURDEF>USD
<BANKACCTFROM><BANKID>021000021<ACCTID>000123456789<ACCTTYPE>CHECKING</BANKACCTFROM>
<BANKTRANLIST><DTSTART>20261001<DTEND>20261031
<STMTTRN><TRNTYPE>CREDIT<DTPOSTED>20261002120000[-5:EST]<TRNAMT>96.80<FITID>F1<NAME>STRIPE<MEMO>TRANSFER &amp; MORE</STMTTRN>
<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20261005<TRNAMT>-12.50<FITID>F2<NAME>STRIPE</STMTTRN>
</BANKTRANLIST><LEDGERBAL><BALAMT>184.30<DTASOF>20261031</LEDGERBAL>
</STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>";

const CAMT: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"><BkToCstmrStmt>
<GrpHdr><MsgId>M</MsgId></GrpHdr><Stmt><Id>S-10</Id>
<FrToDt><FrDtTm>2026-10-01T00:00:00</FrDtTm><ToDtTm>2026-10-31T23:59:59</ToDtTm></FrToDt>
<Acct><Id><IBAN>DE89 3704 0044 0532 0130 00</IBAN></Id><Ccy>EUR</Ccy></Acct>
<Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">100.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-10-01</Dt></Dt></Bal>
<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">184.30</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-10-31</Dt></Dt></Bal>
<Ntry><Amt Ccy="EUR">96.80</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>2026-10-02</Dt></BookgDt><ValDt><Dt>2026-10-02</Dt></ValDt><AcctSvcrRef>A1</AcctSvcrRef>
<NtryDtls><TxDtls><Refs><EndToEndId>tr_1</EndToEndId></Refs><RltdPties><Dbtr><Nm>STRIPE</Nm></Dbtr></RltdPties><RmtInf><Ustrd>Payout &#x26; more</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>
<Ntry><Amt Ccy="EUR">12.50</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>2026-10-05</Dt></BookgDt></Ntry>
<Ntry><Amt Ccy="EUR">7.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>PDNG</Sts></Ntry>
</Stmt></BkToCstmrStmt></Document>"#;

const BAI2: &str = "01,BANK,ME,261003,0600,1,80,1,2/
02,ME,BANK,1,261002,0600,USD,2/
03,000123456789,USD,010,10000,,,015,19680,,/
16,165,9680,V,261002,,BR1,,STRIPE TRANSFER,
88,tr_1 AND MORE
49,39360,4/
98,39360,1,6/
99,39360,1,8/";

const MT940: &str = "{1:F01BANKDEFFAXXX}{2:O940}{4:
:20:STARTUMS
:25:37040044/0532013000
:28C:1/1
:60F:C260930EUR100,00
:61:2610021002C96,80NTRFNONREF//B1
STRIPE
:86:166?00GUTSCHRIFT?20EREF+tr_
?211?32STRIPE
:61:2610051005RC12,5NMSCR2
:86:a reversed credit
:62F:C261031EUR184,30
-}";

const CSV: &str = "Konto;DE89\n\nBuchungstag;Valuta;Text;Betrag;Saldo
05.10.2026;05.10.2026;Rückruf;-12,50;184,30
02.10.2026;02.10.2026;STRIPE;96,80;196,80
";

fn mapping() -> CsvMapping {
    CsvMapping {
        account: "DE89".into(),
        currency: "EUR".parse().unwrap(),
        skip_lines: 2,
        separator: b';',
        date: "Buchungstag".into(),
        date_format: DatePattern::new("DD.MM.YYYY").unwrap(),
        value_date: Some("Valuta".into()),
        amounts: Amounts::Signed { column: "Betrag".into(), reversed: false },
        decimal: ',',
        currency_column: None,
        account_column: None,
        balance: Some("Saldo".into()),
        id: None,
        references: Vec::new(),
        text: vec!["Text".into()],
    }
}

fn reading(text: &str) -> Result<(Format, Vec<Statement>), Wrong> {
    let mapping = mapping();
    read(text.as_bytes(), Given { csv: Some(&mapping), ..Given::default() })
}

fn one(text: &str) -> Statement {
    let (_, mut statements) = reading(text).unwrap();
    assert_eq!(statements.len(), 1);
    statements.remove(0)
}

fn refused(text: &str) -> String {
    reading(text).unwrap_err().to_string()
}

fn amounts(statement: &Statement) -> Vec<(String, i64)> {
    let line = |line: &StatementLine| (line.entry.booked.to_string(), line.entry.amount.minor());
    statement.lines.iter().map(line).collect()
}

/// A payout and a debit must be the same money on the same day however the bank writes them.
#[test]
fn every_format_is_told_from_its_content_and_comes_to_the_same() {
    for (text, format, minor) in [
        (OFX, Format::Ofx, &[("2026-10-02", 9_680), ("2026-10-05", -1_250)][..]),
        (CAMT, Format::Camt053, &[("2026-10-02", 9_680), ("2026-10-05", -1_250)]),
        (BAI2, Format::Bai2, &[("2026-10-02", 9_680)]),
        (MT940, Format::Mt940, &[("2026-10-02", 9_680), ("2026-10-05", -1_250)]),
        (CSV, Format::Csv, &[("2026-10-05", -1_250), ("2026-10-02", 9_680)]),
    ] {
        let (told, statements) = reading(text).unwrap();
        assert_eq!((told, statements.len()), (format, 1));
        let expected: Vec<(String, i64)> =
            minor.iter().map(|(day, minor)| ((*day).to_owned(), *minor)).collect();
        assert_eq!(amounts(&statements[0]), expected, "{format:?}");
    }
}

/// The trace id is what ties a payout to its line when amounts repeat.
#[test]
fn references_and_words_are_kept() {
    let words = |text: &str| {
        let entry = one(text).lines.remove(0).entry;
        (entry.references, entry.text)
    };
    assert_eq!(words(CAMT), (vec!["tr_1".into()], "STRIPE Payout & more".into()));
    assert_eq!(words(OFX), (Vec::new(), "STRIPE TRANSFER & MORE".into()));
    let bai2 = (vec!["BR1".into()], "STRIPE TRANSFER, tr_1 AND MORE".into());
    assert_eq!(words(BAI2), bai2);
    // A word that the field was too short for is whole again.
    let mt940 = (vec!["B1".into()], "STRIPE GUTSCHRIFT EREF+tr_1 STRIPE".into());
    assert_eq!(words(MT940), mt940);
}

#[test]
fn a_statement_says_which_days_of_which_account_it_has() {
    let of = |text: &str| {
        let statement = one(text);
        let days = format!("{} {}", statement.first_day, statement.last_day);
        (statement.account, days, statement.opening.map(Amount::minor), statement.not_booked)
    };
    let october = "2026-10-01 2026-10-31".to_owned();
    let iban = "DE89370400440532013000".to_owned();
    assert_eq!(of(CAMT), (iban, october.clone(), Some(10_000), 1));
    assert_eq!(of(OFX), ("000123456789".into(), october.clone(), None, 0));
    assert_eq!(of(MT940), ("37040044/0532013000".into(), october, Some(10_000), 0));
    let day = "2026-10-02 2026-10-02".to_owned();
    assert_eq!(of(BAI2), ("000123456789".into(), day, Some(10_000), 0));
    assert_eq!(of(CSV), ("DE89".into(), "2026-10-02 2026-10-05".into(), Some(10_000), 0));
}

/// A line that is missing, doubled or turned around must stop the import and not become a difference.
#[test]
fn what_does_not_add_up_is_refused_with_the_sum() {
    let cut = MT940.replace(":61:2610051005RC12,5NMSCR2\n", "");
    let message = refused(&cut);
    assert!(
        message.contains("does not add up") && message.contains("-12.50 EUR away"),
        "{message}"
    );
    let message = refused(&CAMT.replace(">96.80<", ">96.81<"));
    assert!(message.contains("S-10") && message.contains("-0.01 EUR away"), "{message}");
    let message = refused(&CSV.replace("-12,50", "12,50"));
    assert!(message.starts_with("line 5: the balance"), "{message}");
    let message = refused(&BAI2.replace("165,9680", "165,9681"));
    assert!(message.contains("control total of account 000123456789"), "{message}");
    let message = refused(&BAI2.replace("99,39360,1,8/", ""));
    assert!(message.contains("trailer"), "{message}");
    let message = refused(&BAI2.replace("49,39360,4/", "49,39360,5/"));
    assert!(message.contains("it has 4"), "{message}");
}

/// What cannot be understood names its line and what to do.
#[test]
fn what_cannot_be_read_is_refused_at_its_line() {
    for (text, from, to, words) in [
        (CAMT, "camt.053.001.02", "camt.052.001.08", "line 2: this is camt.052.001.08"),
        (CAMT, "<Sts>BOOK", "<Sts>HELD", "`HELD`"),
        (CAMT, "96.80</Amt>", "96.805</Amt>", "more decimals than EUR allows"),
        (CAMT, "?>\n", "?>\n<!DOCTYPE x [<!ENTITY a \"b\">]>\n", "document type"),
        (CAMT, "&#x26;", "&lol;", "&lol; stands for nothing"),
        (CAMT, "Ccy=\"EUR\">12.50", "Ccy=\"USD\">12.50", "kept in EUR"),
        (OFX, "96.80", "96..80", "line 8: TRNAMT"),
        (OFX, "<MEMO>TRANSFER", "<CURRENCY><CURRATE>1<CURSYM>EUR</CURRENCY>", "kept in USD"),
        (OFX, "STMTRS>\n<CURDEF", "CCSTMTRS>\n<CURDEF", "of a card"),
        (BAI2, "02,ME,BANK,1", "02,ME,BANK,3", "corrects"),
        (BAI2, "16,165", "16,777", "no credit and no debit"),
        (MT940, "C96,80", "X96,80", "line 6: :61:"),
        (MT940, ":60F:C", ":60F:X", "line 5: :60F:"),
        (CSV, "Betrag", "Amount", "no column `Betrag`"),
        (CSV, "02.10.2026;02", "10/02/2026;02", "line 5: Buchungstag is `10/02/2026`"),
    ] {
        assert!(text.contains(from), "{from}");
        let message = refused(&text.replacen(from, to, 1));
        assert!(message.contains(words) && message.contains("\nhint: "), "{words}: {message}");
    }
    let message = read(CSV.as_bytes(), Given::default()).unwrap_err().to_string();
    assert!(message.contains("bank.accounts"), "{message}");
    assert!(read(b"%PDF\0", Given::default()).unwrap_err().to_string().contains("PDF"));
}

/// Otherwise a statement that is imported twice, or one that overlaps, pays each payout twice.
#[test]
fn a_line_has_the_same_id_whenever_it_is_read() {
    let ids =
        |text: &str| -> Vec<String> { one(text).lines.into_iter().map(|line| line.id).collect() };
    assert_eq!(ids(MT940), ids(MT940));
    // Another statement that overlaps has the line in another place, with other balances.
    let part = "Konto;DE89\n\nBuchungstag;Valuta;Text;Betrag;Saldo
05.10.2026;05.10.2026;Rückruf;-12,50;184,30\n";
    assert_eq!(ids(part)[0], ids(CSV)[0]);
    // The bank's own id stands for its words.
    let reworded = CAMT.replace("Payout &#x26; more", "other words");
    assert_eq!(ids(&reworded), ids(CAMT));
    assert_ne!(ids(&CAMT.replace("A1</Acct", "A2</Acct"))[0], ids(CAMT)[0]);
}

/// Two coffees on one day are two, and both are known again.
#[test]
fn lines_that_say_the_same_are_counted() {
    let twice = OFX.replace(
        "</BANKTRANLIST><LEDGERBAL><BALAMT>184.30",
        "<STMTTRN><DTPOSTED>20261005<TRNAMT>-12.50<FITID>F2<NAME>STRIPE</STMTTRN></BANKTRANLIST><LEDGERBAL><BALAMT>171.80",
    );
    let lines = one(&twice).lines;
    assert_eq!(lines.len(), 3);
    assert_ne!(lines[1].id, lines[2].id);
    assert_eq!(lines[1].id, one(OFX).lines[1].id);
}

/// Yen have no hundredths and dinars have thousandths.
#[test]
fn amounts_have_the_decimals_of_their_currency() {
    let yen = MT940.replace("EUR", "JPY").replace("100,00", "100,").replace("184,30", "185,");
    let yen = yen.replace("C96,80", "C98,").replace("RC12,5", "RC13,");
    assert_eq!(amounts(&one(&yen))[0].1, 98);
    let dinar = CAMT.replace("\"EUR\"", "\"KWD\"").replace("<Ccy>EUR", "<Ccy>KWD");
    assert_eq!(amounts(&one(&dinar))[0].1, 96_800);
    let dinar = BAI2.replace("USD", "KWD");
    assert_eq!(one(&dinar).lines[0].entry.amount, Amount::new(9_680, "KWD".parse().unwrap()));
}

/// Banks of the same land differ: a column with a sign, one without and a mark, or two columns.
#[test]
fn the_direction_of_a_line_is_read_as_the_mapping_says() {
    let text = "Date,What,Amount,Way,Out,In
2026-10-02,STRIPE,96.80,CR,,96.80
2026-10-05,STRIPE,12.50,DR,12.50,
2026-10-06,STRIPE,1.00,CR,0.00,1.00
";
    let english = |amounts: Amounts| CsvMapping {
        skip_lines: 0,
        separator: b',',
        date: "Date".into(),
        date_format: DatePattern::new("YYYY-MM-DD").unwrap(),
        value_date: None,
        amounts,
        decimal: '.',
        balance: None,
        text: vec!["What".into()],
        currency: Currency::USD,
        ..mapping()
    };
    let marks = |mark: &str| vec![mark.to_owned()];
    let way = Direction { column: "Way".into(), debit: marks("DR"), credit: marks("cr") };
    let directed = Amounts::Directed { column: "Amount".into(), direction: way };
    let split = Amounts::Split { debit: "Out".into(), credit: "In".into() };
    let of = |amounts: Amounts| -> Vec<i64> {
        let mapping = english(amounts);
        let given = Given { csv: Some(&mapping), ..Given::default() };
        let (_, statements) = read(text.as_bytes(), given).unwrap();
        statements[0].lines.iter().map(|line| line.entry.amount.minor()).collect()
    };
    assert_eq!(of(directed), [9_680, -1_250, 100]);
    assert_eq!(of(split), [9_680, -1_250, 100]);
    let reversed = Amounts::Signed { column: "Amount".into(), reversed: true };
    assert_eq!(of(reversed), [-9_680, -1_250, -100]);
}

#[test]
fn letters_of_other_code_pages_are_read_and_change_no_amount() {
    let mapping = mapping();
    let given = Given { csv: Some(&mapping), ..Given::default() };
    let latin: Vec<u8> = CSV.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    let utf16: Vec<u8> =
        "\u{feff}".encode_utf16().chain(CSV.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let expected = one(CSV);
    assert_eq!(read(&latin, given).unwrap().1[0], expected);
    assert_eq!(read(&utf16, given).unwrap().1[0], expected);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// A file that was cut off or damaged on its way is refused or still adds up; it never panics.
    #[test]
    fn damaged_files_never_panic(
        file in 0_usize..5,
        cut in 0_usize..1000,
        place in 0_usize..1000,
        byte in any::<u8>(),
    ) {
        let mut bytes = [OFX, CAMT, BAI2, MT940, CSV][file].as_bytes().to_vec();
        let at = |per_mille: usize| bytes.len() * per_mille / 1000;
        let (cut, place) = (at(cut), at(place));
        bytes[place] = byte;
        let mapping = mapping();
        for format in Format::ALL.into_iter().map(Some).chain([None]) {
            let given = Given { format, csv: Some(&mapping), ..Given::default() };
            for bytes in [&bytes[..], &bytes[..cut], &bytes[cut..]] {
                if let Ok((_, statements)) = read(bytes, given) {
                    for statement in statements {
                        let (Some(opening), Some(closing)) = (statement.opening, statement.closing) else { continue };
                        let sum: i64 = statement.lines.iter().map(|line| line.entry.amount.minor()).sum();
                        prop_assert_eq!(opening.minor() + sum, closing.minor());
                    }
                }
            }
        }
    }

    #[test]
    fn bytes_of_anybody_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let mapping = mapping();
        for format in Format::ALL {
            let _ = read(&bytes, Given { format: Some(format), csv: Some(&mapping), ..Given::default() });
        }
    }
}
