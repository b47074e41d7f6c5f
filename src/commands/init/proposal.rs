//! Which of NetSuite's accounts could play which part, and why: pure, so that every rule has a test.
//!
//! Belongs here: reading types and names. One account that fits is proposed with the reason; none, or
//! several, are left to a person with the candidates. Nothing here is a guess that goes unsaid.

use std::collections::BTreeSet;

use crate::money::Currency;
use crate::netsuite::references::{Account, References};

/// Accounts that are listed where a person must choose.
const CANDIDATES_MAX: usize = 8;

/// What is proposed for one setting of `[accounts]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Proposal {
    /// Below `[accounts]`: `revenue`, or a currency below `section`.
    pub(super) setting: String,
    /// `accounts`, `accounts.bank` or `accounts.stripe_balance`.
    pub(super) section: &'static str,
    /// The account, by number or else by internal id.
    pub(super) account: Option<String>,
    /// Why this one; or why none, with the candidates.
    pub(super) why: Vec<String>,
    /// Those that a person may choose from.
    pub(super) candidates: Vec<String>,
    /// Nothing can be posted without it.
    pub(super) is_needed: bool,
}

/// How an account for a part is known.
struct Rule {
    setting: &'static str,
    types: &'static [&'static str],
    /// NetSuite's own mark of an account with this part.
    special: Option<&'static str>,
    /// Words that all stand in its name; the first of these lists that finds one account decides.
    names: &'static [&'static [&'static str]],
    is_needed: bool,
}

const fn rule(
    setting: &'static str,
    types: &'static [&'static str],
    names: &'static [&'static [&'static str]],
) -> Rule {
    Rule { setting, types, special: None, names, is_needed: false }
}

const INCOME: &[&str] = &["Income", "OthIncome"];
const EXPENSE: &[&str] = &["Expense", "OthExpense", "COGS"];
const ASSET: &[&str] = &["OthCurrAsset", "DeferExpense"];
const LIABILITY: &[&str] = &["OthCurrLiab"];

const RULES: [Rule; 22] = [
    Rule {
        special: Some("AcctRec"),
        is_needed: true,
        ..rule("receivable", &["AcctRec"], &[&["accounts", "receivable"]])
    },
    Rule {
        special: Some("UndepFunds"),
        is_needed: true,
        ..rule("undeposited_funds", ASSET, &[&["undeposited"]])
    },
    Rule {
        is_needed: true,
        ..rule("revenue", INCOME, &[&["subscription"], &["revenue"], &["sales"]])
    },
    rule("shipping_income", INCOME, &[&["shipping"], &["freight"]]),
    Rule {
        special: Some("SalesTaxPay"),
        ..rule("tax_payable", LIABILITY, &[&["sales", "tax"], &["tax", "payable"], &["vat"]])
    },
    rule(
        "customer_balance",
        LIABILITY,
        &[&["customer", "credit"], &["customer", "balance"], &["customer", "deposit"]],
    ),
    rule("discounts", INCOME, &[&["discount"]]),
    rule("bad_debt", EXPENSE, &[&["bad", "debt"]]),
    rule("out_of_band", ASSET, &[&["outside", "stripe"]]),
    rule("disputed_funds", ASSET, &[&["disputed"]]),
    rule("dispute_losses", EXPENSE, &[&["dispute", "loss"], &["chargeback", "loss"]]),
    Rule {
        is_needed: true,
        ..rule(
            "processing_fees",
            EXPENSE,
            &[&["processing", "fee"], &["merchant", "fee"], &["card", "fee"], &["stripe", "fee"]],
        )
    },
    rule("stripe_fees", EXPENSE, &[&["stripe", "product"]]),
    rule("application_fees", EXPENSE, &[&["application", "fee"]]),
    rule("dispute_fees", EXPENSE, &[&["dispute", "fee"], &["chargeback", "fee"]]),
    rule("network_costs", EXPENSE, &[&["network", "cost"]]),
    rule("conversion_fees", EXPENSE, &[&["conversion"]]),
    rule("tax_on_fees", EXPENSE, &[&["tax", "fee"]]),
    rule("instant_payout_fees", EXPENSE, &[&["instant", "payout"]]),
    rule("reserves", ASSET, &[&["stripe", "reserve"]]),
    rule("withheld_tax", ASSET, &[&["withheld"], &["withholding"]]),
    rule("opening", &["Equity"], &[&["opening"]]),
];

/// A proposal for every part that an account can be told for, in the order of the file.
pub(super) fn accounts(references: &References, currencies: &BTreeSet<Currency>) -> Vec<Proposal> {
    let mut proposals: Vec<Proposal> = RULES.iter().map(|rule| rule.propose(references)).collect();
    for currency in currencies {
        proposals.push(bank(references, *currency));
    }
    for currency in currencies {
        proposals.push(stripe_balance(references, *currency));
    }
    proposals
}

