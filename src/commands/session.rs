//! What every command starts from: settings, clients, the ledger and its lock.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::{Context, bail};
use secrecy::ExposeSecret;

use crate::accounting::Policy;
use crate::calendar::{Clock, SystemClock};
use crate::cli::Global;
use crate::commands::exit::UsageError;
use crate::commands::interrupt::Interrupt;
use crate::commands::night::{Tally, Watch};
use crate::commands::rehearse::{House, OnThisMachine};
use crate::config::{
    self, Auth, Overrides, SecretError, SecretSource, Settings, StripeLimits, Target,
};
use crate::ledger::{Identity, Ledger, LockGuard, RunId};
use crate::net::base_url::BaseUrl;
use crate::net::counted::Counted;
use crate::net::gate::{Gate, Gated};
use crate::net::http::HttpTransport;
use crate::net::redact::{Redactor, SecretString};
use crate::net::scrub::Scrubbed;
use crate::net::transport::{HttpRequest, Method, Transport};
use crate::netsuite::account::AccountCode;
use crate::netsuite::auth::Authenticator;
use crate::netsuite::auth::m2m::{M2mCredentials, SigningKey};
use crate::netsuite::auth::tba::TbaCredentials;
use crate::netsuite::client as netsuite;
use crate::netsuite::references::References;
use crate::push::witness::Witness;
use crate::stripe::client as stripe;
use crate::stripe::objects::{self, Account};
use crate::ui::Ui;

/// An embedded Stripe has no limits unless it is told to: there is nobody to spare.
const EMBEDDED_LIMITS: stripe::Limits = stripe::Limits {
    rate_per_s: 10_000,
    in_flight: 16,
    endpoint_rate_per_s: 10_000,
    endpoint_in_flight: 12,
};

/// An embedded NetSuite that does not answer is switched off, and not busy with others.
const EMBEDDED_RETRY_DELAY_MS: u64 = 20;

/// Plain http is only ever spoken to this machine itself.
fn is_embedded(base_url: &str) -> bool {
    base_url.starts_with("http://")
}

/// The key opens another account than the configured one: nothing is read with it.
#[derive(Debug, thiserror::Error)]
#[error(
    "the Stripe key is of {found}, the configuration says {configured}\nhint: use that account's key, or set stripe.account"
)]
pub(super) struct WrongKey {
    found: String,
    configured: String,
}

/// What the file, the environment and the flags say.
pub(super) fn settings(global: &Global, target: Option<Target>) -> anyhow::Result<Settings> {
    let overrides = Overrides {
        account: global.account.clone(),
        ledger: global.ledger.clone(),
        stripe_base_url: global.stripe_base_url.clone(),
        netsuite_base_url: global.netsuite_base_url.clone(),
        target,
    };
    Ok(config::load(&global.config, &overrides)?)
}

/// Settings, and the means to reach both systems.
pub(super) struct Session {
    pub(super) settings: Settings,
    pub(super) clock: Arc<dyn Clock>,
    /// What a run counts, for whoever is told how it ended.
    pub(super) tally: Arc<Tally>,
    to_stripe: Arc<dyn Transport>,
    to_netsuite: Arc<dyn Transport>,
    /// The NetSuite that stands for the account's in a rehearsal.
    house: Option<House>,
    /// What requests to NetSuite go through, where several accounts are at it.
    gate: Option<Arc<Gate>>,
    redactor: Redactor,
    /// How long to wait for another run's lock.
    patience: Duration,
    interrupt: OnceLock<Interrupt>,
}

impl Session {
    /// Reads the configuration that the flags name.
    pub(super) fn open(global: &Global) -> anyhow::Result<Self> {
        Self::open_to(global, None)
    }

