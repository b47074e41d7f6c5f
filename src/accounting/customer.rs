//! Customers: one NetSuite customer per Stripe customer, made with its first invoice or payment; or
//! one for everything.

use std::collections::BTreeSet;

use crate::accounting::case::CustomerCase;
use crate::accounting::context::{Context, external_id};
use crate::accounting::exception::Exception;
use crate::accounting::masters::{Currencies, CustomerKind, CustomerMode};
use crate::accounting::metadata;
use crate::accounting::policy::Policy;
use crate::accounting::record::{Record, Rule};
use crate::ids::{ExternalId, ObjectId};
use crate::money::Currency;
use crate::netsuite::record::{Address, Body, Customer, Person};
use crate::stripe::objects;

/// The customer of charges that have none.
const UNALLOCATED: (&str, &str) = ("stripe-unallocated-charges", "Stripe Unallocated Charges");

/// The external id under which this case's records stand.
pub(super) fn key(case: &CustomerCase, policy: &Policy) -> Result<ExternalId, Exception> {
    if is_unallocated(case, policy) {
        return external_id(unallocated(policy).0);
    }
    let own = case.customer.as_ref().map(|customer| &customer.id).or(case.customer_id.as_ref());
    external_id(own.map_or(UNALLOCATED.0, |id| id.as_str()))
}

/// Whether the case's records belong to the one customer of everything that has none.
pub(super) fn is_unallocated(case: &CustomerCase, policy: &Policy) -> bool {
    let has_none = case.customer.is_none() && case.customer_id.is_none();
    let is_linked = case
        .customer
        .as_ref()
        .is_some_and(|customer| metadata::get(&customer.metadata, metadata::CUSTOMER).is_some());
    has_none || (policy.masters.customers.mode == CustomerMode::Single && !is_linked)
}

/// External id and name of that customer.
pub(super) fn unallocated(policy: &Policy) -> (String, String) {
    let naming = &policy.masters.naming;
    let configured = policy.masters.customers.unallocated.name.clone();
    let name = configured.unwrap_or_else(|| naming.scoped_name(UNALLOCATED.1));
    (naming.scoped(UNALLOCATED.0), name)
}

/// The customer's record; `None` while nothing was invoiced or paid.
pub(super) fn record(case: &CustomerCase, context: Context) -> Result<Option<Record>, Exception> {
    let policy = context.policy;
    let id = key(case, policy)?;
    let transacted = currencies(case);
    if transacted.is_empty() {
        return Ok(None);
    }
    let is_shared = is_unallocated(case, policy);
    let wants_all = policy.masters.customers.currencies == Currencies::All;
    // A customer that many cases want has every currency from the start.
    let wanted: BTreeSet<Currency> = if is_shared || wants_all {
        policy.books.currencies.keys().copied().chain(transacted).collect()
    } else {
        transacted
    };
    let keys = wanted
        .iter()
        .map(|currency| context.currency(*currency, id.as_str()))
        .collect::<Result<BTreeSet<_>, _>>()
        .map_err(|exception| exception.blocking(&id))?;
    let stripe = case.customer.as_ref().filter(|_| !is_shared);
    let own = stripe.and_then(|customer| customer.currency).filter(|c| wanted.contains(c));
    let primary = own.or_else(|| {
        let base = policy.books.base_currency;
        if is_shared && wanted.contains(&base) {
            return Some(base);
        }
        currencies(case).first().copied()
    });
    let Some(primary) = primary else { return Ok(None) };
    let shared_name = is_shared.then(|| unallocated(policy).1);
    let body = Body::Customer(Customer {
        external_id: id.clone(),
        entity_id: shared_name.clone().unwrap_or_else(|| id.to_string()),
        company_name: shared_name.unwrap_or_else(|| name(stripe, &id)),
        person: stripe.and_then(|stripe| person(stripe, policy.masters.customers.kind)),
        email: stripe.and_then(|customer| filled(customer.email.as_deref())),
        phone: stripe.and_then(|customer| filled(customer.phone.as_deref())),
        comments: format!("Stripe: {id}"),
        address: stripe.and_then(billing),
        shipping: stripe.and_then(shipping).map(Box::new),
        subsidiary: policy.books.subsidiary.clone(),
        currency: context.currency(primary, id.as_str())?,
        currencies: keys.into_iter().collect(),
        extras: crate::netsuite::extras::Extras::default(),
    });
    let sources = vec![ObjectId::new(id.to_string())];
    Ok(Some(Record { body, rule: Rule::CustomerTransacts, sources, settles: None }))
}

/// The currencies in which something was invoiced or paid.
fn currencies(case: &CustomerCase) -> BTreeSet<Currency> {
    let invoiced = case.invoices.iter().filter(|invoice| invoice.is_finalized());
    let paid = case.charges.iter().filter(|charge| charge.balance_transaction.is_some());
    invoiced
        .map(|invoice| invoice.currency)
        .chain(paid.map(|charge| charge.currency))
        .chain(case.customer_balance.iter().map(|change| change.currency))
        .collect()
}

/// Name, else description, else e-mail, else id: the first that says something.
fn name(customer: Option<&objects::Customer>, id: &ExternalId) -> String {
    customer
        .and_then(|customer| {
            [&customer.name, &customer.description, &customer.email]
                .into_iter()
                .find_map(|text| filled(text.as_deref()))
        })
        .unwrap_or_else(|| id.to_string())
}

/// First and last name: from metadata, or split at the first space where customers are individuals.
/// A name of one word stays a company's, because NetSuite wants both parts.
fn person(customer: &objects::Customer, kind: CustomerKind) -> Option<Person> {
    let named = |key| metadata::get(&customer.metadata, key).map(str::to_owned);
    if let (Some(first_name), Some(last_name)) =
        (named(metadata::FIRST_NAME), named(metadata::LAST_NAME))
    {
        return Some(Person { first_name, last_name });
    }
    if kind == CustomerKind::Company {
        return None;
    }
    let whole = filled(customer.name.as_deref()).or(filled(customer.description.as_deref()))?;
    let (first, last) = whole.split_once(' ')?;
    let (first_name, last_name) = (filled(Some(first))?, filled(Some(last))?);
    Some(Person { first_name, last_name })
}

fn filled(text: Option<&str>) -> Option<String> {
    text.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}

fn billing(customer: &objects::Customer) -> Option<Address> {
    address(customer.name.as_deref(), customer.address.as_ref()?)
}

fn shipping(customer: &objects::Customer) -> Option<Address> {
    let own = customer.shipping.as_ref()?;
    address(own.name.as_deref().or(customer.name.as_deref()), own.address.as_ref()?)
}

fn address(addressee: Option<&str>, own: &objects::PostalAddress) -> Option<Address> {
    let country = filled(own.country.as_deref()).map(|code| code.to_ascii_uppercase());
    let address = Address {
        addressee: filled(addressee),
        line1: filled(own.line1.as_deref()),
        line2: filled(own.line2.as_deref()),
        city: filled(own.city.as_deref()),
        state: filled(own.state.as_deref()),
        postal_code: filled(own.postal_code.as_deref()),
        // NetSuite refuses what is not a code of two letters.
        country: country.filter(|code| code.len() == 2),
    };
    let nowhere = Address { addressee: address.addressee.clone(), ..Address::default() };
    (address != nowhere).then_some(address)
}
