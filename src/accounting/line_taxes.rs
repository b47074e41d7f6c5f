//! Tax details of lines, for `SuiteTax`: what Stripe charged on each line at each rate, with the tax
//! type and code that the company uses for the rate.

use crate::accounting::chart::Role;
use crate::accounting::desk::Desk;
use crate::accounting::exception::{Exception, ExceptionClass};
use crate::accounting::policy::{Tax, TaxCode};
use crate::ids::TaxRateId;
use crate::money::Amount;
use crate::netsuite::record::{Decimal, LineTax};
use crate::stripe::objects::{Invoice, InvoiceLine, ShippingCost, TaxAmount};

impl Desk<'_> {
    /// The tax details of a line; none where tax is a line of its own. `net` is what the line comes
    /// to without tax and after its discounts.
    pub(super) fn line_taxes(
        &self,
        taxes: &[TaxAmount],
        net: Amount,
    ) -> Result<Vec<LineTax>, Exception> {
        if self.context.policy.options.tax != Tax::Suitetax {
            return Ok(Vec::new());
        }
        // Where Stripe collects nothing and names no rate there is no tax to report.
        let told = taxes.iter().filter(|tax| tax.rate.is_some() || !tax.amount.is_zero());
        told.map(|tax| self.line_tax(tax, net)).collect()
    }

    fn line_tax(&self, tax: &TaxAmount, net: Amount) -> Result<LineTax, Exception> {
        let subject = tax.rate.as_ref().map_or("tax without a rate", |rate| rate.as_str());
        let code = self.tax_code(tax.rate.as_ref(), subject).map_err(|e| e.of(tax.amount))?;
        // A rate that collected nothing is none on this line: exempt, or reverse-charged.
        let percentage = if tax.amount.is_zero() {
            "0".to_owned()
        } else {
            self.percentage(tax.rate.as_ref(), subject)?
        };
        Ok(LineTax {
            tax_type: code.tax_type.clone(),
            tax_code: code.tax_code.clone(),
            basis: tax.taxable.unwrap_or(net),
            rate: Decimal(percentage),
            amount: tax.amount,
            posts_to: self.context.account(Role::TaxPayable, subject)?,
        })
    }

    fn tax_code(&self, rate: Option<&TaxRateId>, subject: &str) -> Result<&TaxCode, Exception> {
        let codes = &self.context.policy.suitetax;
        let own = rate.and_then(|rate| codes.rates.get(rate));
        own.or(codes.usual.as_ref()).ok_or_else(|| {
            Exception::new(
                ExceptionClass::Configuration,
                "no_tax_code",
                subject,
                format!("No NetSuite tax code is configured for {subject}."),
                format!("Set `suitetax.rates.{subject}`, or `suitetax.usual` for all rates."),
            )
        })
    }

    fn percentage(&self, rate: Option<&TaxRateId>, subject: &str) -> Result<String, Exception> {
        let known = rate.and_then(|rate| self.case.catalog.tax_rates.get(rate));
        known.and_then(|known| known.percentage.clone()).ok_or_else(|| {
            Exception::new(
                ExceptionClass::Data,
                "tax_rate_not_pulled",
                subject,
                format!("How many percent {subject} is, is not in the ledger."),
                "Pull again, so that the tax rate is known.",
            )
        })
    }
}

/// The taxes on an invoice's shipping. Stripe itemises them only when asked to; otherwise they are
/// what the invoice's taxes come to beyond those of its lines.
pub(super) fn shipping_taxes(invoice: &Invoice, shipping: &ShippingCost) -> Vec<TaxAmount> {
    let itemised = shipping.taxes(invoice.currency);
    if !itemised.is_empty() {
        return itemised;
    }
    let mut rest = invoice.total_taxes();
    for tax in invoice.lines.data.iter().flat_map(InvoiceLine::taxes) {
        let same = |own: &&mut TaxAmount| own.rate == tax.rate && own.inclusive == tax.inclusive;
        if let Some(own) = rest.iter_mut().find(same) {
            own.amount -= tax.amount;
        }
    }
    // The basis of what is left is the shipping's, not the invoice's.
    let left = rest.into_iter().filter(|tax| !tax.amount.is_zero());
    left.map(|tax| TaxAmount { taxable: None, ..tax }).collect()
}
