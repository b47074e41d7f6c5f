//! `tieout rehearse chart`: the account's own chart, read from NetSuite and kept as a file, so that it
//! is read once. Reads alone.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context;

use super::needs::{key, lists, name_of};
use crate::cli::{Global, RehearseChartArgs};
use crate::commands::exit::Outcome;
use crate::commands::session::{Session, settings};
use crate::commands::write_private;
use crate::config::Target;
use crate::ids::InternalId;
use crate::money::Currency;
use crate::netsuite::client::Client;
use crate::netsuite::references::{Account, CurrencyRecord, References, Subsidiary, rates};
use crate::report::plan::counted;
use crate::sandbox::netsuite::{
    Chart, ChartAccount, CurrencySetup, EntrySetup, ListSetup, PeriodSetup, SubsidiarySetup,
};
use crate::ui::Ui;

pub(super) async fn run(
    args: &RehearseChartArgs,
    global: &Global,
    ui: Ui,
) -> anyhow::Result<Outcome> {
    let settings = settings(global, Some(Target::Account))?;
    let out = args.out.clone().unwrap_or_else(|| settings.netsuite.chart.clone());
    let chart = match &args.from {
        Some(path) => of_file(path)?,
        None => of_account(global, ui).await?,
    };
    write_private(&out, chart.to_text().as_bytes())?;
    let known = [
        (chart.accounts.len(), "account"),
        (chart.currencies.len(), "rate"),
        (chart.periods.len(), "posting period"),
    ];
    let known: Vec<String> = known
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, of)| counted(*count, of))
        .collect();
    ui.say(&format!("Wrote {}: {}.", out.display(), known.join(", ")));
    ui.say("`tieout rehearse` sets its NetSuite up from it; what it lacks is assumed, and said.");
    Ok(Outcome::Done)
}

/// A list of accounts that somebody exported, or a chart that was kept.
fn of_file(path: &Path) -> anyhow::Result<Chart> {
    let text = std::fs::read_to_string(path);
    let text = text.with_context(|| format!("{} cannot be read", path.display()))?;
    Chart::read(&text).with_context(|| format!("{}", path.display()))
}

/// The chart of the configured account.
async fn of_account(global: &Global, ui: Ui) -> anyhow::Result<Chart> {
    let session = Session::open_to(global, Some(Target::Account))?;
    let client = session.netsuite()?;
    let references = References::fetch(&client).await.context("NetSuite's accounts and periods")?;
    let rates = rates(&client).await.context("NetSuite's exchange rates")?;
    if rates.is_empty() {
        ui.warn("NetSuite does not show this role any exchange rate: each is 1 until the file says more.");
    }
    let active = references.accounts.iter().filter(|account| !account.is_inactive);
    let accounts = active.map(|own| account(own, &references)).collect::<anyhow::Result<_>>()?;
    let subsidiaries = references.subsidiaries.iter().filter(|own| !own.is_elimination);
    Ok(Chart {
        base_currency: references.base_currency(None).map(|own| own.code),
        currencies: references
            .currencies
            .iter()
            .map(|own| currency(own, &rates))
            .collect::<anyhow::Result<_>>()?,
        subsidiaries: subsidiaries.map(subsidiary).collect::<anyhow::Result<_>>()?,
        periods: references
            .periods
            .iter()
            .map(|own| {
                Ok(PeriodSetup {
                    id: key(&own.id)?,
                    name: own.name.clone(),
                    first_day: own.first_day,
                    last_day: own.last_day,
                    state: own.state,
                })
            })
            .collect::<anyhow::Result<_>>()?,
        lists: of_lists(&session, &client, ui).await?,
        ..Chart::new(session.settings.netsuite.account.clone(), accounts)
    })
}

/// The lists to which the configuration refers, as far as this role sees them.
async fn of_lists(session: &Session, client: &Client, ui: Ui) -> anyhow::Result<Vec<ListSetup>> {
    let mut known = Vec::new();
    for list in lists(&session.settings) {
        let plural = list.plural();
        let found = list.fetch(client).await.with_context(|| format!("NetSuite's {plural}"))?;
        let Some(found) = found else {
            ui.warn(&format!(
                "NetSuite does not show this role any {plural}: a rehearsal takes any id for one."
            ));
            continue;
        };
        let entries = found.into_iter().map(|(id, name)| Ok(EntrySetup { id: key(&id)?, name }));
        let entries = entries.collect::<anyhow::Result<_>>()?;
        known.push(ListSetup { list: name_of(list), entries });
    }
    Ok(known)
}

fn account(own: &Account, references: &References) -> anyhow::Result<ChartAccount> {
    let code = |id: &InternalId| -> Option<Currency> {
        references.currency_by_id(id).map(|currency| currency.code)
    };
    Ok(ChartAccount {
        id: key(&own.id)?,
        number: own.number.clone().unwrap_or_default(),
        name: own.name.clone(),
        kind: own.account_type.clone(),
        special: own.special.clone(),
        currency: own.currency.as_ref().and_then(code),
    })
}

fn currency(
    own: &CurrencyRecord,
    rates: &BTreeMap<InternalId, String>,
) -> anyhow::Result<CurrencySetup> {
    let known = rates.get(&own.id).filter(|_| !own.is_base).cloned();
    Ok(CurrencySetup {
        id: key(&own.id)?,
        code: own.code.code().into(),
        precision: u32::from(own.places),
        rate: known.unwrap_or_else(|| "1".into()),
    })
}

fn subsidiary(own: &Subsidiary) -> anyhow::Result<SubsidiarySetup> {
    let currency = Some(key(&own.currency)?);
    Ok(SubsidiarySetup { id: key(&own.id)?, name: own.name.clone(), currency })
}
