//! How the books are kept may not change under posted records: money that was booked one way would be
//! carried on another.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::accounting::Policy;
use crate::accounting::policy::{BeforeStart, Grain, Settlement};
use crate::ledger::Ledger;
use crate::plan::guard::Refusal;

/// The mode under which the ledger's records were posted is kept under this name.
pub(super) const KEPT_AS: &str = "modes";

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Modes {
    settlement: Settlement,
    sales: Grain,
    /// The first day of the books and what becomes of what is older.
    #[serde(default)]
    start: Option<NaiveDate>,
    #[serde(default)]
    before_start: BeforeStart,
}

/// Refuses a change of settlement or of the grain of sales that does not say since when.
pub(super) fn check(ledger: &mut Ledger, policy: &Policy) -> anyhow::Result<()> {
    let options = &policy.options;
    let now = Modes {
        settlement: options.settlement,
        sales: options.granularity.sales,
        start: policy.start,
        before_start: options.before_start,
    };
    let kept = ledger.reference(KEPT_AS)?;
    let before: Option<Modes> = kept.map(|text| serde_json::from_str(&text)).transpose()?;
    if let Some(before) = before
        && before != now
        && ledger.has_posted()?
    {
        if before.settlement != now.settlement && options.settlement_since.is_none() {
            return Err(Refusal::ModeChanged {
                setting: "policy.settlement",
                fix: "Set `policy.settlement_since` to the day on which it changes, or restore it.",
            }
            .into());
        }
        let is_dated = options.granularity.since.is_some() && before.sales == Grain::Detail;
        if before.sales != now.sales && !is_dated {
            return Err(Refusal::ModeChanged {
                setting: "policy.granularity.sales",
                fix: "From detail, set `policy.granularity.since` to the day on which it changes; \
                      what is summed up cannot be taken apart again.",
            }
            .into());
        }
        if before.start != now.start || before.before_start != now.before_start {
            return Err(Refusal::ModeChanged {
                setting: "stripe.start_date or policy.before_start",
                fix: "Restore it: what is posted was cut at the old start. Other books begin with \
                      a ledger of their own.",
            }
            .into());
        }
    }
    ledger.put_reference(KEPT_AS, &serde_json::to_string(&now)?)?;
    Ok(())
}
