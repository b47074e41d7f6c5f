//! Which record types there are, and which property names each of them has.
//!
//! Facts of the REST record service 2026.1, the properties that a connector could meet; address and
//! shipping details are left out. Names are matched without case, as NetSuite does.

/// A record type of the REST record service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    Customer,
    ServiceSaleItem,
    DiscountItem,
    Invoice,
    CreditMemo,
    CustomerPayment,
    CustomerRefund,
    Deposit,
    JournalEntry,
    Account,
    Currency,
    Subsidiary,
    AccountingPeriod,
}

/// External ids are unique, and internal ids are counted, inside a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Group {
    Entity,
    Item,
    Transaction,
    /// Set up by hand, and only read here.
    Setup,
}

impl Group {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Entity => "entity",
            Self::Item => "item",
            Self::Transaction => "transaction",
            Self::Setup => "setup",
        }
    }
}

impl Kind {
    const ALL: [Self; 13] = [
        Self::Customer,
        Self::ServiceSaleItem,
        Self::DiscountItem,
        Self::Invoice,
        Self::CreditMemo,
        Self::CustomerPayment,
        Self::CustomerRefund,
        Self::Deposit,
        Self::JournalEntry,
        Self::Account,
        Self::Currency,
        Self::Subsidiary,
        Self::AccountingPeriod,
    ];

    /// The type named in a path, whatever its case.
    pub fn from_rest_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.rest_name().eq_ignore_ascii_case(name))
    }

    pub const fn rest_name(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::ServiceSaleItem => "serviceSaleItem",
            Self::DiscountItem => "discountItem",
            Self::Invoice => "invoice",
            Self::CreditMemo => "creditMemo",
            Self::CustomerPayment => "customerPayment",
            Self::CustomerRefund => "customerRefund",
            Self::Deposit => "deposit",
            Self::JournalEntry => "journalEntry",
            Self::Account => "account",
            Self::Currency => "currency",
            Self::Subsidiary => "subsidiary",
            Self::AccountingPeriod => "accountingPeriod",
        }
    }

    pub const fn group(self) -> Group {
        match self {
            Self::Customer => Group::Entity,
            Self::ServiceSaleItem | Self::DiscountItem => Group::Item,
            Self::Account | Self::Currency | Self::Subsidiary | Self::AccountingPeriod => {
                Group::Setup
            }
            _ => Group::Transaction,
        }
    }

    /// `transaction.type` in SuiteQL, and the prefix of document numbers.
    pub(super) const fn type_code(self) -> (&'static str, &'static str) {
        match self {
            Self::Invoice => ("CustInvc", "INV"),
            Self::CreditMemo => ("CustCred", "CM"),
            Self::CustomerPayment => ("CustPymt", "PYMT"),
            Self::CustomerRefund => ("CustRfnd", "RFND"),
            Self::Deposit => ("Deposit", "DEP"),
            Self::JournalEntry => ("Journal", "JE"),
            _ => ("", ""),
        }
    }

    /// Whether the record moves accounts receivable, so that an A/R lock stops it.
    pub(super) const fn is_receivable(self) -> bool {
        matches!(
            self,
            Self::Invoice | Self::CreditMemo | Self::CustomerPayment | Self::CustomerRefund
        )
    }

    /// Property names of the record itself, in groups of names separated by spaces.
    fn properties(self) -> &'static [&'static str] {
        match self {
            Self::Customer => &[CUSTOMER],
            Self::ServiceSaleItem => &[ITEM, SERVICE_SALE_ITEM],
            Self::DiscountItem => &[ITEM, DISCOUNT_ITEM],
            Self::Invoice => &[HEADER, SALE, INVOICE],
            Self::CreditMemo => &[HEADER, SALE, CREDIT_MEMO],
            Self::CustomerPayment => &[HEADER, MONEY, PAYMENT],
            Self::CustomerRefund => &[HEADER, MONEY, REFUND],
            Self::Deposit => &[HEADER, DEPOSIT],
            Self::JournalEntry => &[HEADER, JOURNAL],
            _ => &[],
        }
    }

    /// The sublists that can be written.
    pub(super) fn sublists(self) -> &'static [Sublist] {
        match self {
            Self::Customer => &[ADDRESS_BOOK, CURRENCY_LIST],
            Self::ServiceSaleItem | Self::DiscountItem => &[ITEM_SUBSIDIARIES],
            Self::Invoice => &[ITEMS, TAX_DETAILS],
            Self::CreditMemo => &[ITEMS, TAX_DETAILS, APPLY],
            Self::CustomerPayment => &[APPLY, CREDIT, DEPOSITS],
            Self::CustomerRefund => &[APPLY, DEPOSITS],
            Self::Deposit => &[DEPOSIT_PAYMENT, DEPOSIT_OTHER, DEPOSIT_CASHBACK],
            Self::JournalEntry => &[JOURNAL_LINE],
            _ => &[],
        }
    }

    pub(super) fn sublist(self, name: &str) -> Option<&'static Sublist> {
        self.sublists().iter().find(|list| list.name.eq_ignore_ascii_case(name))
    }

    /// The documented spelling of a property sent in any case.
    pub(super) fn property(self, name: &str) -> Option<&'static str> {
        let sublist = self.sublist(name).map(|list| list.name);
        sublist.or_else(|| self.properties().iter().find_map(|names| spelling(names, name)))
    }
}

