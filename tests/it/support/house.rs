//! A company's ledger and an embedded NetSuite, put together as the commands do it, with whatever
//! transport and clock a test wants between them.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use axum::Router;
use axum::body::Body;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http_body_util::BodyExt;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use tieout::accounting::Policy;
use tieout::accounting::chart::{Chart, Role};
use tieout::accounting::masters::Masters;
use tieout::accounting::policy::{Books, BooksCurrency, Options, TaxCodes};
use tieout::calendar::{Clock, UnixTime};
use tieout::ids::{ExternalId, InternalId};
use tieout::ledger::{Ledger, RecordRow, RecordState};
use tieout::net::transport::{BoxFuture, HttpRequest, HttpResponse, Transport, TransportError};
use tieout::netsuite::auth::Authenticator;
use tieout::netsuite::auth::m2m::{M2mCredentials, SigningKey};
use tieout::netsuite::client::{Client, Limits};
use tieout::netsuite::error::NetSuiteError;
use tieout::netsuite::references::References;
use tieout::plan::build::Built;
use tieout::plan::{Change, Inputs, Standing, build};
use tieout::push::check::{check, deposits};
use tieout::push::strangers::strangers;
use tieout::push::witness::Witness;
use tieout::push::{Mode, Pushed, Pusher, Resolution, resolve_unfinished};
use tieout::reconcile::drift::Drift;
use tieout::sandbox::company::Company;
use tieout::sandbox::netsuite::{Algorithm, ClientSetup, NetSuite, Setup};

use super::{derive_all, ledger_of_at};

/// Where requests seem to go; a transport in this process ignores it.
pub const BASE: &str = "http://127.0.0.1:1";

/// The integration of the tests: its key, and what NetSuite knows of it.
#[derive(Clone)]
pub struct Key {
    pem: String,
    pub setup: ClientSetup,
}

impl Key {
    pub fn new() -> Self {
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let random = SystemRandom::new();
        let der = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        let body = BASE64_STANDARD.encode(der.as_ref());
        Self::of(format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n"))
    }

    /// The key that was kept as a file.
    pub fn of(pem: String) -> Self {
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
        let der = BASE64_STANDARD.decode(body).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, &der, &SystemRandom::new()).unwrap();
        let setup = ClientSetup {
            client_id: "tests".into(),
            certificate_id: "tests-certificate".into(),
            algorithm: Algorithm::Es256,
            public_key: BASE64_STANDARD.encode(pair.public_key().as_ref()),
        };
        Self { pem, setup }
    }

    pub fn pem(&self) -> &str {
        &self.pem
    }

    pub fn client(
        &self,
        transport: Arc<dyn Transport>,
        base: &str,
        clock: &Arc<dyn Clock>,
        places: usize,
    ) -> Arc<Client> {
        let key = SigningKey::from_pem(&self.pem).unwrap();
        let credentials = M2mCredentials {
            client_id: self.setup.client_id.clone(),
            certificate_id: self.setup.certificate_id.clone(),
            key,
        };
        let auth = Authenticator::m2m(credentials, base, Arc::clone(clock));
        let limits = Limits { in_flight_max: places, retry_delay_ms: 200, ..Limits::default() };
        Arc::new(Client::new(transport, base.into(), auth, limits))
    }
}

/// An embedded NetSuite in memory that the key opens.
pub fn netsuite(key: &Key, clock: &Arc<dyn Clock>) -> NetSuite {
    let mut setup = Setup::demo().with_client(key.setup.clone());
    setup.concurrency = 50;
    let netsuite = NetSuite::open(None, &setup).unwrap();
    netsuite.set_clock(Arc::clone(clock));
    netsuite
}

/// Hands requests to a router in this process.
#[derive(Clone)]
pub struct InProcess(pub Router);

impl Transport for InProcess {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        let router = self.0.clone();
        Box::pin(async move { Ok(call(router, request).await) })
    }
}

/// One request to a router.
pub async fn call(router: Router, request: HttpRequest) -> HttpResponse {
    use tower::ServiceExt;
    let mut builder =
        axum::http::Request::builder().method(request.method.as_str()).uri(&request.url);
    for (name, value) in &request.headers {
        builder = builder.header(name, value);
    }
    let body = Body::from(request.body.unwrap_or_default());
    let response = router.oneshot(builder.body(body).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let headers = parts
        .headers
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), value.to_str().unwrap().to_owned()));
    HttpResponse {
        status: parts.status.as_u16(),
        headers: headers.collect(),
        body: body.collect().await.unwrap().to_bytes().to_vec(),
    }
}

