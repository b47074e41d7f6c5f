//! The two embedded systems on loopback, in a folder that keeps their state and a configuration
//! that points at them.

use std::path::{Path, PathBuf};

use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use tokio::net::TcpListener;

use crate::sandbox::company::{Company, CompanySpec, StoryNote, generate};
use crate::sandbox::netsuite::{Algorithm, ClientSetup, NetSuite, Setup};
use crate::sandbox::stripe::{Options, Stripe};

const CLIENT_ID: &str = "tieout-sandbox";
const CERTIFICATE_ID: &str = "sandbox-certificate";
/// Any key of test mode opens the embedded Stripe.
const STRIPE_KEY: &str = "rk_test_sandbox";

/// Both systems, running until this is dropped.
pub(super) struct Embedded {
    pub(super) stripe_url: String,
    pub(super) netsuite_url: String,
    pub(super) config: PathBuf,
    pub(super) stories: Vec<StoryNote>,
    /// When the company is looked at.
    pub(super) now: crate::calendar::UnixTime,
    pub(super) netsuite: NetSuite,
    servers: [tokio::task::JoinHandle<std::io::Result<()>>; 2],
}

impl Drop for Embedded {
    fn drop(&mut self) {
        self.servers.iter().for_each(tokio::task::JoinHandle::abort);
    }
}

/// Starts both systems. `ports` are Stripe's and NetSuite's; 0 takes any free one.
pub(super) async fn start(
    folder: &Path,
    spec: &CompanySpec,
    ports: [u16; 2],
) -> anyhow::Result<Embedded> {
    start_with(folder, spec, ports, Options::default()).await
}

/// Like [`start`], with a Stripe that has limits or takes its time.
pub(super) async fn start_with(
    folder: &Path,
    spec: &CompanySpec,
    ports: [u16; 2],
    options: Options,
) -> anyhow::Result<Embedded> {
    let limits = if options.limits.is_some() { "live" } else { "none" };
    std::fs::create_dir_all(folder)
        .with_context(|| format!("the folder {} cannot be made", folder.display()))?;
    let Company { world, stories, now, .. } = generate(spec);
    let account: serde_json::Value = serde_json::from_str(world.account())?;
    let account = account["id"].as_str().context("the company has no account")?.to_owned();
    let setup = Setup::demo().with_client(client(folder)?);
    let netsuite = NetSuite::open(Some(&folder.join("netsuite.db")), &setup)?;
    let stripe = Stripe::new(world, options);
    let (stripe_listener, stripe_url) = listen(ports[0]).await?;
    let (netsuite_listener, netsuite_url) = listen(ports[1]).await?;
    let servers = [
        tokio::spawn(stripe.serve(stripe_listener)),
        tokio::spawn(netsuite.clone().serve(netsuite_listener)),
    ];
    super::write_private(&folder.join("stripe.key"), STRIPE_KEY.as_bytes())?;
    let config = folder.join("tieout.toml");
    let text = config_text(&account, &setup.account_id, &stripe_url, &netsuite_url, limits);
    super::write_private(&config, text.as_bytes())?;
    Ok(Embedded { stripe_url, netsuite_url, config, stories, now, netsuite, servers })
}

async fn listen(port: u16) -> anyhow::Result<(TcpListener, String)> {
    let listener = TcpListener::bind(("127.0.0.1", port))
        .await
        .with_context(|| format!("port {port} of this machine cannot be used"))?;
    let url = format!("http://{}", listener.local_addr()?);
    Ok((listener, url))
}

/// The integration that the embedded NetSuite knows; its key is made once per folder.
fn client(folder: &Path) -> anyhow::Result<ClientSetup> {
    let path = folder.join("netsuite.pem");
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

pub(super) fn config_text(
    account: &str,
    netsuite: &str,
    stripe_url: &str,
    netsuite_url: &str,
    limits: &str,
) -> String {
    format!(
        r#"# Points at the embedded Stripe and NetSuite. Written anew at every start.
ledger = "tieout.db"

[stripe]
account = "{account}"
timezone = "America/New_York"
base_url = "{stripe_url}"
api_key_file = "stripe.key"
limits = "{limits}"

[netsuite]
account = "{netsuite}"
base_url = "{netsuite_url}"

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
"#
    )
}
