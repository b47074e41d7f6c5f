//! Writing facts back out: JSON lines, byte for byte, that `tieout pull --from` reads again, and one
//! flat CSV per kind.
//!
//! A kind is a file. What no object says is written as the API would answer it: the members of a
//! payout and the lines of a list of their own as lists with their `url`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::Context;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::ledger::Ledger;
use crate::report::spreadsheet::words;

/// Writes everything, or one kind; gives the number of objects.
pub(super) fn write(ledger: &Ledger, folder: &Path, kind: Option<&str>) -> anyhow::Result<usize> {
    std::fs::create_dir_all(folder)
        .with_context(|| format!("the folder {} cannot be made", folder.display()))?;
    let children = ledger.children()?;
    let inside: BTreeSet<&str> = children.iter().map(|(_, id)| id.as_str()).collect();
    let mut count = 0;
    for (name, _) in ledger.count_by_kind()? {
        if kind.is_some_and(|only| only != name) {
            continue;
        }
        count += json_lines(ledger, folder, &name, &inside)?;
        csv_of(ledger, folder, &name)?;
    }
    if kind.is_none() {
        payout_lists(ledger, folder)?;
        line_lists(ledger, folder, &children)?;
    }
    Ok(count)
}

fn file(folder: &Path, name: &str) -> anyhow::Result<BufWriter<File>> {
    Ok(BufWriter::new(create(&folder.join(name))?))
}

pub(super) fn create(path: &Path) -> anyhow::Result<File> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    // Customers' names and amounts: only their owner may read them.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).with_context(|| format!("{} cannot be written", path.display()))
}

fn json_lines(
    ledger: &Ledger,
    folder: &Path,
    kind: &str,
    inside: &BTreeSet<&str>,
) -> anyhow::Result<usize> {
    let mut out = file(folder, &format!("{kind}.jsonl"))?;
    let mut count = 0;
    ledger.for_each_object::<anyhow::Error>(kind, |raw| {
        count += 1;
        let object: Identified = serde_json::from_slice(raw)?;
        if !inside.contains(object.id.as_deref().unwrap_or_default()) {
            out.write_all(raw)?;
            out.write_all(b"\n")?;
        }
        Ok(())
    })?;
    out.flush()?;
    Ok(count)
}

#[derive(Deserialize)]
struct Identified {
    id: Option<String>,
}

/// Top-level fields that are no lists or objects, and the ids of objects.
fn csv_of(ledger: &Ledger, folder: &Path, kind: &str) -> anyhow::Result<()> {
    let mut columns: BTreeSet<String> = BTreeSet::new();
    for_each_flat(ledger, kind, |flat| {
        for name in flat.into_keys() {
            if !columns.contains(&name) {
                columns.insert(name);
            }
        }
        Ok(())
    })?;
    let mut out = csv::Writer::from_writer(file(folder, &format!("{kind}.csv"))?);
    let first = ["id", "created"].into_iter().filter(|name| columns.contains(*name));
    let rest = columns.iter().map(String::as_str).filter(|name| !matches!(*name, "id" | "created"));
    let header: Vec<&str> = first.chain(rest).collect();
    out.write_record(&header)?;
    for_each_flat(ledger, kind, |flat| {
        out.write_record(header.iter().map(|name| flat.get(*name).map_or("", String::as_str)))?;
        Ok(())
    })?;
    out.flush()?;
    Ok(())
}

fn for_each_flat(
    ledger: &Ledger,
    kind: &str,
    mut visit: impl FnMut(BTreeMap<String, String>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    ledger.for_each_object::<anyhow::Error>(kind, |raw| {
        let fields: BTreeMap<String, &RawValue> = serde_json::from_slice(raw)?;
        let flat = fields.into_iter().filter_map(|(name, value)| Some((name, flat(value)?)));
        visit(flat.collect())
    })
}

/// A value as one cell; numbers keep their digits, and a text is never a formula: who wants it byte for
/// byte reads the JSON lines.
fn flat(value: &RawValue) -> Option<String> {
    let text = value.get();
    match text.as_bytes().first()? {
        b'"' => serde_json::from_str::<String>(text).ok().map(|text| words(&text)),
        b'{' => serde_json::from_str::<Identified>(text).ok()?.id,
        b'[' => None,
        _ if text == "null" => Some(String::new()),
        _ => Some(text.to_owned()),
    }
}

fn payout_lists(ledger: &Ledger, folder: &Path) -> anyhow::Result<()> {
    let mut out = file(folder, "payout_members.jsonl")?;
    ledger.for_each_listing::<anyhow::Error>(|payout, members| {
        write_list(&mut out, ledger, &format!("/v1/balance_transactions?payout={payout}"), members)
    })?;
    out.flush()?;
    Ok(())
}

fn line_lists(ledger: &Ledger, folder: &Path, children: &[(String, String)]) -> anyhow::Result<()> {
    let mut by_parent: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (parent, id) in children {
        by_parent.entry(parent).or_default().push(id.clone());
    }
    let mut out = file(folder, "lines.jsonl")?;
    for (parent, ids) in by_parent {
        let noun = match ledger.kind_of(parent)?.as_deref() {
            Some("credit_note") => "credit_notes",
            Some("customer") => "customers",
            _ => "invoices",
        };
        let what = if noun == "customers" { "balance_transactions" } else { "lines" };
        write_list(&mut out, ledger, &format!("/v1/{noun}/{parent}/{what}"), &ids)?;
    }
    out.flush()?;
    Ok(())
}

/// One line: a list as the API answers it.
fn write_list(
    out: &mut impl Write,
    ledger: &Ledger,
    url: &str,
    ids: &[String],
) -> anyhow::Result<()> {
    write!(out, r#"{{"object":"list","url":"{url}","has_more":false,"data":["#)?;
    let mut is_first = true;
    for id in ids {
        let Some(raw) = ledger.object(id)? else { continue };
        if !is_first {
            out.write_all(b",")?;
        }
        is_first = false;
        out.write_all(&raw)?;
    }
    out.write_all(b"]}\n")?;
    Ok(())
}