    /// The same, whichever NetSuite the file says, for the one that `target` names.
    pub(super) fn open_to(global: &Global, target: Option<Target>) -> anyhow::Result<Self> {
        let patience = Duration::from_secs(u64::from(global.lock_timeout));
        let session = Self { patience, ..Self::new(settings(global, target)?, global.clock()) };
        if global.sandbox_clock.is_some() && !session.is_all_embedded() {
            bail!(UsageError(
                "--sandbox-clock is for the embedded systems alone, and one of the two is not\nhint: leave it out: this machine's clock is the right one".into()
            ));
        }
        if let Some(house) = &session.house {
            house.make_folder()?;
        }
        Ok(session)
    }

    /// The same for a command whose outcome is told: it counts, and shares NetSuite with the accounts
    /// whose turns are taken at the same time.
    pub(super) fn watched(global: &Global, watch: &Watch) -> anyhow::Result<Self> {
        let mut session = Self::open(global)?;
        session.gate = watch.gate(&session.settings.netsuite);
        if let Some(gate) = &session.gate {
            session.to_netsuite = Arc::new(Gated::new(session.to_netsuite, Arc::clone(gate)));
        }
        Ok(session.counting(watch.tally(global)))
    }

    pub(super) fn new(mut settings: Settings, clock: Arc<dyn Clock>) -> Self {
        let rehearses = settings.netsuite.target == Target::Rehearsal;
        let house = rehearses.then(|| House::enter(&mut settings));
        let redactor = Redactor::new();
        let transport = Scrubbed::new(Arc::new(HttpTransport::new()), redactor.clone());
        let to_both: Arc<dyn Transport> = Arc::new(transport);
        let to_stripe = Arc::clone(&to_both);
        let to_netsuite = if rehearses { Arc::new(OnThisMachine(to_both)) } else { to_both };
        Self {
            settings,
            clock,
            tally: Arc::default(),
            to_stripe,
            to_netsuite,
            house,
            gate: None,
            redactor,
            patience: Duration::ZERO,
            interrupt: OnceLock::new(),
        }
    }

    fn counting(self, tally: Arc<Tally>) -> Self {
        let (stripe, netsuite) = tally.counters();
        Self {
            tally,
            to_stripe: Arc::new(Counted::new(self.to_stripe, stripe)),
            to_netsuite: Arc::new(Counted::new(self.to_netsuite, netsuite)),
            ..self
        }
    }

    /// A client of the Stripe account.
    pub(super) fn stripe(&self) -> anyhow::Result<Arc<stripe::Client>> {
        self.stripe_with(self.secret(&self.settings.stripe.key, "the Stripe API key")?)
    }

    /// Takes a secret; from then on no answer brings it back.
    fn secret(&self, source: &SecretSource, what: &str) -> Result<SecretString, SecretError> {
        let secret = source.take(what)?;
        self.redactor.register(&secret);
        Ok(secret)
    }

    /// A client that writes metadata; `None` when the configuration does not ask for it.
    pub(super) fn stripe_writer(&self) -> anyhow::Result<Option<Arc<stripe::Client>>> {
        let key = self.settings.stripe.write_key.as_ref();
        key.map(|key| self.stripe_with(self.secret(key, "the Stripe key that writes metadata")?))
            .transpose()
    }

    fn stripe_with(&self, key: SecretString) -> anyhow::Result<Arc<stripe::Client>> {
        let settings = &self.settings.stripe;
        let options = stripe::Options {
            api_version: settings.api_version.clone(),
            stripe_account: settings.connected.then(|| settings.account.clone()),
            limits: match settings.limits {
                Some(StripeLimits::Live) => Some(stripe::Limits::of(stripe::Mode::Live)),
                Some(StripeLimits::Test) => Some(stripe::Limits::of(stripe::Mode::Test)),
                Some(StripeLimits::None) => Some(EMBEDDED_LIMITS),
                None => is_embedded(&settings.base_url).then_some(EMBEDDED_LIMITS),
            },
            redactor: self.redactor.clone(),
        };
        let base = BaseUrl::parse(&settings.base_url)?;
        let client = stripe::Client::new(Arc::clone(&self.to_stripe), base, key, options)?;
        Ok(Arc::new(client))
    }

