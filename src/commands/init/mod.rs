//! `tieout init`: writes the commented configuration; given keys, with what the two systems have.
//!
//! `answers` says what must be asked, `proposal` which account could play which part, `draft` puts it into
//! the template. Here they meet with the two systems and the person at the terminal.

mod answers;
mod draft;
mod proposal;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, bail};
use chrono::NaiveDate;

use self::answers::{Place, Question, Topic};
use self::draft::Draft;
use self::proposal::Proposal;
use crate::calendar::PeriodState;
use crate::cli::{Global, InitArgs};
use crate::commands::exit::{Outcome, UsageError};
use crate::commands::session::Session;
use crate::config::{self, Overrides, template};
use crate::money::Currency;
use crate::netsuite::references::{self, References, Subsidiary};
use crate::stripe::objects::{self, Account, Balance, Product};
use crate::ui::Ui;

pub(super) async fn run(args: &InitArgs, global: &Global, ui: Ui) -> anyhow::Result<Outcome> {
    let path = &global.config;
    if path.exists() && !args.force {
        bail!("{} exists already\nhint: `tieout init --force` replaces it", path.display());
    }
    let known = given(args)?;
    if known.is_empty() && !args.interactive {
        super::write_private(path, template::TEXT.as_bytes())?;
        ui.say(&format!("Wrote {}.", path.display()));
        ui.say("Fill in the two accounts and the account numbers, then run `tieout check`.");
        return Ok(Outcome::Done);
    }
    let access = access(known, args, ui)?;
    let mut draft = with_access(&access, global)?;
    let found = ask_both(&draft, global, ui).await?;
    let choices = choices(&found, args, ui)?;
    fill(&mut draft, &found, &choices);
    let text = draft.text();
    // What cannot be read again would be a fault of ours, said before anything is written.
    config::parse(&text, path, &Overrides::default())?;
    super::write_private(path, text.as_bytes())?;
    say_what_is_next(&choices, global, ui);
    Ok(Outcome::Done)
}

/// The answers that were given as flags.
fn given(args: &InitArgs) -> anyhow::Result<BTreeMap<Topic, String>> {
    let typed = [
        (Topic::StripeKey, &args.stripe_key),
        (Topic::NetSuiteAccount, &args.netsuite_account),
        (Topic::ClientId, &args.client_id),
        (Topic::CertificateId, &args.certificate_id),
        (Topic::PrivateKey, &args.private_key),
    ];
    let mut known = BTreeMap::new();
    for (topic, text) in typed {
        let Some(text) = text else { continue };
        let read = topic.read(text.trim());
        let answer = read.map_err(|wrong| UsageError(format!("{}: {wrong}", topic.flag())))?;
        known.insert(topic, answer);
    }
    Ok(known)
}

/// Asks for what was not given, or says that it is missing.
fn access(
    mut known: BTreeMap<Topic, String>,
    args: &InitArgs,
    ui: Ui,
) -> anyhow::Result<BTreeMap<Topic, String>> {
    while let Some(topic) = answers::next(&known) {
        if !args.interactive {
            bail!(UsageError(format!(
                "{} is missing: without it neither system can be asked\nhint: give it, or let `tieout init --interactive` ask",
                topic.flag()
            )));
        }
        let text = ask(&topic.question(), ui)?;
        match topic.read(&text) {
            Ok(answer) => drop(known.insert(topic, answer)),
            Err(wrong) => ui.warn(&wrong),
        }
    }
    Ok(known)
}

/// Asks one question; an empty answer is the proposed one.
fn ask(question: &Question, ui: Ui) -> anyhow::Result<String> {
    let proposed = question.proposed.as_deref();
    let hint = proposed.map_or_else(String::new, |proposed| format!(" [{proposed}]"));
    let Some(answer) = ui.ask_line(&format!("{}{hint} ", question.text))? else {
        bail!(UsageError(format!(
            "nobody answers: standard input ended at the question {:?}\nhint: run it at a terminal, or give the answers as flags: `tieout init --help`",
            question.text.lines().next().unwrap_or_default()
        )));
    };
    Ok(if answer.is_empty() { proposed.unwrap_or_default().to_owned() } else { answer })
}

