//! The fields of NetSuite's records that a company may map, and their types.
//!
//! Facts of the REST record service 2026.1; a contract test holds them against the published schema.
//! Custom fields are known by their prefix. Fields that the books rest on (amounts, accounts,
//! customers, dates, applications) are listed too, so that a mapping of one is refused by name.

use super::record::RecordKind;

/// How a value is written.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum FieldType {
    #[serde(alias = "string")]
    Text,
    Boolean,
    Integer,
    Decimal,
    Date,
    /// Another record, or a value of a list, by internal id.
    Reference,
}

impl FieldType {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Boolean => "boolean",
            Self::Integer => "integer",
            Self::Decimal => "decimal",
            Self::Date => "date",
            Self::Reference => "reference",
        }
    }
}

/// What is known of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// In the documented spelling.
    Standard(&'static str, FieldType),
    /// A custom field or segment: its type is the company's own.
    Custom,
    /// The books rest on it.
    Protected,
    /// A custom field of another kind of record or line.
    Misplaced(&'static str),
    Unknown,
}

/// A place on a record where fields stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub kind: RecordKind,
    /// The sublist's name for a line; `None` for the record itself.
    pub sublist: Option<&'static str>,
    /// How the configuration calls it.
    pub name: &'static str,
}

const fn place(name: &'static str, kind: RecordKind, sublist: Option<&'static str>) -> Place {
    Place { kind, sublist, name }
}

/// Standard fields that lines have as columns.
const CLASSIFICATIONS: [&str; 3] = ["class", "department", "location"];
const OF_RECORDS: [&str; 4] = ["custbody", "custentity", "custitem", "cseg"];
const OF_LINES: [&str; 2] = ["custcol", "cseg"];

/// Every place, as the configuration calls it.
pub const PLACES: [Place; 15] = [
    place("customer", RecordKind::Customer, None),
    place("service_sale_item", RecordKind::ServiceSaleItem, None),
    place("discount_item", RecordKind::DiscountItem, None),
    place("invoice", RecordKind::Invoice, None),
    place("invoice_line", RecordKind::Invoice, Some("item")),
    place("credit_memo", RecordKind::CreditMemo, None),
    place("credit_memo_line", RecordKind::CreditMemo, Some("item")),
    place("customer_payment", RecordKind::CustomerPayment, None),
    place("customer_refund", RecordKind::CustomerRefund, None),
    place("deposit", RecordKind::Deposit, None),
    place("deposit_payment", RecordKind::Deposit, Some("payment")),
    place("deposit_other", RecordKind::Deposit, Some("other")),
    place("deposit_cashback", RecordKind::Deposit, Some("cashback")),
    place("journal_entry", RecordKind::JournalEntry, None),
    place("journal_line", RecordKind::JournalEntry, Some("line")),
];

impl Place {
    pub fn named(name: &str) -> Option<Self> {
        PLACES.into_iter().find(|place| place.name == name)
    }

    /// What `name` is here. Standard names are matched without case, as NetSuite does.
    pub fn field(self, name: &str) -> Known {
        let (prefix, what) = self.custom();
        let lower = name.to_ascii_lowercase();
        if lower.starts_with("cseg") || lower.starts_with(prefix) {
            return Known::Custom;
        }
        if CUSTOM_PREFIXES.iter().any(|other| lower.starts_with(other)) {
            return Known::Misplaced(what);
        }
        let of_type = |(field_type, names): &(FieldType, &'static str)| {
            let found = names.split_ascii_whitespace().find(|n| n.eq_ignore_ascii_case(name))?;
            Some(Known::Standard(found, *field_type))
        };
        let known = self.tables().iter().flat_map(|table| table.iter()).find_map(of_type);
        let is_protected =
            || PROTECTED.split_ascii_whitespace().any(|n| n.eq_ignore_ascii_case(name));
        known.unwrap_or_else(|| if is_protected() { Known::Protected } else { Known::Unknown })
    }

