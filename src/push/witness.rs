//! The witness: reads records back from NetSuite and compares them with what was sent.
//!
//! Whatever else is known of a request (an answer, a refusal, nothing), this is what decides what
//! became of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::accounting::Policy;
use crate::accounting::chart::{Chart, NoAccount};
use crate::accounting::posting::Posting;
use crate::ids::{ExternalId, InternalId};
use crate::money::{Amount, Currency};
use crate::netsuite::client::{Client, LookUp};
use crate::netsuite::error::{Class, NetSuiteError};
use crate::netsuite::extras::Shown;
use crate::netsuite::mapped::{Columns, shown};
use crate::netsuite::masters::{Master, masters};
use crate::netsuite::readback::{Link, Posted, Reader};
use crate::netsuite::record::{Body, RecordGroup};
use crate::netsuite::references::{References, internal_ids};
use crate::reconcile::drift::{Deposited, Drift, Expected, Observed, ObservedHeader, drift};

/// NetSuite's ids of records of ours.
pub type Ids = BTreeMap<ExternalId, InternalId>;

/// What looking for a record brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    Absent,
    /// It is there, and nothing that matters differs.
    Equal(InternalId),
    Different {
        internal_id: InternalId,
        drifts: Vec<Drift>,
    },
    /// The external id belongs to a record of another type.
    OtherKind {
        detail: String,
    },
}

/// Reads and compares.
pub struct Witness {
    client: Arc<Client>,
    references: References,
    base_currency: Currency,
    chart: Chart,
}

impl Witness {
    pub fn new(client: Arc<Client>, references: References, policy: &Policy) -> Self {
        let base_currency = policy.books.base_currency;
        Self { client, references, base_currency, chart: policy.chart.clone() }
    }

    /// Looks for the record that `body` would make. `ids` are those of the records it needs.
    pub async fn look_for(&self, body: &Body, ids: &Ids) -> Result<Seen, NetSuiteError> {
        match self.client.look_up(body.kind(), body.external_id()).await? {
            LookUp::Absent => Ok(Seen::Absent),
            LookUp::OtherKind { detail } => Ok(Seen::OtherKind { detail }),
            LookUp::Found(id) => self.compare_one(body, &id, ids).await,
        }
    }

    /// Compares the record at `id` with what `body` says it should be.
    pub async fn compare_one(
        &self,
        body: &Body,
        id: &InternalId,
        ids: &Ids,
    ) -> Result<Seen, NetSuiteError> {
        let group = body.kind().group();
        let observed = self.observe(group, std::slice::from_ref(id)).await?;
        Ok(self.judge(body, id, ids, observed.get(id)))
    }

    /// Many look-ups in a few queries; `bodies` are of one group of record types.
    pub async fn look_for_all(
        &self,
        group: RecordGroup,
        bodies: &[(Body, Ids)],
    ) -> Result<Vec<Seen>, NetSuiteError> {
        let Some((first, _)) = bodies.first() else { return Ok(Vec::new()) };
        let names: Vec<ExternalId> =
            bodies.iter().map(|(body, _)| body.external_id().clone()).collect();
        let found = internal_ids(&self.client, first.kind(), &names).await?;
        let ids: Vec<InternalId> = found.values().cloned().collect();
        let observed = self.observe(group, &ids).await?;
        let judged = bodies.iter().map(|(body, needs)| match found.get(body.external_id()) {
            None => Seen::Absent,
            Some(id) => self.judge(body, id, needs, observed.get(id)),
        });
        Ok(judged.collect())
    }

    fn judge(&self, body: &Body, id: &InternalId, ids: &Ids, seen: Option<&Observed>) -> Seen {
        let drifts = match self.expected(body, Some(id), Deposited::Unknown, ids) {
            Ok(expected) => drift(&expected, seen),
            Err(error) => return Seen::OtherKind { detail: error.to_string() },
        };
        let is_equal = !drifts.iter().any(|drift| drift.aspect.is_material());
        let internal_id = id.clone();
        if is_equal { Seen::Equal(internal_id) } else { Seen::Different { internal_id, drifts } }
    }

    /// What NetSuite must show for `body`.
    pub fn expected(
        &self,
        body: &Body,
        internal_id: Option<&InternalId>,
        deposited: Deposited,
        ids: &Ids,
    ) -> Result<Expected, NoAccount> {
        let lookup = |id: &ExternalId| ids.get(id).cloned();
        Expected::of(body, internal_id, deposited, &self.chart, &lookup)
    }

