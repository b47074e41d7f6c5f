//! Exact decimals, for amounts, quantities and exchange rates. No float is ever made.

/// Digits of a number that is read, the whole part and the fraction together. With it a product of
/// an amount (16 digits) and a rate stays inside an `i128`.
const DIGITS_MAX: usize = 22;

/// The largest amount, in minor units, that a record may carry.
const MINOR_MAX: i128 = 1_000_000_000_000_000;

/// `units / 10^scale`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Decimal {
    units: i128,
    scale: u32,
}

impl Decimal {
    pub const ONE: Self = Self { units: 1, scale: 0 };

    /// Reads plain digits such as `-12.50`; exponents are not accepted.
    pub fn parse(text: &str) -> Option<Self> {
        let (sign, digits) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let plain = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !plain(whole) || !plain(fraction) {
            return None;
        }
        let fraction = fraction.trim_end_matches('0');
        if whole.len() + fraction.len() > DIGITS_MAX {
            return None;
        }
        let units: i128 = format!("{whole}{fraction}").parse().ok()?;
        Some(Self { units: sign * units, scale: u32::try_from(fraction.len()).ok()? })
    }

    /// `minor` units of a currency with `places` decimals.
    pub const fn from_minor(minor: i64, places: u32) -> Self {
        Self { units: minor as i128, scale: places }
    }

    pub const fn is_positive(self) -> bool {
        self.units > 0
    }

    pub fn times(self, other: Self) -> Option<Self> {
        let units = self.units.checked_mul(other.units)?;
        Some(Self { units, scale: self.scale + other.scale })
    }

    pub fn minus(self, other: Self) -> Option<Self> {
        let scale = self.scale.max(other.scale);
        let widen = |d: Self| d.units.checked_mul(10_i128.checked_pow(scale - d.scale)?);
        Some(Self { units: widen(self)?.checked_sub(widen(other)?)?, scale })
    }

    /// The number in minor units of `places` decimals, or `None` when it has more decimals.
    pub fn exact(self, places: u32) -> Option<i64> {
        let minor = self.rounded(places)?;
        (Self::from_minor(minor, places).minus(self)?.units == 0).then_some(minor)
    }

    /// The number in minor units of `places` decimals; a half goes away from zero.
    pub fn rounded(self, places: u32) -> Option<i64> {
        let minor = if self.scale <= places {
            self.units.checked_mul(10_i128.checked_pow(places - self.scale)?)?
        } else {
            let unit = 10_i128.checked_pow(self.scale - places)?;
            let half = self.units.signum() * (unit / 2);
            (self.units + half) / unit
        };
        i64::try_from(minor).ok().filter(|_| minor.abs() <= MINOR_MAX)
    }
}

/// Minor units as digits, with all decimals: `92.10`.
pub(super) fn digits(minor: i64, places: u32) -> String {
    let sign = if minor < 0 { "-" } else { "" };
    if places == 0 {
        return minor.to_string();
    }
    let unit = 10_u64.pow(places);
    let whole = minor.unsigned_abs();
    format!("{sign}{}.{:0width$}", whole / unit, whole % unit, width = places as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        Decimal::parse(text).unwrap()
    }

    #[test]
    fn an_amount_with_too_many_decimals_is_not_rounded_in_silence() {
        assert_eq!(decimal("12.5").exact(2), Some(1250));
        assert_eq!(decimal("12.500").exact(2), Some(1250));
        assert_eq!(decimal("12.505").exact(2), None);
        assert_eq!(decimal("12.5").exact(0), None);
        assert_eq!(Decimal::parse("1e3"), None);
        assert_eq!(Decimal::parse("1,000"), None);
    }

    #[test]
    fn base_amounts_round_a_half_away_from_zero() {
        let base = |amount: &str, rate: &str| {
            decimal(amount).times(decimal(rate)).unwrap().rounded(2).unwrap()
        };
        assert_eq!(base("100.00", "1.10005"), 11_001);
        assert_eq!(base("0.01", "0.5"), 1);
        assert_eq!(base("-0.01", "0.5"), -1);
        assert_eq!(base("0.01", "0.4999999999999999"), 0);
        assert_eq!(base("12000", "0.0067"), 8_040);
    }

    #[test]
    fn printed_digits_keep_the_sign_below_one() {
        assert_eq!(digits(-5, 2), "-0.05");
        assert_eq!(digits(9210, 2), "92.10");
        assert_eq!(digits(-12, 0), "-12");
    }
}