    /// Every standard field here, in order of name.
    pub fn standard_fields(self) -> Vec<(&'static str, FieldType)> {
        let mut all: Vec<(&'static str, FieldType)> = self
            .tables()
            .iter()
            .flat_map(|table| table.iter())
            .flat_map(|(kind, names)| names.split_ascii_whitespace().map(|name| (name, *kind)))
            .collect();
        all.sort_unstable();
        all
    }

    /// The prefix of this place's custom fields, and in words what they are.
    const fn custom(self) -> (&'static str, &'static str) {
        match (self.sublist, self.kind) {
            (Some(_), _) => ("custcol", "lines have fields that begin with custcol"),
            (None, RecordKind::Customer) => {
                ("custentity", "customers have fields that begin with custentity")
            }
            (None, RecordKind::ServiceSaleItem | RecordKind::DiscountItem) => {
                ("custitem", "items have fields that begin with custitem")
            }
            (None, _) => ("custbody", "transactions have fields that begin with custbody"),
        }
    }

    const fn tables(self) -> &'static [Table] {
        match (self.kind, self.sublist) {
            (RecordKind::Customer, _) => &[CUSTOMER],
            (RecordKind::ServiceSaleItem, _) => &[SEGMENTS, ITEM, SERVICE_ITEM],
            (RecordKind::DiscountItem, _) => &[SEGMENTS, ITEM, DISCOUNT_ITEM],
            (RecordKind::Invoice | RecordKind::CreditMemo, Some(_)) => &[SEGMENTS, SALE_LINE],
            (RecordKind::Invoice, None) => &[SEGMENTS, HEADER, SALE, INVOICE],
            (RecordKind::CreditMemo, None) => &[SEGMENTS, HEADER, SALE],
            (RecordKind::CustomerPayment, _) => &[SEGMENTS, HEADER, MONEY, EMAILED],
            (RecordKind::CustomerRefund, _) => &[SEGMENTS, HEADER, MONEY, PRINTED],
            (RecordKind::Deposit, None) => &[SEGMENTS, HEADER, PRINTED],
            (RecordKind::Deposit, Some(_)) => &[SEGMENTS, LINE],
            (RecordKind::JournalEntry, None) => &[SEGMENTS, HEADER, JOURNAL],
            (RecordKind::JournalEntry, Some(_)) => &[SEGMENTS, LINE, JOURNAL_LINE],
        }
    }
}

const CUSTOM_PREFIXES: [&str; 4] = ["custbody", "custcol", "custentity", "custitem"];

/// Names by type, separated by spaces.
type Table = &'static [(FieldType, &'static str)];

const SEGMENTS: Table = &[(FieldType::Reference, "class department location")];
const HEADER: Table = &[(FieldType::Text, "memo tranId"), (FieldType::Reference, "customForm")];
const SALE: Table = &[
    (FieldType::Text, "otherRefNum email message"),
    (FieldType::Boolean, "toBeEmailed toBePrinted toBeFaxed excludeCommission"),
    (FieldType::Date, "startDate endDate salesEffectiveDate taxPointDate"),
    (FieldType::Reference, "salesRep partner leadSource job"),
];
const INVOICE: Table = &[
    (FieldType::Text, "billAddress shipAddress trackingNumbers fob"),
    (FieldType::Date, "dueDate shipDate discountDate"),
    (FieldType::Reference, "terms shipMethod messageSel opportunity promoCode nexus"),
];
const SALE_LINE: Table = &[
    (FieldType::Text, "description"),
    (FieldType::Boolean, "deferRevRec"),
    (FieldType::Integer, "revRecTermInMonths"),
    (FieldType::Date, "revRecStartDate revRecEndDate"),
    (FieldType::Reference, "revRecSchedule price chargeType job"),
];
const MONEY: Table = &[(FieldType::Text, "checkNumber"), (FieldType::Reference, "paymentOption")];
const EMAILED: Table = &[(FieldType::Boolean, "toBeEmailed"), (FieldType::Reference, "nexus")];
const PRINTED: Table = &[(FieldType::Boolean, "toBePrinted")];
const JOURNAL: Table =
    &[(FieldType::Date, "reversalDate"), (FieldType::Boolean, "reversalDefer approved")];
const LINE: Table = &[(FieldType::Text, "memo")];
const JOURNAL_LINE: Table =
    &[(FieldType::Date, "startDate endDate"), (FieldType::Reference, "schedule")];
