//! Money: an integer count of a currency's smallest unit, and nothing else.
//!
//! Belongs here: currencies, their exponents, exact arithmetic, exact parsing and printing, and the
//! largest-remainder split. Does not belong here: exchange-rate policy, accounts, anything that
//! rounds silently.
//!
//! Exponents are Stripe's, because Stripe's integers are what we read: ISK and UGX are sent with
//! two decimals although ISO 4217 gives them none, and the three-decimal currencies are sent with
//! three (<https://docs.stripe.com/currencies>).

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub, SubAssign};
use std::str::FromStr;

use serde::de::{self, Deserialize, Deserializer};
use serde::{Serialize, Serializer};

/// The largest magnitude, in minor units, that is accepted from outside.
///
/// Stripe's own ceiling is 12 digits. With this bound more than 90,000 such amounts can be summed
/// before an `i64` could overflow, and each payout or invoice holds far fewer.
pub const MINOR_MAX: i64 = 100_000_000_000_000;

const ZERO_DECIMAL: [[u8; 3]; 15] = [
    *b"BIF", *b"CLP", *b"DJF", *b"GNF", *b"JPY", *b"KMF", *b"KRW", *b"MGA", *b"PYG", *b"RWF",
    *b"VND", *b"VUV", *b"XAF", *b"XOF", *b"XPF",
];
const THREE_DECIMAL: [[u8; 3]; 5] = [*b"BHD", *b"JOD", *b"KWD", *b"OMR", *b"TND"];
/// Currencies that NetSuite keeps without decimals (Oracle help, section N1397831).
const NETSUITE_INTEGER: [[u8; 3]; 11] = [
    *b"BYR", *b"KHR", *b"CLP", *b"ISK", *b"IDR", *b"IQD", *b"JPY", *b"LBP", *b"PYG", *b"KRW",
    *b"VND",
];

/// Why a currency or an amount was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    #[error("`{0}` is not a three-letter currency code")]
    Currency(String),
    #[error("`{0}` is not a plain decimal number such as 1204.50")]
    Decimal(String),
    #[error("{text} has more decimals than {currency} allows ({exponent})")]
    Precision { text: String, currency: Currency, exponent: u8 },
    #[error("{0} is outside the range this tool accepts (±1,000,000,000,000.00)")]
    Range(String),
    #[error("{amount} does not fit the {places} decimals that NetSuite keeps for {currency}")]
    NetSuitePrecision { amount: String, currency: Currency, places: u8 },
}

/// An ISO 4217 code, upper case.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

impl Currency {
    /// US dollar, the base currency of the demo company and of most tests.
    pub const USD: Self = Self(*b"USD");

    /// The upper-case code.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).expect("only ASCII letters are ever stored")
    }

    /// Decimals in the integers that Stripe sends.
    pub fn exponent(self) -> u8 {
        if ZERO_DECIMAL.contains(&self.0) {
            0
        } else if THREE_DECIMAL.contains(&self.0) {
            3
        } else {
            2
        }
    }

    /// Decimals that NetSuite keeps by default: 0 or 2, nothing else. An account may say otherwise
    /// for a currency; the account's answer wins where it is known.
    pub fn netsuite_places(self) -> u8 {
        if NETSUITE_INTEGER.contains(&self.0) || ZERO_DECIMAL.contains(&self.0) { 0 } else { 2 }
    }
}

