//! One payout: what it is made of, and what becomes of it.

use super::account::Booked;
use super::days::{DAY, HOUR, business_days_after, date_text, midnight};
use super::payouts::{Run, net_of};
use super::round::share;
use super::shapes::balance_transaction::{FeePart, Movement};
use super::shapes::payout::{self as shape, Payout};

/// How a payout comes to be.
pub enum Kind {
    /// By Stripe; these it is made of.
    Automatic(Vec<Booked>),
    /// By the company: so much of what is available. Nobody can say what it is made of.
    Manual(i64),
    /// The same, within minutes and for a fee.
    Instant(i64),
}

/// What becomes of a payout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Arrives,
    /// The bank refuses it before the day on which it should arrive.
    FailsBefore,
    /// The bank sends it back after Stripe had called it paid.
    FailsAfter,
    Cancelled,
    /// It arrives, and is debited from the bank again by another payout.
    Reversed,
}

impl Run<'_> {
    /// Makes a payout at `at`, with all that follows from it.
    pub fn pay(&mut self, kind: Kind, at: i64) {
        let instant = matches!(kind, Kind::Instant(_));
        let (amount, members) = match kind {
            Kind::Automatic(members) => (net_of(&members), Some(members)),
            Kind::Manual(amount) | Kind::Instant(amount) => (amount, None),
        };
        let fate = if instant { Fate::Arrives } else { self.draw_fate(amount) };
        let arrival_date = if instant { midnight(at) } else { business_days_after(at, 1) };
        let mut payout = self.blank(amount, at, arrival_date);
        payout.automatic = members.is_some();
        payout.method = if instant { "instant" } else { "standard" };
        let own = self.book_payout(&mut payout);
        self.meet(&mut payout, fate);
        self.tell(&payout);
        self.account.world.insert(&shape::payout(&payout));
        match members {
            // Stripe lists a payout's own balance transaction among those it pays out.
            Some(members) => {
                for member in members.iter().map(|one| &one.id).chain([&own.id]) {
                    self.account.world.set_payout(member, &payout.id);
                }
            }
            // The next automatic payout contains what this one took, or it would pay it again.
            None => self.waiting.push(own),
        }
    }

    fn blank(&mut self, amount: i64, created: i64, arrival_date: i64) -> Payout {
        let arrived = arrival_date <= self.account.span.now;
        Payout {
            id: self.account.ids.next("po"),
            amount,
            currency: self.currency,
            created,
            arrival_date,
            balance_transaction: String::new(),
            failure_balance_transaction: None,
            status: if arrived { "paid" } else { "in_transit" },
            automatic: false,
            method: "standard",
            original_payout: None,
            reversed_by: None,
            bank_account: self.bank_account.clone(),
        }
    }

    /// Books the payout's own balance transaction.
    fn book_payout(&mut self, payout: &mut Payout) -> Booked {
        let text = "STRIPE PAYOUT".to_owned();
        let (at, id) = (payout.created, payout.id.clone());
        let mut own = self.own_movement("payout", -payout.amount, at, Some(&id), text);
        if payout.method == "instant" {
            let fee = share(payout.amount, 15, 1_000);
            // Where the fee shows is not documented: in this account here, in another there.
            if self.account.seed.is_multiple_of(2) {
                let description = "Instant payout fee";
                own.fees = vec![FeePart { amount: fee, kind: "stripe_fee", description }];
            } else {
                let text = format!("Instant Payouts ({}): {id}", date_text(at));
                let mut bill = self.own_movement("stripe_fee", -fee, at, None, text);
                bill.category = "fee";
                let bill = self.book(&bill);
                self.waiting.push(bill);
            }
        }
        let own = self.book(&own);
        payout.balance_transaction.clone_from(&own.id);
        own
    }

    /// What happens to the payout later on, as far as it happens before the account is looked at.
    fn meet(&mut self, payout: &mut Payout, fate: Fate) {
        let arrival = payout.arrival_date;
        match fate {
            Fate::Arrives => {}
            Fate::FailsBefore => {
                self.send_back(payout, payout.created + 5 * HOUR, "payout_failure");
            }
            Fate::FailsAfter => {
                let at = business_days_after(arrival, 1) + 14 * HOUR;
                self.send_back(payout, at, "payout_failure");
            }
            Fate::Cancelled => self.send_back(payout, payout.created + 2 * HOUR, "payout_cancel"),
            Fate::Reversed => self.reverse(payout, arrival + 2 * DAY + 16 * HOUR),
        }
    }

    /// The money returns to the balance and joins a later payout, while what had been paid out
    /// stays with this one.
    fn send_back(&mut self, payout: &mut Payout, at: i64, kind: &'static str) {
        if at >= self.account.span.now {
            return;
        }
        let text = format!("REFUND FOR PAYOUT ({})", payout.id);
        let back = self.own_movement(kind, payout.amount, at, Some(&payout.id), text);
        let back = self.book(&back);
        payout.failure_balance_transaction = Some(back.id.clone());
        self.returned.push(back);
        let what = if kind == "payout_cancel" {
            payout.status = "canceled";
            "payout that was cancelled before it was sent"
        } else {
            payout.status = "failed";
            "payout that failed; a later payout pays the money again"
        };
        self.account.note(&payout.id, what);
    }

    /// Another payout takes the money from the bank again.
    fn reverse(&mut self, payout: &mut Payout, at: i64) {
        if at >= self.account.span.now {
            return;
        }
        let mut reversal = self.blank(-payout.amount, at, business_days_after(at, 1));
        reversal.original_payout = Some(payout.id.clone());
        payout.reversed_by = Some(reversal.id.clone());
        let own = self.book_payout(&mut reversal);
        self.returned.push(own);
        self.account.note(&payout.id, "payout that arrived and was reversed");
        self.account.note(&reversal.id, "payout that reverses another");
        self.account.world.insert(&shape::payout(&reversal));
    }

    fn tell(&mut self, payout: &Payout) {
        let what = match (payout.amount, payout.automatic, payout.method) {
            (0, ..) => "payout of nothing: Stripe held all there was",
            (..0, ..) => "payout below zero: the bank account was debited",
            (_, false, "instant") => "instant payout, for a fee",
            _ => return,
        };
        self.account.note(&payout.id, what);
    }

    pub fn own_movement(
        &self,
        kind: &'static str,
        amount: i64,
        at: i64,
        payout: Option<&str>,
        description: String,
    ) -> Movement {
        Movement {
            kind,
            category: if kind == "payout" { "payout" } else { "payout_reversal" },
            amount,
            fees: Vec::new(),
            currency: self.currency,
            created: at,
            available_on: midnight(at),
            source: payout.map(str::to_owned),
            description: Some(description),
            rate_micro: None,
        }
    }

    /// Books what no queue brings: it is ready at its own time.
    pub fn book(&mut self, movement: &Movement) -> Booked {
        let (id, _) = self.account.book_own(movement);
        let (created, net) = (movement.created, movement.net());
        Booked { id, currency: self.currency, net, created, ready: created }
    }
}
