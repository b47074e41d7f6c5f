//! The two embedded systems on loopback, in a folder that keeps their state and a configuration
//! that points at them.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use tokio::net::TcpListener;

use crate::calendar::UnixTime;
use crate::commands::exit::Guarded;
use crate::money::Currency;
use crate::sandbox::bank;
use crate::sandbox::company::{Company, CompanySpec, StoryNote, generate};
use crate::sandbox::netsuite::{Algorithm, ClientSetup, NetSuite, Setup};
use crate::sandbox::stripe::world::World;
use crate::sandbox::stripe::{Options, Stripe};

pub(super) const CLIENT_ID: &str = "tieout-sandbox";
pub(super) const CERTIFICATE_ID: &str = "sandbox-certificate";
/// The file of the integration's key in its folder.
pub(super) const KEY: &str = "netsuite.pem";
/// Any key of test mode opens the embedded Stripe.
const STRIPE_KEY: &str = "rk_test_sandbox";

/// How every configuration begins that was written here: a file without it is somebody's own.
const MARKER: &str = "# Points at the embedded Stripe and NetSuite. Written anew at every start.";
/// The line after it says whose the folder is.
const COMPANY: &str = "# The company: ";
/// What the demo and the sandbox write: none of it may be there before the first start.
const FILES: [&str; 7] =
    ["tieout.toml", "stripe.key", KEY, "netsuite.db", "tieout.db", "plan.json", "report.html"];

/// How many months a generated company lives, where nobody says.
pub(super) const MONTHS: u32 = 3;

/// Which company is served, and how.
pub(super) struct Wanted<'a> {
    pub(super) folder: &'a Path,
    /// About how many charges it has; none means the demo company.
    pub(super) charges: Option<u32>,
    /// How many months a generated one lives.
    pub(super) months: u32,
    pub(super) seed: u64,
    /// Stripe's and NetSuite's; 0 takes any free one.
    pub(super) ports: [u16; 2],
    pub(super) stripe: Options,
    pub(super) latency_ms: u64,
}

impl Wanted<'_> {
    fn spec(&self) -> anyhow::Result<CompanySpec> {
        Ok(match self.charges {
            Some(charges) => CompanySpec {
                months: self.months,
                ..CompanySpec::with_charges(usize::try_from(charges)?, self.seed)
            },
            None => CompanySpec::demo(),
        })
    }

    /// The company itself.
    pub(super) fn company(&self) -> anyhow::Result<Company> {
        Ok(generate(&self.spec()?))
    }

    /// What tells it from any other company.
    fn name(&self) -> String {
        self.charges.map_or_else(
            || "the demo company".into(),
            |charges| {
                let Self { months, seed, .. } = self;
                format!("about {charges} charges in {months} months from seed {seed}")
            },
        )
    }

    /// Refuses a folder with anything in it that would be lost.
    fn check_folder(&self) -> anyhow::Result<()> {
        let shown = self.folder.display();
        let config = self.folder.join("tieout.toml");
        let text = if config.exists() {
            std::fs::read_to_string(&config)
                .with_context(|| format!("{} cannot be read", config.display()))?
        } else {
            String::new()
        };
        if !text.starts_with(MARKER) {
            let own = FILES.iter().find(|name| self.folder.join(name).exists());
            if let Some(own) = own {
                bail!(Guarded(format!(
                    "the folder {shown} has a {own} that is not of a demo or sandbox: nothing was written\nhint: name another folder with --dir"
                )));
            }
            return Ok(());
        }
        let found = text.lines().nth(1).and_then(|line| line.strip_prefix(COMPANY));
        let (found, wanted) = (found.unwrap_or("another company"), self.name());
        if found != wanted {
            bail!(Guarded(format!(
                "the folder {shown} is of {found}, this would be {wanted}: nothing was written\nhint: name another folder with --dir"
            )));
        }
        Ok(())
    }
}

/// Both systems, running until this is dropped.
pub(super) struct Embedded {
    pub(super) stripe_url: String,
    pub(super) netsuite_url: String,
    pub(super) folder: PathBuf,
    pub(super) config: PathBuf,
    pub(super) stories: Vec<StoryNote>,
    /// When the first thing happened in the company.
    pub(super) since: UnixTime,
    /// When the company is looked at.
    pub(super) now: UnixTime,
    pub(super) netsuite: NetSuite,
    servers: [tokio::task::JoinHandle<std::io::Result<()>>; 2],
}

impl Drop for Embedded {
    fn drop(&mut self) {
        self.servers.iter().for_each(tokio::task::JoinHandle::abort);
    }
}

