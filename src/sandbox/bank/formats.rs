//! A statement as a bank writes it, in each of the formats.

use super::{Line, Statement};
use crate::calendar::is_bank_day;
use crate::money::Amount;

/// How a statement is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Csv,
    Ofx,
    Camt053,
    Bai2,
    Mt940,
}

impl Format {
    pub const ALL: [Self; 5] = [Self::Csv, Self::Ofx, Self::Camt053, Self::Bai2, Self::Mt940];
}

impl Statement {
    /// The file that the bank gives.
    pub fn write(&self, format: Format) -> String {
        match format {
            Format::Csv => self.csv(),
            Format::Ofx => self.ofx(),
            Format::Camt053 => self.camt053(),
            Format::Bai2 => self.bai2(),
            Format::Mt940 => self.mt940(),
        }
    }

    fn csv(&self) -> String {
        let mut text = String::from("Date,Description,Reference,Amount,Balance\n");
        let mut balance = self.opening;
        for line in &self.lines {
            balance += line.amount;
            let reference = line.reference.as_deref().unwrap_or_default();
            let (amount, balance) = (line.amount.to_decimal(), balance.to_decimal());
            let (day, words) = (line.booked, &line.text);
            text += &format!("{day},{words},{reference},{amount},{balance}\n");
        }
        text
    }

    fn ofx(&self) -> String {
        let day = |day: chrono::NaiveDate| day.format("%Y%m%d").to_string();
        let mut text = format!(
            "OFXHEADER:100\nDATA:OFXSGML\nVERSION:102\nSECURITY:NONE\nENCODING:USASCII\nCHARSET:1252\n\
             COMPRESSION:NONE\nOLDFILEUID:NONE\nNEWFILEUID:NONE\n\n<OFX><BANKMSGSRSV1><STMTTRNRS>\n\
             <TRNUID>0<STATUS><CODE>0<SEVERITY>INFO</STATUS>\n<STMTRS>\n<CURDEF>{}\n\
             <BANKACCTFROM><BANKID>SALTMARSH<ACCTID>{}<ACCTTYPE>CHECKING</BANKACCTFROM>\n\
             <BANKTRANLIST><DTSTART>{}<DTEND>{}\n",
            self.currency,
            self.account,
            day(self.first_day),
            day(self.last_day)
        );
        let mut of_day = (self.first_day, 0);
        for line in &self.lines {
            // The bank's own id must be the same on every statement that has the line.
            let number = if of_day.0 == line.booked { of_day.1 + 1 } else { 1 };
            of_day = (line.booked, number);
            let (booked, amount) = (day(line.booked), line.amount.to_decimal());
            let memo = line.reference.as_ref().map(|reference| format!("<MEMO>{reference}"));
            let kind = if line.amount.is_negative() { "DEBIT" } else { "CREDIT" };
            text += &format!(
                "<STMTTRN><TRNTYPE>{kind}<DTPOSTED>{booked}120000<TRNAMT>{amount}<FITID>{booked}{number:03}<NAME>{}{}</STMTTRN>\n",
                line.text,
                memo.unwrap_or_default()
            );
        }
        text + &format!(
            "</BANKTRANLIST>\n<LEDGERBAL><BALAMT>{}<DTASOF>{}</LEDGERBAL>\n\
             </STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>\n",
            self.closing().to_decimal(),
            day(self.last_day)
        )
    }

