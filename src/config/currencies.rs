//! The currencies that Stripe settles or charges in: what a configuration may name.
//!
//! Only for finding typing errors early. The books take any currency that Stripe sends.

use crate::money::Currency;

const CODES: &str = "\
AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BWP BYN BZD CAD \
CDF CHF CLP CNY COP CRC CVE CZK DJF DKK DOP DZD EGP ETB EUR FJD FKP GBP GEL GIP GMD GNF GTQ GYD HKD \
HNL HTG HUF IDR ILS INR ISK JMD JOD JPY KES KGS KHR KMF KRW KWD KYD KZT LAK LBP LKR LRD LSL MAD MDL \
MGA MKD MMK MNT MOP MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG \
QAR RON RSD RUB RWF SAR SBD SCR SEK SGD SHP SLE SOS SRD STD SZL THB TJS TND TOP TRY TTD TWD TZS UAH \
UGX USD UYU UZS VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW";

/// Whether Stripe knows the currency.
pub fn is_known(currency: Currency) -> bool {
    CODES.split(' ').any(|code| code == currency.code())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typing_error_is_no_currency() {
        let known = ["USD", "JPY", "KWD", "YEN", "EURO", "UDS"]
            .map(|code| code.parse().is_ok_and(is_known));
        assert_eq!(known, [true, true, true, false, false, false]);
    }
}
