//! What a newcomer types: a first configuration, its proof, and the embedded systems.

use std::path::PathBuf;

use chrono::NaiveDate;
use clap::{Args, Subcommand};

use super::{OutputArgs, StatementFormat, switch};
use crate::calendar::Month;
use crate::money::Currency;

/// Write a commented configuration file.
///
/// Alone it writes a template with every setting. Told where the keys are, or asking for that, it signs in to
/// both systems, reads, and fills in what they have, each account with the reason; what could be several
/// is left open with the candidates.
///
/// Example:
///   tieout init                      writes tieout.toml here
///   tieout init --config books.toml  writes it elsewhere
///   tieout init --interactive        asks, one question after the other
///   tieout init --stripe-key env:STRIPE --netsuite-account ID --client-id ID --certificate-id ID
///     --private-key env:CERTIFICATE   the same without questions
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct InitArgs {
    /// Replace a file that exists.
    #[arg(long, env = "TIEOUT_FORCE", value_parser = switch)]
    pub force: bool,
    /// Ask for what is not given here, one question after the other.
    #[arg(short, long, env = "TIEOUT_INTERACTIVE", value_parser = switch)]
    pub interactive: bool,
    /// Where Stripe's key is: `env:NAME`, `file:PATH` or `command:…`; never the key itself.
    #[arg(long, value_name = "PLACE", env = "TIEOUT_INIT_STRIPE_KEY")]
    pub stripe_key: Option<String>,
    /// The NetSuite account, such as `1234567_SB1`.
    #[arg(long, value_name = "ID", env = "TIEOUT_INIT_NETSUITE_ACCOUNT")]
    pub netsuite_account: Option<String>,
    /// The integration's consumer key.
    #[arg(long, value_name = "ID", env = "TIEOUT_INIT_CLIENT_ID")]
    pub client_id: Option<String>,
    /// The certificate's id in NetSuite.
    #[arg(long, value_name = "ID", env = "TIEOUT_INIT_CERTIFICATE_ID")]
    pub certificate_id: Option<String>,
    /// Where that certificate's private key is: `env:NAME`, `file:PATH` or `command:…`.
    #[arg(long, value_name = "PLACE", env = "TIEOUT_INIT_PRIVATE_KEY")]
    pub private_key: Option<String>,
    /// The subsidiary that owns the Stripe account, where there are several.
    #[arg(long, value_name = "ID", env = "TIEOUT_INIT_SUBSIDIARY")]
    pub subsidiary: Option<String>,
    /// The first day of the books.
    #[arg(long, value_name = "DAY", env = "TIEOUT_INIT_START_DATE")]
    pub start_date: Option<NaiveDate>,
}

