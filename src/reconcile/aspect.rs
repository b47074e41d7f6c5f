//! What can differ about a record, what each difference means for the tie-out, and the way out.

use serde::Serialize;

use crate::ids::ExternalId;

/// One kind of difference between the books as posted and as NetSuite shows them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Aspect {
    /// Deleted, or never there.
    Missing,
    Voided,
    /// Saved, but it posts nothing: it waits for approval.
    NotPosting,
    /// Another type of record.
    Type,
    /// Its external id was changed or taken away.
    ExternalId,
    Date,
    Period,
    Customer,
    /// The memo and other fields that post nothing.
    Memo,
    /// A field of the company's own mapping.
    Mapped,
    Rate,
    /// An amount in the general ledger.
    Amount,
    /// The same amount on another account.
    Account,
    /// What a payment, memo or refund is applied to.
    Applied,
    /// The deposit a payment is on.
    Deposited,
    /// Somebody else's record carries the external id of one of ours that is not posted.
    Taken,
    /// A record in NetSuite looks like ours, and the ledger does not know it.
    Unknown,
}

impl Aspect {
    /// Whether the difference moves a total, a customer or a day of the books. Only such a
    /// difference keeps a record that another tool made from being taken over.
    pub const fn is_material(self) -> bool {
        !matches!(self, Self::Memo | Self::Mapped | Self::ExternalId)
    }

    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Missing => "The books lack it, and every total it is part of is short.",
            Self::Voided => "It posts nothing any more, and every total it is part of is short.",
            Self::NotPosting => "The books do not have it until somebody approves it.",
            Self::Type => "The books hold another record in its place.",
            Self::ExternalId => {
                "The totals are right, but it can no longer be found by its external id."
            }
            Self::Date => "Balances between the two days differ from Stripe's.",
            Self::Period => "The two periods' totals differ from Stripe's by its amount.",
            Self::Customer => "Both customers' balances differ from Stripe's.",
            Self::Memo => "The totals are right; only a text differs.",
            Self::Mapped => "The totals are right; what is reported by this field is not.",
            Self::Rate => "Amounts in base currency, and the gain or loss on them, differ.",
            Self::Amount => "The balance of this account differs from what Stripe's facts give.",
            Self::Account => "Both accounts' balances differ from what Stripe's facts give.",
            Self::Applied => "What the document is open by differs from Stripe's.",
            Self::Deposited => "Undeposited funds and a payout's deposit differ from Stripe's.",
            Self::Taken => "Ours cannot be posted, and may be in the books already.",
            Self::Unknown => "The books may hold the same Stripe fact twice.",
        }
    }

    pub fn fix(self, id: &ExternalId) -> String {
        match self {
            Self::Missing | Self::Voided => format!(
                "Plan it again with `tieout resolve --again {id}`, or keep it out with \
                 `tieout resolve --ignore {id} --note WHY`."
            ),
            Self::NotPosting => {
                "Approve it in NetSuite, or switch off approval for this role.".into()
            }
            Self::Taken | Self::Type => format!(
                "Take the record over with `tieout adopt {id}` if it is equal, or give it another \
                 external id in NetSuite."
            ),
            Self::Unknown => format!(
                "Pull from an earlier date so that {id} is known, or remove the record or its \
                 external id in NetSuite."
            ),
            _ => format!(
                "Put it back in NetSuite, or accept it with `tieout resolve --ignore {id} --note \
                 WHY`."
            ),
        }
    }
}
