//! One page of a list: newest first, filters kept, cursors by id.

use std::sync::Arc;

use serde_json::Value;

use super::endpoints::Endpoint;
use super::error::Refusal;
use super::index::Index;
use super::query::{Query, Range};
use super::world::Stored;

/// The objects of a page, and whether there are more behind it.
pub(super) struct Page<'a> {
    pub(super) objects: Vec<&'a Stored>,
    pub(super) has_more: bool,
}

/// The page that a query asks for.
pub(super) fn page<'a>(
    index: &'a Index,
    endpoint: &Endpoint,
    query: &Query,
) -> Result<Page<'a>, Refusal> {
    let objects = index.world.objects(endpoint.kind);
    let candidates = candidates(index, endpoint, query)?;
    let mut places: &[usize] = &candidates;
    if let Some(created) = query.ranges.iter().find(|range| range.field == "created") {
        places = between(places, objects, created);
    }
    let others: Vec<&Range> = query.ranges.iter().filter(|r| r.field != "created").collect();
    let kept: Vec<usize>;
    if !others.is_empty() {
        kept = places
            .iter()
            .copied()
            .filter(|&place| others.iter().all(|range| inside(&objects[place], range)))
            .collect();
        places = &kept;
    }
    cut(index, endpoint, query, places, objects)
}

/// Newest first: everything of the kind, or what the filters leave of it.
fn candidates(
    index: &Index,
    endpoint: &Endpoint,
    query: &Query,
) -> Result<Arc<Vec<usize>>, Refusal> {
    if let Some(payout) = &query.payout {
        itemisable(index, payout)?;
        return Ok(index.members(payout));
    }
    let mut sets =
        query.filters.iter().map(|(field, value)| index.with(endpoint.kind, field, value));
    let Some(first) = sets.next() else { return Ok(index.all(endpoint.kind)) };
    let rest: Vec<std::collections::HashSet<usize>> =
        sets.map(|set| set.into_iter().collect()).collect();
    let kept = first.into_iter().filter(|place| rest.iter().all(|set| set.contains(place)));
    Ok(Arc::new(kept.collect()))
}

/// Stripe breaks down automatic payouts only, and only when it has worked them out.
fn itemisable(index: &Index, payout: &str) -> Result<(), Refusal> {
    let Some(stored) = index.world.get("payout", payout) else {
        return Err(Refusal::missing("payout", payout, "payout"));
    };
    let object: Value = serde_json::from_str(&stored.json).unwrap_or_default();
    if object["automatic"] != true {
        let message =
            "Balance transaction history can only be filtered on automatic transfers, not manual.";
        return Err(Refusal::invalid(message, "payout"));
    }
    if object["reconciliation_status"] == "in_progress" {
        return Err(Refusal::payout_not_ready(payout));
    }
    Ok(())
}

fn between<'p>(places: &'p [usize], objects: &[Stored], range: &Range) -> &'p [usize] {
    let start = places.partition_point(|&place| objects[place].created >= range.to);
    let end = places.partition_point(|&place| objects[place].created >= range.from);
    &places[start..end.max(start)]
}

fn inside(stored: &Stored, range: &Range) -> bool {
    let object: Value = serde_json::from_str(&stored.json).unwrap_or_default();
    object[range.field].as_i64().is_some_and(|value| range.from <= value && value < range.to)
}

fn cut<'a>(
    index: &Index,
    endpoint: &Endpoint,
    query: &Query,
    places: &[usize],
    objects: &'a [Stored],
) -> Result<Page<'a>, Refusal> {
    // Where the cursor object stands, or would stand among what the filters leave.
    let position =
        |id: &str, param: &str, behind: bool| {
            let own = index
                .world
                .place(endpoint.kind, id)
                .ok_or_else(|| Refusal::missing(endpoint.kind, id, param))?;
            let key = |place: usize| std::cmp::Reverse((objects[place].created, place));
            let own = key(own);
            Ok::<usize, Refusal>(places.partition_point(|&place| {
                if behind { key(place) <= own } else { key(place) < own }
            }))
        };
    let (start, end) = match (&query.starting_after, &query.ending_before) {
        (Some(id), _) => {
            let start = position(id, "starting_after", true)?;
            (start, (start + query.limit).min(places.len()))
        }
        (None, Some(id)) => {
            let end = position(id, "ending_before", false)?;
            (end.saturating_sub(query.limit), end)
        }
        (None, None) => (0, query.limit.min(places.len())),
    };
    let has_more = if query.ending_before.is_some() { start > 0 } else { end < places.len() };
    Ok(Page {
        objects: places[start..end].iter().map(|&place| &objects[place]).collect(),
        has_more,
    })
}