    /// The records with these ids as NetSuite shows them; what it does not have is not among them.
    pub async fn observe(
        &self,
        group: RecordGroup,
        ids: &[InternalId],
    ) -> Result<BTreeMap<InternalId, Observed>, NetSuiteError> {
        if group != RecordGroup::Transaction {
            let found = masters(&self.client, group, ids).await?;
            return Ok(found.into_iter().map(|m| (m.internal_id.clone(), of_master(m))).collect());
        }
        let reader = self.reader();
        let posted = reader.posted(ids).await?;
        let links = reader.links(ids).await?;
        let mut observed: BTreeMap<InternalId, WithCurrency> =
            posted.into_iter().map(|p| (p.internal_id.clone(), of_posted(p))).collect();
        for link in &links {
            note_link(&mut observed, link)?;
        }
        Ok(observed.into_iter().map(|(id, (observed, _))| (id, observed)).collect())
    }

    /// What NetSuite shows of mapped fields; `None` when it does not let them be queried.
    pub async fn mapped(
        &self,
        group: RecordGroup,
        ids: &[InternalId],
        columns: &Columns,
    ) -> Result<Option<BTreeMap<InternalId, Shown>>, NetSuiteError> {
        if columns.is_empty() {
            return Ok(Some(BTreeMap::new()));
        }
        shown(&self.client, group, ids, columns).await
    }

    /// For what is read beside single records.
    pub fn reader(&self) -> Reader<'_> {
        Reader {
            client: &self.client,
            references: &self.references,
            base_currency: self.base_currency,
        }
    }

    pub fn client(&self) -> &Arc<Client> {
        &self.client
    }
}

/// What was seen of a posting record, and its currency.
type WithCurrency = (Observed, Currency);

fn of_posted(posted: Posted) -> WithCurrency {
    let currency = posted.currency;
    let observed = Observed {
        internal_id: posted.internal_id,
        external_id: posted.external_id,
        kind: Some(posted.kind),
        header: Some(ObservedHeader {
            tran_date: posted.tran_date,
            posting_period: posted.period,
            memo: posted.memo,
            due_date: posted.due_date,
            exchange_rate: posted.exchange_rate,
            customer: posted.entity,
            is_voided: posted.is_voided,
            is_posting: posted.is_posting,
        }),
        postings: posted
            .gl
            .into_iter()
            .map(|line| Posting { account: line.account, amount: line.foreign })
            .collect(),
        applied: BTreeMap::new(),
        deposits: BTreeSet::new(),
        currency: None,
        account: None,
    };
    (observed, currency)
}

fn of_master(master: Master) -> Observed {
    Observed {
        internal_id: master.internal_id,
        external_id: master.external_id,
        kind: master.kind,
        header: None,
        postings: Vec::new(),
        applied: BTreeMap::new(),
        deposits: BTreeSet::new(),
        currency: master.currency,
        account: master.account,
    }
}

/// A link counts as an application of its later record, and, when that is a deposit, says where its
/// earlier one was deposited. NetSuite has links of other types, which say nothing here.
fn note_link(
    observed: &mut BTreeMap<InternalId, WithCurrency>,
    link: &Link,
) -> Result<(), NetSuiteError> {
    let to_deposit = link.later_type.as_deref() == Some("Deposit");
    if !to_deposit && link.link_type != "Payment" {
        return Ok(());
    }
    if to_deposit && let Some((earlier, _)) = observed.get_mut(&link.earlier) {
        earlier.deposits.insert(link.later.clone());
    }
    if let Some((later, currency)) = observed.get_mut(&link.later) {
        let digits = link.amount.as_ref().map_or("0", |amount| amount.0.as_str());
        let amount = Amount::parse_decimal(digits, *currency).map_err(|error| {
            let subject = format!("the application of {} to {}", link.later, link.earlier);
            NetSuiteError::new(subject, Class::Unreadable { cause: error.to_string() })
        });
        // Of a deposit only the membership counts: its amounts are in its own lines.
        let amount = if to_deposit { Amount::zero(*currency) } else { amount? };
        let sum = later.applied.entry(link.earlier.clone()).or_insert(Amount::zero(*currency));
        *sum += amount;
    }
    Ok(())
}
