//! What a field of a NetSuite request is called in words.
//!
//! The forms of NetSuite call a field otherwise than its interface does; who signs a plan knows the
//! forms. Belongs here: the names. Does not belong here: the values.

/// Lists of lines, as a form has them.
const LISTS: [(&str, &str); 9] = [
    ("item", "Line"),
    ("line", "Line"),
    ("apply", "Applied to"),
    ("deposit", "Credit applied"),
    ("payment", "Payment deposited"),
    ("other", "Other deposit"),
    ("cashback", "Cash back"),
    ("addressBook", "Address"),
    ("currencyList", "Currency"),
];

/// Fields whose label says more than their name.
const FIELDS: [(&str, &str); 34] = [
    ("addressBookAddress", "address"),
    ("addressee", "addressee"),
    ("apply", "applied"),
    ("approved", "approved"),
    ("arAcct", "A/R account"),
    ("autoApply", "apply automatically"),
    ("cashback", "cash back"),
    ("comments", "comments"),
    ("companyName", "company name"),
    ("defaultBilling", "default billing address"),
    ("defaultShipping", "default shipping address"),
    ("doc", "document"),
    ("entity", "customer"),
    ("entityId", "customer's name in lists"),
    ("externalId", "external ID"),
    ("includeChildren", "subsidiaries below"),
    ("incomeAccount", "income account"),
    ("isPerson", "individual"),
    ("isTaxable", "taxable"),
    ("itemId", "item name"),
    ("nonPosting", "reduces its line, posts nothing"),
    ("otherRefNum", "PO #"),
    ("paymentAmount", "payment amount"),
    ("postingPeriod", "posting period"),
    ("revRecEndDate", "rev. rec. end date"),
    ("revRecStartDate", "rev. rec. start date"),
    ("taxDetailsOverride", "tax details override"),
    ("taxDetailsReference", "tax details reference"),
    ("toBeEmailed", "to be e-mailed"),
    ("toBePrinted", "to be printed"),
    ("tranDate", "date"),
    ("zip", "post code"),
    ("account", "account"),
    ("memo", "memo"),
];

/// The words for a path such as `item.items.1.amount`: `Line 1, amount`.
pub(super) fn words(path: &str) -> String {
    let parts: Vec<&str> = path.split('.').collect();
    let mut words: Vec<String> = Vec::new();
    let mut place = 0;
    while place < parts.len() {
        let part = parts[place];
        match (parts.get(place + 1), parts.get(place + 2)) {
            (Some(&"items"), Some(number)) => {
                words.push(format!("{} {number}", list(part)));
                place += 3;
            }
            _ => {
                // A reference is called as what it refers to.
                let is_key = matches!(part, "id" | "externalId") && !words.is_empty();
                if !is_key {
                    words.push(field(part));
                }
                place += 1;
            }
        }
    }
    capitalised(&words.join(", "))
}

fn list(name: &str) -> String {
    let known = LISTS.iter().find(|(known, _)| *known == name);
    known.map_or_else(|| capitalised(&spaced(name)), |(_, words)| (*words).to_owned())
}

fn field(name: &str) -> String {
    let known = FIELDS.iter().find(|(known, _)| *known == name);
    known.map_or_else(|| spaced(name), |(_, words)| (*words).to_owned())
}

/// `taxAmount` as `tax amount`; the id of a custom field has no such places.
fn spaced(name: &str) -> String {
    let mut words = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            words.push(' ');
        }
        words.push(letter.to_ascii_lowercase());
    }
    words
}

/// With a capital; the id of a custom field stays as it is.
fn capitalised(words: &str) -> String {
    if words.starts_with("cust") && words.contains('_') {
        return words.to_owned();
    }
    let mut letters = words.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string());
    first.unwrap_or_default() + letters.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Who signs must find the field that is meant on the form in front of her.
    #[test]
    fn a_field_is_called_as_on_the_form() {
        for (path, expected) in [
            ("tranDate", "Date"),
            ("externalId", "External ID"),
            ("entity.externalId", "Customer"),
            ("item.items.2.amount", "Line 2, amount"),
            ("item.items.1.taxDetailsReference", "Line 1, tax details reference"),
            ("apply.items.1.doc.id", "Applied to 1, document"),
            ("other.items.3.account.id", "Other deposit 3, account"),
            ("addressBook.items.1.addressBookAddress.zip", "Address 1, address, post code"),
            ("custbody_region", "custbody_region"),
        ] {
            assert_eq!(words(path), expected, "{path}");
        }
    }
}
