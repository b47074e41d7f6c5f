//! Refusals: a plan is sent against the world it was made for, or not at all.

use crate::plan::file::{Basis, Plan};

/// Why a plan may not be sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("the plan is for the Stripe account {plan}, this is {now}")]
    StripeAccount { plan: String, now: String },
    #[error("the plan was made in {plan} mode, this is {now} mode")]
    Mode { plan: &'static str, now: &'static str },
    #[error("the plan is for the NetSuite account {plan}, this is {now}")]
    NetSuiteAccount { plan: String, now: String },
    #[error("the plan was made from another ledger")]
    Ledger,
    #[error("the plan is stale: records were posted after it was made")]
    Stale,
    #[error(
        "the plan is stale: Stripe's facts were pulled again after it was made, and have changed"
    )]
    Facts,
    #[error("the plan was made under another policy or chart of accounts")]
    Policy,
    #[error("{setting} changed, and records were posted under its other value\nhint: {fix}")]
    ModeChanged { setting: &'static str, fix: &'static str },
}

/// Compares what the plan was made against with what is.
pub fn check(plan: &Plan, now: &Basis) -> Result<(), Refusal> {
    let made = &plan.basis;
    if made.stripe_account != now.stripe_account {
        let (plan, now) = (made.stripe_account.to_string(), now.stripe_account.to_string());
        return Err(Refusal::StripeAccount { plan, now });
    }
    if made.livemode != now.livemode {
        return Err(Refusal::Mode { plan: mode(made.livemode), now: mode(now.livemode) });
    }
    if made.netsuite_account != now.netsuite_account {
        let (plan, now) = (made.netsuite_account.clone(), now.netsuite_account.clone());
        return Err(Refusal::NetSuiteAccount { plan, now });
    }
    if made.ledger_id != now.ledger_id {
        return Err(Refusal::Ledger);
    }
    if made.policy_digest != now.policy_digest {
        return Err(Refusal::Policy);
    }
    if made.posted_digest != now.posted_digest {
        return Err(Refusal::Stale);
    }
    if made.facts != now.facts {
        return Err(Refusal::Facts);
    }
    Ok(())
}

fn mode(livemode: bool) -> &'static str {
    if livemode { "live" } else { "test" }
}