    fn camt053(&self) -> String {
        let signed = |amount: Amount| {
            let way = if amount.is_negative() { "DBIT" } else { "CRDT" };
            let (digits, currency) = (amount.abs().to_decimal(), self.currency);
            format!("<Amt Ccy=\"{currency}\">{digits}</Amt><CdtDbtInd>{way}</CdtDbtInd>")
        };
        let balance = |code: &str, amount: Amount, day: chrono::NaiveDate| {
            let amount = signed(amount);
            format!(
                "<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>{amount}<Dt><Dt>{day}</Dt></Dt></Bal>\n"
            )
        };
        let (first, last) = (self.first_day, self.last_day);
        let mut text = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\">\n<BkToCstmrStmt>\n\
             <GrpHdr><MsgId>SMB-{last}</MsgId><CreDtTm>{last}T23:59:59</CreDtTm></GrpHdr>\n\
             <Stmt><Id>{first}/{last}</Id>\n<FrToDt><FrDtTm>{first}T00:00:00</FrDtTm>\
             <ToDtTm>{last}T23:59:59</ToDtTm></FrToDt>\n\
             <Acct><Id><Othr><Id>{}</Id></Othr></Id><Ccy>{}</Ccy></Acct>\n",
            self.account, self.currency
        );
        text += &balance("OPBD", self.opening, first);
        text += &balance("CLBD", self.closing(), last);
        for line in &self.lines {
            let day = line.booked;
            let reference = line.reference.as_ref().map_or_else(String::new, |reference| {
                format!("<Refs><EndToEndId>{reference}</EndToEndId></Refs>")
            });
            text += &format!(
                "<Ntry>{}<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>{day}</Dt></BookgDt><ValDt><Dt>{day}</Dt></ValDt>\
                 <NtryDtls><TxDtls>{reference}<RmtInf><Ustrd>{}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>\n",
                signed(line.amount),
                line.text
            );
        }
        text + "</Stmt>\n</BkToCstmrStmt>\n</Document>\n"
    }

    /// A group for each bank day, and for the last day.
    fn bai2(&self) -> String {
        let has_line = |day: chrono::NaiveDate| self.lines.iter().any(|line| line.booked == day);
        let days = self.first_day.iter_days().take_while(|day| *day <= self.last_day);
        let days: Vec<chrono::NaiveDate> = days
            .filter(|day| is_bank_day(*day) || has_line(*day) || *day == self.last_day)
            .collect();
        let digits = |amount: Amount| amount.to_decimal().replace('.', "");
        let number = |amount: Amount| digits(amount).parse::<i64>().expect("digits with a sign");
        let made = self.last_day.format("%y%m%d");
        let mut text = format!("01,SALTMARSH,COMPANY,{made},2359,1,80,1,2/\n");
        let (mut total, mut records, mut opening) = (0, 1, self.opening);
        for day in &days {
            let lines: Vec<&Line> = self.lines.iter().filter(|line| line.booked == *day).collect();
            let closing = lines.iter().fold(opening, |sum, line| sum + line.amount);
            let mut sum = number(opening) + number(closing);
            let (currency, account) = (self.currency, &self.account);
            text +=
                &format!("02,COMPANY,SALTMARSH,1,{},2359,{currency},2/\n", day.format("%y%m%d"));
            let (begins, ends) = (digits(opening), digits(closing));
            text += &format!("03,{account},{currency},010,{begins},,,015,{ends},,/\n");
            for line in &lines {
                sum += number(line.amount.abs());
                let kind = if line.amount.is_negative() { 475 } else { 165 };
                let reference = line.reference.as_deref().unwrap_or_default();
                let (amount, words) = (digits(line.amount.abs()), &line.text);
                text += &format!("16,{kind},{amount},0,,{reference},{words}/\n");
            }
            let count = lines.len() + 2;
            text += &format!("49,{sum},{count}/\n98,{sum},1,{}/\n", count + 2);
            total += sum;
            records += count + 2;
            opening = closing;
        }
        text + &format!("99,{total},{},{}/\n", days.len(), records + 1)
    }

    fn mt940(&self) -> String {
        let balance = |amount: Amount, day: chrono::NaiveDate| {
            let way = if amount.is_negative() { 'D' } else { 'C' };
            let (day, digits) = (day.format("%y%m%d"), comma(amount.abs()));
            format!("{way}{day}{}{digits}", self.currency)
        };
        let before = self.first_day.pred_opt().unwrap_or(self.first_day);
        let mut text = format!(
            ":20:SALTMARSH\n:25:{}\n:28C:{}/1\n:60F:{}\n",
            self.account,
            self.last_day.format("%j"),
            balance(self.opening, before)
        );
        for line in &self.lines {
            let way = if line.amount.is_negative() { 'D' } else { 'C' };
            let (value, entry) = (line.booked.format("%y%m%d"), line.booked.format("%m%d"));
            let amount = comma(line.amount.abs());
            text += &format!(":61:{value}{entry}{way}{amount}NTRFNONREF\n");
            let reference = line.reference.as_deref().unwrap_or_default();
            // The field has room for 27 characters, wherever a word is.
            let words = format!("{reference} {}", line.text);
            let words: Vec<char> = words.trim().chars().collect();
            let parts = (20..).zip(words.chunks(27));
            let parts =
                parts.map(|(code, part)| format!("?{code}{}", part.iter().collect::<String>()));
            text += &format!(":86:166?00TRANSFER{}\n", parts.collect::<String>());
        }
        text + &format!(":62F:{}\n-\n", balance(self.closing(), self.last_day))
    }
}

/// With a comma, which is always there.
fn comma(amount: Amount) -> String {
    let digits = amount.to_decimal();
    if digits.contains('.') { digits.replace('.', ",") } else { digits + "," }
}
