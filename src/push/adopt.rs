//! Taking over records that another tool, or Stripe's own connector, has made in NetSuite.
//!
//! A record is found by its external id, by the connector's alias for credit memos (`ns_memo:…`), or
//! by the NetSuite id in Stripe's metadata; amount, date and customer make a suggestion only. It is
//! taken over when nothing that matters differs; otherwise what differs is shown, and it is left.

use std::collections::BTreeMap;

use crate::accounting::Record;
use crate::ids::{ExternalId, InternalId, ObjectId};
use crate::ledger::{Ledger, LedgerError, RecordRow};
use crate::netsuite::error::NetSuiteError;
use crate::netsuite::record::{Body, RecordKind};
use crate::netsuite::references::{ids_by_text, internal_ids};
use crate::push::check::CheckError;
use crate::push::witness::{Ids, Witness};
use crate::reconcile::drift::{Deposited, Drift, Observed, drift};

/// How a record was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FoundBy {
    ExternalId,
    /// The connector's alias.
    Alias,
    /// The NetSuite id in the metadata of the Stripe object.
    Metadata,
}

impl FoundBy {
    pub const fn words(self) -> &'static str {
        match self {
            Self::ExternalId => "its external id",
            Self::Alias => "the connector's alias",
            Self::Metadata => "Stripe's metadata",
        }
    }
}

/// What can be said about one record that the ledger wants and does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Match {
    /// It may be taken over: NetSuite holds it as `body`.
    Equal { body: Box<Body>, internal_id: InternalId, by: FoundBy },
    /// It was found, and something that matters differs.
    Different { internal_id: InternalId, by: FoundBy, drifts: Vec<Drift> },
    /// Records of the same type, day, customer and amount, without an external id of ours.
    Suggested { ids: Vec<InternalId> },
}

/// Looks for the records of `rows`, kinds in the order in which they need one another.
///
/// # Errors
/// When NetSuite or the ledger cannot be asked.
pub async fn find_matches(
    ledger: &Ledger,
    witness: &Witness,
    rows: &[RecordRow],
) -> Result<Vec<(ExternalId, RecordKind, Match)>, CheckError> {
    let mut matched = Ids::new();
    let mut matches = Vec::new();
    for kind in RecordKind::ALL {
        let wanted: Vec<(&ExternalId, &Record)> = rows
            .iter()
            .filter(|row| row.kind == kind && row.posted.is_none())
            .filter_map(|row| Some((&row.external_id, row.desired.as_ref()?)))
            .collect();
        let found = candidates(ledger, witness, kind, &wanted).await?;
        let ids: Vec<InternalId> = found.values().map(|(id, _)| id.clone()).collect();
        let observed = witness.observe(kind.group(), &ids).await?;
        for (id, record) in wanted {
            let mut needs = ledger.internal_ids(&record.body.needs())?;
            needs.extend(matched.iter().map(|(name, id)| (name.clone(), id.clone())));
            let one = match found.get(id) {
                Some((internal_id, by)) => {
                    let seen = observed.get(internal_id);
                    judge(witness, record, internal_id, *by, &needs, seen)?
                }
                None => suggest(witness, record, &needs).await?,
            };
            let Some(one) = one else { continue };
            if let Match::Equal { internal_id, .. } = &one {
                matched.insert(id.clone(), internal_id.clone());
            }
            matches.push((id.clone(), kind, one));
        }
    }
    Ok(matches)
}

/// Where each record may be: by external id first, then alias, then metadata.
async fn candidates(
    ledger: &Ledger,
    witness: &Witness,
    kind: RecordKind,
    wanted: &[(&ExternalId, &Record)],
) -> Result<BTreeMap<ExternalId, (InternalId, FoundBy)>, CheckError> {
    let mut found = BTreeMap::new();
    for (id, record) in wanted {
        let source = record.sources.first();
        if let Some(internal) = metadata_id(ledger, kind, id, source)? {
            found.insert((*id).clone(), (internal, FoundBy::Metadata));
        }
    }
    if kind == RecordKind::CreditMemo {
        let aliases: BTreeMap<String, ExternalId> = wanted
            .iter()
            .filter_map(|(id, record)| {
                let source = record.sources.first()?;
                Some((format!("ns_memo:{source}"), (*id).clone()))
            })
            .collect();
        let names: Vec<&str> = aliases.keys().map(String::as_str).collect();
        for (name, internal) in ids_by_text(witness.client(), kind, &names).await? {
            if let Some(id) = aliases.get(&name) {
                found.insert(id.clone(), (internal, FoundBy::Alias));
            }
        }
    }
    let names: Vec<ExternalId> = wanted.iter().map(|(id, _)| (*id).clone()).collect();
    for (id, internal) in internal_ids(witness.client(), kind, &names).await? {
        found.insert(id, (internal, FoundBy::ExternalId));
    }
    Ok(found)
}