/// The ledger of `company` in `folder`, with every case derived under the policy of the books.
pub async fn prepare(company: &Company, folder: &Path, client: &Client, clock: &Arc<dyn Clock>) {
    let references = References::fetch(client).await.unwrap();
    let mut ledger = ledger_of_at(&company.world, folder, Arc::clone(clock));
    derive_all(&mut ledger, &policy(&references));
}

/// Everything a push needs.
pub struct House {
    pub ledger: Ledger,
    pub client: Arc<Client>,
    pub clock: Arc<dyn Clock>,
    pub grace_s: i64,
    pub places: usize,
    pub mode: Mode,
    /// As they were when the house was opened.
    pub references: References,
    /// The usual policy of these tests, unless one sets another.
    pub policy: Policy,
}

impl House {
    /// The ledger that [`prepare`] left in `folder`.
    pub async fn open(folder: &Path, client: Arc<Client>, clock: Arc<dyn Clock>) -> Self {
        let references = References::fetch(&client).await.unwrap();
        let ledger = Ledger::open_existing(&folder.join("tieout.db"), Arc::clone(&clock)).unwrap();
        let policy = policy(&references);
        let mode = Mode::Single;
        Self { ledger, client, clock, grace_s: 0, places: 4, mode, references, policy }
    }

    pub fn witness(&self) -> Arc<Witness> {
        Arc::new(Witness::new(Arc::clone(&self.client), self.references.clone(), &self.policy))
    }

    pub async fn resolve(&mut self) -> Result<Resolution, NetSuiteError> {
        let witness = self.witness();
        let now = self.clock.now();
        resolve_unfinished(&mut self.ledger, &witness, self.grace_s, now).await.unwrap()
    }

    /// What would be sent now.
    pub fn plan(&mut self) -> Built {
        let policy = self.policy.clone();
        let conflicts = self.ledger.conflicts().unwrap();
        let rows = self.ledger.records_to_plan().unwrap();
        let standings = rows.into_iter().map(|row| Standing {
            in_doubt: matches!(row.state, RecordState::Sending | RecordState::InDoubt),
            conflict: conflicts.get(&row.external_id).cloned(),
            external_id: row.external_id,
            desired: row.desired,
            posted: row.posted.zip(row.internal_id),
        });
        let ledger = &self.ledger;
        let known =
            |id: &ExternalId| !ledger.internal_ids(std::slice::from_ref(id)).unwrap().is_empty();
        let inputs = Inputs {
            exceptions: &[],
            held_before: &[],
            chart: &policy.chart,
            periods: &self.references.periods,
            closed_period: policy.options.closed_period,
            base_currency: policy.books.base_currency,
            places: &policy.books,
            known: &known,
            updates_customers: policy.masters.customers.update,
        };
        let built = build(standings.collect(), &inputs);
        self.ledger.settle(&built.unchanged).unwrap();
        built
    }

    pub async fn send(&mut self, changes: &[Change]) -> Pushed {
        let witness = self.witness();
        let run = self.ledger.start_run("push", "{}").unwrap();
        let mut pusher = Pusher {
            ledger: &mut self.ledger,
            witness,
            clock: Arc::clone(&self.clock),
            run,
            concurrency: self.places,
            grace_s: self.grace_s,
            mode: self.mode,
            stop: Arc::new(AtomicBool::new(false)),
        };
        let pushed = pusher.push(changes, &|| {}).await.unwrap();
        self.ledger.finish_run(run, 0, "").unwrap();
        pushed
    }

    /// Looks up what is in doubt, plans, and sends.
    pub async fn push(&mut self) -> Result<Pushed, NetSuiteError> {
        self.resolve().await?;
        let built = self.plan();
        Ok(self.send(&built.changes).await)
    }

    /// Reads everything back, as `tieout verify` does.
    pub async fn verify(&mut self) -> Vec<Drift> {
        let witness = self.witness();
        let rows = self.ledger.records().unwrap();
        let deposits = deposits(&rows);
        let others = strangers(&witness, &rows, None).await.unwrap();
        let posted = rows.into_iter().filter(|row| row.posted.is_some()).collect();
        let checked = check(&mut self.ledger, &witness, posted, Some(&deposits)).await;
        let mut checked = checked.unwrap();
        checked.drifts.extend(others);
        checked.set_accepted_aside(&self.ledger.noted_drifts().unwrap());
        checked.drifts
    }

    pub fn row(&self, id: &str) -> RecordRow {
        let id = ExternalId::new(id).unwrap();
        self.ledger.records_of(&[id]).unwrap().remove(0)
    }
}