const ITEM: Table = &[
    (FieldType::Text, "description displayName itemId upcCode"),
    (FieldType::Boolean, "includeChildren"),
    (FieldType::Reference, "parent customForm"),
];
const SERVICE_ITEM: Table = &[
    (FieldType::Text, "salesDescription"),
    (FieldType::Boolean, "isTaxable directRevenuePosting isFulfillable isOnline"),
    (
        FieldType::Reference,
        "salesTaxCode taxSchedule revenueRecognitionRule deferredRevenueAccount \
         createRevenuePlansOn itemRevenueCategory revRecForecastRule unitsType",
    ),
];
const DISCOUNT_ITEM: Table = &[(FieldType::Boolean, "isPreTax")];
const CUSTOMER: Table = &[
    (
        FieldType::Text,
        "accountNumber altEmail altName altPhone comments companyName defaultTaxReg email entityId \
         fax firstName lastName middleName mobilePhone phone resaleNumber salutation",
    ),
    (FieldType::Boolean, "taxable"),
    (FieldType::Decimal, "creditLimit"),
    (FieldType::Date, "startDate endDate"),
    (
        FieldType::Reference,
        "category customForm emailPreference entityStatus language leadSource parent partner \
         priceLevel receivablesAccount salesRep taxItem terms territory",
    ),
];

const PROTECTED: &str = "id externalId entity customer account arAcct currency currencyList \
    exchangeRate tranDate postingPeriod subsidiary item amount quantity rate apply credit payment \
    paymentAmount deposit other cashback line doc debit unapplied applied total subtotal \
    incomeAccount nonPosting discountItem discountRate discountAmount taxDetails \
    taxDetailsOverride taxItem taxCode taxRate isTaxable isPerson addressBook autoApply undepFunds \
    status isInactive";

/// Whether a field of the record itself can be read back: SuiteQL has custom fields and segments as
/// columns of the record's table, class, department and location as columns of a transaction's main
/// line, and no column by the name of other standard fields.
pub fn is_read(kind: RecordKind, field: &str) -> bool {
    let lower = field.to_ascii_lowercase();
    OF_RECORDS.iter().any(|prefix| lower.starts_with(prefix)) || is_on_main_line(kind, &lower)
}

/// Whether a field of a line can be read back: a deposit's lines are no lines of its sublists.
pub fn is_read_on_lines(sublist: &str, field: &str) -> bool {
    let lower = field.to_ascii_lowercase();
    let is_column = CLASSIFICATIONS.contains(&lower.as_str())
        || OF_LINES.iter().any(|prefix| lower.starts_with(prefix));
    is_column && matches!(sublist, "item" | "line")
}

/// Whether a field of the header, in lower case, is a column of the main line. A journal has none.
pub(super) fn is_on_main_line(kind: RecordKind, lower: &str) -> bool {
    kind.is_transaction() && kind != RecordKind::JournalEntry && CLASSIFICATIONS.contains(&lower)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_known_by_its_place() {
        let invoice = Place::named("invoice").unwrap();
        assert_eq!(
            invoice.field("DEPARTMENT"),
            Known::Standard("department", FieldType::Reference)
        );
        assert_eq!(invoice.field("custbody_order"), Known::Custom);
        assert_eq!(invoice.field("cseg_region"), Known::Custom);
        assert!(matches!(invoice.field("custcol_order"), Known::Misplaced(_)));
        assert_eq!(invoice.field("amount"), Known::Protected);
        assert_eq!(invoice.field("departmant"), Known::Unknown);
        let line = Place::named("invoice_line").unwrap();
        assert_eq!(line.field("custcol_order"), Known::Custom);
        assert_eq!(line.field("dueDate"), Known::Unknown);
        assert_eq!(Place::named("payment"), None);
    }

    #[test]
    fn what_has_no_column_is_not_asked_for() {
        assert!(is_read(RecordKind::Invoice, "custbody_region"));
        assert!(is_read(RecordKind::Invoice, "Class"));
        assert!(!is_read(RecordKind::JournalEntry, "class"), "a journal has no main line");
        assert!(!is_read(RecordKind::Invoice, "otherRefNum"));
        assert!(is_read_on_lines("item", "custcol_team"));
        assert!(!is_read_on_lines("payment", "custcol_team"));
    }
}
