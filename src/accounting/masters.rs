//! Master data: how customers and items are found or made, and what they are called.
//!
//! Belongs here: the company's choices as types. Does not belong here: reading them from a file
//! (`config`), or acting on them (`customer`, `item`, `links`, `naming`).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::accounting::mapping::Mapping;
use crate::ids::InternalId;

/// Every choice about master data. The default makes one record per Stripe object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Masters {
    pub customers: Customers,
    pub items: Items,
    pub naming: Naming,
    pub mapping: Mapping,
}

/// How customers are found or made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Customers {
    pub mode: CustomerMode,
    /// The customer of charges that have none, and of everything in mode `single`.
    pub unallocated: Named,
    /// What a customer made for a customer is, unless its metadata name a person.
    pub kind: CustomerKind,
    pub currencies: Currencies,
    /// Whether a changed name, e-mail, phone or address is sent to customers that we made.
    pub update: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum CustomerMode {
    /// One NetSuite customer per Stripe customer.
    #[default]
    Create,
    /// Like `Create`, unless NetSuite has one that matches.
    Match(FieldMatch<CustomerField>),
    /// One NetSuite customer for everything.
    Single,
}

/// A Stripe field whose whole value must be that of a NetSuite field, without regard to case and
/// spaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldMatch<Field> {
    pub stripe: Field,
    /// A column of NetSuite's table, in lower case.
    pub netsuite: String,
}

/// What of a Stripe customer can be matched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CustomerField {
    Id,
    Name,
    Email,
    Phone,
    Description,
    Metadata(String),
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CustomerKind {
    #[default]
    Company,
    Individual,
}

/// Which currencies a customer is made with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Currencies {
    /// Those that something was invoiced or paid in.
    #[default]
    Used,
    /// Every currency that NetSuite has.
    All,
}

/// How items are found or made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Items {
    pub mode: ItemMode,
    pub discounts: DiscountItems,
    /// Whether an item that NetSuite lacks is made; otherwise it is an exception.
    pub create: bool,
    /// The items that stand for something other than a price, by [`crate::accounting::Global`]'s
    /// key.
    pub global: BTreeMap<String, Named>,
}

impl Default for Items {
    fn default() -> Self {
        Self {
            mode: ItemMode::default(),
            discounts: DiscountItems::default(),
            create: true,
            global: BTreeMap::new(),
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ItemMode {
    /// One item per price.
    #[default]
    PerPrice,
    /// One item for all prices.
    Global,
    /// Like `PerPrice`, unless NetSuite has one that matches.
    Match(FieldMatch<ItemField>),
}

/// What of a price or of its product can be matched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ItemField {
    PriceId,
    PriceNickname,
    PriceLookupKey,
    PriceMetadata(String),
    ProductId,
    ProductName,
    ProductMetadata(String),
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DiscountItems {
    #[default]
    PerCoupon,
    Global,
}

/// A record that the configuration names: by internal id, or by the name it has or will get.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Named {
    pub name: Option<String>,
    pub id: Option<InternalId>,
}

/// What external ids look like.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Naming {
    /// Stands before every external id.
    pub prefix: String,
    /// Tells the names that are not Stripe's own ids apart where several Stripe accounts share a
    /// NetSuite account.
    pub scope: Option<String>,
}