impl FromStr for Currency {
    type Err = MoneyError;
    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let bytes = text.as_bytes();
        if bytes.len() == 3 && bytes.iter().all(u8::is_ascii_alphabetic) {
            Ok(Self([0, 1, 2].map(|i| bytes[i].to_ascii_uppercase())))
        } else {
            Err(MoneyError::Currency(text.chars().take(20).collect()))
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

/// An amount of one currency, in minor units.
///
/// `+` and `-` panic when currencies differ or an `i64` overflows: both are bugs of ours, because
/// readers keep amounts of different currencies apart and bound each one by [`MINOR_MAX`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, serde::Deserialize)]
pub struct Amount {
    minor: i64,
    currency: Currency,
}

impl Amount {
    pub const fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    pub const fn zero(currency: Currency) -> Self {
        Self { minor: 0, currency }
    }

    /// Minor units, as Stripe sends them.
    pub const fn minor(self) -> i64 {
        self.minor
    }

    pub const fn currency(self) -> Currency {
        self.currency
    }

    pub const fn is_zero(self) -> bool {
        self.minor == 0
    }

    pub const fn is_negative(self) -> bool {
        self.minor < 0
    }

    pub const fn is_positive(self) -> bool {
        self.minor > 0
    }

    #[must_use]
    pub fn abs(self) -> Self {
        Self { minor: self.minor.abs(), ..self }
    }

    /// The smaller of two amounts of one currency.
    #[must_use]
    pub fn min(self, other: Self) -> Self {
        assert_eq!(self.currency, other.currency, "amounts of two currencies cannot be compared");
        if other.minor < self.minor { other } else { self }
    }

    /// Digits with exactly the currency's decimals, no grouping: `-1204.50`, `12000`, `1.230`.
    pub fn to_decimal(self) -> String {
        decimal_string(self.minor, self.currency.exponent())
    }

    /// Appends the same to a text.
    pub fn push_decimal(self, to: &mut String) {
        push_decimal(to, self.minor, self.currency.exponent());
    }

    /// Digits as NetSuite keeps them, or an error when they do not fit: never rounded.
    pub fn to_netsuite_decimal(self, places: u8) -> Result<String, MoneyError> {
        let exponent = self.currency.exponent();
        if exponent <= places {
            return Ok(self.to_decimal());
        }
        let unit = 10_i64.pow(u32::from(exponent - places));
        if self.minor % unit == 0 {
            Ok(decimal_string(self.minor / unit, places))
        } else {
            Err(MoneyError::NetSuitePrecision {
                amount: self.to_decimal(),
                currency: self.currency,
                places,
            })
        }
    }

    /// Reads plain digits (`1204.5`, `-3`, `12.000`) exactly; refuses exponents, grouping and
    /// decimals that the currency does not have. Trailing zeros beyond the exponent are accepted.
    pub fn parse_decimal(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        let bad = || MoneyError::Decimal(text.chars().take(40).collect());
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) {
            return Err(bad());
        }
        if digits.contains('.') && fraction.is_empty() {
            return Err(bad());
        }
        let exponent = currency.exponent();
        let kept = fraction.trim_end_matches('0');
        if kept.len() > usize::from(exponent) {
            return Err(MoneyError::Precision { text: text.into(), currency, exponent });
        }
        let joined = format!("{whole}{kept:0<width$}", width = usize::from(exponent));
        let minor: i64 =
            joined.parse().map_err(|_| MoneyError::Range(text.chars().take(40).collect()))?;
        if minor > MINOR_MAX {
            return Err(MoneyError::Range(text.into()));
        }
        Ok(Self::new(if negative { -minor } else { minor }, currency))
    }

    /// Splits `self` in proportion to `weights` so that the parts sum to `self` exactly.
    ///
    /// Largest remainder (Hamilton): each part is the floor of its share, and the units left over
    /// go to the largest remainders, the earlier part first on a tie. Weights may be negative
    /// (a discount among invoice lines); as long as `self` is between zero and their sum, every
    /// part is between zero and its weight. When the weights sum to zero the whole goes to the
    /// first part.
    pub fn split(self, weights: &[i64]) -> Vec<Self> {
        let total: i128 = weights.iter().copied().map(i128::from).sum();
        let mut units = vec![0_i128; weights.len()];
        if total == 0 {
            if let Some(first) = units.first_mut() {
                *first = i128::from(self.minor.abs());
            }
        } else {
            // Both signs are turned so that the whole and the sum of the weights are positive.
            let whole = i128::from(self.minor.abs());
            let share = |weight: i64| whole * i128::from(weight) * total.signum();
            let total = total.abs();
            for (unit, weight) in units.iter_mut().zip(weights) {
                *unit = share(*weight).div_euclid(total);
            }
            let mut order: Vec<usize> = (0..units.len()).collect();
            order.sort_by_key(|&i| (std::cmp::Reverse(share(weights[i]).rem_euclid(total)), i));
            let left = usize::try_from(whole - units.iter().sum::<i128>())
                .expect("floors never exceed the whole");
            for &i in order.iter().take(left) {
                units[i] += 1;
            }
        }
        units
            .into_iter()
            .map(|unit| {
                let minor = i64::try_from(unit).expect("weights are bounded by MINOR_MAX");
                Self::new(minor * self.minor.signum(), self.currency)
            })
            .collect()
    }
}

impl Add for Amount {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        assert_eq!(self.currency, other.currency, "amounts of two currencies cannot be added");
        let minor = self.minor.checked_add(other.minor).expect("bounded by MINOR_MAX on reading");
        Self { minor, ..self }
    }
}

impl Sub for Amount {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl Neg for Amount {
    type Output = Self;
    fn neg(self) -> Self {
        Self { minor: -self.minor, ..self }
    }
}

impl AddAssign for Amount {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl SubAssign for Amount {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

/// Sums amounts of one currency; an empty sum needs [`Amount::zero`] instead, so use
/// `.fold(Amount::zero(currency), Add::add)` where the iterator may be empty.
impl Sum for Amount {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.reduce(Add::add).expect("an empty sum has no currency; fold from Amount::zero")
    }
}

/// `1,204.50 USD`: for people. Data uses [`Amount::to_decimal`] or minor units.
impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{} {}", grouped(&self.to_decimal()), self.currency))
    }
}

impl fmt::Debug for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.to_decimal(), self.currency)
    }
}

/// Puts a comma between each group of three digits of the whole part.
pub fn grouped(decimal: &str) -> String {
    let (sign, digits) = decimal.strip_prefix('-').map_or(("", decimal), |rest| ("-", rest));
    let (whole, fraction) = digits.find('.').map_or((digits, ""), |dot| digits.split_at(dot));
    let mut out = String::with_capacity(decimal.len() + whole.len() / 3);
    out.push_str(sign);
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out.push_str(fraction);
    out
}

