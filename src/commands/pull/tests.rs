//! A pull against an embedded Stripe that changes: late, deleted, refunded and paid objects, and
//! pulls that are killed.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::*;
use crate::accounting::Policy;
use crate::accounting::chart::Chart;
use crate::accounting::masters::Masters;
use crate::accounting::policy::{Books, Options as PolicyOptions, TaxCodes};
use crate::calendar::{FixedClock, UnixTime};
use crate::config::{self, Overrides};
use crate::ledger::CaseKey;
use crate::money::Currency;
use crate::sandbox::company::{CompanySpec, generate};
use crate::sandbox::stripe::world::World;
use crate::sandbox::stripe::{Options, Stripe};

const DAY_S: i64 = 24 * 3600;
/// 2026-07-01 00:00 UTC.
const START: i64 = 1_782_864_000;

/// A Stripe on loopback and what is needed to pull from it.
struct Bench {
    stripe: Stripe,
    url: String,
    folder: tempfile::TempDir,
    server: tokio::task::JoinHandle<std::io::Result<()>>,
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Bench {
    async fn start(world: World, options: Options) -> Self {
        let stripe = Stripe::new(world, options);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = tokio::spawn(stripe.clone().serve(listener));
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("stripe.key"), "rk_test_bench").unwrap();
        Self { stripe, url, folder, server }
    }

    fn session(&self, ledger: &str, now: i64) -> Session {
        let text = crate::commands::embedded::config_text(
            "acct_1",
            "TSTDRV_1",
            &self.url,
            "http://127.0.0.1:1",
            "none",
        )
        .replace("tieout.db", ledger);
        let config = self.folder.path().join(format!("{ledger}.toml"));
        std::fs::write(&config, text).unwrap();
        let settings = config::load(&config, &Overrides::default()).unwrap();
        Session::new(settings, Arc::new(FixedClock(UnixTime(now))))
    }

    /// Pulls a window, as a run at `now` would.
    async fn pull(&self, ledger: &str, since: i64, until: i64, now: i64) -> Stored {
        let session = self.session(ledger, now);
        let mut open = session.ledger(false).unwrap();
        let window = Window { since: UnixTime(since), until: UnixTime(until) };
        let client = session.stripe().unwrap();
        pull(&session, client, &mut open, window, Ui::new(true)).await.unwrap()
    }

    fn ledger(&self, name: &str) -> Ledger {
        self.session(name, START).existing_ledger().unwrap()
    }

    fn requests(&self, endpoint: &str) -> u64 {
        self.stripe.requests_by_endpoint().get(endpoint).copied().unwrap_or(0)
    }
}

fn empty() -> World {
    World::new(
        &json!({"id": "acct_1", "object": "account"}),
        &json!({"object": "balance", "available": [], "pending": [], "livemode": false}),
    )
}

fn object(id: &str, kind: &str, created: i64, more: Value) -> Value {
    let mut object =
        json!({"id": id, "object": kind, "created": created, "livemode": false, "currency": "usd"});
    if let (Some(fields), Value::Object(more)) = (object.as_object_mut(), more) {
        fields.extend(more);
    }
    object
}

fn charge(id: &str, created: i64, refunded: i64) -> Value {
    let more = json!({"amount": 1_000, "amount_refunded": refunded, "status": "succeeded",
        "captured": true, "customer": "cus_1", "balance_transaction": format!("txn_{id}")});
    object(id, "charge", created, more)
}

fn movement(id: &str, source: &str, kind: &str, amount: i64, created: i64) -> Value {
    let more = json!({"amount": amount, "fee": 0, "net": amount, "fee_details": [],
        "available_on": created, "type": kind, "reporting_category": kind, "source": source,
        "status": "available"});
    object(id, "balance_transaction", created, more)
}

