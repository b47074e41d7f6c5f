//! `tieout period sign`: a person's name under the figures of a month.

use anyhow::{Context, bail};

use crate::calendar::Month;
use crate::cli::SignerRole;
use crate::commands::close::{differing, of_month};
use crate::commands::exit::{Guarded, UsageError};
use crate::commands::session::Session;
use crate::ledger::{Ledger, SignOff, Signer, Signing};
use crate::reconcile::close::Facts;
use crate::report::plan::counted;
use crate::ui::Ui;

pub(super) fn sign(
    session: &Session,
    month: Month,
    role: SignerRole,
    (by, note): (Option<&str>, Option<&str>),
    ui: Ui,
) -> anyhow::Result<()> {
    let Some(by) = by.map(str::trim).filter(|by| !by.is_empty()) else {
        bail!(UsageError("a signature has a name\nhint: sign with --by NAME".into()));
    };
    let _lock = session.lock("period", ui)?;
    let mut ledger = session.existing_ledger()?;
    let (reading, figures) = last_figures(session, &ledger, month)?;
    let role = match role {
        SignerRole::Preparer => Signer::Preparer,
        SignerRole::Reviewer => Signer::Reviewer,
    };
    if role == Signer::Reviewer {
        is_for_review(&ledger.sign_offs(month)?, month, &figures, by)?;
    }
    // What is signed is there, as it was kept.
    let facts: Facts =
        ledger.reading(reading)?.with_context(|| format!("reading {reading} is not there"))?;
    ledger.sign(Signing { month, role, by, note, reading, figures: &figures })?;
    let role = role.word();
    ui.say(&format!(
        "{by} has signed {month} as {role}: reading {reading} of {}, figures {}.",
        facts.read_at.date_in(session.settings.stripe.zone),
        &figures[..12],
    ));
    let differing = differing(&facts);
    if differing > 0 {
        let proofs = counted(differing, "proof");
        ui.warn(&format!("{proofs} of {month} show a difference, and were signed with it."));
    }
    if !ledger.locked_months()?.contains(&month) {
        ui.warn(&format!(
            "{month} is not locked: what is posted into it later changes what was signed. `tieout \
             period lock {month}` locks it."
        ));
    }
    Ok(())
}

/// The number and the fingerprint of the last close's reading.
fn last_figures(session: &Session, ledger: &Ledger, month: Month) -> anyhow::Result<(i64, String)> {
    let period = of_month(month, session.settings.stripe.zone)?;
    let Some(reading) = ledger.last_reading(period.window)? else {
        bail!(Guarded(format!(
            "there is nothing to sign: {month} was not closed yet\nhint: `tieout report close --period \
             {month}` keeps what is signed"
        )));
    };
    let Some(figures) = ledger.figures_of(reading)? else {
        bail!(Guarded(format!(
            "reading {reading} was kept by a program that did not sign\nhint: `tieout report close \
             --period {month}` keeps one that can be signed"
        )));
    };
    Ok((reading, figures))
}

/// A reviewer sees what somebody else has signed.
fn is_for_review(signed: &[SignOff], month: Month, figures: &str, by: &str) -> anyhow::Result<()> {
    let prepared = signed.iter().rfind(|own| own.role == Signer::Preparer);
    let Some(prepared) =
        prepared.filter(|own| own.void.is_none() && own.figures.as_str() == figures)
    else {
        bail!(Guarded(format!(
            "nobody has signed these figures of {month} as preparer\nhint: `tieout period sign {month} \
             --as preparer --by NAME` comes first"
        )));
    };
    if prepared.by.to_lowercase() == by.to_lowercase() {
        bail!(Guarded(format!(
            "{by} has prepared {month}: somebody else reviews it\nhint: sign with another --by"
        )));
    }
    Ok(())
}
