//! The crawl against a small Stripe: cursors, boundaries, duplicates, and what goes wrong.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::*;
use crate::calendar::{UnixTime, Window};
use crate::stripe::batch::{RawObject, Scope};
use crate::stripe::error::ErrorKind;
use crate::stripe::testing::Fake;

fn charge(number: i64, created: i64) -> Value {
    json!({"id": format!("ch_{number}"), "object": "charge", "created": created})
}

fn span(since: i64, until: i64) -> Window {
    Window { since: UnixTime(since), until: UnixTime(until) }
}

fn window(since: i64, until: i64) -> Walk {
    Walk::windows(Resource::Charges, vec![span(since, until)])
}

/// Crawls to the end; the batches that came before an error come with it.
async fn collect(fake: &Arc<Fake>, walks: Vec<Walk>) -> (Vec<Batch>, Result<(), CrawlError>) {
    let (sink, mut source) = mpsc::channel(1);
    let client = fake.client();
    let (feed, fed) = mpsc::unbounded_channel();
    for walk in walks {
        feed.send(walk).unwrap();
    }
    drop(feed);
    let crawled = async move { crawl(&client, fed, &sink).await };
    let received = async {
        let mut batches = Vec::new();
        while let Some(event) = source.recv().await {
            if let Event::Batch(batch) = event {
                batches.push(batch);
            }
        }
        batches
    };
    let (ended, batches) = tokio::join!(crawled, received);
    (batches, ended)
}

fn ids(batches: &[Batch]) -> Vec<&str> {
    batches.iter().flat_map(|batch| &batch.objects).map(RawObject::id).collect()
}

#[tokio::test]
async fn pages_follow_the_cursor_and_keep_their_window() {
    let fake = Fake::with((0..250).map(|n| charge(n, 1_000 + n)).collect());
    let (batches, ended) = collect(&fake, vec![window(1_010, 1_240)]).await;
    ended.unwrap();
    let expected: Vec<_> = (10..240).rev().map(|n| format!("ch_{n}")).collect();
    assert_eq!(ids(&batches), expected);
    assert_eq!(batches.iter().map(|batch| batch.last).collect::<Vec<_>>(), [false, false, true]);
    // Each page says how far down the window is complete; the second of its last object is not.
    let complete: Vec<_> = batches.iter().map(|batch| batch.scope.clone()).collect();
    let parts = [span(1_141, 1_240), span(1_041, 1_141), span(1_010, 1_041)];
    assert_eq!(complete, parts.map(Scope::Window));
    let asked = fake.asked();
    let cursors: Vec<_> = asked.iter().map(|asked| asked.param("starting_after")).collect();
    assert_eq!(cursors, [None, Some("ch_140"), Some("ch_40")]);
    for asked in &asked {
        assert_eq!(
            (asked.param("created[gte]"), asked.param("created[lt]")),
            (Some("1010"), Some("1240"))
        );
        assert_eq!((asked.param("limit"), asked.path.as_str()), (Some("100"), "/v1/charges"));
    }
}

/// Were the status sent with the first page only, the others would hold every invoice; were a part
/// of the window called complete, invoices of other statuses would never be read.
#[tokio::test]
async fn a_list_of_one_status_asks_for_it_on_each_page_and_completes_nothing() {
    let fake = Fake::with((0..250).map(|n| charge(n, 1_000 + n)).collect());
    let walk = Walk::with_status(Resource::Invoices, "open", vec![span(1_000, 1_250)]);
    let (batches, ended) = collect(&fake, vec![walk]).await;
    ended.unwrap();
    assert_eq!(ids(&batches).len(), 250);
    assert!(batches.iter().all(|batch| batch.scope == Scope::WithStatus("open")));
    let asked = fake.asked();
    assert_eq!(asked.len(), 3);
    assert!(asked.iter().all(|asked| asked.param("status") == Some("open")));
    assert!(asked.iter().all(|asked| asked.param("created[gte]") == Some("1000")));
}

#[tokio::test]
async fn neighbouring_windows_share_no_second_and_lose_none() {
    let fake = Fake::with((0..300).map(|n| charge(n, 1_000 + n / 100)).collect());
    let windows = vec![span(1_001, 1_003), span(1_000, 1_001)];
    let (batches, ended) = collect(&fake, vec![Walk::windows(Resource::Charges, windows)]).await;
    ended.unwrap();
    let found = ids(&batches);
    assert_eq!(found.len(), 300);
    assert_eq!(found.into_iter().collect::<BTreeSet<_>>().len(), 300);
    assert_eq!(batches.iter().filter(|batch| batch.last).count(), 2);
}