fn invoice(id: &str, created: i64, status: &str) -> Value {
    let more = json!({"status": status, "customer": "cus_1", "total": 1_000,
        "amount_due": 1_000, "amount_paid": 0, "amount_remaining": 1_000,
        "starting_balance": 0, "ending_balance": 0,
        "lines": {"object": "list", "data": [], "has_more": false}, "discounts": []});
    object(id, "invoice", created, more)
}

fn old_world() -> World {
    let mut world = empty();
    world.insert(&object("cus_1", "customer", START - 400 * DAY_S, json!({"balance": 0})));
    world.insert(&charge("ch_old", START - 400 * DAY_S, 0));
    world.insert(&movement("txn_ch_old", "ch_old", "charge", 1_000, START - 400 * DAY_S));
    world.insert(&invoice("in_old", START - 390 * DAY_S, "open"));
    world.insert(&object(
        "dp_old",
        "dispute",
        START - 380 * DAY_S,
        json!({"status": "lost", "charge": "ch_old", "amount": 10, "balance_transactions": []}),
    ));
    world
}

/// Were only the window's lists read, a refund of last year's charge would leave the charge as it
/// was, an invoice paid late would stay open, and a dispute won late would stay lost.
#[tokio::test]
async fn what_happens_to_last_years_objects_reaches_their_case() {
    let bench = Bench::start(old_world(), Options::default()).await;
    bench.pull("a.db", START - 500 * DAY_S, START, START + DAY_S).await;
    {
        let mut ledger = bench.ledger("a.db");
        assert!(ledger.object("ch_old").unwrap().is_some());
        ledger.clear_dirty().unwrap();
    }
    bench.stripe.update(|world| {
        let at = START + DAY_S;
        world.insert(&charge("ch_old", START - 400 * DAY_S, 400));
        let more = json!({"amount": 400, "charge": "ch_old", "status": "succeeded",
            "balance_transaction": "txn_re"});
        world.insert(&object("re_1", "refund", at, more));
        world.insert(&movement("txn_re", "re_1", "refund", -400, at));
        world.insert(&invoice("in_old", START - 390 * DAY_S, "paid"));
        let won = json!({"status": "won", "charge": "ch_old", "amount": 10,
            "balance_transactions": [movement("txn_dp", "dp_old", "dispute_reversal", 10, at)]});
        world.insert(&object("dp_old", "dispute", START - 380 * DAY_S, won));
        world.insert(&movement("txn_dp", "dp_old", "dispute_reversal", 10, at));
    });
    bench.pull("a.db", START, START + 2 * DAY_S, START + 3 * DAY_S).await;
    let mut ledger = bench.ledger("a.db");
    let policy = Policy {
        account: "acct_1".into(),
        start: None,
        zone: crate::calendar::Zone::UTC,
        chart: Chart::default(),
        books: Books {
            base_currency: Currency::USD,
            currencies: BTreeMap::new(),
            subsidiary: None,
        },
        options: PolicyOptions::default(),
        suitetax: TaxCodes::default(),
        masters: Masters::default(),
    };
    let payouts = ledger.payout_index().unwrap();
    let cases = ledger.dirty_cases(&payouts, &policy, &mut || {}).unwrap();
    assert!(cases.contains(&CaseKey::Customer("cus_1".into())), "{cases:?}");
    let text = |id: &str| String::from_utf8(ledger.object(id).unwrap().unwrap()).unwrap();
    assert!(text("ch_old").contains(r#""amount_refunded":400"#));
    assert!(text("in_old").contains(r#""status":"paid""#));
    assert!(text("dp_old").contains(r#""status":"won""#));
}

/// Invoices that stay open are read by the page, not each by itself, which for a large account is
/// minutes of every night. One that is no longer in those lists has changed: were it not asked for, a
/// late payment or a void would never reach the books.
#[tokio::test]
async fn many_open_invoices_are_read_by_the_page_and_what_left_the_lists_by_itself() {
    let mut world = empty();
    world.insert(&object("cus_1", "customer", START - 400 * DAY_S, json!({"balance": 0})));
    let created = |n: i64| START - 300 * DAY_S + n * 3600;
    let payment = |n: i64, status: &str| {
        let more = json!({"invoice": format!("in_{n}"), "status": status});
        object(&format!("inpay_{n}"), "invoice_payment", created(n), more)
    };
    for n in 0..250 {
        let status = if n % 10 == 0 { "uncollectible" } else { "open" };
        world.insert(&invoice(&format!("in_{n}"), created(n), status));
        world.insert(&payment(n, "open"));
    }
    let bench = Bench::start(world, Options::default()).await;
    bench.pull("a.db", START - 400 * DAY_S, START, START + DAY_S).await;
    bench.stripe.update(|world| {
        world.insert(&invoice("in_7", created(7), "paid"));
        world.insert(&payment(7, "paid"));
        world.insert(&invoice("in_8", created(8), "void"));
        world.insert(&invoice("in_9", created(9), "uncollectible"));
        world.remove("invoice", "in_11");
    });
    let before = [bench.requests("invoices"), bench.requests("invoice_payments")];
    let stored = bench.pull("a.db", START, START + 2 * DAY_S, START + 3 * DAY_S).await;
    let after = [bench.requests("invoices"), bench.requests("invoice_payments")];
    let ledger = bench.ledger("a.db");
    let text = |id: &str| String::from_utf8(ledger.object(id).unwrap().unwrap()).unwrap();
    for (id, status) in
        [("in_7", "paid"), ("inpay_7", "paid"), ("in_8", "void"), ("in_9", "uncollectible")]
    {
        assert!(text(id).contains(&format!(r#""status":"{status}""#)), "{id}");
    }
    assert_eq!((stored.changed, stored.new), (4, 0), "nothing else did");
    let asked = [after[0] - before[0], after[1] - before[1]];
    // The window's own page; open, uncollectible and draft ones; the three that left them.
    assert!(asked[0] <= 1 + 3 + 1 + 1 + 3 + 2, "{asked:?} requests");
    assert!(asked[1] <= 1 + 3 + 1 + 2, "{asked:?} requests");
    // A deleted one is not asked for every night.
    let watched = ledger.watched(Window { since: UnixTime(0), until: UnixTime(0) }).unwrap();
    assert!(watched.iter().all(|one| one.id != "in_11" && one.id != "in_7"), "{watched:?}");
    assert_eq!(watched.iter().filter(|one| one.kind == "invoice").count(), 247);
}

/// Refunds and disputes have no list by status. Asked for one by one, those of a large account would be
/// most of a night's requests; one that is left out would be paid or lost and never reach the books.
#[tokio::test]
async fn what_lies_close_together_in_a_list_is_read_by_the_page() {
    let mut world = empty();
    let created = |n: i64| START - 200 * DAY_S + n * 60;
    let refund = |n: i64, status: &str| {
        let more = json!({"amount": 10, "charge": "ch_1", "status": status});
        object(&format!("re_{n}"), "refund", created(n), more)
    };
    world.insert(&charge("ch_1", START - 201 * DAY_S, 2_400));
    for n in 0..240 {
        world.insert(&refund(n, if n % 4 == 0 { "pending" } else { "succeeded" }));
    }
    let bench = Bench::start(world, Options::default()).await;
    bench.pull("a.db", START - 400 * DAY_S, START, START + DAY_S).await;
    bench.stripe.update(|world| world.insert(&refund(8, "failed")));
    let requests = || bench.requests("refunds") + bench.requests("refunds/:id");
    let before = requests();
    let stored = bench.pull("a.db", START, START + 2 * DAY_S, START + 3 * DAY_S).await;
    let asked = requests() - before;
    assert_eq!((stored.changed, stored.new), (1, 0));
    // The window's own page, and three of the old ones, in pieces.
    assert!((2..=8).contains(&asked), "{asked} requests");
    let ledger = bench.ledger("a.db");
    let text = String::from_utf8(ledger.object("re_8").unwrap().unwrap()).unwrap();
    assert!(text.contains(r#""status":"failed""#));
}

/// A ledger that begins this year must still know the charge that a refund takes back.
#[tokio::test]
async fn what_a_new_object_names_is_read_however_old_it_is() {
    let mut world = old_world();
    let more = json!({"amount": 400, "charge": "ch_old", "status": "succeeded"});
    world.insert(&object("re_1", "refund", START, more));
    let note = json!({"invoice": "in_old", "customer": "cus_1", "status": "issued",
        "lines": {"object": "list", "data": [], "has_more": false}});
    world.insert(&object("cn_1", "credit_note", START, note));
    let bench = Bench::start(world, Options::default()).await;
    bench.pull("a.db", START - DAY_S, START + DAY_S, START + 2 * DAY_S).await;
    let ledger = bench.ledger("a.db");
    for id in ["ch_old", "in_old", "cus_1"] {
        assert!(ledger.object(id).unwrap().is_some(), "{id}");
    }
}

#[tokio::test]
async fn a_payouts_members_are_read_once_and_only_when_stripe_can_give_them() {
    let payout = |status: &str| {
        let more = json!({"amount": 500, "arrival_date": START, "automatic": true,
            "status": "paid", "reconciliation_status": status, "balance_transaction": "txn_po"});
        object("po_1", "payout", START, more)
    };
    let mut world = empty();
    world.insert(&payout("in_progress"));
    world.insert(&movement("txn_1", "ch_1", "charge", 500, START));
    world.insert(&movement("txn_po", "po_1", "payout", -500, START));
    world.set_payout("txn_1", "po_1");
    world.set_payout("txn_po", "po_1");
    let bench = Bench::start(world, Options::default()).await;
    bench.pull("a.db", START - DAY_S, START + DAY_S, START + 2 * DAY_S).await;
    assert!(bench.ledger("a.db").payouts_by_member().unwrap().is_empty());
    bench.stripe.update(|world| world.insert(&payout("completed")));
    // The payout is older than the window, and is read again because it was not final.
    bench.pull("a.db", START + DAY_S, START + 2 * DAY_S, START + 3 * DAY_S).await;
    assert_eq!(bench.ledger("a.db").payouts_by_member().unwrap()["txn_1"], "po_1");
    let before = bench.requests("balance_transactions");
    bench.pull("a.db", START + 2 * DAY_S, START + 3 * DAY_S, START + 4 * DAY_S).await;
    let asked = bench.requests("balance_transactions") - before;
    assert_eq!(asked, 2, "the window's own page, and what moved since");
}

/// Objects appear, vanish and change while the lists are walked. What is complete afterwards is what
/// was there before the pull began; what came later is the next pull's.
#[tokio::test]
async fn a_pull_is_complete_while_stripe_changes_between_pages() {
    let mut world = empty();
    for n in 0..1_200 {
        world.insert(&charge(&format!("ch_{n}"), START + n / 3, 0));
    }
    for n in 0..300 {
        world.insert(&invoice(&format!("in_{n}"), START + n, "draft"));
    }
    let latency = Duration::from_millis(5);
    let bench = Bench::start(world, Options { latency, ..Options::default() }).await;
    let stripe = bench.stripe.clone();
    let changing = tokio::spawn(async move {
        for n in 0..12 {
            tokio::time::sleep(Duration::from_millis(4)).await;
            stripe.update(|world| {
                world.insert(&charge(&format!("ch_new_{n}"), START + 10 * DAY_S, 0));
                // Drafts are deleted, cursors among them.
                for place in 0..8 {
                    world.remove("invoice", &format!("in_{}", 299 - n * 8 - place));
                }
                world.insert(&charge(&format!("ch_{n}"), START + n / 3, 7));
            });
        }
    });
    bench.pull("a.db", START, START + DAY_S, START + DAY_S + 600).await;
    changing.await.unwrap();
    let ledger = bench.ledger("a.db");
    let counts: BTreeMap<_, _> = ledger.count_by_kind().unwrap().into_iter().collect();
    assert_eq!(counts["charge"], 1_200);
    for n in 0..204 {
        assert!(ledger.object(&format!("in_{n}")).unwrap().is_some(), "in_{n}");
    }
    assert!(ledger.check().unwrap().findings.is_empty());
    // Late visibility: what appears in a window that was read is found by the look-back.
    bench.stripe.update(|world| world.insert(&charge("ch_late", START + 60, 0)));
    let args = WindowArgs { since: None, until: None };
    let later = bench.session("a.db", START + 2 * DAY_S);
    let window = window(&args, &later, &ledger).unwrap();
    assert_eq!(window.until.0, START + 2 * DAY_S - SAFETY_LAG_S, "nothing younger is closed");
    bench.pull("a.db", window.since.0, window.until.0, START + 2 * DAY_S).await;
    assert!(bench.ledger("a.db").object("ch_late").unwrap().is_some());
}

/// The same facts in the same bytes, whether eighteen months were read at once, by month or by night,
/// and however often a pull was killed. Otherwise the books of a company that began with a backfill
/// would differ from those of one that ran every night.
#[tokio::test]
async fn however_it_is_cut_and_killed_the_ledger_is_the_same() {
    let company = generate(&CompanySpec { months: 18, ..CompanySpec::with_charges(100, 3) });
    let span = |kind: &str| {
        let all = company.world.objects(kind);
        let oldest = all.iter().map(|stored| stored.created).min().unwrap();
        (oldest, company.now.0)
    };
    let (since, until) = span("customer");
    let (since, now) = (since - DAY_S, until + DAY_S);
    let latency = Duration::from_millis(2);
    let bench = Bench::start(company.world, Options { latency, ..Options::default() }).await;
    bench.pull("whole.db", since, until, now).await;
    let whole = bench.ledger("whole.db").stats().unwrap();
    let once = bench.stripe.requests_by_endpoint();

    let months = (until - since) / (30 * DAY_S);
    assert!(months >= 18, "{months} months");
    for (name, days) in [("monthly.db", 30), ("nightly.db", 1)] {
        let mut from = since;
        while from < until {
            let to = (from + days * DAY_S).min(until);
            // As the nightly job does: back over what was read, and on.
            bench.pull(name, (from - LOOK_BACK_S).max(since), to, now).await;
            from = to;
        }
        assert_eq!(bench.ledger(name).stats().unwrap().digest, whole.digest, "{name}");
    }

    // Killed again and again: dropping the future is what death looks like to the ledger.
    let before = bench.stripe.requests_by_endpoint();
    let session = bench.session("killed.db", now);
    let window = Window { since: UnixTime(since), until: UnixTime(until) };
    let mut deaths = 0;
    loop {
        let mut ledger = session.ledger(false).unwrap();
        let client = session.stripe().unwrap();
        let pulling = pull(&session, client, &mut ledger, window, Ui::new(true));
        let patience = Duration::from_millis(10 + 6 * deaths);
        match tokio::time::timeout(patience, pulling).await {
            Ok(ended) => {
                ended.unwrap();
                break;
            }
            Err(_) => deaths += 1,
        }
        assert!(deaths < 400, "it never gets on");
    }
    assert!(deaths >= 3, "it was killed only {deaths} times");
    let killed = bench.ledger("killed.db");
    assert_eq!(killed.stats().unwrap().digest, whole.digest);
    assert!(killed.check().unwrap().findings.is_empty());
    assert!(is_complete(&killed, window).unwrap());
    let after = bench.stripe.requests_by_endpoint();
    for list in ["charges", "invoices", "balance_transactions"] {
        let of = |counts: &BTreeMap<String, u64>| counts.get(list).copied().unwrap_or(0);
        let extra = (of(&after) - of(&before)).saturating_sub(of(&once));
        // What was under way when it died is asked for again, and nothing else.
        let under_way = 22 * deaths;
        assert!(extra <= under_way, "{list}: {extra} more requests for {deaths} deaths");
    }
}
