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
mod disputes;
mod invoice;
mod market;
mod movements;
mod names;
mod paid_out;
mod pay;
mod payouts;
mod price;
pub(super) mod rng;
mod round;
mod shapes;
mod spec;
mod stories;
mod stripe_bills;
mod subscriptions;
#[cfg(test)]
mod tests;

pub use self::market::Settlement;
pub use self::spec::{CompanySpec, Life, Movements, Payouts, Schedule, Stories};
pub use self::stories::{EVERY, Story, USUAL};

use self::account::Account;
use self::customer::Thread;
use self::rng::Rng;
use crate::calendar::UnixTime;
use crate::sandbox::stripe::world::World;

/// A company and what is worth telling about it.
#[derive(Debug)]
pub struct Company {
    pub world: World,
    pub stories: Vec<StoryNote>,
    /// What each customer lived; with [`Stories::Only`] the same can be lived again by fewer.
    pub lives: Vec<Life>,
    /// When the books begin. Objects may be older.
    pub start: UnixTime,
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

/// The streams of chance of everything that is no customer's.
const ACCOUNT_STREAM: u64 = 0;
const MOVEMENTS_STREAM: u64 = u64::MAX - 1;
/// Apart, so that the same lives in a smaller company meet the same luck with payouts.
const PAYOUTS_STREAM: u64 = u64::MAX - 2;

/// Makes the company. Equal specs give equal companies, byte for byte.
pub fn generate(spec: &CompanySpec) -> Company {
    let mut account = Account::new(spec);
    let mut rng = Rng::new(spec.seed, ACCOUNT_STREAM);
    let mut cast = Cast::new(spec, &mut rng);
    let mut lives = Vec::new();
    while let Some(life) = cast.next(account.charges, &mut rng) {
        let mut own = Rng::new(spec.seed, life.stream);
        let market = life.story.market(&mut own);
        let mut thread = Thread::new(&mut account, own, market, life.stream);
        thread.live(life.story);
        thread.finish();
        lives.push(life);
    }
    movements::book(&mut account, spec.movements, &mut Rng::new(spec.seed, MOVEMENTS_STREAM));
    stripe_bills::book(&mut account);
    payouts::pay_out(&mut account, spec.payouts, &mut Rng::new(spec.seed, PAYOUTS_STREAM));
    account.close();
    let (start, now) = (UnixTime(account.span.start), UnixTime(account.span.now));
    Company { world: account.world, stories: account.notes, lives, start, now }
}

/// Who lives what: the lives that a spec asks for, one after the other.
struct Cast<'a> {
    spec: &'a CompanySpec,
    drawn_from: &'static [Story],
    weights: Vec<usize>,
    serial: usize,
}

impl<'a> Cast<'a> {
    fn new(spec: &'a CompanySpec, rng: &mut Rng) -> Self {
        let drawn_from: &[Story] =
            if spec.stories == Stories::Everything { &EVERY } else { &USUAL };
        let weights = stories::weights(drawn_from, rng);
        Self { spec, drawn_from, weights, serial: 0 }
    }

    /// The next life, until there are enough charges and no story is left that must be told.
    fn next(&mut self, charges: usize, rng: &mut Rng) -> Option<Life> {
        let serial = self.serial;
        self.serial += 1;
        if let Stories::Only(lives) = &self.spec.stories {
            return lives.get(serial).copied();
        }
        let told: &[Story] = if self.spec.stories == Stories::All { &USUAL } else { &[] };
        if charges >= self.spec.charges && serial >= told.len() {
            return None;
        }
        let story = match (&self.spec.stories, told.get(serial)) {
            (_, Some(story)) => *story,
            (Stories::Plain, None) => Story::Monthly,
            _ => self.drawn_from[rng.weighted(&self.weights)],
        };
        let stream = u64::try_from(serial).expect("usize has at most 64 bits") + 1;
        Some(Life { story, stream })
    }
}
