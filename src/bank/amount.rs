//! Amounts as statements write them, read exactly or not at all.

use crate::money::{Amount, Currency, MoneyError};

/// Currencies whose decimals in ISO 4217, which banks go by, are not those of Stripe's integers.
const BY_ISO: [(&str, u8); 5] = [("ISK", 0), ("UGX", 0), ("MGA", 2), ("IQD", 3), ("LYD", 3)];

/// Digits with at most one mark, `.` or `,`, and perhaps a sign: what the standards write.
pub(super) fn plain(text: &str, currency: Currency) -> Result<Amount, MoneyError> {
    let text = text.trim();
    let (is_negative, digits) = match text.strip_prefix(['-', '+']) {
        Some(digits) => (text.starts_with('-'), digits),
        None => (false, text),
    };
    if digits.starts_with(['-', '+']) {
        return Err(MoneyError::Decimal(text.chars().take(40).collect()));
    }
    let digits = digits.replacen(',', ".", 1);
    // `12,` and `,5` are amounts to a bank.
    let digits = match digits.strip_suffix('.') {
        Some(whole) => whole.to_owned(),
        None if digits.starts_with('.') => format!("0{digits}"),
        None => digits,
    };
    let amount = Amount::parse_decimal(&digits, currency)?;
    Ok(if is_negative { -amount } else { amount })
}

/// Digits alone, the last of which are decimals as ISO 4217 has them: what BAI2 writes.
pub(super) fn implied(text: &str, currency: Currency) -> Result<Amount, MoneyError> {
    let bad = || MoneyError::Decimal(text.chars().take(40).collect());
    let (is_negative, digits) = match text.strip_prefix(['-', '+']) {
        Some(digits) => (text.starts_with('-'), digits),
        None => (false, text),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(bad());
    }
    let own = BY_ISO.iter().find(|(code, _)| *code == currency.code());
    let places = usize::from(own.map_or_else(|| currency.exponent(), |(_, places)| *places));
    let digits = format!("{digits:0>width$}", width = places + 1);
    let (whole, fraction) = digits.split_at(digits.len() - places);
    let decimal = if fraction.is_empty() { whole.into() } else { format!("{whole}.{fraction}") };
    let amount = Amount::parse_decimal(&decimal, currency)?;
    Ok(if is_negative { -amount } else { amount })
}

/// An amount as a spreadsheet shows it: grouped, with the sign before, behind or as brackets.
pub(super) fn shown(text: &str, mark: char, currency: Currency) -> Result<Amount, MoneyError> {
    let bad = || MoneyError::Decimal(text.chars().take(40).collect());
    let mut rest = text.trim();
    let mut is_negative = false;
    if let Some(inner) = rest.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        is_negative = true;
        rest = inner;
    }
    rest = without_currency(rest, currency);
    let signs = ['-', '+', '\u{2212}'];
    let signed = rest.strip_prefix(signs).or_else(|| rest.strip_suffix(signs));
    if let Some(inner) = signed {
        if is_negative {
            return Err(bad());
        }
        is_negative = !(rest.starts_with('+') || rest.ends_with('+'));
        rest = inner;
    }
    rest = without_currency(rest, currency);
    let (whole, fraction) = match rest.split_once(mark) {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (rest, None),
    };
    let whole = ungrouped(whole, mark).ok_or_else(bad)?;
    let decimal = match fraction {
        None | Some("") => whole,
        Some(fraction) if whole.is_empty() => format!("0.{fraction}"),
        Some(fraction) => format!("{whole}.{fraction}"),
    };
    let amount = Amount::parse_decimal(&decimal, currency)?;
    Ok(if is_negative { -amount } else { amount })
}

fn without_currency(text: &str, currency: Currency) -> &str {
    let code = currency.code();
    let text = text.trim();
    let text = text.strip_prefix(code).or_else(|| text.strip_suffix(code)).unwrap_or(text).trim();
    let symbols = ['$', '€', '£', '¥'];
    text.strip_prefix(symbols).or_else(|| text.strip_suffix(symbols)).unwrap_or(text).trim()
}

/// Digits without what groups them, where the groups are of three (or of two, before the last).
fn ungrouped(whole: &str, mark: char) -> Option<String> {
    let other = if mark == ',' { '.' } else { ',' };
    let between = [other, ' ', '\u{a0}', '\u{202f}', '\'', '’'];
    let groups: Vec<&str> = whole.split(between).collect();
    let is_digits = |group: &&str| group.bytes().all(|byte| byte.is_ascii_digit());
    if !groups.iter().all(is_digits) {
        return None;
    }
    if let [first, middle @ .., last] = groups.as_slice() {
        let fits = (1..=3).contains(&first.len())
            && last.len() == 3
            && middle.iter().all(|group| matches!(group.len(), 2 | 3));
        if !fits {
            return None;
        }
    }
    Some(groups.concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(
        parse: impl Fn(&str, Currency) -> Result<Amount, MoneyError>,
        text: &str,
        code: &str,
    ) -> Option<i64> {
        parse(text, code.parse().unwrap()).ok().map(Amount::minor)
    }

    /// A thousand read as one, or a debit as a credit, ties nothing and looks as if it did.
    #[test]
    fn an_amount_of_a_spreadsheet_is_read_exactly_or_refused() {
        let comma = |text: &str| read(|text, code| shown(text, ',', code), text, "EUR");
        let point = |text: &str| read(|text, code| shown(text, '.', code), text, "USD");
        for (text, minor) in [
            ("1.234,50", 123_450),
            ("-1.234,50", -123_450),
            ("1234,5-", -123_450),
            ("1 234,50", 123_450),
            ("1'234,50 EUR", 123_450),
            ("€ 12", 1_200),
            (",50", 50),
        ] {
            assert_eq!(comma(text), Some(minor), "{text}");
        }
        for (text, minor) in
            [("$1,234.50", 123_450), ("(96.80)", -9_680), ("+5", 500), ("1,00,000.00", 10_000_000)]
        {
            assert_eq!(point(text), Some(minor), "{text}");
        }
        for text in ["1,234.50", "12.3.567", "1.23", "(-5,00)", "--5", "", "1,2,3", "5,001", "EUR"]
        {
            assert_eq!(comma(text), None, "{text}");
        }
    }

    /// BAI2 writes no decimal point: a yen must not become a hundredth of one, nor a króna a hundred.
    #[test]
    fn implied_decimals_are_those_of_iso_4217() {
        let of = |text: &str, code: &str| read(implied, text, code);
        assert_eq!(of("9680", "USD"), Some(9_680));
        assert_eq!(of("5", "USD"), Some(5));
        assert_eq!(of("-12000", "JPY"), Some(-12_000));
        assert_eq!(of("1230", "KWD"), Some(1_230));
        // Stripe counts krónur in hundredths, ISO 4217 whole.
        assert_eq!(of("1000", "ISK"), Some(100_000));
        assert_eq!(of("1.5", "USD"), None);
        assert_eq!(of("", "USD"), None);
    }

    #[test]
    fn a_standard_amount_may_have_a_comma() {
        let of = |text: &str, code: &str| read(plain, text, code);
        assert_eq!(of("1234,5", "EUR"), Some(123_450));
        assert_eq!(of("12000,", "JPY"), Some(12_000));
        assert_eq!(of("-96.80", "USD"), Some(-9_680));
        assert_eq!(of(",05", "EUR"), Some(5));
        assert_eq!(of("1.000,00", "EUR"), None);
        assert_eq!(of("1.005", "EUR"), None);
        assert_eq!(of("--5", "EUR"), None);
    }
}
