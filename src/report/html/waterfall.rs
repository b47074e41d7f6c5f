//! The roll-forward as a waterfall: each bar starts where the one before it ended.
//!
//! Positions are integers in the picture's own units: no float is needed to draw money.

use maud::{Markup, html};

use crate::money::Amount;
use crate::reconcile::{LineKind, Statement};

const WIDTH: i64 = 640;
const LABEL_WIDTH: i64 = 210;
const AMOUNT_WIDTH: i64 = 120;
const ROW_HEIGHT: i64 = 24;
const BAR_HEIGHT: i64 = 14;

/// One bar, in minor units.
struct Bar<'a> {
    label: &'a str,
    amount: Amount,
    from: i64,
    to: i64,
    kind: LineKind,
}

/// The picture; the table below it says the same in figures.
pub(super) fn picture(statement: &Statement) -> Markup {
    let bars = bars(statement);
    let low = bars.iter().map(|bar| bar.from.min(bar.to)).min().unwrap_or(0).min(0);
    let high = bars.iter().map(|bar| bar.from.max(bar.to)).max().unwrap_or(0).max(0);
    let room = WIDTH - LABEL_WIDTH - AMOUNT_WIDTH;
    let span = i128::from((high - low).max(1));
    let x = |minor: i64| {
        let share = i128::from(minor - low) * i128::from(room) / span;
        LABEL_WIDTH + i64::try_from(share).expect("a share of the room fits")
    };
    let height = ROW_HEIGHT * i64::try_from(bars.len()).expect("a page of bars") + 4;
    html! {
        figure {
            svg viewBox=(format!("0 0 {WIDTH} {height}")) role="img"
                aria-label=(format!("Waterfall: {}", statement.title)) {
                line.axis x1=(x(0)) x2=(x(0)) y1="0" y2=(height) {}
                @for (place, bar) in bars.iter().enumerate() {
                    @let top = ROW_HEIGHT * i64::try_from(place).expect("a page of bars");
                    @let left = x(bar.from.min(bar.to));
                    text.label x=(LABEL_WIDTH - 10) y=(top + 16) text-anchor="end" { (short(bar.label)) }
                    rect class=(class(bar)) x=(left) y=(top + 5) height=(BAR_HEIGHT) rx="2"
                        width=((x(bar.from.max(bar.to)) - left).max(1)) {}
                    text.value x=(WIDTH - 4) y=(top + 16) text-anchor="end" { (bar.amount) }
                }
            }
        }
    }
}

fn bars(statement: &Statement) -> Vec<Bar<'_>> {
    let mut reached = 0;
    statement
        .lines
        .iter()
        .filter(|line| line.kind != LineKind::Observed && !line.amount.is_zero())
        .map(|line| {
            let minor = line.amount.minor();
            let from = if line.kind == LineKind::Term { reached } else { 0 };
            let to = from + minor;
            reached = to;
            Bar { label: &line.label, amount: line.amount, from, to, kind: line.kind }
        })
        .collect()
}

fn class(bar: &Bar) -> &'static str {
    match bar.kind {
        LineKind::Term if bar.amount.is_negative() => "bar out",
        LineKind::Term => "bar in",
        LineKind::Total | LineKind::Observed => "bar sum",
    }
}

fn short(label: &str) -> &str {
    label.strip_suffix(", net of fees").unwrap_or(label)
}