impl Rule {
    fn propose(&self, references: &References) -> Proposal {
        let fits = |account: &&Account| {
            !account.is_inactive && self.types.contains(&account.account_type.as_str())
        };
        let all: Vec<&Account> = references.accounts.iter().filter(fits).collect();
        let kinds = self.types.join(" or ");
        let proposal =
            |account: Option<&Account>, why: Vec<String>, candidates: &[&Account]| Proposal {
                setting: self.setting.to_owned(),
                section: "accounts",
                account: account.map(key),
                why,
                candidates: candidates.iter().map(|account| shown(account)).collect(),
                is_needed: self.is_needed,
            };
        if let Some(special) = self.special
            && let [one] = marked(&all, special)[..]
        {
            let why = format!("{}: NetSuite's own account for it ({special}).", one.name);
            return proposal(Some(one), vec![why], &[]);
        }
        for words in self.names {
            let named = named(&all, words);
            match named[..] {
                [] => {}
                [one] => {
                    let why = format!(
                        "{}: the only account of type {kinds} whose name says {}.",
                        one.name,
                        quoted(words)
                    );
                    return proposal(Some(one), vec![why], &[]);
                }
                _ => {
                    let why = format!("Several names say {}:", quoted(words));
                    return proposal(None, vec![why], &named);
                }
            }
        }
        if let ([one], true) = (&all[..], self.is_needed) {
            let why = format!("{}: the only account of type {kinds}.", one.name);
            return proposal(Some(one), vec![why], &[]);
        }
        let candidates = if self.is_needed { &all[..] } else { &[] };
        let why = format!("No account of type {kinds} has a name that says {}.", ways(self.names));
        proposal(None, vec![why], candidates)
    }
}

/// What the names of the first products and of all items say about matching one with the other. It is only
/// said: which item sells what is not told by a name.
pub(super) fn items(products: &[String], items: &[String]) -> String {
    let folded = |name: &String| name.trim().to_lowercase();
    let known: BTreeSet<String> = items.iter().map(folded).collect();
    let count = products.iter().filter(|name| known.contains(&folded(name))).count();
    let of =
        format!("{count} of {} products of Stripe have an item of their name here", products.len());
    if count == 0 {
        return format!("{of}: one is made for each price.");
    }
    format!(
        "{of}: mode = \"match\" with match = {{ stripe = \"product.name\", netsuite = \"itemid\" }} would use them."
    )
}

/// The bank account that payouts reach: of the currency, and not one that stands for Stripe.
fn bank(references: &References, currency: Currency) -> Proposal {
    let all = banks(references, currency);
    let own: Vec<&Account> = all.into_iter().filter(|account| !says(account, "stripe")).collect();
    let what = format!("account of type Bank in {currency}");
    of_currency(currency, "accounts.bank", &what, &own, true)
}

/// The bank-type account that stands for the balance at Stripe.
fn stripe_balance(references: &References, currency: Currency) -> Proposal {
    let all = banks(references, currency);
    let own: Vec<&Account> = all.into_iter().filter(|account| says(account, "stripe")).collect();
    let what = format!("account of type Bank in {currency} whose name says `stripe`");
    of_currency(currency, "accounts.stripe_balance", &what, &own, false)
}

fn of_currency(
    currency: Currency,
    section: &'static str,
    what: &str,
    own: &[&Account],
    is_needed: bool,
) -> Proposal {
    let (account, why) = match own {
        [one] => (Some(key(one)), format!("{}: the only {what}.", one.name)),
        [] => (None, format!("There is no {what}.")),
        _ => (None, format!("There is more than one {what}:")),
    };
    let candidates = if account.is_some() { &[] } else { own };
    Proposal {
        setting: currency.to_string(),
        section,
        account,
        why: vec![why],
        candidates: candidates.iter().map(|account| shown(account)).collect(),
        is_needed,
    }
}

fn banks(references: &References, currency: Currency) -> Vec<&Account> {
    let id = references.currency(currency).map(|found| &found.id);
    let is_own = |account: &&Account| {
        !account.is_inactive
            && account.account_type == "Bank"
            && account.currency.is_some()
            && account.currency.as_ref() == id
    };
    references.accounts.iter().filter(is_own).collect()
}

fn marked<'a>(all: &[&'a Account], special: &str) -> Vec<&'a Account> {
    let is_marked = |account: &&&Account| account.special.as_deref() == Some(special);
    all.iter().filter(is_marked).copied().collect()
}

fn named<'a>(all: &[&'a Account], words: &[&str]) -> Vec<&'a Account> {
    let says_all = |account: &&&Account| words.iter().all(|word| says(account, word));
    all.iter().filter(says_all).copied().collect()
}