/// The metadata key under which the connector keeps the NetSuite id of such a record.
pub fn metadata_key(kind: RecordKind) -> Option<&'static str> {
    Some(match kind {
        RecordKind::Customer => "netsuite_customer_id",
        RecordKind::ServiceSaleItem => "netsuite_service_sale_item_id",
        RecordKind::DiscountItem => "netsuite_discount_item_id",
        RecordKind::Invoice => "netsuite_invoice_id",
        RecordKind::CreditMemo => "netsuite_credit_memo_id",
        RecordKind::CustomerPayment => "netsuite_customer_payment_id",
        RecordKind::CustomerRefund => "netsuite_customer_refund_id",
        RecordKind::Deposit => "netsuite_deposit_id",
        RecordKind::JournalEntry => return None,
    })
}

/// The NetSuite id in the metadata of the object a record was made from. Only the object's own
/// record: what a void or a failure adds to it is not meant.
fn metadata_id(
    ledger: &Ledger,
    kind: RecordKind,
    id: &ExternalId,
    source: Option<&ObjectId>,
) -> Result<Option<InternalId>, LedgerError> {
    #[derive(serde::Deserialize)]
    struct WithMetadata {
        #[serde(default)]
        metadata: BTreeMap<String, String>,
    }
    let (Some(key), Some(source)) = (metadata_key(kind), source) else { return Ok(None) };
    let is_memo = id.as_str() == format!("{source}-memo");
    if id.as_str() != source.as_str() && !is_memo {
        return Ok(None);
    }
    let Some(raw) = ledger.object(source.as_str())? else { return Ok(None) };
    let read: Option<WithMetadata> = serde_json::from_slice(&raw).ok();
    let value = read.and_then(|object| object.metadata.get(key).cloned());
    Ok(value
        .filter(|text| text.bytes().all(|b| b.is_ascii_digit()) && !text.is_empty())
        .map(InternalId::new))
}

fn judge(
    witness: &Witness,
    record: &Record,
    internal_id: &InternalId,
    by: FoundBy,
    needs: &Ids,
    seen: Option<&Observed>,
) -> Result<Option<Match>, CheckError> {
    let expected = witness.expected(&record.body, Some(internal_id), Deposited::Unknown, needs)?;
    let drifts = drift(&expected, seen);
    if drifts.iter().any(|drift| drift.aspect.is_material()) {
        let internal_id = internal_id.clone();
        return Ok(Some(Match::Different { internal_id, by, drifts }));
    }
    let mut body = record.body.clone();
    if let (Some(header), Some(shown)) =
        (body.header_mut(), seen.and_then(|seen| seen.header.as_ref()))
    {
        header.posting_period.clone_from(&shown.posting_period);
        header.memo = shown.memo.clone().unwrap_or_default();
    }
    let internal_id = internal_id.clone();
    Ok(Some(Match::Equal { body: Box::new(body), internal_id, by }))
}

/// Records that look the same and are called something else: a person must say whether they are.
async fn suggest(
    witness: &Witness,
    record: &Record,
    needs: &Ids,
) -> Result<Option<Match>, CheckError> {
    let expected = witness.expected(&record.body, None, Deposited::Unknown, needs)?;
    let (Some(header), Some(total)) = (&expected.header, record.body.total()) else {
        return Ok(None);
    };
    let ids = witness
        .reader()
        .look_alikes(record.kind(), header.tran_date, header.customer.as_ref(), total)
        .await
        .map_err(|error: NetSuiteError| CheckError::from(error))?;
    Ok((!ids.is_empty()).then_some(Match::Suggested { ids }))
}
