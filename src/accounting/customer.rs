//! Customers: one NetSuite customer per Stripe customer, made with its first invoice or payment.

use std::collections::BTreeSet;

use crate::accounting::case::CustomerCase;
use crate::accounting::context::{Context, external_id};
use crate::accounting::exception::Exception;
use crate::accounting::record::{Record, Rule};
use crate::ids::{ExternalId, ObjectId};
use crate::money::Currency;
use crate::netsuite::record::{Address, Body, Customer};
use crate::stripe::objects;

/// The customer of charges that have none.
const UNALLOCATED: (&str, &str) = ("stripe-unallocated-charges", "Stripe Unallocated Charges");

/// The external id under which this case's records stand.
pub(super) fn key(case: &CustomerCase) -> Result<ExternalId, Exception> {
    let own = case.customer.as_ref().map(|customer| &customer.id).or(case.customer_id.as_ref());
    external_id(own.map_or(UNALLOCATED.0, |id| id.as_str()))
}

/// The customer's record; `None` while nothing was invoiced or paid.
pub(super) fn record(case: &CustomerCase, context: Context) -> Result<Option<Record>, Exception> {
    let id = key(case)?;
    let transacted = currencies(case);
    if transacted.is_empty() {
        return Ok(None);
    }
    let is_guest = case.customer.is_none() && case.customer_id.is_none();
    // The customer of all guests is wanted by many cases: it has every currency from the start.
    let wanted: BTreeSet<Currency> = if is_guest {
        context.policy.books.currencies.keys().copied().collect()
    } else {
        transacted
    };
    let keys = wanted
        .iter()
        .map(|currency| context.currency(*currency, id.as_str()))
        .collect::<Result<BTreeSet<_>, _>>()
        .map_err(|exception| exception.blocking(&id))?;
    let stripe = case.customer.as_ref();
    let own = stripe.and_then(|customer| customer.currency).filter(|c| wanted.contains(c));
    let primary = own.or_else(|| {
        let base = context.policy.books.base_currency;
        if is_guest && wanted.contains(&base) { Some(base) } else { wanted.first().copied() }
    });
    let Some(primary) = primary else { return Ok(None) };
    let body = Body::Customer(Customer {
        external_id: id.clone(),
        entity_id: if is_guest { UNALLOCATED.1.into() } else { id.to_string() },
        company_name: if is_guest { UNALLOCATED.1.into() } else { name(stripe, &id) },
        email: stripe.and_then(|customer| filled(customer.email.as_deref())),
        phone: stripe.and_then(|customer| filled(customer.phone.as_deref())),
        comments: format!("Stripe: {id}"),
        address: stripe.and_then(address),
        subsidiary: context.policy.books.subsidiary.clone(),
        currency: context.currency(primary, id.as_str())?,
        currencies: keys.into_iter().collect(),
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

fn filled(text: Option<&str>) -> Option<String> {
    text.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}

fn address(customer: &objects::Customer) -> Option<Address> {
    let own = customer.address.as_ref()?;
    let address = Address {
        addressee: filled(customer.name.as_deref()),
        line1: filled(own.line1.as_deref()),
        line2: filled(own.line2.as_deref()),
        city: filled(own.city.as_deref()),
        state: filled(own.state.as_deref()),
        postal_code: filled(own.postal_code.as_deref()),
        country: filled(own.country.as_deref()),
    };
    let nowhere = Address { addressee: address.addressee.clone(), ..Address::default() };
    (address != nowhere).then_some(address)
}