/// Prove the configuration against both systems.
///
/// Checks the keys and their permissions, that every account exists and has the right type and
/// currency, that posting periods are set up, and that the clocks agree. Each finding names its fix.
///
/// Example:
///   tieout check
///   tieout check --show-config       where each value came from
///   tieout check --offline           the file alone
///   tieout check --mapping invoice.json
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct CheckArgs {
    /// Print every setting with its value and where it came from.
    #[arg(long, env = "TIEOUT_SHOW_CONFIG", value_parser = switch)]
    pub show_config: bool,
    /// Check the file alone, without asking Stripe or NetSuite.
    #[arg(long, env = "TIEOUT_OFFLINE", value_parser = switch)]
    pub offline: bool,
    /// A file with a Stripe object (or several): show what the field mapping gives its records.
    #[arg(long, value_name = "FIXTURE", env = "TIEOUT_MAPPING_FIXTURE")]
    pub mapping: Option<PathBuf>,
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Watch a company go from Stripe to NetSuite on two embedded systems.
///
/// Needs no configuration and no network. Leaves a folder with the ledger, the plan and an HTML
/// report. Run it again on the same folder and it plans nothing.
///
/// Example:
///   tieout demo
///   tieout demo --dir my-demo
///   tieout demo --charges 5000 --seed 7
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct DemoArgs {
    /// The folder to leave everything in.
    #[arg(long, env = "TIEOUT_DEMO_DIR", default_value = "tieout-demo")]
    pub dir: PathBuf,
    /// A generated company with about this many charges, instead of the demo company.
    #[arg(long, env = "TIEOUT_DEMO_CHARGES", value_parser = clap::value_parser!(u32).range(1..))]
    pub charges: Option<u32>,
    /// What the generated company grows from.
    #[arg(long, env = "TIEOUT_DEMO_SEED", default_value_t = 1)]
    pub seed: u64,
}

/// Prove that the program works on this machine.
///
/// Takes a small company from Stripe to NetSuite on the embedded systems, in a folder that is gone
/// afterwards, and says what was proven. Needs no configuration and no network.
///
/// Example:
///   tieout self-test
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct SelfTestArgs {}

/// Print a script that lets a shell complete commands and flags.
///
/// Example:
///   tieout completions bash > ~/.local/share/bash-completion/completions/tieout
///   tieout completions zsh > ~/.zfunc/_tieout
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct CompletionsArgs {
    /// The shell.
    pub shell: clap_complete::Shell,
}

/// Write the manual, one page per command.
///
/// Example:
///   tieout man --out /usr/local/share/man/man1
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct ManArgs {
    /// The folder to write the pages to; made when it is not there.
    #[arg(long, env = "TIEOUT_OUT", default_value = "man")]
    pub out: PathBuf,
}

/// Serve the embedded Stripe and NetSuite on this machine until interrupted.
///
/// Example:
///   tieout sandbox --dir play        then point any Stripe client at the printed address
///   tieout sandbox --latency-ms 80 --limits --faults 20
///   tieout sandbox statement --period 2026-09 --format mt940    what the company's bank would send
///   tieout sandbox export --out exported    the company as exported JSON
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct SandboxArgs {
    /// Keeps the embedded NetSuite's books and a configuration that points at both systems.
    #[arg(long, env = "TIEOUT_SANDBOX_DIR", default_value = "tieout-sandbox")]
    pub dir: PathBuf,
    /// The port of the embedded Stripe; 0 takes any free one.
    #[arg(long, env = "TIEOUT_SANDBOX_STRIPE_PORT", default_value_t = 0)]
    pub stripe_port: u16,
    /// The port of the embedded NetSuite; 0 takes any free one.
    #[arg(long, env = "TIEOUT_SANDBOX_NETSUITE_PORT", default_value_t = 0)]
    pub netsuite_port: u16,
    /// A generated company with about this many charges, instead of the demo company.
    #[arg(long, env = "TIEOUT_SANDBOX_CHARGES", value_parser = clap::value_parser!(u32).range(1..))]
    pub charges: Option<u32>,
    /// How many months a generated company lives.
    #[arg(long, env = "TIEOUT_SANDBOX_MONTHS", default_value_t = 3,
        value_parser = clap::value_parser!(u32).range(1..=120))]
    pub months: u32,
    /// What the generated company and the faults grow from.
    #[arg(long, env = "TIEOUT_SANDBOX_SEED", default_value_t = 1)]
    pub seed: u64,
    /// How long each answer takes at least, in milliseconds.
    #[arg(long, env = "TIEOUT_SANDBOX_LATENCY_MS", default_value_t = 0)]
    pub latency_ms: u64,
    /// Keep the rate limits of a live Stripe account.
    #[arg(long, env = "TIEOUT_SANDBOX_LIMITS", value_parser = switch)]
    pub limits: bool,
    /// Of a thousand requests to Stripe, how many go wrong: errors, broken answers, web pages.
    #[arg(long, env = "TIEOUT_SANDBOX_FAULTS", default_value_t = 0,
        value_parser = clap::value_parser!(u32).range(0..=1000))]
    pub faults: u32,
    #[command(subcommand)]
    pub what: Option<SandboxCommand>,
}

#[derive(Debug, Subcommand)]
pub enum SandboxCommand {
    /// Write what the embedded Stripe has as exported JSON, and serve nothing: `tieout pull --from` reads it.
    Export {
        /// The folder to write to; made when it is not there.
        #[arg(long, env = "TIEOUT_OUT", default_value = "exported")]
        out: PathBuf,
    },
    /// Print the statement of the company's bank account for a month, and serve nothing.
    Statement {
        /// The month, such as 2026-09.
        #[arg(long, env = "TIEOUT_PERIOD")]
        period: Month,
        /// The account's currency.
        #[arg(long, default_value = "USD", env = "TIEOUT_SANDBOX_CURRENCY")]
        currency: Currency,
        /// How it is written; `auto` is camt053.
        #[arg(long, value_enum, default_value_t, env = "TIEOUT_BANK_FORMAT")]
        format: StatementFormat,
    },
}
