//! What must be read, and what must be read because of what was read: in which order, and when a
//! pull has everything.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::again;
use crate::calendar::{UnixTime, Window};
use crate::ledger::{Ledger, LedgerError, PullWindow, Watched};
use crate::stripe::crawl::{Part, Walk};
use crate::stripe::objects::Payout;
use crate::stripe::resource::Resource;

/// Lists that go by the window, the longest first; payouts lead, because their own lists follow.
pub(in crate::commands) const DATED: [Resource; 10] = [
    Resource::Payouts,
    Resource::BalanceTransactions,
    Resource::Invoices,
    Resource::Charges,
    Resource::PaymentIntents,
    Resource::InvoicePayments,
    Resource::Customers,
    Resource::Refunds,
    Resource::Disputes,
    Resource::CreditNotes,
];

/// What is sold is read whole, because an old price may be on a new invoice.
const WHOLE: [Resource; 5] = [
    Resource::Products,
    Resource::Prices,
    Resource::Coupons,
    Resource::TaxRates,
    Resource::Account,
];

/// A payout reaches the bank within two weeks, holidays and all.
const PAYOUT_ON_ITS_WAY_S: i64 = 14 * 24 * 3600;

/// Objects that are read singly when another one names them.
const NAMED: [Resource; 3] = [Resource::Charges, Resource::Invoices, Resource::Customers];

/// The course of one pull.
pub(super) struct Follow {
    pull: PullWindow,
    /// Walks that were handed out and did not end yet.
    under_way: usize,
    /// What was asked for singly or below a parent: never twice in one pull.
    asked: HashSet<(Resource, String)>,
    /// What moved money for payments that failed after all.
    failed: BTreeSet<String>,
    /// What should be in a list of open ones, and was not there yet.
    unseen: BTreeMap<String, Resource>,
    is_begun: bool,
    has_balance: bool,
    /// Payouts of this time may reach the bank in the books, which begin after it.
    older_payouts: Option<Window>,
}

impl Follow {
    /// Begins a pull, or goes on with one that was killed.
    pub(super) fn begin(
        ledger: &mut Ledger,
        window: Window,
        start: Option<UnixTime>,
    ) -> Result<Self, LedgerError> {
        let names = DATED.map(Resource::as_str);
        let pull = ledger.begin_pull(&names, window)?;
        let begins = start.filter(|start| pull.window.since == *start);
        let older_payouts = begins
            .map(|start| Window { since: UnixTime(start.0 - PAYOUT_ON_ITS_WAY_S), until: start });
        Ok(Self {
            pull,
            under_way: 0,
            asked: HashSet::new(),
            failed: BTreeSet::new(),
            unseen: BTreeMap::new(),
            is_begun: false,
            has_balance: false,
            older_payouts,
        })
    }

    pub(super) fn pull(&self) -> PullWindow {
        self.pull
    }

    pub(super) fn window(&self) -> Window {
        self.pull.window
    }

    pub(super) fn is_resumed(&self) -> bool {
        self.pull.is_resumed
    }

    /// A walk ended.
    pub(super) fn ended(&mut self) {
        self.under_way -= 1;
    }

    /// Nothing is under way.
    pub(super) fn is_idle(&self) -> bool {
        self.under_way == 0
    }

    /// Everything was asked for and is there.
    pub(super) fn is_done(&self) -> bool {
        self.under_way == 0 && self.has_balance
    }

    /// What can be asked for now: nothing while walks are under way, and nothing at the end.
    pub(super) fn next(&mut self, ledger: &mut Ledger) -> Result<Vec<Walk>, LedgerError> {
        if self.under_way > 0 {
            return Ok(Vec::new());
        }
        if !self.is_begun {
            self.is_begun = true;
            let walks = self.first(ledger)?;
            let mut walks = self.hand_out(walks);
            // A pull that was killed may have left payouts whose lists were not asked for.
            walks.extend(self.payout_lists(ledger)?);
            return Ok(walks);
        }
        if self.has_balance {
            // It names nothing.
            return Ok(Vec::new());
        }
        ledger.want_what_is_named()?;
        let mut walks = self.named(ledger)?;
        // No longer open, or deleted.
        let unseen = std::mem::take(&mut self.unseen).into_iter();
        walks.extend(unseen.map(|(id, resource)| Walk::one(resource, id)));
        let walks = self.hand_out(walks);
        if !walks.is_empty() {
            return Ok(walks);
        }
        // Last, so that it is younger than every movement that was read.
        self.has_balance = true;
        Ok(self.hand_out(vec![Walk::whole(Resource::Balance)]))
    }

