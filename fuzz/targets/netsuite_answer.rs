//! Any answer of NetSuite to any request: queries, look-ups, creations, jobs, tokens.
//!
//! The first byte is the request, the second the status; the rest is a header line, a zero, the body.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tieout::calendar::{FixedClock, UnixTime};
use tieout::ids::ExternalId;
use tieout::net::transport::{BoxFuture, HttpRequest, HttpResponse, Transport, TransportError};
use tieout::netsuite::auth::Authenticator;
use tieout::netsuite::auth::tba::TbaCredentials;
use tieout::netsuite::client::{Client, Limits};
use tieout::netsuite::masters::masters;
use tieout::netsuite::readback::Reader;
use tieout::netsuite::record::{RecordGroup, RecordKind};
use tieout::netsuite::references::References;

/// Gives the same answer once, then refuses: no walk through pages is endless.
struct Once(Mutex<Option<HttpResponse>>);

impl Transport for Once {
    fn send(&self, _request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        let answer = self.0.lock().unwrap().take();
        let gone = HttpResponse { status: 400, headers: Vec::new(), body: Vec::new() };
        Box::pin(async move { Ok(answer.unwrap_or(gone)) })
    }
}

fn client(answer: HttpResponse) -> Client {
    let credentials = TbaCredentials {
        account: "123456_SB1".parse().unwrap(),
        consumer_key: "consumer".into(),
        consumer_secret: "secret".into(),
        token_id: "token".into(),
        token_secret: "secret".into(),
    };
    let auth = Authenticator::tba(credentials, Arc::new(FixedClock(UnixTime(1_700_000_000))));
    let limits = Limits { in_flight_max: 1, timeout: Duration::from_secs(1), retry_delay_ms: 0 };
    Client::new(Arc::new(Once(Mutex::new(Some(answer)))), "https://x.example".into(), auth, limits)
}

pub fn run(bytes: &[u8]) {
    let [request, status, rest @ ..] = bytes else { return };
    let statuses = [200, 202, 204, 400, 401, 403, 404, 500, 503];
    let status = statuses[usize::from(*status) % statuses.len()];
    let mut parts = rest.splitn(2, |byte| *byte == 0);
    let location = String::from_utf8_lossy(parts.next().unwrap_or_default()).into_owned();
    let body = parts.next().unwrap_or_default().to_vec();
    let headers = vec![("location".to_owned(), location)];
    let client = client(HttpResponse { status, headers, body });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let id = ExternalId::new("in_1").unwrap();
    let references = References::default();
    let base_currency = "USD".parse().unwrap();
    runtime.block_on(async {
        let reader = Reader { client: &client, references: &references, base_currency };
        match request % 9 {
            0 => drop(client.suiteql("SELECT id FROM item ORDER BY id", &[]).await),
            1 => drop(client.look_up(RecordKind::Invoice, &id).await),
            2 => drop(client.create(RecordKind::Invoice, "{}").await),
            3 => drop(client.job("/services/rest/async/v1/job/1").await),
            4 => drop(client.start_batch(RecordKind::Invoice, &["{}".into()], "key").await),
            5 => drop(client.governance().await),
            6 => drop(masters(&client, RecordGroup::Item, &["1".into()]).await),
            7 => drop(reader.posted(&["1".into()]).await),
            _ => drop(reader.links(&["1".into()]).await),
        }
    });
}