/// Starts both systems.
pub(super) async fn start(wanted: Wanted<'_>) -> anyhow::Result<Embedded> {
    let folder = wanted.folder;
    wanted.check_folder()?;
    std::fs::create_dir_all(folder)
        .with_context(|| format!("the folder {} cannot be made", folder.display()))?;
    let Company { world, stories, now, .. } = wanted.company()?;
    let since = first_instant(&world).unwrap_or(now);
    let account: serde_json::Value = serde_json::from_str(world.account())?;
    let account = account["id"].as_str().context("the company has no account")?.to_owned();
    let setup = Setup::demo().with_client(client(folder)?);
    let netsuite = NetSuite::open(Some(&folder.join("netsuite.db")), &setup)?;
    netsuite.set_latency_ms(wanted.latency_ms);
    let config = folder.join("tieout.toml");
    let (stripe_listener, stripe_url) = listen(wanted.ports[0]).await?;
    let (netsuite_listener, netsuite_url) = listen(wanted.ports[1]).await?;
    super::write_private(&folder.join("stripe.key"), STRIPE_KEY.as_bytes())?;
    let head = format!("{MARKER}\n{COMPANY}{}\n", wanted.name());
    let limits = if wanted.stripe.limits.is_some() { "live" } else { "none" };
    let text = head + &config_text(&account, &setup.account_id, &stripe_url, &netsuite_url, limits);
    super::write_private(&config, text.as_bytes())?;
    let stripe = Stripe::new(world, wanted.stripe);
    let servers = [
        tokio::spawn(stripe.serve(stripe_listener)),
        tokio::spawn(netsuite.clone().serve(netsuite_listener)),
    ];
    Ok(Embedded {
        stripe_url,
        netsuite_url,
        folder: folder.to_owned(),
        config,
        stories,
        since,
        now,
        netsuite,
        servers,
    })
}

fn first_instant(world: &World) -> Option<UnixTime> {
    let created = world.kinds().flat_map(|kind| world.objects(kind)).map(|stored| stored.created);
    // Objects without a date of their own count from zero.
    created.filter(|created| *created > 0).min().map(UnixTime)
}

async fn listen(port: u16) -> anyhow::Result<(TcpListener, String)> {
    let listener = TcpListener::bind(("127.0.0.1", port))
        .await
        .with_context(|| format!("port {port} of this machine cannot be used"))?;
    let url = format!("http://{}", listener.local_addr()?);
    Ok((listener, url))
}

/// The integration that the embedded NetSuite knows; its key is made once per folder.
pub(super) fn client(folder: &Path) -> anyhow::Result<ClientSetup> {
    let path = folder.join(KEY);
    let random = SystemRandom::new();
    let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
    let broken = |_| anyhow::anyhow!("{} is not a key\nhint: remove the file", path.display());
    if !path.exists() {
        let key = EcdsaKeyPair::generate_pkcs8(algorithm, &random)
            .map_err(|_| anyhow::anyhow!("this machine gives no random numbers"))?;
        let pem = format!(
            "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
            STANDARD.encode(key.as_ref())
        );
        super::write_private(&path, pem.as_bytes())?;
    }
    let pem = std::fs::read_to_string(&path)?;
    let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    let der = STANDARD.decode(body).with_context(|| format!("{}", path.display()))?;
    let key = EcdsaKeyPair::from_pkcs8(algorithm, &der, &random).map_err(broken)?;
    Ok(ClientSetup {
        client_id: CLIENT_ID.into(),
        certificate_id: CERTIFICATE_ID.into(),
        algorithm: Algorithm::Es256,
        public_key: STANDARD.encode(key.public_key().as_ref()),
    })
}

/// The currencies in which the embedded bank keeps accounts.
const BANK_CURRENCIES: [&str; 6] = ["USD", "EUR", "GBP", "JPY", "CAD", "CHF"];

fn bank_account(code: &str) -> String {
    let currency: Currency = code.parse().expect("three letters");
    let number = bank::account(currency);
    format!(
        r#"
[[bank.accounts]]
name = "{}"
number = "{number}"
currency = "{currency}"
[bank.accounts.csv]
date = "Date"
date_format = "YYYY-MM-DD"
amount = "Amount"
balance = "Balance"
reference = "Reference"
text = "Description"
"#,
        code.to_lowercase()
    )
}

pub(super) fn config_text(
    account: &str,
    netsuite: &str,
    stripe_url: &str,
    netsuite_url: &str,
    limits: &str,
) -> String {
    format!(
        r#"ledger = "tieout.db"

[stripe]
account = "{account}"
timezone = "America/New_York"
base_url = "{stripe_url}"
api_key_file = "stripe.key"
limits = "{limits}"

[netsuite]
account = "{netsuite}"
base_url = "{netsuite_url}"
# The embedded NetSuite never acts on a request after its client has gone.
grace_s = 0

[netsuite.oauth2]
client_id = "{CLIENT_ID}"
certificate_id = "{CERTIFICATE_ID}"
private_key_file = "netsuite.pem"

[accounts]
receivable = "1100"
undeposited_funds = "1200"
revenue = "4000"
shipping_income = "4100"
tax_payable = "2200"
customer_balance = "2300"
discounts = "4900"
bad_debt = "6100"
disputed_funds = "1250"
dispute_losses = "6110"
dispute_reversals = "4200"
processing_fees = "6000"
stripe_fees = "6010"
application_fees = "6020"
dispute_fees = "6030"
network_costs = "6040"
conversion_fees = "6050"
tax_on_fees = "6060"
reserves = "1260"

[accounts.bank]
USD = "1000"
EUR = "1010"
GBP = "1020"
JPY = "1030"
CAD = "1040"
CHF = "1045"

[accounts.stripe_balance]
USD = "1050"
EUR = "1051"
GBP = "1052"
JPY = "1053"
CAD = "1054"
CHF = "1055"

# The embedded bank: `tieout sandbox statement`.
[bank]
{}"#,
        BANK_CURRENCIES.map(bank_account).concat()
    )
}
