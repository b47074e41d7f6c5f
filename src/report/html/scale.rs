//! From minor units to places on an axis, broken once where nothing happens for a long stretch.
//!
//! Charges and payouts of a company are so large beside fees and refunds that on one axis only the
//! two would be seen. Places are ten-thousandths of the axis: no float is needed to draw money.

/// The whole axis.
const WHOLE: i64 = 10_000;
/// A stretch longer than this share of the axis, in which no bar begins or ends, is cut out.
const LONG: i64 = 5_500;
/// What is left of it: enough that what crosses it still looks longer than what does not.
const BREAK: i64 = 2_800;
/// What the shorter side gets at least, so that small balances can be seen.
const SIDE_MIN: i64 = 1_200;

/// An axis from the lowest to the highest of its points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) struct Scale {
    low: i64,
    high: i64,
    cut: Option<Cut>,
}

/// What is cut out, and where the break is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cut {
    from: i64,
    to: i64,
    /// The place at which the break begins.
    at: i64,
}

impl Scale {
    /// The axis on which every point lies; nought is always one.
    pub(in crate::report) fn new(points: impl IntoIterator<Item = i64>) -> Self {
        let mut points: Vec<i64> = points.into_iter().chain([0]).collect();
        points.sort_unstable();
        points.dedup();
        let (low, high) = (points[0], points[points.len() - 1]);
        let whole = Self { low, high, cut: None };
        let gap = points.windows(2).max_by_key(|pair| pair[1] - pair[0]);
        let Some(&[from, to]) = gap else { return whole };
        if points.len() < 4 || share(to - from, high - low, WHOLE) < LONG {
            return whole;
        }
        let left = share(from - low, (from - low) + (high - to), WHOLE - BREAK);
        let at = left.clamp(SIDE_MIN, WHOLE - BREAK - SIDE_MIN);
        Self { low, high, cut: Some(Cut { from, to, at }) }
    }

    /// The place of a point.
    pub(in crate::report) fn place(&self, point: i64) -> i64 {
        match self.cut {
            None => share(point - self.low, self.high - self.low, WHOLE),
            Some(Cut { from, at, .. }) if point <= from => {
                share(point - self.low, from - self.low, at)
            }
            Some(Cut { to, at, .. }) => {
                let start = at + BREAK;
                start + share(point - to, self.high - to, WHOLE - start)
            }
        }
    }

    /// The place and the width of the break, where there is one.
    pub(in crate::report) fn break_at(&self) -> Option<(i64, i64)> {
        self.cut.map(|cut| (cut.at, BREAK))
    }
}

/// `part` of `whole`, as so much of `room`. A whole of nothing has its parts at the end.
fn share(part: i64, whole: i64, room: i64) -> i64 {
    if whole == 0 {
        return room;
    }
    let share = i128::from(part) * i128::from(room) / i128::from(whole);
    i64::try_from(share).expect("a share of the room fits")
}

/// Ten-thousandths as CSS reads them: `12.34%`.
pub(in crate::report) fn percent(places: i64) -> String {
    format!("{}.{:02}%", places / 100, places % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_axis_is_linear_and_a_long_empty_stretch_is_cut_out() {
        let plain = Scale::new([100, 50, 80]);
        assert_eq!([0, 50, 100].map(|point| plain.place(point)), [0, 5_000, 10_000]);
        assert_eq!(plain.break_at(), None);
        // Charges of 25,000, a few small things, a payout down to 47.
        let cut = Scale::new([2_500_000, 2_420_000, 2_440_000, 4_753]);
        let (at, width) = cut.break_at().unwrap();
        assert!(cut.place(4_753) <= at && cut.place(2_420_000) >= at + width);
        assert!(cut.place(2_440_000) - cut.place(2_420_000) > 1_000, "the small bars are seen");
        assert_eq!(cut.place(2_500_000), WHOLE);
    }

    #[test]
    fn order_is_kept_whatever_the_points_are() {
        for points in [vec![], vec![0], vec![-5, 7], vec![i64::MIN / 4, 3, i64::MAX / 4]] {
            let scale = Scale::new(points.clone());
            let mut sorted = points;
            sorted.push(0);
            sorted.sort_unstable();
            let places: Vec<i64> = sorted.iter().map(|point| scale.place(*point)).collect();
            assert!(places.is_sorted() && places.iter().all(|p| (0..=WHOLE).contains(p)));
        }
    }
}