fn decimal_string(minor: i64, exponent: u8) -> String {
    let mut text = String::with_capacity(24);
    push_decimal(&mut text, minor, exponent);
    text
}

/// Without the machinery of `format!`: a report of a million rows has ten million amounts.
fn push_decimal(to: &mut String, minor: i64, exponent: u8) {
    let mut buffer = itoa::Buffer::new();
    let digits = buffer.format(minor.unsigned_abs());
    let decimals = usize::from(exponent);
    if minor < 0 {
        to.push('-');
    }
    to.extend(std::iter::repeat_n('0', (decimals + 1).saturating_sub(digits.len())));
    to.push_str(digits);
    if decimals > 0 {
        to.insert(to.len() - decimals, '.');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn currency(code: &str) -> Currency {
        code.parse().unwrap()
    }

    #[test]
    fn prints_each_exponent_exactly() {
        assert_eq!(Amount::new(120_450, Currency::USD).to_string(), "1,204.50 USD");
        assert_eq!(Amount::new(-5, Currency::USD).to_string(), "-0.05 USD");
        assert_eq!(Amount::new(12_000, currency("jpy")).to_string(), "12,000 JPY");
        assert_eq!(Amount::new(1_230, currency("kwd")).to_string(), "1.230 KWD");
        assert_eq!(Amount::new(100_000, currency("isk")).to_string(), "1,000.00 ISK");
    }

    #[test]
    fn netsuite_precision_is_refused_rather_than_rounded() {
        let kwd = Amount::new(1_230, currency("kwd"));
        assert_eq!(kwd.to_netsuite_decimal(2).unwrap(), "1.23");
        assert!(Amount::new(1_235, currency("kwd")).to_netsuite_decimal(2).is_err());
        assert_eq!(Amount::new(100_000, currency("isk")).to_netsuite_decimal(0).unwrap(), "1000");
        assert!(Amount::new(100_050, currency("isk")).to_netsuite_decimal(0).is_err());
    }

    #[test]
    fn decimals_are_read_exactly_or_not_at_all() {
        let read = |text| Amount::parse_decimal(text, Currency::USD);
        assert_eq!(read("1204.5").unwrap().minor(), 120_450);
        assert_eq!(read("-3").unwrap().minor(), -300);
        assert_eq!(read("12.000").unwrap().minor(), 1_200);
        for bad in ["1.005", "1e3", "", ".5", "5.", "1,000", "+1", "--1", "99999999999999999999"] {
            assert!(read(bad).is_err(), "{bad} must be refused");
        }
    }

    #[test]
    fn split_gives_the_odd_cent_to_the_largest_remainder() {
        let parts = Amount::new(100, Currency::USD).split(&[1, 1, 1]);
        assert_eq!(parts.iter().map(|p| p.minor()).collect::<Vec<_>>(), [34, 33, 33]);
        let parts = Amount::new(-2_500, Currency::USD).split(&[6_000, 4_000]);
        assert_eq!(parts.iter().map(|p| p.minor()).collect::<Vec<_>>(), [-1_500, -1_000]);
    }

    #[test]
    fn a_partial_refund_takes_its_share_of_a_discount_too() {
        // 100.00, less 20.00, plus 8.00 tax: half of 88.00 is 50.00, −10.00 and 4.00.
        let parts = Amount::new(4_400, Currency::USD).split(&[10_000, -2_000, 800]);
        assert_eq!(parts.iter().map(|p| p.minor()).collect::<Vec<_>>(), [5_000, -1_000, 400]);
    }

    proptest! {
        #[test]
        fn a_part_of_a_refund_never_exceeds_its_line(weights in prop::collection::vec(-100_000i64..1_000_000, 1..12), per_mille in 0i64..=1000) {
            let total: i64 = weights.iter().sum();
            prop_assume!(total > 0);
            let whole = Amount::new(total * per_mille / 1000, Currency::USD);
            for (part, weight) in whole.split(&weights).iter().zip(&weights) {
                prop_assert!(part.minor().abs() <= weight.abs(), "{part} of {weight}");
                prop_assert!(part.minor() * weight >= 0);
            }
        }

        #[test]
        fn split_sums_to_the_whole(minor in -MINOR_MAX..MINOR_MAX, weights in prop::collection::vec(0i64..1_000_000, 1..20)) {
            let whole = Amount::new(minor, Currency::USD);
            let parts = whole.split(&weights);
            prop_assert_eq!(parts.len(), weights.len());
            prop_assert_eq!(parts.into_iter().sum::<Amount>(), whole);
        }

        #[test]
        fn printing_and_reading_agree(minor in -MINOR_MAX..MINOR_MAX) {
            for code in ["USD", "JPY", "KWD"] {
                let amount = Amount::new(minor, code.parse().unwrap());
                prop_assert_eq!(Amount::parse_decimal(&amount.to_decimal(), amount.currency()).unwrap(), amount);
            }
        }
    }
}