    /// These objects came.
    pub(super) fn saw<'a>(&mut self, ids: impl Iterator<Item = &'a str>) {
        if self.unseen.is_empty() {
            return;
        }
        for id in ids {
            self.unseen.remove(id);
        }
    }

    /// The lists of payouts that came meanwhile: no need to wait for the other lists.
    pub(super) fn payout_lists(&mut self, ledger: &Ledger) -> Result<Vec<Walk>, LedgerError> {
        let mut walks = Vec::new();
        for (id, after) in ledger.unlisted_payouts()? {
            let payout: Option<Payout> = ledger.view(&id)?;
            if payout.is_some_and(|payout| payout.can_be_itemised()) {
                let part = Part::Below { parent: id, after };
                walks.push(Walk { resource: Resource::PayoutMembers, part });
            }
        }
        Ok(self.hand_out(walks))
    }

    /// The credit lists of customers that came meanwhile. Each is a list of its own, so there are many,
    /// and they are read beside the long ones.
    pub(super) fn credit_lists(
        &mut self,
        ledger: &Ledger,
        customers: BTreeSet<String>,
    ) -> Result<Vec<Walk>, LedgerError> {
        let lists = Resource::CustomerBalanceTransactions;
        let mut walks = Vec::new();
        for customer in customers {
            // Of an object that is as it was, nothing is wanted.
            if ledger.is_wanted_still(lists.as_str(), &customer)? {
                walks.push(Walk::below(lists, customer));
            }
        }
        Ok(self.hand_out(walks))
    }

    fn first(&mut self, ledger: &Ledger) -> Result<Vec<Walk>, LedgerError> {
        let mut walks = Vec::new();
        for resource in DATED {
            let windows = ledger.pending(resource.as_str())?;
            if !windows.is_empty() {
                walks.push(Walk::windows(resource, windows));
            }
        }
        let older = self.older_payouts.into_iter();
        walks.extend(older.map(|window| Walk::windows(Resource::Payouts, vec![window])));
        walks.extend(WHOLE.map(Walk::whole));
        walks.extend(self.open_ones(ledger)?);
        Ok(walks)
    }

    /// What may have changed since it was read, however old it is. What lists do not show any more has
    /// changed, or is gone.
    fn open_ones(&mut self, ledger: &Ledger) -> Result<Vec<Walk>, LedgerError> {
        let mut of: BTreeMap<Resource, Vec<Watched>> = BTreeMap::new();
        for watched in ledger.watched(self.pull.window)? {
            if let Some(resource) = Resource::of_kind(&watched.kind) {
                of.entry(resource).or_default().push(watched);
            }
        }
        let mut walks = Vec::new();
        for (resource, watched) in of {
            let again = again::plan(ledger, resource, watched, self.pull.window)?;
            walks.extend(again.walks);
            self.unseen.extend(again.listed.into_iter().map(|id| (id, resource)));
        }
        Ok(walks)
    }

    /// What the lists named and did not hold.
    fn named(&mut self, ledger: &Ledger) -> Result<Vec<Walk>, LedgerError> {
        let mut walks = Vec::new();
        for (id, kind) in ledger.moved_sources(self.pull)? {
            let resource = kind.map_or_else(|| by_prefix(&id), |kind| Resource::of_kind(&kind));
            let listed = resource.filter(|resource| resource.filters_created());
            walks.extend(listed.map(|resource| Walk::one(resource, id)));
        }
        for resource in NAMED {
            let ids = ledger.wanted_outside(resource.as_str(), self.pull.window)?;
            walks.extend(ids.into_iter().map(|id| Walk::one(resource, id)));
        }
        // Which invoice they paid may be known only when what was asked for before is there.
        self.failed.extend(ledger.failed_sources(self.pull)?);
        let reopened = ledger.reopened_invoices(&mut self.failed, self.pull.window)?.into_iter();
        walks.extend(reopened.map(|id| Walk::one(Resource::Invoices, id)));
        let older = ledger.older_movements(self.pull)?.into_iter();
        walks.extend(older.map(|id| Walk::one(Resource::BalanceTransactions, id)));
        let lists = Resource::CustomerBalanceTransactions;
        walks.extend(ledger.wanted(lists.as_str())?.into_iter().map(|id| Walk::below(lists, id)));
        self.pull = ledger.looked_at(self.pull)?;
        Ok(walks)
    }

    /// Leaves out what was asked for before, and counts the rest.
    fn hand_out(&mut self, mut walks: Vec<Walk>) -> Vec<Walk> {
        walks.retain(|walk| match &walk.part {
            Part::One(id) | Part::Below { parent: id, .. } => {
                self.asked.insert((walk.resource, id.clone()))
            }
            Part::Whole | Part::Windows(_) | Part::WithStatus(..) => true,
        });
        self.under_way += walks.len();
        walks
    }
}

/// The list of an object that was never seen, as Stripe's ids look today. One that looks otherwise
/// is left to the derivation, which says what is missing.
fn by_prefix(id: &str) -> Option<Resource> {
    let (prefix, _) = id.split_once('_')?;
    match prefix {
        "ch" | "py" => Some(Resource::Charges),
        "re" | "pyr" => Some(Resource::Refunds),
        "dp" | "du" => Some(Resource::Disputes),
        "po" => Some(Resource::Payouts),
        _ => None,
    }
}
