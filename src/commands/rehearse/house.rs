//! The NetSuite of a rehearsal, as a session uses it: an embedded one on this machine, in a folder of
//! its own with a ledger of its own.
//!
//! A session that rehearses does not know the account's address or key: [`House::enter`] takes them out
//! of its settings before any client is made, and [`OnThisMachine`] carries requests to this machine
//! alone. The account itself is read by `chart`, in a session that does not rehearse.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use anyhow::Context;
use serde::{Deserialize, Serialize};

use super::needs::{account_name, needs, of_configuration};
use crate::calendar::Clock;
use crate::commands::embedded;
use crate::commands::write_private;
use crate::config::{Auth, SecretSource, Settings};
use crate::ledger::Ledger;
use crate::net::base_url::reaches_this_machine_alone;
use crate::net::transport::{BoxFuture, HttpRequest, HttpResponse, Transport, TransportError};
use crate::sandbox::netsuite::{Chart, NetSuite, RecordSetup, Setup};

/// Where nothing answers yet; what answers has a port.
const THIS_MACHINE: &str = "http://127.0.0.1:";

/// The files of a rehearsal in its folder.
const LEDGER: &str = "tieout.db";
const BOOKS: &str = "netsuite.db";
const SET_UP: &str = "netsuite-set-up.json";
/// With what SQLite and the lock put beside them.
pub(super) const STATE: [&str; 9] = [
    LEDGER,
    "tieout.db-wal",
    "tieout.db-shm",
    "tieout.db.lock",
    BOOKS,
    "netsuite.db-wal",
    "netsuite.db-shm",
    "netsuite.pem",
    SET_UP,
];

/// How the embedded NetSuite was set up, kept so that it is opened again as it was made.
#[derive(Serialize, Deserialize)]
struct SetUp {
    assumed: Vec<String>,
    setup: Setup,
}

/// The NetSuite of one rehearsal; it runs from its first use until this is dropped.
pub(in crate::commands) struct House {
    /// As configured, before the account's address was taken out.
    settings: Settings,
    running: OnceLock<Running>,
}

struct Running {
    address: String,
    assumed: Vec<String>,
    server: tokio::task::JoinHandle<std::io::Result<()>>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl House {
    /// Turns the settings into those of a rehearsal: another ledger, another NetSuite.
    pub(in crate::commands) fn enter(settings: &mut Settings) -> Self {
        let own = settings.clone();
        let folder = &own.netsuite.rehearsal;
        settings.ledger = folder.join(LEDGER);
        settings.netsuite.account = account_name(&own);
        settings.netsuite.base_url = Some(THIS_MACHINE.into());
        settings.netsuite.auth = Auth::OAuth2 {
            client_id: embedded::CLIENT_ID.into(),
            certificate_id: embedded::CERTIFICATE_ID.into(),
            certificate_expires: None,
            private_key: SecretSource::File(folder.join(embedded::KEY)),
        };
        // The embedded NetSuite never acts on a request after its client has gone.
        settings.netsuite.grace_s = 0;
        settings.netsuite.concurrency = None;
        Self { settings: own, running: OnceLock::new() }
    }

    /// The folder of the rehearsal, made when it is not there: it will hold real customers.
    pub(in crate::commands) fn make_folder(&self) -> anyhow::Result<()> {
        let folder = &self.settings.netsuite.rehearsal;
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        let made = builder.create(folder);
        made.with_context(|| format!("the folder {} cannot be made", folder.display()))
    }

    /// Where the embedded NetSuite answers; starts it when it does not run yet.
    pub(in crate::commands) fn address(&self, clock: &Arc<dyn Clock>) -> anyhow::Result<&str> {
        Ok(&self.running(clock)?.address)
    }

    /// What is not known of the account and is assumed.
    pub(super) fn assumed(&self, clock: &Arc<dyn Clock>) -> anyhow::Result<&[String]> {
        Ok(&self.running(clock)?.assumed)
    }

    fn running(&self, clock: &Arc<dyn Clock>) -> anyhow::Result<&Running> {
        if self.running.get().is_none() {
            let running = self.start(clock)?;
            // Whoever was first, both are over the same books.
            self.running.set(running).ok();
        }
        Ok(self.running.get().expect("it was set above, or before"))
    }

    fn start(&self, clock: &Arc<dyn Clock>) -> anyhow::Result<Running> {
        self.make_folder()?;
        let folder = &self.settings.netsuite.rehearsal;
        let SetUp { assumed, setup } = self.set_up(folder, clock)?;
        let setup = setup.with_client(embedded::client(folder)?);
        let netsuite = NetSuite::open(Some(&folder.join(BOOKS)), &setup)?;
        netsuite.set_clock(Arc::clone(clock));
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0))
            .and_then(|listener| listener.set_nonblocking(true).map(|()| listener))
            .context("no port of this machine can be used")?;
        let address = format!("http://{}", listener.local_addr()?);
        let listener = tokio::net::TcpListener::from_std(listener)?;
        Ok(Running { address, assumed, server: tokio::spawn(netsuite.serve(listener)) })
    }

    /// As it was set up before, or by the chart of accounts.
    fn set_up(&self, folder: &Path, clock: &Arc<dyn Clock>) -> anyhow::Result<SetUp> {
        let path = folder.join(SET_UP);
        if folder.join(BOOKS).exists() {
            let text = std::fs::read_to_string(&path);
            let text = text.with_context(|| format!("{} cannot be read", path.display()))?;
            return serde_json::from_str(&text).with_context(|| format!("{}", path.display()));
        }
        let (chart, mut assumed) = self.chart()?;
        let needs = needs(&self.settings, known_records(&self.settings, clock)?, clock.as_ref())?;
        let (setup, more) = chart.setup(&needs).context("the rehearsal's NetSuite")?;
        assumed.extend(more);
        let set_up = SetUp { assumed, setup };
        write_private(&path, serde_json::to_string_pretty(&set_up)?.as_bytes())?;
        Ok(set_up)
    }

    /// The chart that is kept, or one of what the configuration names.
    fn chart(&self) -> anyhow::Result<(Chart, Vec<String>)> {
        let path = &self.settings.netsuite.chart;
        if path.exists() {
            let text = std::fs::read_to_string(path);
            let text = text.with_context(|| format!("{} cannot be read", path.display()))?;
            let chart = Chart::read(&text).with_context(|| format!("{}", path.display()))?;
            return Ok((chart, Vec::new()));
        }
        let assumed = format!(
            "There is no {}: the chart of accounts is what the configuration names, each account of \
             the usual type. `tieout rehearse chart` reads your own.",
            path.display()
        );
        Ok((of_configuration(&self.settings), vec![assumed]))
    }
}

