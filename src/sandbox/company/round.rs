//! Shares of amounts, in whole minor units.

use crate::money::{Amount, Currency};

/// `amount · numerator / denominator`, halves away from zero.
pub fn share(amount: i64, numerator: i64, denominator: i64) -> i64 {
    let product = i128::from(amount) * i128::from(numerator);
    let denominator = i128::from(denominator);
    let magnitude = (2 * product.abs() + denominator) / (2 * denominator);
    i64::try_from(magnitude * product.signum())
        .expect("a share of an amount fits as the amount does")
}

/// `amount` cut into parts in proportion to `weights`; the parts sum to it.
pub fn spread(amount: i64, weights: &[i64]) -> Vec<i64> {
    // The currency is of no consequence to the split.
    Amount::new(amount, Currency::USD).split(weights).into_iter().map(Amount::minor).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_cent_is_not_lost() {
        assert_eq!(share(1_000, 29, 1_000), 29);
        assert_eq!(share(50, 29, 1_000), 1);
        assert_eq!(share(-50, 29, 1_000), -1);
        assert_eq!(share(100, 5, 1_000), 1);
        assert_eq!(spread(100, &[1, 1, 1]).iter().sum::<i64>(), 100);
    }
}