    /// A client of the Stripe account, proven to be of the configured one.
    pub(super) async fn own_stripe(&self) -> anyhow::Result<Arc<stripe::Client>> {
        let client = self.stripe()?;
        let answer = client.get("/v1/account", &[]).await?;
        let account: Account = objects::read(answer.get().as_bytes())?;
        let configured = &self.settings.stripe.account;
        if account.id != *configured {
            let (found, configured) = (account.id.to_string(), configured.to_string());
            bail!(WrongKey { found, configured });
        }
        Ok(client)
    }

    /// How far this machine's clock is ahead of Stripe's, in seconds; `None` when Stripe cannot be
    /// asked. Any answer will do: each carries the time.
    pub(super) async fn clock_ahead_s(&self) -> Option<i64> {
        let url = format!("{}/v1/account", self.settings.stripe.base_url);
        let answer = self.to_stripe.send(HttpRequest::new(Method::Get, url)).await.ok()?;
        let theirs = chrono::DateTime::parse_from_rfc2822(answer.header("date")?).ok()?;
        Some(SystemClock.now().0 - theirs.timestamp())
    }

    /// A client of the NetSuite account.
    pub(super) fn netsuite(&self) -> anyhow::Result<Arc<netsuite::Client>> {
        let settings = &self.settings.netsuite;
        let account: AccountCode = settings.account.parse()?;
        let base = match &self.house {
            Some(house) => house.address(&self.clock)?.to_owned(),
            None => settings.base_url.clone().unwrap_or_else(|| account.base_url()),
        };
        let auth = match &settings.auth {
            Auth::OAuth2 { client_id, certificate_id, private_key, .. } => {
                let pem = self.secret(private_key, "the private key for NetSuite")?;
                let key = SigningKey::from_pem(pem.expose_secret())
                    .with_context(|| format!("the private key from {private_key}"))?;
                let credentials = M2mCredentials {
                    client_id: client_id.clone(),
                    certificate_id: certificate_id.clone(),
                    key,
                };
                Authenticator::m2m(credentials, &base, Arc::clone(&self.clock))
            }
            Auth::Token { consumer_key, consumer_secret, token_id, token_secret } => {
                let credentials = TbaCredentials {
                    account,
                    consumer_key: consumer_key.clone(),
                    consumer_secret: self
                        .secret(consumer_secret, "the NetSuite consumer secret")?,
                    token_id: token_id.clone(),
                    token_secret: self.secret(token_secret, "the NetSuite token secret")?,
                };
                Authenticator::tba(credentials, Arc::clone(&self.clock))
            }
        };
        let mut limits = netsuite::Limits::default();
        if let Some(places) = settings.concurrency {
            limits.in_flight_max = usize::from(places);
        }
        if is_embedded(&base) {
            limits.retry_delay_ms = EMBEDDED_RETRY_DELAY_MS;
        }
        Ok(Arc::new(netsuite::Client::new(Arc::clone(&self.to_netsuite), base, auth, limits)))
    }

    /// How many requests at once a push sends: as configured, else as NetSuite says.
    pub(super) async fn places(&self, client: &netsuite::Client) -> anyhow::Result<usize> {
        if let Some(places) = self.settings.netsuite.concurrency {
            return Ok(usize::from(places));
        }
        let places = match client.governance().await? {
            Some(limits) => usize::try_from(limits.places())?,
            None => netsuite::Limits::default().in_flight_max,
        };
        client.set_in_flight(places);
        if let Some(gate) = &self.gate {
            gate.set(places);
        }
        Ok(places)
    }

    /// Reads records back and compares them.
    pub(super) fn witness(
        client: &Arc<netsuite::Client>,
        references: &References,
        policy: &Policy,
    ) -> Arc<Witness> {
        Arc::new(Witness::new(Arc::clone(client), references.clone(), policy))
    }

    /// What a rehearsal takes the place of NetSuite with; `None` where nothing is rehearsed.
    pub(super) fn house(&self) -> Option<&House> {
        self.house.as_ref()
    }