/// Whether a word of the name begins so, in any case.
fn says(account: &Account, word: &str) -> bool {
    let name = account.name.to_lowercase();
    name.split(|c: char| !c.is_alphanumeric()).any(|own| own.starts_with(word))
}

/// As the file names an account: by number, where it has one.
pub(super) fn key(account: &Account) -> String {
    account.number.clone().unwrap_or_else(|| account.id.to_string())
}

fn shown(account: &Account) -> String {
    format!("{} {} ({})", key(account), account.name, account.account_type)
}

fn quoted(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(" and ")
}

fn ways(names: &[&[&str]]) -> String {
    names.iter().map(|words| quoted(words)).collect::<Vec<_>>().join(", or ")
}

impl Proposal {
    /// Where a person finds it.
    pub(super) fn path(&self) -> String {
        format!("{}.{}", self.section, self.setting)
    }

    /// What stands above the line in the file.
    pub(super) fn comments(&self) -> Vec<String> {
        let listed = self.candidates.iter().take(CANDIDATES_MAX).map(|one| format!("  {one}"));
        let more = self.candidates.len().saturating_sub(CANDIDATES_MAX);
        let rest = (more > 0).then(|| format!("  and {more} more"));
        self.why.iter().cloned().chain(listed).chain(rest).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::InternalId;
    use crate::netsuite::references::CurrencyRecord;

    fn account(number: &str, name: &str, kind: &str, special: Option<&str>) -> Account {
        Account {
            id: InternalId::new(format!("9{number}")),
            number: Some(number.into()),
            name: name.into(),
            account_type: kind.into(),
            special: special.map(str::to_owned),
            currency: (kind == "Bank").then(|| InternalId::new("1")),
            is_inactive: false,
        }
    }

    fn references(accounts: Vec<Account>) -> References {
        let usd = CurrencyRecord {
            id: InternalId::new("1"),
            code: Currency::USD,
            places: 2,
            is_base: true,
        };
        References { accounts, currencies: vec![usd], ..References::default() }
    }

    fn of(setting: &str, accounts: Vec<Account>) -> Proposal {
        let all = super::accounts(&references(accounts), &BTreeSet::from([Currency::USD]));
        all.into_iter().find(|proposal| proposal.path() == setting).expect("a rule")
    }

    /// Of two accounts for sales one is wrong: whose books would that be?
    #[test]
    fn two_accounts_that_fit_are_a_persons_choice() {
        let two = || {
            vec![
                account("4000", "Revenue - EU", "Income", None),
                account("4010", "Revenue - US", "Income", None),
                account("6000", "Revenue Share", "Expense", None),
            ]
        };
        let proposal = of("accounts.revenue", two());
        assert_eq!(proposal.account, None);
        assert_eq!(
            proposal.comments(),
            [
                "Several names say `revenue`:",
                "  4000 Revenue - EU (Income)",
                "  4010 Revenue - US (Income)"
            ]
        );
        let mut one = two();
        one[1].is_inactive = true;
        assert_eq!(of("accounts.revenue", one).account.as_deref(), Some("4000"));
    }

    /// NetSuite offers payments to deposits from its own account alone.
    #[test]
    fn netsuites_own_mark_beats_names() {
        let proposal = of(
            "accounts.undeposited_funds",
            vec![
                account("1200", "Cash clearing", "OthCurrAsset", Some("UndepFunds")),
                account("1210", "Undeposited Funds (old)", "OthCurrAsset", None),
            ],
        );
        assert_eq!(proposal.account.as_deref(), Some("1200"));
        assert!(proposal.why[0].contains("UndepFunds"), "{proposal:?}");
    }

    #[test]
    fn the_bank_and_what_stands_for_stripe_are_told_apart() {
        let both = || {
            vec![
                account("1000", "Checking", "Bank", None),
                account("1050", "Stripe Balance", "Bank", None),
            ]
        };
        assert_eq!(of("accounts.bank.USD", both()).account.as_deref(), Some("1000"));
        assert_eq!(of("accounts.stripe_balance.USD", both()).account.as_deref(), Some("1050"));
        let more = [both(), vec![account("1001", "Savings", "Bank", None)]].concat();
        let proposal = of("accounts.bank.USD", more);
        assert_eq!((proposal.account, proposal.candidates.len()), (None, 2));
    }

    /// An account without a number is named by its id, and `Rebates` is no `bad debt`.
    #[test]
    fn words_begin_words_and_accounts_without_numbers_have_ids() {
        let mut debt = account("1", "Bad Debts", "Expense", None);
        debt.number = None;
        let proposal = of("accounts.bad_debt", vec![debt]);
        assert_eq!(proposal.account.as_deref(), Some("91"));
        assert_eq!(of("accounts.bad_debt", Vec::new()).candidates.len(), 0);
    }
}