/// The customers and items that NetSuite has named when it was asked for the real ledger. That is only
/// read, and a rehearsal without one is none the worse.
fn known_records(settings: &Settings, clock: &Arc<dyn Clock>) -> anyhow::Result<Vec<RecordSetup>> {
    let path: &PathBuf = &settings.ledger;
    if !path.exists() {
        return Ok(Vec::new());
    }
    let ledger = Ledger::open_read_only(path, Arc::clone(clock))?;
    let own = ledger.check_accounts(settings.stripe.account.as_str(), &settings.netsuite.account);
    Ok(if own.is_ok() { super::needs::records(&ledger.all_hits()?) } else { Vec::new() })
}

/// Carries requests to this machine and nowhere else.
pub(in crate::commands) struct OnThisMachine(pub(in crate::commands) Arc<dyn Transport>);

impl Transport for OnThisMachine {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        if reaches_this_machine_alone(&request.url) {
            return self.0.send(request);
        }
        Box::pin(async move {
            let host = request.url.split('/').nth(2).unwrap_or_default().to_owned();
            let cause = "a rehearsal sends nothing to any other machine".into();
            Err(TransportError::NotSent { host, cause })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Overrides, Target, parse, template};
    use crate::net::transport::Method;

    /// A rehearsal that knew the account's address or key could post into the real books.
    #[test]
    fn a_rehearsal_knows_neither_the_accounts_address_nor_its_key_nor_its_ledger() {
        let overrides = Overrides { target: Some(Target::Rehearsal), ..Overrides::default() };
        let text = template::TEXT.replacen(
            "# base_url = \"https://1234567",
            "base_url = \"https://1234567",
            1,
        );
        let mut settings = parse(&text, Path::new("/etc/tieout.toml"), &overrides).unwrap();
        House::enter(&mut settings);
        let netsuite = format!("{:?} {:?}", settings.netsuite, settings.ledger);
        for real in ["suitetalk", "0123456789abcdef", "/etc/netsuite.pem", "\"/etc/tieout.db\""] {
            assert!(!netsuite.contains(real), "{real}: {netsuite}");
        }
        assert_eq!(settings.netsuite.account, "REHEARSAL_1234567SB1");
        assert_eq!(settings.ledger, Path::new("/etc/rehearsal/tieout.db"));
    }

    /// Takes whatever it is given, wherever it is to go.
    struct Anywhere;

    impl Transport for Anywhere {
        fn send(&self, _: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
            let answer = HttpResponse { status: 200, headers: Vec::new(), body: Vec::new() };
            Box::pin(std::future::ready(Ok(answer)))
        }
    }

    #[tokio::test]
    async fn a_request_to_any_other_machine_is_not_sent() {
        let transport = OnThisMachine(Arc::new(Anywhere));
        let own = transport.send(HttpRequest::new(Method::Post, "http://127.0.0.1:8/x")).await;
        assert!(own.is_ok(), "{own:?}");
        for url in [
            "https://1234567.suitetalk.api.netsuite.com/services/rest/record/v1/invoice",
            "http://127.0.0.1.example.com/x",
            "http://localhost@example.com/",
            "http://127.0.0.1:80@example.com/",
        ] {
            let refused = transport.send(HttpRequest::new(Method::Post, url)).await;
            assert!(matches!(refused, Err(TransportError::NotSent { .. })), "{url}: {refused:?}");
        }
    }
}
