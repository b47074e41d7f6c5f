//! What the turns of several Stripe accounts print for programs: one JSON document over all, because a
//! program reads one.

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use crate::cli::{
    BankCommand, Command, ExceptionsCommand, Format, LedgerCommand, ListFormat, PeriodCommand,
    ReportFormat, ReportName,
};
use crate::ui::Ui;

/// The version of the document's shape; `docs/schemas/accounts.json` describes it.
const SCHEMA_VERSION: u32 = 1;

/// Whether a command prints JSON in each account's turn. A close over several accounts prints its overview,
/// which is one document already.
pub(super) fn are_asked_of(command: &Command) -> bool {
    let is_list = |format: ListFormat| format == ListFormat::Json;
    let is_report = |format: ReportFormat| format == ReportFormat::Json;
    let is_plain = |format: Format| format == Format::Json;
    match command {
        Command::Check(args) => is_plain(args.output.output),
        Command::Plan(args) => is_report(args.output.output),
        Command::Run(args) => is_report(args.output.output),
        Command::Reverse(args) => is_report(args.output.output),
        Command::Verify(args) => is_plain(args.output.output),
        Command::Report(args) => args.name != ReportName::Close && is_report(args.output),
        Command::Explain(args) => is_plain(args.output.output),
        Command::Status(args) => is_plain(args.output.output),
        Command::Rehearse(args) => is_list(args.output),
        Command::Exceptions(args) => match &args.what {
            None => is_list(args.list.output.output),
            Some(ExceptionsCommand::List(list)) => is_list(list.output.output),
            Some(_) => false,
        },
        Command::Period(args) => match &args.what {
            PeriodCommand::List { output } | PeriodCommand::Show { output, .. } => {
                is_list(output.output)
            }
            _ => false,
        },
        Command::Bank(args) => match &args.what {
            BankCommand::Import(args) => is_plain(args.output),
            BankCommand::List { output, .. } => is_list(output.output),
            BankCommand::Match { output, .. } => is_plain(output.output),
            _ => false,
        },
        Command::Ledger(args) => match &args.what {
            LedgerCommand::Stats { output } => is_plain(output.output),
            _ => false,
        },
        _ => false,
    }
}

/// What one account's turn printed.
pub(super) struct Printed<'a> {
    pub(super) account: &'a str,
    pub(super) exit_code: u8,
    pub(super) text: String,
    /// Why the turn has no document, where it failed.
    pub(super) error: Option<String>,
}

#[derive(Serialize)]
struct Document<'a> {
    schema_version: u32,
    accounts: Vec<Own<'a>>,
}

#[derive(Serialize)]
struct Own<'a> {
    account: &'a str,
    exit_code: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
    /// The document of this account alone, as the command prints it for one.
    output: Option<Box<RawValue>>,
}

/// Prints what they printed, as one.
pub(super) fn print(printed: &[Printed], ui: Ui) -> anyhow::Result<()> {
    let accounts = printed.iter().map(own).collect::<anyhow::Result<_>>()?;
    let document = Document { schema_version: SCHEMA_VERSION, accounts };
    Ok(ui.data(&format!("{}\n", serde_json::to_string(&document)?))?)
}

fn own<'a>(printed: &'a Printed) -> anyhow::Result<Own<'a>> {
    let Printed { account, exit_code, text, error } = printed;
    let output = match serde_json::from_str::<Box<RawValue>>(text) {
        Ok(document) => Some(document),
        Err(_) if text.is_empty() => None,
        // Nothing that was printed is lost, whatever it is.
        Err(_) => Some(to_raw_value(text)?),
    };
    Ok(Own { account, exit_code: *exit_code, error: error.as_deref(), output })
}
