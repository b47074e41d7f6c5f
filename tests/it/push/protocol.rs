//! The protocol, case by case: what is done about a request whose answer is lost.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use tieout::calendar::{Clock, UnixTime};
use tieout::ledger::RecordState;
use tieout::net::transport::{BoxFuture, HttpRequest, HttpResponse, Transport, TransportError};
use tieout::push::Pushed;
use tieout::sandbox::company::{CompanySpec, generate};
use tieout::sandbox::netsuite::{Kind, NetSuite};

use crate::support::house::{BASE, House, Key, NOW, call, netsuite, prepare};

/// A clock that a test sets.
struct Hand(Mutex<UnixTime>);

impl Clock for Hand {
    fn now(&self) -> UnixTime {
        *self.0.lock().unwrap()
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Trick {
    /// The request never arrives, and the connection breaks.
    LostRequest,
    /// It arrives, and the answer is lost.
    LostAnswer,
    /// It is done much later, when [`Tricky::land`] is called.
    Late,
    /// NetSuite says that it failed, and it did nothing.
    FailedBefore,
    /// From here on there is nobody behind the gateway.
    Gone,
}

/// Plays tricks on the first writes of a push.
struct Tricky {
    netsuite: NetSuite,
    tricks: Mutex<VecDeque<Trick>>,
    kept: Mutex<Vec<HttpRequest>>,
    is_gone: AtomicBool,
    writes: Mutex<Vec<String>>,
}

impl Tricky {
    async fn land(&self) -> Vec<HttpResponse> {
        let kept = std::mem::take(&mut *self.kept.lock().unwrap());
        let mut answers = Vec::new();
        for request in kept {
            answers.push(call(self.netsuite.router(), request).await);
        }
        answers
    }

    async fn exchange(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let is_write = request.body.is_some() && request.url.contains("/record/v1/");
        let trick = is_write.then(|| self.tricks.lock().unwrap().pop_front()).flatten();
        if is_write {
            self.writes.lock().unwrap().push(request.url.clone());
        }
        if trick == Some(Trick::Gone) {
            self.is_gone.store(true, Ordering::SeqCst);
        }
        if self.is_gone.load(Ordering::SeqCst) {
            let page = b"<html><body>Bad gateway</body></html>".to_vec();
            return Ok(HttpResponse { status: 502, headers: Vec::new(), body: page });
        }
        let lost = TransportError::InDoubt { host: "netsuite".into(), cause: "reset".into() };
        match trick {
            None | Some(Trick::Gone) => Ok(call(self.netsuite.router(), request).await),
            Some(Trick::LostRequest) => Err(lost),
            Some(Trick::LostAnswer) => {
                call(self.netsuite.router(), request).await;
                Err(lost)
            }
            Some(Trick::Late) => {
                self.kept.lock().unwrap().push(request);
                Err(lost)
            }
            Some(Trick::FailedBefore) => {
                let body = br#"{"o:errorDetails":[{"detail":"An unexpected error occurred."}]}"#;
                Ok(HttpResponse { status: 500, headers: Vec::new(), body: body.to_vec() })
            }
        }
    }
}

impl Transport for Tricky {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        Box::pin(self.exchange(request))
    }
}

struct Scene {
    house: House,
    netsuite: NetSuite,
    tricky: Arc<Tricky>,
    hand: Arc<Hand>,
    _folder: tempfile::TempDir,
}

/// A small company, one request at a time, so that the tricks meet the same records every time.
async fn scene(tricks: &[Trick]) -> Scene {
    let hand = Arc::new(Hand(Mutex::new(NOW)));
    let clock: Arc<dyn Clock> = Arc::clone(&hand) as Arc<dyn Clock>;
    let key = Key::new();
    let netsuite = netsuite(&key, &clock);
    let tricky = Arc::new(Tricky {
        netsuite: netsuite.clone(),
        tricks: Mutex::new(tricks.iter().copied().collect()),
        kept: Mutex::default(),
        is_gone: AtomicBool::new(false),
        writes: Mutex::default(),
    });
    let client = key.client(Arc::clone(&tricky) as Arc<dyn Transport>, BASE, &clock, 1);
    let folder = tempfile::tempdir().unwrap();
    let company = generate(&CompanySpec::with_charges(6, 3));
    prepare(&company, folder.path(), &client, &clock).await;
    let mut house = House::open(folder.path(), client, clock).await;
    house.grace_s = 16 * 60;
    house.places = 1;
    Scene { house, netsuite, tricky, hand, _folder: folder }
}

impl Scene {
    fn wait(&self, seconds: i64) {
        self.hand.0.lock().unwrap().0 += seconds;
    }

