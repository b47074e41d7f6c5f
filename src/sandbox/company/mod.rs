//! A generator of software companies: the whole Stripe account of one, from a seed.
//!
//! Belongs here: what happens to customers, invoices, charges and payouts, and the JSON that Stripe
//! would answer for it. The sums follow Stripe's rules as its documentation states them, written
//! down a second time: nothing is shared with the code that keeps the books.
//!
//! Every customer lives one `Story`; then the settlement run pays out what they paid.

mod account;
mod aftermath;
mod billing;
mod catalogue;
mod credit_notes;
mod customer;
mod days;
mod invoice;
mod market;
mod names;
mod pay;
mod payouts;
mod rng;
mod round;
mod shapes;
mod stories;
mod subscriptions;
#[cfg(test)]
mod tests;

use chrono::{Months, NaiveDate};

use self::account::Account;
use self::customer::Thread;
use self::days::Span;
use self::rng::{Rng, mix};
use self::stories::{STORIES, Story};
use crate::calendar::UnixTime;
use crate::sandbox::stripe::world::World;

/// What kind of company to make.
#[derive(Debug, Clone)]
pub struct CompanySpec {
    pub seed: u64,
    /// Customers are added until there are this many charges.
    pub charges: usize,
    pub first_day: NaiveDate,
    /// How long the company lives; the account is looked at when they are over.
    pub months: u32,
    pub stories: Stories,
}

/// Which stories the customers live.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Stories {
    /// Each story at least once, then drawn ones.
    #[default]
    All,
    /// Drawn, in proportions that the seed decides.
    Drawn,
    /// Nobody does more than pay the bill.
    Plain,
}

/// A company and what is worth telling about it.
#[derive(Debug)]
pub struct Company {
    pub world: World,
    pub stories: Vec<StoryNote>,
    /// When the account is looked at: everything in it happened before.
    pub now: UnixTime,
}

/// Something out of the ordinary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoryNote {
    /// Of the object it happened to.
    pub id: String,
    pub what: String,
    /// Stripe's facts alone do not say what the books should: a person must.
    pub expected_exception: bool,
}

impl CompanySpec {
    /// The company of `tieout demo`: one quarter, every story.
    pub fn demo() -> Self {
        Self {
            seed: 20_260_705,
            charges: 180,
            first_day: NaiveDate::from_ymd_opt(2026, 7, 1).expect("a day of the calendar"),
            months: 3,
            stories: Stories::All,
        }
    }

    /// About this many charges in a quarter that begins on a day drawn by the seed.
    pub fn with_charges(charges: usize, seed: u64) -> Self {
        let months_on = u32::try_from(mix(seed) % 24).expect("below 24");
        let first = NaiveDate::from_ymd_opt(2024, 12, 1).expect("a day of the calendar");
        let first_day = first.checked_add_months(Months::new(months_on)).unwrap_or(first);
        Self { seed, charges, first_day, months: 3, stories: Stories::Drawn }
    }
}

/// Makes the company. Equal specs give equal companies, byte for byte.
pub fn generate(spec: &CompanySpec) -> Company {
    let span = Span::new(spec.first_day, spec.months.max(1));
    let mut account = Account::new(spec.seed, span);
    let mut rng = Rng::new(spec.seed, 0);
    let weights = stories::weights(&mut rng);
    let mut serial = 0;
    let told = if spec.stories == Stories::All { STORIES.len() } else { 0 };
    while account.charges < spec.charges || serial < told {
        let story = match spec.stories {
            Stories::All if serial < told => STORIES[serial],
            Stories::Plain => Story::Monthly,
            Stories::All | Stories::Drawn => STORIES[rng.weighted(&weights)],
        };
        serial += 1;
        let stream = u64::try_from(serial).expect("usize has at most 64 bits");
        let mut own = Rng::new(spec.seed, stream);
        let market = story.market(&mut own);
        let mut thread = Thread::new(&mut account, own, market, stream);
        thread.live(story);
        thread.finish();
    }
    payouts::bill_stripe_fees(&mut account);
    payouts::pay_out(&mut account, &mut rng);
    account.close();
    Company { world: account.world, stories: account.notes, now: UnixTime(span.now) }
}
