//! A counter of work with rate and time to go, on a terminal; silent anywhere else.

use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use crate::money::grouped;

/// Redraws per second: enough to look alive, few enough to cost nothing.
const REDRAWS_PER_S: u8 = 10;

/// One line that counts.
#[derive(Debug, Clone)]
pub struct Progress {
    bar: ProgressBar,
    what: String,
    /// What was counted where the bar itself counts steps: a number of things nobody knows.
    counted: Option<Arc<AtomicU64>>,
}

impl Progress {
    pub(super) fn new(what: &str, total: Option<u64>, visible: bool) -> Self {
        // A bar of nothing would only flicker.
        let target = if visible && total != Some(0) {
            ProgressDrawTarget::stderr_with_hz(REDRAWS_PER_S)
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(Some(total.unwrap_or(0)), target);
        let template = if total.is_some() {
            "{msg:<10} [{bar:30}] {human_pos}/{human_len}  {rate}  {eta} left"
        } else {
            "{msg:<18} [{bar:30}] {human_pos}/{human_len} lists  {eta} left"
        };
        let rate = |state: &ProgressState, text: &mut dyn Write| {
            // What cannot be written is a rate on a screen.
            let _unseen = write!(text, "{}/s", grouped(&format!("{:.0}", state.per_sec())));
        };
        let style = ProgressStyle::with_template(template).expect("the templates above are valid");
        bar.set_style(style.with_key("rate", rate).progress_chars("=> "));
        bar.set_message(what.to_owned());
        let counted = total.is_none().then(Arc::default);
        Self { bar, what: what.to_owned(), counted }
    }

    /// Counts things.
    pub fn add(&self, count: u64) {
        let Some(counted) = &self.counted else { return self.bar.inc(count) };
        let sum = counted.fetch_add(count, Ordering::Relaxed) + count;
        let per_second = sum / self.bar.elapsed().as_secs().max(1);
        let [sum, per_second] = [sum, per_second].map(|number| grouped(&number.to_string()));
        self.bar.set_message(format!("{sum} {} {per_second}/s", self.what));
    }

    /// So many steps more are known to be ahead, of which the bar is made where no total is known.
    pub fn expect(&self, steps: u64) {
        if self.counted.is_some() {
            self.bar.inc_length(steps);
        }
    }

    /// One of them is done.
    pub fn step(&self) {
        if self.counted.is_some() {
            self.bar.inc(1);
        }
    }

    /// Removes the line, so that what follows starts on a clean one.
    pub fn finish(self) {
        self.bar.finish_and_clear();
    }
}
