//! What can be asked of a generated company.

use chrono::{Months, NaiveDate};

use super::market::Settlement;
use super::rng::{Rng, mix};
use super::stories::{Story, USUAL};

/// What kind of company to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompanySpec {
    pub seed: u64,
    /// Customers are added until there are this many charges.
    pub charges: usize,
    /// The day on which the books begin.
    pub first_day: NaiveDate,
    /// How long the company lives from then on; the account is looked at when they are over.
    pub months: u32,
    /// How long it had lived before. What began then may end in the books.
    pub history_months: u32,
    pub stories: Stories,
    pub payouts: Payouts,
    pub settlement: Settlement,
    pub movements: Movements,
}

/// Which stories the customers live.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Stories {
    /// Each usual story at least once, then drawn ones.
    #[default]
    All,
    /// Usual ones drawn, in proportions that the seed decides.
    Drawn,
    /// Drawn from the usual and the rare.
    Everything,
    /// These and no others, however few charges they make.
    Only(Vec<Life>),
    /// Nobody does more than pay the bill.
    Plain,
}

/// A customer's story, and the stream of chance that fills in its figures: the same life can be
/// led in a smaller company.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Life {
    pub story: Story,
    pub stream: u64,
}

/// When payouts are made, and what happens to them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Payouts {
    pub schedule: Schedule,
    /// Instant payouts in between.
    pub instant: bool,
    /// Failures before and after arrival, cancellations, reversals, payouts of nothing and of
    /// nothing but what came back. Without it, one payout in many fails after it arrived.
    pub mishaps: bool,
    /// Something is kept back from each automatic payout and released after it.
    pub minimum_balance: bool,
}

/// Who decides that money is paid out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Schedule {
    /// Stripe, every business day.
    #[default]
    Daily,
    /// The company, when it likes.
    Manual,
    /// The company in the first half of its life, then Stripe.
    ManualThenDaily,
}

/// What moves the Stripe balance besides payments and their fees.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Movements {
    /// Screening fees and the tax on them.
    #[default]
    Usual,
    /// One balance transaction, at least, of every type and reporting category.
    All,
    /// The same, and one of a type that does not exist yet.
    Tomorrow,
}

/// The stream of chance that decides what a company of [`CompanySpec::everything`] is like.
const SPEC_STREAM: u64 = u64::MAX;

impl CompanySpec {
    /// The company of `tieout demo`: one quarter, every usual story.
    pub fn demo() -> Self {
        let first_day = NaiveDate::from_ymd_opt(2026, 7, 1).expect("a day of the calendar");
        Self { stories: Stories::All, ..Self::quarter(180, 20_260_705, first_day) }
    }

    /// About this many charges in a quarter that begins on a day drawn by the seed.
    pub fn with_charges(charges: usize, seed: u64) -> Self {
        let months_on = u32::try_from(mix(seed) % 24).expect("below 24");
        let first = NaiveDate::from_ymd_opt(2024, 12, 1).expect("a day of the calendar");
        let first_day = first.checked_add_months(Months::new(months_on)).unwrap_or(first);
        Self::quarter(charges, seed, first_day)
    }

    /// A company in which anything can happen: any story, schedule of payouts, settlement, history
    /// and movement, as the seed decides.
    pub fn everything(charges: usize, seed: u64) -> Self {
        let mut rng = Rng::new(seed, SPEC_STREAM);
        let schedules = [Schedule::Daily, Schedule::Manual, Schedule::ManualThenDaily];
        let payouts = Payouts {
            schedule: schedules[rng.weighted(&[50, 25, 25])],
            instant: rng.percent(40),
            mishaps: rng.percent(50),
            minimum_balance: rng.percent(25),
        };
        Self {
            months: *rng.pick(&[1, 2, 3, 3, 5, 14]),
            history_months: *rng.pick(&[0, 0, 1, 2]),
            stories: Stories::Everything,
            payouts,
            settlement: *rng.pick(&Settlement::ALL),
            movements: if rng.percent(50) { Movements::All } else { Movements::Usual },
            ..Self::with_charges(charges, seed)
        }
    }

    fn quarter(charges: usize, seed: u64, first_day: NaiveDate) -> Self {
        Self {
            seed,
            charges,
            first_day,
            months: 3,
            history_months: 0,
            stories: Stories::Drawn,
            payouts: Payouts::default(),
            settlement: Settlement::default(),
            movements: Movements::default(),
        }
    }
}

impl Stories {
    /// Exactly these, each once.
    pub fn only(stories: &[Story]) -> Self {
        let lives = stories.iter().zip(1..).map(|(&story, stream)| Life { story, stream });
        Self::Only(lives.collect())
    }

    /// Whether the company may sell and bill what the usual stories never need.
    pub(super) fn need_everything(&self) -> bool {
        match self {
            Self::Everything => true,
            Self::Only(lives) => lives.iter().any(|life| !USUAL.contains(&life.story)),
            Self::All | Self::Drawn | Self::Plain => false,
        }
    }
}
