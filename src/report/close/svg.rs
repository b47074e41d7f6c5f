//! Pictures of sections, drawn from the very rows of their tables: a label, a bar and a figure in a row,
//! so that they can be read on a phone and without seeing the bars.

use maud::{Markup, html};

use super::shown;
use crate::money::Amount;
use crate::reconcile::close::sheet::{Cell, Head, Picture, Row, Weight};
use crate::report::html::scale::Scale;

/// Bars that are drawn; what is beyond is in the table.
const BARS_MAX: usize = 62;
/// The height of a bar's own drawing.
const HIGH: i64 = 100;

/// One bar, in minor units.
struct Bar {
    label: String,
    amount: Amount,
    from: i64,
    to: i64,
    class: &'static str,
}

/// The picture of a section, where it has one.
pub(super) fn picture(head: &Head, rows: &[Row]) -> Markup {
    match head.picture {
        Picture::None => html! {},
        Picture::Waterfall => bars(head, &waterfall(rows), "Waterfall"),
        Picture::Bars => bars(head, &ages(rows), "Bars"),
        Picture::Days => days(head, rows),
    }
}

fn bars(head: &Head, bars: &[Bar], kind: &str) -> Markup {
    if bars.iter().all(|bar| bar.from == bar.to) {
        return html! {};
    }
    let scale = Scale::new(bars.iter().flat_map(|bar| [bar.from, bar.to]));
    html! {
        div.waterfall role="img" aria-label=(format!("{kind}: {}", head.title)) {
            @for bar in bars { (row(bar, &scale)) }
            @if scale.break_at().is_some() {
                p.note { "The axis is cut where it is hatched: what crosses it is longer than drawn." }
            }
        }
    }
}

fn row(bar: &Bar, scale: &Scale) -> Markup {
    let left = scale.place(bar.from.min(bar.to));
    let width = (scale.place(bar.from.max(bar.to)) - left).max(15);
    html! {
        div.row {
            span.label { (bar.label) }
            span.value { (bar.amount) }
            svg.track viewBox=(format!("0 0 10000 {HIGH}")) preserveAspectRatio="none" aria-hidden="true" {
                rect class=(bar.class) x=(left) y="10" width=(width) height="80" {}
                @if let Some((at, width)) = scale.break_at() {
                    @for stripe in 0..7 {
                        rect.cut x=(at + width * stripe / 7) y="0" width=(width / 28) height=(HIGH) {}
                    }
                }
            }
        }
    }
}

fn waterfall(rows: &[Row]) -> Vec<Bar> {
    let mut reached = 0;
    let mut drawn = Vec::new();
    for (place, row) in rows.iter().enumerate() {
        let Some(amount) = row.amount() else { continue };
        let label = shown(&row.cells[0]).trim_end_matches(", net of fees").to_owned();
        let (from, class) = match row.weight {
            Weight::Term if place == 0 => (0, "sum"),
            Weight::Term if amount.is_negative() => (reached, "out"),
            Weight::Term => (reached, "in"),
            Weight::Total => (0, "sum"),
            _ => continue,
        };
        let to =
            if row.weight == Weight::Total { amount.minor() } else { reached + amount.minor() };
        reached = to;
        drawn.push(Bar { label, amount, from, to, class });
    }
    drawn
}

fn ages(rows: &[Row]) -> Vec<Bar> {
    let items = rows.iter().filter(|row| row.weight == Weight::Item).take(BARS_MAX);
    let bar = |row: &Row| {
        let amount = row.amount()?;
        let words = row.cells.iter().filter(|cell| matches!(cell, Cell::Text(_)));
        let label = words.map(shown).collect::<Vec<_>>().join(", ");
        let class = if amount.is_negative() { "out" } else { "in" };
        Some(Bar { label, amount, from: 0, to: amount.minor(), class })
    };
    items.filter_map(bar).collect()
}

/// Two columns for each day, from nought upwards and downwards.
fn days(head: &Head, rows: &[Row]) -> Markup {
    let items = rows.iter().filter(|row| row.weight == Weight::Item).take(BARS_MAX);
    let day = |row: &Row| {
        let mut amounts = row.cells.iter().filter_map(|cell| match cell {
            Cell::Amount(amount) => Some(*amount),
            _ => None,
        });
        Some((shown(&row.cells[0]), amounts.next()?, amounts.next()?))
    };
    let days: Vec<(String, Amount, Amount)> = items.filter_map(day).collect();
    let (Some(first), Some(last)) = (days.first(), days.last()) else { return html! {} };
    let (first, last) = (first.0.clone(), last.0.clone());
    let of_days = days.iter().flat_map(|(_, one, other)| [one.minor(), other.minor()]);
    let high = of_days.clone().max().unwrap_or(0).max(0);
    let low = of_days.min().unwrap_or(0).min(0);
    if high == low {
        return html! {};
    }
    let y = |minor: i64| {
        let whole = i128::from(high) - i128::from(low);
        let part = (i128::from(high) - i128::from(minor)) * 1_000 / whole;
        i64::try_from(part).expect("a place between the ends")
    };
    let wide = i64::try_from(days.len()).expect("a few days") * 30;
    let titles = [head.columns.get(2), head.columns.get(3)].map(|c| c.map_or("", |c| c.title));
    html! {
        figure.days {
            figcaption {
                span.key { span.dot.in {} (titles[0]) }
                span.key { span.dot.sum {} (titles[1]) }
            }
            svg viewBox=(format!("0 0 {wide} 1000")) preserveAspectRatio="none" role="img"
                aria-label=(format!("{}, {first} to {last}", head.title)) {
                @for (place, (day, one, other)) in (0_i64..).zip(&days) {
                    (column(place * 30 + 3, *one, "in", &y, day, titles[0]))
                    (column(place * 30 + 15, *other, "sum", &y, day, titles[1]))
                }
            }
            div.axis { span { (first) } @if first != last { span { (last) } } }
        }
    }
}

fn column(
    x: i64,
    amount: Amount,
    class: &str,
    y: &dyn Fn(i64) -> i64,
    day: &str,
    what: &str,
) -> Markup {
    let (top, bottom) = (y(amount.minor().max(0)), y(amount.minor().min(0)));
    let height = (bottom - top).max(if amount.is_zero() { 0 } else { 6 });
    html! {
        rect class=(class) x=(x) y=(top) width="11" height=(height) {
            title { (day) ": " (what) " " (amount) }
        }
    }
}
