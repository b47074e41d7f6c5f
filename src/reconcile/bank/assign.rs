//! Which line is which payout's.
//!
//! From the strongest evidence to the weakest: a person's word; a reference to the payout; the amount, the
//! day and words of Stripe's; the amount and the day alone. What evidence of one strength connects is
//! looked at together. It is settled where there is one of each, or where all of them pair off by their
//! very days; else every one of them is ambiguous. Legs of a payout that failed take part where both can be.

use std::collections::{BTreeMap, BTreeSet};

use super::{BankSide, Leg, Line, Sent, bank_days_between, squeezed};

/// By what a line was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// A person said so.
    Decided,
    /// The line names the payout.
    Reference,
    /// Amount, day and words of Stripe's.
    Text,
    /// Amount and day, and no other line or payout that they fit.
    Amount,
}

impl How {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Decided => "decided",
            Self::Reference => "reference",
            Self::Text => "amount, day and text",
            Self::Amount => "amount and day",
        }
    }
}

/// What was found for a leg.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Match {
    #[default]
    None,
    Line(usize, How),
    /// Its line, with another amount.
    Differs(usize, How),
    /// Its line, on an account in another currency.
    Elsewhere(usize, How),
    /// One of these, and nobody can say which.
    Among(Vec<usize>),
}

/// What was found for every leg, in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assigned {
    pub legs: Vec<Match>,
    /// Lines that could be of several, or of one that has several.
    pub ambiguous: BTreeSet<usize>,
    /// Lines that are of one leg.
    pub taken: BTreeSet<usize>,
}

/// Finds the line of each leg. `legs` are of `sent`, lines in their own order.
pub fn assign(sent: &[Sent], legs: &[Leg], side: &BankSide) -> Assigned {
    let found = vec![Match::None; legs.len()];
    let found = Assigned { legs: found, ambiguous: BTreeSet::new(), taken: BTreeSet::new() };
    let mut desk = Desk {
        sent,
        legs,
        side,
        names: legs.iter().map(|leg| sent[leg.payout].names()).collect(),
        words: side.lines.iter().map(|line| squeezed(&line.words)).collect(),
        stripe: side.lines.iter().map(|line| side.says_stripe(line)).collect(),
        found,
    };
    desk.decided();
    desk.by_reference();
    desk.pair_off(How::Text, |desk, leg, line| {
        desk.can_be_there(leg) && desk.fits(leg, line) && desk.is_stripes(leg, line)
    });
    desk.pair_off(How::Amount, |desk, leg, line| desk.can_be_there(leg) && desk.fits(leg, line));
    // What is left over may be of a payout that failed, although nothing goes back.
    desk.pair_off(How::Text, |desk, leg, line| desk.fits(leg, line) && desk.is_stripes(leg, line));
    desk.with_another_amount();
    desk.in_another_currency();
    desk.found
}

struct Desk<'a> {
    sent: &'a [Sent],
    legs: &'a [Leg],
    side: &'a BankSide,
    /// Of each leg's payout, squeezed.
    names: Vec<Vec<String>>,
    /// Of each line, squeezed.
    words: Vec<String>,
    /// Whether each line says that it is Stripe's.
    stripe: Vec<bool>,
    found: Assigned,
}

