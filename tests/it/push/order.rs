//! Order: what may fly together, what waits for what, and what a failure holds back.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tieout::calendar::Clock;
use tieout::ledger::RecordState;
use tieout::net::transport::{BoxFuture, HttpRequest, HttpResponse, Transport, TransportError};
use tieout::push::Mode;
use tieout::sandbox::company::{Company, CompanySpec, generate};
use tieout::sandbox::netsuite::{Kind, NetSuite};

use crate::support::house::{
    BASE, House, Key, Virtual, call, first_difference, netsuite, prepare, state,
};

/// Takes half a second for everything, and writes down what was under way at once.
struct Watched {
    netsuite: NetSuite,
    under_way: Mutex<HashMap<String, usize>>,
    /// The most requests at once, in all and for one customer.
    most: Mutex<(usize, usize)>,
    writes: Mutex<usize>,
}

/// Whose open documents a write changes, by what its body says.
fn customer_of(request: &HttpRequest) -> Option<String> {
    let body: Value = serde_json::from_slice(request.body.as_deref()?).ok()?;
    let named = body.get("entity").or_else(|| body.get("customer"))?;
    Some(named.get("externalId")?.as_str()?.to_owned())
}

impl Watched {
    async fn exchange(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        if !request.url.contains("/record/v1/") {
            return Ok(call(self.netsuite.router(), request).await);
        }
        let customer = customer_of(&request).unwrap_or_default();
        {
            *self.writes.lock().unwrap() += 1;
            let mut under_way = self.under_way.lock().unwrap();
            *under_way.entry(customer.clone()).or_default() += 1;
            let all = under_way.values().sum();
            let same = under_way.iter().filter(|(name, _)| !name.is_empty());
            let same = same.map(|(_, count)| *count).max().unwrap_or(0);
            let mut most = self.most.lock().unwrap();
            *most = (most.0.max(all), most.1.max(same));
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
        let answer = call(self.netsuite.router(), request).await;
        *self.under_way.lock().unwrap().get_mut(&customer).unwrap() -= 1;
        Ok(answer)
    }
}

impl Transport for Watched {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        Box::pin(self.exchange(request))
    }
}

struct Scene {
    house: House,
    netsuite: NetSuite,
    watched: Arc<Watched>,
    _folder: tempfile::TempDir,
}

async fn scene(company: &Company, places: usize) -> Scene {
    let clock: Arc<dyn Clock> = Arc::new(Virtual::new());
    let key = Key::new();
    let netsuite = netsuite(&key, &clock);
    let watched = Arc::new(Watched {
        netsuite: netsuite.clone(),
        under_way: Mutex::default(),
        most: Mutex::default(),
        writes: Mutex::default(),
    });
    let client = key.client(Arc::clone(&watched) as Arc<dyn Transport>, BASE, &clock, places);
    let folder = tempfile::tempdir().unwrap();
    prepare(company, folder.path(), &client, &clock).await;
    let mut house = House::open(folder.path(), client, clock).await;
    house.places = places;
    Scene { house, netsuite, watched, _folder: folder }
}

fn company() -> Company {
    generate(&CompanySpec::with_charges(40, 8))
}

/// Two writes at once to one customer's documents would make NetSuite refuse one; fewer requests
/// than allowed would waste the night.
#[tokio::test(start_paused = true)]
async fn every_place_is_used_and_no_customer_is_written_to_twice_at_once() {
    let mut scene = scene(&company(), 8).await;
    let pushed = scene.house.push().await.unwrap();
    assert!(pushed.failed.is_empty(), "{:?}", pushed.failed);
    assert_eq!(*scene.watched.most.lock().unwrap(), (8, 1));
}

