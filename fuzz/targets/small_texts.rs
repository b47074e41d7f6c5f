//! Amounts, ids, dates, addresses and keys as people and systems write them.

use tieout::calendar::parse_bound;
use tieout::ids::ExternalId;
use tieout::money::{Amount, Currency};
use tieout::net::base_url::{BaseUrl, path_segment};
use tieout::netsuite::account::AccountCode;
use tieout::netsuite::auth::m2m::SigningKey;

pub fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    for code in ["USD", "JPY", "KWD"] {
        let currency: Currency = code.parse().unwrap();
        if let Ok(amount) = Amount::parse_decimal(text, currency) {
            let decimal = amount.to_string();
            let digits = decimal.split(' ').next().unwrap_or_default().replace(',', "");
            assert_eq!(Amount::parse_decimal(&digits, currency).ok(), Some(amount));
        }
    }
    let _ = text.parse::<Currency>();
    let _ = text.parse::<AccountCode>();
    let _ = ExternalId::new(text);
    let _ = parse_bound(text, "America/New_York".parse().unwrap());
    let _ = BaseUrl::parse(text);
    assert!(!path_segment(text).contains('/'));
    let _ = SigningKey::from_pem(text);
}
