//! A counter of work with rate and time to go, on a terminal; silent anywhere else.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Redraws per second: enough to look alive, few enough to cost nothing.
const REDRAWS_PER_S: u8 = 10;

/// One line that counts.
#[derive(Debug, Clone)]
pub struct Progress {
    bar: ProgressBar,
}

impl Progress {
    pub(super) fn new(what: &str, total: Option<u64>, visible: bool) -> Self {
        let target = if visible {
            ProgressDrawTarget::stderr_with_hz(REDRAWS_PER_S)
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(total, target);
        let template = if total.is_some() {
            "{msg:<10} [{bar:30}] {human_pos}/{human_len}  {per_sec}  {eta} left"
        } else {
            "{msg:<10} {spinner} {human_pos}  {per_sec}  {elapsed} so far"
        };
        let style = ProgressStyle::with_template(template).expect("the templates above are valid");
        bar.set_style(style.progress_chars("=> "));
        bar.set_message(what.to_owned());
        Self { bar }
    }

    pub fn add(&self, count: u64) {
        self.bar.inc(count);
    }

    /// Removes the line, so that what follows starts on a clean one.
    pub fn finish(self) {
        self.bar.finish_and_clear();
    }
}
