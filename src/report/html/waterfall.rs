//! The roll-forward as a waterfall: each bar starts where the one before it ended.

use maud::{Markup, html};

use super::scale::{Scale, percent};
use crate::money::Amount;
use crate::reconcile::{LineKind, Statement};

/// One bar, in minor units.
struct Bar<'a> {
    label: &'a str,
    amount: Amount,
    from: i64,
    to: i64,
    class: &'static str,
}

/// The picture; the table below it says the same in figures.
pub(super) fn picture(statement: &Statement) -> Markup {
    let bars = bars(statement);
    let scale = Scale::new(bars.iter().flat_map(|bar| [bar.from, bar.to]));
    html! {
        div.waterfall role="img" aria-label=(format!("Waterfall: {}", statement.title)) {
            @for bar in &bars { (row(bar, &scale)) }
            @if scale.break_at().is_some() {
                p.note { "The axis is cut where it is hatched: what crosses it is longer than drawn." }
            }
        }
    }
}

fn row(bar: &Bar, scale: &Scale) -> Markup {
    let left = scale.place(bar.from.min(bar.to));
    let width = scale.place(bar.from.max(bar.to)) - left;
    let place = format!("left:{};width:{}", percent(left), percent(width));
    html! {
        div.row {
            span.label { (bar.label) }
            span.value { (bar.amount) }
            span.track {
                span class=(format!("bar {}", bar.class)) style=(place) {}
                @if let Some((at, width)) = scale.break_at() {
                    span.break style=(format!("left:{};width:{}", percent(at), percent(width))) {}
                }
            }
        }
    }
}

/// What moved, between the opening and the closing balance; those two are shown even when they are
/// nothing.
fn bars(statement: &Statement) -> Vec<Bar<'_>> {
    let mut reached = 0;
    let terms = statement.lines.iter().filter(|line| line.kind == LineKind::Term);
    let total = statement.lines.iter().filter(|line| line.kind == LineKind::Total);
    let mut bars = Vec::new();
    for (place, line) in terms.enumerate() {
        let from = reached;
        reached += line.amount.minor();
        let is_opening = place == 0;
        if is_opening || !line.amount.is_zero() {
            let class = match (is_opening, line.amount.is_negative()) {
                (true, _) => "sum",
                (false, true) => "out",
                (false, false) => "in",
            };
            let label = if is_opening { "Opening balance" } else { short(&line.label) };
            bars.push(Bar { label, amount: line.amount, from, to: reached, class });
        }
    }
    for line in total {
        let to = line.amount.minor();
        bars.push(Bar { label: &line.label, amount: line.amount, from: 0, to, class: "sum" });
    }
    bars
}

fn short(label: &str) -> &str {
    label.strip_suffix(", net of fees").unwrap_or(label)
}