/// Were a second lost at a cut, or the parts that are called complete not the whole window, a pull
/// would be incomplete without anybody noticing.
#[tokio::test]
async fn a_long_list_is_cut_while_it_is_walked_and_is_whole() {
    // Dense at its beginning, empty in the middle, several objects in one second.
    let created = |n: i64| if n < 3_000 { 1_000 + n / 7 } else { 50_000 + n };
    let fake = Fake::with((0..4_000).map(|n| charge(n, created(n))).collect());
    let (batches, ended) = collect(&fake, vec![window(0, 100_000)]).await;
    ended.unwrap();
    let found = ids(&batches);
    assert_eq!(found.iter().collect::<BTreeSet<_>>().len(), 4_000);
    assert!(fake.asked().len() <= 60, "40 pages took {} requests", fake.asked().len());
    let mut parts: Vec<Window> = batches
        .iter()
        .filter_map(|batch| match &batch.scope {
            Scope::Window(window) if window.since < window.until => Some(*window),
            _ => None,
        })
        .collect();
    parts.sort_by_key(|part| part.since);
    assert_eq!((parts[0].since.0, parts[parts.len() - 1].until.0), (0, 100_000));
    assert!(parts.windows(2).all(|pair| pair[0].until == pair[1].since), "{parts:?}");
    let most_at_once = fake.asked().iter().filter(|a| a.param("starting_after").is_none()).count();
    assert!(most_at_once >= 4, "it was walked in {most_at_once} pieces");
}

#[tokio::test]
async fn what_is_shown_twice_is_handed_on_once() {
    let fake = Fake::with(vec![charge(1, 5), charge(2, 4)]);
    let twice = json!({"data": [charge(1, 5), charge(1, 5)], "has_more": true}).to_string();
    fake.then(200, &[], &twice);
    let (batches, ended) = collect(&fake, vec![window(0, 10)]).await;
    ended.unwrap();
    assert_eq!(ids(&batches), ["ch_1", "ch_2"]);
}

#[tokio::test]
async fn a_list_that_repeats_itself_is_not_walked_for_ever() {
    let fake = Fake::with(vec![]);
    for _ in 0..100 {
        fake.then(200, &[], &json!({"data": [charge(1, 5)], "has_more": true}).to_string());
    }
    let (batches, ended) = collect(&fake, vec![window(0, 10)]).await;
    assert!(matches!(ended, Err(CrawlError::Stuck { .. })), "{ended:?}");
    assert!(batches.iter().all(|batch| !batch.last));
}

#[tokio::test]
async fn a_cursor_that_was_deleted_loses_nothing() {
    let all: Vec<_> = (0..250).rev().map(|n| charge(n, 1_000 + n / 2)).collect();
    let fake = Fake::with(all.clone());
    fake.then(200, &[], &json!({"data": all[..99], "has_more": true}).to_string());
    let lost = json!({"code": "resource_missing", "param": "starting_after"});
    fake.then(400, &[], &json!({ "error": lost }).to_string());
    let (batches, ended) = collect(&fake, vec![window(0, 2_000)]).await;
    ended.unwrap();
    let found = ids(&batches);
    assert_eq!(found.len(), 250, "each once");
    assert_eq!(found.into_iter().collect::<BTreeSet<_>>().len(), 250);
    let restart = &fake.asked()[2];
    assert_eq!(restart.param("starting_after"), None);
    assert_eq!(restart.param("created[lt]"), Some("1076"), "the second of the last one seen");
    assert_eq!(restart.param("created[gte]"), Some("0"));
}

