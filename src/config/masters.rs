//! The sections on master data: customers, items, external ids.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::accounting::Global;
use crate::accounting::item::DISCOUNT_KEY;
use crate::accounting::masters::{
    Currencies, CustomerField, CustomerKind, CustomerMode, Customers, DiscountItems, FieldMatch,
    ItemField, ItemMode, Items, Named, Naming,
};
use crate::netsuite::lookup::is_column;

/// Longest prefix: with the longest of our own ids behind it, the id stays below NetSuite's limit.
const PREFIX_CHARS_MAX: usize = 32;
/// Columns of NetSuite's customers and items that can be compared, besides custom ones.
const CUSTOMER_COLUMNS: [&str; 6] =
    ["accountnumber", "companyname", "email", "entityid", "externalid", "phone"];
const ITEM_COLUMNS: [&str; 4] = ["displayname", "externalid", "itemid", "upccode"];

/// What is wrong with a section, and its fix.
pub(super) type Wrong = (String, String);

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum CustomerModeName {
    #[default]
    Create,
    Match,
    Single,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ItemModeName {
    #[default]
    PerPrice,
    Global,
    Match,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Match {
    stripe: String,
    netsuite: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct CustomersFile {
    mode: CustomerModeName,
    r#match: Option<Match>,
    unallocated: Named,
    kind: CustomerKind,
    currencies: Currencies,
    update: bool,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ItemsFile {
    mode: ItemModeName,
    r#match: Option<Match>,
    discounts: DiscountItems,
    create: Option<bool>,
    global: BTreeMap<String, Named>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ExternalIds {
    prefix: String,
}

impl CustomersFile {
    pub(super) fn check(self) -> Result<Customers, Wrong> {
        let mode = match (self.mode, self.r#match) {
            (CustomerModeName::Match, Some(fields)) => CustomerMode::Match(FieldMatch {
                stripe: customer_field(&fields.stripe)?,
                netsuite: column(&fields.netsuite, "customers", &CUSTOMER_COLUMNS, "custentity")?,
            }),
            (CustomerModeName::Match, None) => return Err(needs_match("customers")),
            (_, Some(_)) => return Err(needs_mode("customers")),
            (CustomerModeName::Create, None) => CustomerMode::Create,
            (CustomerModeName::Single, None) => CustomerMode::Single,
        };
        Ok(Customers {
            mode,
            unallocated: self.unallocated,
            kind: self.kind,
            currencies: self.currencies,
            update: self.update,
        })
    }
}

impl ItemsFile {
    pub(super) fn check(self) -> Result<Items, Wrong> {
        let mode = match (self.mode, self.r#match) {
            (ItemModeName::Match, Some(fields)) => ItemMode::Match(FieldMatch {
                stripe: item_field(&fields.stripe)?,
                netsuite: column(&fields.netsuite, "items", &ITEM_COLUMNS, "custitem")?,
            }),
            (ItemModeName::Match, None) => return Err(needs_match("items")),
            (_, Some(_)) => return Err(needs_mode("items")),
            (ItemModeName::PerPrice, None) => ItemMode::PerPrice,
            (ItemModeName::Global, None) => ItemMode::Global,
        };
        let known: Vec<String> =
            Global::ALL.map(Global::key).into_iter().chain([DISCOUNT_KEY.to_owned()]).collect();
        if let Some(unknown) = self.global.keys().find(|key| !known.contains(key)) {
            return Err((
                format!("items.global.{unknown} is not one of the global items"),
                format!("The global items are {}.", known.join(", ")),
            ));
        }
        Ok(Items {
            mode,
            discounts: self.discounts,
            create: self.create.unwrap_or(true),
            global: self.global,
        })
    }
}

impl ExternalIds {
    /// `scope` is the name of the Stripe account, where the file has several.
    pub(super) fn check(self, scope: Option<&str>) -> Result<Naming, Wrong> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if self.prefix.len() > PREFIX_CHARS_MAX || !self.prefix.chars().all(allowed) {
            return Err((
                format!("external_ids.prefix is `{}`", self.prefix),
                format!("Use at most {PREFIX_CHARS_MAX} letters, digits, `_` and `-`."),
            ));
        }
        Ok(Naming { prefix: self.prefix, scope: scope.map(str::to_owned) })
    }
}

fn needs_match(section: &str) -> Wrong {
    (
        format!("{section}.mode is \"match\", but nothing says what to match"),
        format!("Set {section}.match = {{ stripe = \"…\", netsuite = \"…\" }}."),
    )
}

fn needs_mode(section: &str) -> Wrong {
    (
        format!("{section}.match is set, but {section}.mode is not \"match\""),
        format!("Set {section}.mode = \"match\", or remove {section}.match."),
    )
}

fn customer_field(name: &str) -> Result<CustomerField, Wrong> {
    Ok(match name {
        "id" => CustomerField::Id,
        "name" => CustomerField::Name,
        "email" => CustomerField::Email,
        "phone" => CustomerField::Phone,
        "description" => CustomerField::Description,
        _ => match key_of(name, "metadata.") {
            Some(key) => CustomerField::Metadata(key),
            None => {
                let known = "id, name, email, phone, description and metadata.KEY";
                return Err(unknown_field("customers", name, known));
            }
        },
    })
}

fn item_field(name: &str) -> Result<ItemField, Wrong> {
    Ok(match name {
        "price.id" => ItemField::PriceId,
        "price.nickname" => ItemField::PriceNickname,
        "price.lookup_key" => ItemField::PriceLookupKey,
        "product.id" => ItemField::ProductId,
        "product.name" => ItemField::ProductName,
        _ => match (key_of(name, "price.metadata."), key_of(name, "product.metadata.")) {
            (Some(key), _) => ItemField::PriceMetadata(key),
            (None, Some(key)) => ItemField::ProductMetadata(key),
            (None, None) => {
                let known = "price.id, price.nickname, price.lookup_key, price.metadata.KEY, \
                    product.id, product.name and product.metadata.KEY";
                return Err(unknown_field("items", name, known));
            }
        },
    })
}

fn key_of(name: &str, prefix: &str) -> Option<String> {
    name.strip_prefix(prefix).filter(|key| !key.is_empty()).map(str::to_owned)
}

fn unknown_field(section: &str, name: &str, known: &str) -> Wrong {
    (
        format!("{section}.match.stripe is `{name}`, which cannot be matched"),
        format!("What can be matched: {known}."),
    )
}

fn column(name: &str, section: &str, known: &[&str], custom: &str) -> Result<String, Wrong> {
    let lower = name.to_ascii_lowercase();
    let is_known = known.contains(&lower.as_str()) || lower.starts_with(custom);
    if is_known && is_column(&lower) {
        return Ok(lower);
    }
    Err((
        format!("{section}.match.netsuite is `{name}`, which cannot be matched"),
        format!("What can be matched: {}, and fields that begin with {custom}.", known.join(", ")),
    ))
}
