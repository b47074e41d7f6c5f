//! What is sold and how its price is changed: products, prices, coupons, discounts, tax rates.

use serde::Deserialize;

use super::{Metadata, digits, id_of, minor_option, or_default};
use crate::ids::{CouponId, DiscountId, PriceId, ProductId, PromotionCodeId, TaxRateId};
use crate::money::Currency;

#[derive(Debug, Clone, Deserialize)]
pub struct Product {
    pub id: ProductId,
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    #[serde(default, deserialize_with = "or_default")]
    pub metadata: Metadata,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Price {
    pub id: PriceId,
    #[serde(default, deserialize_with = "id_of")]
    pub product: Option<ProductId>,
    pub nickname: Option<String>,
    pub lookup_key: Option<String>,
    pub currency: Option<Currency>,
    #[serde(default, deserialize_with = "minor_option")]
    pub unit_amount: Option<i64>,
    /// `per_unit` or `tiered`.
    #[serde(default, deserialize_with = "or_default")]
    pub billing_scheme: String,
    #[serde(default, deserialize_with = "or_default")]
    pub metadata: Metadata,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Coupon {
    pub id: CouponId,
    pub name: Option<String>,
    #[serde(default, deserialize_with = "digits")]
    pub percent_off: Option<String>,
    #[serde(default, deserialize_with = "minor_option")]
    pub amount_off: Option<i64>,
    pub currency: Option<Currency>,
    #[serde(default, deserialize_with = "or_default")]
    pub metadata: Metadata,
}

/// A coupon in use. Discounts cannot be fetched by id: they are only seen expanded.
#[derive(Debug, Clone, Deserialize)]
pub struct Discount {
    pub id: DiscountId,
    source: Option<DiscountSource>,
    /// Only before 2025-09-30.
    #[serde(default, deserialize_with = "id_of")]
    coupon: Option<CouponId>,
    #[serde(default, deserialize_with = "id_of")]
    pub promotion_code: Option<PromotionCodeId>,
}

#[derive(Debug, Clone, Deserialize)]
struct DiscountSource {
    #[serde(default, deserialize_with = "id_of")]
    coupon: Option<CouponId>,
}

impl Discount {
    /// The coupon, in either shape.
    pub fn coupon(&self) -> Option<&CouponId> {
        self.source.as_ref().and_then(|source| source.coupon.as_ref()).or(self.coupon.as_ref())
    }
}

#[derive(Debug, Clone, Deserialize)]
pub struct TaxRate {
    pub id: TaxRateId,
    #[serde(default, deserialize_with = "or_default")]
    pub display_name: String,
    #[serde(default, deserialize_with = "digits")]
    pub percentage: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub inclusive: bool,
    pub jurisdiction: Option<String>,
    pub country: Option<String>,
}
