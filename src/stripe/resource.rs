//! What is pulled from Stripe: every list and singleton, and how each one is asked for.

use crate::net::base_url::path_segment;

/// A list of Stripe's API, or an object that an account has one of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resource {
    Account,
    Balance,
    Customers,
    Products,
    Prices,
    Coupons,
    TaxRates,
    Invoices,
    InvoicePayments,
    PaymentIntents,
    Charges,
    Refunds,
    Disputes,
    CreditNotes,
    BalanceTransactions,
    Payouts,
    /// The lines of one invoice, all of them.
    InvoiceLines,
    /// The lines of one credit note, all of them.
    CreditNoteLines,
    /// The credit balance of one customer.
    CustomerBalanceTransactions,
    /// The balance transactions that one automatic payout paid out, its own included. No object
    /// says so; only this list does.
    PayoutMembers,
}

impl Resource {
    /// The lists of the whole account, which can be cut into windows by `created`.
    pub const LISTS: [Self; 14] = [
        Self::BalanceTransactions,
        Self::Charges,
        Self::PaymentIntents,
        Self::Invoices,
        Self::InvoicePayments,
        Self::Customers,
        Self::Refunds,
        Self::Disputes,
        Self::CreditNotes,
        Self::Payouts,
        Self::Products,
        Self::Prices,
        Self::Coupons,
        Self::TaxRates,
    ];

    /// What an account has one of.
    pub const SINGLETONS: [Self; 2] = [Self::Account, Self::Balance];

    /// The name by which coverage is kept; never changes.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Balance => "balance",
            Self::Customers => "customers",
            Self::Products => "products",
            Self::Prices => "prices",
            Self::Coupons => "coupons",
            Self::TaxRates => "tax_rates",
            Self::Invoices => "invoices",
            Self::InvoicePayments => "invoice_payments",
            Self::PaymentIntents => "payment_intents",
            Self::Charges => "charges",
            Self::Refunds => "refunds",
            Self::Disputes => "disputes",
            Self::CreditNotes => "credit_notes",
            Self::BalanceTransactions => "balance_transactions",
            Self::Payouts => "payouts",
            Self::InvoiceLines => "invoice_lines",
            Self::CreditNoteLines => "credit_note_lines",
            Self::CustomerBalanceTransactions => "customer_balance_transactions",
            Self::PayoutMembers => "payout_members",
        }
    }

    /// The `object` field of what the list holds.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Balance => "balance",
            Self::Customers => "customer",
            Self::Products => "product",
            Self::Prices => "price",
            Self::Coupons => "coupon",
            Self::TaxRates => "tax_rate",
            Self::Invoices => "invoice",
            Self::InvoicePayments => "invoice_payment",
            Self::PaymentIntents => "payment_intent",
            Self::Charges => "charge",
            Self::Refunds => "refund",
            Self::Disputes => "dispute",
            Self::CreditNotes => "credit_note",
            Self::BalanceTransactions | Self::PayoutMembers => "balance_transaction",
            Self::Payouts => "payout",
            Self::InvoiceLines => "line_item",
            Self::CreditNoteLines => "credit_note_line_item",
            Self::CustomerBalanceTransactions => "customer_balance_transaction",
        }
    }

    /// The list that objects of `kind` come from; `None` for kinds that the books do not need.
    pub fn of_kind(kind: &str) -> Option<Self> {
        let nested = [Self::InvoiceLines, Self::CreditNoteLines, Self::CustomerBalanceTransactions];
        let all = Self::LISTS.iter().chain(&Self::SINGLETONS).chain(&nested);
        all.copied().find(|resource| resource.kind() == kind)
    }

    pub const fn is_singleton(self) -> bool {
        matches!(self, Self::Account | Self::Balance)
    }

    /// Whether the list takes `created` filters.
    pub const fn filters_created(self) -> bool {
        !self.is_singleton() && !self.has_parent()
    }

    /// Whether the list exists once per object of another kind.
    pub const fn has_parent(self) -> bool {
        matches!(
            self,
            Self::InvoiceLines
                | Self::CreditNoteLines
                | Self::CustomerBalanceTransactions
                | Self::PayoutMembers
        )
    }

    /// The path of the list, or of the singleton.
    pub fn path(self) -> String {
        debug_assert!(!self.has_parent(), "this list exists once per parent");
        format!("/v1/{}", self.as_str())
    }

    /// The path of the list that belongs to `parent`.
    pub fn path_below(self, parent: &str) -> String {
        let parent = path_segment(parent);
        match self {
            Self::InvoiceLines => format!("/v1/invoices/{parent}/lines"),
            Self::CreditNoteLines => format!("/v1/credit_notes/{parent}/lines"),
            Self::CustomerBalanceTransactions => {
                format!("/v1/customers/{parent}/balance_transactions")
            }
            Self::PayoutMembers => Self::BalanceTransactions.path(),
            _ => self.path(),
        }
    }

    /// The path of one object.
    pub fn path_of(self, id: &str) -> String {
        format!("{}/{}", self.path(), path_segment(id))
    }

    /// What is expanded in each object. Kept short: expansions are what makes lists slow and trips
    /// the concurrency limiter. Discounts cannot be fetched by their own id.
    pub const fn expansions(self) -> &'static [&'static str] {
        match self {
            Self::Invoices => &["discounts", "lines.data.discounts"],
            Self::InvoiceLines => &["discounts"],
            _ => &[],
        }
    }

    /// The statuses of objects that may change however old they are, where the list can be asked for
    /// one status.
    pub const fn open_statuses(self) -> &'static [&'static str] {
        match self {
            Self::Invoices => &["open", "uncollectible", "draft"],
            Self::InvoicePayments => &["open"],
            _ => &[],
        }
    }

    /// The list of lines that an object of this list holds only the beginning of.
    pub const fn lines(self) -> Option<Self> {
        match self {
            Self::Invoices => Some(Self::InvoiceLines),
            Self::CreditNotes => Some(Self::CreditNoteLines),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_leads_back_to_its_list() {
        for resource in Resource::LISTS.into_iter().chain(Resource::SINGLETONS) {
            assert_eq!(Resource::of_kind(resource.kind()), Some(resource));
        }
        assert_eq!(Resource::of_kind("line_item"), Some(Resource::InvoiceLines));
        assert_eq!(Resource::of_kind("subscription"), None);
    }

    /// A status that is listed but not watched would be asked for every night and change nothing.
    #[test]
    fn what_is_listed_by_its_status_is_what_is_watched() {
        for resource in Resource::LISTS {
            for status in resource.open_statuses() {
                let kind = resource.kind();
                let json =
                    format!(r#"{{"id":"x_1","object":"{kind}","created":1,"status":"{status}"}}"#);
                let scan = crate::stripe::links::scan(json.as_bytes()).unwrap();
                assert!(scan.open_until.is_some(), "{kind} {status}");
            }
        }
    }

    #[test]
    fn paths_are_those_of_the_api() {
        assert_eq!(Resource::TaxRates.path(), "/v1/tax_rates");
        assert_eq!(Resource::Payouts.path_of("po_1"), "/v1/payouts/po_1");
        assert_eq!(Resource::InvoiceLines.path_below("in_1"), "/v1/invoices/in_1/lines");
        assert_eq!(Resource::PayoutMembers.path_below("po_1"), "/v1/balance_transactions");
        assert_eq!(
            Resource::CustomerBalanceTransactions.path_below("a/b"),
            "/v1/customers/a%2Fb/balance_transactions"
        );
    }
}