/// The template with the means to reach both systems.
fn with_access(access: &BTreeMap<Topic, String>, global: &Global) -> anyhow::Result<Draft> {
    let mut draft = Draft::new(template::TEXT);
    for (topic, section, name) in [
        (Topic::StripeKey, "stripe", "api_key"),
        (Topic::PrivateKey, "netsuite.oauth2", "private_key"),
    ] {
        let place = Place::read(&access[&topic]).map_err(UsageError)?;
        for form in ["env", "file", "command"] {
            draft.comment_out(section, &format!("{name}_{form}"));
        }
        draft.set(section, &format!("{name}_{}", place.form), &place.name, &[]);
    }
    draft.set("netsuite", "account", &access[&Topic::NetSuiteAccount], &[]);
    draft.set("netsuite.oauth2", "client_id", &access[&Topic::ClientId], &[]);
    draft.set("netsuite.oauth2", "certificate_id", &access[&Topic::CertificateId], &[]);
    for (section, url) in
        [("stripe", &global.stripe_base_url), ("netsuite", &global.netsuite_base_url)]
    {
        if let Some(url) = url {
            draft.set(section, "base_url", url, &[]);
        }
    }
    Ok(draft)
}

/// What the two systems have.
struct Found {
    account: Account,
    references: References,
    proposals: Vec<Proposal>,
    /// What the items of both say about matching them.
    items: String,
    today: NaiveDate,
}

impl Found {
    fn subsidiaries(&self) -> Vec<&Subsidiary> {
        let all = self.references.subsidiaries.iter();
        all.filter(|one| !one.is_inactive && !one.is_elimination).collect()
    }
}

/// Signs in to both and reads what a configuration names.
async fn ask_both(draft: &Draft, global: &Global, ui: Ui) -> anyhow::Result<Found> {
    let settings = config::parse(&draft.text(), &global.config, &Overrides::default())?;
    let session = Session::new(settings, global.clock());
    ui.say("Asking Stripe which account the key opens.");
    let stripe = session.stripe()?;
    let answer = stripe.get("/v1/account", &[]).await?;
    let account: Account = objects::read(answer.get().as_bytes())?;
    let balance: Balance = objects::read(stripe.get("/v1/balance", &[]).await?.get().as_bytes())?;
    let parts = balance.available.iter().chain(&balance.pending);
    let currencies: BTreeSet<Currency> = parts.map(|part| part.currency).collect();
    ui.say("Asking NetSuite for accounts, currencies, subsidiaries, periods and items.");
    let client = session.netsuite()?;
    let references = References::fetch(&client).await.context("NetSuite's lists")?;
    let proposals = proposal::accounts(&references, &currencies);
    let sold = stripe.page("/v1/products", &[("limit".into(), "100".into())]).await?;
    let sold = sold.objects.context("Stripe's products")?;
    let sold = sold.iter().map(|object| objects::read::<Product>(object.json.as_bytes()));
    let sold = sold.map(|product| Ok(product?.name)).collect::<anyhow::Result<Vec<String>>>()?;
    let items = proposal::items(&sold, &references::item_names(&client).await?);
    let today = session.clock.now().utc_date();
    Ok(Found { account, references, proposals, items, today })
}

/// What was proposed and chosen.
struct Choices {
    subsidiary: Option<String>,
    start: (String, String),
    proposals: Vec<Proposal>,
}

/// Proposals, and where somebody is there to be asked, the answers to what they leave open.
fn choices(found: &Found, args: &InitArgs, ui: Ui) -> anyhow::Result<Choices> {
    let active = found.subsidiaries();
    let mut subsidiary = match active[..] {
        [only] => Some(only.id.to_string()),
        _ => args.subsidiary.clone(),
    };
    let mut start = match &args.start_date {
        Some(day) => (day.to_string(), "As it was asked for.".to_owned()),
        None => start(found),
    };
    let mut proposals = found.proposals.clone();
    if args.interactive {
        if let (None, Some(question)) = (&subsidiary, answers::subsidiary(&active)) {
            let is_known = |text: &str| active.iter().any(|one| one.id.as_str() == text);
            subsidiary = choose(&question, is_known, ui)?;
        }
        if args.start_date.is_none() {
            let text = format!("On which day do the books begin? {}", start.1);
            let question = Question { text, proposed: Some(start.0.clone()), may_stay_open: false };
            let is_day = |text: &str| text.parse::<NaiveDate>().is_ok();
            let day = choose(&question, is_day, ui)?.unwrap_or_default();
            if day != start.0 {
                start = (day, "As it was answered.".to_owned());
            }
        }
        for proposal in &mut proposals {
            let Some(question) = answers::account(proposal) else { continue };
            let is_known = |text: &str| found.references.account(text).is_some();
            if let Some(number) = choose(&question, is_known, ui)? {
                proposal.why = vec!["As it was answered.".to_owned()];
                proposal.candidates.clear();
                proposal.account = Some(number);
            }
        }
    }
    Ok(Choices { subsidiary, start, proposals })
}