/// Were more held back than must be, one bad customer would stop the night; were less, records
/// would be refused for want of it.
#[tokio::test(start_paused = true)]
async fn a_failure_holds_back_what_needs_it_and_nothing_else() {
    let mut scene = scene(&company(), 4).await;
    let built = scene.house.plan();
    let all: BTreeSet<String> = built.changes.iter().map(|c| c.external_id.to_string()).collect();
    // A customer with an invoice, whose number somebody else's customer has already.
    let needed = built.changes.iter().filter(|c| c.kind.is_transaction());
    let needed: BTreeSet<_> = needed.flat_map(|c| c.record.body.needs()).collect();
    let bad = built
        .changes
        .iter()
        .find(|c| c.kind.rest_name() == "customer" && needed.contains(&c.external_id));
    let bad = bad.unwrap().external_id.clone();
    let theirs = format!(r#"{{"entityId":"{bad}","companyName":"Older","isPerson":false}}"#);
    let theirs = scene.netsuite.create(Kind::Customer, &theirs).unwrap();

    let mut behind: BTreeSet<String> = BTreeSet::from([bad.to_string()]);
    for change in &built.changes {
        if change.record.body.needs().iter().any(|need| behind.contains(need.as_str())) {
            behind.insert(change.external_id.to_string());
        }
    }
    let pushed = scene.house.send(&built.changes).await;
    let failed: BTreeMap<String, Option<String>> = pushed
        .failed
        .iter()
        .map(|f| (f.external_id.to_string(), f.held_by.as_ref().map(ToString::to_string)))
        .collect();
    assert_eq!(failed.keys().cloned().collect::<BTreeSet<_>>(), behind);
    assert_eq!(failed[bad.as_str()], None, "it failed by itself");
    assert!(failed.len() > 1 && pushed.created == all.len() - failed.len());
    assert_eq!(scene.house.row(bad.as_str()).state, RecordState::Failed);
    // The reasons are kept for `tieout status` and `tieout push --retry`.
    assert_eq!(scene.house.ledger.unsent().unwrap().len(), failed.len());

    scene.netsuite.edit(Kind::Customer, theirs, r#"{"entityId":"older"}"#).unwrap();
    let again = scene.house.push().await.unwrap();
    assert_eq!(again.created, failed.len());
    assert_eq!(scene.house.ledger.unsent().unwrap(), []);
}

/// The books do not depend on how the requests travelled, and a batch is one request for many.
#[tokio::test(start_paused = true)]
async fn batches_give_the_same_books_with_fewer_requests() {
    let mut single = scene(&company(), 4).await;
    single.house.push().await.unwrap();
    let expected = state(&single.house.client).await;
    let mut batched = scene(&company(), 4).await;
    batched.house.mode = Mode::Batch;
    let pushed = batched.house.push().await.unwrap();
    assert!(pushed.failed.is_empty() && pushed.in_doubt.is_empty(), "{:?}", pushed.failed);
    assert_eq!(first_difference(&expected, &state(&batched.house.client).await), None);
    let requests = *batched.watched.writes.lock().unwrap();
    assert!(requests * 3 < pushed.created, "{requests} requests for {}", pushed.created);
}

/// A batch whose process died is neither sent again while its job runs nor given up.
#[tokio::test(start_paused = true)]
async fn a_batch_that_was_left_behind_is_resolved_by_its_job() {
    let mut single = scene(&company(), 4).await;
    single.house.push().await.unwrap();
    let expected = state(&single.house.client).await;

    let mut left = scene(&company(), 4).await;
    left.house.mode = Mode::Batch;
    left.house.grace_s = 60;
    left.netsuite.set_latency_ms(400);
    let mut deaths = 0;
    for round in 1..400_u64 {
        let patience = Duration::from_millis(700 + 900 * (round % 9));
        let done = match tokio::time::timeout(patience, left.house.push()).await {
            Ok(pushed) => pushed.unwrap().in_doubt.is_empty(),
            Err(_) => {
                deaths += 1;
                false
            }
        };
        if done && left.house.plan().changes.is_empty() && left.house.plan().blocked.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_secs(3)).await;
    }
    assert!(deaths > 5, "only {deaths}");
    left.netsuite.set_latency_ms(0);
    assert_eq!(first_difference(&expected, &state(&left.house.client).await), None);
}

/// One record of a batch that is refused is named with NetSuite's reason; the others are saved.
#[tokio::test(start_paused = true)]
async fn a_refusal_inside_a_batch_is_about_one_record() {
    let mut scene = scene(&company(), 4).await;
    scene.house.mode = Mode::Batch;
    let built = scene.house.plan();
    let bad = built.changes[0].external_id.clone();
    let theirs = format!(r#"{{"entityId":"{bad}","companyName":"Older","isPerson":false}}"#);
    scene.netsuite.create(Kind::Customer, &theirs).unwrap();
    let pushed = scene.house.send(&built.changes).await;
    let own: Vec<_> = pushed.failed.iter().filter(|f| f.held_by.is_none()).collect();
    assert_eq!(own.len(), 1);
    assert_eq!(own[0].external_id, bad);
    assert!(own[0].reason.contains("already exists"), "{}", own[0].reason);
}