/// The books of the embedded NetSuite's demo company, as its configuration names them.
pub fn policy(references: &References) -> Policy {
    let single = [
        (Role::AccountsReceivable, "1100"),
        (Role::UndepositedFunds, "1200"),
        (Role::Revenue, "4000"),
        (Role::ShippingIncome, "4100"),
        (Role::TaxPayable, "2200"),
        (Role::CustomerBalance, "2300"),
        (Role::Discounts, "4900"),
        (Role::BadDebt, "6100"),
        (Role::ProcessingFees, "6000"),
        (Role::StripeFees, "6010"),
        (Role::ApplicationFees, "6020"),
        (Role::DisputeFees, "6030"),
        (Role::NetworkCosts, "6040"),
        (Role::ConversionFees, "6050"),
        (Role::TaxOnFees, "6060"),
        (Role::Reserves, "1260"),
    ];
    let currencies = ["USD", "EUR", "GBP", "JPY", "CAD", "CHF"].map(|code| code.parse().unwrap());
    let banks = currencies.into_iter().zip(["1000", "1010", "1020", "1030", "1040", "1045"]);
    let balances = currencies.into_iter().zip(["1050", "1051", "1052", "1053", "1054", "1055"]);
    let accounts = single
        .into_iter()
        .chain(banks.map(|(currency, number)| (Role::Bank(currency), number)))
        .chain(balances.map(|(currency, number)| (Role::StripeBalance(currency), number)))
        .map(|(role, number)| (role, references.account(number).unwrap().id.clone()));
    let kept = references.currencies.iter();
    let kept = kept.map(|c| (c.code, BooksCurrency { id: c.id.clone(), places: c.places }));
    Policy {
        account: "acct_tests".into(),
        zone: "America/New_York".parse().unwrap(),
        start: None,
        chart: Chart::new(accounts),
        books: Books {
            base_currency: references.base_currency(None).unwrap().code,
            currencies: kept.collect(),
            subsidiary: None,
        },
        options: Options::default(),
        suitetax: TaxCodes::default(),
        masters: Masters::default(),
    }
}

/// Everything NetSuite holds, by external id: two books with the same text are the same books.
pub async fn state(client: &Client) -> Vec<String> {
    let queries = [
        "SELECT t.externalid, t.recordtype, TO_CHAR(t.trandate, 'YYYY-MM-DD') AS d, \
         t.postingperiod, t.foreigntotal, t.exchangerate, t.memo, t.status, c.externalid AS who \
         FROM transaction t LEFT JOIN customer c ON c.id = t.entity \
         WHERE t.externalid IS NOT NULL ORDER BY t.externalid",
        "SELECT t.externalid, tal.account, SUM(tal.amount) AS a FROM transactionaccountingline tal \
         JOIN transaction t ON t.id = tal.transaction GROUP BY t.externalid, tal.account \
         ORDER BY t.externalid, tal.account",
        "SELECT p.externalid AS p, n.externalid AS n, l.linktype, l.foreignamount \
         FROM nexttransactionlinelink l JOIN transaction p ON p.id = l.previousdoc \
         JOIN transaction n ON n.id = l.nextdoc ORDER BY p.externalid, n.externalid",
        "SELECT externalid, entityid, companyname, currency FROM customer ORDER BY externalid",
        "SELECT externalid, itemid, displayname, itemtype, incomeaccount FROM item \
         ORDER BY externalid",
        "SELECT type, COUNT(*) AS n FROM transaction GROUP BY type ORDER BY type",
    ];
    let mut lines = Vec::new();
    for query in queries {
        let rows = client.suiteql(query, &[]).await.unwrap();
        lines.extend(rows.iter().map(|row| format!("{row:?}")));
    }
    lines
}

/// The first difference between two states, for a message that can be read.
pub fn first_difference(expected: &[String], found: &[String]) -> Option<String> {
    let pairs = expected.iter().zip(found);
    for (one, other) in pairs {
        if one != other {
            return Some(format!("expected {one}\nfound    {other}"));
        }
    }
    (expected.len() != found.len())
        .then(|| format!("{} lines expected, {} found", expected.len(), found.len()))
}

/// A copy of everything in a folder.
pub fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let path: PathBuf = entry.unwrap().path();
        std::fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
    }
}

/// NetSuite's id as a number.
pub fn number(id: &InternalId) -> i64 {
    id.as_str().parse().unwrap()
}

/// Late enough for every generated company.
pub const NOW: UnixTime = UnixTime(1_800_000_000);

/// The clock of tokio, so that the ledger and NetSuite live in virtual time too.
pub struct Virtual(tokio::time::Instant);

impl Virtual {
    /// It is [`NOW`], and time goes on as tokio says.
    pub fn new() -> Self {
        Self(tokio::time::Instant::now())
    }
}

impl Clock for Virtual {
    fn now(&self) -> UnixTime {
        UnixTime(NOW.0 + i64::try_from(self.0.elapsed().as_secs()).unwrap())
    }
}