#[tokio::test]
async fn an_invoice_is_only_handed_on_after_all_its_lines() {
    let invoice = |id: &str, has_more: bool| {
        json!({"id": id, "object": "invoice", "created": 5,
               "lines": {"object": "list", "data": [], "has_more": has_more}})
    };
    let fake = Fake::with(vec![json!({"id": "il_1", "object": "line_item"})]);
    let page = json!({"data": [invoice("in_1", true), invoice("in_2", false)], "has_more": false});
    fake.then(200, &[], &page.to_string());
    let (batches, ended) = collect(&fake, vec![Walk::whole(Resource::Invoices)]).await;
    ended.unwrap();
    let scopes: Vec<_> = batches.iter().map(|batch| (batch.resource, &batch.scope)).collect();
    let lines_of_first = Scope::Parent("in_1".to_owned());
    assert_eq!(
        scopes,
        [(Resource::InvoiceLines, &lines_of_first), (Resource::Invoices, &Scope::Whole)]
    );
    assert_eq!(ids(&batches), ["il_1", "in_1", "in_2"]);
    let asked = fake.asked();
    assert_eq!(asked[1].path, "/v1/invoices/in_1/lines");
    let expansions: Vec<_> = asked[0].query.iter().filter(|(key, _)| key == "expand[]").collect();
    assert_eq!(expansions.len(), 2);
    assert_eq!(asked[1].param("expand[]"), Some("data.discounts"));
}

#[tokio::test]
async fn payout_members_are_asked_for_by_payout() {
    let fake = Fake::with(vec![json!({"id": "txn_1", "object": "balance_transaction"})]);
    let walk = Walk::below(Resource::PayoutMembers, "po_1");
    let (batches, ended) = collect(&fake, vec![walk]).await;
    ended.unwrap();
    assert_eq!(batches[0].scope, Scope::Parent("po_1".to_owned()));
    assert!(batches[0].last);
    assert_eq!(fake.asked()[0].path, "/v1/balance_transactions");
    assert_eq!(fake.asked()[0].param("payout"), Some("po_1"));
}

#[tokio::test]
async fn an_object_that_is_gone_is_reported_as_an_empty_batch() {
    let fake = Fake::with(vec![]);
    fake.then(404, &[], r#"{"error":{"code":"resource_missing","param":"id"}}"#);
    let (batches, ended) = collect(&fake, vec![Walk::one(Resource::Invoices, "in_9")]).await;
    ended.unwrap();
    assert!(batches[0].objects.is_empty() && batches[0].last);
    assert_eq!(batches[0].scope, Scope::One("in_9".to_owned()));
    assert_eq!(fake.asked()[0].path, "/v1/invoices/in_9");
    assert_eq!(fake.asked()[0].param("expand[]"), Some("discounts"));
}

#[tokio::test]
async fn a_missing_permission_ends_the_crawl_and_completes_nothing() {
    let fake = Fake::with(vec![]);
    fake.then(403, &[], r#"{"error":{"message":"no"}}"#);
    let (batches, ended) = collect(&fake, vec![window(0, 10)]).await;
    let Err(CrawlError::Stripe(error)) = ended else { panic!("{ended:?}") };
    assert_eq!(error.kind, ErrorKind::Permission);
    assert!(batches.is_empty());
}

#[tokio::test]
async fn items_that_are_no_objects_end_the_crawl() {
    let fake = Fake::with(vec![]);
    fake.then(200, &[], r#"{"data":[17],"has_more":false}"#);
    let (batches, ended) = collect(&fake, vec![window(0, 10)]).await;
    assert!(matches!(ended, Err(CrawlError::NotAnObject { .. })), "{ended:?}");
    assert!(batches.is_empty());
}

#[tokio::test]
async fn a_receiver_that_gave_up_ends_the_crawl() {
    let fake = Fake::with(vec![charge(1, 5)]);
    let (sink, source) = mpsc::channel(1);
    drop(source);
    let (feed, fed) = mpsc::unbounded_channel();
    feed.send(window(0, 10)).unwrap();
    let ended = crawl(&fake.client(), fed, &sink).await;
    assert!(matches!(ended, Err(CrawlError::ReceiverGone)), "{ended:?}");
}

#[tokio::test]
async fn objects_are_handed_on_byte_for_byte() {
    let fake = Fake::with(vec![]);
    let verbatim =
        "{\n \"object\":\"charge\", \"id\":\"ch_1\", \"fx\": 1.10000000000000000001, \"n\": null }";
    fake.then(200, &[], &format!("{{\"has_more\":false,\"data\":[ {verbatim} ]}}"));
    let (batches, ended) = collect(&fake, vec![window(0, 10)]).await;
    ended.unwrap();
    assert_eq!(&*batches[0].objects[0].json, verbatim);
}