impl Desk<'_> {
    fn line(&self, line: usize) -> &Line {
        &self.side.lines[line]
    }

    fn is_open(&self, leg: usize) -> bool {
        self.found.legs[leg] == Match::None
    }

    fn is_free(&self, line: usize) -> bool {
        !self.found.taken.contains(&line) && !self.found.ambiguous.contains(&line)
    }

    /// Whether a line is on an account that this payout can reach, and goes the same way.
    fn can_reach(&self, leg: usize, line: usize) -> bool {
        let (leg, line) = (&self.legs[leg], self.line(line));
        let account = &self.side.accounts[line.account];
        account.payouts.contains(&leg.currency())
            && leg.amount.is_negative() == line.amount.is_negative()
    }

    fn is_near(&self, leg: usize, line: usize) -> bool {
        bank_days_between(self.legs[leg].due, self.line(line).booked) <= self.side.days
    }

    fn fits(&self, leg: usize, line: usize) -> bool {
        self.legs[leg].amount == self.line(line).amount
            && self.can_reach(leg, line)
            && self.is_near(leg, line)
    }

    /// Whether a leg must be there, or can be: of a payout that failed, both legs are or none is, and
    /// one that was never there must not take the line of the payout that was sent in its place.
    fn can_be_there(&self, leg: usize) -> bool {
        let is_sibling =
            |other: &usize| *other != leg && self.legs[*other].payout == self.legs[leg].payout;
        let fits_one = |other: usize| {
            (0..self.side.lines.len()).any(|line| self.is_free(line) && self.fits(other, line))
        };
        !self.legs[leg].is_optional
            || (0..self.legs.len())
                .find(is_sibling)
                .is_none_or(|other| !self.is_open(other) || fits_one(other))
    }

    fn is_stripes(&self, leg: usize, line: usize) -> bool {
        let payout = &self.sent[self.legs[leg].payout];
        self.stripe[line] || payout.is_described_in(&self.words[line])
    }

    fn settle(&mut self, leg: usize, line: usize, how: How) {
        let (own, other) = (self.legs[leg].amount, self.line(line).amount);
        self.found.taken.insert(line);
        self.found.legs[leg] = if own == other {
            Match::Line(line, how)
        } else if own.currency() == other.currency() {
            Match::Differs(line, how)
        } else {
            Match::Elsewhere(line, how)
        };
    }

    /// What people said, before anything else.
    fn decided(&mut self) {
        for (line, payout) in &self.side.pairs {
            let Some(line) = self.side.lines.iter().position(|own| own.id == *line) else {
                continue;
            };
            let is_its = |leg: &usize| {
                self.sent[self.legs[*leg].payout].id == *payout
                    && self.legs[*leg].amount.is_negative() == self.line(line).amount.is_negative()
            };
            let leg = (0..self.legs.len()).find(|leg| self.is_open(*leg) && is_its(leg));
            if let Some(leg) = leg {
                self.settle(leg, line, How::Decided);
            }
        }
    }

    /// Lines that name a payout, on whatever day.
    fn by_reference(&mut self) {
        let edges = self.edges(|desk, leg, line| {
            desk.can_reach(leg, line)
                && desk.names[leg].iter().any(|name| desk.words[line].contains(name.as_str()))
        });
        self.resolve(&edges, How::Reference);
    }

    fn pair_off(&mut self, how: How, is_one: impl Fn(&Self, usize, usize) -> bool) {
        let edges = self.edges(is_one);
        self.resolve(&edges, how);
    }

    /// A payout without a line and a line of Stripe's without a payout, alone with one another: the
    /// bank shows another amount.
    fn with_another_amount(&mut self) {
        let edges = self.edges(|desk, leg, line| {
            desk.legs[leg].currency() == desk.line(line).amount.currency()
                && !desk.legs[leg].is_optional
                && desk.can_reach(leg, line)
                && desk.is_near(leg, line)
                && desk.is_stripes(leg, line)
        });
        for (legs, lines) in components(&edges) {
            if let ([leg], [line]) = (legs.as_slice(), lines.as_slice()) {
                self.settle(*leg, *line, How::Text);
            }
        }
    }

    /// A payout that the bank changed into the money of the account: its amount says nothing.
    fn in_another_currency(&mut self) {
        let edges = self.edges(|desk, leg, line| {
            desk.legs[leg].currency() != desk.line(line).amount.currency()
                && !desk.legs[leg].is_optional
                && desk.can_reach(leg, line)
                && desk.is_near(leg, line)
                && desk.is_stripes(leg, line)
        });
        self.resolve(&edges, How::Text);
    }

    /// Open legs and free lines that belong together by `is_one`.
    fn edges(&self, is_one: impl Fn(&Self, usize, usize) -> bool) -> Vec<(usize, usize)> {
        let legs = (0..self.legs.len()).filter(|leg| self.is_open(*leg));
        let free: Vec<usize> =
            (0..self.side.lines.len()).filter(|line| self.is_free(*line)).collect();
        let mut edges = Vec::new();
        for leg in legs {
            let own = free.iter().filter(|line| is_one(self, leg, **line));
            edges.extend(own.map(|line| (leg, *line)));
        }
        edges
    }

    /// Settles what can be told apart; the rest is ambiguous.
    fn resolve(&mut self, edges: &[(usize, usize)], how: How) {
        for (legs, lines) in components(edges) {
            if let ([leg], [line]) = (legs.as_slice(), lines.as_slice()) {
                self.settle(*leg, *line, how);
            } else if let Some(pairs) = self.by_day(&legs, &lines, edges) {
                for (leg, line) in pairs {
                    self.settle(leg, line, how);
                }
            } else {
                for leg in legs {
                    let own = edges.iter().filter(|(one, _)| *one == leg);
                    self.found.legs[leg] = Match::Among(own.map(|(_, line)| *line).collect());
                }
                self.found.ambiguous.extend(lines);
            }
        }
    }

    /// Each leg with the one line of its very day, where that leaves nobody over.
    fn by_day(
        &self,
        legs: &[usize],
        lines: &[usize],
        edges: &[(usize, usize)],
    ) -> Option<Vec<(usize, usize)>> {
        let is_of_day = |(leg, line): &&(usize, usize)| {
            legs.contains(leg) && self.legs[*leg].due == self.line(*line).booked
        };
        let pairs: Vec<(usize, usize)> = edges.iter().filter(is_of_day).copied().collect();
        let of_legs: BTreeSet<usize> = pairs.iter().map(|(leg, _)| *leg).collect();
        let of_lines: BTreeSet<usize> = pairs.iter().map(|(_, line)| *line).collect();
        let counts = [legs.len(), lines.len(), of_legs.len(), of_lines.len()];
        counts.iter().all(|count| *count == pairs.len()).then_some(pairs)
    }
}

/// Legs and lines that hang together, each group with both in order.
fn components(edges: &[(usize, usize)]) -> Vec<(Vec<usize>, Vec<usize>)> {
    let (mut of_leg, mut of_line): (BTreeMap<usize, Vec<usize>>, BTreeMap<usize, Vec<usize>>) =
        Default::default();
    for (leg, line) in edges {
        of_leg.entry(*leg).or_default().push(*line);
        of_line.entry(*line).or_default().push(*leg);
    }
    let mut seen: BTreeSet<usize> = BTreeSet::new();
    let mut found = Vec::new();
    for start in of_leg.keys() {
        if seen.contains(start) {
            continue;
        }
        let (mut legs, mut lines) = (BTreeSet::from([*start]), BTreeSet::new());
        let mut waiting = vec![*start];
        while let Some(leg) = waiting.pop() {
            for line in &of_leg[&leg] {
                lines.insert(*line);
                let others = of_line[line].iter().copied();
                let new: Vec<usize> = others.filter(|other| legs.insert(*other)).collect();
                waiting.extend(new);
            }
        }
        seen.extend(&legs);
        found.push((legs.into_iter().collect(), lines.into_iter().collect()));
    }
    found
}
