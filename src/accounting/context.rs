//! What every rule needs of the policy: headers, accounts and external ids, with an exception where
//! the configuration has a gap.

use chrono::NaiveDate;

use crate::accounting::chart::Role;
use crate::accounting::exception::{Exception, ExceptionClass};
use crate::accounting::policy::Policy;
use crate::calendar::UnixTime;
use crate::ids::{ExternalId, InternalId};
use crate::money::Currency;
use crate::netsuite::extras::Extras;
use crate::netsuite::record::{Decimal, Header};

/// The policy, asked through questions that can be answered with an exception.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) policy: &'a Policy,
}

impl Context<'_> {
    /// The date of an instant in the account's reporting zone.
    pub(super) fn date(self, instant: UnixTime) -> NaiveDate {
        instant.date_in(self.policy.zone)
    }

    /// The account that plays `role`.
    pub(super) fn account(self, role: Role, subject: &str) -> Result<InternalId, Exception> {
        self.policy.chart.account(role).cloned().map_err(|missing| {
            let setting = role.setting();
            Exception::new(
                ExceptionClass::Configuration,
                &format!("no_account_{}", setting.replace('.', "_")),
                subject,
                format!("No NetSuite account is configured for {}.", missing.0),
                format!("Set `{setting}` in the configuration."),
            )
        })
    }

    /// NetSuite's key of a currency.
    pub(super) fn currency(
        self,
        currency: Currency,
        subject: &str,
    ) -> Result<InternalId, Exception> {
        self.policy.books.currencies.get(&currency).map(|found| found.id.clone()).ok_or_else(|| {
            Exception::new(
                ExceptionClass::Configuration,
                "currency_not_in_netsuite",
                subject,
                format!("NetSuite has no currency {currency}."),
                "Create the currency in NetSuite (Lists > Accounting > Currencies).",
            )
        })
    }

    /// A header with `Stripe: <memo>`; the posting period is the plan's business.
    pub(super) fn header(
        self,
        external_id: &ExternalId,
        memo: &str,
        tran_date: NaiveDate,
        currency: Currency,
        exchange_rate: Option<Decimal>,
    ) -> Result<Header, Exception> {
        let key = self
            .currency(currency, external_id.as_str())
            .map_err(|exception| exception.blocking(external_id))?;
        Ok(Header {
            external_id: external_id.clone(),
            memo: format!("Stripe: {memo}"),
            tran_date,
            posting_period: None,
            currency: key,
            exchange_rate,
            subsidiary: self.policy.books.subsidiary.clone(),
            extras: Extras::default(),
        })
    }
}

/// A Stripe id as an external id.
pub(super) fn external_id(id: impl AsRef<str>) -> Result<ExternalId, Exception> {
    ExternalId::new(id.as_ref()).map_err(|bad| {
        Exception::new(
            ExceptionClass::Data,
            "id_not_usable",
            id.as_ref(),
            format!("NetSuite takes no such external id: {bad}."),
            "Post this object by hand.",
        )
    })
}
