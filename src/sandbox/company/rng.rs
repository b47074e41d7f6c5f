//! Chance that repeats: the same seed gives the same company on every machine.

/// A bijection of 64 bits in which every input bit reaches every output bit (the finaliser of
/// splitmix64, Steele, Lea and Flood 2014).
pub fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// splitmix64. Each customer has a stream of its own, so that a change of one customer's story
/// leaves all the others as they were.
#[derive(Debug, Clone)]
pub struct Rng(u64);

impl Rng {
    pub fn new(seed: u64, stream: u64) -> Self {
        Self(mix(mix(seed) ^ stream))
    }

    fn next(&mut self) -> u64 {
        let drawn = mix(self.0);
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        drawn
    }

    /// One of `0..bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        let drawn = self.next() % u64::try_from(bound).expect("usize has at most 64 bits");
        usize::try_from(drawn).expect("smaller than a usize")
    }

    /// One of `least..=most`.
    pub fn between(&mut self, least: i64, most: i64) -> i64 {
        let width = u64::try_from(most - least + 1).expect("`least` is not above `most`");
        least + i64::try_from(self.next() % width).expect("smaller than an i64")
    }

    /// True this many times in a hundred.
    pub fn percent(&mut self, chance: usize) -> bool {
        self.below(100) < chance
    }

    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    /// An index into `weights`, drawn in proportion to them.
    pub fn weighted(&mut self, weights: &[usize]) -> usize {
        let mut left = self.below(weights.iter().sum());
        for (index, weight) in weights.iter().enumerate() {
            if left < *weight {
                return index;
            }
            left -= weight;
        }
        unreachable!("what was drawn is below the sum of the weights")
    }
}

/// Makes ids that look like Stripe's and stay unique when case is ignored, as `NetSuite` ignores it.
#[derive(Debug)]
pub struct Ids {
    seed: u64,
    count: u64,
}

impl Ids {
    const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";

    pub fn new(seed: u64) -> Self {
        Self { seed: mix(seed), count: 0 }
    }

    pub fn next(&mut self, prefix: &str) -> String {
        self.count += 1;
        // Distinct counts give distinct numbers because `mix` is a bijection; the capitals are
        // decoration and decide nothing.
        let mut number = mix(self.seed ^ self.count);
        let mut capitals = mix(number);
        let mut id = format!("{prefix}_1");
        for _ in 0..13 {
            let digit = usize::try_from(number % 36).expect("below 36");
            let letter = char::from(Self::DIGITS[digit]);
            id.push(if capitals & 1 == 1 { letter.to_ascii_uppercase() } else { letter });
            number /= 36;
            capitals >>= 1;
        }
        id + "SaltMarsh"
    }

    /// Eight letters and digits, as Stripe puts in front of a customer's invoice numbers.
    pub fn invoice_prefix(&mut self) -> String {
        let id = self.next("");
        id[2..10].to_ascii_uppercase()
    }
}
