//! Rare stories of a platform: money for, to and from connected accounts.

use super::super::aftermath::RefundEnd;
use super::super::customer::Thread;
use super::super::days::{DAY, midnight};
use super::super::market::Market;
use super::super::pay::Charge;
use super::super::round::share;
use super::super::shapes::balance_transaction::Movement;
use super::super::shapes::connect::{self as shape, ApplicationFee, Transfer};
use super::super::shapes::refund as refund_shape;

impl Thread<'_> {
    /// A movement of dollars between the platform and a connected account.
    fn platform_movement(
        &mut self,
        (kind, category): (&'static str, &'static str),
        amount: i64,
        at: i64,
        source: &str,
    ) -> String {
        let movement = Movement {
            kind,
            category,
            amount,
            fees: Vec::new(),
            currency: "usd",
            created: at,
            available_on: midnight(at),
            source: Some(source.to_owned()),
            description: None,
            rate_micro: None,
        };
        self.account.book(&movement).0
    }

    fn transfer(&mut self, amount: i64, at: i64, charge: Option<&Charge>) -> Transfer {
        let id = self.id("tr");
        let movement = self.platform_movement(("transfer", "transfer"), -amount, at, &id);
        Transfer {
            destination: self.id("acct"),
            destination_payment: self.id("py").replace("SaltMarsh", "Partner"),
            source_transaction: charge.map(|charge| charge.id.clone()),
            balance_transaction: movement,
            id,
            amount,
            created: at,
            reversals: Vec::new(),
        }
    }

    /// Takes `amount` of a transfer back; returns the reversal's id.
    fn reverse(&mut self, transfer: &mut Transfer, amount: i64, at: i64) -> String {
        let id = self.id("trr");
        let kinds = ("transfer_refund", "transfer_reversal");
        let movement = self.platform_movement(kinds, amount, at, &id);
        transfer.reversals.push((id.clone(), amount, at, movement));
        id
    }

    fn dollars(&mut self) -> (i64, i64) {
        (self.rng.between(4_000, 60_000), self.draw_start())
    }

    /// A charge whose money goes to a connected account at once, less the platform's fee.
    pub fn destination_charge(&mut self, refunded: bool) {
        self.customer.market = Market::Oregon;
        let (amount, at) = self.dollars();
        let mut charge = self.charge(amount, at, "Order at a partner");
        let mut transfer = self.transfer(amount, at, Some(&charge));
        let fee = share(amount, 12, 100);
        let mut earned = self.earn(&charge, fee, at, &transfer.destination);
        charge.connected.destination = Some(transfer.destination.clone());
        charge.connected.transfer = Some(transfer.id.clone());
        charge.connected.transfer_group = Some(format!("group_{}", charge.payment_intent));
        charge.connected.application_fee = Some((earned.id.clone(), fee));
        self.account.note(&charge.id, "destination charge with a fee for the platform");
        if refunded {
            let at = self.later(at, DAY, 15 * DAY);
            let mut refund = self.refund_but(&mut charge, amount, at, RefundEnd::Succeeds);
            refund.transfer_reversal = Some(self.reverse(&mut transfer, amount, at));
            let id = self.id("fr");
            let kinds = ("application_fee_refund", "platform_earning_refund");
            let movement = self.platform_movement(kinds, -fee, at, &id);
            earned.refunds.push((id, fee, at, movement));
            self.account.note(&refund.id, "refund of a destination charge and of its fee");
            self.account.world.insert(&refund_shape::refund(&refund));
        }
        self.account.world.insert(&shape::transfer(&transfer));
        self.account.world.insert(&shape::application_fee(&earned));
        self.store_charge(&charge);
    }

    fn earn(&mut self, charge: &Charge, amount: i64, at: i64, account: &str) -> ApplicationFee {
        let id = self.id("fee");
        let kinds = ("application_fee", "platform_earning");
        ApplicationFee {
            balance_transaction: self.platform_movement(kinds, amount, at, &id),
            application: self.id("ca"),
            id,
            account: account.to_owned(),
            amount,
            charge: charge.id.clone(),
            created: at,
            refunds: Vec::new(),
        }
    }

    /// The platform charges, and hands a share on.
    pub fn separate_transfer(&mut self) {
        self.customer.market = Market::Oregon;
        let (amount, at) = self.dollars();
        let mut charge = self.charge(amount, at, "Order at a partner");
        charge.connected.transfer_group = Some(format!("group_{}", charge.payment_intent));
        let transfer = self.transfer(share(amount, 80, 100), at + 60, Some(&charge));
        self.account.note(&transfer.id, "share of a charge handed to a connected account");
        self.account.world.insert(&shape::transfer(&transfer));
        self.store_charge(&charge);
    }

    pub fn transfer_reversed(&mut self) {
        let (amount, at) = self.dollars();
        let mut transfer = self.transfer(amount, at, None);
        let back = self.later(at, DAY, 9 * DAY);
        self.reverse(&mut transfer, share(amount, 40, 100), back);
        self.account.note(&transfer.id, "transfer to a connected account, taken back in part");
        self.account.world.insert(&shape::transfer(&transfer));
        // The partner also buys something: a company without charges has no balance to move.
        self.pays_every("month");
    }
}