    /// Whether these are the company's real books: no sandbox, and not embedded.
    pub(super) fn is_production(&self) -> anyhow::Result<bool> {
        let settings = &self.settings.netsuite;
        let account: AccountCode = settings.account.parse()?;
        let embedded = settings.base_url.as_deref().is_some_and(is_embedded);
        Ok(!account.is_sandbox() && !embedded && self.house.is_none())
    }

    /// Whether nobody else's books or money are in reach.
    fn is_all_embedded(&self) -> bool {
        is_embedded(&self.settings.stripe.base_url)
            && self.settings.netsuite.base_url.as_deref().is_some_and(is_embedded)
    }

    /// The ledger of the configured accounts, made when it is not there.
    pub(super) fn ledger(&self, livemode: bool) -> anyhow::Result<Ledger> {
        let identity = Identity {
            stripe_account: self.settings.stripe.account.to_string(),
            livemode,
            netsuite_account: self.settings.netsuite.account.clone(),
        };
        Ok(Ledger::open(&self.settings.ledger, &identity, Arc::clone(&self.clock))?)
    }

    /// The ledger that a pull made, proven to be of the configured accounts.
    pub(super) fn existing_ledger(&self) -> anyhow::Result<Ledger> {
        let ledger = Ledger::open_existing(&self.settings.ledger, Arc::clone(&self.clock))?;
        let (stripe, netsuite) = (&self.settings.stripe.account, &self.settings.netsuite.account);
        ledger.check_accounts(stripe.as_str(), netsuite)?;
        Ok(ledger)
    }

    /// The ledger for a command that changes nothing at all, not even the file's schema.
    pub(super) fn ledger_to_read(&self) -> anyhow::Result<Ledger> {
        Ledger::open_read_only(&self.settings.ledger, Arc::clone(&self.clock))
            .context("there is no ledger yet; `tieout pull` makes one")
    }

    /// Listens for a wish to stop, from the first time it is called.
    pub(super) fn interrupt(&self) -> std::io::Result<&Interrupt> {
        if self.interrupt.get().is_none() {
            // Whoever was first, its listener has heard everything.
            self.interrupt.set(Interrupt::listen()?).ok();
        }
        Ok(self.interrupt.get().expect("it was set above, or before"))
    }

    /// Does `work`, unless somebody wishes to stop first.
    pub(super) async fn unless_stopped<T>(
        &self,
        work: impl Future<Output = anyhow::Result<T>>,
    ) -> anyhow::Result<T> {
        let interrupt = self.interrupt()?;
        tokio::select! {
            done = work => done,
            stopped = interrupt.received() => Err(stopped.into()),
        }
    }

    /// From here on the ledger knows the run by its number.
    pub(super) fn begins(&self, run: RunId, ui: Ui) {
        ui.set_ledger_run(run.0);
        self.tally.started(run);
    }

    /// Keeps other runs out until the guard is dropped.
    pub(super) fn lock(&self, command: &str, ui: Ui) -> anyhow::Result<LockGuard> {
        let (process, since) = (std::process::id(), self.clock.now());
        // A process of a container or of another machine is looked for in vain by its number alone.
        let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        let place = if host.is_empty() { String::new() } else { format!(" on {}", host.trim()) };
        let owner = format!("`tieout {command}` (process {process}{place}, since {since})");
        let seconds = self.patience.as_secs();
        let waits = |holder: &str| {
            ui.say(&format!("{holder} holds the lock: waiting for it, {seconds} s at most."));
        };
        let guard = Ledger::lock_within(&self.settings.ledger, &owner, self.patience, waits)?;
        if let Some(dead) = guard.left_by() {
            ui.warn(&format!(
                "{dead} ended without letting the lock go: it was killed, or the machine stopped. Its \
                 lock ended with it, and what it left without an answer is looked up before anything \
                 is sent."
            ));
        }
        Ok(guard)
    }
}