/// Asks until the answer is one that can be, or is left open.
fn choose(
    question: &Question,
    is_known: impl Fn(&str) -> bool,
    ui: Ui,
) -> anyhow::Result<Option<String>> {
    loop {
        let answer = ask(question, ui)?;
        if answer.is_empty() && question.may_stay_open {
            return Ok(None);
        }
        if is_known(&answer) {
            return Ok(Some(answer));
        }
        ui.warn(&format!("`{answer}` cannot be that."));
    }
}

/// The first day of the books, and why it is proposed.
fn start(found: &Found) -> (String, String) {
    let mut periods: Vec<_> = found.references.periods.iter().collect();
    periods.sort_by_key(|period| period.first_day);
    let last_closed = periods.iter().rposition(|period| period.state == PeriodState::Closed);
    let next = last_closed.and_then(|at| periods.get(at + 1));
    match next {
        Some(next) => {
            let why =
                format!("{} is the first posting period after the last closed one.", next.name);
            (next.first_day.to_string(), why)
        }
        None => {
            let of_today = periods.iter().find(|period| period.contains(found.today));
            let day = of_today.map_or(found.today, |period| period.first_day);
            let why = "No posting period is closed, so nothing says where older books end: this is the period of today.";
            (day.to_string(), why.to_owned())
        }
    }
}

/// Puts everything into the places of the template's examples.
fn fill(draft: &mut Draft, found: &Found, choices: &Choices) {
    let account = found.account.id.to_string();
    draft.set("stripe", "account", &account, &["The account that the key opens.".to_owned()]);
    if let Some(zone) = found.account.zone() {
        let why = ["As Stripe's dashboard has it.".to_owned()];
        draft.set("stripe", "timezone", zone.name(), &why);
    }
    let (day, why) = &choices.start;
    draft.set("stripe", "start_date", day, std::slice::from_ref(why));
    let active = found.subsidiaries();
    match &choices.subsidiary {
        Some(id) => {
            let name = active.iter().find(|one| one.id.as_str() == id).map(|one| &one.name);
            let name = name.map_or_else(String::new, |name| format!(": {name}"));
            let how = if active.len() == 1 { "The only one" } else { "As it was chosen" };
            draft.set("netsuite", "subsidiary", id, &[format!("{how}{name}.")]);
        }
        None if !active.is_empty() => {
            let listed = active.iter().map(|one| format!("  {} {}", one.id, one.name));
            let why = ["Several could own this Stripe account:".to_owned()].into_iter();
            draft.leave_open("netsuite", "subsidiary", &why.chain(listed).collect::<Vec<_>>());
        }
        None => {}
    }
    draft.set("items", "mode", "per_price", std::slice::from_ref(&found.items));
    for section in ["accounts.bank", "accounts.stripe_balance"] {
        draft.clear(section);
    }
    for proposal in &choices.proposals {
        match &proposal.account {
            Some(number) => {
                draft.set(proposal.section, &proposal.setting, number, &proposal.comments());
            }
            None => draft.leave_open(proposal.section, &proposal.setting, &proposal.comments()),
        }
    }
}

fn say_what_is_next(choices: &Choices, global: &Global, ui: Ui) {
    let (found, open): (Vec<&Proposal>, Vec<&Proposal>) =
        choices.proposals.iter().partition(|proposal| proposal.account.is_some());
    ui.say(&format!(
        "Wrote {}: {} accounts are filled in, each with the reason.",
        global.config.display(),
        found.len()
    ));
    let needed: Vec<String> =
        open.iter().filter(|one| one.is_needed).map(|one| one.path()).collect();
    if !needed.is_empty() {
        ui.warn(&format!(
            "Nothing can be posted before these are chosen: {}. The candidates stand in the file.",
            needed.join(", ")
        ));
    }
    if open.len() > needed.len() {
        ui.say(&format!(
            "{} more are left open; most companies need few.",
            open.len() - needed.len()
        ));
    }
    ui.say("Read the file, then run `tieout check`, and `tieout run --dry-run`.");
}
