//! From a company that breaks something to the smallest one found that still does.

use tieout::sandbox::company::{
    CompanySpec, Life, Movements, Payouts, Settlement, Stories, generate,
};

/// Generations that one search may cost; a company is made in milliseconds, what is checked on it
/// may take longer.
const TRIES_MAX: usize = 400;

/// The smallest company found of which `fails` is still true: with no more lives, kinds of payouts,
/// movements and history than it takes. Prints how to make it again.
#[expect(clippy::print_stdout, reason = "what a failed run of the tests shows")]
pub fn shrink(spec: &CompanySpec, fails: impl Fn(&CompanySpec) -> bool) -> CompanySpec {
    let lives = generate(spec).lives;
    let mut search = Search { fails, tries: 0 };
    let mut best = CompanySpec { stories: Stories::Only(lives.clone()), ..spec.clone() };
    if !search.still_fails(&best) {
        println!("{}", describe(spec));
        return spec.clone();
    }
    for simpler in [without_payout_rules, without_movements, without_settlement, without_history] {
        let candidate = simpler(best.clone());
        if candidate != best && search.still_fails(&candidate) {
            best = candidate;
        }
    }
    let smallest = search.fewest(&best, lives);
    best.stories = Stories::Only(smallest);
    println!("{}", describe(&best));
    best
}

/// What to write into a test to make the company again.
pub fn describe(spec: &CompanySpec) -> String {
    format!("seed {}, smallest company found that still fails:\n{spec:#?}", spec.seed)
}

fn without_payout_rules(spec: CompanySpec) -> CompanySpec {
    CompanySpec { payouts: Payouts::default(), ..spec }
}

fn without_movements(spec: CompanySpec) -> CompanySpec {
    CompanySpec { movements: Movements::Usual, ..spec }
}

fn without_settlement(spec: CompanySpec) -> CompanySpec {
    CompanySpec { settlement: Settlement::Usual, ..spec }
}

fn without_history(spec: CompanySpec) -> CompanySpec {
    CompanySpec { history_months: 0, ..spec }
}

struct Search<F> {
    fails: F,
    tries: usize,
}

impl<F: Fn(&CompanySpec) -> bool> Search<F> {
    fn still_fails(&mut self, spec: &CompanySpec) -> bool {
        self.tries += 1;
        self.tries <= TRIES_MAX && (self.fails)(spec)
    }

    /// Leaves out ever smaller runs of lives for as long as it still fails without them.
    fn fewest(&mut self, spec: &CompanySpec, mut lives: Vec<Life>) -> Vec<Life> {
        let mut run = lives.len() / 2;
        while run > 0 {
            let mut start = 0;
            while start < lives.len() {
                let end = (start + run).min(lives.len());
                let rest = [&lives[..start], &lives[end..]].concat();
                let candidate =
                    CompanySpec { stories: Stories::Only(rest.clone()), ..spec.clone() };
                if self.still_fails(&candidate) {
                    lives = rest;
                } else {
                    start = end;
                }
            }
            run /= 2;
        }
        lives
    }
}

#[cfg(test)]
mod tests {
    use tieout::sandbox::company::Story;

    use super::*;

    /// Two stories that only together break something are all that is left, of many.
    #[test]
    fn a_failing_company_shrinks_to_the_stories_that_matter() {
        let spec = CompanySpec::everything(120, 3);
        let breaks = |spec: &CompanySpec| {
            let world = generate(spec).world;
            let has = |kind: &str, text: &str| {
                world.objects(kind).iter().any(|stored| stored.json.contains(text))
            };
            has("dispute", r#""status":"won""#) && has("credit_note", r#""type":"pre_payment""#)
        };
        assert!(breaks(&spec), "the seed has both");
        let smallest = shrink(&spec, breaks);
        let Stories::Only(lives) = &smallest.stories else { panic!("{smallest:?}") };
        assert!(lives.len() <= 2, "{lives:?}");
        assert_eq!(smallest.movements, Movements::Usual);
        assert_ne!(lives[0].story, Story::Monthly);
    }
}