    async fn push(&mut self) -> Pushed {
        self.house.push().await.unwrap()
    }

    /// The first record of the plan: a customer.
    fn first(&mut self) -> String {
        self.house.plan().changes[0].external_id.to_string()
    }
}

/// Were the record sent again, or given up, the customer would be there twice or not at all.
#[tokio::test]
async fn an_answer_that_is_lost_is_looked_up_and_adopted() {
    let mut scene = scene(&[Trick::LostAnswer]).await;
    let first = scene.first();
    let pushed = scene.push().await;
    assert_eq!((pushed.adopted, pushed.failed.len(), pushed.in_doubt.len()), (1, 0, 0));
    assert_eq!(scene.house.row(&first).state, RecordState::Posted);
    let requests = scene.tricky.writes.lock().unwrap().len();
    assert_eq!(requests, pushed.created, "nothing was sent twice");
}

/// Were it sent again at once, a commit that lands later would make a second one.
#[tokio::test]
async fn what_is_not_found_stays_in_doubt_until_netsuite_must_have_given_up() {
    let mut scene = scene(&[Trick::LostRequest]).await;
    let first = scene.first();
    let pushed = scene.push().await;
    assert_eq!(pushed.in_doubt[0].external_id.as_str(), first);
    assert_eq!(scene.house.row(&first).state, RecordState::InDoubt);
    assert!(
        pushed.failed.iter().any(|f| f.held_by.as_ref().is_some_and(|by| by.as_str() == first))
    );
    assert!(pushed.created > 0, "what does not need it was sent");

    scene.wait(15 * 60);
    let early = scene.house.resolve().await.unwrap();
    assert_eq!((early.absent, early.waiting.len()), (0, 1));
    assert!(scene.house.plan().changes.iter().all(|c| c.external_id.as_str() != first));

    scene.wait(2 * 60);
    let late = scene.house.resolve().await.unwrap();
    assert_eq!((late.absent, late.waiting.len()), (1, 0));
    let pushed = scene.push().await;
    assert!(pushed.failed.is_empty() && pushed.in_doubt.is_empty(), "{pushed:?}");
    assert_eq!(scene.house.plan().changes.len(), 0);
}

/// Were the late commit not waited for, the second request would meet it.
#[tokio::test]
async fn a_commit_that_lands_minutes_later_is_found_and_adopted() {
    let mut scene = scene(&[Trick::Late]).await;
    let first = scene.first();
    let pushed = scene.push().await;
    assert_eq!(pushed.in_doubt.len(), 1);
    scene.wait(9 * 60);
    let landed = scene.tricky.land().await;
    assert_eq!(landed[0].status, 204);
    let resolution = scene.house.resolve().await.unwrap();
    assert_eq!((resolution.found, resolution.absent), (1, 0));
    assert_eq!(scene.house.row(&first).state, RecordState::Posted);
    let pushed = scene.push().await;
    assert!(pushed.failed.is_empty() && pushed.in_doubt.is_empty(), "{pushed:?}");
}

/// NetSuite's own 500 says that it stopped: waiting a quarter of an hour would help nobody.
#[tokio::test]
async fn a_failure_that_netsuite_itself_reports_is_looked_up_and_sent_again_at_once() {
    let mut scene = scene(&[Trick::FailedBefore, Trick::FailedBefore]).await;
    let pushed = scene.push().await;
    assert!(pushed.failed.is_empty() && pushed.in_doubt.is_empty(), "{pushed:?}");
    assert_eq!(scene.tricky.writes.lock().unwrap().len(), pushed.created + 2);
}

/// Were the rest sent all the same, a night without NetSuite would put every record in doubt, one
/// after the other, a minute each.
#[tokio::test(start_paused = true)]
async fn a_netsuite_that_no_longer_answers_ends_the_push() {
    let mut scene = scene(&[Trick::Gone]).await;
    let first = scene.first();
    let pushed = scene.push().await;
    assert!(pushed.stopped.is_some(), "{pushed:?}");
    assert_eq!((pushed.created, pushed.in_doubt.len()), (0, 1));
    assert_eq!(scene.tricky.writes.lock().unwrap().len(), 1, "nothing more was sent");
    assert_eq!(scene.house.row(&first).state, RecordState::InDoubt);

    scene.tricky.is_gone.store(false, Ordering::SeqCst);
    scene.wait(17 * 60);
    let pushed = scene.push().await;
    assert!(pushed.failed.is_empty() && pushed.in_doubt.is_empty(), "{pushed:?}");
    assert_eq!(scene.house.plan().changes.len(), 0);
}

/// Were somebody's record overwritten or taken for ours, their books or ours would be wrong.
#[tokio::test]
async fn somebody_elses_record_under_our_id_is_a_conflict_with_what_differs() {
    let mut scene = scene(&[]).await;
    let built = scene.house.plan();
    let invoice = built.changes.iter().find(|c| c.kind.rest_name() == "invoice").unwrap();
    let id = invoice.external_id.to_string();
    let theirs = format!(
        r#"{{"externalId":"{id}","companyName":"Somebody","memo":"by hand",
            "line":{{"items":[{{"account":{{"id":"101"}},"debit":5}},{{"account":{{"id":"119"}},"credit":5}}]}}}}"#
    );
    let theirs = theirs.replace(r#""companyName":"Somebody","#, "");
    let journal = scene.netsuite.create(Kind::JournalEntry, &theirs).unwrap();
    let pushed = scene.push().await;
    let failed = pushed.failed.iter().find(|f| f.external_id.as_str() == id).unwrap();
    assert!(failed.reason.contains("Transaction type specified is incorrect"), "{}", failed.reason);
    assert_eq!(scene.house.row(&id).state, RecordState::Conflict);
    let blocked = scene.house.plan().blocked;
    assert!(blocked.iter().any(|b| b.external_id.as_str() == id), "it stays visible");

    // The other record is given another name: the conflict is over, and the invoice can be sent.
    scene.netsuite.edit(Kind::JournalEntry, journal, r#"{"externalId":"theirs"}"#).unwrap();
    let pushed = scene.push().await;
    assert!(pushed.failed.is_empty(), "{:?}", pushed.failed);
    assert_eq!(scene.house.row(&id).state, RecordState::Posted);
}

/// An equal record that another tool made is taken over; one with another date is shown.
#[tokio::test]
async fn a_record_that_exists_is_adopted_when_equal_and_a_conflict_when_not() {
    for date in ["same", "other"] {
        let mut scene = scene(&[]).await;
        // Everything but the invoices, so that their customers and items exist.
        let built = scene.house.plan();
        let masters: Vec<_> =
            built.changes.iter().filter(|c| !c.kind.is_transaction()).cloned().collect();
        scene.house.send(&masters).await;
        let built = scene.house.plan();
        let invoice = built.changes.iter().find(|c| c.kind.rest_name() == "invoice").unwrap();
        let id = invoice.external_id.to_string();
        let made = scene.netsuite.create(Kind::Invoice, invoice.request.body.get()).unwrap();
        if date == "other" {
            let edit = r#"{"tranDate":"2024-01-05"}"#;
            scene.netsuite.edit(Kind::Invoice, made, edit).unwrap();
        }
        let pushed = scene.push().await;
        let failed = pushed.failed.iter().find(|f| f.external_id.as_str() == id);
        if date == "same" {
            assert_eq!(failed, None);
            assert_eq!(pushed.adopted, 1);
        } else {
            let reason = &failed.unwrap().reason;
            assert!(reason.contains("date:"), "{reason}");
            assert_eq!(scene.house.row(&id).state, RecordState::Conflict);
        }
    }
}