/// A list inside a record.
#[derive(Debug)]
pub(super) struct Sublist {
    pub name: &'static str,
    elements: &'static str,
    /// What tells its lines apart on an update; lines without are always appended.
    pub key: Option<&'static str>,
}

impl Sublist {
    pub fn property(&self, name: &str) -> Option<&'static str> {
        spelling(self.elements, name)
    }
}

fn spelling(names: &'static str, name: &str) -> Option<&'static str> {
    names.split_ascii_whitespace().find(|known| known.eq_ignore_ascii_case(name))
}

/// Custom fields sit beside the standard ones.
pub(super) fn is_custom(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["custbody", "custcol", "custentity", "custitem", "cseg"].iter().any(|p| name.starts_with(p))
}

const ADDRESS_BOOK: Sublist = Sublist {
    name: "addressBook",
    elements: "addressBookAddress addressBookAddress_text addressId defaultBilling \
        defaultShipping id internalId isResidential label links refName",
    key: Some("id"),
};
const CURRENCY_LIST: Sublist = Sublist {
    name: "currencyList",
    elements: "balance consolBalance consolDepositBalance currency depositBalance \
        displaySymbol links overdueBalance refName symbolPlacement",
    key: Some("currency"),
};
const ITEM_SUBSIDIARIES: Sublist =
    Sublist { name: "subsidiary", elements: "id links refName externalId", key: Some("id") };
const ITEMS: Sublist = Sublist {
    name: "item",
    elements: "account amount amountOrdered baseGrossAmt catchUpPeriod chargeType class \
        costEstimate costEstimateRate currentPercent deferRevRec department description \
        doNotCreateRevenueElement grossAmt isClosed isOpen isTaxable item itemSubtype itemType \
        job licenseCode line lineUniqueKey linked links location options orderDoc orderLine \
        price printItems quantity rate rateIncludingTax rateSchedule refName revRecEndDate \
        revRecSchedule revRecStartDate revRecTermInMonths subscription subscriptionLine \
        subsidiary tax1Amt taxAmount taxCode taxDetailsReference taxRate1 taxRate2 uniqueKey units",
    key: Some("line"),
};
const TAX_DETAILS: Sublist = Sublist {
    name: "taxDetails",
    elements: "calcDetail lineName lineType links netAmount refName taxAmount taxBasis taxCode \
        taxDetailsReference taxRate taxType",
    key: None,
};
const APPLY: Sublist = Sublist {
    name: "apply",
    elements: "amount apply applyDate createdFrom currency doc due job jobName line links \
        refName refNum total type",
    key: Some("doc"),
};
const CREDIT: Sublist = Sublist {
    name: "credit",
    elements: "amount appliedTo apply createdFrom creditDate currency doc due line links \
        refName refNum total type",
    key: Some("doc"),
};
const DEPOSITS: Sublist = Sublist {
    name: "deposit",
    elements: "amount apply currencyName depositDate doc links refName refNum remaining total",
    key: Some("doc"),
};
const DEPOSIT_PAYMENT: Sublist = Sublist {
    name: "payment",
    elements: "class currency department deposit docDate docNumber entity id lineId links \
        location memo paymentAmount paymentMethod pmtCurrencyPrecision refName refNum \
        transactionAmount type",
    key: Some("id"),
};
const DEPOSIT_OTHER: Sublist = Sublist {
    name: "other",
    elements: "account amount class department entity line links location memo methCash \
        methCheck paymentMethod refName refNum",
    key: None,
};
const DEPOSIT_CASHBACK: Sublist = Sublist {
    name: "cashback",
    elements: "account amount class department line links location memo refName",
    key: None,
};
const JOURNAL_LINE: Sublist = Sublist {
    name: "line",
    elements: "account amortizationType class cleared clearedDate credit creditTax debit \
        debitTax department eliminate endDate entity grossAmt item line links location memo \
        refName residual schedule scheduleNum scheduleType startDate tax1Acct tax1Amt \
        taxAccount taxBasis taxCode taxRate1 totalAmount",
    key: Some("line"),
};

const CUSTOMER: &str = "accountNumber altEmail altName altPhone autoName balance category \
    comments companyName consolBalance creditHoldOverride creditLimit currency customForm \
    dateCreated daysOverdue defaultAddress depositBalance displaySymbol email emailPreference \
    emailTransactions endDate entityId entityStatus externalId fax firstName id isInactive \
    isPerson language lastModifiedDate lastName leadSource links middleName mobilePhone \
    openingBalance openingBalanceAccount openingBalanceDate overdueBalance parent partner phone \
    priceLevel receivablesAccount refName resaleNumber salesRep salutation startDate subsidiary \
    taxExempt taxItem taxRegistration taxable terms territory";
const ITEM: &str = "class createdDate customForm department description displayName externalId \
    id includeChildren isInactive issueProduct itemId itemType lastModifiedDate links location \
    parent rate refName salesTaxCode taxSchedule upcCode";
const SERVICE_SALE_ITEM: &str = "accountingBookDetail contingentRevenueHandling costEstimate \
    createExpensePlansOn createJob createRevenuePlansOn deferRevRec deferralAccount \
    deferredRevenueAccount directRevenuePosting incomeAccount internalId isFulfillable isOnline \
    isTaxable itemRevenueCategory price pricingGroup rateIncludingTax residual revRecForecastRule \
    revRecSchedule revReclassFxAccount revenueAllocationGroup revenueRecognitionRule saleUnit \
    salesDescription subtype unitsType";
const DISCOUNT_ITEM: &str = "account availableToPartners isPreTax nonPosting parentOnly vendorName";
const HEADER: &str = "id externalId links refName createdDate lastModifiedDate customForm memo \
    tranDate tranId transactionNumber postingPeriod currency exchangeRate subsidiary class \
    department location deletionReason deletionReasonMemo excludeFromGLNumbering prevDate \
    primaryBookBaseCurrency accountingBookDetail appliedRules status";
const SALE: &str = "account amountPaid amountRemaining asOfDate billAddress billAddressList \
    billingAccount billingAddress billingAddress_text couponCode createdFrom deferredRevenue \
    discountAmount discountDate discountItem discountRate discountTotal dueDate email endDate \
    entity entityTaxRegNum excludeCommission fax isTaxable job leadSource message messageSel nexus \
    originator otherRefNum partner promoCode recognizedRevenue salesEffectiveDate salesRep \
    shipAddress shipDate shipMethod source startDate subsidiaryTaxRegNum subtotal tax2Total \
    taxDetailsOverride taxItem taxPointDate taxPointDateOverride taxRate \
    taxRegOverride taxTotal terms toBeEmailed toBeFaxed toBePrinted total totalAfterTaxes \
    totalCostEstimate type";
const INVOICE: &str = "approvalStatus estimate fob groupedTo installment nextApprover opportunity \
    overrideInstallments paymentlink shipGroup trackingNumbers vatRegNum";
const CREDIT_MEMO: &str = "applied autoApply salesReturn";
const MONEY: &str = "account arAcct balance cardSwipe checkNumber cleared clearedDate \
    consolidateBalance customer handlingMode inputReferenceCode integrationId nexus \
    paymentInstrumentLimit paymentOperation paymentOption paymentProcessingProfile total \
    transactionToRefund";
const PAYMENT: &str = "applied autoApply originator payment pending refundedAmountTotalBox \
    toBeEmailed unapplied undepFunds";
const REFUND: &str = "address payeeAddress payeeAddressList toBePrinted voidJournal";
const DEPOSIT: &str = "account cleared clearedDate creditCardProcessor currencyPrecision \
    isBaseCurrency toBePrinted total tranCurrencyName updateCurrency";
const JOURNAL: &str = "accountingBook approvalStatus approved batch createdFrom isBookSpecific \
    isReversal nextApprover nexus parentExpenseAlloc reversalDate reversalDefer reversalEntry \
    subsidiaryTaxRegNum taxDetailsOverride taxPointDate taxPointDateOverride taxRegOverride \
    toSubsidiary void";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lower_case_names_as_in_the_vendors_own_samples_are_understood() {
        assert_eq!(Kind::from_rest_name("customerpayment"), Some(Kind::CustomerPayment));
        assert_eq!(Kind::Invoice.property("trandate"), Some("tranDate"));
        assert_eq!(Kind::Deposit.property("CASHBACK"), Some("cashback"));
        assert_eq!(Kind::Invoice.property("tranDat"), None);
        assert!(is_custom("custbody_order"));
    }
}
