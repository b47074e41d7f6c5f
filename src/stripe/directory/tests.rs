//! Exports as people have them, whole and broken.

use std::fs;

use serde_json::json;
use tempfile::TempDir;

use super::*;

/// Writes an export, reads it, and returns what came, whatever the end.
fn read(files: &[(&str, &str)]) -> (Vec<Batch>, Result<Export, DirectoryError>) {
    let folder = TempDir::new().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    read_at(folder.path())
}

fn read_at(path: &Path) -> (Vec<Batch>, Result<Export, DirectoryError>) {
    let (sink, mut source) = mpsc::channel(2);
    let receiver = std::thread::spawn(move || {
        let mut batches = Vec::new();
        while let Some(batch) = source.blocking_recv() {
            batches.push(batch);
        }
        batches
    });
    let ended = read_export(path, &sink);
    drop(sink);
    (receiver.join().unwrap(), ended)
}

fn ids(batches: &[Batch]) -> Vec<&str> {
    batches.iter().flat_map(|batch| &batch.objects).map(RawObject::id).collect()
}

const CHARGE: &str = r#"{"id":"ch_1","object":"charge","created":5}"#;

#[test]
fn every_documented_form_is_read() {
    let list = format!(r#"{{"object":"list","has_more":false,"data":[{CHARGE}]}}"#);
    let lines = format!("{CHARGE}\n\n{}\n", CHARGE.replace("ch_1", "ch_2"));
    for (name, text, expected) in [
        ("a.json", CHARGE.to_owned(), vec!["ch_1"]),
        ("a.json", format!("[{CHARGE}]"), vec!["ch_1"]),
        ("a.JSON", format!("\n {list}"), vec!["ch_1"]),
        ("deep/er/a.jsonl", lines.clone(), vec!["ch_1", "ch_2"]),
        ("a.ndjson", lines, vec!["ch_1", "ch_2"]),
        ("a.ndjson", format!("{list}\n{list}"), vec!["ch_1", "ch_1"]),
        ("empty.json", "[]".to_owned(), vec![]),
        ("empty.jsonl", String::new(), vec![]),
    ] {
        let (batches, export) = read(&[(name, &text)]);
        assert_eq!(ids(&batches), expected, "{name}: {text}");
        assert_eq!(export.unwrap().objects, expected.len() as u64);
    }
}

#[test]
fn objects_come_byte_for_byte_with_what_is_inside_them() {
    let invoice = r#"{ "object":"invoice","id":"in_1", "x": 1.10,
        "lines":{"object":"list","data":[{"object":"line_item","id":"il_1"}]} }"#;
    let (batches, export) = read(&[("in.json", invoice)]);
    export.unwrap();
    assert_eq!(batches.len(), 1);
    assert_eq!((batches[0].resource, &batches[0].scope), (Resource::Invoices, &Scope::Export));
    assert_eq!(&*batches[0].objects[0].json, invoice);
}

#[test]
fn kinds_that_the_books_do_not_need_are_counted() {
    let text = format!(r#"{CHARGE}{{"id":"evt_1","object":"event"}}"#);
    let (batches, export) = read(&[("a.json", &text), ("b.txt", "not read")]);
    let export = export.unwrap();
    assert_eq!((export.files, export.objects, export.skipped["event"]), (1, 1, 1));
    assert_eq!(ids(&batches), ["ch_1"]);
}

#[test]
fn lists_that_belong_to_an_object_name_it() {
    let member = r#"{"id":"txn_1","object":"balance_transaction"}"#;
    let by_url = format!(
        r#"{{"object":"list","url":"/v1/balance_transactions?limit=100&payout=po_2","data":[{member}]}}"#
    );
    let credit = r#"{"object":"list","url":"/v1/credit_notes/cn_1/lines","data":[{"id":"cnli_1","object":"credit_note_line_item"}]}"#;
    let balance = r#"{"id":"cbtxn_1","object":"customer_balance_transaction","customer":{"id":"cus_1","object":"customer"}}"#;
    let line = r#"{"id":"il_1","object":"line_item","invoice":"in_1"}"#;
    let payout = r#"{"id":"po_9","object":"payout"}"#;
    let (batches, export) = read(&[
        ("1.json", line),
        ("2.json", credit),
        ("3.json", balance),
        ("4.json", &by_url),
        ("5.json", member),
        ("balance_transactions/po_1.jsonl", member),
        ("payouts/po_9.json", payout),
    ]);
    export.unwrap();
    let found: Vec<_> = batches.iter().map(|batch| (batch.resource, batch.scope.clone())).collect();
    let below = |resource, parent: &str| (resource, Scope::Parent(parent.to_owned()));
    assert_eq!(
        found,
        [
            below(Resource::InvoiceLines, "in_1"),
            below(Resource::CreditNoteLines, "cn_1"),
            below(Resource::CustomerBalanceTransactions, "cus_1"),
            below(Resource::PayoutMembers, "po_2"),
            (Resource::BalanceTransactions, Scope::Export),
            below(Resource::PayoutMembers, "po_1"),
            (Resource::Payouts, Scope::Export),
        ]
    );
    assert!(batches.iter().all(|batch| batch.last));
}

#[test]
fn large_files_come_in_batches() {
    let line = |n: usize| json!({"id": format!("ch_{n}"), "object": "charge"}).to_string() + "\n";
    let (batches, export) = read(&[("a.jsonl", &(0..250).map(line).collect::<String>())]);
    assert_eq!(export.unwrap().objects, 250);
    let shape: Vec<_> = batches.iter().map(|batch| (batch.objects.len(), batch.last)).collect();
    assert_eq!(shape, [(100, false), (100, false), (50, true)]);
    assert_eq!(ids(&batches)[249], "ch_249");
}

#[test]
fn a_broken_file_leaves_no_trace_of_the_export() {
    let cut = format!("{CHARGE}\n{}", &CHARGE[..20]);
    let cases = [
        (cut.as_str(), "line 2 ends inside a value that begins after byte 43"),
        ("<!doctype html>\n<title>Log in</title>", "is a web page"),
        ("{\"id\":\"ch_1\",\n oops}", "line 2, column"),
        ("", "breaks off: line 1"),
        ("17", "`17` is no object"),
        ("[1]", "this is no Stripe object"),
        (r#"{"id":"x"}"#, "missing field `object`"),
        (r#"{"object":"charge"}"#, "a charge without `id`"),
        (r#"{"object":"list","data":3}"#, "this is no Stripe object"),
        (r#"{"object":"list"}"#, "a list without `data`"),
        (r#"{"object":"credit_note_line_item","id":"cnli_1"}"#, "does not say whose it is"),
    ];
    for (text, expected) in cases {
        let (batches, export) = read(&[("a_good.json", CHARGE), ("b_bad.json", text)]);
        let message = export.unwrap_err().to_string();
        assert!(message.contains(expected), "{text}: {message}");
        assert!(message.contains("b_bad.json") && message.contains("hint: "), "{message}");
        assert!(batches.is_empty(), "{text}: something was handed on");
    }
}

#[test]
fn a_wrong_path_is_not_an_empty_export() {
    let (_, missing) = read_at(Path::new("/nowhere/at/all"));
    assert!(matches!(missing, Err(DirectoryError::Unreadable { .. })));
    let (_, empty) = read(&[("readme.txt", "")]);
    assert!(matches!(empty, Err(DirectoryError::Empty { .. })));
}
